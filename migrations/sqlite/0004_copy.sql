-- Where a database is filled from a backup or from another database: one row, which says of what it
-- is a copy. While `finished_at` holds nothing the copy is not whole, and nothing serves it.
CREATE TABLE database_copy (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    source      TEXT NOT NULL,   -- digest of the backup, or fingerprint of the database
    said        TEXT NOT NULL,   -- the same, for people
    begun_at    INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

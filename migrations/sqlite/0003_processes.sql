-- What several processes on one database need; one process alone is served by it too.

-- How far events are numbered over all taxpayers. One row; who holds it numbers.
CREATE TABLE event_numbering (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL CHECK (last >= 0)
) STRICT;

INSERT INTO event_numbering (id, last)
    SELECT 1, COALESCE(MAX(position), 0) FROM event;

-- Which process does a piece of work that needs one, and until when it may be away before another
-- takes it over. `until` is in microseconds since 1970 UTC.
CREATE TABLE worker_lease (
    name   TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT;

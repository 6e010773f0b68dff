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

-- What is read over all taxpayers, page by page, finds its rows by an index too: an officer's
-- cases, and the orders that a treasury's file of a day is compared with.
CREATE INDEX case_by_time ON officer_case (opened_at, case_id);
CREATE INDEX case_of_taxpayer ON officer_case (taxpayer_id, opened_at, case_id);
CREATE INDEX payment_of_treasury ON payment (treasury, created_at);

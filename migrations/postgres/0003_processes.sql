-- What several processes on one database need; one process alone is served by it too.

-- How far events are numbered over all taxpayers. One row; who holds it numbers.
CREATE TABLE event_numbering (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL CHECK (last >= 0)
);

INSERT INTO event_numbering (id, last)
    SELECT 1, COALESCE(MAX(position), 0) FROM event;

-- Which process does a piece of work that needs one, and until when it may be away before another
-- takes it over. `until` is in microseconds since 1970 UTC.
CREATE TABLE worker_lease (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    until  BIGINT NOT NULL
);

-- What is read over all taxpayers, page by page, finds its rows by an index too: an officer's
-- cases, and the orders that a treasury's file of a day is compared with.
CREATE INDEX case_by_time ON officer_case (opened_at, case_id);
CREATE INDEX case_of_taxpayer ON officer_case (taxpayer_id, opened_at, case_id);
CREATE INDEX payment_of_treasury ON payment (treasury, created_at);

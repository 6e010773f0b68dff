-- The rest of the filing life: corrections and voids, refunds and offsets, extensions, inspections,
-- money that comes in parts, vouchers that are replaced, cases for an officer, an order of events
-- over all taxpayers.

-- Corrections. A declaration is replaced by at most one submitted revision.
ALTER TABLE declaration ADD COLUMN revision BIGINT NOT NULL DEFAULT 1 CHECK (revision >= 1);
ALTER TABLE declaration ADD COLUMN corrects TEXT COLLATE "C";         -- the declaration it corrects
ALTER TABLE declaration ADD COLUMN closed_at BIGINT;     -- when voided or replaced
ALTER TABLE declaration ADD COLUMN close_reason TEXT COLLATE "C";
ALTER TABLE declaration ADD COLUMN waived_fen BIGINT NOT NULL DEFAULT 0 CHECK (waived_fen >= 0);

CREATE UNIQUE INDEX corrected_once ON declaration (taxpayer_id, corrects)
    WHERE corrects IS NOT NULL AND state <> 'DRAFT';

-- Payments: beside the one live order, refunds may be set against a declaration.
ALTER TABLE payment ADD COLUMN channel TEXT COLLATE "C" NOT NULL DEFAULT 'AGREEMENT'
    CHECK (channel IN ('AGREEMENT', 'OFFSET'));
ALTER TABLE payment ADD COLUMN refund_id TEXT COLLATE "C";            -- the refund an offset was made from
ALTER TABLE payment ADD COLUMN received_fen BIGINT NOT NULL DEFAULT 0 CHECK (received_fen >= 0);
ALTER TABLE payment ADD COLUMN refunded_fen BIGINT NOT NULL DEFAULT 0 CHECK (refunded_fen >= 0);

DROP INDEX one_live_payment;
CREATE UNIQUE INDEX one_live_payment ON payment (taxpayer_id, declaration_id)
    WHERE channel = 'AGREEMENT' AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED');
CREATE INDEX payment_of_declaration ON payment (taxpayer_id, declaration_id);

-- What the treasury is known to have received for a payment. The same part counts once.
CREATE TABLE settlement_part (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    payment_id     TEXT COLLATE "C" NOT NULL,
    part_reference TEXT COLLATE "C" NOT NULL,
    amount_fen     BIGINT NOT NULL CHECK (amount_fen > 0),
    bank_reference TEXT COLLATE "C" NOT NULL,
    treasury       TEXT COLLATE "C" NOT NULL,
    learnt_from    TEXT COLLATE "C" NOT NULL,   -- the RPC that brought it
    recorded_at    BIGINT NOT NULL,
    PRIMARY KEY (taxpayer_id, payment_id, part_reference),
    FOREIGN KEY (taxpayer_id, payment_id) REFERENCES payment (taxpayer_id, payment_id)
);

-- A refund (退税).
CREATE TABLE refund (
    taxpayer_id        TEXT COLLATE "C" NOT NULL,
    refund_id          TEXT COLLATE "C" NOT NULL,
    -- immutable
    declaration_id     TEXT COLLATE "C" NOT NULL,
    amount_fen         BIGINT NOT NULL CHECK (amount_fen > 0),
    parts              TEXT COLLATE "C" NOT NULL,  -- JSON: payments it comes from
    created_at         BIGINT NOT NULL,
    -- mutable
    state              TEXT COLLATE "C" NOT NULL CHECK (state IN ('REQUESTED', 'APPROVED', 'REJECTED', 'PAID')),
    cause              TEXT COLLATE "C" NOT NULL,
    interest_fen       BIGINT NOT NULL DEFAULT 0 CHECK (interest_fen >= 0),
    offset_fen         BIGINT NOT NULL DEFAULT 0 CHECK (offset_fen >= 0),
    decision           TEXT COLLATE "C",
    decided_at         BIGINT,
    treasury_reference TEXT COLLATE "C",
    voucher_number     TEXT COLLATE "C",
    paid_at            BIGINT,
    version            BIGINT NOT NULL CHECK (version >= 1),
    updated_by         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, refund_id),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id),
    CHECK (offset_fen <= amount_fen + interest_fen)
);

CREATE UNIQUE INDEX one_refund ON refund (taxpayer_id, declaration_id) WHERE state <> 'REJECTED';

-- A decision on paying later (延期缴纳税款).
CREATE TABLE payment_extension (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    extension_id   TEXT COLLATE "C" NOT NULL,
    declaration_id TEXT COLLATE "C" NOT NULL,
    tax            TEXT COLLATE "C" NOT NULL,      -- empty: all taxes of the declaration
    approved       BIGINT NOT NULL CHECK (approved IN (0, 1)),
    extended_to    TEXT COLLATE "C" NOT NULL,      -- empty when refused
    requested_on   TEXT COLLATE "C" NOT NULL,
    document       TEXT COLLATE "C" NOT NULL,
    recorded_at    BIGINT NOT NULL,
    PRIMARY KEY (taxpayer_id, extension_id),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id)
);

CREATE INDEX extension_of_declaration ON payment_extension (taxpayer_id, declaration_id);

-- An inspection (税务检查、稽查): its periods cannot be corrected while it is open.
CREATE TABLE inspection (
    taxpayer_id   TEXT COLLATE "C" NOT NULL,
    inspection_id TEXT COLLATE "C" NOT NULL,
    first_day     TEXT COLLATE "C" NOT NULL,
    last_day      TEXT COLLATE "C" NOT NULL,
    tax           TEXT COLLATE "C" NOT NULL,       -- empty: all taxes
    document      TEXT COLLATE "C" NOT NULL,
    opened_at     BIGINT NOT NULL,
    closed_at     BIGINT,
    version       BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (taxpayer_id, inspection_id)
);

-- Vouchers: what they prove, and how a sheet ends.
ALTER TABLE voucher ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'PAYMENT'
    CHECK (kind IN ('PAYMENT', 'REFUND'));
ALTER TABLE voucher ADD COLUMN refund_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE voucher ADD COLUMN replaces TEXT COLLATE "C";
ALTER TABLE voucher ADD COLUMN replaced_by TEXT COLLATE "C";
ALTER TABLE voucher ADD COLUMN reprints BIGINT NOT NULL DEFAULT 0 CHECK (reprints >= 0);
ALTER TABLE voucher ADD COLUMN close_reason TEXT COLLATE "C";
ALTER TABLE voucher ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version >= 1);

DROP INDEX one_live_voucher;
CREATE UNIQUE INDEX one_live_voucher ON voucher (taxpayer_id, payment_id, kind, refund_id)
    WHERE state = 'ISSUED';

-- Why a sheet was printed again, replaced or voided; `version` is the voucher's after the act.
CREATE TABLE voucher_act (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    voucher_number TEXT COLLATE "C" NOT NULL,
    version        BIGINT NOT NULL CHECK (version >= 2),
    act            TEXT COLLATE "C" NOT NULL CHECK (act IN ('REPRINT', 'REPLACE', 'VOID')),
    reason         TEXT COLLATE "C" NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (taxpayer_id, voucher_number, version),
    FOREIGN KEY (taxpayer_id, voucher_number) REFERENCES voucher (taxpayer_id, voucher_number)
);

-- A disagreement between bank, treasury and the books, for an officer. `taxpayer_id` is empty
-- where nobody knows whose it is.
CREATE TABLE officer_case (
    taxpayer_id TEXT COLLATE "C" NOT NULL,
    case_id     TEXT COLLATE "C" NOT NULL,
    subject_id  TEXT COLLATE "C" NOT NULL,
    rule_id     TEXT COLLATE "C" NOT NULL,
    finding     TEXT COLLATE "C" NOT NULL,         -- JSON
    opened_at   BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('OPEN', 'RESOLVED')),
    resolution  TEXT COLLATE "C",
    resolved_at BIGINT,
    version     BIGINT NOT NULL CHECK (version >= 1),
    updated_by  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, case_id)
);

CREATE UNIQUE INDEX one_open_case ON officer_case (taxpayer_id, subject_id, rule_id)
    WHERE state = 'OPEN';

-- The order of events over all taxpayers, without gaps. Here it is given soon after the commit, by
-- whoever holds the row of event_numbering (0003): no commit waits for another taxpayer's, and a
-- unique key over all shards is not needed.
ALTER TABLE event ADD COLUMN position BIGINT;
CREATE INDEX event_position ON event (position);
CREATE INDEX event_unnumbered ON event (taxpayer_id, sequence) WHERE position IS NULL;
CREATE INDEX event_of_subject ON event (taxpayer_id, subject_id, sequence);

-- What the event is about, as it stood when the transaction ended: SHA-256 over its row, and over
-- an answer given to a request. Nothing on events written before, whose hash leaves it out.
ALTER TABLE event ADD COLUMN detail TEXT COLLATE "C";

CREATE INDEX voucher_of_declaration ON voucher (taxpayer_id, declaration_id);
CREATE INDEX refund_of_declaration ON refund (taxpayer_id, declaration_id);
CREATE INDEX correction_of_declaration ON declaration (taxpayer_id, corrects);

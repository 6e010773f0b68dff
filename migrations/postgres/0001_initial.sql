-- The first schema. Every table leads with taxpayer_id and every unique key contains it, so that
-- the same schema can be distributed by taxpayer. Ids are hyphenated UUIDs made by the service,
-- money is integer fen, decimals and days are text, instants are microseconds since 1970 UTC.
-- `updated_by` names the RPC that last wrote the row. Text is ordered by its bytes, as in SQLite.

-- A registered taxpayer (纳税人). Its id is derived from its tax number, so one number is one row.
CREATE TABLE taxpayer (
    taxpayer_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- immutable
    tax_number  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    -- mutable
    name        TEXT COLLATE "C" NOT NULL,
    profile     TEXT COLLATE "C" NOT NULL,   -- JSON: kind and dated attributes
    version     BIGINT NOT NULL CHECK (version >= 1),
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT COLLATE "C" NOT NULL,
    UNIQUE (taxpayer_id, tax_number)
);

CREATE INDEX taxpayer_by_number ON taxpayer (tax_number);

-- The head of a tax source (税源): where its life stands.
CREATE TABLE tax_source (
    taxpayer_id TEXT COLLATE "C" NOT NULL REFERENCES taxpayer (taxpayer_id),
    source_id   TEXT COLLATE "C" NOT NULL,
    -- immutable
    tax         TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL,  -- order of collection within the taxpayer
    -- mutable
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('COLLECTED', 'DECLARED', 'CORRECTING', 'CLOSED')),
    version     BIGINT NOT NULL CHECK (version >= 1),
    updated_by  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, source_id),
    UNIQUE (taxpayer_id, sequence)
);

-- One version of what was stated about a source. Never changed, never deleted.
CREATE TABLE tax_source_version (
    taxpayer_id TEXT COLLATE "C" NOT NULL,
    source_id   TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    authority   TEXT COLLATE "C" NOT NULL,
    treasury    TEXT COLLATE "C" NOT NULL,
    format      BIGINT NOT NULL,  -- version of the JSON's shape
    detail      TEXT COLLATE "C" NOT NULL,     -- JSON: the tax's own facts
    recorded_at BIGINT NOT NULL,
    recorded_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, source_id, version),
    FOREIGN KEY (taxpayer_id, source_id) REFERENCES tax_source (taxpayer_id, source_id)
);

-- A rule pack that some declaration was computed with, kept whole so that it can be recomputed.
CREATE TABLE rule_pack (
    digest      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    files       TEXT COLLATE "C" NOT NULL,     -- JSON: path to text
    first_used_at BIGINT NOT NULL
);

-- A declaration (申报表).
CREATE TABLE declaration (
    taxpayer_id    TEXT COLLATE "C" NOT NULL REFERENCES taxpayer (taxpayer_id),
    declaration_id TEXT COLLATE "C" NOT NULL,
    -- immutable
    content        TEXT COLLATE "C" NOT NULL,  -- JSON: everything that was computed
    digest         TEXT COLLATE "C" NOT NULL,  -- SHA-256 of the content
    rule_pack      TEXT COLLATE "C" NOT NULL REFERENCES rule_pack (digest),
    payable_fen    BIGINT NOT NULL CHECK (payable_fen >= 0),
    refundable_fen BIGINT NOT NULL CHECK (refundable_fen >= 0),
    created_at     BIGINT NOT NULL,
    -- mutable
    state          TEXT COLLATE "C" NOT NULL CHECK (state IN
        ('DRAFT', 'SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED', 'VOIDED', 'CORRECTED')),
    submitted_at   BIGINT,
    overdue        BIGINT NOT NULL DEFAULT 0,
    acknowledged   TEXT COLLATE "C" NOT NULL DEFAULT '[]',  -- JSON: rule ids of accepted warnings
    version        BIGINT NOT NULL CHECK (version >= 1),
    updated_by     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, declaration_id),
    CHECK ((state = 'DRAFT') = (submitted_at IS NULL)),
    CHECK (state <> 'AWAITING_PAYMENT' OR payable_fen > 0)
);

-- A line of a filed declaration. A (source, item, detail, period) is live at most once.
CREATE TABLE declaration_line (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    declaration_id TEXT COLLATE "C" NOT NULL,
    line_number    BIGINT NOT NULL,
    source_id      TEXT COLLATE "C" NOT NULL,
    source_version BIGINT NOT NULL,
    tax            TEXT COLLATE "C" NOT NULL,
    item           TEXT COLLATE "C" NOT NULL,
    detail         TEXT COLLATE "C" NOT NULL,
    first_day      TEXT COLLATE "C" NOT NULL,
    last_day       TEXT COLLATE "C" NOT NULL,
    tax_fen        BIGINT NOT NULL,
    relief_fen     BIGINT NOT NULL,
    paid_fen       BIGINT NOT NULL,
    payable_fen    BIGINT NOT NULL,
    live           BIGINT NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (taxpayer_id, declaration_id, line_number),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id),
    FOREIGN KEY (taxpayer_id, source_id) REFERENCES tax_source (taxpayer_id, source_id),
    CHECK (payable_fen = tax_fen - relief_fen - paid_fen)
);

CREATE UNIQUE INDEX line_declared_once ON declaration_line
    (taxpayer_id, source_id, item, detail, first_day, last_day) WHERE live = 1;

-- A source and tax period that a filed declaration covers, also where the tax is zero.
CREATE TABLE declared_period (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    declaration_id TEXT COLLATE "C" NOT NULL,
    source_id      TEXT COLLATE "C" NOT NULL,
    first_day      TEXT COLLATE "C" NOT NULL,
    last_day       TEXT COLLATE "C" NOT NULL,
    live           BIGINT NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (taxpayer_id, declaration_id, source_id, first_day, last_day),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id)
);

CREATE UNIQUE INDEX period_declared_once ON declared_period
    (taxpayer_id, source_id, first_day, last_day) WHERE live = 1;

-- A payment (缴款). A declaration has at most one live payment.
CREATE TABLE payment (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    payment_id     TEXT COLLATE "C" NOT NULL,
    -- immutable
    declaration_id TEXT COLLATE "C" NOT NULL,
    order_rows     TEXT COLLATE "C" NOT NULL,   -- JSON: the quote that was agreed to
    principal_fen  BIGINT NOT NULL CHECK (principal_fen > 0),
    surcharge_fen  BIGINT NOT NULL CHECK (surcharge_fen >= 0),
    authority      TEXT COLLATE "C" NOT NULL,
    treasury       TEXT COLLATE "C" NOT NULL,
    agreement      TEXT COLLATE "C" NOT NULL,
    created_at     BIGINT NOT NULL,
    -- mutable
    state          TEXT COLLATE "C" NOT NULL CHECK (state IN ('CREATED', 'SENT', 'DEBITED', 'IN_TREASURY',
        'FAILED', 'CONFIRMING', 'REVERSED', 'REFUNDED')),
    bank_reference TEXT COLLATE "C",
    failure        TEXT COLLATE "C",
    voucher_number TEXT COLLATE "C",
    settled_at     BIGINT,
    version        BIGINT NOT NULL CHECK (version >= 1),
    updated_by     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, payment_id),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id),
    CHECK (state <> 'IN_TREASURY' OR (voucher_number IS NOT NULL AND settled_at IS NOT NULL))
);

CREATE UNIQUE INDEX one_live_payment ON payment (taxpayer_id, declaration_id)
    WHERE state NOT IN ('FAILED', 'REVERSED', 'REFUNDED');

CREATE INDEX payment_to_resolve ON payment (state) WHERE state IN ('SENT', 'CONFIRMING');

-- A voucher (完税证明). A payment has at most one live voucher.
CREATE TABLE voucher (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    voucher_number TEXT COLLATE "C" NOT NULL,
    -- immutable
    payment_id     TEXT COLLATE "C" NOT NULL,
    declaration_id TEXT COLLATE "C" NOT NULL,
    total_fen      BIGINT NOT NULL CHECK (total_fen > 0),
    signed_text    TEXT COLLATE "C" NOT NULL,   -- canonical JSON
    signature      TEXT COLLATE "C" NOT NULL,   -- Ed25519, hex
    public_key     TEXT COLLATE "C" NOT NULL,   -- hex
    created_at     BIGINT NOT NULL,
    -- mutable
    state          TEXT COLLATE "C" NOT NULL CHECK (state IN ('ISSUED', 'VOIDED', 'REPLACED')),
    updated_by     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (taxpayer_id, voucher_number),
    FOREIGN KEY (taxpayer_id, payment_id) REFERENCES payment (taxpayer_id, payment_id)
);

CREATE UNIQUE INDEX one_live_voucher ON voucher (taxpayer_id, payment_id) WHERE state = 'ISSUED';

-- Which taxpayer a voucher number belongs to, for public verification; unique over all.
CREATE TABLE voucher_number_claim (
    voucher_number TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    taxpayer_id    TEXT COLLATE "C" NOT NULL
);

-- The append-only trail, numbered and hash-chained per taxpayer.
CREATE TABLE event (
    taxpayer_id TEXT COLLATE "C" NOT NULL REFERENCES taxpayer (taxpayer_id),
    sequence    BIGINT NOT NULL CHECK (sequence >= 1),
    kind        TEXT COLLATE "C" NOT NULL,     -- such as declaration.submitted
    subject_id  TEXT COLLATE "C" NOT NULL,
    rpc         TEXT COLLATE "C" NOT NULL,     -- the RPC or worker that did it
    request_id  TEXT COLLATE "C",              -- the mutation it belongs to
    at          BIGINT NOT NULL,
    hash        TEXT COLLATE "C" NOT NULL,     -- SHA-256 over the one before and this row
    PRIMARY KEY (taxpayer_id, sequence)
);

-- The first answer to each mutation, for ever: a repeat is answered, not redone.
CREATE TABLE request (
    taxpayer_id    TEXT COLLATE "C" NOT NULL,
    request_id     TEXT COLLATE "C" NOT NULL,
    method         TEXT COLLATE "C" NOT NULL,
    content_digest TEXT COLLATE "C" NOT NULL,  -- SHA-256 of the request
    subject_id     TEXT COLLATE "C" NOT NULL,  -- what it made or changed
    response       BYTEA,           -- nothing while the bank is still to be heard
    recorded_at    BIGINT NOT NULL,
    PRIMARY KEY (taxpayer_id, request_id)
);

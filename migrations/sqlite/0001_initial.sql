-- The first schema. Every table leads with taxpayer_id and every unique key contains it, so that
-- the same schema can be distributed by taxpayer. Ids are hyphenated UUIDs made by the service,
-- money is integer fen, decimals and days are text, instants are microseconds since 1970 UTC.
-- `updated_by` names the RPC that last wrote the row.

-- A registered taxpayer (纳税人). Its id is derived from its tax number, so one number is one row.
CREATE TABLE taxpayer (
    taxpayer_id TEXT NOT NULL PRIMARY KEY,
    -- immutable
    tax_number  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    -- mutable
    name        TEXT NOT NULL,
    profile     TEXT NOT NULL,   -- JSON: kind and dated attributes
    version     INTEGER NOT NULL CHECK (version >= 1),
    updated_at  INTEGER NOT NULL,
    updated_by  TEXT NOT NULL,
    UNIQUE (taxpayer_id, tax_number)
) STRICT;

CREATE INDEX taxpayer_by_number ON taxpayer (tax_number);

-- The head of a tax source (税源): where its life stands.
CREATE TABLE tax_source (
    taxpayer_id TEXT NOT NULL REFERENCES taxpayer (taxpayer_id),
    source_id   TEXT NOT NULL,
    -- immutable
    tax         TEXT NOT NULL,
    sequence    INTEGER NOT NULL,  -- order of collection within the taxpayer
    -- mutable
    state       TEXT NOT NULL CHECK (state IN ('COLLECTED', 'DECLARED', 'CORRECTING', 'CLOSED')),
    version     INTEGER NOT NULL CHECK (version >= 1),
    updated_by  TEXT NOT NULL,
    PRIMARY KEY (taxpayer_id, source_id),
    UNIQUE (taxpayer_id, sequence)
) STRICT;

-- One version of what was stated about a source. Never changed, never deleted.
CREATE TABLE tax_source_version (
    taxpayer_id TEXT NOT NULL,
    source_id   TEXT NOT NULL,
    version     INTEGER NOT NULL,
    name        TEXT NOT NULL,
    region      TEXT NOT NULL,
    authority   TEXT NOT NULL,
    treasury    TEXT NOT NULL,
    format      INTEGER NOT NULL,  -- version of the JSON's shape
    detail      TEXT NOT NULL,     -- JSON: the tax's own facts
    recorded_at INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    PRIMARY KEY (taxpayer_id, source_id, version),
    FOREIGN KEY (taxpayer_id, source_id) REFERENCES tax_source (taxpayer_id, source_id)
) STRICT;

-- A rule pack that some declaration was computed with, kept whole so that it can be recomputed.
CREATE TABLE rule_pack (
    digest      TEXT NOT NULL PRIMARY KEY,
    files       TEXT NOT NULL,     -- JSON: path to text
    first_used_at INTEGER NOT NULL
) STRICT;

-- A declaration (申报表).
CREATE TABLE declaration (
    taxpayer_id    TEXT NOT NULL REFERENCES taxpayer (taxpayer_id),
    declaration_id TEXT NOT NULL,
    -- immutable
    content        TEXT NOT NULL,  -- JSON: everything that was computed
    digest         TEXT NOT NULL,  -- SHA-256 of the content
    rule_pack      TEXT NOT NULL REFERENCES rule_pack (digest),
    payable_fen    INTEGER NOT NULL CHECK (payable_fen >= 0),
    refundable_fen INTEGER NOT NULL CHECK (refundable_fen >= 0),
    created_at     INTEGER NOT NULL,
    -- mutable
    state          TEXT NOT NULL CHECK (state IN
        ('DRAFT', 'SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED', 'VOIDED', 'CORRECTED')),
    submitted_at   INTEGER,
    overdue        INTEGER NOT NULL DEFAULT 0,
    acknowledged   TEXT NOT NULL DEFAULT '[]',  -- JSON: rule ids of accepted warnings
    version        INTEGER NOT NULL CHECK (version >= 1),
    updated_by     TEXT NOT NULL,
    PRIMARY KEY (taxpayer_id, declaration_id),
    CHECK ((state = 'DRAFT') = (submitted_at IS NULL)),
    CHECK (state <> 'AWAITING_PAYMENT' OR payable_fen > 0)
) STRICT;

-- A line of a filed declaration. A (source, item, detail, period) is live at most once.
CREATE TABLE declaration_line (
    taxpayer_id    TEXT NOT NULL,
    declaration_id TEXT NOT NULL,
    line_number    INTEGER NOT NULL,
    source_id      TEXT NOT NULL,
    source_version INTEGER NOT NULL,
    tax            TEXT NOT NULL,
    item           TEXT NOT NULL,
    detail         TEXT NOT NULL,
    first_day      TEXT NOT NULL,
    last_day       TEXT NOT NULL,
    tax_fen        INTEGER NOT NULL,
    relief_fen     INTEGER NOT NULL,
    paid_fen       INTEGER NOT NULL,
    payable_fen    INTEGER NOT NULL,
    live           INTEGER NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (taxpayer_id, declaration_id, line_number),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id),
    FOREIGN KEY (taxpayer_id, source_id) REFERENCES tax_source (taxpayer_id, source_id),
    CHECK (payable_fen = tax_fen - relief_fen - paid_fen)
) STRICT;

CREATE UNIQUE INDEX line_declared_once ON declaration_line
    (taxpayer_id, source_id, item, detail, first_day, last_day) WHERE live = 1;

-- A source and tax period that a filed declaration covers, also where the tax is zero.
CREATE TABLE declared_period (
    taxpayer_id    TEXT NOT NULL,
    declaration_id TEXT NOT NULL,
    source_id      TEXT NOT NULL,
    first_day      TEXT NOT NULL,
    last_day       TEXT NOT NULL,
    live           INTEGER NOT NULL CHECK (live IN (0, 1)),
    PRIMARY KEY (taxpayer_id, declaration_id, source_id, first_day, last_day),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id)
) STRICT;

CREATE UNIQUE INDEX period_declared_once ON declared_period
    (taxpayer_id, source_id, first_day, last_day) WHERE live = 1;

-- A payment (缴款). A declaration has at most one live payment.
CREATE TABLE payment (
    taxpayer_id    TEXT NOT NULL,
    payment_id     TEXT NOT NULL,
    -- immutable
    declaration_id TEXT NOT NULL,
    order_rows     TEXT NOT NULL,   -- JSON: the quote that was agreed to
    principal_fen  INTEGER NOT NULL CHECK (principal_fen > 0),
    surcharge_fen  INTEGER NOT NULL CHECK (surcharge_fen >= 0),
    authority      TEXT NOT NULL,
    treasury       TEXT NOT NULL,
    agreement      TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    -- mutable
    state          TEXT NOT NULL CHECK (state IN ('CREATED', 'SENT', 'DEBITED', 'IN_TREASURY',
        'FAILED', 'CONFIRMING', 'REVERSED', 'REFUNDED')),
    bank_reference TEXT,
    failure        TEXT,
    voucher_number TEXT,
    settled_at     INTEGER,
    version        INTEGER NOT NULL CHECK (version >= 1),
    updated_by     TEXT NOT NULL,
    PRIMARY KEY (taxpayer_id, payment_id),
    FOREIGN KEY (taxpayer_id, declaration_id)
        REFERENCES declaration (taxpayer_id, declaration_id),
    CHECK (state <> 'IN_TREASURY' OR (voucher_number IS NOT NULL AND settled_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX one_live_payment ON payment (taxpayer_id, declaration_id)
    WHERE state NOT IN ('FAILED', 'REVERSED', 'REFUNDED');

CREATE INDEX payment_to_resolve ON payment (state) WHERE state IN ('SENT', 'CONFIRMING');

-- A voucher (完税证明). A payment has at most one live voucher.
CREATE TABLE voucher (
    taxpayer_id    TEXT NOT NULL,
    voucher_number TEXT NOT NULL,
    -- immutable
    payment_id     TEXT NOT NULL,
    declaration_id TEXT NOT NULL,
    total_fen      INTEGER NOT NULL CHECK (total_fen > 0),
    signed_text    TEXT NOT NULL,   -- canonical JSON
    signature      TEXT NOT NULL,   -- Ed25519, hex
    public_key     TEXT NOT NULL,   -- hex
    created_at     INTEGER NOT NULL,
    -- mutable
    state          TEXT NOT NULL CHECK (state IN ('ISSUED', 'VOIDED', 'REPLACED')),
    updated_by     TEXT NOT NULL,
    PRIMARY KEY (taxpayer_id, voucher_number),
    FOREIGN KEY (taxpayer_id, payment_id) REFERENCES payment (taxpayer_id, payment_id)
) STRICT;

CREATE UNIQUE INDEX one_live_voucher ON voucher (taxpayer_id, payment_id) WHERE state = 'ISSUED';

-- Which taxpayer a voucher number belongs to, for public verification; unique over all.
CREATE TABLE voucher_number_claim (
    voucher_number TEXT NOT NULL PRIMARY KEY,
    taxpayer_id    TEXT NOT NULL
) STRICT;

-- The append-only trail, numbered and hash-chained per taxpayer.
CREATE TABLE event (
    taxpayer_id TEXT NOT NULL REFERENCES taxpayer (taxpayer_id),
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    kind        TEXT NOT NULL,     -- such as declaration.submitted
    subject_id  TEXT NOT NULL,
    rpc         TEXT NOT NULL,     -- the RPC or worker that did it
    request_id  TEXT,              -- the mutation it belongs to
    at          INTEGER NOT NULL,
    hash        TEXT NOT NULL,     -- SHA-256 over the one before and this row
    PRIMARY KEY (taxpayer_id, sequence)
) STRICT;

-- The first answer to each mutation, for ever: a repeat is answered, not redone.
CREATE TABLE request (
    taxpayer_id    TEXT NOT NULL,
    request_id     TEXT NOT NULL,
    method         TEXT NOT NULL,
    content_digest TEXT NOT NULL,  -- SHA-256 of the request
    subject_id     TEXT NOT NULL,  -- what it made or changed
    response       BLOB,           -- nothing while the bank is still to be heard
    recorded_at    INTEGER NOT NULL,
    PRIMARY KEY (taxpayer_id, request_id)
) STRICT;

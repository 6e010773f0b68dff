//! The catalogue of all tables: what is copied, compared and forgotten is read off this list, and a
//! test compares it with both migrated schemas.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// 64 bits with a sign.
    Integer,
    /// Bytes.
    Bytes,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// True where it may hold nothing.
    pub nullable: bool,
}

/// What a table's rows are spread by, where a database lies on several machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// By `taxpayer_id`, the first column of the key.
    Taxpayer,
    /// By its own key.
    OwnKey,
    /// A copy everywhere.
    Reference,
    /// It has one row.
    OneRow,
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns in the order of the schema.
    pub columns: &'static [Column],
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// What its rows are spread by.
    pub spread: Spread,
    /// False for what lives only while processes run or tells of this one database: it is not part
    /// of a copy.
    pub copied: bool,
}

impl Table {
    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

const fn column(name: &'static str, kind: Kind, nullable: bool) -> Column {
    Column {
        name,
        kind,
        nullable,
    }
}

macro_rules! kind {
    ($name:literal text) => {
        column($name, Kind::Text, false)
    };
    ($name:literal text_or_null) => {
        column($name, Kind::Text, true)
    };
    ($name:literal integer) => {
        column($name, Kind::Integer, false)
    };
    ($name:literal integer_or_null) => {
        column($name, Kind::Integer, true)
    };
    ($name:literal bytes_or_null) => {
        column($name, Kind::Bytes, true)
    };
}

macro_rules! table {
    ($name:literal, $spread:ident, [$($key:literal),+], copied: $copied:literal,
     {$($column:literal: $kind:ident),+ $(,)?}) => {
        Table {
            name: $name,
            columns: &[$(kind!($column $kind)),+],
            key: &[$($key),+],
            spread: Spread::$spread,
            copied: $copied,
        }
    };
}

/// All tables, each after those it refers to.
pub const TABLES: [Table; 21] = [
    table!("taxpayer", Taxpayer, ["taxpayer_id"], copied: true, {
        "taxpayer_id": text,
        "tax_number": text,
        "created_at": integer,
        "name": text,
        "profile": text,
        "version": integer,
        "updated_at": integer,
        "updated_by": text,
    }),
    table!("rule_pack", Reference, ["digest"], copied: true, {
        "digest": text,
        "files": text,
        "first_used_at": integer,
    }),
    table!("tax_source", Taxpayer, ["taxpayer_id", "source_id"], copied: true, {
        "taxpayer_id": text,
        "source_id": text,
        "tax": text,
        "sequence": integer,
        "state": text,
        "version": integer,
        "updated_by": text,
    }),
    table!("tax_source_version", Taxpayer, ["taxpayer_id", "source_id", "version"], copied: true, {
        "taxpayer_id": text,
        "source_id": text,
        "version": integer,
        "name": text,
        "region": text,
        "authority": text,
        "treasury": text,
        "format": integer,
        "detail": text,
        "recorded_at": integer,
        "recorded_by": text,
    }),
    table!("declaration", Taxpayer, ["taxpayer_id", "declaration_id"], copied: true, {
        "taxpayer_id": text,
        "declaration_id": text,
        "content": text,
        "digest": text,
        "rule_pack": text,
        "payable_fen": integer,
        "refundable_fen": integer,
        "created_at": integer,
        "state": text,
        "submitted_at": integer_or_null,
        "overdue": integer,
        "acknowledged": text,
        "version": integer,
        "updated_by": text,
        "revision": integer,
        "corrects": text_or_null,
        "closed_at": integer_or_null,
        "close_reason": text_or_null,
        "waived_fen": integer,
    }),
    table!("declaration_line", Taxpayer,
        ["taxpayer_id", "declaration_id", "line_number"],
        copied: true, {
        "taxpayer_id": text,
        "declaration_id": text,
        "line_number": integer,
        "source_id": text,
        "source_version": integer,
        "tax": text,
        "item": text,
        "detail": text,
        "first_day": text,
        "last_day": text,
        "tax_fen": integer,
        "relief_fen": integer,
        "paid_fen": integer,
        "payable_fen": integer,
        "live": integer,
    }),
    table!("declared_period", Taxpayer,
        ["taxpayer_id", "declaration_id", "source_id", "first_day", "last_day"],
        copied: true, {
        "taxpayer_id": text,
        "declaration_id": text,
        "source_id": text,
        "first_day": text,
        "last_day": text,
        "live": integer,
    }),
    table!("payment", Taxpayer, ["taxpayer_id", "payment_id"], copied: true, {
        "taxpayer_id": text,
        "payment_id": text,
        "declaration_id": text,
        "order_rows": text,
        "principal_fen": integer,
        "surcharge_fen": integer,
        "authority": text,
        "treasury": text,
        "agreement": text,
        "created_at": integer,
        "state": text,
        "bank_reference": text_or_null,
        "failure": text_or_null,
        "voucher_number": text_or_null,
        "settled_at": integer_or_null,
        "version": integer,
        "updated_by": text,
        "channel": text,
        "refund_id": text_or_null,
        "received_fen": integer,
        "refunded_fen": integer,
    }),
    table!("settlement_part", Taxpayer,
        ["taxpayer_id", "payment_id", "part_reference"],
        copied: true, {
        "taxpayer_id": text,
        "payment_id": text,
        "part_reference": text,
        "amount_fen": integer,
        "bank_reference": text,
        "treasury": text,
        "learnt_from": text,
        "recorded_at": integer,
    }),
    table!("refund", Taxpayer, ["taxpayer_id", "refund_id"], copied: true, {
        "taxpayer_id": text,
        "refund_id": text,
        "declaration_id": text,
        "amount_fen": integer,
        "parts": text,
        "created_at": integer,
        "state": text,
        "cause": text,
        "interest_fen": integer,
        "offset_fen": integer,
        "decision": text_or_null,
        "decided_at": integer_or_null,
        "treasury_reference": text_or_null,
        "voucher_number": text_or_null,
        "paid_at": integer_or_null,
        "version": integer,
        "updated_by": text,
    }),
    table!("payment_extension", Taxpayer, ["taxpayer_id", "extension_id"], copied: true, {
        "taxpayer_id": text,
        "extension_id": text,
        "declaration_id": text,
        "tax": text,
        "approved": integer,
        "extended_to": text,
        "requested_on": text,
        "document": text,
        "recorded_at": integer,
    }),
    table!("inspection", Taxpayer, ["taxpayer_id", "inspection_id"], copied: true, {
        "taxpayer_id": text,
        "inspection_id": text,
        "first_day": text,
        "last_day": text,
        "tax": text,
        "document": text,
        "opened_at": integer,
        "closed_at": integer_or_null,
        "version": integer,
    }),
    table!("voucher", Taxpayer, ["taxpayer_id", "voucher_number"], copied: true, {
        "taxpayer_id": text,
        "voucher_number": text,
        "payment_id": text,
        "declaration_id": text,
        "total_fen": integer,
        "signed_text": text,
        "signature": text,
        "public_key": text,
        "created_at": integer,
        "state": text,
        "updated_by": text,
        "kind": text,
        "refund_id": text,
        "replaces": text_or_null,
        "replaced_by": text_or_null,
        "reprints": integer,
        "close_reason": text_or_null,
        "version": integer,
    }),
    table!("voucher_act", Taxpayer, ["taxpayer_id", "voucher_number", "version"], copied: true, {
        "taxpayer_id": text,
        "voucher_number": text,
        "version": integer,
        "act": text,
        "reason": text,
        "at": integer,
    }),
    table!("voucher_number_claim", OwnKey, ["voucher_number"], copied: true, {
        "voucher_number": text,
        "taxpayer_id": text,
    }),
    table!("officer_case", Taxpayer, ["taxpayer_id", "case_id"], copied: true, {
        "taxpayer_id": text,
        "case_id": text,
        "subject_id": text,
        "rule_id": text,
        "finding": text,
        "opened_at": integer,
        "state": text,
        "resolution": text_or_null,
        "resolved_at": integer_or_null,
        "version": integer,
        "updated_by": text,
    }),
    table!("event", Taxpayer, ["taxpayer_id", "sequence"], copied: true, {
        "taxpayer_id": text,
        "sequence": integer,
        "kind": text,
        "subject_id": text,
        "rpc": text,
        "request_id": text_or_null,
        "at": integer,
        "hash": text,
        "position": integer_or_null,
        "detail": text_or_null,
    }),
    table!("request", Taxpayer, ["taxpayer_id", "request_id"], copied: true, {
        "taxpayer_id": text,
        "request_id": text,
        "method": text,
        "content_digest": text,
        "subject_id": text,
        "response": bytes_or_null,
        "recorded_at": integer,
    }),
    table!("event_numbering", OneRow, ["id"], copied: true, {
        "id": integer,
        "last": integer,
    }),
    table!("worker_lease", Reference, ["name"], copied: false, {
        "name": text,
        "holder": text,
        "until": integer,
    }),
    table!("database_copy", OneRow, ["id"], copied: false, {
        "id": integer,
        "source": text,
        "said": text,
        "begun_at": integer,
        "finished_at": integer_or_null,
    }),
];

/// The tables that are part of a copy, in an order in which references hold.
pub fn copied() -> impl DoubleEndedIterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.copied)
}

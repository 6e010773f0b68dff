//! The rules, each a statement over a range of taxpayers (after `$1`, through `$2`) that gives
//! taxpayer, subject, the number that should be and the number that is, for every violation.

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// The number of the invariant.
    pub invariant: u8,
    /// Its stable name.
    pub name: &'static str,
    /// What the subject is.
    pub of: &'static str,
    /// What does not hold, in words.
    pub text: &'static str,
    /// The statement.
    pub sql: &'static str,
}

/// Which row must be there for which.
#[derive(Debug)]
pub(super) struct Reference {
    /// The table that refers.
    pub table: &'static str,
    /// What names a row of it.
    id: &'static str,
    /// The table it refers to.
    pub to: &'static str,
    /// Column here and column there, beside the taxpayer's.
    by: &'static [(&'static str, &'static str)],
    /// Whether the taxpayer is part of the reference.
    own: bool,
}

impl Reference {
    /// The rows whose other is missing.
    pub(super) fn sql(&self) -> String {
        let Self { table, id, to, .. } = self;
        let mut on: Vec<String> = self
            .by
            .iter()
            .map(|(here, there)| format!("p.{there} = c.{here}"))
            .collect();
        let mut there: Vec<String> = self
            .by
            .iter()
            .map(|(here, _)| format!("c.{here} IS NOT NULL"))
            .collect();
        if self.own {
            on.push("p.taxpayer_id = c.taxpayer_id".to_owned());
        }
        there.push("c.taxpayer_id > $1 AND c.taxpayer_id <= $2".to_owned());
        format!(
            "SELECT c.taxpayer_id, CAST(c.{id} AS TEXT) FROM {table} AS c WHERE {} AND NOT EXISTS \
             (SELECT 1 FROM {to} AS p WHERE {}) ORDER BY 1, 2",
            there.join(" AND "),
            on.join(" AND ")
        )
    }
}

macro_rules! reference {
    ($table:literal $id:literal => $to:literal ($($here:literal = $there:literal),*)) => {
        Reference {
            table: $table, id: $id, to: $to, by: &[$(($here, $there)),*], own: true,
        }
    };
}

/// All of them, also those that no foreign key of the schema guards.
pub(super) const REFERENCES: [Reference; 25] = [
    reference!("tax_source" "source_id" => "taxpayer" ()),
    reference!("tax_source_version" "source_id" => "tax_source" ("source_id" = "source_id")),
    reference!("declaration" "declaration_id" => "taxpayer" ()),
    reference!("declaration" "declaration_id" => "declaration" ("corrects" = "declaration_id")),
    Reference {
        table: "declaration",
        id: "declaration_id",
        to: "rule_pack",
        by: &[("rule_pack", "digest")],
        own: false,
    },
    reference!("declaration_line" "declaration_id" =>
        "declaration" ("declaration_id" = "declaration_id")),
    reference!("declaration_line" "declaration_id" => "tax_source" ("source_id" = "source_id")),
    reference!("declaration_line" "declaration_id" => "tax_source_version"
        ("source_id" = "source_id", "source_version" = "version")),
    reference!("declared_period" "declaration_id" =>
        "declaration" ("declaration_id" = "declaration_id")),
    reference!("declared_period" "declaration_id" => "tax_source" ("source_id" = "source_id")),
    reference!("payment" "payment_id" => "declaration" ("declaration_id" = "declaration_id")),
    reference!("payment" "payment_id" => "refund" ("refund_id" = "refund_id")),
    reference!("payment" "payment_id" => "voucher" ("voucher_number" = "voucher_number")),
    reference!("settlement_part" "payment_id" => "payment" ("payment_id" = "payment_id")),
    reference!("refund" "refund_id" => "declaration" ("declaration_id" = "declaration_id")),
    reference!("refund" "refund_id" => "voucher" ("voucher_number" = "voucher_number")),
    reference!("payment_extension" "extension_id" =>
        "declaration" ("declaration_id" = "declaration_id")),
    reference!("inspection" "inspection_id" => "taxpayer" ()),
    reference!("voucher" "voucher_number" => "payment" ("payment_id" = "payment_id")),
    reference!("voucher" "voucher_number" => "declaration" ("declaration_id" = "declaration_id")),
    reference!("voucher" "voucher_number" =>
        "voucher_number_claim" ("voucher_number" = "voucher_number")),
    reference!("voucher_act" "voucher_number" => "voucher" ("voucher_number" = "voucher_number")),
    reference!("voucher_number_claim" "voucher_number" =>
        "voucher" ("voucher_number" = "voucher_number")),
    reference!("event" "sequence" => "taxpayer" ()),
    reference!("request" "request_id" => "taxpayer" ()),
];

/// A payment's money is in the treasury, also where it was refunded later.
macro_rules! settled {
    ($row:literal) => {
        concat!(
            $row,
            ".state IN ('IN_TREASURY', 'REFUNDED') AND ",
            $row,
            ".voucher_number IS NOT NULL"
        )
    };
}

/// The one order of a declaration that is alive.
macro_rules! alive {
    ($row:literal) => {
        concat!(
            $row,
            ".channel = 'AGREEMENT' AND ",
            $row,
            ".state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')"
        )
    };
}

/// The taxpayers of a page.
macro_rules! page {
    ($row:literal) => {
        concat!($row, ".taxpayer_id > $1 AND ", $row, ".taxpayer_id <= $2")
    };
}

/// A declaration beside one number of another table's rows about it.
macro_rules! beside {
    ($expected:literal, $sum:expr, $from:literal, $of:expr, $declarations:literal) => {
        concat!(
            "SELECT d.taxpayer_id, d.declaration_id, CAST(",
            $expected,
            " AS BIGINT),
             CAST(COALESCE(s.found, 0) AS BIGINT) FROM declaration AS d LEFT JOIN
             (SELECT x.taxpayer_id, x.declaration_id, CAST(",
            $sum,
            " AS BIGINT) AS found
              FROM ",
            $from,
            " AS x WHERE ",
            page!("x"),
            " AND ",
            $of,
            "
              GROUP BY x.taxpayer_id, x.declaration_id) AS s
             ON s.taxpayer_id = d.taxpayer_id AND s.declaration_id = d.declaration_id
             WHERE ",
            page!("d"),
            " AND ",
            $declarations,
            " ORDER BY 1, 2"
        )
    };
}

/// Rows of which there may be one of a kind.
macro_rules! once {
    ($table:literal, $subject:literal, $key:literal, $of:expr) => {
        concat!(
            "SELECT x.taxpayer_id, x.",
            $subject,
            ", CAST(1 AS BIGINT), COUNT(*) FROM ",
            $table,
            " AS x WHERE ",
            page!("x"),
            " AND ",
            $of,
            " GROUP BY x.taxpayer_id, ",
            $key,
            " HAVING COUNT(*) > 1 ORDER BY 1, 2"
        )
    };
}

macro_rules! rule {
    ($invariant:literal $name:literal $of:literal $text:literal, $sql:expr $(,)?) => {
        Rule {
            invariant: $invariant,
            name: $name,
            of: $of,
            text: $text,
            sql: $sql,
        }
    };
}

/// All rules.
pub(super) const RULES: [Rule; 29] = [
    rule!(1 "LINES_SUM" "declaration" "the lines to be paid do not add up to its payable, in fen",
        beside!("d.payable_fen", "SUM(x.payable_fen)", "declaration_line", "x.payable_fen > 0",
            "d.state <> 'DRAFT' AND d.payable_fen <> COALESCE(s.found, 0)")),
    rule!(8 "REFUNDABLE_SUM" "declaration"
        "the lines to be refunded do not add up to its refundable, in fen",
        beside!("d.refundable_fen", "SUM(-x.payable_fen)", "declaration_line", "x.payable_fen < 0",
            "d.state <> 'DRAFT' AND d.refundable_fen <> COALESCE(s.found, 0)")),
    rule!(1 "LINE_SUM" "declaration" "a line's payable is not tax less relief less paid, in fen",
        concat!("SELECT x.taxpayer_id, x.declaration_id, x.tax_fen - x.relief_fen - x.paid_fen,
         x.payable_fen FROM declaration_line AS x WHERE ", page!("x"), "
         AND x.payable_fen <> x.tax_fen - x.relief_fen - x.paid_fen ORDER BY 1, 2")),
    rule!(1 "PAYMENT_PRINCIPAL" "payment"
        "its principal, with what was set off, is not the declaration's payable, in fen",
        concat!("SELECT p.taxpayer_id, p.payment_id, d.payable_fen,
         CAST(p.principal_fen + COALESCE(o.found, 0) AS BIGINT) FROM payment AS p
         JOIN declaration AS d ON d.taxpayer_id = p.taxpayer_id
         AND d.declaration_id = p.declaration_id LEFT JOIN
         (SELECT x.taxpayer_id, x.declaration_id, SUM(x.principal_fen) AS found FROM payment AS x
          WHERE ", page!("x"), " AND x.channel = 'OFFSET' AND ", settled!("x"), "
          GROUP BY x.taxpayer_id, x.declaration_id) AS o
         ON o.taxpayer_id = p.taxpayer_id AND o.declaration_id = p.declaration_id
         WHERE ", page!("p"), " AND ", alive!("p"), "
         AND p.principal_fen + COALESCE(o.found, 0) <> d.payable_fen ORDER BY 1, 2")),
    rule!(1 "VOUCHER_TOTAL" "voucher" "its total is not the payment's, in fen",
        concat!("SELECT v.taxpayer_id, v.voucher_number, p.principal_fen + p.surcharge_fen,
         v.total_fen FROM voucher AS v JOIN payment AS p ON p.taxpayer_id = v.taxpayer_id
         AND p.payment_id = v.payment_id WHERE ", page!("v"), " AND v.state = 'ISSUED'
         AND v.kind = 'PAYMENT' AND v.total_fen <> p.principal_fen + p.surcharge_fen
         ORDER BY 1, 2")),
    rule!(1 "PARTS_SUM" "payment" "the parts received do not add up to what it received, in fen",
        concat!("SELECT p.taxpayer_id, p.payment_id, p.received_fen,
         CAST(COALESCE(s.found, 0) AS BIGINT) FROM payment AS p LEFT JOIN
         (SELECT x.taxpayer_id, x.payment_id, SUM(x.amount_fen) AS found FROM settlement_part AS x
          WHERE ", page!("x"), " GROUP BY x.taxpayer_id, x.payment_id) AS s
         ON s.taxpayer_id = p.taxpayer_id AND s.payment_id = p.payment_id
         WHERE ", page!("p"), " AND p.channel = 'AGREEMENT'
         AND p.received_fen <> COALESCE(s.found, 0) ORDER BY 1, 2")),
    // A payment of the first schema is in the treasury without counted parts.
    rule!(1 "RECEIVED" "payment" "it is in the treasury, but not with its whole sum, in fen",
        concat!("SELECT p.taxpayer_id, p.payment_id, p.principal_fen + p.surcharge_fen,
         p.received_fen FROM payment AS p WHERE ", page!("p"), " AND p.channel = 'AGREEMENT'
         AND p.received_fen > 0 AND p.state IN ('IN_TREASURY', 'REFUNDED')
         AND p.received_fen <> p.principal_fen + p.surcharge_fen ORDER BY 1, 2")),
    rule!(1 "REFUNDED_BEYOND" "payment" "more was refunded of it than it brought, in fen",
        concat!("SELECT p.taxpayer_id, p.payment_id, p.principal_fen, p.refunded_fen
         FROM payment AS p WHERE ", page!("p"), " AND p.refunded_fen > p.principal_fen
         ORDER BY 1, 2")),
    rule!(2 "LINE_TWICE" "tax_source" "an item of it is declared more than once for a period",
        once!("declaration_line", "source_id",
            "x.source_id, x.item, x.detail, x.first_day, x.last_day", "x.live = 1")),
    rule!(2 "PERIOD_TWICE" "tax_source" "a period of it is declared more than once",
        once!("declared_period", "source_id", "x.source_id, x.first_day, x.last_day",
            "x.live = 1")),
    rule!(2 "LINES_HELD" "declaration" "it is not in force, but holds lines",
        beside!("0", "COUNT(*)", "declaration_line", "x.live = 1",
            "d.state IN ('DRAFT', 'VOIDED', 'CORRECTED') AND s.found > 0")),
    rule!(2 "PERIODS_HELD" "declaration" "it is not in force, but holds periods",
        beside!("0", "COUNT(*)", "declared_period", "x.live = 1",
            "d.state IN ('DRAFT', 'VOIDED', 'CORRECTED') AND s.found > 0")),
    rule!(2 "LINES_DEAD" "declaration" "it is in force, but lines of it are not live",
        beside!("0", "COUNT(*)", "declaration_line",
            "x.live = 0 AND (x.tax_fen <> 0 OR x.relief_fen <> 0 OR x.paid_fen = 0)",
            "d.state NOT IN ('DRAFT', 'VOIDED', 'CORRECTED') AND s.found > 0")),
    rule!(2 "PERIODS_DEAD" "declaration" "it is in force, but periods of it are not live",
        beside!("0", "COUNT(*)", "declared_period", "x.live = 0",
            "d.state NOT IN ('DRAFT', 'VOIDED', 'CORRECTED') AND s.found > 0")),
    rule!(3 "PAYMENT_TWICE" "declaration" "it has more than one live payment",
        once!("payment", "declaration_id", "x.declaration_id", alive!("x"))),
    rule!(3 "VOUCHER_TWICE" "payment" "it has more than one live voucher of a kind",
        once!("voucher", "payment_id", "x.payment_id, x.kind, x.refund_id",
            "x.state = 'ISSUED'")),
    rule!(3 "VOUCHER_UNPAID" "voucher" "its payment is not in the treasury",
        concat!("SELECT v.taxpayer_id, v.voucher_number, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
         FROM voucher AS v JOIN payment AS p ON p.taxpayer_id = v.taxpayer_id
         AND p.payment_id = v.payment_id WHERE ", page!("v"), " AND v.kind = 'PAYMENT'
         AND NOT (", settled!("p"), ") ORDER BY 1, 2")),
    rule!(3 "PAID_WITHOUT_VOUCHER" "payment" "it is in the treasury and has no voucher",
        concat!("SELECT p.taxpayer_id, p.payment_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
         FROM payment AS p WHERE ", page!("p"), " AND p.state IN ('IN_TREASURY', 'REFUNDED')
         AND (p.voucher_number IS NULL OR NOT EXISTS (SELECT 1 FROM voucher AS v
         WHERE v.taxpayer_id = p.taxpayer_id AND v.payment_id = p.payment_id
         AND v.kind = 'PAYMENT')) ORDER BY 1, 2")),
    rule!(3 "OVERPAID" "declaration" "more is paid than is payable, in fen",
        beside!("d.payable_fen", "SUM(x.principal_fen)", "payment", settled!("x"),
            "s.found > d.payable_fen")),
    rule!(3 "COMPLETED_UNPAID" "declaration"
        "it is completed without its money in the treasury, in fen",
        beside!("d.payable_fen", "SUM(x.principal_fen)", "payment", settled!("x"),
            "d.state = 'COMPLETED' AND d.waived_fen = 0
             AND COALESCE(s.found, 0) <> d.payable_fen")),
    rule!(3 "VOIDED_PAID" "declaration" "it is voided, but has payments",
        beside!("0", "COUNT(*)", "payment",
            concat!("((", alive!("x"), ") OR (", settled!("x"), "))"),
            "d.state = 'VOIDED' AND s.found > 0")),
    rule!(4 "CHAIN_END" "declaration" "its chain of revisions has not one live end",
        concat!("SELECT d.taxpayer_id, d.declaration_id,
         CAST(CASE WHEN d.state = 'CORRECTED' THEN 1 ELSE 0 END AS BIGINT),
         CAST(COALESCE(s.found, 0) AS BIGINT) FROM declaration AS d LEFT JOIN
         (SELECT x.taxpayer_id, x.corrects, COUNT(*) AS found FROM declaration AS x
          WHERE ", page!("x"), " AND x.corrects IS NOT NULL AND x.state <> 'DRAFT'
          GROUP BY x.taxpayer_id, x.corrects) AS s
         ON s.taxpayer_id = d.taxpayer_id AND s.corrects = d.declaration_id
         WHERE ", page!("d"), " AND COALESCE(s.found, 0) <>
         CASE WHEN d.state = 'CORRECTED' THEN 1 ELSE 0 END ORDER BY 1, 2")),
    rule!(4 "REVISION_BASE" "declaration" "its revision does not follow its base's",
        concat!("SELECT d.taxpayer_id, d.declaration_id,
         CAST(COALESCE(b.revision, 0) AS BIGINT) + 1,
         d.revision FROM declaration AS d LEFT JOIN declaration AS b
         ON b.taxpayer_id = d.taxpayer_id AND b.declaration_id = d.corrects
         WHERE ", page!("d"), " AND d.revision <> COALESCE(b.revision, 0) + 1 ORDER BY 1, 2")),
    rule!(4 "SOURCE_VERSIONS" "tax_source" "versions of it are missing",
        concat!("SELECT t.taxpayer_id, t.source_id, t.version,
         CAST(COALESCE(s.found, 0) AS BIGINT) FROM tax_source AS t LEFT JOIN
         (SELECT x.taxpayer_id, x.source_id, COUNT(*) AS found FROM tax_source_version AS x
          WHERE ", page!("x"), " GROUP BY x.taxpayer_id, x.source_id) AS s
         ON s.taxpayer_id = t.taxpayer_id AND s.source_id = t.source_id
         WHERE ", page!("t"), " AND COALESCE(s.found, 0) <> t.version ORDER BY 1, 2")),
    rule!(5 "EVENT_NUMBERS" "taxpayer" "its events are not numbered from 1 without gaps",
        concat!("SELECT x.taxpayer_id, x.taxpayer_id, COUNT(*), MAX(x.sequence) FROM event AS x
         WHERE ", page!("x"), " GROUP BY x.taxpayer_id
         HAVING COUNT(*) <> MAX(x.sequence) OR MIN(x.sequence) <> 1 ORDER BY 1")),
    rule!(7 "ANSWER_OPEN" "request" "it has no answer, though nothing is to be heard of it",
        concat!("SELECT r.taxpayer_id, r.request_id, CAST(1 AS BIGINT), CAST(0 AS BIGINT)
         FROM request AS r WHERE ", page!("r"), " AND r.response IS NULL
         AND (r.method <> 'CreatePayment' OR NOT EXISTS (SELECT 1 FROM payment AS p
         WHERE p.taxpayer_id = r.taxpayer_id AND p.payment_id = r.subject_id
         AND p.state IN ('CREATED', 'SENT'))) ORDER BY 1, 2")),
    rule!(8 "REFUNDS_SUM" "declaration" "more is refunded than its refundable, in fen",
        beside!("d.refundable_fen", "SUM(x.amount_fen)", "refund", "x.state <> 'REJECTED'",
            "s.found > d.refundable_fen")),
    rule!(8 "REFUND_TWICE" "declaration" "it has more than one refund",
        once!("refund", "declaration_id", "x.declaration_id", "x.state <> 'REJECTED'")),
    rule!(8 "OFFSET_SUM" "refund" "what was set off from it is not what it counts, in fen",
        concat!("SELECT r.taxpayer_id, r.refund_id, r.offset_fen,
         CAST(COALESCE(s.found, 0) AS BIGINT) FROM refund AS r LEFT JOIN
         (SELECT x.taxpayer_id, x.refund_id, SUM(x.principal_fen + x.surcharge_fen) AS found
          FROM payment AS x WHERE ", page!("x"), " AND x.channel = 'OFFSET' AND ", settled!("x"), "
          GROUP BY x.taxpayer_id, x.refund_id) AS s
         ON s.taxpayer_id = r.taxpayer_id AND s.refund_id = r.refund_id
         WHERE ", page!("r"), " AND COALESCE(s.found, 0) <> r.offset_fen ORDER BY 1, 2")),
];

//! The shared frame of reliefs, on rows worked by hand.

use rust_decimal::Decimal;

use super::{ReliefClaim, ReliefTarget, apply_reliefs};
use crate::rules::RuleBook;
use crate::tax::{ChargeError, Context, Profile, TaxpayerKind};
use crate::types::{Exact, Money, Period, Region, TaxKind, parse_date};

const RELIEFS: &str = r#"
[[relief]]
id = "T_FULL"
tax = "LAND_USE_TAX"
name_zh = "全免"
name_en = "full"
shape = "full"
from = "2020-01-01"
cite = "test"
status = "confirmed"
checked_on = "2026-11-24"

[[relief]]
id = "T_LATE"
tax = "LAND_USE_TAX"
name_zh = "九月起"
name_en = "from September"
shape = "full"
from = "2026-09-01"
cite = "test"
status = "confirmed"
checked_on = "2026-11-24"

[[relief]]
id = "T_HARDSHIP"
tax = "LAND_USE_TAX"
name_zh = "困难减免"
name_en = "hardship"
shape = "by_input"
after_policy = true
from = "2020-01-01"
cite = "test"
status = "confirmed"
checked_on = "2026-11-24"

[[relief]]
id = "T_PROVINCE"
tax = "LAND_USE_TAX"
name_zh = "省定减免"
name_en = "at the province's ratio"
shape = "by_input"
from = "2020-01-01"
cite = "test"
status = "confirmed"
checked_on = "2026-11-24"
"#;

fn days(first: &str, last: &str) -> Period {
    Period::new(parse_date(first).unwrap(), parse_date(last).unwrap()).unwrap()
}

fn claim(id: &str, period: Option<Period>, ratio: Option<Decimal>) -> ReliefClaim {
    ReliefClaim {
        relief_id: id.to_owned(),
        period,
        base_share: None,
        ratio,
        amount: None,
        document: String::new(),
    }
}

fn row(period: Period, yuan: i64) -> ReliefTarget<'static> {
    let exact_tax = Exact::int(yuan);
    ReliefTarget {
        tax: TaxKind::LandUseTax,
        item: "T",
        period,
        all_rows: period,
        exact_tax,
        tax_amount: exact_tax.round_to_fen().unwrap(),
    }
}

/// The amounts of the lines, or rule id and field of the refusal.
fn relieve(
    claims: &[ReliefClaim],
    target: ReliefTarget<'_>,
) -> Result<Vec<String>, (String, String)> {
    let mut files = RuleBook::embedded().unwrap().files().clone();
    files.insert("national/test.toml".to_owned(), RELIEFS.to_owned());
    let rules = RuleBook::from_files(files).unwrap();
    let profile = Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340100").unwrap(),
        period: target.period,
        profile: &profile,
        explain: false,
    };
    match apply_reliefs(&ctx, claims, target, "reliefs") {
        Ok(lines) => {
            let amounts: Vec<Money> = lines.iter().map(|line| line.amount).collect();
            Ok(amounts.iter().map(Money::to_string).collect())
        }
        Err(ChargeError::Refused(finding)) => Err((finding.rule_id, finding.field)),
        Err(other) => panic!("{other}"),
    }
}

fn refusal(rule_id: &str, field: &str) -> Result<Vec<String>, (String, String)> {
    Err((rule_id.to_owned(), field.to_owned()))
}

#[test]
fn relief_of_another_tax_is_refused() {
    let target = ReliefTarget {
        tax: TaxKind::RealEstateTax,
        ..row(days("2026-07-01", "2026-09-30"), 100)
    };
    assert_eq!(
        relieve(&[claim("T_FULL", None, None)], target),
        refusal("RELIEF_WRONG_TAX", "reliefs[0].relief_id")
    );
}

#[test]
fn missing_approval_is_named_by_its_wire_field() {
    let target = row(days("2026-07-01", "2026-09-30"), 100);
    let claims = [claim(
        "T_FULL",
        Some(days("2027-01-01", "2027-01-31")),
        None,
    )];
    assert_eq!(relieve(&claims, target), Ok(Vec::new()));
    assert_eq!(
        relieve(&[claim("T_HARDSHIP", None, None)], target),
        refusal("RELIEF_INPUT", "reliefs[0].amount_yuan")
    );
}

#[test]
fn hardship_takes_its_ratio_of_what_is_left_in_its_own_months() {
    // 100 a month from July to October; July and August are relieved in full.
    let target = row(days("2026-07-01", "2026-10-31"), 400);
    let full = claim("T_FULL", Some(days("2026-07-01", "2026-08-31")), None);
    let half = Some(Decimal::new(5, 1));
    let after = claim("T_HARDSHIP", Some(days("2026-09-01", "2026-10-31")), half);
    let across = claim("T_HARDSHIP", Some(days("2026-08-01", "2026-09-30")), half);
    let two = |first: &str, second: &str| Ok(vec![first.to_owned(), second.to_owned()]);
    assert_eq!(
        relieve(&[full.clone(), after], target),
        two("200.00", "100.00")
    );
    assert_eq!(relieve(&[full, across], target), two("200.00", "50.00"));
}

#[test]
fn full_reliefs_of_all_months_together_leave_no_fen() {
    // 100 ÷ 3 = 33.333…: three rounded thirds would leave 0.01.
    let months = [("2026-07-01", "2026-07-31"), ("2026-08-01", "2026-08-31")];
    let mut claims: Vec<ReliefClaim> = months
        .iter()
        .map(|(first, last)| claim("T_FULL", Some(days(first, last)), None))
        .collect();
    let target = row(days("2026-07-01", "2026-09-30"), 100);
    let two = ["33.33", "33.33"].map(str::to_owned).to_vec();
    assert_eq!(relieve(&claims, target), Ok(two));
    claims.push(claim("T_LATE", None, None));
    let three = ["33.33", "33.33", "33.34"].map(str::to_owned).to_vec();
    assert_eq!(relieve(&claims, target), Ok(three));
}

#[test]
fn relief_that_only_another_row_meets_is_not_out_of_date() {
    let claims = [claim("T_LATE", None, None)];
    let first = row(days("2026-07-01", "2026-08-31"), 100);
    assert_eq!(
        relieve(&claims, first),
        refusal("RELIEF_OUT_OF_DATE", "reliefs[0].relief_id")
    );
    let all_rows = days("2026-07-01", "2026-09-30");
    let first = ReliefTarget { all_rows, ..first };
    assert_eq!(relieve(&claims, first), Ok(Vec::new()));
    let second = ReliefTarget {
        all_rows,
        ..row(days("2026-09-01", "2026-09-30"), 50)
    };
    assert_eq!(relieve(&claims, second), Ok(vec!["50.00".to_owned()]));
}

#[test]
fn only_hardship_waits_for_the_policy_reliefs() {
    // 400; a full month of four takes 100. A province's half works on the whole 400 (decision S9),
    // a hardship of half on the 300 left (RE2).
    let target = row(days("2026-07-01", "2026-10-31"), 400);
    let full = claim("T_FULL", Some(days("2026-07-01", "2026-07-31")), None);
    let half = Some(Decimal::new(5, 1));
    let amounts = |second: &str| relieve(&[full.clone(), claim(second, None, half)], target);
    let text = |first: &str, second: &str| Ok(vec![first.to_owned(), second.to_owned()]);
    assert_eq!(amounts("T_PROVINCE"), text("100.00", "200.00"));
    assert_eq!(amounts("T_HARDSHIP"), text("100.00", "150.00"));
}

//! The radar: reliefs that the facts suggest, claims whose condition fails, and the money.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Source, UseKind, catalogue};
use crate::rules::RuleBook;
use crate::tax::{Context, Opportunity, Profile, Severity};
use crate::types::{Money, Month, Period, Region};

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

/// A plot of 1000 m² at 6 yuan, held since 2015: 6000.00 a year.
fn plot(more: &str) -> Source {
    let text = format!(
        r#"{{"taxpayer_kind": "RIGHT_HOLDER", "nature": "STATE", "acquisition_mode": "GRANTED",
            "purpose": "INDUSTRIAL", "land_no": "T1",
            "acquisition": {{"kind": "CARRIED_OVER", "event_on": "2015-01-01"}},
            "versions": [{{"area_sqm": "1000", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "6", "document": "D"}}}}]{more}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// Runs `then` in a whole year for a kind of taxpayer.
fn in_year<T>(year: u32, kind: &str, then: impl FnOnce(&Context<'_>) -> T) -> T {
    let profile: Profile = serde_json::from_str(&format!(r#"{{"kind": "{kind}"}}"#)).unwrap();
    let month = |number: &str| Month::parse(&format!("{year}-{number}")).unwrap();
    then(&Context {
        rules: &BOOK,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month("01"), month("12")),
        profile: &profile,
        explain: true,
    })
}

fn payable(source: &Source, ctx: &Context<'_>) -> Money {
    let charges = source.charge(&[], ctx).unwrap();
    Money::sum(charges.iter().map(|line| line.payable().unwrap())).unwrap()
}

/// Ids found for a plot of an organisation in 2025.
fn ids(more: &str) -> Vec<String> {
    ids_in(2025, "ORGANISATION", more)
}

fn ids_in(year: u32, kind: &str, more: &str) -> Vec<String> {
    let found = in_year(year, kind, |ctx| plot(more).radar(ctx));
    found.into_iter().map(|one| one.finding.rule_id).collect()
}

/// The only opportunity of a plot of a firm in 2025, and what is payable now and then.
fn only(more: &str) -> (Opportunity<Source>, Money, Option<Money>) {
    in_year(2025, "ENTERPRISE", |ctx| {
        let source = plot(more);
        let mut found = source.radar(ctx);
        assert_eq!(found.len(), 1, "{found:?}");
        let one = found.remove(0);
        let then = one.instead.as_ref().map(|instead| payable(instead, ctx));
        (one, payable(&source, ctx), then)
    })
}

fn yuan(value: i64) -> Money {
    Money::from_fen(value * 100)
}

/// Each use with the hint that its relief is not claimed, a year it is in force, and what a whole
/// plot pays with it; nothing where the ratio is not known.
const HINTS: [(&str, &str, u32, Option<i64>); 28] = [
    ("STATE_ORGAN", "LU_RADAR_STATE", 2025, Some(0)),
    ("BUDGET_UNIT", "LU_RADAR_BUDGET_UNIT", 2025, Some(0)),
    ("TEMPLE_PARK", "LU_RADAR_TEMPLE_PARK", 2025, Some(0)),
    ("PUBLIC", "LU_RADAR_PUBLIC", 2025, Some(0)),
    ("FARMING", "LU_RADAR_FARM", 2025, Some(0)),
    ("RECLAIMED", "LU_RADAR_RECLAIMED", 2025, Some(0)),
    ("FREE_TO_EXEMPT", "LU_RADAR_FREE_TO_EXEMPT", 2025, Some(0)),
    ("SCHOOL_HOSPITAL", "LU_RADAR_SCHOOL_HOSPITAL", 2025, Some(0)),
    ("BULK_WAREHOUSE", "LU_RADAR_WAREHOUSE", 2020, Some(3000)),
    ("BUS_RAIL", "LU_RADAR_BUS_RAIL", 2019, Some(0)),
    ("FARM_MARKET", "LU_RADAR_FARM_MARKET", 2027, Some(0)),
    ("HEATING", "LU_RADAR_HEATING", 2025, Some(0)),
    ("INCUBATOR", "LU_RADAR_INCUBATOR", 2025, Some(0)),
    ("RURAL_WATER", "LU_RADAR_RURAL_WATER", 2025, Some(0)),
    ("PUBLIC_RENTAL", "LU_RADAR_PUBLIC_RENTAL", 2025, Some(0)),
    ("SALE_AFFORDABLE", "LU_RADAR_SALE_AFFORDABLE", 2024, Some(0)),
    ("SHANTY", "LU_RADAR_SHANTY", 2025, Some(0)),
    ("RELOCATION", "LU_RADAR_RELOCATION", 2018, Some(0)),
    ("COMMUNITY_CARE", "LU_RADAR_COMMUNITY_CARE", 2025, Some(0)),
    ("RESERVES", "LU_RADAR_RESERVES", 2025, Some(0)),
    ("AVIATION", "LU_RADAR_AVIATION", 2025, Some(0)),
    ("PUBLIC_STADIUM", "LU_RADAR_STADIUM", 2025, Some(0)),
    (
        "ENTERPRISE_STADIUM",
        "LU_RADAR_STADIUM_ENTERPRISE",
        2025,
        Some(3000),
    ),
    ("FORECLOSED", "LU_RADAR_BANK_FORECLOSED", 2023, None),
    ("NUCLEAR", "LU_RADAR_NUCLEAR", 2025, Some(0)),
    (
        "NUCLEAR_BUILDING",
        "LU_RADAR_NUCLEAR_BUILDING",
        2025,
        Some(3000),
    ),
    ("OIL_MINE_SALT", "LU_RADAR_OIL_MINE_SALT", 2025, Some(0)),
    ("CAPACITY_CUT", "LU_RADAR_CAPACITY_CUT", 2020, Some(0)),
];

#[test]
fn every_freed_use_that_is_not_claimed_is_a_hint_with_its_money() {
    for (kind, id, year, then) in HINTS {
        let more = format!(r#", "uses": [{{"kind": "{kind}"}}]"#);
        in_year(year, "ORGANISATION", |ctx| {
            let found = plot(&more).radar(ctx);
            assert_eq!(found.len(), 1, "{kind}: {found:?}");
            assert_eq!(found[0].finding.rule_id, id);
            assert_eq!(found[0].finding.severity, Severity::Hint);
            assert_eq!(id.replace("RADAR_", ""), found[0].relief_id);
            assert!(!found[0].finding.legal_basis.is_empty());
            let instead = found[0].instead.as_ref();
            assert_eq!(
                instead.map(|one| payable(one, ctx)),
                then.map(yuan),
                "{kind}"
            );
            if let Some(instead) = instead {
                assert_eq!(instead.radar(ctx), [], "{kind}: claimed, all is said");
            }
        });
    }
    assert_eq!(ids(r#", "uses": [{"kind": "TAXED"}]"#), [""; 0]);
    assert_eq!(HINTS.len() + 1, UseKind::ALL.len());
}

#[test]
fn a_relief_out_of_its_dates_is_not_suggested() {
    for (kind, year) in [
        ("BULK_WAREHOUSE", 2019),
        ("BUS_RAIL", 2018),
        ("FARM_MARKET", 2028),
        ("PUBLIC_RENTAL", 2026),
        ("RELOCATION", 2026),
        ("COMMUNITY_CARE", 2018),
        ("SALE_AFFORDABLE", 2022),
        ("CAPACITY_CUT", 2021),
        ("FORECLOSED", 2021),
    ] {
        let more = format!(r#", "uses": [{{"kind": "{kind}"}}]"#);
        assert_eq!(
            ids_in(year, "ORGANISATION", &more),
            [""; 0],
            "{kind} in {year}"
        );
    }
}

#[test]
fn a_piece_is_claimed_with_its_area_months_and_share() {
    // 300 m² of the 1000 for farming: 300 × 6 = 1800 less.
    let (one, now, then) = only(r#", "uses": [{"kind": "FARMING", "area_sqm": "300"}]"#);
    assert_eq!((now, then), (yuan(6000), Some(yuan(4200))));
    assert_eq!(one.finding.expected.as_deref(), Some("0.3"));
    // The same for the first half of the year only: 300 × 6 × 6 ÷ 12 = 900 less.
    let half = r#", "uses": [{"kind": "FARMING", "area_sqm": "300",
        "period": {"first": "2025-01-01", "last": "2025-06-30"}}]"#;
    assert_eq!(only(half).2, Some(yuan(5100)));
    // Three quarters of the heat go to residents: 6000 × 0.75 = 4500 less.
    let heat = r#", "uses": [{"kind": "HEATING", "share": "0.75"}]"#;
    assert_eq!(only(heat).2, Some(yuan(1500)));
    // Claimed for 100 of the 300 m²: 200 × 6 = 1200 more to relieve.
    let less = r#", "uses": [{"kind": "FARMING", "area_sqm": "300"}],
        "reliefs": [{"claim": {"relief_id": "LU_FARM"}, "relief_area_sqm": "100"}]"#;
    let (one, now, then) = only(less);
    assert_eq!(one.finding.rule_id, "LU_RADAR_FARM");
    assert_eq!((now, then), (yuan(5400), Some(yuan(4200))));
    // Uses of another year say nothing of this one.
    let other = r#", "uses": [{"kind": "FARMING",
        "period": {"first": "2024-01-01", "last": "2024-12-31"}}]"#;
    assert_eq!(ids(other), [""; 0]);
}

#[test]
fn the_missing_relief_goes_before_hardship() {
    // The half of the storage site first: 3000 left, then 30% of that: 900; 2100 to pay.
    let more = r#", "uses": [{"kind": "BULK_WAREHOUSE"}],
        "reliefs": [{"claim": {"relief_id": "LU_HARDSHIP", "ratio": "0.3", "document": "D"}}]"#;
    let (one, now, then) = only(more);
    assert_eq!(one.relief_id, "LU_WAREHOUSE");
    assert_eq!((now, then), (yuan(4200), Some(yuan(2100))));
}

#[test]
fn a_claim_for_more_than_its_use_is_a_warning() {
    let more = r#", "uses": [{"kind": "FARMING", "area_sqm": "300"}, {"kind": "TAXED"}],
        "reliefs": [{"claim": {"relief_id": "LU_FARM"}}]"#;
    let (one, now, then) = only(more);
    assert_eq!(one.finding.rule_id, "LU_RADAR_AREA_OVER_USE");
    assert_eq!(one.finding.severity, Severity::Warning);
    assert_eq!((now, then), (yuan(0), Some(yuan(4200))));
    let exact = more.replace(r#""LU_FARM"}}"#, r#""LU_FARM"}, "relief_area_sqm": "300"}"#);
    assert_eq!(ids(&exact), [""; 0]);
    let above = exact.replace(
        r#""relief_area_sqm": "300""#,
        r#""relief_area_sqm": "300.01""#,
    );
    assert_eq!(ids(&above), ["LU_RADAR_AREA_OVER_USE"]);
}

#[test]
fn a_claim_without_its_use_is_a_warning_where_uses_are_stated() {
    let claim = r#", "reliefs": [{"claim": {"relief_id": "LU_FARM"}}]"#;
    assert_eq!(ids(claim), [""; 0]);
    let taxed = format!(r#", "uses": [{{"kind": "TAXED"}}]{claim}"#);
    let (one, now, then) = only(&taxed);
    assert_eq!(one.finding.rule_id, "LU_RADAR_NO_SUCH_USE");
    assert_eq!(one.finding.field, "reliefs[0].claim.relief_id");
    assert_eq!((now, then), (yuan(0), Some(yuan(6000))));
}

#[test]
fn reliefs_of_exempt_units_are_theirs_alone() {
    let claim = r#", "reliefs": [{"claim": {"relief_id": "LU_STATE"}}]"#;
    assert_eq!(ids(claim), [""; 0]);
    let (one, now, then) = only(claim);
    assert_eq!(one.finding.rule_id, "LU_RADAR_EXEMPT_UNIT");
    assert_eq!((now, then), (yuan(0), Some(yuan(6000))));
    let used = r#", "uses": [{"kind": "BUDGET_UNIT"}]"#;
    assert_eq!(ids_in(2025, "ENTERPRISE", used), [""; 0]);
    // A firm lends to an exempt unit: free. A firm uses an exempt unit's land: taxed.
    let lent = r#", "reliefs": [{"claim": {"relief_id": "LU_FREE_TO_EXEMPT"}}]"#;
    assert_eq!(ids_in(2025, "ENTERPRISE", lent), [""; 0]);
    let mut source = plot(lent);
    source.taxpayer_kind = super::LandTaxpayer::FreeUser;
    let found = in_year(2025, "ENTERPRISE", |ctx| source.radar(ctx));
    assert_eq!(found[0].finding.rule_id, "LU_RADAR_EXEMPT_UNIT");
    assert_eq!(in_year(2025, "ORGANISATION", |ctx| source.radar(ctx)), []);
}

#[test]
fn disabled_staff_needs_the_share_and_the_number() {
    let staff = |disabled: &str, all: &str, claim: bool| {
        let claim = match claim {
            true => {
                r#", "reliefs": [{"claim": {"relief_id": "LU_DISABLED", "ratio": "0.5",
                    "document": "D"}}]"#
            }
            false => "",
        };
        ids(&format!(
            r#", "staff": {{"disabled": "{disabled}", "all": "{all}"}}{claim}"#
        ))
    };
    // A quarter of 40 is 10: both met. Of 41 it is 10.25. Nine of 36 are a quarter, but not ten.
    assert_eq!(staff("10", "40", false), ["LU_RADAR_DISABLED"]);
    assert_eq!(staff("10", "40", true), [""; 0]);
    assert_eq!(staff("10", "41", true), ["LU_RADAR_DISABLED_UNMET"]);
    assert_eq!(staff("10", "41", false), [""; 0]);
    assert_eq!(staff("9", "36", true), ["LU_RADAR_DISABLED_UNMET"]);
    assert_eq!(staff("9.99", "20", false), [""; 0]);
    assert_eq!(staff("11", "44", false), ["LU_RADAR_DISABLED"]);
}

#[test]
fn no_hardship_for_restricted_industries() {
    let more = r#", "restricted_industry": true, "reliefs": [
        {"claim": {"relief_id": "LU_HARDSHIP", "amount": "1000.00", "document": "D"}}]"#;
    let (one, now, then) = only(more);
    assert_eq!(one.finding.rule_id, "LU_RADAR_RESTRICTED_INDUSTRY");
    assert_eq!((now, then), (yuan(5000), Some(yuan(6000))));
    assert_eq!(ids(&more.replace("true", "false")), [""; 0]);
}

#[test]
fn nothing_is_said_of_a_period_without_taxed_months() {
    let more = r#", "uses": [{"kind": "FARMING"}],
        "end": {"on": "2024-12-31", "kind": "TRANSFERRED"}"#;
    assert_eq!(ids(more), [""; 0]);
}

#[test]
fn every_id_of_the_radar_is_named_here() {
    let mut named: BTreeSet<&str> = HINTS.iter().map(|(_, id, ..)| *id).collect();
    named.extend([
        "LU_RADAR_DISABLED",
        "LU_RADAR_DISABLED_UNMET",
        "LU_RADAR_NO_SUCH_USE",
        "LU_RADAR_AREA_OVER_USE",
        "LU_RADAR_EXEMPT_UNIT",
        "LU_RADAR_RESTRICTED_INDUSTRY",
    ]);
    let listed: BTreeSet<&str> = catalogue::ALL
        .iter()
        .map(|check| check.id)
        .filter(|id| id.starts_with("LU_RADAR_"))
        .collect();
    assert_eq!(named, listed);
}

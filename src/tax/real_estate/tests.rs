//! Properties that hold for every house, whatever its figures.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{Context, Profile};
use crate::types::{Money, Month, Period, Region};

mod anything;

use anything::{anything, pick};

static RULES: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

fn profile() -> Profile {
    serde_json::from_str(
        r#"{"kind": "ENTERPRISE", "six_taxes": [
            {"subject": "SMALL_LOW_PROFIT", "first": "2025-04", "last": "2025-08"}]}"#,
    )
    .unwrap()
}

fn month(year: i32, number: i32) -> Month {
    Month::parse(&format!("{year}-{number:02}")).unwrap()
}

/// A house of which a part is let from May to mid-October 2025, with rent in the given period.
fn house(
    (value, let_value, cost): (i64, i64, i64),
    area: i64,
    share: u32,
    period: Period,
) -> Source {
    let day = |text: &str| crate::types::parse_date(text).unwrap();
    let term = Period::new(day("2025-05-01"), day("2025-10-15")).unwrap();
    let rents: Vec<serde_json::Value> = term
        .overlap(period)
        .iter()
        .map(|days| {
            serde_json::json!({
                "period": {"first": days.first(), "last": days.last()},
                "rent_ex_vat": Money::from_fen(value.max(1)).to_string()
            })
        })
        .collect();
    let money = |fen: i64| Money::from_fen(fen).to_string();
    serde_json::from_value(serde_json::json!({
        "taxpayer_role": "OWNER", "house_use": "INDUSTRIAL", "acquisition_kind": "SELF_BUILT",
        "acquired_on": "2020-03-15",
        "versions": [{
            "building_value": money(value), "building_area": "37.00",
            "plot": {"plot_cost": money(cost), "plot_area": area.to_string(),
                     "total_building_area": "111.00"}
        }],
        "leases": [{
            "lessee_kind": "OTHER", "leased_value": money(let_value.min(value)),
            "term": {"first": "2025-05-01", "last": "2025-10-15"},
            "rents": rents
        }],
        "reliefs": [{"relief_id": "RE_FARM_MARKET", "base_share": format!("0.{share:02}")}],
        "hardship": {"period": {"first": "2025-01-01", "last": "2025-12-31"},
                     "ratio": "0.37", "document": "核准"}
    }))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// 0 ≤ relief ≤ tax on every line, payable = tax − relief − paid, and lines differ.
    #[test]
    fn relief_stays_within_the_tax(
        value in 1_i64..900_000_000_000,
        let_value in 1_i64..900_000_000_000,
        cost in 0_i64..900_000_000_000,
        area in 1_i64..1000,
        share in 0_u32..100,
        first in 1_i32..=12,
        length in 0_i32..12,
    ) {
        let profile = profile();
        let last = month(2025, first).plus(length).min(month(2025, 12));
        let period = Period::months_between(month(2025, first), last);
        let ctx = Context {
            rules: &RULES,
            region: Region::parse("340104").unwrap(),
            period,
            profile: &profile,
            explain: true,
        };
        let source = house((value, let_value, cost), area, share, period);
        let lines = source.charge(&[], &ctx).map_err(|error| {
            TestCaseError::fail(error.to_string())
        })?;
        let mut keys = std::collections::BTreeSet::new();
        for line in lines {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative());
            prop_assert!(relief <= line.tax_amount);
            let payable = line.tax_amount.minus(relief).unwrap();
            prop_assert_eq!(line.payable().unwrap(), payable);
            prop_assert!(!line.steps.is_empty());
            prop_assert!(keys.insert((line.item, line.period, line.detail)));
        }
    }
}

#[test]
fn the_filing_window_yields_the_quarters_with_tax() {
    let profile = profile();
    let mut source = house(
        (100_000_000, 1, 0),
        100,
        0,
        Period::months_between(month(2025, 1), month(2025, 1)),
    );
    source.acquired_on = month(2025, 4).first_day();
    source.ended_on = Some(month(2025, 8).first_day());
    source.leases.clear();
    let ctx = Context {
        rules: &RULES,
        region: Region::parse("340104").unwrap(),
        period: Period::months_between(month(2025, 1), month(2025, 12)),
        profile: &profile,
        explain: false,
    };
    let due: Vec<String> = source
        .periods_due(&ctx)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(due, ["2025-04-01..2025-06-30", "2025-07-01..2025-09-30"]);
    assert!(
        RULES
            .text(source.due_parameter(), ctx.region, ctx.period.last())
            .is_ok()
    );
}

/// 2025 or one of its months.
fn year_or_month(number: i32) -> Period {
    match number {
        0 => Period::months_between(month(2025, 1), month(2025, 12)),
        _ => Period::months_between(month(2025, number), month(2025, number)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever is stated, an answer comes: the same twice, and a legal one.
    #[test]
    fn any_source_is_answered(
        bits in any::<[u8; 24]>(),
        fen in proptest::array::uniform6(-100_i64..2_000_000_000_000),
        months in proptest::array::uniform6(0_i32..120),
        number in 0_i32..=12,
        kind in 0_u8..4,
    ) {
        let mut profile = profile();
        let kinds = ["ENTERPRISE", "INDIVIDUAL", "INDIVIDUAL_BUSINESS", "ORGANISATION"];
        profile.kind = serde_json::from_value(pick(&kinds, kind).into()).unwrap();
        let ctx = Context {
            rules: &RULES,
            region: Region::parse("340104").unwrap(),
            period: year_or_month(number),
            profile: &profile,
            explain: true,
        };
        let source = anything(&bits, fen, months);
        let peer = crate::tax::TaxSource::RealEstateTax(Box::new(source.clone()));
        prop_assert_eq!(source.check(&ctx), source.check(&ctx));
        for opportunity in source.radar(&ctx) {
            prop_assert!(opportunity.instead.as_ref() != Some(&source));
        }
        for period in source.periods_due(&ctx).unwrap() {
            prop_assert!(ctx.period.contains(period.last()));
        }
        let alone = source.charge(&[], &ctx);
        prop_assert_eq!(&alone, &source.charge(&[], &ctx));
        let stops = |finding: &crate::tax::Finding| {
            finding.severity == crate::tax::Severity::Error
        };
        if source.check(&ctx).iter().any(stops) {
            prop_assert!(alone.is_err());
        }
        let lines = [alone, source.charge(&[&peer], &ctx)];
        for line in lines.into_iter().flatten().flatten() {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount);
            prop_assert!(!line.steps.is_empty());
        }
    }

    /// A month's row has the base of the year's row that the month lies in, and the rounded months
    /// make up the year to within half a fen each.
    #[test]
    fn the_months_make_up_the_year(
        bits in any::<[u8; 24]>(),
        fen in proptest::array::uniform6(1_i64..2_000_000_000_000),
        months in proptest::array::uniform6(60_i32..120),
    ) {
        let profile = profile();
        let mut source = anything(&bits, fen, months);
        source.taxpayer_role = super::TaxpayerRole::Owner;
        source.underground = super::Underground::None;
        source.ownership_share = None;
        source.reliefs.clear();
        source.hardship = None;
        source.used_before_acceptance_on = None;
        source.ended_on = source.ended_on.filter(|day| *day >= source.acquired_on);
        if let Some(version) = source.versions.get_mut(1) {
            version.changed_on = version.changed_on.max(Some(source.acquired_on));
        }
        for version in &mut source.versions {
            version.plot = None;
            version.building_area = None;
        }
        source.leases.truncate(1);
        for lease in &mut source.leases {
            lease.leased_area = None;
            lease.leased_value = None;
            lease.rent_free_months.clear();
            lease.rents.clear();
            lease.reliefs.clear();
        }
        let charge = |number: i32| {
            let ctx = Context {
                rules: &RULES,
                region: Region::parse("340104").unwrap(),
                period: year_or_month(number),
                profile: &profile,
                explain: false,
            };
            source.charge(&[], &ctx).map_err(|error| TestCaseError::fail(error.to_string()))
        };
        let year = charge(0)?;
        let (mut sum, mut rows) = (Money::ZERO, 0_i64);
        for number in 1..=12 {
            for line in charge(number)? {
                let of_year = year.iter().find(|row| row.period.covers(line.period)).unwrap();
                prop_assert_eq!(line.base, of_year.base);
                sum = sum.plus(line.tax_amount).unwrap();
                rows += 1;
            }
        }
        let whole = Money::sum(year.iter().map(|line| line.tax_amount)).unwrap();
        let taxed: u32 = year.iter().map(|line| line.period.month_count()).sum();
        prop_assert_eq!(i64::from(taxed), rows);
        let most = (rows + i64::try_from(year.len()).unwrap() + 1) / 2;
        prop_assert!(sum.minus(whole).unwrap().fen().abs() <= most);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Decision S2: the dwelling rate as a rate or as a relief from the general one pays the same.
    #[test]
    fn both_ways_of_the_dwelling_rate_pay_the_same(
        fen in 1_i64..2_000_000_000,
        ratio in 0_u32..=100,
        share in 0_u32..=100,
        (first, length) in (1_i32..=12, 0_i32..12),
    ) {
        let profile = profile();
        let last = month(2025, first).plus(length).min(month(2025, 12));
        let claimed = Period::months_between(month(2025, first), last);
        let pay = |mode: &str| {
            let year = serde_json::json!({"first": "2025-01-01", "last": "2025-12-31"});
            let hundredths = |number: u32| format!("{}.{:02}", number / 100, number % 100);
            let source: Source = serde_json::from_value(serde_json::json!({
                "taxpayer_role": "OWNER", "house_use": "HOUSING",
                "acquisition_kind": "SELF_BUILT", "acquired_on": "2000-01-10",
                "leases": [{
                    "lessee_kind": "INDIVIDUAL", "housing": true, "rate_mode": mode, "term": year,
                    "rents": [{"period": year, "rent_ex_vat": Money::from_fen(fen).to_string()}],
                    "reliefs": [{"relief_id": "RE_FARM_MARKET", "base_share": hundredths(share),
                                 "period": {"first": claimed.first(), "last": claimed.last()}}],
                    "hardship": {"period": year, "ratio": hundredths(ratio), "document": "核"},
                }],
            }))
            .unwrap();
            let ctx = Context {
                rules: &RULES,
                region: Region::parse("340104").unwrap(),
                period: year_or_month(0),
                profile: &profile,
                explain: false,
            };
            let lines = source.charge(&[], &ctx).unwrap();
            Money::sum(lines.iter().map(|line| line.payable().unwrap())).unwrap()
        };
        prop_assert_eq!(pay("RATE_4"), pay("RATE_12_WITH_RELIEF"));
    }
}

/// The places of a year in which a turning point is told, by field.
fn fields(source: &Source, period: Period) -> Vec<String> {
    let profile = profile();
    let ctx = Context {
        rules: &RULES,
        region: Region::parse("340104").unwrap(),
        period,
        profile: &profile,
        explain: true,
    };
    let mut told = Vec::new();
    for line in source.charge(&[], &ctx).unwrap() {
        let points = line.turning_points.into_iter();
        told.extend(points.map(|point| format!("{} {}", point.field, point.turns_at)));
    }
    told
}

#[test]
fn turning_points_name_the_nearest_facts() {
    let source = |fields: serde_json::Value| -> Source {
        let mut source = serde_json::json!({
            "taxpayer_role": "OWNER", "house_use": "HOUSING", "acquisition_kind": "SELF_BUILT",
            "acquired_on": "2000-01-10", "versions": [{"building_value": "1200000.00"}],
        });
        for (name, value) in fields.as_object().unwrap() {
            source[name] = value.clone();
        }
        serde_json::from_value(source).unwrap()
    };
    let told = |value| fields(&source(value), year_or_month(0));
    assert!(told(serde_json::json!({})).is_empty());
    assert_eq!(
        told(serde_json::json!({"acquired_on": "2025-05-31", "ended_on": "2025-09-30"})),
        ["acquired_on 2025-06-01", "ended_on 2025-10-01"]
    );
    let plot = serde_json::json!({"building_value": "1.00", "building_area": "100.00", "plot": {
        "plot_cost": "1.00", "plot_area": "3000.00", "total_building_area": "1400.00"}});
    assert_eq!(
        told(serde_json::json!({"versions": [plot]})),
        ["versions[0].plot.total_building_area_sqm 1500"]
    );
    let lease = |first: &str| {
        serde_json::json!({"leases": [{
            "lessee_kind": "OTHER", "term": {"first": first, "last": "2027-12-31"}}]})
    };
    // Both rows, before and after the switch, tell of it.
    assert_eq!(
        told(lease("2025-04-01")),
        ["leases[0].term.first_day 2025-04-02"; 2]
    );
    assert_eq!(
        told(lease("2025-04-20")),
        ["leases[0].term.first_day 2025-04-01"; 2]
    );
    assert_eq!(
        told(serde_json::json!({"reliefs": [{"relief_id": "RE_PUBLIC_RENTAL"}]})),
        ["reliefs[0].period.last_day 2025-12-31"]
    );
    let dwelling = serde_json::json!({"versions": [], "leases": [{
        "lessee_kind": "INDIVIDUAL", "housing": true,
        "term": {"first": "2021-01-01", "last": "2027-12-31"},
        "rents": [{"period": {"first": "2021-09-01", "last": "2021-10-31"},
                   "rent_ex_vat": "100.00"}]}]});
    let year = Period::months_between(month(2021, 1), month(2021, 12));
    let kind = "leases[0].lessee_kind OTHER";
    let change = "leases[0].rents[0].period.first_day 2021-10-01";
    // Only the row at the dwelling rate depends on the lessee.
    assert_eq!(fields(&source(dwelling), year), [change, kind, change]);
}

#[test]
fn value_and_rent_may_be_filed_apart() {
    let files = {
        let mut files = RULES.files().clone();
        let row = |id: &str, word: &str| {
            format!(
                "[[parameter]]\nid = \"{id}\"\nname_zh = \"期限\"\nunit = \"text\"\nvalues = [{{ \
                 from = \"2018-01-01\", value = \"{word}\", cite = \"例\", status = \"secondary\", \
                 checked_on = \"2026-11-24\" }}]\n"
            )
        };
        let text = format!("region = \"340100\"\n{}", row("ret.frequency", "HALF_YEAR"));
        let rent = row("ret.frequency.rent", "PER_EVENT");
        files.insert("region/case.toml".to_owned(), text + &rent);
        files
    };
    let rules = RuleBook::from_files(files).unwrap();
    let profile = profile();
    let mut source = house(
        (100_000_000, 1, 0),
        100,
        0,
        Period::months_between(month(2025, 6), month(2025, 7)),
    );
    let due = |source: &Source, first: i32, last: i32| -> Vec<String> {
        let ctx = Context {
            rules: &rules,
            region: Region::parse("340104").unwrap(),
            period: Period::months_between(month(2025, first), month(2025, last)),
            profile: &profile,
            explain: false,
        };
        let periods = source.periods_due(&ctx).unwrap();
        periods.iter().map(ToString::to_string).collect()
    };
    let occurs = "2025-06-01..2025-07-31";
    let halves = ["2025-01-01..2025-06-30", "2025-07-01..2025-12-31"];
    assert_eq!(due(&source, 1, 12), [halves[0], occurs, halves[1]]);
    assert_eq!(due(&source, 7, 9), [occurs]);
    source.versions.clear();
    assert_eq!(due(&source, 1, 12), [occurs]);
}

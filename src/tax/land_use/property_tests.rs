//! Laws of every charge, on generated plots.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::Source;
use super::tests::{BOOK, context, plot, profile};
use crate::rules::ReliefShape;
use crate::tax::{ChargeError, Profile};
use crate::types::{Money, Month, Period, TaxKind};

fn claim() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec![
        "LU_FARM",
        "LU_WAREHOUSE",
        "LU_HARDSHIP",
        "LU_UNDERGROUND",
    ]);
    let months = (1..=12_u32, 0..12_u32);
    (id, months, 1..200_000_u32, 0..=100_u32, any::<bool>()).prop_map(
        |(id, (first, more), area, ratio, by_area)| {
            let last = (first + more).min(12);
            let last = Month::parse(&format!("2025-{last:02}")).unwrap().last_day();
            let ratio = match id {
                "LU_HARDSHIP" => format!(r#", "ratio": "{}.{:02}""#, ratio / 100, ratio % 100),
                _ => String::new(),
            };
            let area = match by_area {
                true => format!(r#", "relief_area_sqm": "{}.{:02}""#, area / 100, area % 100),
                false => String::new(),
            };
            format!(
                r#"{{"claim": {{"relief_id": "{id}"{ratio},
                    "period": {{"first": "2025-{first:02}-01", "last": "{last}"}}}}{area}}}"#
            )
        },
    )
}

proptest! {
    #[test]
    fn relief_lies_between_nothing_and_the_tax(
        area in 0..300_000_u32,
        unit in 1..3000_u32,
        change in (1..=12_u32, 1..300_000_u32),
        claims in prop::collection::vec(claim(), 0..4),
        six in 1..=12_u32,
        start in 1..=12_u32,
    ) {
        let sqm = |fen: u32| format!("{}.{:02}", fen / 100, fen % 100);
        let profile = profile(&format!(
            r#"{{"kind": "ENTERPRISE", "six_taxes": [{{"subject": "SMALL_LOW_PROFIT",
                "first": "2025-{six:02}", "last": null}}]}}"#
        ));
        let version = |day: &str, area: u32| format!(
            r#"{{{day}"area_sqm": "{}", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "{}", "document": "D"}}}}"#, sqm(area), sqm(unit)
        );
        let change_day = format!(r#""changed_on": "2025-{:02}-15", "#, change.0);
        let more = format!(
            r#""versions": [{}, {}], "reliefs": [{}]"#,
            version("", area), version(&change_day, change.1), claims.join(",")
        );
        let acquisition = format!(r#"{{"kind": "GRANT", "event_on": "2025-{start:02}-10"}}"#);
        let source = plot(&acquisition, &more);
        let ctx = context("340104", "2025-01", "2025-12", &profile);
        source.check(&ctx);
        match source.charge(&[], &ctx) {
            Ok(charges) => for charge in charges {
                let relief = charge.relief().unwrap();
                prop_assert!(!charge.tax_amount.is_negative() && !relief.is_negative());
                prop_assert!(relief <= charge.tax_amount);
                let payable = charge.tax_amount.minus(relief).unwrap();
                prop_assert_eq!(charge.payable().unwrap(), payable);
                prop_assert!(!charge.steps.is_empty() && !charge.applied.is_empty());
            },
            Err(error) => prop_assert!(matches!(error, ChargeError::Refused(_)), "{}", error),
        }
    }

    #[test]
    fn quarters_make_up_the_year_to_within_rounding(
        area in 1..100_000_000_u32,
        unit in 63..3000_u32,
    ) {
        let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
        let more = format!(
            r#""versions": [{{"area_sqm": "{}.{:02}", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "{}.{:02}", "document": "D"}}}}]"#,
            area / 100, area % 100, unit / 100, unit % 100
        );
        let source = plot(r#"{"kind": "CARRIED_OVER", "event_on": "2020-01-01"}"#, &more);
        let tax = |first: &str, last: &str| {
            let ctx = context("340104", first, last, &profile);
            source.charge(&[], &ctx).unwrap()[0].tax_amount
        };
        let quarter = tax("2025-01", "2025-03");
        let year = tax("2025-01", "2025-12");
        let four = Money::sum([quarter; 4]).unwrap();
        prop_assert!(four.minus(year).unwrap().fen().abs() <= 2);
    }
}

/// Text of an optional JSON field.
fn maybe<T: std::fmt::Debug>(
    of: impl Strategy<Value = T>,
    write: impl Fn(T) -> String,
) -> impl Strategy<Value = String> {
    prop::option::of(of).prop_map(move |value| value.map(&write).unwrap_or_default())
}

fn day() -> impl Strategy<Value = String> {
    (2017..=2028_u32, 1..=12_u32, 1..=28_u32).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"))
}

fn figure() -> impl Strategy<Value = String> {
    (0..200_000_u32).prop_map(|value| format!("{}.{:02}", value / 100, value % 100))
}

fn share() -> impl Strategy<Value = String> {
    (0..=110_u32).prop_map(|value| format!("{}.{:02}", value / 100, value % 100))
}

/// Whole months, or sometimes a period that begins inside one.
fn months() -> impl Strategy<Value = String> {
    let first = (
        2018..=2027_u32,
        1..=12_u32,
        prop::sample::select(vec![1, 1, 1, 1, 7]),
    );
    (first, 0..26_i32).prop_map(|((year, month, day), more)| {
        let first = Month::parse(&format!("{year}-{month:02}")).unwrap();
        let last = first.plus(more).last_day();
        format!(r#"{{"first": "{first}-{day:02}", "last": "{last}"}}"#)
    })
}

fn any_version() -> impl Strategy<Value = String> {
    let place = prop::sample::select(vec!["CITY", "COUNTY_TOWN", "MINING_AREA"]);
    let unit = maybe(share(), |value| {
        format!(r#", "unit_tax": {{"value": "1{value}", "document": "D"}}"#)
    });
    let changed = maybe(day(), |day| format!(r#", "changed_on": "{day}""#));
    let from = maybe(day(), |day| format!(r#", "from_month": "{}""#, &day[..7]));
    (figure(), place, 0..4_u32, unit, changed, from).prop_map(
        |(area, place, grade, unit, changed, from)| {
            format!(
                r#"{{"area_sqm": "{area}", "land_class": "{place}", "grade": {grade}{unit}{changed}
                    {from}}}"#
            )
        },
    )
}

fn any_claim() -> impl Strategy<Value = String> {
    let mut ids: Vec<String> = ["LU_NONE", "RE_HARDSHIP"].map(str::to_owned).into();
    let day = crate::types::parse_date("2025-06-01").unwrap();
    for rule in BOOK.reliefs_of(crate::types::TaxKind::LandUseTax, Some(day)) {
        ids.push(rule.id.clone());
    }
    let field = |name: &'static str, of: BoxedStrategy<String>| {
        maybe(of, move |value| format!(r#", "{name}": "{value}""#))
    };
    (
        prop::sample::select(ids),
        maybe(months(), |period| format!(r#", "period": {period}"#)),
        field("base_share", share().boxed()),
        field("ratio", share().boxed()),
        field("amount", figure().boxed()),
        field("relief_area_sqm", figure().boxed()),
        field("monthly_amount", figure().boxed()),
    )
        .prop_map(|(id, period, part, ratio, amount, area, monthly)| {
            let claim = format!(r#"{{"relief_id": "{id}"{period}{part}{ratio}{amount}}}"#);
            format!(r#"{{"claim": {claim}{area}{monthly}}}"#)
        })
}

fn any_source() -> impl Strategy<Value = Source> {
    let kinds = [
        "GRANT",
        "AUCTION",
        "REQUISITIONED_FARMLAND",
        "NEW_HOUSE",
        "LEASED",
        "COLLECTIVE_USE",
        "CARRIED_OVER",
    ];
    let acquisition = (
        prop::sample::select(kinds.to_vec()),
        maybe(day(), |day| format!(r#", "event_on": "{day}""#)),
        maybe(day(), |day| format!(r#", "signed_on": "{day}""#)),
    )
        .prop_map(|(kind, event, signed)| format!(r#"{{"kind": "{kind}"{event}{signed}}}"#));
    let uses = prop::sample::select(super::UseKind::ALL.to_vec());
    let uses = (
        uses,
        maybe(figure(), |area| format!(r#", "area_sqm": "{area}""#)),
    )
        .prop_map(|(kind, area)| {
            let kind = serde_json::to_string(&kind).unwrap();
            format!(r#"{{"kind": {kind}{area}}}"#)
        });
    let facts = (
        maybe(day(), |day| {
            format!(r#", "end": {{"on": "{day}", "kind": "OTHER"}}"#)
        }),
        maybe((figure(), figure()), |(own, all)| {
            format!(
                r#", "shared_building":
                    {{"own_floor_area_sqm": "{own}", "building_floor_area_sqm": "{all}"}}"#
            )
        }),
        maybe((0..30_u32, 0..60_u32), |(disabled, all)| {
            format!(r#", "staff": {{"disabled": "{disabled}", "all": "{all}"}}"#)
        }),
        maybe((months(), figure()), |(period, amount)| {
            format!(r#", "payments": [{{"period": {period}, "amount": "{amount}"}}]"#)
        }),
        any::<(bool, bool, bool)>(),
    );
    let lists = (
        prop::collection::vec(any_version(), 0..4),
        prop::collection::vec(any_claim(), 0..4),
        prop::collection::vec(uses, 0..3),
    );
    (acquisition, facts, lists).prop_map(
        |(acquisition, (end, shared, staff, paid, flags), (versions, reliefs, uses))| {
            let more = format!(
                r#""versions": [{}], "reliefs": [{}], "uses": [{}], "restricted_industry": {},
                    "underground_stand_alone": {}, "collective_sublease": {}{end}{shared}{staff}
                    {paid}"#,
                versions.join(","),
                reliefs.join(","),
                uses.join(","),
                flags.0,
                flags.1,
                flags.2
            );
            plot(&acquisition, &more)
        },
    )
}

/// The same plot with its versions dated, its claims stated as their rules ask and its figures in
/// range, so that most of them can be charged.
fn tidied(mut source: Source) -> Source {
    source.versions.sort_by_key(|version| version.changed_on);
    source.versions.dedup_by_key(|version| version.changed_on);
    for (place, version) in source.versions.iter_mut().enumerate() {
        version.from_month = None;
        version.changed_on = version.changed_on.filter(|_| place > 0);
        version.grade = 1;
        version.area_sqm += Decimal::ONE_THOUSAND;
    }
    let day = crate::types::parse_date("2015-01-01").unwrap();
    source.acquisition.event_on = source.acquisition.event_on.or(Some(day));
    source.end = None;
    source.shared_building = None;
    source.staff = None;
    source.reliefs.retain(|relief| {
        let rule = BOOK.relief(&relief.claim.relief_id);
        let whole = relief.claim.period.is_none_or(Period::is_whole_months);
        whole && rule.is_some_and(|rule| rule.tax == TaxKind::LandUseTax && rule.to.is_none())
    });
    for relief in &mut source.reliefs {
        let by_input = BOOK
            .relief(&relief.claim.relief_id)
            .is_some_and(|rule| matches!(rule.shape, ReliefShape::ByInput));
        let share = relief.claim.base_share.take();
        relief.claim.ratio = share.or(Some(Decimal::ONE)).filter(|_| by_input);
        relief.claim.ratio = relief.claim.ratio.map(|ratio| ratio.min(Decimal::ONE));
        relief.claim.amount = None;
        relief.monthly_amount = None;
        relief.relief_area_sqm = relief
            .relief_area_sqm
            .map(|area| area.min(Decimal::ONE_THOUSAND));
    }
    source
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let kinds = [
        "ENTERPRISE",
        "INDIVIDUAL_BUSINESS",
        "INDIVIDUAL",
        "ORGANISATION",
    ];
    let subjects = ["SMALL_SCALE_VAT", "INDIVIDUAL_BUSINESS", "SMALL_LOW_PROFIT"];
    let window = (prop::sample::select(subjects.to_vec()), day(), day()).prop_map(
        |(subject, first, last)| {
            let (first, last) = (&first[..7], &last[..7]);
            format!(r#"{{"subject": "{subject}", "first": "{first}", "last": "{last}"}}"#)
        },
    );
    let windows = prop::collection::vec(window, 0..3);
    (prop::sample::select(kinds.to_vec()), windows).prop_map(|(kind, windows)| {
        profile(&format!(
            r#"{{"kind": "{kind}", "six_taxes": [{}]}}"#,
            windows.join(",")
        ))
    })
}

/// A plot whose every amount is whole yuan: months can be added up without rounding. Hardship has
/// the months of the policy relief before it, since a relief is spread evenly over its own (S10).
fn round_source() -> impl Strategy<Value = Source> {
    let version = |change: String, area: u32| {
        format!(
            r#"{{{change}"area_sqm": "{}", "land_class": "CITY", "grade": 1,
                "unit_tax": {{"value": "5", "document": "D"}}}}"#,
            area * 4800
        )
    };
    let reliefs = prop::sample::subsequence(
        vec![
            r#"{"claim": {"relief_id": "LU_FARM"}, "relief_area_sqm": "1200"}"#,
            r#"{"claim": {"relief_id": "LU_WAREHOUSE",
                "period": {"first": "2025-02-01", "last": "2025-08-31"}}}"#,
            r#"{"claim": {"relief_id": "LU_HARDSHIP", "ratio": "0.5",
                "period": {"first": "2025-02-01", "last": "2025-08-31"}}}"#,
        ],
        0..=3,
    );
    (
        (1..=12_u32, 1..9_u32),
        (1..=12_u32, 1..9_u32),
        1..=12_u32,
        reliefs,
    )
        .prop_map(move |((start, area), (change, changed), end, reliefs)| {
            let change = format!(r#""changed_on": "2025-{change:02}-15", "#);
            let more = format!(
                r#""versions": [{}, {}], "reliefs": [{}],
                    "end": {{"on": "2026-{end:02}-10", "kind": "TRANSFERRED"}}"#,
                version(String::new(), area),
                version(change, changed),
                reliefs.join(",")
            );
            let event = format!(r#"{{"kind": "GRANT", "event_on": "2024-{start:02}-10"}}"#);
            plot(&event, &more)
        })
}

proptest! {
    #[test]
    fn any_source_is_charged_or_refused_the_same_each_time(
        source in prop_oneof![any_source(), any_source().prop_map(tidied)],
        profile in any_profile(),
        region in prop::sample::select(vec!["110105", "310104", "340104", "440106"]),
        first in (2018..=2027_u32, 1..=12_u32),
        length in 0..14_i32,
    ) {
        let first = Month::parse(&format!("{}-{:02}", first.0, first.1)).unwrap();
        let last = first.plus(length).to_string();
        let ctx = context(region, &first.to_string(), &last, &profile);
        let found = source.check(&ctx);
        prop_assert_eq!(&source.check(&ctx), &found);
        let charged = source.charge(&[], &ctx);
        prop_assert_eq!(&source.charge(&[], &ctx), &charged);
        for one in source.radar(&ctx) {
            if let Some(instead) = one.instead {
                let charged = instead.charge(&[], &ctx);
                prop_assert!(!matches!(charged, Err(ChargeError::Overflow(_))));
            }
        }
        let error = found.iter().find(|one| one.severity == crate::tax::Severity::Error);
        if let Some(error) = error {
            prop_assert!(charged.is_err(), "{error:?} does not stop the charge");
        }
        for line in charged.unwrap_or_default() {
            let relief = line.relief().unwrap();
            prop_assert!(!relief.is_negative() && relief <= line.tax_amount, "{line:?}");
            prop_assert!(ctx.period.covers(line.period) && line.period.is_whole_months());
            prop_assert!(line.steps.iter().all(|step| !step.expression.is_empty()));
        }
    }

    #[test]
    fn the_months_of_a_year_make_up_the_year(source in round_source(), six in 1..=12_u32) {
        let profile = profile(&format!(
            r#"{{"kind": "ENTERPRISE", "six_taxes": [{{"subject": "SMALL_SCALE_VAT",
                "first": "2025-{six:02}", "last": null}}]}}"#
        ));
        let of = |first: &str, last: &str| {
            let ctx = context("340104", first, last, &profile);
            let lines = source.charge(&[], &ctx).unwrap();
            let sum = |amounts: Vec<Money>| Money::sum(amounts).unwrap();
            (
                sum(lines.iter().map(|line| line.tax_amount).collect()),
                sum(lines.iter().map(|line| line.payable().unwrap()).collect()),
            )
        };
        let year = of("2025-01", "2025-12");
        let months = (1..=12).map(|month| {
            let text = format!("2025-{month:02}");
            of(&text, &text)
        });
        let (tax, payable): (Vec<Money>, Vec<Money>) = months.unzip();
        let months = (Money::sum(tax).unwrap(), Money::sum(payable).unwrap());
        prop_assert_eq!(months, year);
    }

    #[test]
    fn the_order_of_versions_decides_nothing(
        source in prop_oneof![any_source(), any_source().prop_map(tidied)],
        order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut turned = source.clone();
        turned.versions = order
            .iter()
            .filter_map(|place| source.versions.get(*place).cloned())
            .collect();
        let mut days: Vec<_> = source.versions.iter().map(|one| one.first_month()).collect();
        days.sort_unstable();
        days.dedup();
        // Two versions of one month are told apart by their days; without any they cannot be.
        prop_assume!(days.len() == source.versions.len());
        let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
        let ctx = context("110105", "2018-01", "2027-12", &profile);
        let runs = |source: &Source| -> Vec<String> {
            let Ok(start) = super::months::start(source, &ctx) else {
                return Vec::new();
            };
            match super::months::segments(source, &ctx, &start) {
                Ok(segments) => segments
                    .iter()
                    .map(|one| format!("{} {:?} {}", one.period, one.area, one.unit_tax.value))
                    .collect(),
                Err(error) => vec![error.to_string()],
            }
        };
        prop_assert_eq!(runs(&turned), runs(&source));
    }
}

#[test]
fn most_tidied_plots_are_charged() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let profile = profile(r#"{"kind": "ENTERPRISE"}"#);
    let ctx = context("340104", "2027-01", "2027-12", &profile);
    let of = any_source().prop_map(tidied);
    let charged = (0..200)
        .map(|_| of.new_tree(&mut runner).unwrap().current())
        .filter(|source| {
            source
                .charge(&[], &ctx)
                .is_ok_and(|lines| !lines.is_empty())
        })
        .count();
    assert!(
        charged > 30,
        "only {charged} of 200: do the laws above see a charge?"
    );
}

//! What must hold whatever is stated: of every source of the worked cases with some of its values
//! changed, and of forms drawn from any mixture of them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use caixing::filing::{Content, Scope, SourceRecord, SourceState, draw};
use caixing::rules::RuleBook;
use caixing::tax::{Charge, Context, Profile, TaxSource};
use caixing::types::{Money, Period, Region, TaxAuthority, TaxKind};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::sample::{instant, source_id, taxpayer_key, treasury};

static PACK: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

/// A case: its sources as JSON, with place, period and taxpayer.
struct Case {
    region: Region,
    period: Period,
    profile: Profile,
    sources: Vec<Value>,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut found = Vec::new();
    for tax in [
        "real_estate",
        "land_use",
        "vehicle_vessel",
        "stamp",
        "land_appreciation",
        "environmental",
    ] {
        for entry in fs::read_dir(folder.join(tax)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
            found.extend(cases.into_iter().map(|case| Case {
                region: serde_json::from_value(case["region"].clone()).unwrap(),
                period: serde_json::from_value(case["period"].clone()).unwrap(),
                profile: serde_json::from_value(case["profile"].clone()).unwrap(),
                sources: case["sources"].as_array().unwrap().clone(),
            }));
        }
    }
    found
});

/// Values put in the place of others: edges of amounts, days, counts and words.
const EDGES: [&str; 24] = [
    "0",
    "0.00",
    "0.01",
    "-0.01",
    "0.5",
    "1",
    "1.00",
    "9999999999999.99",
    "9999999999999",
    "99999999999999",
    "0.0000000001",
    "12345678.90",
    "2018-01-01",
    "2022-06-30",
    "2022-07-01",
    "2024-02-29",
    "2027-12-31",
    "9999-12-31",
    "0001-01-01",
    "2024-02",
    "2099-12",
    "",
    "ORDINARY",
    "二氧化硫",
];

/// Every leaf of a value, by its path.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                leaves(inner, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (place, inner) in elements.iter().enumerate() {
                leaves(inner, &format!("{path}/{place}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

/// Changes a leaf: another value of its kind, or another leaf of the same source.
fn change(source: &mut Value, place: Index, with: Index, swap: bool) {
    let mut paths = Vec::new();
    leaves(&source["source"], "/source", &mut paths);
    let other = source.pointer(with.get::<String>(&paths)).unwrap().clone();
    let leaf = source.pointer_mut(place.get::<String>(&paths)).unwrap();
    *leaf = match leaf {
        Value::String(_) if swap && other.is_string() => other,
        Value::String(_) => Value::from(*with.get(&EDGES)),
        Value::Number(_) => Value::from(with.index(3_000)),
        Value::Bool(it) => Value::from(!*it),
        _ => Value::Null,
    };
}

/// What holds of every line that was charged.
fn sound(charge: &Charge) {
    let relief = charge.relief().unwrap();
    assert!(!relief.is_negative(), "{charge:?}");
    assert!(relief <= charge.tax_amount.or_zero(), "{charge:?}");
    let parts = [relief, charge.already_paid, charge.payable().unwrap()];
    assert_eq!(Money::sum(parts).unwrap(), charge.tax_amount);
    assert!(!charge.steps.is_empty(), "{charge:?}");
}

fn charged(source: &TaxSource, ctx: &Context<'_>) -> Option<Vec<Charge>> {
    let _ = source.check(ctx);
    let _ = source.periods_due(ctx);
    let _ = source.radar(ctx);
    source.charge(&[], ctx).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    /// Any figures are charged soundly and alike each time, or refused; nothing panics.
    #[test]
    fn changed_sources_are_charged_soundly_or_refused(
        case in any::<Index>(),
        source in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 0..4),
    ) {
        let case = case.get(&CASES);
        let mut value = source.get(&case.sources).clone();
        for (place, with, swap) in changes {
            change(&mut value, place, with, swap);
        }
        let Ok(source) = serde_json::from_value::<TaxSource>(value) else {
            return Ok(());
        };
        let ctx = Context {
            rules: &PACK,
            region: case.region,
            period: case.period,
            profile: &case.profile,
            explain: true,
        };
        let first = charged(&source, &ctx);
        prop_assert_eq!(&first, &charged(&source, &ctx));
        for charge in first.iter().flatten() {
            sound(charge);
        }
    }
}

fn records(chosen: &[(Index, Index)]) -> Vec<SourceRecord> {
    let mut records = Vec::new();
    for (number, (case, source)) in chosen.iter().enumerate() {
        let case = case.get(&CASES);
        let Ok(detail) = serde_json::from_value(source.get(&case.sources).clone()) else {
            continue;
        };
        records.push(SourceRecord {
            id: source_id(number as u128),
            taxpayer: taxpayer_key(),
            name: format!("税源{number}"),
            region: case.region,
            authority: TaxAuthority::parse("13401040000").unwrap(),
            treasury: treasury(),
            state: SourceState::Collected,
            version: 1,
            detail,
            recorded_at: instant(0),
        });
    }
    records
}

fn drawn(sources: &[SourceRecord], window: Period, profile: &Profile) -> Option<Content> {
    let drawing = draw(&Scope {
        rules: &PACK,
        taxpayer: taxpayer_key(),
        profile,
        window,
        sources,
        declared: &HashMap::new(),
        authority: None,
        taxes: &[],
        explain: false,
    });
    assert!(drawing.contents.len() <= 1, "one authority, one form");
    drawing.contents.into_iter().next()
}

/// The lines without their numbers, in an order of their own.
fn as_set(content: Option<&Content>) -> Vec<String> {
    let mut lines: Vec<String> = content
        .iter()
        .flat_map(|content| &content.lines)
        .map(|line| format!("{} {:?} {:?}", line.source_id, line.tax_period, line.charge))
        .collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The form is the plain sum of its rounded lines, the same bytes each time, and the order in
    /// which sources are named changes nothing.
    #[test]
    fn a_form_is_the_sum_of_its_lines_in_whatever_order(
        chosen in prop::collection::vec((any::<Index>(), any::<Index>()), 1..12),
        case in any::<Index>(),
        turn in any::<Index>(),
    ) {
        let profile = &case.get(&CASES).profile;
        let window = case.get(&CASES).period;
        let sources = records(&chosen);
        let content = drawn(&sources, window, profile);
        if let Some(content) = &content {
            let mut by_tax: HashMap<TaxKind, Vec<Money>> = HashMap::new();
            for line in &content.lines {
                sound_line(&line.charge, line.payable);
                by_tax.entry(line.charge.tax).or_default().push(line.charge.tax_amount);
            }
            let all = by_tax.values().flatten().copied();
            prop_assert_eq!(content.totals().unwrap().tax_amount, Money::sum(all).unwrap());
        }
        let bytes = serde_json::to_vec(&content).unwrap();
        prop_assert_eq!(bytes, serde_json::to_vec(&drawn(&sources, window, profile)).unwrap());
        let mut turned = sources.clone();
        turned.rotate_left(turn.index(sources.len()));
        turned.reverse();
        let turned = drawn(&turned, window, profile);
        prop_assert_eq!(as_set(content.as_ref()), as_set(turned.as_ref()));
    }
}

fn sound_line(charge: &Charge, payable: Money) {
    let relief = charge.relief().unwrap();
    assert!(relief <= charge.tax_amount.or_zero(), "{charge:?}");
    assert_eq!(charge.payable().unwrap(), payable);
}

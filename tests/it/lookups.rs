//! What every worked case, played on a book that notes its lookups, really asks of the rule pack;
//! and that every case's expression says what was computed.

use std::collections::{BTreeMap, BTreeSet};

use caixing::filing::explain::evaluate;
use caixing::rules::{LOOKED_UP, Lookups, RuleBook, audit, is_looked_up};
use caixing::tax::{Charge, Context, TaxSource};
use caixing::types::{Region, TaxKind};
use rust_decimal::Decimal;

use super::cases::{Case, all_cases, book};
use super::sample;

/// Charges every source of a case in every way a declaration does.
fn play(case: &Case, rules: &RuleBook, region: Region) -> Vec<Charge> {
    let ctx = Context {
        rules,
        region,
        period: case.period,
        profile: &case.profile,
        explain: true,
    };
    let mut charges = Vec::new();
    for (place, source) in case.sources.iter().enumerate() {
        let peers: Vec<&TaxSource> = case
            .sources
            .iter()
            .enumerate()
            .filter(|(other, peer)| *other != place && peer.kind() == source.kind())
            .map(|(_, peer)| peer)
            .collect();
        source.check(&ctx);
        source.radar(&ctx);
        let _ = source.periods_due(&ctx);
        for id in [Some(source.due_parameter()), source.frequency_parameter()] {
            let _ = id.map(|id| rules.find(id, region, case.period.last()));
        }
        charges.extend(source.charge(&peers, &ctx).unwrap_or_default());
    }
    charges
}

/// The ids that all cases look up, also where they find nothing, with the number of cases.
fn looked_up() -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |lookups: &Lookups| {
        for id in lookups.seen() {
            *counts.entry(id).or_default() += 1;
        }
    };
    let embedded = RuleBook::embedded().unwrap();
    for case in all_cases() {
        let rules = if case.rules.is_empty() {
            embedded.clone()
        } else {
            book(&case.rules)
        };
        let lookups = Lookups::default();
        play(&case, &rules.noting(&lookups), case.region);
        count(&lookups);
    }
    super::form_cases::lookups(&mut count);
    // What no charge asks for: the days of the pack, the items' list, the surcharge of a payment.
    let lookups = Lookups::default();
    let noting = embedded.noting(&lookups);
    noting.covered_days().unwrap();
    let region = Region::parse("340100").unwrap();
    for tax in TaxKind::ALL {
        noting.tax_items(tax, region, sample::day("2026-07-01"));
    }
    let late = [sample::plain(1, "100.00", "2026-10-26")];
    caixing::filing::quote(
        &sample::content("pack", late.to_vec()),
        sample::day("2026-11-02"),
        &noting,
    )
    .unwrap();
    count(&lookups);
    // What comes after the filing: the order's split, refunds, extensions.
    let lookups = Lookups::default();
    let noting = embedded.noting(&lookups);
    super::orders::lookups(&noting);
    super::refunds::lookups(&noting);
    super::extensions::lookups(&noting);
    count(&lookups);
    counts.remove("");
    counts
}

#[test]
fn the_list_of_lookups_is_what_the_cases_look_up() {
    let seen: BTreeSet<String> = looked_up().into_keys().collect();
    let path = "src/rules/looked_up.txt";
    if std::env::var_os("CAIXING_UPDATE").is_some() {
        let kept = LOOKED_UP
            .lines()
            .filter(|line| line.starts_with('#') || line.ends_with('*'));
        let kept: Vec<&str> = kept.collect();
        let family = |id: &&String| {
            let own = |line: &&str| line.strip_suffix('*').is_some_and(|f| id.starts_with(f));
            !kept.iter().any(own)
        };
        let ids = seen.iter().filter(family).map(String::as_str);
        let lines: Vec<&str> = kept.iter().copied().chain(ids).collect();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
        return;
    }
    let missing: Vec<&String> = seen.iter().filter(|id| !is_looked_up(id)).collect();
    assert!(missing.is_empty(), "{path} lacks {missing:#?}");
    let dead: Vec<&str> = LOOKED_UP
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter(|line| match line.strip_suffix('*') {
            Some(family) => !seen.iter().any(|id| id.starts_with(family)),
            None => !seen.contains(*line),
        })
        .collect();
    assert!(dead.is_empty(), "{path}: no case looks up {dead:#?}");
}

/// A threshold has cases on both sides, so at least two look it up.
#[test]
fn every_threshold_has_two_cases() {
    const MARKS: [&str; 12] = [
        "below",
        "above",
        "max",
        "threshold",
        "scale",
        "exempt",
        "floor",
        "settle_",
        "margin",
        "minimum",
        "full_days",
        "cap.",
    ];
    let counts = looked_up();
    let is_rate = |id: &str| id.contains(".unit_tax.") || id.contains("_rate.");
    let threshold = |id: &&String| !is_rate(id) && MARKS.iter().any(|mark| id.contains(mark));
    let found: Vec<&String> = counts.keys().filter(threshold).collect();
    assert!(found.len() > 15, "{found:?}");
    let few: Vec<(&&String, usize)> = found
        .iter()
        .map(|id| (id, counts.get(*id).copied().unwrap_or_default()))
        .filter(|(_, count)| *count < 2)
        .collect();
    assert!(few.is_empty(), "{few:?}");
}

#[test]
fn the_embedded_pack_is_clean() {
    match audit(RuleBook::embedded_files()) {
        Ok(book) => assert_eq!(book.digest(), RuleBook::embedded().unwrap().digest()),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// Every item that a case charges stands in the pack's list of items with its name and code.
#[test]
fn every_charged_item_is_listed() {
    let embedded = RuleBook::embedded().unwrap();
    let mut wrong = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for case in all_cases() {
        let rules = if case.rules.is_empty() {
            embedded.clone()
        } else {
            book(&case.rules)
        };
        for charge in play(&case, &rules, case.region) {
            // A document keeps the item of the law it was signed under, old or new.
            let day = charge.period.first();
            let days = [day, sample::day("2022-06-30"), sample::day("2022-07-01")];
            let items = days.map(|day| rules.tax_items(charge.tax, case.region, day));
            seen.insert(charge.item.clone());
            let of_item: Vec<_> = items
                .iter()
                .flatten()
                .filter(|i| i.id == charge.item)
                .collect();
            if of_item.is_empty() {
                wrong.insert(format!(
                    "{} {} {:?} {} {:?} {day}",
                    charge.tax.name(),
                    charge.item,
                    charge.item_code,
                    charge.item_zh,
                    charge.base_unit
                ));
                continue;
            }
            let code = charge.item_code.unwrap_or_default();
            if of_item
                .iter()
                .all(|item| !item.code.is_empty() && item.code != code)
            {
                wrong.insert(format!("{}: code {code}", charge.item));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.len() > 60, "only {} items are charged", seen.len());
}

/// An expression that can be read comes to the value beside it, rounded half up.
#[test]
fn a_step_says_what_was_computed() {
    let embedded = RuleBook::embedded().unwrap();
    let (mut wrong, mut read, mut all) = (BTreeSet::new(), 0, 0);
    for case in all_cases() {
        let rules = if case.rules.is_empty() {
            embedded.clone()
        } else {
            book(&case.rules)
        };
        for charge in play(&case, &rules, case.region) {
            for step in &charge.steps {
                all += 1;
                let Some(exact) = evaluate(&step.expression) else {
                    continue;
                };
                let Ok(value) = Decimal::from_str_exact(&step.value) else {
                    continue;
                };
                read += 1;
                if exact.round_to_scale(value.scale()) != Ok(value) {
                    wrong.insert(format!(
                        "{} {}: {} is not {}",
                        case.id, step.label_zh, step.expression, step.value
                    ));
                }
            }
        }
    }
    // A few steps say what was cut or rounded on a later step; most must be what they say.
    assert!(
        wrong.len() * 50 < read,
        "{} of {read}: {wrong:#?}",
        wrong.len()
    );
    assert!(read * 2 > all, "only {read} of {all} steps can be read");
}

//! Every id of the radar, on the side where it speaks and on the one where it is silent.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Source;
use crate::rules::RuleBook;
use crate::tax::{Context, Opportunity, Profile, Severity};
use crate::types::{Money, Period, Region};

static RULES: LazyLock<RuleBook> = LazyLock::new(|| RuleBook::embedded().unwrap());

/// The facts a test may vary: who, where, when and the source.
struct Facts {
    kind: &'static str,
    region: &'static str,
    year: &'static str,
    source: Value,
}

fn facts(source: Value) -> Facts {
    let (kind, region, year) = ("ENTERPRISE", "340104", "2025");
    Facts {
        kind,
        region,
        year,
        source,
    }
}

/// A house with the given fields over plain ones.
fn house(fields: Value) -> Value {
    let mut source = json!({
        "taxpayer_role": "OWNER", "house_use": "INDUSTRIAL", "acquisition_kind": "SELF_BUILT",
        "acquired_on": "2000-01-10", "versions": [{"building_value": "1200000"}],
    });
    for (name, value) in fields.as_object().unwrap() {
        source[name] = value.clone();
    }
    source
}

fn claimed(house_use: &str, claim: Value) -> Value {
    house(json!({"house_use": house_use, "reliefs": [claim]}))
}

/// A lease over 2025 with its rent.
fn lease(lessee: &str, housing: bool) -> Value {
    json!({
        "lessee_kind": lessee, "housing": housing,
        "term": {"first": "2025-01-01", "last": "2025-12-31"},
        "rents": [{"period": {"first": "2025-01-01", "last": "2025-12-31"},
                   "rent_ex_vat": "10000"}],
    })
}

fn with<T>(facts: &Facts, then: impl FnOnce(&Context<'_>, &Source) -> T) -> T {
    let profile: Profile = serde_json::from_value(json!({"kind": facts.kind})).unwrap();
    let day = |end: &str| crate::types::parse_date(&format!("{}-{end}", facts.year)).unwrap();
    let ctx = Context {
        rules: &RULES,
        region: Region::parse(facts.region).unwrap(),
        period: Period::new(day("01-01"), day("12-31")).unwrap(),
        profile: &profile,
        explain: false,
    };
    let source: Source = serde_json::from_value(facts.source.clone()).unwrap();
    then(&ctx, &source)
}

fn radar(facts: &Facts) -> Vec<Opportunity<Source>> {
    with(facts, |ctx, source| source.radar(ctx))
}

fn ids(facts: &Facts) -> Vec<String> {
    let found = radar(facts);
    found.into_iter().map(|one| one.finding.rule_id).collect()
}

/// The finding's relief and severity, and what is payable as it stands and instead.
fn effect(facts: &Facts, id: &str) -> (String, Severity, String, String) {
    with(facts, |ctx, source| {
        let found = source.radar(ctx);
        let one = found.into_iter().find(|one| one.finding.rule_id == id);
        let one = one.unwrap_or_else(|| panic!("{id} is not found"));
        let payable = |source: &Source| {
            let lines = source.charge(&[], ctx).unwrap();
            let sum = Money::sum(lines.iter().map(|line| line.payable().unwrap()));
            sum.unwrap().to_string()
        };
        let (now, then) = (payable(source), payable(&one.instead.unwrap()));
        (one.relief_id, one.finding.severity, now, then)
    })
}

/// `effect` with whole yuan.
fn yuan(facts: &Facts, id: &str) -> (String, Severity, u32, u32) {
    let (relief, severity, now, then) = effect(facts, id);
    let whole = |text: String| text.split('.').next().unwrap().parse().unwrap();
    (relief, severity, whole(now), whole(then))
}

fn is(relief: &str, severity: Severity, now: u32, then: u32) -> (String, Severity, u32, u32) {
    (relief.to_owned(), severity, now, then)
}

#[test]
fn an_individuals_dwelling_is_exempt() {
    let mut it = facts(house(json!({"house_use": "HOUSING"})));
    assert!(!ids(&it).contains(&"RE_RADAR_PERSONAL_HOME".to_owned()));
    it.kind = "INDIVIDUAL";
    let found = yuan(&it, "RE_RADAR_PERSONAL_HOME");
    assert_eq!(found, is("RE_PERSONAL_HOME", Severity::Hint, 10080, 0));
    it.source = house(json!({"house_use": "COMMERCIAL_OFFICE"}));
    assert!(!ids(&it).contains(&"RE_RADAR_PERSONAL_HOME".to_owned()));
    it.source = claimed("HOUSING", json!({"relief_id": "RE_PERSONAL_HOME"}));
    assert!(!ids(&it).contains(&"RE_RADAR_PERSONAL_HOME".to_owned()));
}

#[test]
fn a_public_body_may_be_exempt() {
    let mut it = facts(house(json!({"house_use": "COMMERCIAL_OFFICE"})));
    assert!(ids(&it).is_empty());
    it.kind = "ORGANISATION";
    let found = yuan(&it, "RE_RADAR_PUBLIC_BODY");
    assert_eq!(found, is("RE_BUDGET_UNIT", Severity::Hint, 10080, 0));
    it.source = claimed("COMMERCIAL_OFFICE", json!({"relief_id": "RE_STATE"}));
    assert!(ids(&it).is_empty());
}

#[test]
fn a_dwelling_that_is_let_has_its_own_rate() {
    let let_as = |house_use: &str, lessee: &str, housing: bool| {
        let source = json!({"house_use": house_use, "leases": [lease(lessee, housing)]});
        facts(house(source))
    };
    let it = let_as("HOUSING", "INDIVIDUAL", false);
    let found = yuan(&it, "RE_RADAR_HOUSING_LEASE");
    let expected = is("RE_HOUSING_LEASE_ENTITY", Severity::Hint, 1200, 400);
    assert_eq!(found, expected);
    assert!(ids(&let_as("HOUSING", "OTHER", false)).is_empty());
    assert!(ids(&let_as("HOUSING", "INDIVIDUAL", true)).is_empty());
    let mut person = let_as("HOUSING", "OTHER", false);
    person.kind = "INDIVIDUAL";
    let found = yuan(&person, "RE_RADAR_HOUSING_LEASE");
    let expected = is("RE_HOUSING_LEASE_PERSON", Severity::Hint, 1200, 400);
    assert_eq!(found, expected);
    let it = let_as("OTHER", "INDIVIDUAL", true);
    let found = yuan(&it, "RE_RADAR_HOUSING_CLAIM");
    let expected = is("RE_HOUSING_LEASE_ENTITY", Severity::Warning, 400, 1200);
    assert_eq!(found, expected);
    // Before the notice there is no dwelling rate of entities.
    let mut before = let_as("HOUSING", "INDIVIDUAL", false);
    before.year = "2020";
    assert!(ids(&before).is_empty());
}

#[test]
fn a_name_may_tell_of_the_underground() {
    let mut it = facts(house(
        json!({"house_name": "地下车库", "house_use": "OTHER"}),
    ));
    let found = radar(&it).remove(0);
    assert_eq!(found.finding.rule_id, "RE_RADAR_UNDERGROUND");
    assert_eq!(found.relief_id, "RE_UNDERGROUND");
    let instead = found.instead.unwrap();
    assert_eq!(instead.underground, super::Underground::StandaloneOther);
    it.source["underground"] = json!("CONNECTED");
    assert!(ids(&it).is_empty());
}

#[test]
fn a_name_may_tell_of_a_relief() {
    let mut it = facts(house(
        json!({"house_name": "城东农贸市场", "house_use": "OTHER"}),
    ));
    let found = yuan(&it, "RE_RADAR_NAME");
    assert_eq!(found, is("RE_FARM_MARKET", Severity::Hint, 10080, 0));
    // Not yet in force; of another use; not in the north.
    it.year = "2018";
    assert!(ids(&it).is_empty());
    let school = |house_use| json!({"house_name": "厂办幼儿园", "house_use": house_use});
    assert_eq!(ids(&facts(house(school("OTHER")))), ["RE_RADAR_NAME"]);
    assert!(ids(&facts(house(school("INDUSTRIAL")))).is_empty());
    let mut heat = facts(house(json!({"house_name": "供热站"})));
    assert!(ids(&heat).is_empty());
    heat.region = "110000";
    assert_eq!(ids(&heat), ["RE_RADAR_NAME"]);
    // Both kinds of stadium stand in the table; the taxpayer's kind decides.
    let stadium = facts(house(json!({"house_name": "体育馆", "house_use": "OTHER"})));
    let found = yuan(&stadium, "RE_RADAR_NAME");
    assert_eq!(found, is("RE_STADIUM_FIRM", Severity::Hint, 10080, 5040));
}

#[test]
fn a_claim_is_for_some_kinds_and_uses() {
    let mut it = facts(claimed("OTHER", json!({"relief_id": "RE_BUDGET_UNIT"})));
    let found = yuan(&it, "RE_RADAR_KIND");
    assert_eq!(found, is("RE_BUDGET_UNIT", Severity::Warning, 0, 10080));
    it.kind = "ORGANISATION";
    assert!(ids(&it).is_empty());
    let it = facts(claimed(
        "COMMERCIAL_OFFICE",
        json!({"relief_id": "RE_PUBLIC_RENTAL"}),
    ));
    let found = yuan(&it, "RE_RADAR_USE");
    assert_eq!(found, is("RE_PUBLIC_RENTAL", Severity::Warning, 0, 10080));
    assert!(
        ids(&facts(claimed(
            "HOUSING",
            json!({"relief_id": "RE_PUBLIC_RENTAL"})
        )))
        .is_empty()
    );
}

#[test]
fn a_claim_on_rent_is_looked_at_too() {
    let mut rent = lease("INDIVIDUAL", false);
    rent["reliefs"] = json!([{"relief_id": "RE_LOW_RENT"}]);
    let it = facts(house(json!({"leases": [rent]})));
    let found = yuan(&it, "RE_RADAR_USE");
    assert_eq!(found, is("RE_LOW_RENT", Severity::Warning, 0, 1200));
    let field = &radar(&it)[0].finding.field;
    assert_eq!(field, "leases[0].reliefs[0].relief_id");
}

#[test]
fn heating_is_relieved_in_the_north() {
    let mut it = facts(claimed(
        "INDUSTRIAL",
        json!({"relief_id": "RE_HEATING", "base_share": "1"}),
    ));
    let found = yuan(&it, "RE_RADAR_HEATING_REGION");
    assert_eq!(found, is("RE_HEATING", Severity::Warning, 0, 10080));
    it.region = "110105";
    assert!(ids(&it).is_empty());
}

#[test]
fn repair_takes_more_than_half_a_year() {
    let closed = |first: &str, last: &str| {
        let period = json!({"first": first, "last": last});
        facts(claimed(
            "INDUSTRIAL",
            json!({"relief_id": "RE_MAJOR_REPAIR", "period": period}),
        ))
    };
    let it = closed("2025-01-01", "2025-06-30");
    let found = yuan(&it, "RE_RADAR_MAJOR_REPAIR");
    assert_eq!(found, is("RE_MAJOR_REPAIR", Severity::Warning, 5040, 10080));
    assert!(ids(&closed("2025-01-01", "2025-07-01")).is_empty());
    assert_eq!(
        ids(&closed("2025-03-01", "2025-08-31")),
        ["RE_RADAR_MAJOR_REPAIR"]
    );
}

#[test]
fn a_house_out_of_use_is_not_let() {
    let claim = |first: &str| {
        let period = json!({"first": first, "last": "2026-12-31"});
        let claim = json!({"relief_id": "RE_DANGEROUS", "period": period});
        let mut source = claimed("INDUSTRIAL", claim);
        let mut part = lease("OTHER", false);
        part["leased_value"] = json!("600000");
        source["leases"] = json!([part]);
        facts(source)
    };
    let it = claim("2025-07-01");
    let found = yuan(&it, "RE_RADAR_IN_USE");
    // The half on value: six months of it are claimed; the rent is the same.
    let expected = is("RE_DANGEROUS", Severity::Warning, 3720, 6240);
    assert_eq!(found, expected);
    assert!(ids(&claim("2026-01-01")).is_empty());
}

#[test]
fn a_relief_by_share_states_it() {
    let mut it = facts(claimed("OTHER", json!({"relief_id": "RE_FARM_MARKET"})));
    let found = radar(&it).remove(0);
    assert_eq!(found.finding.rule_id, "RE_RADAR_SHARE");
    assert_eq!(found.finding.severity, Severity::Hint);
    assert!(found.instead.is_none());
    it.source["reliefs"][0]["base_share"] = json!("1");
    assert!(ids(&it).is_empty());
}

#[test]
fn individuals_halve_the_six_taxes() {
    let shop = json!({"house_use": "COMMERCIAL_OFFICE"});
    let mut it = facts(house(shop));
    it.kind = "INDIVIDUAL";
    let found = radar(&it).remove(0);
    assert_eq!(found.finding.rule_id, "RE_RADAR_SIX_TAXES");
    assert_eq!(found.relief_id, "SIX_TAXES");
    assert!(found.instead.is_none());
    it.year = "2018";
    assert!(ids(&it).is_empty());
    it.year = "2025";
    it.kind = "ENTERPRISE";
    assert!(ids(&it).is_empty());
}

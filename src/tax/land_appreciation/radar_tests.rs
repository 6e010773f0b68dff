//! What the radar sees and what it does not, and what the source it offers instead comes to.

use crate::rules::RuleBook;
use crate::tax::land_appreciation::Source;
use crate::tax::{Context, Opportunity, Profile, Severity, TaxpayerKind};
use crate::types::{Money, Period, Region};

const DAY: &str = "2024-05-10";

/// Asks with the law of a day in May 2024.
fn with<T>(kind: TaxpayerKind, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let profile = Profile {
        kind,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let book = RuleBook::embedded().unwrap();
    ask(&Context {
        rules: &book,
        region: Region::parse("340100").unwrap(),
        period: Period::day(crate::types::parse_date(DAY).unwrap()),
        profile: &profile,
        explain: false,
    })
}

fn source(basis: &str) -> Source {
    let text = format!(r#"{{"project_name":"项目","basis":{basis}}}"#);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A settlement of one type; 1,000,000 of deductions.
fn settlement(kind: &str, income: &str, of_type: &str, rest: &str) -> Source {
    source(&format!(
        r#"{{"SETTLEMENT":{{"event_on":"{DAY}","types":[{{"property_type":"{kind}",
        "income":[{{"kind":"MONETARY","amount":"{income}","vat_method":"EXCLUDED"}}],
        "deductions":{{"expense_mode":"TEN_PERCENT","collected_fees":"1000000"}}{of_type}}}]
        {rest}}}}}"#
    ))
}

/// An old building with 1,000,000 of deductions.
fn building(income: &str, income_kind: &str, used: &str, rest: &str) -> Source {
    source(&format!(
        r#"{{"OLD_BUILDING":{{"transfer":{{"contract_on":"{DAY}","property_use":"{used}",
        "income":[{{"kind":"{income_kind}","amount":"{income}","vat_method":"EXCLUDED"}}]
        {rest}}},"method":{{"APPRAISAL":{{"replacement_cost":"1000000","newness":"1"}}}}}}}}"#
    ))
}

fn payable(source: &Source, kind: TaxpayerKind) -> Result<Money, String> {
    with(kind, |ctx| {
        let lines = source.charge(&[], ctx);
        let lines = lines.map_err(|error| error.into_finding().rule_id)?;
        Ok(Money::sum(lines.iter().map(|line| line.payable().unwrap())).unwrap())
    })
}

fn radar(source: &Source, kind: TaxpayerKind) -> Vec<Opportunity<Source>> {
    with(kind, |ctx| source.radar(ctx))
}

/// The only opportunity of a source, checked against its id and relief.
fn only(
    source: &Source,
    kind: TaxpayerKind,
    id: &str,
    severity: Severity,
    relief: &str,
) -> Opportunity<Source> {
    let mut found = radar(source, kind);
    let ids: Vec<&str> = found.iter().map(|it| it.finding.rule_id.as_str()).collect();
    assert_eq!(ids, [id]);
    let found = found.remove(0);
    assert_eq!(found.finding.severity, severity);
    assert_eq!(found.relief_id, relief);
    found
}

/// A hint whose source instead pays `then` where the source itself pays `now`.
fn saves(source: &Source, kind: TaxpayerKind, id: &str, relief: &str, now: i64, then: i64) {
    let found = only(source, kind, id, Severity::Hint, relief);
    assert_eq!(payable(source, kind), Ok(Money::from_fen(now)), "{id}");
    let instead = found.instead.unwrap();
    assert_eq!(payable(&instead, kind), Ok(Money::from_fen(then)), "{id}");
    assert_eq!(radar(&instead, kind), [], "{id}");
}

const FIRM: TaxpayerKind = TaxpayerKind::Enterprise;

#[test]
fn ordinary_housing_within_a_fifth_wants_separate_accounts() {
    let apart = r#","ordinary_not_separate":true"#;
    let at = settlement("ORDINARY", "1200000", "", apart);
    let id = "LAT_RADAR_ORDINARY_20";
    saves(&at, FIRM, id, "LAT_ORDINARY_20", 6_000_000, 0);
    let over = settlement("ORDINARY", "1200001", "", apart);
    assert_eq!(radar(&over, FIRM), []);
    let separate = settlement("ORDINARY", "1200000", "", "");
    assert_eq!(radar(&separate, FIRM), []);
}

#[test]
fn tail_sales_within_a_fifth_want_separate_accounts() {
    let tail = |income: &str| {
        source(&format!(
            r#"{{"TAIL":{{"ordinary_not_separate":true,"rows":[{{"month":"2024-05",
            "property_type":"ORDINARY","area_sqm":"10","income":[{{"kind":"MONETARY",
            "amount":"{income}","vat_method":"EXCLUDED"}}],"settled":{{
            "income":"1000000","deductions":"1000000","taxes":"0.00",
            "sold_area_sqm":"1000"}}}}]}}}}"#
        ))
    };
    // The row's month begins on the first: the day of the other tests does not contain it.
    assert_eq!(radar(&tail("12000"), FIRM), []);
    let profile = Profile {
        kind: FIRM,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    };
    let day = |text| crate::types::parse_date(text).unwrap();
    let book = RuleBook::embedded().unwrap();
    let ctx = Context {
        rules: &book,
        region: Region::parse("340100").unwrap(),
        period: Period::new(day("2024-05-01"), day("2024-05-31")).unwrap(),
        profile: &profile,
        explain: false,
    };
    let found = tail("12000").radar(&ctx);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].finding.rule_id, "LAT_RADAR_ORDINARY_20");
    let lines = found[0]
        .instead
        .as_ref()
        .unwrap()
        .charge(&[], &ctx)
        .unwrap();
    assert_eq!(lines[0].tax_amount, Money::from_fen(60_000));
    assert_eq!(lines[0].payable().unwrap(), Money::ZERO);
    assert_eq!(tail("12001").radar(&ctx), []);
}

#[test]
fn housing_that_meets_the_ordinary_standard_may_be_filed_as_such() {
    let facts = |unit: &str| {
        format!(
            r#","ordinary_facts":{{"plot_ratio":"2","largest_unit_sqm":"{unit}",
            "price_to_average":"1"}}"#
        )
    };
    let small = settlement("NON_ORDINARY", "1200000", &facts("120"), "");
    let id = "LAT_RADAR_ORDINARY_TYPE";
    saves(&small, FIRM, id, "LAT_ORDINARY_20", 6_000_000, 0);
    let large = settlement("NON_ORDINARY", "1200000", &facts("121"), "");
    assert_eq!(radar(&large, FIRM), []);
    let unknown = settlement("NON_ORDINARY", "1200000", "", "");
    assert_eq!(radar(&unknown, FIRM), []);
}

#[test]
fn an_individual_business_with_a_home_is_told_of_natural_persons() {
    let home = building("1500000", "MONETARY", "HOUSING", "");
    let business = TaxpayerKind::IndividualBusiness;
    let id = "LAT_RADAR_INDIVIDUAL_HOUSING";
    let found = only(
        &home,
        business,
        id,
        Severity::Hint,
        "LAT_INDIVIDUAL_HOUSING",
    );
    assert_eq!(found.instead, None);
    assert_eq!(radar(&home, FIRM), []);
    // The individual has the exemption without asking.
    assert_eq!(radar(&home, TaxpayerKind::Individual), []);
    let shop = building("1500000", "MONETARY", "NON_HOUSING", "");
    assert_eq!(radar(&shop, business), []);
}

#[test]
fn income_in_kind_only_may_be_a_restructuring() {
    let shares = building("1500000", "IN_KIND", "NON_HOUSING", "");
    let id = "LAT_RADAR_RESTRUCTURING";
    saves(&shares, FIRM, id, "LAT_RESTRUCTURING", 15_000_000, 0);
    let developer = r#","any_party_is_developer":true"#;
    let taxed = building("1500000", "IN_KIND", "NON_HOUSING", developer);
    assert_eq!(radar(&taxed, FIRM), []);
    let money = building("1500000", "MONETARY", "NON_HOUSING", "");
    assert_eq!(radar(&money, FIRM), []);
}

#[test]
fn an_occasion_that_exempts_wants_its_claim() {
    for (occasion, id, relief) in [
        (
            "EXPROPRIATION",
            "LAT_RADAR_EXPROPRIATION",
            "LAT_EXPROPRIATION",
        ),
        (
            "COOPERATIVE_BUILDING",
            "LAT_RADAR_COOP_BUILDING",
            "LAT_COOP_BUILDING",
        ),
    ] {
        let rest = format!(r#","occasion":"{occasion}""#);
        let of = building("1500000", "MONETARY", "NON_HOUSING", &rest);
        saves(&of, FIRM, id, relief, 15_000_000, 0);
    }
}

#[test]
fn old_houses_for_public_stock_are_exempt_within_a_fifth() {
    for (occasion, relief) in [
        ("RESETTLEMENT_STOCK", "LAT_RESETTLEMENT_STOCK"),
        ("PUBLIC_RENTAL_STOCK", "LAT_PUBLIC_RENTAL_STOCK"),
        ("AFFORDABLE_STOCK", "LAT_AFFORDABLE_STOCK"),
    ] {
        let rest = format!(r#","occasion":"{occasion}""#);
        let within = building("1200000", "MONETARY", "HOUSING", &rest);
        saves(&within, FIRM, "LAT_RADAR_STOCK", relief, 6_000_000, 0);
        let over = building("1200001", "MONETARY", "HOUSING", &rest);
        assert_eq!(radar(&over, FIRM), [], "{occasion}");
    }
}

#[test]
fn a_claim_without_its_condition_is_shown_with_the_tax_without_it() {
    for (relief, error) in [
        ("LAT_INDIVIDUAL_HOUSING", "LAT_E13"),
        ("LAT_HOME_SWAP", "LAT_E11"),
        ("LAT_RESTRUCTURING", "LAT_E12"),
        ("LAT_AFFORDABLE_STOCK", "LAT_E11"),
        ("LAT_ORDINARY_20", "LAT_E6"),
        ("SIX_TAXES", "LAT_E14"),
    ] {
        let rest = format!(r#","reliefs":[{{"relief_id":"{relief}"}}]"#);
        let of = building("1500000", "MONETARY", "NON_HOUSING", &rest);
        assert_eq!(payable(&of, FIRM), Err(error.to_owned()), "{relief}");
        let found = only(&of, FIRM, "LAT_RADAR_UNFIT", Severity::Warning, relief);
        let instead = found.instead.unwrap();
        assert_eq!(
            payable(&instead, FIRM),
            Ok(Money::from_fen(15_000_000)),
            "{relief}"
        );
    }
    let fits = r#","reliefs":[{"relief_id":"LAT_EXPROPRIATION"}]"#;
    let of = building("1500000", "MONETARY", "NON_HOUSING", fits);
    assert_eq!(radar(&of, FIRM), []);
    // A claim on a type of a settlement is found by its path.
    let claim = r#","reliefs":[{"relief_id":"LAT_ORDINARY_20"}]"#;
    let of = settlement("OTHER", "1500000", claim, "");
    let id = "LAT_RADAR_UNFIT";
    let found = only(&of, FIRM, id, Severity::Warning, "LAT_ORDINARY_20");
    assert_eq!(
        found.finding.field,
        "settlement.types[0].reliefs[0].relief_id"
    );
    let instead = found.instead.unwrap();
    assert_eq!(payable(&instead, FIRM), Ok(Money::from_fen(15_000_000)));
}

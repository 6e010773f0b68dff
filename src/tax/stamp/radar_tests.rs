//! Every id of the radar is told by the facts it is about, and by no others.

use serde_json::{Value, json};

use super::{Source, catalogue};
use crate::rules::RuleBook;
use crate::tax::{Context, Opportunity, Profile, Severity};
use crate::types::{Money, Period, Region};

const ENTERPRISE: &str = r#"{"kind": "ENTERPRISE"}"#;
const INDIVIDUAL: &str = r#"{"kind": "INDIVIDUAL"}"#;
const ORGANISATION: &str = r#"{"kind": "ORGANISATION"}"#;
const SMALL: &str = r#"{"kind": "ENTERPRISE", "six_taxes":
    [{"subject": "SMALL_LOW_PROFIT", "first": "2024-01", "last": "2024-06"}]}"#;

/// A document with one line and the facts laid over it.
fn document(signed_on: &str, line: Value, facts: Value) -> Source {
    let mut all = json!({
        "document_name": "凭证", "filing_mode": "PERIODIC", "signed_on": signed_on,
        "lines": [line],
    });
    for (name, value) in facts.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

/// What the radar tells, and the payable tax now and instead.
fn seen(profile: &str, source: &Source) -> Vec<(Opportunity<Source>, [Money; 2])> {
    let rules = RuleBook::embedded().unwrap();
    let profile: Profile = serde_json::from_str(profile).unwrap();
    let ctx = Context {
        rules: &rules,
        region: Region::parse("340104").unwrap(),
        period: Period::day(source.signed_on),
        profile: &profile,
        explain: false,
    };
    let payable = |source: &Source| {
        let charges = source.charge(&[], &ctx).unwrap();
        Money::sum(charges.iter().map(|charge| charge.payable().unwrap())).unwrap()
    };
    let found = source.radar(&ctx).into_iter();
    found
        .map(|one| {
            let both = [payable(source), payable(one.instead.as_ref().unwrap())];
            (one, both)
        })
        .collect()
}

fn yuan(text: &str) -> Money {
    Money::parse_yuan(text).unwrap()
}

/// One thing told: its id, its field, the relief, the payable tax now and instead.
fn one(profile: &str, source: &Source, id: &str, field: &str, relief: &str, money: [&str; 2]) {
    let found = seen(profile, source);
    let told: Vec<&str> = found
        .iter()
        .map(|(one, _)| one.finding.rule_id.as_str())
        .collect();
    assert_eq!(told, [id]);
    let (opportunity, both) = &found[0];
    assert_eq!(opportunity.finding.field, field, "{id}");
    assert_eq!(opportunity.relief_id, relief, "{id}");
    assert_eq!(*both, money.map(yuan), "{id}");
    assert!(!opportunity.finding.legal_basis.is_empty(), "{id}");
}

fn nothing(profile: &str, source: &Source) {
    let found = seen(profile, source);
    assert!(found.is_empty(), "{:?}", found[0].0.finding);
}

fn claimed(item: &str, relief: &str) -> Value {
    json!({"item": item, "amount": "1000000.00", "reliefs": [{"relief_id": relief}]})
}

fn plain(item: &str) -> Value {
    json!({"item": item, "amount": "1000000.00"})
}

fn party(kind: &str) -> Value {
    json!([{"name": "对方", "kind": kind}])
}

#[test]
fn books_of_the_regulations_from_may_2018() {
    let capital = json!({"paid_in": "1000000.00", "reserve": "0.00", "taxed_high_water": "0.00"});
    let book = json!({"item": "BOOKS", "capital": capital});
    let half = document("2018-05-01", book.clone(), json!({}));
    let id = "ST_RADAR_CAPITAL_BOOK_HALF";
    let relief = "ST_CAPITAL_BOOK_HALF";
    one(
        ENTERPRISE,
        &half,
        id,
        "lines[0].item",
        relief,
        ["500.00", "250.00"],
    );
    nothing(ENTERPRISE, &document("2018-04-30", book.clone(), json!({})));
    nothing(ENTERPRISE, &document("2022-07-01", book, json!({})));
    let other = document(
        "2021-01-05",
        json!({"item": "OTHER_BOOKS"}),
        json!({"count": 4}),
    );
    let id = "ST_RADAR_OTHER_BOOKS_EXEMPT";
    let relief = "ST_OTHER_BOOKS_EXEMPT";
    one(
        ENTERPRISE,
        &other,
        id,
        "lines[0].item",
        relief,
        ["20.00", "0.00"],
    );
    let before = document("2018-04-30", json!({"item": "OTHER_BOOKS"}), json!({}));
    nothing(ENTERPRISE, &before);
}

#[test]
fn housing_of_individuals() {
    let housing = json!({"division": "340104", "used_as": "HOUSING"});
    let building = json!({"division": "340104", "used_as": "BUILDING"});
    let let_out = |used: &Value, line: Value, kind: &str| {
        let facts = json!({"real_property": used, "counterparties": party(kind)});
        document("2024-02-01", line, facts)
    };
    let id = "ST_RADAR_HOUSING_LEASE";
    let field = "real_property.used_as";
    let tenant = let_out(&housing, plain("LEASE"), "INDIVIDUAL");
    one(
        ENTERPRISE,
        &tenant,
        id,
        field,
        "ST_HOUSING_LEASE",
        ["1000.00", "0.00"],
    );
    nothing(ENTERPRISE, &let_out(&housing, plain("LEASE"), "ENTERPRISE"));
    nothing(
        INDIVIDUAL,
        &let_out(&building, plain("LEASE"), "ENTERPRISE"),
    );
    nothing(
        INDIVIDUAL,
        &let_out(&housing, claimed("LEASE", "ST_HOUSING_LEASE"), "ENTERPRISE"),
    );
    let id = "ST_RADAR_HOUSING_SALE";
    let sale = let_out(&housing, plain("REAL_TRANSFER"), "ENTERPRISE");
    one(
        INDIVIDUAL,
        &sale,
        id,
        field,
        "ST_HOUSING_SALE",
        ["500.00", "0.00"],
    );
    // Bureaus differ on the other party, so it is not told.
    nothing(
        ENTERPRISE,
        &let_out(&housing, plain("REAL_TRANSFER"), "INDIVIDUAL"),
    );
    let id = "ST_RADAR_HOUSING_UNDUE";
    let field = "lines[0].reliefs[0].relief_id";
    let shop = let_out(
        &building,
        claimed("REAL_TRANSFER", "ST_HOUSING_SALE"),
        "INDIVIDUAL",
    );
    one(
        INDIVIDUAL,
        &shop,
        id,
        field,
        "ST_HOUSING_SALE",
        ["0.00", "500.00"],
    );
    let firms = let_out(&housing, claimed("LEASE", "ST_HOUSING_LEASE"), "ENTERPRISE");
    one(
        ENTERPRISE,
        &firms,
        id,
        field,
        "ST_HOUSING_LEASE",
        ["0.00", "1000.00"],
    );
}

#[test]
fn loans_to_small_enterprises_and_soft_loans() {
    let loan = |day: &str, line: Value, role: &str, kind: &str| {
        let facts = json!({"role": role, "counterparties": party(kind)});
        document(day, line, facts)
    };
    let id = "ST_RADAR_SMALL_MICRO_LOAN";
    let relief = "ST_SMALL_MICRO_LOAN";
    let field = "counterparties";
    let lent = loan(
        "2024-02-01",
        plain("LOAN"),
        "PROVIDER",
        "SMALL_MICRO_ENTERPRISE",
    );
    one(ENTERPRISE, &lent, id, field, relief, ["50.00", "0.00"]);
    let borrowed = loan(
        "2024-02-01",
        plain("LOAN"),
        "RECIPIENT",
        "FINANCIAL_INSTITUTION",
    );
    one(SMALL, &borrowed, id, field, relief, ["25.00", "0.00"]);
    nothing(ENTERPRISE, &borrowed);
    let later = loan(
        "2024-07-01",
        plain("LOAN"),
        "RECIPIENT",
        "FINANCIAL_INSTITUTION",
    );
    nothing(SMALL, &later);
    let old = loan(
        "2021-12-31",
        plain("LOAN"),
        "PROVIDER",
        "SMALL_MICRO_ENTERPRISE",
    );
    one(
        ENTERPRISE,
        &old,
        id,
        field,
        "ST_SMALL_MICRO_LOAN_2018",
        ["50.00", "0.00"],
    );
    let over = loan(
        "2028-01-01",
        plain("LOAN"),
        "PROVIDER",
        "SMALL_MICRO_ENTERPRISE",
    );
    nothing(ENTERPRISE, &over);
    let id = "ST_RADAR_SMALL_MICRO_LOAN_UNDUE";
    let field = "lines[0].reliefs[0].relief_id";
    let firm = loan(
        "2024-02-01",
        claimed("LOAN", relief),
        "RECIPIENT",
        "ENTERPRISE",
    );
    one(ENTERPRISE, &firm, id, field, relief, ["0.00", "50.00"]);
    let big = loan(
        "2024-02-01",
        claimed("LOAN", relief),
        "PROVIDER",
        "PUBLIC_BODY",
    );
    one(ENTERPRISE, &big, id, field, relief, ["0.00", "50.00"]);
    let bank = loan(
        "2024-02-01",
        claimed("LOAN", relief),
        "RECIPIENT",
        "FINANCIAL_INSTITUTION",
    );
    nothing(SMALL, &bank);

    let soft = json!({"item": "LOAN", "amount": "1000000.00", "interest_free": true});
    let id = "ST_RADAR_SOFT_LOAN";
    let field = "lines[0].interest_free";
    let law = document("2024-02-01", soft.clone(), json!({}));
    one(
        ENTERPRISE,
        &law,
        id,
        field,
        "ST_ART12_LOAN",
        ["50.00", "0.00"],
    );
    let old = document("2022-06-30", soft, json!({}));
    one(
        ENTERPRISE,
        &old,
        id,
        field,
        "ST_1988_SUBSIDISED_LOAN",
        ["50.00", "0.00"],
    );
    nothing(
        ENTERPRISE,
        &document("2024-02-01", plain("LOAN"), json!({})),
    );
}

#[test]
fn gifts_farms_and_hospitals() {
    let with = |line: Value, gift: bool, role: &str, kind: &str| {
        let facts = json!({"gift": gift, "role": role, "counterparties": party(kind)});
        document("2024-02-01", line, facts)
    };
    let id = "ST_RADAR_GIFT";
    let relief = "ST_ART12_GIFT";
    let given = with(plain("EQUITY"), true, "PROVIDER", "PUBLIC_BODY");
    one(ENTERPRISE, &given, id, "gift", relief, ["500.00", "0.00"]);
    let got = with(plain("EQUITY"), true, "RECIPIENT", "ENTERPRISE");
    one(ORGANISATION, &got, id, "gift", relief, ["500.00", "0.00"]);
    nothing(
        ENTERPRISE,
        &with(plain("EQUITY"), false, "PROVIDER", "PUBLIC_BODY"),
    );
    nothing(
        ENTERPRISE,
        &with(plain("EQUITY"), true, "PROVIDER", "ENTERPRISE"),
    );
    let field = "lines[0].reliefs[0].relief_id";
    let firm = with(claimed("EQUITY", relief), true, "PROVIDER", "ENTERPRISE");
    one(
        ENTERPRISE,
        &firm,
        "ST_RADAR_GIFT_UNDUE",
        field,
        relief,
        ["0.00", "500.00"],
    );
    nothing(
        ENTERPRISE,
        &with(claimed("EQUITY", relief), true, "PROVIDER", "PUBLIC_BODY"),
    );

    let id = "ST_RADAR_FARM";
    let field = "counterparties";
    let seed = with(plain("SALE"), false, "PROVIDER", "FARMER");
    one(
        ENTERPRISE,
        &seed,
        id,
        field,
        "ST_ART12_FARM",
        ["300.00", "0.00"],
    );
    nothing(
        ENTERPRISE,
        &with(plain("LEASE"), false, "PROVIDER", "FARMER"),
    );
    nothing(
        ENTERPRISE,
        &with(plain("SALE"), false, "PROVIDER", "ENTERPRISE"),
    );

    let id = "ST_RADAR_HOSPITAL";
    let relief = "ST_ART12_HOSPITAL";
    let drugs = with(plain("SALE"), false, "PROVIDER", "NON_PROFIT_HOSPITAL");
    one(ENTERPRISE, &drugs, id, field, relief, ["300.00", "0.00"]);
    nothing(
        ENTERPRISE,
        &with(plain("SALE"), false, "RECIPIENT", "NON_PROFIT_HOSPITAL"),
    );
    let id = "ST_RADAR_HOSPITAL_UNDUE";
    let field = "lines[0].reliefs[0].relief_id";
    let firm = with(claimed("SALE", relief), false, "PROVIDER", "ENTERPRISE");
    one(ENTERPRISE, &firm, id, field, relief, ["0.00", "300.00"]);
    nothing(
        ENTERPRISE,
        &with(
            claimed("SALE", relief),
            false,
            "PROVIDER",
            "NON_PROFIT_HOSPITAL",
        ),
    );
}

#[test]
fn restructurings_above_the_share() {
    let kept = |body: &str, share: &str| {
        let facts = json!({"restructuring": {"body": body, "continuing_share": share}});
        document("2025-02-01", plain("REAL_TRANSFER"), facts)
    };
    let id = "ST_RADAR_RESTRUCTURING";
    let relief = "ST_RESTRUCTURING_2024";
    let field = "restructuring.continuing_share";
    let more = kept("ENTERPRISE", "0.7501");
    one(ENTERPRISE, &more, id, field, relief, ["500.00", "0.00"]);
    nothing(ENTERPRISE, &kept("ENTERPRISE", "0.75"));
    let more = kept("PUBLIC_INSTITUTION", "0.51");
    one(ENTERPRISE, &more, id, field, relief, ["500.00", "0.00"]);
    nothing(ENTERPRISE, &kept("PUBLIC_INSTITUTION", "0.5"));
    let unsaid = document("2025-02-01", claimed("REAL_TRANSFER", relief), json!({}));
    let id = "ST_RADAR_RESTRUCTURING_UNDUE";
    let field = "lines[0].reliefs[0].relief_id";
    one(ENTERPRISE, &unsaid, id, field, relief, ["0.00", "500.00"]);
}

#[test]
fn what_is_freed_otherwise_or_out_of_scope_is_left_alone() {
    let capital = json!({"paid_in": "1.00", "reserve": "0.00", "taxed_high_water": "0.00"});
    let copy = json!({"item": "BOOKS", "capital": capital,
        "reliefs": [{"relief_id": "ST_1988_COPY"}]});
    nothing(ENTERPRISE, &document("2021-12-31", copy, json!({})));
    let facts = json!({"role": "PROVIDER", "out_of_scope": "COURT_DOCUMENT",
        "counterparties": party("SMALL_MICRO_ENTERPRISE")});
    nothing(ENTERPRISE, &document("2024-02-01", plain("LOAN"), facts));
}

#[test]
fn hints_are_for_what_is_not_claimed_and_warnings_for_what_is() {
    let radar = catalogue::ALL
        .iter()
        .filter(|check| check.id.starts_with("ST_RADAR_"));
    for check in radar {
        let undue = check.id.ends_with("_UNDUE");
        let expected = if undue {
            Severity::Warning
        } else {
            Severity::Hint
        };
        assert_eq!(check.severity, expected, "{}", check.id);
    }
}

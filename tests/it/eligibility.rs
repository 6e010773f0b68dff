//! The facts behind 六税两费 and the eligibility radar, over the wire.

use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::rules::RuleBook;
use serde_json::{Value, json};
use tonic::Code;

use crate::support::*;

/// Small-scale from 2023, general from the 1st of August 2026.
fn facts() -> Value {
    json!({"vatChanges": [
        {"vatStatus": "VAT_STATUS_SMALL_SCALE", "effectiveOn": "2023-01-01"},
        {"vatStatus": "VAT_STATUS_GENERAL", "effectiveOn": "2026-08-01"},
    ]})
}

fn registering(facts: Value) -> pb::RegisterTaxpayerRequest {
    pb::RegisterTaxpayerRequest {
        six_taxes_facts: Some(message("SixTaxesFacts", facts)),
        ..registration()
    }
}

async fn reviews(server: &Server, taxpayer: &str) -> Vec<pb::EligibilityReview> {
    let request = pb::ReviewEligibilityRequest {
        taxpayer_id: taxpayer.to_owned(),
        window: Some(third_quarter()),
    };
    let answer = server.declarations().review_eligibility(request).await;
    answer.unwrap().into_inner().reviews
}

/// 1,000,000 × 0.3‰ = 300.00; signed in July, still a small-scale taxpayer: half, 150.00.
#[tokio::test]
async fn facts_of_a_taxpayer_decide_and_windows_are_compared_with_them() {
    let server = Server::start().await;
    let answer = server
        .taxpayers()
        .register_taxpayer(registering(facts()))
        .await;
    let taxpayer = answer.unwrap().into_inner().taxpayer.unwrap();
    let shown: Vec<(i32, &str, &str)> = taxpayer
        .six_taxes_eligibility
        .iter()
        .map(|run| {
            (
                run.subject,
                run.first_month.as_str(),
                run.last_month.as_str(),
            )
        })
        .collect();
    let subject = i32::from(pb::SixTaxesSubject::SmallScaleVat);
    assert_eq!(shown, [(subject, "2023-01", "2026-07")]);
    let id = taxpayer.taxpayer_id;
    collect(&server, &id, contract("HT-1")).await;
    let totals = draft(&server, &id).await.totals.unwrap();
    assert_eq!(
        (totals.relief_yuan.as_str(), totals.payable_yuan.as_str()),
        ("150.00", "150.00")
    );
    let unclaimed = |all: &[pb::EligibilityReview]| -> Vec<String> {
        let six = all.iter().filter(|one| one.relief_id == "SIX_TAXES");
        six.map(|one| one.effect_yuan.clone()).collect()
    };
    assert!(unclaimed(&reviews(&server, &id).await).is_empty());

    let update = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: id.clone(),
        etag: taxpayer.etag,
        name: "合肥皖星精密机械制造有限公司".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: vec![pb::SixTaxesWindow {
            subject,
            first_month: "2023-01".to_owned(),
            last_month: "2026-06".to_owned(),
        }],
        validate_only: false,
        six_taxes_facts: Some(message("SixTaxesFacts", facts())),
    };
    let updated = server.taxpayers().update_taxpayer(update).await;
    let updated = updated.unwrap().into_inner().taxpayer.unwrap();
    assert_eq!(
        updated.six_taxes_facts,
        Some(message(
            "SixTaxesFacts",
            json!({
                "vatChanges": facts()["vatChanges"],
                "filingCycle": "FILING_CYCLE_MONTH",
            })
        ))
    );
    // The stated window leaves July out: 300.00 as filed, 150.00 by the facts.
    let found = reviews(&server, &id).await;
    assert_eq!(unclaimed(&found), ["150.00"]);
    let finding = found[0].finding.clone().unwrap();
    assert_eq!(finding.rule_id, "SIX_UNCLAIMED");
    assert_eq!(finding.severity(), pb::Severity::Hint);
    server.stop().await;
}

#[tokio::test]
async fn wrong_facts_are_named_all_at_once() {
    let server = Server::start().await;
    let wrong = json!({
        "establishedOn": "2024-02-30",
        "vatChanges": [
            {"vatStatus": "VAT_STATUS_GENERAL", "effectiveOn": "2024-03-01"},
            {"vatStatus": "VAT_STATUS_SMALL_SCALE", "effectiveOn": "2024-03-01"},
            {"effectiveOn": "2024-04-01"},
        ],
        "filingCycle": 99,
        "atEstablishment": {"people": 10_000_001, "assetsYuan": "-1.00"},
        "monthEnds": [
            {"month": "2024-03", "size": {"people": 1, "assetsYuan": "1.00"}},
            {"month": "2024-03", "size": {"people": 1, "assetsYuan": "1.00"}},
            {"month": "2024-13"},
        ],
        "annualSettlements": [
            {"year": 2024, "filedOn": "2023-05-31", "smallLowProfit": true},
            {"year": 24, "filedOn": "2025-05-31", "smallLowProfit": true},
            {"year": 2024, "filedOn": "2025-05-31"},
            {"year": 2024, "filedOn": "2025-05-31",
             "figures": {"incomeYuan": "x", "people": "1.123", "assetsYuan": ""}},
        ],
    });
    let answer = server
        .taxpayers()
        .register_taxpayer(registering(wrong))
        .await;
    let status = assert_refused(answer, Code::InvalidArgument, "FIELDS_INVALID");
    let below = |path: &str| format!("six_taxes_facts.{path}");
    let mut expected = [
        "established_on",
        "vat_changes[1].effective_on",
        "vat_changes[2].vat_status",
        "filing_cycle",
        "at_establishment.people",
        "at_establishment.assets_yuan",
        "month_ends[1].month",
        "month_ends[2].month",
        "month_ends[2].size",
        "annual_settlements[0].filed_on",
        "annual_settlements[1].year",
        "annual_settlements[2].small_low_profit",
        "annual_settlements[3].figures.income_yuan",
        "annual_settlements[3].figures.people",
        "annual_settlements[3].figures.assets_yuan",
    ]
    .map(below)
    .to_vec();
    let mut found = bad_fields(&status);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    server.stop().await;
}

/// The what-if call takes facts and shows the months they grant: a settlement of 2025 that says
/// small grants July 2026 to June 2027.
#[test]
fn a_what_if_call_takes_facts_in_place_of_windows() {
    let request = json!({
        "window": {"firstDay": "2026-07-01", "lastDay": "2026-09-30"},
        "sixTaxesFacts": {
            "vatChanges": [{"vatStatus": "VAT_STATUS_GENERAL", "effectiveOn": "2020-01-01"}],
            "annualSettlements": [{"year": 2025, "filedOn": "2026-05-20", "figures": {
                "incomeYuan": "2999999.00", "people": "12.5", "assetsYuan": "1000000.00",
            }}],
        },
        "sources": [],
    });
    let request = caixing::cli::read_json("AssessDeclarationRequest", &request.to_string());
    let mut request: pb::AssessDeclarationRequest = request.unwrap();
    request.sources.push(contract("HT-1"));
    let call = Call {
        id: "test".to_owned(),
        language: Language::English,
    };
    let answer = assess(&RuleBook::embedded().unwrap(), &call, request).unwrap();
    assert_eq!(answer.totals.unwrap().relief_yuan, "150.00");
    let run = &answer.six_taxes_eligibility[0];
    let months = (
        run.first_month.as_str(),
        run.last_month.as_str(),
        run.settled_year,
    );
    assert_eq!(months, ("2026-07", "2027-06", 2025));
    assert_eq!(answer.six_taxes_eligibility.len(), 1);
}

/// Two authorities make two drafts of one drawing; filing the first leaves the second as it was.
#[tokio::test]
async fn ticked_taxes_of_two_authorities_are_filed_one_after_the_other() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let mut other = contract("HT-2");
    other.tax_authority_code = "13401030000".to_owned();
    collect(&server, &taxpayer, other).await;
    let request = pb::DraftDeclarationRequest {
        taxes: vec![pb::TaxKind::StampTax.into()],
        ..drawing(&taxpayer)
    };
    let answer = server.declarations().draft_declaration(request).await;
    let drafts = answer.unwrap().into_inner().declarations;
    assert_eq!(drafts.len(), 2);
    for draft in &drafts {
        let request = pb::ValidateDeclarationRequest {
            taxpayer_id: taxpayer.clone(),
            declaration_id: draft.declaration_id.clone(),
        };
        let checked = server.declarations().validate_declaration(request).await;
        let checked = checked.unwrap().into_inner();
        assert!(
            checked.submittable && !checked.stale,
            "{:?}",
            checked.findings
        );
        submit(&server, draft).await;
    }
    server.stop().await;
}

//! Correcting and voiding, as any client sees it.

use caixing::pb;
use caixing::store::Database;

use super::{Server, contract, filing, fresh, message, pay, settling, stamp};

/// A request to correct a declaration as it was seen, all its taxes.
pub fn correcting(filed: &pb::Declaration) -> pb::CorrectDeclarationRequest {
    pb::CorrectDeclarationRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        content_digest: filed.content_digest.clone(),
        taxes: Vec::new(),
        excluded_source_ids: Vec::new(),
        reason: "合同金额填报有误".to_owned(),
        validate_only: false,
    }
}

/// Opens a correction: the draft revision.
pub async fn open(server: &Server, request: pb::CorrectDeclarationRequest) -> pb::Declaration {
    let answer = server.declarations().correct_declaration(request).await;
    answer.unwrap().into_inner().declaration.unwrap()
}

/// Opens a correction of all taxes and files it.
pub async fn corrected(server: &Server, filed: &pb::Declaration) -> pb::Declaration {
    let draft = open(server, correcting(filed)).await;
    file(server, &draft).await
}

/// A request to file a draft with every warning acknowledged that validation names.
pub async fn filing_all(server: &Server, draft: &pb::Declaration) -> pb::SubmitDeclarationRequest {
    let check = pb::ValidateDeclarationRequest {
        taxpayer_id: draft.taxpayer_id.clone(),
        declaration_id: draft.declaration_id.clone(),
    };
    let checked = server.declarations().validate_declaration(check).await;
    let findings = checked.unwrap().into_inner().findings;
    let warnings = findings
        .into_iter()
        .filter(|found| found.severity() == pb::Severity::Warning);
    let mut request = filing(draft);
    request.acknowledged_warnings = warnings.map(|found| found.rule_id).collect();
    request
}

/// Files a draft, every warning acknowledged.
pub async fn file(server: &Server, draft: &pb::Declaration) -> pb::Declaration {
    let request = filing_all(server, draft).await;
    let answer = server.declarations().submit_declaration(request).await;
    answer.unwrap().into_inner().declaration.unwrap()
}

/// [`contract`] over another amount.
pub fn contract_over(number: &str, amount_yuan: &str) -> pb::TaxSourceInput {
    let mut input = contract(number);
    amount_yuan.clone_into(&mut stamp(&mut input).lines[0].amount_yuan);
    input
}

/// A plot of 20,000 m² at a stated 5 yuan a year: 25,000.00 a quarter.
pub fn plot(area_sqm: &str) -> pb::TaxSourceInput {
    message(
        "TaxSourceInput",
        serde_json::json!({
            "name": "一号地块",
            "regionCode": "340104",
            "taxAuthorityCode": "13401040000",
            "treasuryCode": "1234010400",
            "landUse": {
                "taxpayerKind": "LAND_USE_TAXPAYER_KIND_RIGHT_HOLDER",
                "nature": "LAND_USE_NATURE_STATE",
                "acquisitionMode": "LAND_USE_ACQUISITION_MODE_GRANTED",
                "purpose": "LAND_USE_PURPOSE_INDUSTRIAL",
                "acquisition": {
                    "kind": "LAND_USE_ACQUISITION_KIND_CARRIED_OVER",
                    "eventOn": "2020-01-01",
                },
                "versions": [{
                    "areaSqm": area_sqm,
                    "landClass": "LAND_USE_CLASS_CITY",
                    "grade": 3,
                    "unitTax": {"value": "5", "document": "演示值，非正式文号"},
                }],
                "landNo": "340104000001",
                "landName": "一号地块",
            },
        }),
    )
}

/// Writes into the server's database beside it, where no service of this build speaks.
pub async fn write(server: &Server, statement: &'static str, values: &[&str]) {
    use sqlx::Connection as _;
    match &server.database().database {
        Database::Embedded(dir) => {
            let file = format!("sqlite://{}", dir.join("caixing.sqlite3").display());
            let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
            let query = values
                .iter()
                .fold(sqlx::query(statement), |query, value| query.bind(*value));
            query.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Database::Postgres(url) => {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let query = values
                .iter()
                .fold(sqlx::query(statement), |query, value| query.bind(*value));
            query.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// The states of a taxpayer's sources, in the order of collection.
pub async fn source_states(server: &Server, taxpayer: &str) -> Vec<pb::TaxSourceState> {
    let sources = super::source_list(server, taxpayer).await;
    sources.iter().map(pb::TaxSource::state).collect()
}

/// Column 8, 10 and 11 of each line.
pub fn columns(declaration: &pb::Declaration) -> Vec<[&str; 3]> {
    let lines = declaration.lines.iter();
    lines
        .map(|line| {
            [
                line.tax_amount_yuan.as_str(),
                line.already_paid_yuan.as_str(),
                line.payable_yuan.as_str(),
            ]
        })
        .collect()
}

/// What is payable and what is refundable.
pub fn sums(declaration: &pb::Declaration) -> [&str; 2] {
    let totals = declaration.totals.as_ref().unwrap();
    [&totals.payable_yuan, &totals.refundable_yuan]
}

/// A request to void a declaration as it was seen.
pub fn voiding(filed: &pb::Declaration) -> pb::VoidDeclarationRequest {
    pb::VoidDeclarationRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        content_digest: filed.content_digest.clone(),
        reason: "重复申报".to_owned(),
        validate_only: false,
    }
}

/// States a source anew.
pub async fn restate(
    server: &Server,
    source: &pb::TaxSource,
    input: pb::TaxSourceInput,
) -> pb::TaxSource {
    let request = pb::UpdateTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: source.taxpayer_id.clone(),
        source_id: source.source_id.clone(),
        etag: source.etag.clone(),
        source: Some(input),
        validate_only: false,
    };
    let answer = server.sources().update_tax_source(request).await;
    answer.unwrap().into_inner().source.unwrap()
}

/// Closes a source.
pub async fn close_source(server: &Server, source: &pb::TaxSource) -> pb::TaxSource {
    let request = pb::CloseTaxSourceRequest {
        request_id: fresh(),
        taxpayer_id: source.taxpayer_id.clone(),
        source_id: source.source_id.clone(),
        etag: source.etag.clone(),
        validate_only: false,
    };
    let answer = server.sources().close_tax_source(request).await;
    answer.unwrap().into_inner().source.unwrap()
}

/// Pays a filed declaration at the quiet bank and lets the treasury say so.
pub async fn pay_and_settle(
    server: &Server,
    filed: &pb::Declaration,
    total_yuan: &str,
) -> pb::Payment {
    let payment = pay(server, filed, total_yuan).await;
    let answer = server
        .treasury()
        .report_settlement(settling(&payment))
        .await;
    answer.unwrap().into_inner().payment.unwrap()
}

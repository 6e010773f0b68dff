//! Looking at a life from outside: every voucher, every sum, and that nothing is left over.

use super::super::journey::{Failed, check, ensure, told};
use super::client::Client;
use super::ledger::LifeOutcome;
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::voucher_service_client::VoucherServiceClient;
use crate::signing;
use crate::types::Money;

/// The voucher of a payment, verified with the service and without it.
pub async fn voucher(
    client: &Client,
    tax_number: &str,
    payment: &pb::Payment,
) -> Result<pb::Voucher, Failed> {
    let mut vouchers = VoucherServiceClient::new(client.channel());
    let request = pb::GetVoucherRequest {
        taxpayer_id: client.taxpayer_id().to_owned(),
        voucher_number: payment.voucher_number.clone(),
    };
    let answer = vouchers.get_voucher(request).await;
    let answer = answer.map_err(|status| told("GetVoucher", &status))?;
    let voucher = answer.into_inner().voucher.ok_or("no voucher")?;
    let request = pb::VerifyVoucherRequest {
        voucher_number: voucher.voucher_number.clone(),
        tax_number: tax_number.to_owned(),
        total_yuan: voucher.total_yuan.clone(),
        verification_code: String::new(),
    };
    let answer = vouchers.verify_voucher(request).await;
    let verified = answer
        .map_err(|status| told("VerifyVoucher", &status))?
        .into_inner();
    ensure(verified.valid, "the service verifies the voucher")?;
    let holds = signing::verify(
        &verified.signed_text,
        &verified.signature,
        &verified.public_key,
    );
    ensure(holds, "the signature holds without the service")?;
    Ok(voucher)
}

/// Reads every page of a list.
macro_rules! every_page {
    ($client:ident, $service:ident, $method:ident, $request:ident, $rows:ident) => {{
        let mut request = pb::$request {
            taxpayer_id: $client.taxpayer_id().to_owned(),
            page_size: 200,
            ..Default::default()
        };
        let mut rows = Vec::new();
        loop {
            let answer = $service::new($client.channel())
                .$method(request.clone())
                .await
                .map_err(|status| told(stringify!($method), &status))?
                .into_inner();
            rows.extend(answer.$rows);
            if answer.next_page_token.is_empty() {
                break rows;
            }
            request.page_token = answer.next_page_token;
        }
    }};
}

/// Checks what a life came to against what the service lists.
///
/// # Errors
/// The first thing that is off.
pub async fn check_all(client: &Client, outcome: &LifeOutcome) -> Result<(), Failed> {
    for filed in &outcome.filings {
        match &filed.paid {
            // Σ lines = declaration = payment = voucher, and every state is final.
            Some((payment, voucher)) => check(&filed.declaration, payment, voucher)?,
            None => ensure(
                filed.declaration.state() == pb::DeclarationState::Completed,
                "what is not collected is completed",
            )?,
        }
    }
    let declarations = every_page!(
        client,
        DeclarationServiceClient,
        list_declarations,
        ListDeclarationsRequest,
        declarations
    );
    ensure(
        declarations.len() == outcome.filings.len(),
        "every declaration was filed by the play",
    )?;
    let open = |one: &&pb::Declaration| one.state() != pb::DeclarationState::Completed;
    ensure(
        declarations.iter().find(open).is_none(),
        "every declaration is completed",
    )?;
    for filed in &outcome.filings {
        if let Some((payment, _)) = &filed.paid {
            client.pays_once(&filed.declaration, payment).await?;
        }
    }
    let vouchers = every_page!(
        client,
        VoucherServiceClient,
        list_vouchers,
        ListVouchersRequest,
        vouchers
    );
    ensure(
        vouchers.len() == outcome.vouchers(),
        "one voucher for each settled payment",
    )?;
    let mut proven = Money::ZERO;
    for voucher in &vouchers {
        proven = proven.plus(Money::parse_yuan(&voucher.total_yuan)?)?;
    }
    let paid = outcome.principal()?.plus(outcome.surcharge()?)?;
    ensure(proven == paid, "Σ vouchers = Σ payments")?;
    let mut taxed = Money::ZERO;
    for sums in outcome.by_quarter()?.into_values() {
        taxed = taxed.plus(Money::sum(sums)?)?;
    }
    ensure(taxed == outcome.principal()?, "Σ lines = Σ tax paid")
}

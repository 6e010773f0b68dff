//! Looking at a life from outside: every voucher, every sum, and that nothing is left over.

use std::collections::BTreeSet;

use super::super::journey::{Failed, ensure, told};
use super::client::Client;
use super::ledger::{Filed, LifeOutcome, sum};
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::payment_service_client::PaymentServiceClient;
use crate::pb::voucher_service_client::VoucherServiceClient;
use crate::signing;
use crate::types::Money;

/// A voucher, verified with the service and without it.
pub async fn voucher(
    client: &Client,
    tax_number: &str,
    number: &str,
) -> Result<pb::Voucher, Failed> {
    let mut vouchers = VoucherServiceClient::new(client.channel());
    let request = pb::GetVoucherRequest {
        taxpayer_id: client.taxpayer_id().to_owned(),
        voucher_number: number.to_owned(),
    };
    let answer = vouchers.get_voucher(request).await;
    let answer = answer.map_err(|status| told("GetVoucher", &status))?;
    let voucher = answer.into_inner().voucher.ok_or("no voucher")?;
    let request = pb::VerifyVoucherRequest {
        voucher_number: voucher.voucher_number.clone(),
        tax_number: tax_number.to_owned(),
        total_yuan: voucher.total_yuan.clone(),
        verification_code: voucher.verification_code.clone(),
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
    let payments = every_page!(
        client,
        PaymentServiceClient,
        list_payments,
        ListPaymentsRequest,
        payments
    );
    for filed in &outcome.filings {
        check(filed)?;
        check_payments(filed, &payments)?;
        if let Some((payment, _)) = filed.paid.first() {
            client.pays_once(&filed.declaration, payment).await?;
        }
    }
    let all: usize = outcome.filings.iter().map(orders).sum();
    ensure(payments.len() == all, "every payment was made by the play")?;
    let refunds = every_page!(
        client,
        PaymentServiceClient,
        list_refunds,
        ListRefundsRequest,
        refunds
    );
    let ended = |one: &pb::Refund| one.state() == pb::RefundState::Paid;
    ensure(
        refunds.len() == outcome.refunds.len() && refunds.iter().all(ended),
        "every refund was claimed by the play, and has ended",
    )?;
    let vouchers = every_page!(
        client,
        VoucherServiceClient,
        list_vouchers,
        ListVouchersRequest,
        vouchers
    );
    check_sums(outcome, &vouchers, &payments)
}

fn orders(filed: &Filed) -> usize {
    filed.paid.len().saturating_add(filed.refused.len())
}

/// Σ lines = declaration = Σ payments = Σ vouchers of one filing, and every state is final.
fn check(filed: &Filed) -> Result<(), Failed> {
    use pb::DeclarationState as State;
    let declaration = &filed.declaration;
    let mut payable = Money::ZERO;
    for line in &declaration.lines {
        payable = payable.plus(Money::parse_yuan(&line.payable_yuan)?.or_zero())?;
    }
    let totals = declaration.totals.clone().unwrap_or_default();
    ensure(
        payable.to_string() == totals.payable_yuan,
        "Σ lines = declaration",
    )?;
    match declaration.state() {
        State::Voided => return ensure(orders(filed) == 0, "what is voided was never paid"),
        State::Corrected => ensure(
            !declaration.corrected_by_declaration_id.is_empty(),
            "what is corrected names its correction",
        )?,
        State::Completed => {}
        _ => return Err("a declaration is open".into()),
    }
    let paid = || filed.paid.iter().map(|(payment, _)| payment);
    let principal = sum(paid().map(|one| &one.principal_yuan))?;
    ensure(principal == payable, "declaration = Σ payments")?;
    for (payment, voucher) in &filed.paid {
        ensure(
            payment.principal_yuan == voucher.principal_yuan
                && payment.total_yuan == voucher.total_yuan,
            "payment = voucher",
        )?;
        let rows = sum(voucher.rows.iter().map(|row| &row.amount_yuan))?;
        ensure(
            rows.to_string() == voucher.total_yuan,
            "Σ voucher rows = voucher",
        )?;
        ensure(
            voucher.state() == pb::VoucherState::Issued
                && voucher.content_digest == declaration.content_digest,
            "the voucher is issued for the declaration",
        )?;
    }
    Ok(())
}

/// A declaration has the payments the play knows of, each in its final state, and no other.
fn check_payments(filed: &Filed, all: &[pb::Payment]) -> Result<(), Failed> {
    use pb::PaymentState as State;
    let id = &filed.declaration.declaration_id;
    let own = || all.iter().filter(|one| one.declaration_id == *id);
    let listed = |states: &[State]| -> BTreeSet<&str> {
        let payments = own().filter(|one| states.contains(&one.state()));
        payments.map(|one| one.payment_id.as_str()).collect()
    };
    let paid = filed.paid.iter().map(|(one, _)| one.payment_id.as_str());
    let refused = filed.refused.iter().map(|one| one.payment_id.as_str());
    ensure(
        listed(&[State::InTreasury, State::Refunded]) == paid.collect(),
        "each declaration has the payments it should",
    )?;
    ensure(
        listed(&[State::Failed, State::Reversed]) == refused.collect(),
        "each order the bank refused or took back is known",
    )?;
    ensure(own().count() == orders(filed), "no payment is open")
}

/// Σ vouchers = Σ treasury, and Σ lines = tax paid − tax refunded.
fn check_sums(
    outcome: &LifeOutcome,
    vouchers: &[pb::Voucher],
    payments: &[pb::Payment],
) -> Result<(), Failed> {
    ensure(
        vouchers.len() == outcome.vouchers(),
        "one voucher for each settled payment and each payout",
    )?;
    let proven = sum(vouchers.iter().map(|one| &one.total_yuan))?;
    let settled = payments.iter().filter(|one| {
        use pb::PaymentState as State;
        [State::InTreasury, State::Refunded].contains(&one.state())
    });
    let debited = settled.filter(|one| one.channel() == pb::PaymentChannel::Agreement);
    let received = sum(debited.map(|one| &one.received_yuan))?;
    let sums = outcome.sums()?;
    let treasury = received.minus(sums.paid_out)?;
    ensure(
        proven.minus(sums.offset)? == treasury,
        "Σ vouchers = Σ treasury",
    )?;
    ensure(
        sums.in_treasury()? == treasury,
        "what was paid is in the treasury",
    )?;
    let given_back = sums.refunded.plus(sums.interest)?;
    ensure(
        given_back == sums.offset.plus(sums.paid_out)?,
        "each refund was set off or paid out, to the fen",
    )?;
    let mut taxed = Money::ZERO;
    for sums in outcome.by_quarter()?.into_values() {
        taxed = taxed.plus(Money::sum(sums)?)?;
    }
    ensure(
        taxed == sums.principal.minus(sums.refunded)?,
        "Σ lines = tax paid − tax refunded",
    )
}

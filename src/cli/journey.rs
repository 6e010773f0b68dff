//! A journey, played through the public API as any client would.

use std::time::Duration;

use serde::Deserialize;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use super::{json, paper};
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::payment_service_client::PaymentServiceClient;
use crate::pb::sandbox_service_client::SandboxServiceClient;
use crate::pb::tax_source_service_client::TaxSourceServiceClient;
use crate::pb::taxpayer_service_client::TaxpayerServiceClient;
use crate::pb::voucher_service_client::VoucherServiceClient;
use crate::signing;
use crate::types::{Money, TaxpayerId};

const SETTLEMENT_WAIT: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(50);

/// The first thing that was off.
pub type Failed = Box<dyn std::error::Error>;

/// A journey as its file states it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JourneyInput {
    /// What it is about, for people.
    #[serde(rename = "about")]
    _about: String,
    now: serde_json::Value,
    window: serde_json::Value,
    agreement_number: String,
    taxpayer: serde_json::Value,
    sources: Vec<serde_json::Value>,
}

/// What came of a journey, all checked.
#[derive(Debug, Clone)]
pub struct JourneyOutcome {
    /// The declaration after payment.
    pub declaration: pb::Declaration,
    /// The payment in the treasury.
    pub payment: pb::Payment,
    /// The verified voucher.
    pub voucher: pb::Voucher,
}

impl JourneyInput {
    /// Reads a journey file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// The stage on which a journey is played.
struct Stage {
    channel: Channel,
    taxpayer_id: String,
    quiet: bool,
}

pub(super) fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// Says what failed, with the service's own words.
pub(super) fn told(step: &str, status: &tonic::Status) -> Failed {
    format!("{step}: {:?}: {}", status.code(), status.message()).into()
}

pub(super) fn ensure(holds: bool, what: &str) -> Result<(), Failed> {
    if holds {
        Ok(())
    } else {
        Err(format!("something is off: {what}").into())
    }
}

/// Plays a journey on a running sandbox and checks everything it comes to.
///
/// # Errors
/// The first thing that is off.
pub async fn play(
    address: &str,
    input: &JourneyInput,
    quiet: bool,
) -> Result<JourneyOutcome, Failed> {
    let channel = Endpoint::from_shared(address.to_owned())?.connect().await?;
    let now: pb::SetClockRequest = json::read(
        "SetClockRequest",
        &serde_json::json!({"now": input.now}).to_string(),
    )?;
    let today = SandboxServiceClient::new(channel.clone())
        .set_clock(now)
        .await
        .map_err(|status| told("SetClock", &status))?
        .into_inner()
        .today;
    let taxpayer = register(&channel, &input.taxpayer).await?;
    let stage = Stage {
        channel,
        taxpayer_id: taxpayer.taxpayer_id.clone(),
        quiet,
    };
    stage.say(&format!(
        "今天是 {today}。登记纳税人：{} {}",
        taxpayer.tax_number, taxpayer.name
    ));
    stage.collect(&input.sources).await?;
    let draft = stage.draft(input).await?;
    let filed = stage.file(&draft).await?;
    let payment = stage.pay(&filed, &input.agreement_number).await?;
    let payment = stage.wait_for_treasury(payment).await?;
    let voucher = stage.voucher(&taxpayer, &payment).await?;
    let declaration = stage.declaration(&filed.declaration_id).await?;
    check(&declaration, &payment, &voucher)?;
    stage.say("一张报表、一次申报、一次缴纳、一张凭证：全部核对一致。");
    Ok(JourneyOutcome {
        declaration,
        payment,
        voucher,
    })
}

/// Registers a taxpayer; where a sandbox has it already, one with the next free number.
pub(super) async fn register(
    channel: &Channel,
    taxpayer: &serde_json::Value,
) -> Result<pb::Taxpayer, Failed> {
    let mut client = TaxpayerServiceClient::new(channel.clone());
    let text = taxpayer.to_string();
    let mut request: pb::RegisterTaxpayerRequest = json::read("RegisterTaxpayerRequest", &text)?;
    loop {
        request.request_id = request_id();
        match client.register_taxpayer(request.clone()).await {
            Ok(answer) => {
                return answer
                    .into_inner()
                    .taxpayer
                    .ok_or_else(|| "no taxpayer".into());
            }
            Err(status) if status.code() == tonic::Code::AlreadyExists => {
                let next = TaxpayerId::parse(&request.tax_number)?.next_demonstration_number();
                request.tax_number = next.ok_or("no free demonstration number")?.to_string();
            }
            Err(status) => return Err(told("RegisterTaxpayer", &status)),
        }
    }
}

impl Stage {
    fn say(&self, text: &str) {
        if !self.quiet {
            println!("{text}");
        }
    }

    async fn collect(&self, sources: &[serde_json::Value]) -> Result<(), Failed> {
        let mut client = TaxSourceServiceClient::new(self.channel.clone());
        for (place, source) in sources.iter().enumerate() {
            let input: pb::TaxSourceInput = json::read("TaxSourceInput", &source.to_string())?;
            let name = input.name.clone();
            let request = pb::CreateTaxSourceRequest {
                request_id: request_id(),
                taxpayer_id: self.taxpayer_id.clone(),
                source: Some(input),
                validate_only: false,
            };
            client
                .create_tax_source(request)
                .await
                .map_err(|status| told(&format!("CreateTaxSource {name}"), &status))?;
            self.say(&format!(
                "[{}/{}] 采集税源：{name}",
                place + 1,
                sources.len()
            ));
        }
        Ok(())
    }

    async fn draft(&self, input: &JourneyInput) -> Result<pb::Declaration, Failed> {
        let mut client = DeclarationServiceClient::new(self.channel.clone());
        let window: pb::Period = json::read("Period", &input.window.to_string())?;
        let list = pb::ListObligationsRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            window: Some(window.clone()),
        };
        let obligations = client
            .list_obligations(list)
            .await
            .map_err(|status| told("ListObligations", &status))?
            .into_inner()
            .obligations;
        let due = obligations
            .iter()
            .filter(|one| one.reason() == pb::ObligationReason::Due)
            .count();
        self.say(&format!(
            "当期应申报：{due} 项，共 {} 项税源",
            obligations.len()
        ));
        let request = pb::DraftDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            window: Some(window),
            tax_authority_code: String::new(),
            taxes: Vec::new(),
        };
        let drawn = client
            .draft_declaration(request)
            .await
            .map_err(|status| told("DraftDeclaration", &status))?
            .into_inner();
        ensure(drawn.declarations.len() == 1, "one form for one authority")?;
        let draft = drawn.declarations.into_iter().next().ok_or("no draft")?;
        self.say(&paper::form(&draft));
        Ok(draft)
    }

    async fn file(&self, draft: &pb::Declaration) -> Result<pb::Declaration, Failed> {
        let mut client = DeclarationServiceClient::new(self.channel.clone());
        let validate = pb::ValidateDeclarationRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
        };
        let checked = client
            .validate_declaration(validate)
            .await
            .map_err(|status| told("ValidateDeclaration", &status))?
            .into_inner();
        for (finding, count) in grouped(&checked.findings) {
            let times = if count > 1 {
                format!("（{count} 处）")
            } else {
                String::new()
            };
            self.say(&format!(
                "校验 {}：{}{times}",
                finding.rule_id, finding.message
            ));
        }
        ensure(checked.submittable, "the draft can be submitted")?;
        ensure(
            checked.content_digest == draft.content_digest,
            "the draft's digest",
        )?;
        let warning = |finding: &&pb::Finding| finding.severity() == pb::Severity::Warning;
        let mut warnings: Vec<String> = checked
            .findings
            .iter()
            .filter(warning)
            .map(|found| found.rule_id.clone())
            .collect();
        warnings.sort();
        warnings.dedup();
        let request = pb::SubmitDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
            content_digest: draft.content_digest.clone(),
            acknowledged_warnings: warnings,
            validate_only: false,
        };
        let filed = client
            .submit_declaration(request)
            .await
            .map_err(|status| told("SubmitDeclaration", &status))?
            .into_inner()
            .declaration
            .ok_or("no declaration")?;
        self.say(&format!(
            "已申报：{} 内容摘要 {}",
            filed.declaration_id, filed.content_digest
        ));
        Ok(filed)
    }

    async fn pay(
        &self,
        filed: &pb::Declaration,
        agreement_number: &str,
    ) -> Result<pb::Payment, Failed> {
        let mut client = PaymentServiceClient::new(self.channel.clone());
        let quote = pb::QuotePaymentRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            pay_on: Vec::new(),
        };
        let quoted = client
            .quote_payment(quote)
            .await
            .map_err(|status| told("QuotePayment", &status))?
            .into_inner();
        let quote = quoted.quotes.into_iter().next().ok_or("no quote")?;
        self.say(&format!(
            "{} 缴纳：税款 {} 滞纳金 {} 合计 {} 元",
            quote.pay_on, quote.principal_yuan, quote.surcharge_yuan, quote.total_yuan
        ));
        let request = pb::CreatePaymentRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: filed.declaration_id.clone(),
            content_digest: quoted.content_digest,
            total_yuan: quote.total_yuan,
            agreement_number: agreement_number.to_owned(),
            validate_only: false,
        };
        let payment = client
            .create_payment(request)
            .await
            .map_err(|status| told("CreatePayment", &status))?
            .into_inner()
            .payment
            .ok_or("no payment")?;
        self.say(&format!(
            "缴款 {} 状态 {}",
            payment.payment_id,
            payment.state().as_str_name()
        ));
        Ok(payment)
    }

    async fn wait_for_treasury(&self, payment: pb::Payment) -> Result<pb::Payment, Failed> {
        tokio::time::timeout(SETTLEMENT_WAIT, self.settled(payment))
            .await
            .map_err(|_| "the treasury did not settle in time")?
    }

    async fn settled(&self, payment: pb::Payment) -> Result<pb::Payment, Failed> {
        let mut client = PaymentServiceClient::new(self.channel.clone());
        loop {
            let request = pb::GetPaymentRequest {
                taxpayer_id: self.taxpayer_id.clone(),
                payment_id: payment.payment_id.clone(),
            };
            let now = client
                .get_payment(request)
                .await
                .map_err(|status| told("GetPayment", &status))?
                .into_inner()
                .payment
                .ok_or("no payment")?;
            match now.state() {
                pb::PaymentState::InTreasury => {
                    self.say(&format!("已入库，银行流水 {}", now.bank_reference));
                    return Ok(now);
                }
                pb::PaymentState::Failed => {
                    return Err(format!("the bank refused: {}", now.failure_reason).into());
                }
                _ => tokio::time::sleep(POLL_EVERY).await,
            }
        }
    }

    async fn voucher(
        &self,
        taxpayer: &pb::Taxpayer,
        payment: &pb::Payment,
    ) -> Result<pb::Voucher, Failed> {
        let mut client = VoucherServiceClient::new(self.channel.clone());
        let request = pb::GetVoucherRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            voucher_number: payment.voucher_number.clone(),
        };
        let voucher = client
            .get_voucher(request)
            .await
            .map_err(|status| told("GetVoucher", &status))?
            .into_inner()
            .voucher
            .ok_or("no voucher")?;
        self.say(&paper::voucher(&voucher));
        let request = pb::VerifyVoucherRequest {
            voucher_number: voucher.voucher_number.clone(),
            tax_number: taxpayer.tax_number.clone(),
            total_yuan: voucher.total_yuan.clone(),
            verification_code: voucher.verification_code.clone(),
        };
        let verified = client
            .verify_voucher(request)
            .await
            .map_err(|status| told("VerifyVoucher", &status))?
            .into_inner();
        ensure(verified.valid, "the service verifies the voucher")?;
        let holds = signing::verify(
            &verified.signed_text,
            &verified.signature,
            &verified.public_key,
        );
        ensure(holds, "the signature holds without the service")?;
        self.say("凭证查验：在线有效，离线签名有效");
        Ok(voucher)
    }

    async fn declaration(&self, id: &str) -> Result<pb::Declaration, Failed> {
        let request = pb::GetDeclarationRequest {
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: id.to_owned(),
        };
        DeclarationServiceClient::new(self.channel.clone())
            .get_declaration(request)
            .await
            .map_err(|status| told("GetDeclaration", &status))?
            .into_inner()
            .declaration
            .ok_or_else(|| "no declaration".into())
    }
}

/// Σ lines = declaration = payment = voucher, to the fen, and every state is final.
pub(super) fn check(
    declaration: &pb::Declaration,
    payment: &pb::Payment,
    voucher: &pb::Voucher,
) -> Result<(), Failed> {
    let mut lines = Money::ZERO;
    for line in &declaration.lines {
        lines = lines.plus(Money::parse_yuan(&line.payable_yuan)?.or_zero())?;
    }
    let mut rows = Money::ZERO;
    for row in &voucher.rows {
        rows = rows.plus(Money::parse_yuan(&row.amount_yuan)?)?;
    }
    let totals = declaration.totals.clone().unwrap_or_default();
    ensure(
        lines.to_string() == totals.payable_yuan,
        "Σ lines = declaration",
    )?;
    ensure(
        totals.payable_yuan == payment.principal_yuan,
        "declaration = payment",
    )?;
    ensure(
        payment.principal_yuan == voucher.principal_yuan,
        "payment = voucher",
    )?;
    ensure(
        rows.to_string() == voucher.total_yuan,
        "Σ voucher rows = voucher",
    )?;
    ensure(
        payment.total_yuan == voucher.total_yuan,
        "payment total = voucher total",
    )?;
    let completed = declaration.state() == pb::DeclarationState::Completed;
    ensure(completed, "the declaration is completed")?;
    ensure(
        voucher.state() == pb::VoucherState::Issued,
        "the voucher is issued",
    )?;
    ensure(
        voucher.content_digest == declaration.content_digest,
        "the voucher's digest",
    )
}

/// Findings that say the same, once with their number.
fn grouped(findings: &[pb::Finding]) -> Vec<(&pb::Finding, usize)> {
    let mut groups: Vec<(&pb::Finding, usize)> = Vec::new();
    for finding in findings {
        let same = |(other, _): &&mut (&pb::Finding, usize)| {
            other.rule_id == finding.rule_id && other.message == finding.message
        };
        match groups.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => groups.push((finding, 1)),
        }
    }
    groups
}

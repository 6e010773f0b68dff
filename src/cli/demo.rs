//! `caixing demo`: the whole journey, played through the public API as any client would.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use super::{json, table};
use crate::pb;
use crate::pb::declaration_service_client::DeclarationServiceClient;
use crate::pb::payment_service_client::PaymentServiceClient;
use crate::pb::sandbox_service_client::SandboxServiceClient;
use crate::pb::tax_source_service_client::TaxSourceServiceClient;
use crate::pb::taxpayer_service_client::TaxpayerServiceClient;
use crate::pb::voucher_service_client::VoucherServiceClient;
use crate::server::{self, Settings};
use crate::signing;
use crate::types::{Money, TaxpayerId};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");
const SETTLEMENT_WAIT: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(50);

type Failed = Box<dyn std::error::Error>;

/// The arguments.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// A running sandbox such as `http://127.0.0.1:50051`; without it one is started for the demo.
    #[arg(long, env = "CAIXING_SERVER")]
    server: Option<String>,
    /// A journey file like `examples/hefei-manufacturer.json`; without it that one is played.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Print the outcome as one line of JSON instead of tables.
    #[arg(long)]
    json: bool,
}

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

/// Runs the command.
pub async fn run(command: Demo) -> Result<(), Failed> {
    let text = match &command.input {
        Some(file) => std::fs::read_to_string(file)?,
        None => EXAMPLE.to_owned(),
    };
    let input = JourneyInput::parse(&text)?;
    let quiet = command.json;
    let outcome = match command.server {
        Some(address) => play(&address, &input, quiet).await?,
        None => {
            let dir = std::env::temp_dir().join(format!("caixing-demo-{}", Uuid::now_v7()));
            let settings = Settings {
                listen: ([127, 0, 0, 1], 0).into(),
                data_dir: dir.clone(),
                rules_dir: None,
                sandbox: true,
            };
            let running = server::start(&settings).await?;
            let outcome = play(&format!("http://{}", running.address), &input, quiet).await;
            running.stop().await?;
            std::fs::remove_dir_all(&dir)?;
            outcome?
        }
    };
    if command.json {
        println!(
            "{}",
            serde_json::json!({
                "verified": true,
                "declarationId": outcome.declaration.declaration_id,
                "paymentId": outcome.payment.payment_id,
                "voucherNumber": outcome.voucher.voucher_number,
                "totalYuan": outcome.voucher.total_yuan,
            })
        );
    }
    Ok(())
}

/// The stage on which a journey is played.
struct Stage {
    channel: Channel,
    taxpayer_id: String,
    quiet: bool,
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// Says what failed, with the service's own words.
fn told(step: &str, status: &tonic::Status) -> Failed {
    format!("{step}: {:?}: {}", status.code(), status.message()).into()
}

fn ensure(holds: bool, what: &str) -> Result<(), Failed> {
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
    let taxpayer = register(&channel, input).await?;
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

/// Registers the journey's taxpayer; where a sandbox has it already, one with the next free number.
async fn register(channel: &Channel, input: &JourneyInput) -> Result<pb::Taxpayer, Failed> {
    let mut client = TaxpayerServiceClient::new(channel.clone());
    let text = input.taxpayer.to_string();
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
        self.show_form(&draft);
        Ok(draft)
    }

    fn show_form(&self, draft: &pb::Declaration) {
        let mut rows: Vec<Vec<String>> = draft
            .form
            .iter()
            .map(|row| {
                let period = row.period.clone().unwrap_or_default();
                vec![
                    row.row_number.to_string(),
                    row.tax_name.clone(),
                    row.item_name.clone(),
                    format!("{}～{}", period.first_day, period.last_day),
                    row.base.clone(),
                    row.rate.clone(),
                    row.tax_amount_yuan.clone(),
                    row.relief_yuan.clone(),
                    row.already_paid_yuan.clone(),
                    row.payable_yuan.clone(),
                ]
            })
            .collect();
        let totals = draft.totals.clone().unwrap_or_default();
        let dash = || "——".to_owned();
        rows.push(vec![
            String::new(),
            "合计".to_owned(),
            dash(),
            dash(),
            dash(),
            dash(),
            totals.tax_amount_yuan,
            totals.relief_yuan,
            totals.already_paid_yuan,
            totals.net_yuan,
        ]);
        let heading = [
            "序号",
            "税种",
            "税目",
            "税款所属期",
            "计税依据",
            "税率",
            "应纳税额",
            "减免税额",
            "已缴税额",
            "应补(退)税额",
        ];
        self.say("\n财产和行为税纳税申报表（单位：元）");
        self.say(&table::lay_out(&heading, &rows, 4));
        self.say(&format!("缴款期限：{}\n", draft.due_on));
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
        for finding in &checked.findings {
            self.say(&format!("校验 {}：{}", finding.rule_id, finding.message));
        }
        ensure(checked.submittable, "the draft can be submitted")?;
        ensure(
            checked.content_digest == draft.content_digest,
            "the draft's digest",
        )?;
        let warning = |finding: &&pb::Finding| finding.severity() == pb::Severity::Warning;
        let warnings = checked.findings.iter().filter(warning);
        let request = pb::SubmitDeclarationRequest {
            request_id: request_id(),
            taxpayer_id: self.taxpayer_id.clone(),
            declaration_id: draft.declaration_id.clone(),
            content_digest: draft.content_digest.clone(),
            acknowledged_warnings: warnings.map(|finding| finding.rule_id.clone()).collect(),
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
        let mut client = PaymentServiceClient::new(self.channel.clone());
        let started = Instant::now();
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
                _ if started.elapsed() > SETTLEMENT_WAIT => {
                    return Err("the treasury did not settle in time".into());
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
        let rows: Vec<Vec<String>> = voucher
            .rows
            .iter()
            .map(|row| {
                let period = row.period.clone().unwrap_or_default();
                vec![
                    row.tax_name.clone(),
                    row.item_name.clone(),
                    format!("{}～{}", period.first_day, period.last_day),
                    row.treasury_date.clone(),
                    row.amount_yuan.clone(),
                ]
            })
            .collect();
        self.say(&format!("\n税收完税证明 No. {}", voucher.voucher_number));
        self.say(&format!(
            "填发日期 {}  税务机关 {}  纳税人 {} {}",
            voucher.issued_on,
            voucher.tax_authority_code,
            voucher.tax_number,
            voucher.taxpayer_name
        ));
        let heading = ["税种", "品目名称", "税款所属时期", "入库日期", "实缴金额"];
        self.say(&table::lay_out(&heading, &rows, 4));
        self.say(&format!(
            "金额合计 {} 元（大写）{}",
            voucher.total_yuan, voucher.total_in_words
        ));
        let request = pb::VerifyVoucherRequest {
            voucher_number: voucher.voucher_number.clone(),
            tax_number: taxpayer.tax_number.clone(),
            total_yuan: voucher.total_yuan.clone(),
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
fn check(
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

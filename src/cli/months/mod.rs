//! `caixing demo --months N`: the months of a taxpayer's life, played through the public API by
//! moving the sandbox's clock.

mod aftermath;
mod audit;
mod client;
mod ledger;
mod script;

use std::collections::HashMap;

use jiff::civil::Date;
use serde_json::{Map, Value};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::journey::{Failed, ensure, register, told};
use super::json;
use crate::pb;
use crate::pb::sandbox_service_client::SandboxServiceClient;
use crate::types::{Month, Period};
use client::Client;

pub use ledger::{Filed, LifeOutcome, PaidBack};
pub use script::Life;
use script::{Act, Deed, Filing, Restatement};

/// Orders of one declaration that the bank may refuse before the play gives up.
const ORDERS: usize = 3;

/// What a month's line tells.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    collected: usize,
    restated: usize,
    filed: usize,
    corrected: usize,
    voided: usize,
    paid: usize,
    refunded: usize,
}

/// A life while it is played.
struct Stage {
    client: Client,
    today: Date,
    sources: HashMap<String, (pb::TaxSource, Value)>,
    places: Map<String, Value>,
    /// Places of what is filed and not yet paid.
    unpaid: Vec<usize>,
    outcome: LifeOutcome,
    tally: Tally,
}

/// Plays the first months of a life on a running sandbox and checks everything it comes to. `say`
/// is told each month when it ends.
///
/// # Errors
/// The first thing that is off.
pub async fn live(
    address: &str,
    life: &Life,
    months: usize,
    mut say: impl FnMut(&str),
) -> Result<LifeOutcome, Failed> {
    let most = life.months.len();
    if months == 0 || months > most {
        return Err(format!("the script has 1 to {most} months, not {months}").into());
    }
    let acts = life.acts(months);
    let first = acts.first().ok_or("the script is empty")?.on;
    let channel = Endpoint::from_shared(address.to_owned())?.connect().await?;
    set_clock(&channel, first).await?;
    let taxpayer = register(&channel, &life.taxpayer).await?;
    say(&format!(
        "登记纳税人：{} {}",
        taxpayer.tax_number, taxpayer.name
    ));
    let agreement = life.agreement_number.clone();
    let mut stage = Stage {
        client: Client::new(channel, taxpayer.taxpayer_id, agreement),
        today: first,
        sources: HashMap::new(),
        places: life.places.clone(),
        unpaid: Vec::new(),
        outcome: LifeOutcome {
            tax_number: taxpayer.tax_number,
            ..LifeOutcome::default()
        },
        tally: Tally::default(),
    };
    for act in acts {
        let month = Month::of(act.on);
        if month != Month::of(stage.today) {
            say(&stage.month_line(life));
        }
        let place = format!("{}", act.on);
        let played = stage.play(act).await;
        played.map_err(|error| format!("{place}: {error}"))?;
    }
    stage.pay_all().await?;
    stage.pay_out_rest().await?;
    say(&stage.month_line(life));
    stage.look_again().await?;
    audit::check_all(&stage.client, &stage.outcome).await?;
    Ok(stage.outcome)
}

/// Ten in the morning in China.
async fn set_clock(channel: &Channel, day: Date) -> Result<(), Failed> {
    let text = serde_json::json!({"now": format!("{day}T02:00:00Z")}).to_string();
    let request: pb::SetClockRequest = json::read("SetClockRequest", &text)?;
    let answer = SandboxServiceClient::new(channel.clone())
        .set_clock(request)
        .await;
    let today = answer
        .map_err(|status| told("SetClock", &status))?
        .into_inner()
        .today;
    ensure(today == day.to_string(), "the clock follows")
}

impl Stage {
    /// The line of the month that ends, and a clean tally.
    fn month_line(&mut self, life: &Life) -> String {
        let month = Month::of(self.today);
        let tally = std::mem::take(&mut self.tally);
        let line = format!(
            "{month}  采集 {:>2}  变更 {:>2}  申报 {:>2}  更正 {}  作废 {}  缴款入库 {:>2}  退税 {}  {}",
            tally.collected,
            tally.restated,
            tally.filed,
            tally.corrected,
            tally.voided,
            tally.paid,
            tally.refunded,
            life.about(month)
        );
        line.trim_end().to_owned()
    }

    async fn play(&mut self, act: Act) -> Result<(), Failed> {
        if act.on != self.today {
            set_clock(&self.client.channel(), act.on).await?;
            self.today = act.on;
        }
        match act.deed {
            Deed::Collect(source) => self.collect(source).await,
            Deed::Restate(change) => self.restate(&change).await,
            Deed::Close(name) => self.close(&name).await,
            Deed::Taxpayer(change) => self.update(&change).await,
            Deed::Fault(fault) => self.fault(fault).await,
            Deed::File(filing) => self.file(&filing).await,
            Deed::Pay(_) => self.pay_all().await,
            Deed::Correct(act) => self.correct(&act).await,
            Deed::Void(act) => self.void(&act).await,
            Deed::Refund(act) => self.claim(&act).await,
            Deed::SetOff(act) => self.set_off(&act).await,
            Deed::PayOut(name) => self.pay_out(&name).await,
        }
    }

    async fn collect(&mut self, mut source: Map<String, Value>) -> Result<(), Failed> {
        let place = source.remove("place");
        let named = place.as_ref().and_then(Value::as_str).unwrap_or_default();
        let place = self.places.get(named).and_then(Value::as_object);
        source.extend(place.ok_or("a source without place")?.clone());
        let source = Value::Object(source);
        let input: pb::TaxSourceInput = json::read("TaxSourceInput", &source.to_string())?;
        let name = input.name.clone();
        let kept = self.client.collect(input).await?;
        let earlier = self.sources.insert(name, (kept, source));
        self.tally.collected += 1;
        ensure(earlier.is_none(), "a source's name is given once")
    }

    async fn restate(&mut self, change: &Restatement) -> Result<(), Failed> {
        let missing = || format!("{} is not collected", change.source);
        let known = self.sources.get_mut(&change.source).ok_or_else(missing)?;
        let (kept, stated) = known;
        for (place, value) in &change.set {
            put(stated, place, value)?;
        }
        for (place, value) in &change.append {
            let list = stated.pointer_mut(place).and_then(Value::as_array_mut);
            let more = value.as_array().ok_or("a list is appended")?;
            list.ok_or("no list to append to")?.extend(more.clone());
        }
        let input: pb::TaxSourceInput = json::read("TaxSourceInput", &stated.to_string())?;
        *kept = self.client.restate(kept, input).await?;
        self.tally.restated += 1;
        Ok(())
    }

    async fn close(&mut self, name: &str) -> Result<(), Failed> {
        let missing = || format!("{name} is not collected");
        let (kept, _) = self.sources.get(name).ok_or_else(missing)?;
        self.client.close(kept).await?;
        self.tally.restated += 1;
        Ok(())
    }

    /// Fields that are not named stay as they are.
    async fn update(&mut self, change: &Value) -> Result<(), Failed> {
        let current = self.client.taxpayer().await?;
        let text = change.to_string();
        let mut request: pb::UpdateTaxpayerRequest = json::read("UpdateTaxpayerRequest", &text)?;
        request.etag = current.etag;
        request.name = current.name;
        request.kind = current.kind;
        self.tally.restated += 1;
        self.client.update(request).await
    }

    /// A server whose bank is somebody else's lets no bank fault be set; then nothing goes wrong.
    async fn fault(&mut self, mut fault: Value) -> Result<(), Failed> {
        if let Some(fields) = fault.as_object_mut() {
            let id = self.client.taxpayer_id().to_owned();
            fields.insert("taxpayerId".to_owned(), id.into());
        }
        let request: pb::SetFaultRequest = json::read("SetFaultRequest", &fault.to_string())?;
        let mut sandbox = SandboxServiceClient::new(self.client.channel());
        match sandbox.set_fault(request).await {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::FailedPrecondition => {
                self.outcome.skipped_faults += 1;
                Ok(())
            }
            Err(status) => Err(told("SetFault", &status)),
        }
    }

    async fn file(&mut self, filing: &Filing) -> Result<(), Failed> {
        let taxes = taxes(&filing.taxes)?;
        let window = window(filing.months);
        let whom = filing.authority.as_str();
        let due = self.client.due(&window, &taxes, whom).await?;
        if due.is_empty() {
            return Ok(());
        }
        let filed = self.client.file(&window, &due, whom).await?;
        for declaration in filed {
            self.tally.filed += 1;
            let place = self.keep(declaration);
            if filing.pay_later {
                self.unpaid.push(place);
            } else {
                self.settle(place).await?;
            }
        }
        Ok(())
    }

    /// Keeps what was filed.
    fn keep(&mut self, declaration: pb::Declaration) -> usize {
        self.outcome.filings.push(Filed::new(declaration));
        self.outcome.filings.len().saturating_sub(1)
    }

    async fn pay_all(&mut self) -> Result<(), Failed> {
        for place in std::mem::take(&mut self.unpaid) {
            self.settle(place).await?;
        }
        Ok(())
    }

    fn filed(&mut self, place: usize) -> Result<&mut Filed, Failed> {
        let filed = self.outcome.filings.get_mut(place);
        filed.ok_or_else(|| "nothing is filed there".into())
    }

    /// Pays what is filed, as often as the bank refuses it or takes it back, and fetches the
    /// voucher.
    async fn settle(&mut self, place: usize) -> Result<(), Failed> {
        let filed = self.filed(place)?.declaration.clone();
        if filed.state() != pb::DeclarationState::AwaitingPayment {
            return Ok(());
        }
        for _ in 0..ORDERS {
            let Some(payment) = self.client.pay(&filed).await? else {
                return Ok(());
            };
            if payment.state() == pb::PaymentState::InTreasury {
                return self.prove(place, payment).await;
            }
            self.filed(place)?.refused.push(payment);
        }
        Err("the bank refuses order after order".into())
    }

    /// Fetches and verifies the voucher of a payment.
    async fn prove(&mut self, place: usize, payment: pb::Payment) -> Result<(), Failed> {
        let voucher = &payment.voucher_number;
        let voucher = audit::voucher(&self.client, &self.outcome.tax_number, voucher).await?;
        self.tally.paid += 1;
        self.filed(place)?.paid.push((payment, voucher));
        Ok(())
    }
}

/// Taxes by their names.
fn taxes(names: &[String]) -> Result<Vec<pb::TaxKind>, Failed> {
    let read =
        |name: &String| pb::TaxKind::from_str_name(name).ok_or_else(|| Failed::from("no such tax"));
    names.iter().map(read).collect()
}

/// The days of some months.
fn window([first, last]: [Month; 2]) -> pb::Period {
    let window = Period::months_between(first, last);
    pb::Period {
        first_day: window.first().to_string(),
        last_day: window.last().to_string(),
    }
}

/// Puts a value at a place such as `/landUse/end`, whose parent is there.
fn put(stated: &mut Value, place: &str, value: &Value) -> Result<(), Failed> {
    let (parent, name) = place.rsplit_once('/').ok_or("a place begins with /")?;
    let fields = stated.pointer_mut(parent).and_then(Value::as_object_mut);
    fields
        .ok_or("there is nothing to put a value into")?
        .insert(name.to_owned(), value.clone());
    Ok(())
}

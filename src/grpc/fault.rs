//! The sandbox's fault dial, and forgetting.

use super::app::{App, Parts};
use super::call::{Answer, Call};
use super::convert::{self, Fields, Violation};
use super::dial::{DialledFault, ErrorDial, Scenario, bank_fault, bank_fault_name, line};
use super::failure::Failure;
use super::scenario::is_method;
use crate::filing::Refusal;
use crate::gateway::{BankFaults, FaultRule};
use crate::pb;
use crate::pb::set_fault_request::Fault;
use crate::types::{Invalid, TaxpayerKey};

/// Sets or turns off a fault, and lists what is set.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    app: &App,
    _: &Call,
    wire: pb::SetFaultRequest,
) -> Result<Answer<pb::SetFaultResponse>, Failure> {
    let mut violations = Vec::new();
    let scenario = read(&wire, &mut violations);
    let (Some(scenario), true) = (scenario, violations.is_empty()) else {
        return Err(violations.into());
    };
    // A negative number stands until it is turned off.
    let times = u32::try_from(wire.times).ok();
    match scenario {
        Scenario::Bank(fault) => bank_faults(app)?.set(FaultRule {
            taxpayer_id: wire.taxpayer_id,
            fault,
            times,
        }),
        scenario => dial(app)?.set(DialledFault {
            taxpayer_id: wire.taxpayer_id,
            method: wire.method,
            name: match wire.fault {
                Some(Fault::ErrorReason(name)) => name,
                _ => String::new(),
            },
            scenario,
            times,
        }),
    }
    Ok(Answer::new(pb::SetFaultResponse { faults: list(app) }))
}

fn read(wire: &pb::SetFaultRequest, violations: &mut Vec<Violation>) -> Option<Scenario> {
    let mut fields = Fields::new(violations);
    if !wire.taxpayer_id.is_empty() {
        convert::taxpayer_key(&mut fields, &wire.taxpayer_id);
    }
    if !wire.method.is_empty() && !is_method(&wire.method) {
        let zh = "应为本服务的方法名，例如 SubmitDeclaration";
        let en = "must be a method of this service, such as SubmitDeclaration";
        fields.refuse("method", Invalid::new("CHOICE", zh, en));
    }
    match &wire.fault {
        None => {
            fields.missing("fault");
            None
        }
        Some(Fault::Bank(number)) => {
            let chosen = pb::BankFault::try_from(*number).ok().and_then(bank_fault);
            if chosen.is_none() {
                let zh = "应为列出的银行故障";
                let en = "must be one of the bank's faults";
                fields.refuse("bank", Invalid::new("CHOICE", zh, en));
            }
            chosen.map(Scenario::Bank)
        }
        Some(Fault::ErrorReason(name)) => {
            let scenario = Scenario::parse(name);
            if scenario.is_none() {
                let zh = "应为错误目录中的原因、ANSWER_LOST 或 ANSWER_RESET";
                let en = "must be a reason of the catalogue, ANSWER_LOST or ANSWER_RESET";
                fields.refuse("error_reason", Invalid::new("CHOICE", zh, en));
            }
            scenario
        }
    }
}

fn bank_faults(app: &Parts) -> Result<&BankFaults, Failure> {
    let faults = app.bank_faults.as_deref();
    faults.ok_or_else(|| Refusal::BankIsExternal.into())
}

fn dial(app: &Parts) -> Result<&ErrorDial, Failure> {
    let dial = app.dial.as_ref();
    dial.ok_or_else(|| Failure::Internal("the server is no sandbox".to_owned()))
}

/// Every fault that is set, the bank's first.
fn list(app: &Parts) -> Vec<String> {
    let of_bank = |rule: FaultRule| {
        let name = bank_fault_name(rule.fault);
        line(&rule.taxpayer_id, "", name, rule.times)
    };
    let banks = app.bank_faults.iter().flat_map(|faults| faults.list());
    let calls = app.dial.iter().flat_map(ErrorDial::list);
    let calls = calls.map(|fault| fault.to_string());
    banks.map(of_bank).chain(calls).collect()
}

/// Forgets one taxpayer, or everybody together with faults and clock. Nobody to forget is no error:
/// a Reset whose answer was lost is simply sent again.
///
/// # Errors
/// [`Failure`]; a payment whose end is not known yet is refused, as its money may still move.
pub async fn reset(
    app: &App,
    _: &Call,
    wire: pb::ResetRequest,
) -> Result<Answer<pb::ResetResponse>, Failure> {
    let mut violations = Vec::new();
    let mut fields = Fields::new(&mut violations);
    let one = if wire.taxpayer_id.is_empty() {
        None
    } else {
        let Some(key) = convert::taxpayer_key(&mut fields, &wire.taxpayer_id) else {
            return Err(violations.into());
        };
        Some(key)
    };
    let taxpayer_count = forget(app, one).await?;
    forget_faults(app, one);
    if one.is_none() {
        let kept = |error: std::io::Error| Failure::Internal(error.to_string());
        app.clock.set(None).map_err(kept)?;
    }
    Ok(Answer::new(pb::ResetResponse { taxpayer_count }))
}

async fn forget(app: &Parts, one: Option<TaxpayerKey>) -> Result<i32, Failure> {
    let mut tx = app.store.begin("Reset", None, None).await?;
    let keys = match one {
        Some(key) => vec![key],
        None => tx.everybody().await?,
    };
    for key in &keys {
        if let Some(id) = tx.running_payment(*key).await? {
            return Err(Refusal::PaymentRunning(id).into());
        }
    }
    let mut count = 0;
    for key in keys {
        count += i32::from(tx.forget(key).await?);
    }
    if one.is_none() {
        tx.forget_nobodys().await?;
    }
    tx.commit().await?;
    Ok(count)
}

fn forget_faults(app: &Parts, one: Option<TaxpayerKey>) {
    let id = one.map(|key| key.to_string());
    if let Some(faults) = &app.bank_faults {
        let others = |rule: &FaultRule| id.as_ref().is_some_and(|id| rule.taxpayer_id != *id);
        faults.replace(faults.list().into_iter().filter(others).collect());
    }
    if let Some(dial) = &app.dial {
        dial.forget(id.as_deref());
    }
}

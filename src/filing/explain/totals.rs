//! How the totals of a declaration came about: plain sums of its lines.

use super::{Amount, AmountTrace, TraceStep};
use crate::filing::declaration::{Line, totals};
use crate::tax::Step;
use crate::types::{Money, Overflow};

/// Above this many addends a total only says how many there are.
const ADDENDS_MAX: usize = 24;

/// The six totals.
pub(super) fn traces(lines: &[Line]) -> Result<Vec<AmountTrace>, Overflow> {
    let all = totals(lines)?;
    let reliefs: Result<Vec<Money>, Overflow> =
        lines.iter().map(|line| line.charge.relief()).collect();
    let reliefs = reliefs?;
    let of = |pick: fn(&Line) -> Money| lines.iter().map(pick).collect::<Vec<_>>();
    let above = |amount: &Money| amount.is_positive();
    let below = |amount: &Money| amount.is_negative();
    let payable = of(|line| line.payable);
    let positive = payable.iter().copied().filter(above).collect();
    let negative: Result<Vec<Money>, Overflow> = payable
        .iter()
        .filter(|amount| below(amount))
        .map(|amount| Money::ZERO.minus(*amount))
        .collect();
    Ok(vec![
        total(
            Amount::TotalTax,
            ("应纳税额合计", "total tax"),
            of(|line| line.charge.tax_amount),
            all.tax_amount,
        ),
        total(
            Amount::TotalRelief,
            ("减免税额合计", "total reliefs"),
            reliefs,
            all.relief,
        ),
        total(
            Amount::TotalAlreadyPaid,
            ("已缴税额合计", "total already paid"),
            of(|line| line.charge.already_paid),
            all.already_paid,
        ),
        total(
            Amount::TotalNet,
            ("应补（退）税额合计", "total payable less refundable"),
            payable.clone(),
            all.net,
        ),
        total(
            Amount::TotalPayable,
            (
                "应补税额：大于零的各行之和，应退各行不抵减",
                "payable: the lines above zero; those below never reduce it",
            ),
            positive,
            all.payable,
        ),
        total(
            Amount::TotalRefundable,
            (
                "应退税额：小于零的各行之和",
                "refundable: the lines below zero",
            ),
            negative?,
            all.refundable,
        ),
    ])
}

fn total(amount: Amount, label: (&str, &str), addends: Vec<Money>, value: Money) -> AmountTrace {
    let mut addends: Vec<Money> = addends.into_iter().filter(|part| !part.is_zero()).collect();
    let expression = if addends.len() > ADDENDS_MAX {
        format!("Σ ({})", addends.len())
    } else if addends.is_empty() {
        Money::ZERO.to_string()
    } else {
        let first = addends.remove(0).to_string();
        addends.iter().fold(first, |text, part| {
            let part = part.to_string();
            match part.strip_prefix('-') {
                Some(part) => format!("{text} − {part}"),
                None => format!("{text} + {part}"),
            }
        })
    };
    let step = Step {
        label_zh: label.0.to_owned(),
        label_en: label.1.to_owned(),
        expression,
        value: value.to_string(),
        parameter_id: None,
        legal_basis: Some("国家税务总局公告2021年第9号 主表".to_owned()),
    };
    AmountTrace {
        amount,
        relief: None,
        value: value.to_string(),
        steps: vec![TraceStep {
            step,
            rounded: None,
            law: None,
        }],
    }
}

//! The rent side (从租计征): one row per declared rent and rate (decision RE6).

use super::model::{Lease, LesseeKind, RateMode, ReliefMode, Rent, Source};
use super::settle::{Reduced, Row, settle};
use super::{Charge, ChargeError, Context, catalogue, turning};
use crate::rules::LookupError;
use crate::tax::{Applied, BaseUnit, Step, TaxpayerKind};
use crate::types::{Exact, Money, Month, Period};

/// The item and rate of rent in a month.
#[derive(Clone)]
struct RentRate {
    item: &'static str,
    general: Applied,
    /// The dwelling rate and the relief it stands for, where it applies.
    dwelling: Option<(Applied, &'static str)>,
}

impl RentRate {
    fn equals(&self, other: &Self) -> bool {
        let value = |rate: &Self| rate.dwelling.as_ref().map(|(dwelling, _)| dwelling.value);
        self.item == other.item
            && self.general.value == other.general.value
            && value(self) == value(other)
    }
}

/// The rate of a lease in a month (V15): the dwelling rate for individuals (财税〔2008〕24号), for
/// entities only when the lessee is an individual or a scaled lessor (公告2021年第24号).
fn rate_in(ctx: &Context<'_>, lease: &Lease, month: Month) -> Result<RentRate, ChargeError> {
    let on = month.first_day();
    let general = ctx.number("ret.rate.rent", on)?;
    let personal = matches!(
        ctx.profile.kind,
        TaxpayerKind::Individual | TaxpayerKind::IndividualBusiness
    );
    let (item, id, relief) = if personal {
        (
            "RET_RENT_PERSONAL_HOUSING",
            "ret.rate.personal_housing",
            "RE_HOUSING_LEASE_PERSON",
        )
    } else {
        (
            "RET_RENT",
            "ret.rate.entity_housing",
            "RE_HOUSING_LEASE_ENTITY",
        )
    };
    let qualifies = lease.housing && (personal || lease.lessee_kind != LesseeKind::Other);
    let found = qualifies.then(|| ctx.number(id, on));
    match found {
        Some(Ok(dwelling)) => Ok(RentRate {
            item,
            general,
            dwelling: Some((dwelling, relief)),
        }),
        // Before the notice's first day the general rate holds.
        None | Some(Err(ChargeError::Missing(LookupError::Missing { .. }))) => Ok(RentRate {
            item: "RET_RENT",
            general,
            dwelling: None,
        }),
        Some(Err(error)) => Err(error),
    }
}

impl Source {
    /// The rent rows of the period.
    pub(super) fn rent_charges(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let mut charges = Vec::new();
        let sides = self.sides(ctx)?;
        for (place, lease) in self.leases.iter().enumerate() {
            for (number, rent) in lease.rents.iter().enumerate() {
                if !sides.has(ctx, rent) {
                    continue;
                }
                let field = format!("leases[{place}].rents[{number}].period");
                inside(ctx, rent, &field)?;
                let rows = rows(ctx, (place, number), lease, rent)?;
                if rows.len() > 1 {
                    refuse_amounts(place, lease)?;
                }
                for row in rows {
                    charges.push(settle(ctx, row)?);
                }
            }
        }
        Ok(charges)
    }
}

/// V8: a declared rental period lies inside one filing period.
fn inside(ctx: &Context<'_>, rent: &Rent, field: &str) -> Result<(), ChargeError> {
    if ctx.period.covers(rent.period) {
        return Ok(());
    }
    Err(catalogue::RE_V8
        .at(
            field,
            format!(
                "申报租金所属租赁期 {} 不在申报期 {} 内",
                rent.period, ctx.period
            ),
            format!(
                "the rental period {} is not inside {}",
                rent.period, ctx.period
            ),
        )
        .numbers(ctx.period, rent.period)
        .into())
}

/// An approved amount cannot be shared out between rows of different rates (decision RE10).
fn refuse_amounts(place: usize, lease: &Lease) -> Result<(), ChargeError> {
    let by_amount = lease.reliefs.iter().any(|claim| claim.amount.is_some())
        || lease
            .hardship
            .as_ref()
            .is_some_and(|hardship| hardship.amount.is_some());
    if !by_amount {
        return Ok(());
    }
    Err(catalogue::RE_RELIEF_AMOUNT
        .at(
            format!("leases[{place}].reliefs"),
            "本期租金适用不同税率，减免税不能按金额填写，请改用比例",
            "the rent falls under two rates: state the relief by ratio, not by amount",
        )
        .into())
}

/// One row per run of months with one rate; the rent is spread evenly over the months.
fn rows<'a>(
    ctx: &Context<'_>,
    (place, number): (usize, usize),
    lease: &'a Lease,
    rent: &Rent,
) -> Result<Vec<Row<'a>>, ChargeError> {
    let mut runs: Vec<(Month, Month, RentRate)> = Vec::new();
    for month in rent.period.months() {
        let rate = rate_in(ctx, lease, month)?;
        match runs.last_mut() {
            Some((_, last, before)) if before.equals(&rate) => *last = month,
            _ => runs.push((month, month, rate)),
        }
    }
    let mut paid = rent.already_paid;
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (first, last, rate) in runs {
        let run = Period::months_between(first, last);
        let Some(period) = run.overlap(rent.period) else {
            continue;
        };
        let mut row = row(place, lease, rent, (period, rate))?;
        row.already_paid = std::mem::take(&mut paid);
        if ctx.explain {
            row.turning_points = turning::of_rent(place, lease, ctx, period);
            if let Some(before) = rows.last_mut() {
                let change = turning::rate_change(place, number, rent.period, period);
                before.turning_points.push(change.clone());
                row.turning_points.push(change);
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

fn row<'a>(
    place: usize,
    lease: &'a Lease,
    rent: &Rent,
    (period, rate): (Period, RentRate),
) -> Result<Row<'a>, ChargeError> {
    let (part, all) = (period.month_count(), rent.period.month_count());
    let base = Exact::from(rent.rent_ex_vat).mul(part)?.div(all)?;
    let with_relief = lease.rate_mode == RateMode::Rate12WithRelief;
    let shown = match &rate.dwelling {
        Some((dwelling, _)) if !with_relief => dwelling.clone(),
        _ => rate.general.clone(),
    };
    let exact = base.mul(shown.value)?;
    let tax = exact.round_to_fen()?;
    let mut applied = vec![shown.clone()];
    let reduced = match &rate.dwelling {
        Some((dwelling, relief_id)) if with_relief => {
            applied.push(dwelling.clone());
            let exact = base.mul(dwelling.value)?;
            Some(Reduced {
                relief_id,
                rate: dwelling.value,
                exact,
                tax: exact.round_to_fen()?,
            })
        }
        _ => None,
    };
    let spread = if part == all {
        rent.rent_ex_vat.to_string()
    } else {
        format!("{} × {part} ÷ {all}", rent.rent_ex_vat)
    };
    let step = Step {
        label_zh: "应纳税额（租金收入 × 税率）".to_owned(),
        label_en: "tax (rent × rate)".to_owned(),
        expression: format!("{spread} × {}", shown.value),
        value: tax.to_string(),
        parameter_id: Some(shown.parameter_id.clone()),
        legal_basis: Some("房产税暂行条例 第三条、第四条；财税〔2016〕43号 第二条".to_owned()),
    };
    let mut steps = Vec::new();
    if let Some((dwelling, _)) = &rate.dwelling
        && !with_relief
    {
        steps.push(Step {
            label_zh: "适用住房租赁税率".to_owned(),
            label_en: "the dwelling rate applies".to_owned(),
            expression: format!("{} → {}", rate.general.value, dwelling.value),
            value: dwelling.value.to_string(),
            parameter_id: Some(dwelling.parameter_id.clone()),
            legal_basis: Some(dwelling.provenance.document().to_owned()),
        });
    }
    steps.push(step);
    // The contract number tells leases apart; the place does so where it is not stated.
    let detail = if lease.lease_no.is_empty() {
        format!("#{}", place.saturating_add(1))
    } else {
        format!("#{} {}", place.saturating_add(1), lease.lease_no)
    };
    Ok(Row {
        item: rate.item,
        detail,
        period,
        base,
        base_unit: BaseUnit::Yuan,
        rate: shown.value,
        exact,
        tax,
        reduced,
        applied,
        steps,
        turning_points: Vec::new(),
        already_paid: Money::ZERO,
        claims: &lease.reliefs,
        field: format!("leases[{place}].reliefs"),
        relief_mode: ReliefMode::Exact,
        hardship: lease.hardship.as_ref(),
    })
}

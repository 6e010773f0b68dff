//! The value side (从价计征): months of equal figures become one row (decision RE8).

use rust_decimal::Decimal;

use super::model::{Lease, Plot, Source, Underground, ValueVersion};
use super::settle::{Row, settle};
use super::{Charge, ChargeError, Context, MONTHS_IN_YEAR, catalogue, turning, value_steps};
use crate::tax::{Applied, BaseUnit, Step};
use crate::types::{Exact, Money, Month, Overflow, Period};

/// The figures of one month.
#[derive(Clone)]
pub(super) struct Figures {
    pub(super) building: Money,
    pub(super) equipment: Money,
    pub(super) land: Exact,
    /// How the land share was computed, when there is one.
    pub(super) land_step: Option<Step>,
    pub(super) leased: Exact,
    /// How the value let was computed, lease by lease.
    pub(super) leased_text: Vec<String>,
    /// The taxpayer's share of a house in common ownership.
    pub(super) share: Option<Decimal>,
    /// (value − leased value) × underground ratio × share.
    pub(super) taxable: Exact,
    pub(super) deduction: Applied,
    pub(super) rate: Applied,
    pub(super) underground: Option<Applied>,
    pub(super) land_rules: Vec<Applied>,
}

impl Figures {
    /// True when the months belong in one row.
    fn equals(&self, other: &Self) -> bool {
        self.taxable == other.taxable
            && self.leased == other.leased
            && self.deduction.value == other.deduction.value
            && self.rate.value == other.rate.value
    }

    /// The residual value (房产余值).
    pub(super) fn base(&self) -> Result<Exact, Overflow> {
        let kept = Exact::ONE.sub(self.deduction.value)?;
        self.taxable.mul(kept)
    }
}

/// The value with the equipment and the land's share (房产原值) in a month.
pub(super) fn original_value(
    ctx: &Context<'_>,
    version: &ValueVersion,
    month: Month,
) -> Result<Exact, ChargeError> {
    let books = version.building_value.plus(version.equipment_value)?;
    let land = match &version.plot {
        Some(plot) => land_share(ctx, plot, version, month)?.0,
        None => Exact::ZERO,
    };
    Ok(Exact::from(books).add(land)?)
}

/// The share of the land value in the base (财税〔2010〕121号 第三条), exact.
fn land_share(
    ctx: &Context<'_>,
    plot: &Plot,
    version: &ValueVersion,
    month: Month,
) -> Result<(Exact, Step, Vec<Applied>), ChargeError> {
    let on = month.first_day();
    let threshold = ctx.number("ret.plot_ratio.threshold", on)?;
    let area = version.building_area.unwrap_or_default();
    let (cost, paid, deed_tax) = plot_cost(ctx, plot, month)?;
    let ratio = Exact::from(plot.total_building_area).div(plot.plot_area)?;
    let (share, expression, mut rules) = if ratio < Exact::from(threshold.value) {
        let multiple = ctx.number("ret.plot_ratio.multiple", on)?;
        let land = Exact::from(multiple.value).mul(area)?;
        let share = cost.mul(land)?.div(plot.plot_area)?;
        let text = format!(
            "{paid} ÷ {} × ({} × {area})",
            plot.plot_area, multiple.value
        );
        (share, text, vec![threshold, multiple])
    } else {
        let share = cost.mul(area)?.div(plot.total_building_area)?;
        let text = format!("{paid} × {area} ÷ {}", plot.total_building_area);
        (share, text, vec![threshold])
    };
    let step = Step {
        label_zh: format!("应摊入房产原值的土地价值（容积率 {}）", ratio.to_decimal()?),
        label_en: "land value that joins the base".to_owned(),
        expression,
        value: share.to_decimal()?.to_string(),
        parameter_id: Some("ret.plot_ratio.threshold".to_owned()),
        legal_basis: Some("财税〔2010〕121号 第三条".to_owned()),
    };
    rules.extend(deed_tax);
    Ok((share, step, rules))
}

/// 地价, with the deed tax where the place says that it joins; as a number, as text, and the rule.
fn plot_cost(
    ctx: &Context<'_>,
    plot: &Plot,
    month: Month,
) -> Result<(Exact, String, Option<Applied>), ChargeError> {
    let cost = plot.plot_cost;
    if plot.deed_tax.is_zero() {
        return Ok((Exact::from(cost), cost.to_string(), None));
    }
    let joins = ctx.number("ret.plot_cost.deed_tax_share", month.first_day())?;
    let deed_tax = Exact::from(plot.deed_tax).mul(joins.value)?;
    let text = format!("({cost} + {} × {})", plot.deed_tax, joins.value);
    Ok((Exact::from(cost).add(deed_tax)?, text, Some(joins)))
}

impl Source {
    /// The value rows of the period.
    pub(super) fn value_charges(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let runs = self.runs(ctx)?;
        let by_amount = self.reliefs.iter().any(|claim| claim.amount.is_some())
            || self
                .hardship
                .as_ref()
                .is_some_and(|hardship| hardship.amount.is_some());
        if by_amount && runs.len() > 1 {
            return Err(catalogue::RE_RELIEF_AMOUNT
                .at(
                    "reliefs",
                    "本期房产原值有变动，减免税不能按金额填写，请改用比例",
                    "the figures change within the period: state the relief by ratio, not amount",
                )
                .into());
        }
        let mut paid = self.paid(ctx)?;
        let mut charges = Vec::new();
        for (months, figures) in runs {
            // What was paid for the period stands on its first row.
            let row = self.row(ctx, months, &figures, std::mem::take(&mut paid))?;
            charges.push(settle(ctx, row)?);
        }
        Ok(charges)
    }

    /// The maximal runs of months with equal figures.
    fn runs(&self, ctx: &Context<'_>) -> Result<Vec<(Period, Figures)>, ChargeError> {
        let mut runs: Vec<(Period, Figures)> = Vec::new();
        let Some((first, last)) = self.taxed_months(ctx, ctx.period)? else {
            return Ok(runs);
        };
        for month in first.up_to(last) {
            let Some(version) = self.version_in(month) else {
                continue;
            };
            let figures = self.figures(ctx, version, month)?;
            match runs.last_mut() {
                Some((period, before))
                    if before.equals(&figures) && period.last_month().next() == month =>
                {
                    *period = Period::months_between(period.first_month(), month);
                }
                _ => runs.push((Period::months_between(month, month), figures)),
            }
        }
        Ok(runs)
    }

    fn figures(
        &self,
        ctx: &Context<'_>,
        version: &ValueVersion,
        month: Month,
    ) -> Result<Figures, ChargeError> {
        let on = month.first_day();
        let (land, land_step, land_rules) = match &version.plot {
            Some(plot) => {
                let (share, step, rules) = land_share(ctx, plot, version, month)?;
                (share, Some(step), rules)
            }
            None => (Exact::ZERO, None, Vec::new()),
        };
        let books = version.building_value.plus(version.equipment_value)?;
        let total = Exact::from(books).add(land)?;
        let (leased, leased_text) = self.leased_value(ctx, version, total, month)?;
        let underground = self.underground_ratio(ctx, month)?;
        let own = total.sub(leased)?.max(Exact::ZERO);
        // The land share enters before the underground ratio (decision RE9).
        let mut taxable = match &underground {
            Some(ratio) => own.mul(ratio.value)?,
            None => own,
        };
        if let Some(share) = self.ownership_share {
            taxable = taxable.mul(share)?;
        }
        let stated = self.deduction_ratio.as_ref();
        Ok(Figures {
            building: version.building_value,
            equipment: version.equipment_value,
            land,
            land_step,
            leased,
            leased_text,
            share: self.ownership_share,
            taxable,
            deduction: ctx.rate("ret.deduction", on, stated, "deduction_ratio")?,
            rate: ctx.number("ret.rate.value", on)?,
            underground,
            land_rules,
        })
    }

    /// What is let in the month, and how it was found lease by lease.
    fn leased_value(
        &self,
        ctx: &Context<'_>,
        version: &ValueVersion,
        total: Exact,
        month: Month,
    ) -> Result<(Exact, Vec<String>), ChargeError> {
        let (mut leased, mut text) = (Exact::ZERO, Vec::new());
        for lease in &self.leases {
            if lease.takes_value_out(ctx, month)? {
                let (part, how) = let_part(lease, version, total)?;
                leased = leased.add(part)?;
                text.push(how);
            }
        }
        Ok((leased, text))
    }

    /// The province's ratio of a stand-alone underground building (财税〔2005〕181号 第二条).
    fn underground_ratio(
        &self,
        ctx: &Context<'_>,
        month: Month,
    ) -> Result<Option<Applied>, ChargeError> {
        let id = match self.underground {
            Underground::None | Underground::Connected => return Ok(None),
            Underground::StandaloneIndustrial => "ret.underground.industrial",
            Underground::StandaloneOther => "ret.underground.other",
        };
        let stated = self.underground_ratio.as_ref();
        ctx.rate(id, month.first_day(), stated, "underground_ratio")
            .map(Some)
    }

    /// What was already paid on value for the period.
    fn paid(&self, ctx: &Context<'_>) -> Result<Money, ChargeError> {
        let mut paid = Money::ZERO;
        for (place, payment) in self.value_payments.iter().enumerate() {
            if ctx.period.covers(payment.period) {
                paid = paid.plus(payment.amount)?;
            } else if ctx.period.overlap(payment.period).is_some() {
                return Err(catalogue::RE_PAID_PERIOD
                    .at(
                        format!("value_payments[{place}].period"),
                        format!(
                            "已缴税额的所属期 {} 跨越申报期 {}",
                            payment.period, ctx.period
                        ),
                        format!(
                            "the payment's {} is not inside {}",
                            payment.period, ctx.period
                        ),
                    )
                    .numbers(ctx.period, payment.period)
                    .into());
            }
        }
        Ok(paid)
    }

    fn row<'a>(
        &'a self,
        ctx: &Context<'_>,
        period: Period,
        figures: &Figures,
        already_paid: Money,
    ) -> Result<Row<'a>, ChargeError> {
        let months = period.month_count();
        let base = figures.base()?;
        let exact = base
            .mul(figures.rate.value)?
            .mul(months)?
            .div(MONTHS_IN_YEAR)?;
        let tax = exact.round_to_fen()?;
        let mut applied = vec![figures.deduction.clone(), figures.rate.clone()];
        applied.extend(figures.underground.clone());
        applied.extend(figures.land_rules.iter().cloned());
        let (steps, turning_points) = if ctx.explain {
            let mut steps = value_steps::taxed_months(self, ctx, period)?;
            steps.extend(value_steps::of(figures, months, tax)?);
            (steps, turning::of_value(self, ctx, period)?)
        } else {
            (vec![value_steps::tax(figures, months, tax)?], Vec::new())
        };
        Ok(Row {
            item: "RET_VALUE",
            detail: String::new(),
            period,
            base,
            base_unit: BaseUnit::Yuan,
            rate: figures.rate.value,
            exact,
            tax,
            reduced: None,
            applied,
            steps,
            turning_points,
            already_paid,
            claims: &self.reliefs,
            field: "reliefs".to_owned(),
            relief_mode: self.relief_mode,
            hardship: self.hardship.as_ref(),
        })
    }
}

/// The part of the value that a lease lets: the stated value, the share of the area (decision RE5),
/// or all.
fn let_part(
    lease: &Lease,
    version: &ValueVersion,
    total: Exact,
) -> Result<(Exact, String), ChargeError> {
    Ok(
        match (lease.leased_value, lease.leased_area, version.building_area) {
            (Some(value), _, _) => (Exact::from(value), value.to_string()),
            (None, Some(area), Some(building)) => (
                total.mul(area)?.div(building)?,
                format!("{} × {area} ÷ {building}", total.to_decimal()?),
            ),
            (None, _, _) => (total, total.to_decimal()?.to_string()),
        },
    )
}

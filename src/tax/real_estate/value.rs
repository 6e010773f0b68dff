//! The value side (从价计征): months of equal figures become one row (decision RE8).

use super::model::{Plot, Source, Underground, ValueVersion};
use super::settle::{Row, settle};
use super::{Charge, ChargeError, Context, Finding, MONTHS_IN_YEAR};
use crate::tax::{Applied, BaseUnit, Step};
use crate::types::{Exact, Money, Month, Overflow, Period};

/// The figures of one month.
#[derive(Clone)]
struct Figures {
    building: Money,
    equipment: Money,
    land: Exact,
    /// How the land share was computed, when there is one.
    land_step: Option<Step>,
    leased: Exact,
    /// (value − leased value) × underground ratio.
    taxable: Exact,
    deduction: Applied,
    rate: Applied,
    underground: Option<Applied>,
    land_rules: Vec<Applied>,
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
    fn base(&self) -> Result<Exact, Overflow> {
        let kept = Exact::ONE.sub(self.deduction.value)?;
        self.taxable.mul(kept)
    }
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
    let cost = Exact::from(plot.plot_cost);
    let ratio = Exact::from(plot.total_building_area).div(plot.plot_area)?;
    let (share, expression, rules) = if ratio < Exact::from(threshold.value) {
        let multiple = ctx.number("ret.plot_ratio.multiple", on)?;
        let land = Exact::from(multiple.value).mul(area)?;
        let share = cost.mul(land)?.div(plot.plot_area)?;
        let text = format!(
            "{} ÷ {} × ({} × {area})",
            plot.plot_cost, plot.plot_area, multiple.value
        );
        (share, text, vec![threshold, multiple])
    } else {
        let share = cost.mul(area)?.div(plot.total_building_area)?;
        let text = format!("{} × {area} ÷ {}", plot.plot_cost, plot.total_building_area);
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
    Ok((share, step, rules))
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
            return Err(Finding::error(
                "RE_RELIEF_AMOUNT",
                "reliefs",
                "本期房产原值有变动，减免税不能按金额填写，请改用比例",
                "the figures change within the period: state the relief by ratio, not by amount",
                "房产税暂行条例 第六条",
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
        let leased = self.leased_value(version, total, month)?;
        let underground = self.underground_ratio(ctx, month)?;
        let own = total.sub(leased)?.max(Exact::ZERO);
        // The land share enters before the underground ratio (decision RE9).
        let taxable = match &underground {
            Some(ratio) => own.mul(ratio.value)?,
            None => own,
        };
        let stated = self.deduction_ratio.as_ref();
        Ok(Figures {
            building: version.building_value,
            equipment: version.equipment_value,
            land,
            land_step,
            leased,
            taxable,
            deduction: ctx.rate("ret.deduction", on, stated, "deduction_ratio")?,
            rate: ctx.number("ret.rate.value", on)?,
            underground,
            land_rules,
        })
    }

    /// What is let in the month: the stated value, or the share of the area (decision RE5).
    fn leased_value(
        &self,
        version: &ValueVersion,
        total: Exact,
        month: Month,
    ) -> Result<Exact, ChargeError> {
        let mut leased = Exact::ZERO;
        for lease in &self.leases {
            if !lease.takes_value_out(month) {
                continue;
            }
            let part = match (lease.leased_value, lease.leased_area, version.building_area) {
                (Some(value), _, _) => Exact::from(value),
                (None, Some(area), Some(building)) => total.mul(area)?.div(building)?,
                (None, _, _) => total,
            };
            leased = leased.add(part)?;
        }
        Ok(leased)
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
                return Err(Finding::error(
                    "RE_PAID_PERIOD",
                    format!("value_payments[{place}].period"),
                    format!(
                        "已缴税额的所属期 {} 跨越申报期 {}",
                        payment.period, ctx.period
                    ),
                    format!(
                        "the payment's {} is not inside {}",
                        payment.period, ctx.period
                    ),
                    "税务总局公告2021年第9号",
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
        let steps = if ctx.explain {
            steps(figures, months, tax)?
        } else {
            vec![tax_step(figures, months, tax)?]
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
            already_paid,
            claims: &self.reliefs,
            field: "reliefs".to_owned(),
            relief_mode: self.relief_mode,
            hardship: self.hardship.as_ref(),
        })
    }
}

/// How the base and the tax came about.
fn steps(figures: &Figures, months: u32, tax: Money) -> Result<Vec<Step>, ChargeError> {
    let mut steps: Vec<Step> = figures.land_step.iter().cloned().collect();
    let land = figures.land.to_decimal()?;
    let leased = figures.leased.to_decimal()?;
    let sum = format!(
        "{} + {} + {land} − {leased}",
        figures.building, figures.equipment
    );
    let expression = match &figures.underground {
        Some(ratio) => format!("({sum}) × {}", ratio.value),
        None => sum,
    };
    steps.push(Step {
        label_zh: "应税原值（房屋＋设备＋土地－出租原值）".to_owned(),
        label_en: "taxable value (building + equipment + land − let)".to_owned(),
        expression,
        value: figures.taxable.to_decimal()?.to_string(),
        parameter_id: figures
            .underground
            .as_ref()
            .map(|ratio| ratio.parameter_id.clone()),
        legal_basis: Some("财税〔2008〕152号 第一条；财税〔2005〕181号".to_owned()),
    });
    steps.push(Step {
        label_zh: "房产余值".to_owned(),
        label_en: "residual value".to_owned(),
        expression: format!(
            "{} × (1 − {})",
            figures.taxable.to_decimal()?,
            figures.deduction.value
        ),
        value: figures.base()?.to_decimal()?.to_string(),
        parameter_id: Some(figures.deduction.parameter_id.clone()),
        legal_basis: Some("房产税暂行条例 第三条".to_owned()),
    });
    steps.push(tax_step(figures, months, tax)?);
    Ok(steps)
}

fn tax_step(figures: &Figures, months: u32, tax: Money) -> Result<Step, ChargeError> {
    Ok(Step {
        label_zh: "应纳税额".to_owned(),
        label_en: "tax".to_owned(),
        expression: format!(
            "{} × (1 − {}) × {} × {months} ÷ {MONTHS_IN_YEAR}",
            figures.taxable.to_decimal()?,
            figures.deduction.value,
            figures.rate.value
        ),
        value: tax.to_string(),
        parameter_id: Some(figures.rate.parameter_id.clone()),
        legal_basis: Some("房产税暂行条例 第三条、第四条".to_owned()),
    })
}

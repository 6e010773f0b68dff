//! The sheet a line is worked out on: values of law looked up, steps written, the line closed.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::rules::{LookupError, RuleStatus, Table};
use crate::tax::{
    Applied, BaseUnit, Charge, ChargeError, Context, Provenance, ReliefClaim, ReliefTarget,
    StatedRate, Step, TurningPoint, apply_reliefs,
};
use crate::types::{Exact, Money, Period, TaxKind};

/// The working of one line.
pub(super) struct Work<'a, 'c> {
    /// Rules and place.
    pub ctx: &'a Context<'c>,
    /// The day whose law holds.
    pub on: Date,
    applied: Vec<Applied>,
    steps: Vec<Step>,
    points: Vec<TurningPoint>,
}

/// What a line is, apart from its amounts.
pub(super) struct Line {
    /// Item and its Chinese name.
    pub item: (String, String),
    /// What tells it apart.
    pub detail: String,
    /// Its period.
    pub period: Period,
    /// Reliefs, those of law first.
    pub claims: Vec<ReliefClaim>,
    /// Already paid.
    pub paid: Money,
    /// Path of the claims.
    pub field: String,
}

/// The base, the rate shown and the tax before rounding.
pub(super) struct Amounts {
    /// 增值额, income or receipts.
    pub base: Exact,
    /// Rate shown on the form.
    pub rate: Decimal,
    /// Tax before rounding.
    pub tax: Exact,
}

impl<'a, 'c> Work<'a, 'c> {
    /// A new sheet for the law of a day.
    pub fn new(ctx: &'a Context<'c>, on: Date) -> Self {
        Self {
            ctx,
            on,
            applied: Vec::new(),
            steps: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Notes a turning point when an explanation is wanted.
    pub fn point(&mut self, point: TurningPoint) {
        if self.ctx.explain {
            self.points.push(point);
        }
    }

    /// Notes an applied value once.
    pub fn apply(&mut self, applied: Applied) -> Decimal {
        let value = applied.value;
        if !self.applied.contains(&applied) {
            self.applied.push(applied);
        }
        value
    }

    /// A number of law on the sheet's day.
    pub fn number(&mut self, id: &str) -> Result<Decimal, ChargeError> {
        self.number_on(id, self.on)
    }

    /// A number of law on another day.
    pub fn number_on(&mut self, id: &str, on: Date) -> Result<Decimal, ChargeError> {
        let applied = self.ctx.number(id, on)?;
        Ok(self.apply(applied))
    }

    /// A local rate, of the pack or stated.
    pub fn rate(
        &mut self,
        id: &str,
        stated: Option<&StatedRate>,
        field: &str,
    ) -> Result<Decimal, ChargeError> {
        let applied = self.ctx.rate(id, self.on, stated, field)?;
        Ok(self.apply(applied))
    }

    /// Writes a step when an explanation is wanted.
    pub fn step(
        &mut self,
        (label_zh, label_en): (&str, &str),
        expression: impl Into<String>,
        value: impl ToString,
        parameter_id: Option<&str>,
        legal_basis: &str,
    ) {
        if self.ctx.explain {
            self.steps.push(Step {
                label_zh: label_zh.to_owned(),
                label_en: label_en.to_owned(),
                expression: expression.into(),
                value: value.to_string(),
                parameter_id: parameter_id.map(str::to_owned),
                legal_basis: Some(legal_basis.to_owned()),
            });
        }
    }

    /// Rounds the tax, applies the reliefs and closes the line.
    pub fn finish(mut self, line: Line, amounts: Amounts) -> Result<Charge, ChargeError> {
        let tax_amount = amounts.tax.round_to_fen()?.or_zero();
        let reliefs = apply_reliefs(
            self.ctx,
            &line.claims,
            ReliefTarget {
                tax: TaxKind::LandAppreciationTax,
                item: &line.item.0,
                period: line.period,
                all_rows: line.period,
                exact_tax: amounts.tax.max(Exact::ZERO),
                tax_amount,
            },
            &line.field,
        )?;
        for relief in &reliefs {
            let rule = self.ctx.rules.relief(&relief.relief_id);
            let basis = rule.map(|rule| rule.source.cite.clone());
            let label = format!("减免：{}", relief.name_zh);
            self.step(
                (&label, "relief"),
                format!("min({tax_amount}, {})", relief.amount),
                relief.amount,
                Some(&relief.relief_id),
                basis.as_deref().unwrap_or_default(),
            );
        }
        if !line.paid.is_zero() {
            let relief = Money::sum(reliefs.iter().map(|line| line.amount))?;
            let payable = tax_amount.minus(relief)?.minus(line.paid)?;
            self.step(
                ("应补（退）税额", "payable; negative means refundable"),
                format!("{tax_amount} − {relief} − {}", line.paid),
                payable,
                None,
                "实施细则第十六条，财税〔2006〕21号第三条",
            );
        }
        let (item, item_zh) = line.item;
        Ok(Charge {
            tax: TaxKind::LandAppreciationTax,
            item,
            item_code: None,
            item_zh,
            detail: line.detail,
            period: line.period,
            base: amounts.base.to_decimal()?,
            base_unit: BaseUnit::Yuan,
            rate: amounts.rate,
            tax_amount,
            reliefs,
            already_paid: line.paid,
            applied: self.applied,
            steps: self.steps,
            turning_points: self.points,
        })
    }
}

/// A row of the brackets (四级超率累进税率).
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket {
    /// 税率.
    pub rate: Decimal,
    /// 速算扣除系数.
    pub coefficient: Decimal,
}

pub(super) const BRACKETS: &str = "lat.brackets";

/// The brackets with their upper edges; the last has none.
type Rows = Vec<(Option<Decimal>, Bracket)>;

/// The table of the brackets on the sheet's day.
fn rows<'r>(work: &Work<'r, '_>) -> Result<(&'r Table, Rows), ChargeError> {
    let table = work
        .ctx
        .rules
        .table(BRACKETS, work.on)
        .ok_or_else(|| LookupError::Missing {
            id: BRACKETS.to_owned(),
            region: work.ctx.region,
            on: work.on,
        })?;
    let wrong = || LookupError::WrongKind {
        id: BRACKETS.to_owned(),
        wanted: "bracket table",
    };
    let mut all = Vec::new();
    for row in &table.rows {
        let number = |column| {
            let cell = table.cell(row, column).ok_or_else(wrong)?;
            Decimal::from_str_exact(cell).map_err(|_| wrong())
        };
        let (rate, coefficient) = (number("rate")?, number("coefficient")?);
        all.push((number("up_to").ok(), Bracket { rate, coefficient }));
    }
    Ok((table, all))
}

/// True when the appreciation is within the edge: upper edges are inside, compared by products so
/// that nothing is rounded.
fn inside(
    appreciation: Money,
    deductions: Money,
    edge: Option<Decimal>,
) -> Result<bool, ChargeError> {
    let Some(edge) = edge else {
        return Ok(true);
    };
    Ok(Exact::from(appreciation) <= Exact::from(deductions).mul(edge)?)
}

/// The edges below and above an appreciation, where there are such.
pub(super) fn bracket_edges(
    work: &Work<'_, '_>,
    appreciation: Money,
    deductions: Money,
) -> Result<(Option<Decimal>, Option<Decimal>), ChargeError> {
    let mut below = None;
    for (edge, _) in rows(work)?.1 {
        if inside(appreciation, deductions, edge)? {
            return Ok((below, edge));
        }
        below = edge;
    }
    Ok((below, None))
}

/// The bracket of an appreciation over its deductions; without deductions the last one.
pub(super) fn bracket(
    work: &mut Work<'_, '_>,
    appreciation: Money,
    deductions: Money,
) -> Result<Bracket, ChargeError> {
    let (table, rows) = rows(work)?;
    for (edge, bracket) in rows {
        if !inside(appreciation, deductions, edge)? {
            continue;
        }
        for (column, value) in [("rate", bracket.rate), ("coefficient", bracket.coefficient)] {
            work.apply(Applied {
                parameter_id: format!("{BRACKETS}.{column}"),
                value,
                provenance: Provenance::Rule {
                    first_day: table.from,
                    last_day: table.to,
                    cite: table.source.cite.clone(),
                    unconfirmed: table.source.status == RuleStatus::Unconfirmed,
                },
            });
        }
        return Ok(bracket);
    }
    let wanted = "bracket table";
    let id = BRACKETS.to_owned();
    Err(LookupError::WrongKind { id, wanted }.into())
}

/// Appreciation of a line (增值额) with its deductions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Appreciation {
    /// Income without VAT.
    pub income: Money,
    /// Total deductions.
    pub deductions: Money,
    /// Income less deductions; may be negative.
    pub value: Money,
}

impl Appreciation {
    /// Income less deductions, with its step.
    pub fn new(
        work: &mut Work<'_, '_>,
        income: Money,
        deductions: Money,
    ) -> Result<Self, ChargeError> {
        let value = income.minus(deductions)?;
        work.step(
            ("增值额", "appreciation"),
            format!("{income} − {deductions}"),
            value,
            None,
            "土地增值税暂行条例第四条",
        );
        Ok(Self {
            income,
            deductions,
            value,
        })
    }

    /// The tax, rounded, without a sheet to show: for comparisons.
    pub fn rounded_tax(self, ctx: &Context<'_>, on: Date) -> Result<Money, ChargeError> {
        let amounts = self.tax(&mut Work::new(ctx, on), self)?;
        Ok(amounts.tax.round_to_fen()?.or_zero())
    }

    /// True when there is an appreciation of at most the exempt share of the deductions.
    pub fn within(self, share: Decimal) -> Result<bool, ChargeError> {
        let edge = Exact::from(self.deductions).mul(share)?;
        Ok(self.value.is_positive() && Exact::from(self.value) <= edge)
    }

    /// The tax by the bracket of `of`, which is usually the line's own appreciation.
    pub fn tax(self, work: &mut Work<'_, '_>, of: Self) -> Result<Amounts, ChargeError> {
        if !self.value.is_positive() {
            work.step(
                ("无增值额，不征税", "no appreciation, no tax"),
                format!("{} ≤ 0", self.value),
                Money::ZERO,
                None,
                "土地增值税暂行条例第三条",
            );
            return Ok(Amounts {
                base: Exact::ZERO,
                rate: Decimal::ZERO,
                tax: Exact::ZERO,
            });
        }
        let Bracket { rate, coefficient } = bracket(work, of.value, of.deductions)?;
        let percent = if of.deductions.is_zero() {
            "—".to_owned()
        } else {
            let ratio = Exact::from(of.value).div(of.deductions)?;
            format!("{}%", ratio.mul(Exact::int(100))?.round_to_scale(2)?)
        };
        work.step(
            ("增值率及适用税率", "ratio and bracket"),
            format!("{} ÷ {} = {percent}", of.value, of.deductions),
            format!("{rate}, {coefficient}"),
            Some(BRACKETS),
            "土地增值税暂行条例第七条，实施细则第十条",
        );
        let tax = Exact::from(self.value)
            .mul(rate)?
            .sub(Exact::from(self.deductions).mul(coefficient)?)?
            .max(Exact::ZERO);
        work.step(
            ("应纳税额", "tax"),
            format!(
                "{} × {rate} − {} × {coefficient}",
                self.value, self.deductions
            ),
            tax.round_to_fen()?,
            Some(BRACKETS),
            "实施细则第十条",
        );
        Ok(Amounts {
            base: Exact::from(self.value),
            rate,
            tax,
        })
    }
}

//! Why this amount? (为什么是这个数) Every amount of a declaration as steps with the values of law
//! behind them, and the nearest facts that would change it. Recomputed when asked for, never kept.

mod expression;
mod law;
mod text;
mod totals;

use std::collections::HashMap;

use jiff::civil::Date;

use super::declaration::Line;
use super::source::SourceRecord;
use crate::rules::{DueRule, ReliefShape, RuleBook};
use crate::tax::{Context, Profile, ReliefLine, Step, TurningPoint, six_taxes};
use crate::types::{Overflow, SourceId};

pub use expression::evaluate;
pub use law::LawValue;

/// The version of the trace's format; on the wire `trace_version`.
pub const TRACE_VERSION: i32 = 1;

/// What an explanation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// 应纳税额 of a line.
    Tax,
    /// One relief (减免税额) of a line.
    Relief,
    /// 应补(退)税额 of a line.
    Payable,
    /// Last day to file and pay.
    DueOn,
    /// 应纳税额 of all lines.
    TotalTax,
    /// 减免税额 of all lines.
    TotalRelief,
    /// 已缴税额 of all lines.
    TotalAlreadyPaid,
    /// 应补(退)税额 of all lines, signed.
    TotalNet,
    /// The lines above zero.
    TotalPayable,
    /// The lines below zero.
    TotalRefundable,
}

/// One step with its rounding and the value of law behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// What was computed.
    pub step: Step,
    /// The exact result and the places it was rounded to, half up.
    pub rounded: Option<(String, u32)>,
    /// The value of law, with its days.
    pub law: Option<LawValue>,
}

/// How one amount came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountTrace {
    /// What it is about.
    pub amount: Amount,
    /// The relief, where it is about one.
    pub relief: Option<(String, String)>,
    /// The amount, or the day.
    pub value: String,
    /// The steps that determined it.
    pub steps: Vec<TraceStep>,
}

/// How one line came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTrace {
    /// The line's number.
    pub number: u32,
    /// The line in a few words, in Chinese.
    pub title_zh: String,
    /// The line in a few words, in English.
    pub title_en: String,
    /// Every amount, the due day at the end.
    pub amounts: Vec<AmountTrace>,
    /// The steps as the tax gives them, in order.
    pub steps: Vec<TraceStep>,
    /// Every value of law that was applied.
    pub applied: Vec<LawValue>,
    /// The nearest facts that would change it.
    pub turning_points: Vec<TurningPoint>,
}

/// How a declaration came about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The lines in order.
    pub lines: Vec<LineTrace>,
    /// The totals.
    pub totals: Vec<AmountTrace>,
}

/// What lines were computed from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The rule pack.
    pub rules: &'a RuleBook,
    /// The taxpayer's dated attributes.
    pub profile: &'a Profile,
    /// The sources in the versions that were charged.
    pub sources: &'a [SourceRecord],
}

impl Origin<'_> {
    /// The whole trace of some lines that carry their steps.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn trace(&self, lines: &[Line]) -> Result<Trace, Overflow> {
        let tracer = Tracer {
            rules: self.rules,
            profile: self.profile,
            sources: self
                .sources
                .iter()
                .map(|source| (source.id, source))
                .collect(),
        };
        let traced: Result<Vec<LineTrace>, Overflow> =
            lines.iter().map(|line| tracer.line(line)).collect();
        Ok(Trace {
            lines: traced?,
            totals: totals::traces(lines)?,
        })
    }
}

/// The same with its sources by id.
struct Tracer<'a> {
    rules: &'a RuleBook,
    profile: &'a Profile,
    sources: HashMap<SourceId, &'a SourceRecord>,
}

impl Tracer<'_> {
    fn source(&self, line: &Line) -> Option<&SourceRecord> {
        self.sources.get(&line.source_id).copied()
    }

    /// The charge's context again, for a line of one of the sources.
    fn context(&self, line: &Line) -> Option<Context<'_>> {
        self.source(line).map(|source| Context {
            rules: self.rules,
            region: source.region,
            period: line.tax_period,
            profile: self.profile,
            explain: true,
        })
    }

    fn line(&self, line: &Line) -> Result<LineTrace, Overflow> {
        let charge = &line.charge;
        let ctx = self.context(line);
        let dress = |step: &Step| self.dress(line, ctx.as_ref(), step.clone());
        let sorted = sort_steps(line);
        let mut amounts = vec![AmountTrace {
            amount: Amount::Tax,
            relief: None,
            value: charge.tax_amount.to_string(),
            steps: sorted.tax.iter().map(|step| dress(step)).collect(),
        }];
        for (relief, step) in charge.reliefs.iter().zip(&sorted.reliefs) {
            let step = match step {
                Some(step) => (*step).clone(),
                None => self.relief_step(line, relief),
            };
            amounts.push(AmountTrace {
                amount: Amount::Relief,
                relief: Some((relief.relief_id.clone(), relief.name_zh.clone())),
                value: relief.amount.to_string(),
                steps: vec![self.dress_relief(line, ctx.as_ref(), relief, step)],
            });
        }
        let mut payable = vec![dress(&line.charge.payable_step()?)];
        if !line.carried.is_zero() {
            payable.insert(0, dress(&line.carried_step()?));
        }
        amounts.push(AmountTrace {
            amount: Amount::Payable,
            relief: None,
            value: line.payable.to_string(),
            steps: payable,
        });
        amounts.extend(ctx.as_ref().and_then(|ctx| self.due(line, ctx)));
        Ok(LineTrace {
            number: line.number,
            title_zh: title(line, charge.tax.zh()),
            title_en: title(line, charge.tax.name()),
            amounts,
            steps: charge.steps.iter().map(dress).collect(),
            applied: charge
                .applied
                .iter()
                .map(|applied| LawValue::applied(self.rules, ctx.as_ref(), applied))
                .collect(),
            turning_points: self.turning_points(line, ctx.as_ref()),
        })
    }

    fn dress(&self, line: &Line, ctx: Option<&Context<'_>>, step: Step) -> TraceStep {
        let rounded = expression::before_rounding(&step.expression, &step.value)
            .map(|(exact, places)| (exact.to_string(), places));
        let law = step.parameter_id.as_deref().and_then(|id| {
            let applied = line.charge.applied.iter();
            let mut same = applied.filter(|applied| applied.parameter_id == id);
            match same.next() {
                Some(applied) => Some(LawValue::applied(self.rules, ctx, applied)),
                None => LawValue::of(self.rules, ctx, id, line.charge.period.last()),
            }
        });
        TraceStep { step, rounded, law }
    }

    /// A relief's step rests on its rule; the 六税两费 on the ratio of the taxpayer's subject.
    fn dress_relief(
        &self,
        line: &Line,
        ctx: Option<&Context<'_>>,
        relief: &ReliefLine,
        step: Step,
    ) -> TraceStep {
        let mut traced = self.dress(line, ctx, step);
        if traced.law.is_none() {
            let id = relief_parameter(ctx, relief);
            let day = relief.period.first();
            traced.law = id.and_then(|id| LawValue::of(self.rules, ctx, &id, day));
        }
        if traced.step.legal_basis.is_none() {
            traced.step.legal_basis = traced.law.as_ref().map(|law| law.cite.clone());
        }
        traced
    }

    /// Where a tax gives a relief without a step of its own.
    fn relief_step(&self, line: &Line, relief: &ReliefLine) -> Step {
        let rule = self.rules.relief(&relief.relief_id);
        let tax = line.charge.tax_amount;
        let expression = match rule.map(|rule| rule.shape) {
            Some(ReliefShape::Ratio(ratio)) => {
                let months = months_part(line, relief);
                format!("{tax} × {ratio}{months}")
            }
            Some(ReliefShape::Full) => format!("{tax}{}", months_part(line, relief)),
            Some(ReliefShape::ByInput) | None => relief.amount.to_string(),
        };
        Step {
            label_zh: format!("减免：{}", relief.name_zh),
            label_en: format!("relief {}", relief.relief_id),
            expression,
            value: relief.amount.to_string(),
            parameter_id: rule.map(|rule| rule.id.clone()),
            legal_basis: rule.map(|rule| rule.source.cite.clone()),
        }
    }

    fn due(&self, line: &Line, ctx: &Context<'_>) -> Option<AmountTrace> {
        let id = self.source(line)?.detail.due_parameter();
        let (_, row) = self
            .rules
            .find(id, ctx.region, line.tax_period.last())
            .ok()?;
        let rule = DueRule::parse(&row.value)?;
        let window = self.rules.calendar().due(rule, line.tax_period);
        let mut expression = match rule {
            DueRule::AfterPeriod(days) | DueRule::AfterEvent(days) => {
                format!("{} + {days} 日", line.tax_period.last())
            }
            DueRule::YearEnd => line.tax_period.last().last_of_year().to_string(),
            DueRule::Yearly(_) => format!("{} → {}", line.tax_period, row.value),
        };
        if window.rest_days > 0 {
            expression.push_str(&format!(" + {} 日（休息日顺延）", window.rest_days));
        }
        let calendar = if window.calendar_known {
            "税收征收管理法实施细则 第一百零九条"
        } else {
            "税收征收管理法实施细则 第一百零九条（该年度节假日安排尚未公布）"
        };
        let step = Step {
            label_zh: "申报缴款期限".to_owned(),
            label_en: "last day to file and pay".to_owned(),
            expression,
            value: line.due_on.to_string(),
            parameter_id: Some(id.to_owned()),
            legal_basis: Some(format!("{}；{calendar}", row.source.cite)),
        };
        let law = LawValue::of(self.rules, Some(ctx), id, line.tax_period.last());
        Some(AmountTrace {
            amount: Amount::DueOn,
            relief: None,
            value: line.due_on.to_string(),
            steps: vec![TraceStep {
                step,
                rounded: None,
                law,
            }],
        })
    }

    /// Those the tax gives, and the end of every window of law that the line stands in.
    fn turning_points(&self, line: &Line, ctx: Option<&Context<'_>>) -> Vec<TurningPoint> {
        let mut found = line.charge.turning_points.clone();
        if self.rules.law_date().is_some() {
            // One day's law for all days has no end.
            return found;
        }
        let Some(ctx) = ctx else { return found };
        let mut laws: Vec<LawValue> = line
            .charge
            .applied
            .iter()
            .map(|applied| LawValue::applied(self.rules, Some(ctx), applied))
            .collect();
        for relief in &line.charge.reliefs {
            let id = relief_parameter(Some(ctx), relief);
            let day = relief.period.last();
            laws.extend(id.and_then(|id| LawValue::of(self.rules, Some(ctx), &id, day)));
        }
        for law in laws {
            let Some(point) = law.end(self.rules, ctx, line.charge.period.last()) else {
                continue;
            };
            let known = |other: &TurningPoint| {
                other.parameter_id == point.parameter_id && other.turns_at == point.turns_at
            };
            if !found.iter().any(known) {
                found.push(point);
            }
        }
        found
    }
}

/// The parameter or rule behind a relief.
fn relief_parameter(ctx: Option<&Context<'_>>, relief: &ReliefLine) -> Option<String> {
    if relief.relief_id == six_taxes::RELIEF_ID {
        six_taxes::ratio_parameter(ctx?, relief.period.first_month())
    } else {
        Some(relief.relief_id.clone())
    }
}

fn months_part(line: &Line, relief: &ReliefLine) -> String {
    let (own, all) = (
        relief.period.month_count(),
        line.charge.period.month_count(),
    );
    if own == all {
        String::new()
    } else {
        format!(" × {own} ÷ {all}")
    }
}

fn title(line: &Line, tax: &str) -> String {
    let charge = &line.charge;
    let detail = if charge.detail.is_empty() {
        String::new()
    } else {
        format!(" {}", charge.detail)
    };
    format!(
        "{}. {tax} {} {}{detail} {}",
        line.number, charge.item, charge.item_zh, charge.period
    )
}

/// A line's steps by the amount they are about.
struct Sorted<'a> {
    tax: Vec<&'a Step>,
    /// One for each relief, where there is one.
    reliefs: Vec<Option<&'a Step>>,
}

/// A tax lists its steps in one row; those of reliefs and of the payable amount are told apart by
/// what they rest on and what they come to.
fn sort_steps(line: &Line) -> Sorted<'_> {
    let charge = &line.charge;
    let mut sorted = Sorted {
        tax: Vec::new(),
        reliefs: vec![None; charge.reliefs.len()],
    };
    for step in &charge.steps {
        let about = |relief: &ReliefLine| {
            let id = step.parameter_id.as_deref().unwrap_or_default();
            let six = relief.relief_id == six_taxes::RELIEF_ID
                && id.starts_with(six_taxes::RATIO_PARAMETERS);
            let named = id == relief.relief_id || step.label_zh.contains(&relief.name_zh);
            (six || named) && step.value == relief.amount.to_string()
        };
        let place = charge
            .reliefs
            .iter()
            .zip(&sorted.reliefs)
            .position(|(relief, taken)| taken.is_none() && about(relief));
        if let Some(slot) = place.and_then(|place| sorted.reliefs.get_mut(place)) {
            *slot = Some(step);
        } else if !step.label_zh.contains("应补") {
            sorted.tax.push(step);
        }
    }
    sorted
}

/// A day in a trace; nothing where a law has no known end.
pub(super) fn day_text(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

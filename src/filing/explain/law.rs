//! A value of law as a trace shows it: where it comes from, since when, until when, how sure.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::rules::{ReliefRule, ReliefShape, RuleBook};
use crate::tax::{Applied, Context, Provenance, TurningPoint};
use crate::types::Region;

/// A value of law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawValue {
    /// The parameter or relief.
    pub id: String,
    /// Its name in Chinese; empty where the pack has none.
    pub name_zh: String,
    /// The value: a number, a word, `full` or `by_input`.
    pub value: String,
    /// First day in force; nothing for a value stated on the source.
    pub first_day: Option<Date>,
    /// Last day in force, where known.
    pub last_day: Option<Date>,
    /// Document and article.
    pub cite: String,
    /// `confirmed`, `secondary`, `unconfirmed` or `stated`.
    pub confidence: &'static str,
    /// The place that fixed it; nothing for the nation.
    pub region: Option<Region>,
}

impl LawValue {
    /// One that a charge applied.
    pub fn applied(rules: &RuleBook, ctx: Option<&Context<'_>>, applied: &Applied) -> Self {
        if let Some(rule) = rules.dated_relief(&applied.parameter_id) {
            return Self::relief(rule);
        }
        let mut law = Self {
            id: applied.parameter_id.clone(),
            name_zh: String::new(),
            value: applied.value.to_string(),
            first_day: None,
            last_day: None,
            cite: String::new(),
            confidence: "stated",
            region: None,
        };
        let (first, last, source, unsure) = match &applied.provenance {
            Provenance::Stated { document } => {
                law.cite.clone_from(document);
                return law;
            }
            Provenance::Rule {
                first_day,
                last_day,
                cite,
                unconfirmed,
            } => (*first_day, *last_day, cite, *unconfirmed),
        };
        law.first_day = Some(first);
        law.last_day = last;
        law.cite.clone_from(source);
        // A row of a table has no confidence of its own beyond this one bit.
        law.confidence = if unsure { "unconfirmed" } else { "confirmed" };
        let found = ctx.and_then(|ctx| rules.find(&law.id, ctx.region, first).ok());
        if let Some((parameter, row)) = found {
            law.name_zh.clone_from(&parameter.name_zh);
            law.region = parameter.region;
            law.confidence = row.source.status.name();
        } else if let Some(table) = rules.table(&law.id, first) {
            law.confidence = table.source.status.name();
        }
        law
    }

    /// A parameter on a day, or a relief.
    pub fn of(rules: &RuleBook, ctx: Option<&Context<'_>>, id: &str, on: Date) -> Option<Self> {
        if let Some(rule) = rules.dated_relief(id) {
            return Some(Self::relief(rule));
        }
        if let Some((parameter, row)) = ctx.and_then(|ctx| rules.find(id, ctx.region, on).ok()) {
            return Some(Self {
                id: id.to_owned(),
                name_zh: parameter.name_zh.clone(),
                value: row.value.clone(),
                first_day: Some(row.from),
                last_day: row.to,
                cite: row.source.cite.clone(),
                confidence: row.source.status.name(),
                region: parameter.region,
            });
        }
        rules.table(id, on).map(|table| Self {
            id: id.to_owned(),
            name_zh: String::new(),
            value: String::new(),
            first_day: Some(table.from),
            last_day: table.to,
            cite: table.source.cite.clone(),
            confidence: table.source.status.name(),
            region: None,
        })
    }

    fn relief(rule: &ReliefRule) -> Self {
        let value = match rule.shape {
            ReliefShape::Ratio(ratio) => ratio.to_string(),
            shape => shape.name().to_owned(),
        };
        Self {
            id: rule.id.clone(),
            name_zh: rule.name_zh.clone(),
            value,
            first_day: Some(rule.from),
            last_day: rule.to,
            cite: rule.source.cite.clone(),
            confidence: rule.source.status.name(),
            region: None,
        }
    }

    /// The end of its window, where the pack knows one.
    pub fn end(&self, rules: &RuleBook, ctx: &Context<'_>, now: Date) -> Option<TurningPoint> {
        let last = self.last_day.filter(|last| now <= *last)?;
        let next = last.checked_add(1.day()).ok()?;
        let after = Self::of(rules, Some(ctx), &self.id, next)
            .filter(|law| law.first_day.is_some_and(|first| next <= first));
        let name = if self.name_zh.is_empty() {
            &self.id
        } else {
            &self.name_zh
        };
        let (id, value) = (&self.id, &self.value);
        let (zh, en) = match after {
            Some(after) => (
                format!(
                    "{name}（{value}）执行至 {last}，自 {next} 起为 {}",
                    after.value
                ),
                format!(
                    "{id} is {value} until {last}, and {} from {next}",
                    after.value
                ),
            ),
            None => (
                format!("{name}（{value}）执行至 {last}，此后规则库中没有规定"),
                format!("{id} is {value} until {last}; the rule pack has nothing after it"),
            ),
        };
        Some(TurningPoint {
            field: String::new(),
            now: now.to_string(),
            turns_at: next.to_string(),
            zh,
            en,
            parameter_id: Some(self.id.clone()),
        })
    }
}

//! Reliefs on a segment: by area (减免税土地面积), by month (月减免税金额) or as approved.
//!
//! The shared frame checks each claim against its rule; here the land tax's own ways of stating
//! one are turned into it. Decisions G2, S9, S11, RE2 and LU4.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::months::Segment;
use super::source::Source;
use crate::rules::{ReliefRule, ReliefShape, RuleStatus};
use crate::tax::{
    Applied, ChargeError, Context, Finding, Provenance, ReliefClaim, ReliefLine, ReliefTarget,
    apply_reliefs,
};
use crate::types::{Exact, Money, Month, Overflow, Period, TaxKind};

/// The relief of stand-alone underground buildings.
pub const UNDERGROUND: &str = "LU_UNDERGROUND";
/// The field whose flag claims it.
const UNDERGROUND_FIELD: &str = "underground_stand_alone";

/// A relief claimed on a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandRelief {
    /// The claim; an approved amount is for all of its months together.
    pub claim: ReliefClaim,
    /// 减免税土地面积 in square metres; nothing means all of the taxed area. It is used in every
    /// segment's months (decision LU4).
    #[serde(default, with = "crate::types::decimal_text")]
    pub relief_area_sqm: Option<Decimal>,
    /// 月减免税金额, for reliefs by approval.
    #[serde(default)]
    pub monthly_amount: Option<Money>,
}

/// A relief line with its working.
#[derive(Debug)]
pub struct Relieved {
    /// The line.
    pub line: ReliefLine,
    /// How it came about, with the real values.
    pub expression: String,
    /// Document of the rule.
    pub cite: String,
    /// The rule's ratio, where the rule fixes one.
    pub applied: Option<Applied>,
}

/// The plot's reliefs in the order applied: the underground one of the flag comes first.
pub fn claims(source: &Source) -> Vec<(String, LandRelief)> {
    let flag = source.underground_stand_alone.then(|| LandRelief {
        claim: ReliefClaim::of(UNDERGROUND),
        relief_area_sqm: None,
        monthly_amount: None,
    });
    let flag = flag.map(|claim| (UNDERGROUND_FIELD.to_owned(), claim));
    let own = source.reliefs.iter().cloned().enumerate();
    flag.into_iter()
        .chain(own.map(|(place, claim)| (format!("reliefs[{place}]"), claim)))
        .collect()
}

/// The segment being relieved and what is left of it.
struct Row<'a> {
    /// From the first to the last taxed month of the plot in the tax period.
    taxed: Period,
    segment: &'a Segment<'a>,
    item: &'a str,
    exact: Exact,
    tax: Money,
    /// Reliefs before rounding, to see when nothing is left (S11).
    relieved: Exact,
    lines: Vec<Relieved>,
}

/// Applies the claims to a segment in order; `taxed` spans all segments of the tax period.
///
/// # Errors
/// A refusal for the first claim the law does not allow.
pub fn apply(
    ctx: &Context<'_>,
    claims: &[(String, LandRelief)],
    (taxed, segment): (Period, &Segment<'_>),
    item: &str,
    tax: Money,
) -> Result<Vec<Relieved>, ChargeError> {
    let mut row = Row {
        taxed,
        segment,
        item,
        exact: segment.tax_of(segment.area)?,
        tax,
        relieved: Exact::ZERO,
        lines: Vec::new(),
    };
    for (field, relief) in claims {
        row.apply(ctx, field, relief)?;
    }
    Ok(row.lines)
}

impl Row<'_> {
    fn apply(
        &mut self,
        ctx: &Context<'_>,
        field: &str,
        relief: &LandRelief,
    ) -> Result<(), ChargeError> {
        let rule = ctx.rules.relief(&relief.claim.relief_id);
        if let Some(rule) = rule
            && rule.tax != TaxKind::LandUseTax
        {
            return Err(other_tax(rule, field).into());
        }
        let months = rule.and_then(|rule| common(relief, rule, self.segment.period));
        let (Some(rule), Some(months)) = (rule, months) else {
            return self.outside(ctx, field, relief);
        };
        let by_approval = matches!(rule.shape, ReliefShape::ByInput);
        let base = self.base(relief, by_approval.then_some(months), field)?;
        let left = self.left()?;
        let mut claim = relief.claim.clone();
        claim.amount = approved(relief, months)?;
        let target = ReliefTarget {
            tax: TaxKind::LandUseTax,
            item: self.item,
            period: self.segment.period,
            all_rows: self.taxed,
            exact_tax: base.0,
            // What a full relief over all months takes; the cut to what is left comes last.
            tax_amount: match (relief.relief_area_sqm, by_approval) {
                (Some(_), _) => base.0.round_to_fen()?,
                (None, true) => left,
                (None, false) => self.tax,
            },
        };
        let lines = shared(ctx, &claim, target, field)?;
        let rounded = Money::sum(lines.iter().map(|line| line.amount))?;
        let (exact, expression) = self.working(relief, &claim, rule, (base, months))?;
        self.relieved = self.relieved.add(exact)?;
        // What the claims relieve together is all of the tax: no fen may be left (S11).
        let amount = if self.relieved == self.exact {
            left
        } else {
            rounded.min(left)
        };
        if amount.is_zero() {
            return Ok(());
        }
        self.lines.push(Relieved {
            line: ReliefLine {
                relief_id: rule.id.clone(),
                code: rule.code.clone(),
                name_zh: rule.name_zh.clone(),
                period: months,
                amount,
            },
            expression,
            cite: rule.source.cite.clone(),
            applied: applied(rule),
        });
        Ok(())
    }

    /// The relief before rounding and cutting, and its expression.
    fn working(
        &self,
        relief: &LandRelief,
        claim: &ReliefClaim,
        rule: &ReliefRule,
        ((base, text), months): ((Exact, String), Period),
    ) -> Result<(Exact, String), Overflow> {
        if let Some(amount) = claim.amount {
            let text = amount_expression(relief, months, amount);
            return Ok((Exact::from(amount), text));
        }
        let ratio = ratio_of(rule, claim);
        let share = claim.base_share.unwrap_or(Decimal::ONE);
        let (part, of) = (months.month_count(), self.segment.period.month_count());
        let exact = base.mul(ratio)?.mul(share)?.mul(part)?.div(of)?;
        let text = ratio_expression(&text, ratio, claim.base_share, (part, of));
        Ok((exact, text))
    }

    /// A claim that no month of the segment has in common with its rule. It is refused when it is
    /// unknown, or out of date in all of the taxed months; one that another segment meets is not.
    fn outside(
        &self,
        ctx: &Context<'_>,
        field: &str,
        relief: &LandRelief,
    ) -> Result<(), ChargeError> {
        let target = ReliefTarget {
            tax: TaxKind::LandUseTax,
            item: self.item,
            period: self.segment.period,
            all_rows: self.taxed,
            exact_tax: Exact::ZERO,
            tax_amount: Money::ZERO,
        };
        shared(ctx, &relief.claim, target, field).map(|_| ())
    }

    fn left(&self) -> Result<Money, Overflow> {
        let relieved = Money::sum(self.lines.iter().map(|relieved| relieved.line.amount))?;
        Ok(self.tax.minus(relieved)?.or_zero())
    }

    /// The unrounded tax that a claim works on, over all months of the segment, and its working.
    /// Hardship by ratio works on what earlier reliefs leave in its own months (RE2).
    fn base(
        &self,
        relief: &LandRelief,
        hardship: Option<Period>,
        field: &str,
    ) -> Result<(Exact, String), ChargeError> {
        let area = match relief.relief_area_sqm {
            Some(area) if Exact::from(area) > self.segment.area => {
                return Err(area_too_large(area, self.segment.area, field)?.into());
            }
            Some(area) => Exact::from(area),
            None => self.segment.area,
        };
        let base = self.segment.tax_of(area)?;
        let text = format!(
            "{} × {} × {} ÷ 12",
            area.to_decimal()?,
            self.segment.unit_tax.value.normalize(),
            self.segment.period.month_count()
        );
        let Some(months) = hardship.filter(|_| relief.relief_area_sqm.is_none()) else {
            return Ok((base, text));
        };
        let mut before = Exact::ZERO;
        for Relieved { line, .. } in &self.lines {
            if let Some(both) = line.period.overlap(months) {
                let part = Exact::from(line.amount)
                    .mul(both.month_count())?
                    .div(line.period.month_count())?;
                before = before.add(part)?;
            }
        }
        if before.is_zero() {
            return Ok((base, text));
        }
        // Scaled up to the whole segment, because the ratio is taken by months afterwards.
        let scaled = before
            .mul(self.segment.period.month_count())?
            .div(months.month_count())?;
        let text = format!("({text} − {})", scaled.to_decimal()?);
        Ok((base.sub(scaled)?.max(Exact::ZERO), text))
    }
}

/// One claim through the shared frame, with the paths of its refusals in this tax's own form.
fn shared(
    ctx: &Context<'_>,
    claim: &ReliefClaim,
    target: ReliefTarget<'_>,
    field: &str,
) -> Result<Vec<ReliefLine>, ChargeError> {
    apply_reliefs(ctx, std::slice::from_ref(claim), target, field).map_err(|error| match error {
        ChargeError::Refused(mut finding) => {
            let below = finding
                .field
                .strip_prefix(&format!("{field}[0]"))
                .unwrap_or_default();
            finding.field = match below {
                _ if field == UNDERGROUND_FIELD => field.to_owned(),
                _ => format!("{field}.claim{below}"),
            };
            ChargeError::Refused(finding)
        }
        other => other,
    })
}

/// The claim's, the rule's and the segment's months in common.
fn common(relief: &LandRelief, rule: &ReliefRule, segment: Period) -> Option<Period> {
    let in_force = Period::new(rule.from, rule.to.unwrap_or(jiff::civil::Date::MAX)).ok()?;
    let claimed = relief.claim.period.unwrap_or(segment).overlap(segment)?;
    in_force.overlap(claimed)
}

/// The approved amount that falls on some of the claim's months. A yearly amount is spread evenly
/// over its months; cumulative rounding keeps the sum of all instalments equal to it.
fn approved(relief: &LandRelief, months: Period) -> Result<Option<Money>, Overflow> {
    if let Some(monthly) = relief.monthly_amount {
        return Exact::from(monthly)
            .mul(months.month_count())?
            .round_to_fen()
            .map(Some);
    }
    let (Some(amount), Some(claimed)) = (relief.claim.amount, relief.claim.period) else {
        return Ok(relief.claim.amount);
    };
    let up_to = |month: Month| -> Result<Money, Overflow> {
        Exact::from(amount)
            .mul(claimed.first_month().count_to(month))?
            .div(claimed.month_count())?
            .round_to_fen()
    };
    up_to(months.last_month())?
        .minus(up_to(months.first_month().previous())?)
        .map(Some)
}

fn ratio_of(rule: &ReliefRule, claim: &ReliefClaim) -> Decimal {
    match rule.shape {
        ReliefShape::Full => Decimal::ONE,
        ReliefShape::Ratio(ratio) => ratio,
        ReliefShape::ByInput => claim.ratio.unwrap_or(Decimal::ZERO),
    }
}

fn ratio_expression(
    base: &str,
    ratio: Decimal,
    share: Option<Decimal>,
    (months, of): (u32, u32),
) -> String {
    let mut text = base.to_owned();
    if let Some(share) = share {
        text = format!("{text} × {share}");
    }
    if ratio != Decimal::ONE {
        text = format!("{text} × {ratio}");
    }
    if months != of {
        text = format!("{text} × {months} ÷ {of}");
    }
    text
}

fn amount_expression(relief: &LandRelief, months: Period, amount: Money) -> String {
    match (
        relief.monthly_amount,
        relief.claim.amount,
        relief.claim.period,
    ) {
        (Some(monthly), ..) => format!("{monthly} × {}", months.month_count()),
        (None, Some(whole), Some(claimed)) if whole != amount => format!(
            "{whole} × {} ÷ {}",
            months.month_count(),
            claimed.month_count()
        ),
        _ => amount.to_string(),
    }
}

fn applied(rule: &ReliefRule) -> Option<Applied> {
    let ReliefShape::Ratio(value) = rule.shape else {
        return None;
    };
    Some(Applied {
        parameter_id: rule.id.clone(),
        value,
        provenance: Provenance::Rule {
            first_day: rule.from,
            last_day: rule.to,
            cite: rule.source.cite.clone(),
            unconfirmed: rule.source.status == RuleStatus::Unconfirmed,
        },
    })
}

fn other_tax(rule: &ReliefRule, field: &str) -> Finding {
    Finding::error(
        "LU_RELIEF_OTHER_TAX",
        format!("{field}.claim.relief_id"),
        format!("减免税项目 {} 不属于城镇土地使用税", rule.name_zh),
        format!("relief {} does not belong to the land use tax", rule.id),
        rule.source.cite.clone(),
    )
}

/// The refusal of a relief area above the plot's (V6).
pub fn area_too_large(relief: Decimal, area: Exact, field: &str) -> Result<Finding, Overflow> {
    let area = area.to_decimal()?;
    Ok(Finding::error(
        "LU_V6_RELIEF_AREA",
        format!("{field}.relief_area_sqm"),
        format!("减免税土地面积 {relief} 大于应税面积 {area}"),
        format!("the relief area {relief} is larger than the taxed area {area}"),
        "税务总局公告2021年第9号 附件（城镇土地使用税税源明细表）",
    )
    .numbers(format!("≤ {area}"), relief))
}

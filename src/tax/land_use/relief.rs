//! Reliefs on a segment: by area (减免税土地面积), by month (月减免税金额) or as approved.
//!
//! The shared frame judges each claim by its rule; here the land tax's own ways of stating one are
//! turned into it. Decisions G2, S9, S11, RE2 and LU4.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::catalogue;
use super::months::Segment;
use super::source::Source;
use crate::rules::{ReliefRule, ReliefShape, RuleStatus};
use crate::tax::{
    Applied, ChargeError, Context, Finding, JudgedClaim, Provenance, ReliefClaim, ReliefLine,
    ReliefTarget, judge_claim, relieved_in,
};
use crate::types::{Exact, Money, Month, Overflow, Period, TaxKind};

/// The relief of stand-alone underground buildings.
pub const UNDERGROUND: &str = "LU_UNDERGROUND";
/// The field whose flag claims it.
const UNDERGROUND_FIELD: &str = "underground_stand_alone";
/// Whether hardship is approved on what the 六税两费 leave (1) or before them (0).
const AFTER_SIX_TAXES: &str = "lut.hardship_after_six_taxes";

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

impl LandRelief {
    /// A claim for all of the taxed area and all months.
    pub(super) fn of(relief_id: &str) -> Self {
        Self {
            claim: ReliefClaim::of(relief_id),
            relief_area_sqm: None,
            monthly_amount: None,
        }
    }
}

/// A relief line with its working.
#[derive(Debug)]
pub struct Relieved {
    /// The line.
    pub line: ReliefLine,
    /// Path of the claim it comes from.
    pub field: String,
    /// How it came about, with the real values.
    pub expression: String,
    /// Document of the rule.
    pub cite: String,
    /// Last day of the rule, where an end is known.
    pub ends: Option<jiff::civil::Date>,
    /// The rule's ratio, where the rule fixes one.
    pub applied: Option<Applied>,
}

/// The plot's reliefs in the order applied: the underground one of the flag comes first.
pub fn claims(source: &Source) -> Vec<(String, LandRelief)> {
    let flag = source
        .underground_stand_alone
        .then(|| (UNDERGROUND_FIELD.to_owned(), LandRelief::of(UNDERGROUND)));
    let own = source.reliefs.iter().cloned().enumerate();
    flag.into_iter()
        .chain(own.map(|(place, claim)| (format!("reliefs[{place}]"), claim)))
        .collect()
}

/// True for a claim of hardship (困难减免).
pub fn is_hardship(ctx: &Context<'_>, relief: &LandRelief) -> bool {
    let rule = ctx.rules.relief(&relief.claim.relief_id);
    rule.is_some_and(|rule| rule.after_policy)
}

/// The rule on the order of hardship and the 六税两费, where it says that hardship comes last.
///
/// # Errors
/// [`ChargeError::Missing`].
pub fn hardship_last(
    ctx: &Context<'_>,
    claims: &[(String, LandRelief)],
    period: Period,
) -> Result<Option<Applied>, ChargeError> {
    if !claims.iter().any(|(_, relief)| is_hardship(ctx, relief)) {
        return Ok(None);
    }
    let rule = ctx.number(AFTER_SIX_TAXES, period.first())?;
    Ok((rule.value == Decimal::ONE).then_some(rule))
}

/// The relief of one claim before it was rounded and cut, and its months.
#[derive(Debug, Clone, Copy)]
struct Claimed {
    months: Period,
    exact: Exact,
}

/// A segment being relieved and what is left of it.
#[derive(Debug)]
pub struct Row<'a> {
    /// From the first to the last taxed month of the plot in the tax period.
    taxed: Period,
    segment: &'a Segment<'a>,
    item: &'a str,
    exact: Exact,
    tax: Money,
    claimed: Vec<Claimed>,
    before: Vec<ReliefLine>,
}

impl<'a> Row<'a> {
    /// A segment before any relief; `taxed` spans all segments of the tax period.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn new(
        (taxed, segment): (Period, &'a Segment<'a>),
        item: &'a str,
        tax: Money,
    ) -> Result<Self, Overflow> {
        Ok(Self {
            taxed,
            segment,
            item,
            exact: segment.tax_of(segment.area)?,
            tax,
            claimed: Vec::new(),
            before: Vec::new(),
        })
    }

    /// Takes a line of the 六税两费 into account for the claims that come after it.
    pub fn took(&mut self, line: &ReliefLine) {
        self.before.push(line.clone());
    }

    /// Applies one claim; none when it relieves nothing here.
    ///
    /// # Errors
    /// A refusal when the law does not allow it.
    pub fn apply(
        &mut self,
        ctx: &Context<'_>,
        field: &str,
        relief: &LandRelief,
    ) -> Result<Option<Relieved>, ChargeError> {
        let area = relief.relief_area_sqm.map(Exact::from);
        let mut claim = relief.claim.clone();
        claim.amount = claim.amount.or(relief.monthly_amount);
        let target = ReliefTarget {
            tax: TaxKind::LandUseTax,
            item: self.item,
            period: self.segment.period,
            all_rows: self.taxed,
            exact_tax: self.segment.tax_of(area.unwrap_or(self.segment.area))?,
            tax_amount: self.tax,
        };
        // Hardship on an area of its own takes all of that area's tax.
        let before: &[ReliefLine] = if area.is_some() { &[] } else { &self.before };
        let judged = judge_claim(ctx, &claim, target, before, &claim_path(field))
            .map_err(|error| own_path(error, field))?;
        let Some(JudgedClaim {
            rule,
            period: months,
            exact,
        }) = judged
        else {
            return Ok(None);
        };
        if let Some(area) = relief.relief_area_sqm
            && Exact::from(area) > self.segment.area
        {
            return Err(area_too_large(area, self.segment.area, field)?.into());
        }
        let (exact, expression) = match claim.amount {
            Some(_) => {
                let amount = approved(relief, months)?;
                let text = amount_expression(relief, months, amount);
                (Exact::from(amount), text)
            }
            None => {
                let earlier = match rule.after_policy {
                    true => relieved_in(before, months)?,
                    false => Exact::ZERO,
                };
                (exact, self.ratio_expression(relief, rule, months, earlier)?)
            }
        };
        let left = self.left()?;
        self.claimed.push(Claimed { months, exact });
        let mut all = Exact::ZERO;
        for one in &self.claimed {
            all = all.add(one.exact)?;
        }
        // What the claims relieve together is all of the tax: no fen may be left (S11).
        let amount = match all == self.exact {
            true => left,
            false => exact.round_to_fen()?.min(left).or_zero(),
        };
        if amount.is_zero() {
            return Ok(None);
        }
        // Cut to what is left, or taking the last fen of it.
        let expression = match exact.round_to_fen()? == amount {
            true => expression,
            false => format!("{expression}，取剩余税额 {left}"),
        };
        let line = ReliefLine {
            relief_id: rule.id.clone(),
            code: rule.code.clone(),
            name_zh: rule.name_zh.clone(),
            period: months,
            amount,
        };
        self.before.push(line.clone());
        Ok(Some(Relieved {
            line,
            field: field.to_owned(),
            expression,
            cite: rule.source.cite.clone(),
            ends: rule.to,
            applied: applied(rule),
        }))
    }

    /// The lines so far.
    pub fn lines(&self) -> &[ReliefLine] {
        &self.before
    }

    fn left(&self) -> Result<Money, Overflow> {
        let relieved = Money::sum(self.before.iter().map(|line| line.amount))?;
        Ok(self.tax.minus(relieved)?.or_zero())
    }

    /// The first month in which the claims ask for more than the month's tax (V6), with both
    /// figures. Each line may have been rounded by up to a fen: so much is no excess.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn excess(&self) -> Result<Option<(Month, Exact, Exact)>, Overflow> {
        let count = self.segment.period.month_count();
        let tax = self.exact.div(count)?;
        let mut slack = Money::from_fen(1);
        for _ in &self.claimed {
            slack = slack.plus(Money::from_fen(1))?;
        }
        for month in self.segment.period.months() {
            let mut asked = Exact::ZERO;
            for one in &self.claimed {
                if one.months.contains(month.first_day()) {
                    asked = asked.add(one.exact.div(one.months.month_count())?)?;
                }
            }
            if asked.sub(tax)? > Exact::from(slack) {
                return Ok(Some((month, tax, asked)));
            }
        }
        Ok(None)
    }

    /// The working of a relief by ratio, such as `(100 × 6 × 6 ÷ 12 − 20.00) × 0.5`.
    fn ratio_expression(
        &self,
        relief: &LandRelief,
        rule: &ReliefRule,
        months: Period,
        earlier: Exact,
    ) -> Result<String, Overflow> {
        let area = relief.relief_area_sqm.map(Exact::from);
        let mut text = format!(
            "{} × {} × {} ÷ 12",
            area.unwrap_or(self.segment.area).to_decimal()?.normalize(),
            self.segment.unit_tax.value.normalize(),
            months.month_count()
        );
        if !earlier.is_zero() {
            text = format!("({text} − {})", earlier.to_decimal()?.normalize());
        }
        if let Some(share) = relief.claim.base_share {
            text = format!("{text} × {share}");
        }
        let ratio = match rule.shape {
            ReliefShape::Full => None,
            ReliefShape::Ratio(ratio) => Some(ratio),
            ReliefShape::ByInput => relief.claim.ratio,
        };
        if let Some(ratio) = ratio {
            text = format!("{text} × {ratio}");
        }
        Ok(text)
    }
}

/// Where the claim stands below a path of [`claims`].
fn claim_path(field: &str) -> String {
    match field {
        UNDERGROUND_FIELD => field.to_owned(),
        _ => format!("{field}.claim"),
    }
}

/// A refusal of the flag's relief names the flag: it has no fields of its own.
fn own_path(error: ChargeError, field: &str) -> ChargeError {
    match error {
        ChargeError::Refused(mut finding) if field == UNDERGROUND_FIELD => {
            finding.field = field.to_owned();
            ChargeError::Refused(finding)
        }
        other => other,
    }
}

/// The approved amount that falls on some of the claim's months. A yearly amount is spread evenly
/// over its months; cumulative rounding keeps the sum of all instalments equal to it.
fn approved(relief: &LandRelief, months: Period) -> Result<Money, Overflow> {
    if let Some(monthly) = relief.monthly_amount {
        return Exact::from(monthly)
            .mul(months.month_count())?
            .round_to_fen();
    }
    let amount = relief.claim.amount.unwrap_or_default();
    let Some(claimed) = relief.claim.period else {
        return Ok(amount);
    };
    let up_to = |month: Month| -> Result<Money, Overflow> {
        Exact::from(amount)
            .mul(claimed.first_month().count_to(month))?
            .div(claimed.month_count())?
            .round_to_fen()
    };
    up_to(months.last_month())?.minus(up_to(months.first_month().previous())?)
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

/// The ratio a rule fixes. A full relief is worth naming only while its rule is unconfirmed.
fn applied(rule: &ReliefRule) -> Option<Applied> {
    let unconfirmed = rule.source.status == RuleStatus::Unconfirmed;
    let value = match rule.shape {
        ReliefShape::Ratio(value) => value,
        ReliefShape::Full if unconfirmed => Decimal::ONE,
        ReliefShape::Full | ReliefShape::ByInput => return None,
    };
    Some(Applied {
        parameter_id: rule.id.clone(),
        value,
        provenance: Provenance::Rule {
            first_day: rule.from,
            last_day: rule.to,
            cite: rule.source.cite.clone(),
            unconfirmed,
        },
    })
}

/// The refusal of a relief area above the plot's (V6).
pub fn area_too_large(relief: Decimal, area: Exact, field: &str) -> Result<Finding, Overflow> {
    let area = area.to_decimal()?;
    Ok(catalogue::LU_V6_RELIEF_AREA
        .at(
            format!("{field}.relief_area_sqm"),
            format!("减免税土地面积 {relief} 大于应税面积 {area}"),
            format!("the relief area {relief} is larger than the taxed area {area}"),
        )
        .numbers(format!("≤ {area}"), relief))
}

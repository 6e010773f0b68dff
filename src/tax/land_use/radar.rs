//! Reliefs that seem due but are not claimed, and claims whose condition does not hold.

use std::cmp::Ordering;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::facts::{PieceUse, Staff};
use super::relief::{LandRelief, is_hardship};
use super::source::LandTaxpayer;
use super::{Source, catalogue, months};
use crate::rules::{ReliefRule, ReliefShape};
use crate::tax::{ChargeError, Check, Context, Opportunity, TaxpayerKind};
use crate::types::{Exact, Period};

/// The relief of employers of disabled staff.
pub(super) const DISABLED: &str = "LU_DISABLED";
/// Which relief frees which use, and for whom.
const USES: &str = "lut.use_reliefs";

/// A row of the table of uses.
struct Freed<'a> {
    relief_id: &'a str,
    who: &'a str,
}

impl Source {
    /// What its own facts say about reliefs (应享未享, 错误享受).
    pub fn radar(&self, ctx: &Context<'_>) -> Vec<Opportunity<Self>> {
        let taxed = months::start(self, ctx)
            .ok()
            .and_then(|start| months::taxed(self, &start, ctx.period));
        let Some(taxed) = taxed else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for freed in freed(ctx) {
            self.by_use(ctx, taxed, &freed, &mut found);
        }
        found.extend(self.by_staff(ctx, taxed));
        found.extend(self.restricted(ctx));
        found
    }

    /// One relief of the table against the uses of the plot.
    fn by_use(
        &self,
        ctx: &Context<'_>,
        taxed: Period,
        freed: &Freed<'_>,
        found: &mut Vec<Opportunity<Self>>,
    ) {
        let Some(rule) = ctx.rules.relief(freed.relief_id) else {
            return;
        };
        let meets = |period: Option<Period>| period.is_none_or(|p| p.overlap(taxed).is_some());
        let claims: Vec<&LandRelief> = self
            .reliefs
            .iter()
            .filter(|one| one.claim.relief_id == rule.id && meets(one.claim.period))
            .collect();
        let entitled = self.entitled(ctx, freed.who);
        if !claims.is_empty() && !entitled {
            found.push(self.withdraw(
                catalogue::LU_RADAR_EXEMPT_UNIT,
                rule,
                "该项减免只由免税单位享受，纳税人不是免税单位",
                "the relief belongs to exempt units, which the taxpayer is not",
            ));
            return;
        }
        let pieces: Vec<&PieceUse> = self
            .uses
            .iter()
            .filter(|piece| frees(ctx, piece, freed.relief_id) && meets(piece.period))
            .collect();
        if pieces.is_empty() {
            if !claims.is_empty() && !self.uses.is_empty() {
                found.push(self.withdraw(
                    catalogue::LU_RADAR_NO_SUCH_USE,
                    rule,
                    "填报的用途中没有可享受该项减免的用途",
                    "none of the stated uses is one that the relief frees",
                ));
            }
            return;
        }
        if entitled && in_force(rule, &pieces, taxed) {
            found.extend(self.compared(rule, &pieces, &claims));
        }
    }

    /// What the uses would free against what is claimed.
    fn compared(
        &self,
        rule: &ReliefRule,
        pieces: &[&PieceUse],
        claims: &[&LandRelief],
    ) -> Option<Opportunity<Self>> {
        let missing = catalogue::unclaimed(&rule.id)?;
        let used = self.extent(pieces.iter().map(|one| (one.area_sqm, one.share)))?;
        let claimed = self.extent(
            claims
                .iter()
                .map(|one| (one.relief_area_sqm, one.claim.base_share)),
        )?;
        let share = |part: Exact| part.to_decimal().map(|value| value.normalize().to_string());
        let (used_text, claimed_text) = (share(used).ok()?, share(claimed).ok()?);
        let (check, zh, en) = match claimed.cmp(&used) {
            Ordering::Equal => return None,
            Ordering::Less if claims.is_empty() => (
                missing,
                format!("该用途可享受“{}”，尚未申报减免", rule.name_zh),
                format!("the use is freed by {}, which is not claimed", rule.id),
            ),
            Ordering::Less => (
                missing,
                format!("申报的减免少于该用途的面积，可享受“{}”", rule.name_zh),
                format!("{} is claimed for less than the use", rule.id),
            ),
            Ordering::Greater => (
                catalogue::LU_RADAR_AREA_OVER_USE,
                format!("“{}”的减免面积大于该用途的面积", rule.name_zh),
                format!("{} is claimed for more than the use", rule.id),
            ),
        };
        let by_ratio = !matches!(rule.shape, ReliefShape::ByInput);
        Some(Opportunity {
            finding: check
                .at("reliefs", zh, en)
                .under(rule.source.cite.clone())
                .numbers(used_text, claimed_text),
            relief_id: rule.id.clone(),
            instead: by_ratio.then(|| self.claiming(rule, pieces, claims)),
        })
    }

    /// The part of the taxed area that some uses or claims stand for, 0 to 1 (or above, when they
    /// overlap).
    fn extent(
        &self,
        parts: impl Iterator<Item = (Option<Decimal>, Option<Decimal>)>,
    ) -> Option<Exact> {
        let whole = months::largest_area(self)?;
        let mut sum = Exact::ZERO;
        for (area, share) in parts {
            let part = match (area, share) {
                (Some(area), _) => Exact::from(area).div(whole).ok()?,
                (None, Some(share)) => Exact::from(share),
                (None, None) => Exact::ONE,
            };
            sum = sum.add(part).ok()?;
        }
        Some(sum)
    }

    /// The plot with the relief claimed for just the pieces used so; before hardship.
    fn claiming(&self, rule: &ReliefRule, pieces: &[&PieceUse], claims: &[&LandRelief]) -> Self {
        let document = claims.first().map(|one| one.claim.document.clone());
        let first = |of: &LandRelief| of.claim.relief_id == rule.id;
        let place = self.reliefs.iter().position(first).unwrap_or_default();
        let mut instead = self.without(rule);
        let place = place.min(instead.reliefs.len());
        for (more, piece) in pieces.iter().enumerate() {
            let mut relief = LandRelief::of(&rule.id);
            relief.claim.period = piece.period;
            relief.claim.base_share = piece.share;
            relief.claim.document = document.clone().unwrap_or_default();
            relief.relief_area_sqm = piece.area_sqm;
            instead.reliefs.insert(place + more, relief);
        }
        instead
    }

    fn without(&self, rule: &ReliefRule) -> Self {
        let mut instead = self.clone();
        instead.reliefs.retain(|one| one.claim.relief_id != rule.id);
        instead
    }

    /// A claim to be taken back.
    fn withdraw(&self, check: &Check, rule: &ReliefRule, zh: &str, en: &str) -> Opportunity<Self> {
        let place = self
            .reliefs
            .iter()
            .position(|one| one.claim.relief_id == rule.id)
            .unwrap_or_default();
        Opportunity {
            finding: check.at(
                format!("reliefs[{place}].claim.relief_id"),
                format!("“{}”：{zh}", rule.name_zh),
                format!("{}: {en}", rule.id),
            ),
            relief_id: rule.id.clone(),
            instead: Some(self.without(rule)),
        }
    }

    /// Whether the taxpayer is one whom the relief is for.
    fn entitled(&self, ctx: &Context<'_>, who: &str) -> bool {
        let exempt = ctx.profile.kind == TaxpayerKind::Organisation;
        match who {
            "exempt_unit" => exempt,
            "lender" => exempt || self.taxpayer_kind != LandTaxpayer::FreeUser,
            _ => true,
        }
    }

    /// Employers of disabled staff: a share and a number of persons.
    fn by_staff(&self, ctx: &Context<'_>, taxed: Period) -> Option<Opportunity<Self>> {
        let staff = self.staff?;
        let rule = ctx.rules.relief(DISABLED)?;
        let needed = staff_needed(ctx, staff, taxed.first()).ok()?;
        let claimed = self
            .reliefs
            .iter()
            .any(|one| one.claim.relief_id == rule.id);
        let met = Exact::from(staff.disabled) >= needed;
        let text = needed.to_decimal().ok()?.normalize();
        let numbers = (format!("≥ {text}"), staff.disabled);
        match (met, claimed) {
            (true, false) => Some(Opportunity {
                finding: catalogue::LU_RADAR_DISABLED
                    .at(
                        "staff.disabled",
                        "安置残疾人就业达到比例和人数，可享受省定减免，尚未申报",
                        "the staff meets the share and the number, but the relief is not claimed",
                    )
                    .numbers(numbers.0, numbers.1),
                relief_id: rule.id.clone(),
                instead: None,
            }),
            (false, true) => {
                let mut opportunity = self.withdraw(
                    catalogue::LU_RADAR_DISABLED_UNMET,
                    rule,
                    &format!("安置残疾人 {} 人，少于所需的 {text} 人", staff.disabled),
                    &format!("{} disabled persons, {text} are needed", staff.disabled),
                );
                opportunity.finding = opportunity.finding.numbers(numbers.0, numbers.1);
                Some(opportunity)
            }
            _ => None,
        }
    }

    /// Hardship is not for industries that the state restricts.
    fn restricted(&self, ctx: &Context<'_>) -> Option<Opportunity<Self>> {
        let claim = self.reliefs.iter().find(|one| is_hardship(ctx, one))?;
        let rule = ctx.rules.relief(&claim.claim.relief_id)?;
        self.restricted_industry.then(|| {
            self.withdraw(
                catalogue::LU_RADAR_RESTRICTED_INDUSTRY,
                rule,
                "从事国家限制或不鼓励发展的产业，不得办理困难减免",
                "the industry is one the state restricts or discourages",
            )
        })
    }
}

/// The rows of the table of uses, each relief once.
fn freed<'a>(ctx: &Context<'a>) -> Vec<Freed<'a>> {
    let Some(table) = ctx.rules.table(USES, ctx.period.first()) else {
        return Vec::new();
    };
    let cells = table
        .rows
        .iter()
        .filter_map(|row| table.cell(row, "relief_id").zip(table.cell(row, "who")));
    cells
        .map(|(relief_id, who)| Freed { relief_id, who })
        .collect()
}

/// True when the table says that the relief frees the piece's use.
fn frees(ctx: &Context<'_>, piece: &PieceUse, relief_id: &str) -> bool {
    let Some(table) = ctx.rules.table(USES, ctx.period.first()) else {
        return false;
    };
    table.rows.iter().any(|row| {
        table.cell(row, "use") == Some(piece.kind.key())
            && table.cell(row, "relief_id") == Some(relief_id)
    })
}

/// True when the relief is in force in some taxed month of some piece.
fn in_force(rule: &ReliefRule, pieces: &[&PieceUse], taxed: Period) -> bool {
    let days = Period::new(rule.from, rule.to.unwrap_or(Date::MAX)).ok();
    let common = days.and_then(|days| days.overlap(taxed));
    common.is_some_and(|common| {
        pieces
            .iter()
            .any(|one| one.period.is_none_or(|p| p.overlap(common).is_some()))
    })
}

/// How many disabled persons must be employed: the share of all staff, and the number.
///
/// # Errors
/// A missing threshold.
pub(super) fn staff_needed(
    ctx: &Context<'_>,
    staff: Staff,
    on: Date,
) -> Result<Exact, ChargeError> {
    let share = ctx.number("lut.disabled_staff.share", on)?.value;
    let count = ctx.number("lut.disabled_staff.count", on)?.value;
    Ok(Exact::from(staff.all).mul(share)?.max(Exact::from(count)))
}

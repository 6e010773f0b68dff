//! What can be said of the reliefs claimed, before they are applied (spec §11, V2, V11, V12).

use rust_decimal::Decimal;

use super::model::{Hardship, Lease, Source};
use super::settle::{HARDSHIP, ORDER, hardship_input};
use super::{Context, Finding, catalogue};
use crate::rules::RuleStatus;
use crate::tax::{ReliefClaim, six_taxes};
use crate::types::{Month, Period};

/// Reliefs that other fields bring about, each with what does.
const RESERVED: [(&str, &str, &str); 5] = [
    (HARDSHIP, "困难减免栏次", "the hardship fields"),
    ("RE_HOUSING_LEASE_PERSON", "租赁信息", "the lease"),
    ("RE_HOUSING_LEASE_ENTITY", "租赁信息", "the lease"),
    ("RE_UNDERGROUND", "地下建筑栏次", "the underground fields"),
    ("RE_SIX_TAXES", "纳税人资格月份", "the taxpayer's months"),
];

/// A list of claims with where it stands and the months in which its source is valid.
struct Claims<'a> {
    claims: &'a [ReliefClaim],
    hardship: Option<&'a Hardship>,
    path: String,
    hardship_path: String,
    valid: Option<(Month, Option<Month>)>,
}

/// The reliefs on the value side: valid from the first taxed month to the end.
pub(super) fn of_value(source: &Source, ctx: &Context<'_>, found: &mut Vec<Finding>) {
    let end = source.ended_on.map(Month::of);
    let valid = source.first_month(ctx).ok().map(|first| (first, end));
    let claims = Claims {
        claims: &source.reliefs,
        hardship: source.hardship.as_ref(),
        path: "reliefs".to_owned(),
        hardship_path: "hardship".to_owned(),
        valid,
    };
    claims.check(ctx, found);
}

/// What is said of the value side of a source that has none would do nothing.
pub(super) fn unused(source: &Source, found: &mut Vec<Finding>) {
    if !source.versions.is_empty() {
        return;
    }
    for (name, unused) in [
        ("reliefs", !source.reliefs.is_empty()),
        ("hardship", source.hardship.is_some()),
        ("value_payments", !source.value_payments.is_empty()),
    ] {
        if unused {
            found.push(catalogue::RE_RELIEF_UNUSED.at(
                name,
                "本税源没有房产原值，该项不起作用；租金的减免请填写在租约上",
                "the source has no value, so this does nothing; rent has its own on the lease",
            ));
        }
    }
}

/// The reliefs on a lease's rent: valid in its term.
pub(super) fn of_lease(lease: &Lease, ctx: &Context<'_>, path: &str, found: &mut Vec<Finding>) {
    let claims = Claims {
        claims: &lease.reliefs,
        hardship: lease.hardship.as_ref(),
        path: format!("{path}.reliefs"),
        hardship_path: format!("{path}.hardship"),
        valid: Some((lease.term.first_month(), Some(lease.term.last_month()))),
    };
    claims.check(ctx, found);
}

impl Claims<'_> {
    fn check(&self, ctx: &Context<'_>, found: &mut Vec<Finding>) {
        for (place, claim) in self.claims.iter().enumerate() {
            let field = format!("{}[{place}]", self.path);
            let reserved = RESERVED.iter().find(|(id, _, _)| *id == claim.relief_id);
            if let Some((id, zh, en)) = reserved {
                found.push(catalogue::RE_RELIEF_RESERVED.at(
                    format!("{field}.relief_id"),
                    format!("{id} 由{zh}生成，不能直接申报"),
                    format!("{id} comes from {en}"),
                ));
                continue;
            }
            no_code(ctx, claim, &field, found);
            self.window(claim.period, &format!("{field}.period"), found);
            months(claim, &field, found);
            by_amount(ctx, claim, &field, found);
        }
        self.shares(found);
        let Some(hardship) = self.hardship else {
            return;
        };
        let path = &self.hardship_path;
        approved(hardship, path, found);
        self.window(Some(hardship.period), &format!("{path}.period"), found);
        order(ctx, hardship, path, found);
    }

    /// V12: what is claimed meets the months of the source.
    fn window(&self, claimed: Option<Period>, field: &str, found: &mut Vec<Finding>) {
        let (Some(claimed), Some((first, last))) = (claimed, self.valid) else {
            return;
        };
        if claimed.last_month() < first || last.is_some_and(|last| last < claimed.first_month()) {
            let until = last.map_or(String::new(), |last| last.to_string());
            found.push(
                catalogue::RE_V12
                    .at(
                        field,
                        format!("减免起止 {claimed} 与税源有效期 {first} 至 {until} 不相交"),
                        format!("the relief's {claimed} does not meet {first} to {until}"),
                    )
                    .numbers(format!("{first}..{until}"), claimed),
            );
        }
    }

    /// V11: in no month do the reliefs by share cover more than the house.
    fn shares(&self, found: &mut Vec<Finding>) {
        let by_share = |claim: &&ReliefClaim| claim.ratio.is_none() && claim.amount.is_none();
        let share = |claim: &ReliefClaim| claim.base_share.unwrap_or(Decimal::ONE);
        let starts = |claim: &ReliefClaim| claim.period.map(Period::first_month);
        let covers = |claim: &ReliefClaim, month: Option<Month>| match (claim.period, month) {
            (None, _) => true,
            (Some(period), Some(month)) => {
                period.first_month() <= month && month <= period.last_month()
            }
            (Some(_), None) => false,
        };
        // The most is reached in a month in which one of them starts, or outside all windows.
        for month in self.claims.iter().filter(by_share).map(starts) {
            let active = self.claims.iter().filter(by_share);
            let active = active.filter(|claim| covers(claim, month));
            let sum = active
                .map(share)
                .fold(Decimal::ZERO, Decimal::saturating_add);
            if sum > Decimal::ONE {
                found.push(
                    catalogue::RE_V11
                        .at(
                            self.path.clone(),
                            "各项减免税房产原值之和大于计税房产原值，超出部分不减免",
                            "the reliefs together cover more than the house; the excess is cut",
                        )
                        .numbers("<= 1", sum),
                );
                return;
            }
        }
    }
}

/// V2: the form wants a code of ten digits; the pack has only confirmed ones.
fn no_code(ctx: &Context<'_>, claim: &ReliefClaim, field: &str, found: &mut Vec<Finding>) {
    if let Some(rule) = ctx.rules.relief(&claim.relief_id)
        && rule.code.is_none()
    {
        let id = &rule.id;
        found.push(catalogue::RE_V2.at(
            format!("{field}.relief_id"),
            format!(
                "{} 的减免性质代码未核实，请按税务机关代码表填写",
                rule.name_zh
            ),
            format!("the official code of {id} is not confirmed; take it from the bureau's table"),
        ));
    }
}

/// The form states whole months; a relief that changes within one holds from the next.
fn months(claim: &ReliefClaim, field: &str, found: &mut Vec<Finding>) {
    if let Some(period) = claim.period
        && !period.is_whole_months()
    {
        let whole = Period::months_between(period.first_month(), period.last_month());
        found.push(
            catalogue::RE_RELIEF_MONTHS
                .at(
                    format!("{field}.period"),
                    format!("减免起止 {period} 不是整月，按 {whole} 计算；减免变更自次月起"),
                    format!("{period} is not of whole months and is taken as {whole}"),
                )
                .numbers(whole, period),
        );
    }
}

/// An amount is taken in every filing period that the claim meets.
fn by_amount(ctx: &Context<'_>, claim: &ReliefClaim, field: &str, found: &mut Vec<Finding>) {
    if claim.amount.is_none() {
        return;
    }
    let beyond = match claim.period {
        None => true,
        Some(period) => period.overlap(ctx.period).is_some() && !ctx.period.covers(period),
    };
    if beyond {
        found.push(catalogue::RE_RELIEF_AMOUNT_PERIOD.at(
            format!("{field}.period"),
            "按金额填写的减免在每个申报期各享受一次，请填写一个申报期内的起止",
            "the amount is taken in each filing period: state a period inside one",
        ));
    }
}

fn approved(hardship: &Hardship, path: &str, found: &mut Vec<Finding>) {
    let unit = |ratio: Decimal| Decimal::ZERO <= ratio && ratio <= Decimal::ONE;
    let fits = match (hardship.ratio, hardship.amount) {
        (Some(ratio), None) => unit(ratio),
        (None, Some(amount)) => !amount.is_negative(),
        _ => false,
    };
    if !fits {
        found.push(hardship_input(path));
    }
    if hardship.document.trim().is_empty() {
        found.push(catalogue::RE_HARDSHIP_DOCUMENT.at(
            format!("{path}.document"),
            "困难减免应填写核准文书号",
            "a hardship relief names its approval",
        ));
    }
}

/// Where both apply in a month, their order decides the amount.
fn order(ctx: &Context<'_>, hardship: &Hardship, path: &str, found: &mut Vec<Finding>) {
    let Some(months) = hardship.period.overlap(ctx.period) else {
        return;
    };
    let both = months
        .months()
        .any(|month| six_taxes::eligibility(ctx, month).is_some());
    let row = ctx.rules.find(ORDER, ctx.region, months.first());
    if let Ok((_, row)) = row
        && both
        && row.source.status == RuleStatus::Unconfirmed
    {
        found.push(
            catalogue::RE_HARDSHIP_ORDER
                .at(
                    path,
                    format!("困难减免与“六税两费”的先后 {} 尚未核实", row.value),
                    format!(
                        "the order of hardship and six taxes, {}, is not confirmed",
                        row.value
                    ),
                )
                .under(row.source.cite.clone()),
        );
    }
}

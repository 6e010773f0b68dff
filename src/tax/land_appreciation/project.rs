//! A developer's settlements (清算), assessed settlements, and transfers of work in progress.

use rust_decimal::Decimal;

use super::catalogue;
use super::figures::{developer, income, split_cost, split_sold};
use super::parts::Areas;
use super::reliefs::{ORDINARY, claims};
use super::source::{
    AssessedSettlement, AssessedType, PropertyType, Settlement, SettlementType, WipTransfer,
};
use super::turning;
use super::work::{Amounts, Appreciation, Line, Work};
use crate::tax::{Charge, ChargeError, Context};
use crate::types::{Exact, Money, Period};

impl PropertyType {
    /// The ending of item ids, and the Chinese name.
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Ordinary => ("ORDINARY", "普通住宅"),
            Self::NonOrdinary => ("NON_ORDINARY", "非普通住宅"),
            Self::Other => ("OTHER", "其他类型房地产"),
        }
    }

    /// The ending of parameter ids.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::NonOrdinary => "non_ordinary",
            Self::Other => "other",
        }
    }
}

/// The exemption of ordinary housing as a claim, where the law gives it (条例 art. 8(1); LAT4).
pub(super) fn ordinary_exemption(
    work: &mut Work<'_, '_>,
    property_type: PropertyType,
    appreciation: Appreciation,
    separate: bool,
) -> Result<Option<&'static str>, ChargeError> {
    if property_type != PropertyType::Ordinary || !separate {
        return Ok(None);
    }
    let share = work.number("lat.ordinary_exempt_ratio")?;
    let within = appreciation.within(share)?;
    if appreciation.value.is_positive() {
        work.step(
            ("普通住宅免税界限", "exemption edge of ordinary housing"),
            format!(
                "{} {} {} × {share}",
                appreciation.value,
                if within { "≤" } else { ">" },
                appreciation.deductions
            ),
            if within { "免税" } else { "不免税" },
            Some("lat.ordinary_exempt_ratio"),
            "土地增值税暂行条例第八条第一项，财税字〔1995〕48号第十三条",
        );
    }
    Ok(within.then_some(ORDINARY))
}

/// `(weight, sold share)` of a type's area; a type without areas carries no shared cost.
fn area_shares(areas: Option<&Areas>) -> Result<(Exact, Exact), ChargeError> {
    let Some(areas) = areas.filter(|areas| areas.saleable_sqm > Decimal::ZERO) else {
        return Ok((Exact::ZERO, Exact::ONE));
    };
    let weight = Exact::from(areas.weight_sqm.unwrap_or(areas.saleable_sqm));
    let sold = Exact::from(areas.sold_sqm).div(Exact::from(areas.saleable_sqm))?;
    Ok((weight, sold))
}

impl Settlement {
    /// Land and development cost out of the shared costs, per type.
    fn shared(&self) -> Result<Vec<(Money, Money)>, ChargeError> {
        let Some(costs) = self.shared_costs else {
            return Ok(vec![(Money::ZERO, Money::ZERO); self.types.len()]);
        };
        let (mut weights, mut sold) = (Vec::new(), Vec::new());
        for kind in &self.types {
            let (weight, share) = area_shares(kind.areas.as_ref())?;
            weights.push(weight);
            sold.push(share);
        }
        if weights.iter().all(|weight| weight.is_zero()) {
            return Err(catalogue::LAT_E20
                .at(
                    "settlement.types[0].areas",
                    "分摊共同成本需要填写各类型的可售面积",
                    "shared costs need the saleable areas of the types to be split",
                )
                .into());
        }
        let land = split_sold(costs.land, &weights, &sold)?;
        let cost = split_cost(costs.development_cost, &weights, &sold)?;
        Ok(land.into_iter().zip(cost).collect())
    }

    /// Appreciation of every type, in order, with its working.
    pub(super) fn appreciations<'a, 'c>(
        &self,
        ctx: &'a Context<'c>,
    ) -> Result<Vec<(Work<'a, 'c>, Appreciation)>, ChargeError> {
        let shared = self.shared()?;
        let mut done = Vec::new();
        for (kind, shared) in self.types.iter().zip(shared) {
            let mut work = Work::new(ctx, self.event_on);
            let income = income(&mut work, &kind.income)?;
            if self.shared_costs.is_some() {
                work.step(
                    ("分摊的共同成本", "part of the shared costs"),
                    format!("{} + {}", shared.0, shared.1),
                    shared.0.plus(shared.1)?,
                    None,
                    "国税发〔2006〕187号第四条第五项",
                );
            }
            let deductions = developer(&mut work, &kind.deductions, shared)?;
            let appreciation = Appreciation::new(&mut work, income, deductions)?;
            done.push((work, appreciation));
        }
        Ok(done)
    }

    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let worked = self.appreciations(ctx)?;
        self.types
            .iter()
            .zip(worked)
            .enumerate()
            .map(|(place, (kind, (work, appreciation)))| self.line(place, kind, work, appreciation))
            .collect()
    }

    fn line(
        &self,
        place: usize,
        kind: &SettlementType,
        mut work: Work<'_, '_>,
        appreciation: Appreciation,
    ) -> Result<Charge, ChargeError> {
        let amounts = appreciation.tax(&mut work, appreciation)?;
        let exempt = ordinary_exemption(
            &mut work,
            kind.property_type,
            appreciation,
            !self.ordinary_not_separate,
        )?;
        let field = format!("settlement.types[{place}]");
        turning::brackets(&mut work, appreciation, &format!("{field}.income"))?;
        if kind.property_type == PropertyType::Ordinary && !self.ordinary_not_separate {
            turning::exemption(&mut work, appreciation, &field)?;
        }
        let (name, zh) = kind.property_type.names();
        let line = Line {
            item: (format!("LAT_SETTLEMENT_{name}"), format!("清算（{zh}）")),
            detail: String::new(),
            period: Period::day(self.event_on),
            claims: claims(&kind.reliefs, exempt),
            paid: kind.prepaid,
            field: format!("settlement.types[{place}].reliefs"),
        };
        work.finish(line, amounts)
    }
}

impl AssessedType {
    /// Income and tax of the type, without a sheet to show.
    pub(super) fn worked(
        &self,
        ctx: &Context<'_>,
        on: jiff::civil::Date,
    ) -> Result<(Money, Money), ChargeError> {
        let mut work = Work::new(ctx, on);
        let income = income(&mut work, &self.income)?;
        let id = format!("lat.assessed_rate.{}", self.property_type.key());
        let amounts = assessed(&mut work, income, &id, self.stated_rate.as_ref(), "")?;
        Ok((income, amounts.tax.round_to_fen()?.or_zero()))
    }
}

impl AssessedSettlement {
    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let lines = self.types.iter().enumerate();
        lines
            .map(|(place, kind)| self.line(ctx, place, kind))
            .collect()
    }

    fn line(
        &self,
        ctx: &Context<'_>,
        place: usize,
        kind: &AssessedType,
    ) -> Result<Charge, ChargeError> {
        let mut work = Work::new(ctx, self.event_on);
        let income = income(&mut work, &kind.income)?;
        let id = format!("lat.assessed_rate.{}", kind.property_type.key());
        let field = format!("assessed_settlement.types[{place}]");
        let amounts = assessed(&mut work, income, &id, kind.stated_rate.as_ref(), &field)?;
        let (name, zh) = kind.property_type.names();
        let line = Line {
            item: (
                format!("LAT_ASSESSED_{name}"),
                format!("核定征收清算（{zh}）"),
            ),
            detail: String::new(),
            period: Period::day(self.event_on),
            claims: claims(&kind.reliefs, None),
            paid: kind.prepaid,
            field: format!("{field}.reliefs"),
        };
        work.finish(line, amounts)
    }
}

/// Tax at an assessed rate on income (核定征收).
pub(super) fn assessed(
    work: &mut Work<'_, '_>,
    income: Money,
    id: &str,
    stated: Option<&crate::tax::StatedRate>,
    field: &str,
) -> Result<Amounts, ChargeError> {
    let rate = work.rate(id, stated, &format!("{field}.stated_rate"))?;
    let base = Exact::from(income);
    let tax = base.mul(rate)?;
    work.step(
        ("核定征收税额", "tax at the assessed rate"),
        format!("{income} × {rate}"),
        tax.round_to_fen()?,
        Some(id),
        "国税发〔2010〕53号第四条",
    );
    Ok(Amounts { base, rate, tax })
}

impl WipTransfer {
    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let mut work = Work::new(ctx, self.contract_on);
        let income = income(&mut work, &self.income)?;
        let nothing = (Money::ZERO, Money::ZERO);
        let deductions = developer(&mut work, &self.deductions, nothing)?;
        let appreciation = Appreciation::new(&mut work, income, deductions)?;
        let amounts = appreciation.tax(&mut work, appreciation)?;
        turning::brackets(&mut work, appreciation, "wip_transfer.income")?;
        let line = Line {
            item: ("LAT_WIP_TRANSFER".to_owned(), "整体转让在建工程".to_owned()),
            detail: String::new(),
            period: Period::day(self.contract_on),
            claims: claims(&self.reliefs, None),
            paid: self.prepaid,
            field: "wip_transfer.reliefs".to_owned(),
        };
        Ok(vec![work.finish(line, amounts)?])
    }
}

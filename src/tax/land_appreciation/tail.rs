//! Sales after the settlement (清算后尾盘销售), at the unit cost the settlement concluded.

use super::figures::{exempt_share, income, taxes};
use super::project::ordinary_exemption;
use super::reliefs::claims;
use super::source::{PropertyType, Tail, TailRow};
use super::turning;
use super::work::{Appreciation, Line, Work};
use crate::tax::{Charge, ChargeError, Context};
use crate::types::{Exact, Money, Period};

/// What the bracket of a tail sale is found from.
const BRACKET: &str = "lat.tail.bracket";

impl Tail {
    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, row)| ctx.period.contains(row.month.first_day()))
            .map(|(place, row)| row.charge(ctx, place, !self.ordinary_not_separate))
            .collect()
    }
}

impl TailRow {
    /// Unit cost of the settlement (单位建筑面积成本费用), rounded.
    pub(super) fn unit_cost(&self, work: &mut Work<'_, '_>) -> Result<Money, ChargeError> {
        let id = "lat.tail.unit_cost_includes_taxes";
        let settled = &self.settled;
        let cost = if work.ctx.text(id, work.on)? == "YES" {
            settled.deductions
        } else {
            settled.deductions.minus(settled.taxes)?
        };
        let area = Exact::from(settled.sold_area_sqm);
        let unit = Exact::from(cost).div(area)?.round_to_fen()?;
        work.step(
            ("单位建筑面积成本费用", "unit cost"),
            format!("{cost} ÷ {}", settled.sold_area_sqm),
            unit,
            Some(id),
            "国税发〔2006〕187号第八条",
        );
        Ok(unit)
    }

    fn appreciation(&self, work: &mut Work<'_, '_>) -> Result<Appreciation, ChargeError> {
        let income = income(work, &self.income)?;
        let unit = self.unit_cost(work)?;
        let cost = Exact::from(unit)
            .mul(Exact::from(self.area_sqm))?
            .round_to_fen()?;
        let taxes = taxes(work, self.taxes, true)?;
        let deductions = cost.plus(taxes)?;
        work.step(
            ("扣除项目金额", "deductions"),
            format!("{unit} × {} + {taxes}", self.area_sqm),
            deductions,
            None,
            "国税发〔2006〕187号第八条",
        );
        Appreciation::new(work, income, deductions)
    }

    /// What the bracket is found from: these sales, the settlement, or both together.
    fn bracket_of(
        &self,
        work: &Work<'_, '_>,
        own: Appreciation,
    ) -> Result<Appreciation, ChargeError> {
        let (income, deductions) = match work.ctx.text(BRACKET, work.on)? {
            "SETTLEMENT" => (self.settled.income, self.settled.deductions),
            "CUMULATIVE" => (
                own.income.plus(self.settled.income)?,
                own.deductions.plus(self.settled.deductions)?,
            ),
            _ => return Ok(own),
        };
        let value = income.minus(deductions)?.or_zero();
        Ok(Appreciation {
            income,
            deductions,
            value,
        })
    }

    fn charge(
        &self,
        ctx: &Context<'_>,
        place: usize,
        separate: bool,
    ) -> Result<Charge, ChargeError> {
        let mut work = Work::new(ctx, self.month.first_day());
        let own = self.appreciation(&mut work)?;
        let of = self.bracket_of(&work, own)?;
        let amounts = own.tax(&mut work, of)?;
        let exempt = ordinary_exemption(&mut work, self.property_type, own, separate)?;
        let field = format!("tail.rows[{place}]");
        // Where the settlement's ratio finds the bracket, these sales do not move it.
        let by_own = work.ctx.text(BRACKET, work.on)? == "OWN";
        if by_own {
            turning::brackets(&mut work, own, &format!("{field}.income"))?;
        }
        if by_own && self.property_type == PropertyType::Ordinary && separate {
            turning::exemption(&mut work, own, &field)?;
        }
        let (name, zh) = self.property_type.names();
        let line = Line {
            item: (
                format!("LAT_TAIL_{name}"),
                format!("清算后尾盘销售（{zh}）"),
            ),
            detail: String::new(),
            period: Period::months_between(self.month, self.month),
            claims: claims(&self.reliefs, exempt),
            paid: self.already_paid,
            field: format!("tail.rows[{place}].reliefs"),
        };
        work.finish(line, amounts)
    }

    /// The appreciation of the row, without a sheet to show.
    pub(super) fn own(&self, ctx: &Context<'_>) -> Result<Appreciation, ChargeError> {
        self.appreciation(&mut Work::new(ctx, self.month.first_day()))
    }

    /// True when the 20% exemption fits the row.
    pub(super) fn exempt(&self, ctx: &Context<'_>) -> Result<bool, ChargeError> {
        self.own(ctx)?
            .within(exempt_share(ctx, self.month.first_day())?)
    }
}

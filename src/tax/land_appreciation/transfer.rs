//! Lines of anyone but a developer: old buildings and land.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::prelude::ToPrimitive;

use super::conveyance::{
    Appraisal, Invoice, LandTransfer, OldAssessed, OldBuilding, OldMethod, PropertyUse, Transfer,
};
use super::figures::{income, taxes};
use super::project::assessed;
use super::reliefs::claims;
use super::turning;
use super::work::{Amounts, Appreciation, Line, Work};
use crate::tax::{Charge, ChargeError, Context};
use crate::types::{Exact, Money, Period};

pub(super) const MONTHS_IN_YEAR: i64 = 12;

/// Years for the uplift (国税函〔2010〕220号 art. 7, decision LAT1): whole years from the purchase
/// invoice to the sale invoice; once past one year, a rest of more than `rest_months` counts as
/// one more. Months are added with the day clamped to the end of the month.
pub(super) fn uplift_years(purchase: Date, sale: Date, rest_months: i64) -> u32 {
    let after = |months: i64| purchase.saturating_add(months.months());
    let mut years = 0_u32;
    while after((i64::from(years) + 1) * MONTHS_IN_YEAR) <= sale && years < u32::from(u8::MAX) {
        years += 1;
    }
    let more = years > 0 && sale > after(i64::from(years) * MONTHS_IN_YEAR + rest_months);
    years + u32::from(more)
}

impl Invoice {
    /// The months that a rest over whole years must exceed.
    pub(super) fn rest_months(&self, work: &mut Work<'_, '_>) -> Result<i64, ChargeError> {
        let months = work.number("lat.uplift.rest_months")?;
        Ok(months.to_i64().unwrap_or(i64::MAX).min(MONTHS_IN_YEAR))
    }

    /// Years for the uplift.
    pub(super) fn years(
        &self,
        work: &mut Work<'_, '_>,
        contract: Date,
    ) -> Result<u32, ChargeError> {
        let months = self.rest_months(work)?;
        let sale = self.sale_on.unwrap_or(contract);
        Ok(uplift_years(self.purchase_on, sale, months))
    }

    fn cost(&self, work: &mut Work<'_, '_>, contract: Date) -> Result<Money, ChargeError> {
        let years = self.years(work, contract)?;
        let annual = work.number("lat.annual_uplift")?;
        let amount = self.amount.plus(self.vat)?;
        let factor = Exact::from(annual).mul(Exact::from(years))?;
        let lifted = Exact::from(amount)
            .mul(Exact::ONE.add(factor)?)?
            .round_to_fen()?;
        work.step(
            ("发票金额加计", "invoice with yearly uplift"),
            format!(
                "{amount} × (1 + {annual} × {years})［{} → {}］",
                self.purchase_on,
                self.sale_on.unwrap_or(contract)
            ),
            lifted,
            Some("lat.annual_uplift"),
            "财税〔2006〕21号第二条，国税函〔2010〕220号第七条",
        );
        let total = lifted.plus(self.deed_tax)?;
        work.step(
            ("加购房契税", "with the deed tax of the purchase"),
            format!("{lifted} + {}", self.deed_tax),
            total,
            None,
            "财税〔2006〕21号第二条",
        );
        Ok(total)
    }
}

impl Appraisal {
    fn cost(&self, work: &mut Work<'_, '_>) -> Result<Money, ChargeError> {
        let value = Exact::from(self.replacement_cost)
            .mul(self.newness)?
            .round_to_fen()?;
        let fee = if self.ordered_by_bureau {
            Money::ZERO
        } else {
            self.fee
        };
        let total = Money::sum([self.land_paid, value, fee])?;
        work.step(
            ("旧房评估价格及土地", "appraised value and land"),
            format!(
                "{} + {} × {} + {fee}",
                self.land_paid, self.replacement_cost, self.newness
            ),
            total,
            None,
            "实施细则第七条第四项，财税字〔1995〕48号第十、十二条",
        );
        Ok(total)
    }
}

impl Transfer {
    /// Income: the price, or the assessed price when a lower one is not justified (条例 art. 9).
    fn income(&self, work: &mut Work<'_, '_>) -> Result<Money, ChargeError> {
        let price = income(work, &self.income)?;
        match self.assessed_price {
            Some(assessed) if price < assessed && !self.low_price_justified => {
                work.step(
                    ("按评估价格确定收入", "income at the assessed price"),
                    format!("max({price}, {assessed})"),
                    assessed,
                    None,
                    "土地增值税暂行条例第九条",
                );
                Ok(assessed)
            }
            _ => Ok(price),
        }
    }

    /// The field that an income comes from: the assessed price, or the parts.
    fn price_field(&self, income: Money) -> &'static str {
        if self.assessed_price == Some(income) {
            "assessed_price_yuan"
        } else {
            "income"
        }
    }

    fn line(&self, ctx: &Context<'_>, item: (&str, &str), field: &str) -> Line {
        Line {
            item: (item.0.to_owned(), item.1.to_owned()),
            detail: String::new(),
            period: Period::day(self.contract_on),
            claims: claims(&self.reliefs, self.relief_of_law(ctx, item.0)),
            paid: self.already_paid,
            field: format!("{field}.transfer.reliefs"),
        }
    }
}

impl OldBuilding {
    /// The working up to the appreciation.
    pub(super) fn appreciation<'a, 'c>(
        &self,
        ctx: &'a Context<'c>,
    ) -> Result<(Work<'a, 'c>, Appreciation), ChargeError> {
        let contract = self.transfer.contract_on;
        let mut work = Work::new(ctx, contract);
        let income = self.transfer.income(&mut work)?;
        let cost = match &self.method {
            OldMethod::Appraisal(appraisal) => appraisal.cost(&mut work)?,
            OldMethod::Invoice(invoice) => invoice.cost(&mut work, contract)?,
        };
        let taxes = taxes(&mut work, self.taxes, false)?;
        let appreciation = appreciate(&mut work, income, cost, taxes)?;
        Ok((work, appreciation))
    }

    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let (mut work, appreciation) = self.appreciation(ctx)?;
        let amounts = appreciation.tax(&mut work, appreciation)?;
        let price = self.transfer.price_field(appreciation.income);
        turning::brackets(
            &mut work,
            appreciation,
            &format!("old_building.transfer.{price}"),
        )?;
        if let OldMethod::Invoice(invoice) = &self.method {
            turning::years(&mut work, invoice, self.transfer.contract_on)?;
        }
        turning::window(
            &mut work,
            &self.transfer,
            "LAT_OLD_BUILDING",
            "old_building",
        );
        let item = ("LAT_OLD_BUILDING", "转让旧房及建筑物");
        let line = self.transfer.line(ctx, item, "old_building");
        Ok(vec![work.finish(line, amounts)?])
    }
}

fn appreciate(
    work: &mut Work<'_, '_>,
    income: Money,
    cost: Money,
    taxes: Money,
) -> Result<Appreciation, ChargeError> {
    let deductions = cost.plus(taxes)?;
    work.step(
        ("扣除项目金额合计", "total deductions"),
        format!("{cost} + {taxes}"),
        deductions,
        None,
        "土地增值税暂行条例第六条",
    );
    Appreciation::new(work, income, deductions)
}

impl LandTransfer {
    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let mut work = Work::new(ctx, self.transfer.contract_on);
        let income = self.transfer.income(&mut work)?;
        let mut cost = self.land_paid.plus(self.development_cost)?;
        // Raw land has no additional deduction; improved land has it on the improvement only.
        if self.development_cost.is_positive() {
            let id = "lat.additional_rate";
            let rate = work.number(id)?;
            let additional = Exact::from(self.development_cost)
                .mul(rate)?
                .round_to_fen()?;
            work.step(
                (
                    "开发成本加计扣除",
                    "additional deduction on the improvement",
                ),
                format!("{} × {rate}", self.development_cost),
                additional,
                Some(id),
                "国税函发〔1995〕110号第六条第二项",
            );
            cost = cost.plus(additional)?;
        }
        let taxes = taxes(&mut work, self.taxes, false)?;
        let appreciation = appreciate(&mut work, income, cost, taxes)?;
        let amounts = appreciation.tax(&mut work, appreciation)?;
        let price = self.transfer.price_field(appreciation.income);
        turning::brackets(
            &mut work,
            appreciation,
            &format!("land_transfer.transfer.{price}"),
        )?;
        turning::window(
            &mut work,
            &self.transfer,
            "LAT_LAND_TRANSFER",
            "land_transfer",
        );
        let line = self.transfer.line(
            ctx,
            ("LAT_LAND_TRANSFER", "转让土地使用权"),
            "land_transfer",
        );
        Ok(vec![work.finish(line, amounts)?])
    }
}

impl OldAssessed {
    /// The rate's parameter: by the use of the property.
    pub(super) const fn rate_parameter(&self) -> &'static str {
        match self.transfer.property_use {
            PropertyUse::Housing => "lat.assessed_rate.old_housing",
            PropertyUse::NonHousing => "lat.assessed_rate.old_non_housing",
        }
    }

    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        let mut work = Work::new(ctx, self.transfer.contract_on);
        let income = self.transfer.income(&mut work)?;
        let stated = self.stated_rate.as_ref();
        let amounts: Amounts = assessed(
            &mut work,
            income,
            self.rate_parameter(),
            stated,
            "old_assessed",
        )?;
        turning::window(
            &mut work,
            &self.transfer,
            "LAT_OLD_ASSESSED",
            "old_assessed",
        );
        let item = ("LAT_OLD_ASSESSED", "转让旧房核定征收");
        let line = self.transfer.line(ctx, item, "old_assessed");
        Ok(vec![work.finish(line, amounts)?])
    }
}

#[cfg(test)]
mod tests {
    use super::uplift_years;
    use crate::types::parse_date;

    #[test]
    fn years_are_counted_from_invoice_to_invoice() {
        for (purchase, sale, years) in [
            ("2020-01-10", "2020-09-20", 0),
            ("2020-01-10", "2021-01-09", 0),
            ("2020-01-10", "2021-01-10", 1),
            ("2020-01-10", "2021-07-10", 1),
            ("2020-01-10", "2021-07-11", 2),
            ("2011-06-15", "2021-06-15", 10),
            ("2020-02-29", "2021-02-28", 1),
            ("2019-08-31", "2021-02-28", 1),
            ("2019-08-31", "2021-03-01", 2),
            ("2021-06-10", "2026-09-29", 5),
            ("2021-06-10", "2020-09-29", 0),
        ] {
            let day = |text| parse_date(text).unwrap();
            assert_eq!(
                uplift_years(day(purchase), day(sale), 6),
                years,
                "{purchase} {sale}"
            );
        }
    }
}

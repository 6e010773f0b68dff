//! A developer's lines: prepayment, settlement, assessed settlement, work in progress, tail.

use rust_decimal::Decimal;

use super::figures::{developer, exempt_share, income, split_cost, split_sold, taxes};
use super::parts::Areas;
use super::reliefs::{ORDINARY, claims};
use super::source::{
    AssessedSettlement, AssessedType, BaseMethod, Prepay, PrepayClass, PrepayRow, PropertyType,
    SalesVat, Settlement, SettlementType, Tail, TailRow, WipTransfer,
};
use super::work::{Amounts, Appreciation, Line, Work};
use crate::tax::{Charge, ChargeError, Context, Finding};
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

impl PrepayClass {
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ordinary => ("ORDINARY", "普通住宅", "ordinary"),
            Self::NonOrdinary => ("NON_ORDINARY", "非普通住宅", "non_ordinary"),
            Self::Other => ("OTHER", "其他类型房地产", "other"),
            Self::Villa => ("VILLA", "别墅", "villa"),
            Self::Affordable => ("AFFORDABLE", "保障性住房", "affordable"),
        }
    }
}

impl PrepayRow {
    /// The rate's parameter: by class and expected ratio where the place has one, else by class.
    pub(super) fn rate_parameter(&self, ctx: &Context<'_>) -> String {
        let by_class = format!("lat.prepay_rate.{}", self.class.names().2);
        let Some(band) = self.ratio_band else {
            return by_class;
        };
        let band = match band {
            super::RatioBand::UpTo50 => "up_to_50",
            super::RatioBand::UpTo100 => "up_to_100",
            super::RatioBand::UpTo200 => "up_to_200",
            super::RatioBand::Above200 => "above_200",
            super::RatioBand::LowPlotRatio => return format!("{by_class}.low_plot_ratio"),
        };
        let by_band = format!("{by_class}.{band}");
        match ctx.number(&by_band, self.month.first_day()) {
            Ok(_) => by_band,
            Err(_) => by_class,
        }
    }

    /// Receipts of the row, with VAT.
    fn receipts(&self) -> Result<Money, ChargeError> {
        Ok(Money::sum([self.monetary, self.in_kind, self.deemed])?)
    }

    /// The base (应税收入): what the rule in force makes of the receipts.
    fn base(
        &self,
        work: &mut Work<'_, '_>,
        asked: Option<BaseMethod>,
    ) -> Result<Money, ChargeError> {
        let receipts = self.receipts()?;
        let id = "lat.prepay_base_method";
        let rule = work.ctx.text(id, work.on)?;
        // Before VAT the receipts are the base, whatever was asked (decision LAT6).
        let method = match (rule, asked) {
            ("RECEIPT", _) => None,
            (_, Some(method)) => Some(method),
            ("RECEIPT_DIV_ONE_PLUS_RATE", None) => Some(BaseMethod::ReceiptDivOnePlusRate),
            (_, None) => Some(BaseMethod::ReceiptMinusPrepaidVat),
        };
        let Some(method) = method else {
            let label = ("预征计税依据", "prepayment base");
            work.step(
                label,
                receipts.to_string(),
                receipts,
                Some(id),
                "实施细则第十六条",
            );
            return Ok(receipts);
        };
        let rate = work.number(match self.vat_method {
            SalesVat::General => "lat.vat_rate.general",
            SalesVat::Simple => "lat.vat_rate.simple",
        })?;
        let net = Exact::from(receipts).div(Exact::ONE.add(Exact::from(rate))?)?;
        let (base, expression) = match method {
            BaseMethod::ReceiptMinusPrepaidVat => {
                let prepaid = work.number("lat.vat_prepay_rate")?;
                let vat = net.mul(prepaid)?.round_to_fen()?;
                let text = format!("{receipts} − {receipts} ÷ (1 + {rate}) × {prepaid}");
                (receipts.minus(vat)?, text)
            }
            BaseMethod::ReceiptDivOnePlusRate => {
                (net.round_to_fen()?, format!("{receipts} ÷ (1 + {rate})"))
            }
        };
        work.step(
            ("预征计税依据", "prepayment base"),
            expression,
            base,
            Some(id),
            "国家税务总局公告2016年第70号第一条",
        );
        Ok(base)
    }

    fn charge(
        &self,
        ctx: &Context<'_>,
        asked: Option<BaseMethod>,
        place: usize,
    ) -> Result<Charge, ChargeError> {
        let mut work = Work::new(ctx, self.month.first_day());
        let base = self.base(&mut work, asked)?;
        let id = self.rate_parameter(ctx);
        let field = format!("prepay.rows[{place}]");
        let rate = work.rate(
            &id,
            self.stated_rate.as_ref(),
            &format!("{field}.stated_rate"),
        )?;
        let tax = Exact::from(base).mul(rate)?;
        work.step(
            ("预征税额", "prepayment"),
            format!("{base} × {rate}"),
            tax.round_to_fen()?,
            Some(&id),
            "国税发〔2010〕53号第二条",
        );
        let (name, zh, _) = self.class.names();
        let line = Line {
            item: (format!("LAT_PREPAY_{name}"), format!("预征（{zh}）")),
            detail: self.sub_type.clone(),
            period: Period::months_between(self.month, self.month),
            claims: claims(&self.reliefs, None),
            paid: self.already_paid,
            field: format!("{field}.reliefs"),
        };
        let base = Exact::from(base);
        work.finish(line, Amounts { base, rate, tax })
    }
}

impl Prepay {
    pub(super) fn charge(&self, ctx: &Context<'_>) -> Result<Vec<Charge>, ChargeError> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, row)| ctx.period.contains(row.month.first_day()))
            .map(|(place, row)| row.charge(ctx, self.base_method, place))
            .collect()
    }
}

/// The exemption of ordinary housing as a claim, where the law gives it (条例 art. 8(1); LAT4).
fn ordinary_exemption(
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
            return Err(Finding::error(
                "LAT_E20",
                "settlement.types[0].areas",
                "分摊共同成本需要填写各类型的可售面积",
                "shared costs need the saleable areas of the types to be split",
                "国税发〔2006〕187号第四条第五项",
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
        let (income, deductions) = match work.ctx.text("lat.tail.bracket", work.on)? {
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

    /// True when the 20% exemption fits the row.
    pub(super) fn exempt(&self, ctx: &Context<'_>) -> Result<bool, ChargeError> {
        let mut work = Work::new(ctx, self.month.first_day());
        let own = self.appreciation(&mut work)?;
        own.within(exempt_share(ctx, work.on)?)
    }
}

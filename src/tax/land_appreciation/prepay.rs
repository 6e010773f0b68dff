//! A developer's prepayments (预征): receipts of a month by class.

use super::reliefs::claims;
use super::source::{BaseMethod, Prepay, PrepayClass, PrepayRow, SalesVat};
use super::work::{Amounts, Line, Work};
use crate::tax::{Charge, ChargeError, Context};
use crate::types::{Exact, Money, Period};

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

//! What a line is taxed on, and when: signing, settlements, changes (法第五至十条、第十五条).

use jiff::civil::Date;

use super::catalogue;
use super::facts::PriceBasis;
use super::item::Regime;
use super::source::{Exclusion, ForeignAmount, Line, Source};
use crate::tax::{ChargeError, Context, Step};
use crate::types::{Exact, Money, Overflow};

/// What makes the tax due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// 书立.
    Signed,
    /// 实际结算.
    Settled,
    /// A change to a larger amount: tax on the difference.
    Increased,
    /// A change to a smaller amount: tax on the new amount, less what was paid.
    Decreased,
}

impl Event {
    /// The word in a charge's detail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "SIGNED",
            Self::Settled => "SETTLED",
            Self::Increased => "INCREASED",
            Self::Decreased => "DECREASED",
        }
    }
}

/// What the tax is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// By value: yuan.
    Value(Money),
    /// By the piece.
    Pieces,
    /// The amount is not determined yet.
    Undetermined,
}

/// How a base came about: the whole expression, and the steps that have a law of their own.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// The expression with its values.
    pub expression: String,
    /// The steps before the base.
    pub steps: Vec<Step>,
}

impl Working {
    fn of(expression: impl ToString) -> Self {
        Self {
            expression: expression.to_string(),
            steps: Vec::new(),
        }
    }

    fn step(&mut self, (zh, en): (&str, &str), expression: &str, value: Money, law: &str) {
        self.steps.push(Step {
            label_zh: zh.to_owned(),
            label_en: en.to_owned(),
            expression: expression.to_owned(),
            value: value.to_string(),
            parameter_id: None,
            legal_basis: Some(law.to_owned()),
        });
    }
}

/// One obligation (纳税义务) of a line.
#[derive(Debug, Clone)]
pub struct Obligation<'a> {
    /// Place of the line in the document.
    pub place: usize,
    /// The line.
    pub line: &'a Line,
    /// Why it arises.
    pub event: Event,
    /// Place among the line's obligations.
    pub number: usize,
    /// The path of what states it: the line, a settlement or a change of it.
    pub field: String,
    /// The day it arises (纳税义务发生日).
    pub day: Date,
    /// What it is on.
    pub basis: Basis,
    /// How the base came about.
    pub working: Working,
    /// Tax already paid on it.
    pub paid: Money,
    /// What shows that.
    pub paid_reference: &'a str,
}

/// Reads one document's lines under its regime.
struct Reader<'r> {
    ctx: &'r Context<'r>,
    regime: Regime,
    signed_on: Date,
    place: usize,
}

/// The obligations of a line in order of days: the signing first.
///
/// # Errors
/// [`ChargeError::Overflow`], or `ST_E03` when more is taken off than there is.
pub fn obligations<'a>(
    source: &'a Source,
    place: usize,
    line: &'a Line,
    ctx: &Context<'_>,
) -> Result<Vec<Obligation<'a>>, ChargeError> {
    let reader = Reader {
        ctx,
        regime: Regime::of(ctx, source.signed_on)?,
        signed_on: source.signed_on,
        place,
    };
    let (basis, working) = reader.at_signing(line)?;
    let mut found = vec![Obligation {
        place,
        line,
        event: Event::Signed,
        number: 0,
        field: format!("lines[{place}]"),
        day: source.signed_on,
        basis,
        working,
        paid: line.prior_paid,
        paid_reference: &line.prior_paid_reference,
    }];
    match basis {
        Basis::Undetermined => reader.settlements(line, &mut found)?,
        Basis::Value(base) => reader.amendments(line, base, &mut found)?,
        Basis::Pieces => {}
    }
    Ok(found)
}

impl Reader<'_> {
    fn at_signing(&self, line: &Line) -> Result<(Basis, Working), ChargeError> {
        if line.item.is_per_piece() {
            return Ok((Basis::Pieces, Working::default()));
        }
        if let Some(capital) = &line.capital {
            let total = capital.paid_in.plus(capital.reserve)?;
            let base = total.minus(capital.taxed_high_water)?.or_zero();
            let mut working =
                Working::of(format!("max(0.00, {total} − {})", capital.taxed_high_water));
            working.step(
                (
                    "实收资本（股本）与资本公积合计",
                    "Paid-in capital and capital reserve",
                ),
                &format!("{} + {}", capital.paid_in, capital.reserve),
                total,
                self.regime
                    .law("国税发〔1994〕25号", "印花税法 第五条第（三）项、第十一条"),
            );
            return Ok((Basis::Value(base), working));
        }
        if line.is_undetermined() {
            return Ok((Basis::Undetermined, Working::of("—")));
        }
        let (gross, mut working) = match (&line.amount, &line.foreign_amount) {
            (Some(amount), _) => (*amount, Working::of(amount)),
            (None, Some(foreign)) => self.in_yuan(foreign)?,
            (None, None) => (Money::ZERO, Working::of(Money::ZERO)),
        };
        if let Some(basis) = line.price_basis {
            let label = match basis {
                PriceBasis::Market => ("按书立时的市场价格确定", "The market price at signing"),
                PriceBasis::Government => ("按政府定价或政府指导价确定", "The government price"),
            };
            let law = self
                .regime
                .law("印花税暂行条例施行细则 第十八条", "印花税法 第六条第二款");
            working.step(label, &gross.to_string(), gross, law);
        }
        let field = format!("lines[{}].vat_stated_apart_yuan", self.place);
        let parts = (line.vat_stated_apart, line.exclusions.as_slice());
        let base = self.own_part(line, gross, parts, &field, &mut working)?;
        Ok((Basis::Value(base), working))
    }

    /// Foreign money at the parity given, rounded to the fen (decision ST6).
    fn in_yuan(&self, foreign: &ForeignAmount) -> Result<(Money, Working), Overflow> {
        let yuan = Exact::from(foreign.amount)
            .mul(foreign.parity)?
            .round_to_fen()?;
        let ForeignAmount {
            currency,
            amount,
            parity,
        } = foreign;
        let mut working = Working::of(format!("round2({currency} {amount} × {parity})"));
        working.step(
            ("折合人民币", "In yuan"),
            &format!("{currency} {amount} × {parity}"),
            yuan,
            self.regime.law(
                "印花税暂行条例施行细则 第十九条",
                "财政部 税务总局公告2022年第22号 第三条第（五）项",
            ),
        );
        Ok((yuan, working))
    }

    /// The taxpayer's own part: VAT stated apart and exclusions first, then the share, then the
    /// fen (decision ST5).
    fn own_part(
        &self,
        line: &Line,
        gross: Money,
        (vat, exclusions): (Money, &[Exclusion]),
        field: &str,
        working: &mut Working,
    ) -> Result<Money, ChargeError> {
        let mut net = gross;
        if !vat.is_zero() {
            let before = net;
            net = net.minus(vat)?;
            working.expression.push_str(&format!(" − {vat}"));
            let label = ("减：单独列明的增值税", "Less VAT stated apart");
            let law = self
                .regime
                .law("印花税暂行条例 税目税率表", "印花税法 第五条");
            working.step(label, &format!("{before} − {vat}"), net, law);
        }
        for exclusion in exclusions {
            let (before, off) = (net, exclusion.amount);
            net = net.minus(off)?;
            working.expression.push_str(&format!(" − {off}"));
            let (name, law) = self.exclusion(line, exclusion);
            let label = (
                format!("减：{name}"),
                format!("Less {}", exclusion.kind.name()),
            );
            let label = (label.0.as_str(), label.1.as_str());
            working.step(label, &format!("{before} − {off}"), net, &law);
        }
        if net.is_negative() {
            return Err(catalogue::ST_E03
                .at(
                    field,
                    "单独列明的增值税和扣除项目大于凭证金额",
                    "the VAT and exclusions stated apart exceed the amount",
                )
                .numbers(format!("<= {gross}"), gross.minus(net)?)
                .into());
        }
        let mut exact = Exact::from(net);
        let (off, law) = if let Some(share) = line.own_share {
            exact = exact.mul(share)?;
            let law = self.regime.law("印花税暂行条例 第八条", "印花税法 第十条");
            (format!(" × {share}"), law)
        } else if line.co_parties > 1 {
            exact = exact.div(line.co_parties)?;
            let law = self.regime.law(
                "印花税暂行条例 第八条",
                "财政部 税务总局公告2022年第22号 第三条第（一）项",
            );
            (format!(" ÷ {}", line.co_parties), law)
        } else {
            return Ok(net);
        };
        let own = exact.round_to_fen()?;
        let label = ("本方涉及金额", "The taxpayer's own part");
        working.step(label, &format!("{net}{off}"), own, law);
        let whole = std::mem::take(&mut working.expression);
        working.expression = format!("({whole}){off}");
        Ok(own)
    }

    /// The name of an exclusion and where the law leaves it out.
    fn exclusion(&self, line: &Line, exclusion: &Exclusion) -> (String, String) {
        let kind = exclusion.kind.name();
        let table = self.ctx.rules.table("st.exclusions", self.signed_on);
        let found = table.and_then(|table| {
            let row = table.rows.iter().find(|row| {
                table.cell(row, "kind") == Some(kind)
                    && table.cell(row, "item") == Some(line.item.name())
            })?;
            let name = table.cell(row, "name_zh")?.to_owned();
            Some((name, table.cell(row, "cite")?.to_owned()))
        });
        found.unwrap_or_else(|| (kind.to_owned(), String::new()))
    }

    fn settlements<'a>(
        &self,
        line: &'a Line,
        found: &mut Vec<Obligation<'a>>,
    ) -> Result<(), ChargeError> {
        let mut ordered: Vec<_> = line.settlements.iter().enumerate().collect();
        ordered.sort_by_key(|(_, settlement)| settlement.settled_on);
        for (at, settlement) in ordered {
            let mut working = Working::of(settlement.amount);
            let field = format!("lines[{}].settlements[{at}]", self.place);
            let parts = (settlement.vat_stated_apart, [].as_slice());
            let vat_field = format!("{field}.vat_stated_apart_yuan");
            let base = self.own_part(line, settlement.amount, parts, &vat_field, &mut working)?;
            found.push(Obligation {
                place: self.place,
                line,
                event: Event::Settled,
                number: found.len(),
                field,
                day: settlement.settled_on,
                basis: Basis::Value(base),
                working,
                paid: Money::ZERO,
                paid_reference: "",
            });
        }
        Ok(())
    }

    /// A larger amount is taxed on the difference (decision ST7); a smaller one anew, less what
    /// was paid (公告2022年第22号 第三条第二项).
    fn amendments<'a>(
        &self,
        line: &'a Line,
        first: Money,
        found: &mut Vec<Obligation<'a>>,
    ) -> Result<(), ChargeError> {
        let mut ordered: Vec<_> = line.amendments.iter().enumerate().collect();
        ordered.sort_by_key(|(_, amendment)| amendment.amended_on);
        let mut before = first;
        for (at, amendment) in ordered {
            let mut working = Working::of(amendment.amount);
            let field = format!("lines[{}].amendments[{at}]", self.place);
            let parts = (amendment.vat_stated_apart, line.exclusions.as_slice());
            let vat_field = format!("{field}.vat_stated_apart_yuan");
            let now = self.own_part(line, amendment.amount, parts, &vat_field, &mut working)?;
            let up = before <= now;
            let (event, base, paid) = if up {
                working.expression = format!("({}) − {before}", working.expression);
                (Event::Increased, now.minus(before)?, Money::ZERO)
            } else {
                (Event::Decreased, now, amendment.paid)
            };
            found.push(Obligation {
                place: self.place,
                line,
                event,
                number: found.len(),
                field,
                day: amendment.amended_on,
                basis: Basis::Value(base),
                working,
                paid,
                paid_reference: &amendment.paid_reference,
            });
            before = now;
        }
        Ok(())
    }
}

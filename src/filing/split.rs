//! The order in its three levels: order = Σ taxes = Σ tax items, and each tax shared among the
//! budget levels (预算级次). Surcharge stands on rows of its own.

use rust_decimal::Decimal;

use super::{MoneyRefusal, PaymentRow, Quote};
use crate::rules::{RuleBook, RuleStatus};
use crate::types::{Exact, Money, Overflow, Period, Region, TaxKind};

/// Taxes, and tax items, that one debit carries at the most (财税库银横向联网).
const ITEMS_MAX: usize = 99;
const BUDGET: &str = "procedure.budget";
const SURCHARGE_ENDING: &str = "procedure.budget.surcharge_ending";

/// One tax item of an order (TaxSubject).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSubject {
    /// 税目.
    pub name: String,
    /// Its amount.
    pub amount: Money,
}

/// The budget levels (预算级次).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetLevel {
    /// 中央.
    Centre,
    /// 省.
    Province,
    /// 市.
    City,
    /// 区县.
    County,
    /// 乡镇.
    Township,
    /// 地方: not the centre; the levels among themselves are not known.
    Local,
}

impl BudgetLevel {
    /// All levels.
    pub const ALL: [Self; 6] = [
        Self::Centre,
        Self::Province,
        Self::City,
        Self::County,
        Self::Township,
        Self::Local,
    ];

    /// The name in rule files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Centre => "CENTRE",
            Self::Province => "PROVINCE",
            Self::City => "CITY",
            Self::County => "COUNTY",
            Self::Township => "TOWNSHIP",
            Self::Local => "LOCAL",
        }
    }
}

/// What one budget level gets of an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetShare {
    /// The level.
    pub level: BudgetLevel,
    /// Its share, 0 to 1.
    pub share: Decimal,
    /// Its amount.
    pub amount: Money,
    /// The rule pack does not confirm it.
    pub unconfirmed: bool,
}

/// One tax of an order (TaxType), or its surcharge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTax {
    /// 税种.
    pub tax: TaxKind,
    /// 滞纳金 of the tax.
    pub surcharge: bool,
    /// 预算科目代码; empty where not known.
    pub head: String,
    /// 税款所属期.
    pub period: Period,
    /// The amount.
    pub amount: Money,
    /// The tax items it is made of.
    pub subjects: Vec<OrderSubject>,
    /// How it is shared; empty where not known.
    pub shares: Vec<BudgetShare>,
}

impl OrderTax {
    /// The name: the tax, or its surcharge.
    pub fn name(&self) -> String {
        let ending = if self.surcharge { "滞纳金" } else { "" };
        format!("{}{ending}", self.tax.zh())
    }
}

impl Quote {
    /// The order by tax and period, without heads and shares. One with more taxes or items than a
    /// debit carries is summed up: by tax over all periods, then without items.
    ///
    /// # Errors
    /// [`MoneyRefusal::PaySplit`] when a level does not add up; [`MoneyRefusal::TooLarge`].
    pub fn order_taxes(&self) -> Result<Vec<OrderTax>, MoneyRefusal> {
        let mut taxes = self.taxes_by(|row| Some(row.period))?;
        let items = |taxes: &[OrderTax]| -> usize { taxes.iter().map(|t| t.subjects.len()).sum() };
        if taxes.len() > ITEMS_MAX || items(&taxes) > ITEMS_MAX {
            taxes = self.taxes_by(|row| self.whole_period(row.tax))?;
        }
        if items(&taxes) > ITEMS_MAX {
            for tax in &mut taxes {
                tax.subjects = vec![OrderSubject {
                    name: tax.tax.zh().to_owned(),
                    amount: tax.amount,
                }];
            }
        }
        self.check(&taxes)?;
        Ok(taxes)
    }

    /// The order with its budget heads and shares, for the place of its authority.
    ///
    /// # Errors
    /// As [`Quote::order_taxes`], and when the shares of a head do not come to the whole.
    pub fn split(
        &self,
        place: Option<Region>,
        rules: &RuleBook,
    ) -> Result<Vec<OrderTax>, MoneyRefusal> {
        let mut taxes = self.order_taxes()?;
        let ending = rules.national(SURCHARGE_ENDING, self.pay_on).ok();
        for tax in &mut taxes {
            let entry = entry_of(tax, place, self, rules);
            tax.head = match (tax.surcharge, &ending) {
                (true, Some(ending)) => format!("{}{}", tax.tax.code(), ending.value),
                (true, None) => String::new(),
                (false, _) => entry.head,
            };
            tax.shares = shared(tax.amount, &entry.shares, entry.unconfirmed)?;
        }
        self.check(&taxes)?;
        Ok(taxes)
    }

    /// From the first to the last day of all rows of a tax.
    fn whole_period(&self, tax: TaxKind) -> Option<Period> {
        let of_tax = || self.rows.iter().filter(|row| row.tax == tax);
        let first = of_tax().map(|row| row.period.first()).min()?;
        let last = of_tax().map(|row| row.period.last()).max()?;
        Period::new(first, last).ok()
    }

    fn taxes_by(
        &self,
        period: impl Fn(&PaymentRow) -> Option<Period>,
    ) -> Result<Vec<OrderTax>, Overflow> {
        let mut taxes: Vec<OrderTax> = Vec::new();
        for row in &self.rows {
            let period = period(row).ok_or(Overflow)?;
            for (surcharge, amount) in [(false, row.principal), (true, row.surcharge)] {
                if !amount.is_zero() {
                    book(&mut taxes, row, (surcharge, period), amount)?;
                }
            }
        }
        Ok(taxes)
    }

    /// All levels add up to the order's total.
    fn check(&self, taxes: &[OrderTax]) -> Result<(), MoneyRefusal> {
        let equal = |level, expected: Money, found: Money| {
            if expected == found {
                return Ok(());
            }
            Err(MoneyRefusal::PaySplit {
                level,
                expected: expected.to_string(),
                found: found.to_string(),
            })
        };
        let rows = self.principal.plus(self.surcharge)?;
        let whole = self.total.plus(self.waived)?;
        equal("order", rows, whole)?;
        equal(
            "taxes",
            whole,
            Money::sum(taxes.iter().map(|tax| tax.amount))?,
        )?;
        for tax in taxes {
            let subjects = Money::sum(tax.subjects.iter().map(|one| one.amount))?;
            equal("tax items", tax.amount, subjects)?;
            if !tax.shares.is_empty() {
                let shares = Money::sum(tax.shares.iter().map(|one| one.amount))?;
                equal("budget levels", tax.amount, shares)?;
            }
        }
        Ok(())
    }
}

fn book(
    taxes: &mut Vec<OrderTax>,
    row: &PaymentRow,
    (surcharge, period): (bool, Period),
    amount: Money,
) -> Result<(), Overflow> {
    let same = |tax: &&mut OrderTax| {
        tax.tax == row.tax && tax.surcharge == surcharge && tax.period == period
    };
    let subject = OrderSubject {
        name: row.item_zh.clone(),
        amount,
    };
    let Some(tax) = taxes.iter_mut().find(same) else {
        taxes.push(OrderTax {
            tax: row.tax,
            surcharge,
            head: String::new(),
            period,
            amount,
            subjects: vec![subject],
            shares: Vec::new(),
        });
        return Ok(());
    };
    tax.amount = tax.amount.plus(amount)?;
    match tax.subjects.iter_mut().find(|one| one.name == row.item_zh) {
        Some(known) => known.amount = known.amount.plus(amount)?,
        None => tax.subjects.push(subject),
    }
    Ok(())
}

/// What the rule pack says of a head.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Entry {
    head: String,
    shares: String,
    unconfirmed: bool,
}

/// What the rule pack says of the items of an order's tax; nothing where they do not agree.
fn entry_of(tax: &OrderTax, place: Option<Region>, quote: &Quote, rules: &RuleBook) -> Entry {
    let Some(table) = rules.table(BUDGET, quote.pay_on) else {
        return Entry::default();
    };
    let places = place.map(|place| place.lineage().map(|one| one.to_string()).collect());
    let mut places: Vec<String> = places.unwrap_or_default();
    places.push(String::new());
    let find = |item: &str, place: &str| {
        table.rows.iter().find_map(|row| {
            let cell = |name| table.cell(row, name).unwrap_or_default();
            let own = cell("tax") == tax.tax.name();
            (own && cell("item_zh") == item && cell("region") == place).then(|| Entry {
                head: cell("head").to_owned(),
                shares: cell("shares").to_owned(),
                unconfirmed: table.source.status == RuleStatus::Unconfirmed,
            })
        })
    };
    let of_item = |subject: &OrderSubject| {
        [subject.name.as_str(), ""]
            .into_iter()
            .find_map(|item| places.iter().find_map(|place| find(item, place)))
            .unwrap_or_default()
    };
    let mut entries: Vec<Entry> = tax.subjects.iter().map(of_item).collect();
    entries.dedup();
    match entries.as_slice() {
        [one] => one.clone(),
        _ => Entry::default(),
    }
}

/// Reads shares such as `CENTRE=0.5,COUNTY=0.5`, which must come to the whole, and shares out.
fn shared(amount: Money, text: &str, unconfirmed: bool) -> Result<Vec<BudgetShare>, MoneyRefusal> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = || MoneyRefusal::PaySplit {
        level: "budget levels",
        expected: "shares that come to 1".to_owned(),
        found: text.to_owned(),
    };
    let mut shares = Vec::new();
    for part in text.split(',') {
        let (name, share) = part.split_once('=').ok_or_else(wrong)?;
        let level = BudgetLevel::ALL.into_iter().find(|one| one.name() == name);
        let share = Decimal::from_str_exact(share).map_err(|_| wrong())?;
        shares.push((level.ok_or_else(wrong)?, share));
    }
    let ratios: Vec<Decimal> = shares.iter().map(|(_, share)| *share).collect();
    let amounts = share_out(amount, &ratios)?.ok_or_else(wrong)?;
    let level = |((level, share), amount)| BudgetShare {
        level,
        share,
        amount,
        unconfirmed,
    };
    Ok(shares.into_iter().zip(amounts).map(level).collect())
}

/// Shares an amount out: each gets its share in whole fen, and what is left over goes to the first
/// of the largest. Nothing when a share is below zero or they do not come to 1.
///
/// # Errors
/// [`Overflow`].
pub fn share_out(amount: Money, shares: &[Decimal]) -> Result<Option<Vec<Money>>, Overflow> {
    let mut whole = Exact::ZERO;
    for share in shares {
        whole = whole.add(*share)?;
    }
    if whole != Exact::ONE || shares.iter().any(Decimal::is_sign_negative) {
        return Ok(None);
    }
    let mut amounts = Vec::new();
    for share in shares {
        amounts.push(whole_fen(Exact::from(amount).mul(*share)?)?);
    }
    let left = amount.minus(Money::sum(amounts.iter().copied())?)?;
    let largest = shares.iter().max();
    let place = shares.iter().position(|share| Some(share) == largest);
    if let Some(one) = place.and_then(|place| amounts.get_mut(place)) {
        *one = one.plus(left)?;
    }
    Ok(Some(amounts))
}

/// The fen that fit whole into an amount of zero or more.
fn whole_fen(exact: Exact) -> Result<Money, Overflow> {
    let rounded = exact.round_to_fen()?;
    if exact < Exact::from(rounded) {
        return rounded.minus(Money::from_fen(1));
    }
    Ok(rounded)
}

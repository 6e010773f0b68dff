//! What a life came to: its filings, and their sums by tax and by quarter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::journey::Failed;
use super::super::table;
use crate::pb;
use crate::types::{Money, Month, TaxKind};

/// A filing with what came of it.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The declaration at the end.
    pub declaration: pb::Declaration,
    /// What paid it, each with its voucher; nothing where nothing was collected.
    pub paid: Vec<(pb::Payment, pb::Voucher)>,
    /// Orders the bank refused or took back; each was followed by another one.
    pub refused: Vec<pb::Payment>,
}

/// A refund with what came of it.
#[derive(Debug, Clone)]
pub struct PaidBack {
    /// Its name in the script.
    pub name: String,
    /// The treasury that has the money.
    pub treasury_code: String,
    /// The refund at the end.
    pub refund: pb::Refund,
    /// The voucher of what was paid out; nothing where all of it was set off.
    pub voucher: Option<pb::Voucher>,
}

/// What a life came to, all checked.
#[derive(Debug, Clone, Default)]
pub struct LifeOutcome {
    /// The taxpayer's number.
    pub tax_number: String,
    /// The filings, in order, corrections and voided ones too.
    pub filings: Vec<Filed>,
    /// The refunds, in order.
    pub refunds: Vec<PaidBack>,
    /// Bank faults that the server did not allow.
    pub skipped_faults: usize,
}

/// Tax payable by tax, in the order of the form.
type ByTax = [Money; TaxKind::ALL.len()];

fn place(tax: pb::TaxKind) -> Option<usize> {
    let name = tax.as_str_name().strip_prefix("TAX_KIND_")?;
    TaxKind::ALL.iter().position(|kind| kind.name() == name)
}

/// A calendar quarter as `2024Q3`.
fn quarter(day: Date) -> String {
    let month = Month::of(day);
    format!("{}Q{}", month.year(), (month.number() + 2) / 3)
}

/// Σ of amounts in yuan.
///
/// # Errors
/// When one cannot be read.
pub(super) fn sum<'a>(amounts: impl Iterator<Item = &'a String>) -> Result<Money, Failed> {
    let mut sum = Money::ZERO;
    for amount in amounts {
        sum = sum.plus(Money::parse_yuan(amount)?)?;
    }
    Ok(sum)
}

/// The sums of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Tax paid, set off or debited.
    pub principal: Money,
    /// Surcharge paid.
    pub surcharge: Money,
    /// Tax refunded.
    pub refunded: Money,
    /// Interest on it.
    pub interest: Money,
    /// What of the two was set off.
    pub offset: Money,
    /// What of the two was paid out.
    pub paid_out: Money,
}

impl Sums {
    /// What the treasury has of it at the end.
    ///
    /// # Errors
    /// When it overflows.
    pub fn in_treasury(&self) -> Result<Money, Failed> {
        let paid = self.principal.plus(self.surcharge)?;
        Ok(paid.minus(self.offset)?.minus(self.paid_out)?)
    }
}

impl LifeOutcome {
    /// Tax by quarter of the period's last day, and by tax, after all corrections: each revision
    /// adds or takes what it differs by.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn by_quarter(&self) -> Result<BTreeMap<String, ByTax>, Failed> {
        let mut quarters: BTreeMap<String, ByTax> = BTreeMap::new();
        let stands = |one: &&Filed| one.declaration.state() != pb::DeclarationState::Voided;
        let filings = self.filings.iter().filter(stands);
        for line in filings.flat_map(|one| &one.declaration.lines) {
            let period = line.period.clone().unwrap_or_default();
            let sums = quarters
                .entry(quarter(period.last_day.parse()?))
                .or_insert([Money::ZERO; TaxKind::ALL.len()]);
            let sum = place(line.tax()).and_then(|place| sums.get_mut(place));
            let sum = sum.ok_or("a line of no tax")?;
            *sum = sum.plus(Money::parse_yuan(&line.payable_yuan)?)?;
        }
        Ok(quarters)
    }

    /// Every payment in the treasury.
    pub(super) fn payments(&self) -> impl Iterator<Item = &pb::Payment> {
        let paid = self.filings.iter().flat_map(|one| &one.paid);
        paid.map(|(payment, _)| payment)
    }

    /// The sums.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn sums(&self) -> Result<Sums, Failed> {
        let refunds = || self.refunds.iter().map(|one| &one.refund);
        let proven = self.refunds.iter().filter_map(|one| one.voucher.as_ref());
        // The sheet of a refund counts below zero.
        let paid_out = Money::ZERO.minus(sum(proven.map(|one| &one.total_yuan))?)?;
        Ok(Sums {
            principal: sum(self.payments().map(|one| &one.principal_yuan))?,
            surcharge: sum(self.payments().map(|one| &one.surcharge_yuan))?,
            refunded: sum(refunds().map(|one| &one.amount_yuan))?,
            interest: sum(refunds().map(|one| &one.interest_yuan))?,
            offset: sum(refunds().map(|one| &one.offset_yuan))?,
            paid_out,
        })
    }

    /// Vouchers of payments and refunds, all verified.
    pub fn vouchers(&self) -> usize {
        let of_refunds = self.refunds.iter().filter(|one| one.voucher.is_some());
        self.payments().count().saturating_add(of_refunds.count())
    }

    /// Orders the bank refused or took back.
    pub fn refused_payments(&self) -> usize {
        self.filings.iter().map(|one| one.refused.len()).sum()
    }

    /// Filed corrections.
    pub fn corrections(&self) -> usize {
        let revised = |one: &&Filed| one.declaration.revision > 1;
        self.filings.iter().filter(revised).count()
    }

    /// Voided filings.
    pub fn voided(&self) -> usize {
        let voided = |one: &&Filed| one.declaration.state() == pb::DeclarationState::Voided;
        self.filings.iter().filter(voided).count()
    }

    /// The final table, for people.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn table(&self) -> Result<String, Failed> {
        let mut heading = vec!["所属期止", "合计"];
        heading.extend(TaxKind::ALL.iter().map(|tax| tax.zh()));
        let mut rows = Vec::new();
        let mut totals = [Money::ZERO; TaxKind::ALL.len()];
        for (quarter, sums) in self.by_quarter()? {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = total.plus(sum)?;
            }
            rows.push(row(quarter, &sums)?);
        }
        rows.push(row("合计".to_owned(), &totals)?);
        let counts = format!(
            "申报 {} 次（其中更正 {} 次，另作废 {} 次），缴款 {} 笔（另有 {} 笔被银行拒绝或冲正后重缴），\
             退税 {} 笔，完税证明 {} 张，全部查验有效",
            self.filings.len().saturating_sub(self.voided()),
            self.corrections(),
            self.voided(),
            self.payments().count(),
            self.refused_payments(),
            self.refunds.len(),
            self.vouchers(),
        );
        let sums = self.sums()?;
        let total = sums.principal.plus(sums.surcharge)?;
        let paid = format!(
            "税款 {} 元，滞纳金 {} 元，实缴 {total} 元",
            sums.principal, sums.surcharge
        );
        let back = format!(
            "退还税款 {} 元，利息 {} 元：抵缴 {} 元，退库 {} 元；国库净入库 {} 元",
            sums.refunded,
            sums.interest,
            sums.offset,
            sums.paid_out,
            sums.in_treasury()?
        );
        let table = table::lay_out(&heading, &rows, 1);
        Ok(format!("{table}\n{counts}\n{paid}\n{back}"))
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn json(&self) -> Result<Value, Failed> {
        let mut quarters = Vec::new();
        for (quarter, sums) in self.by_quarter()? {
            let taxes: serde_json::Map<String, Value> = TaxKind::ALL
                .iter()
                .zip(sums)
                .filter(|(_, sum)| !sum.is_zero())
                .map(|(tax, sum)| (tax.name().to_owned(), sum.to_string().into()))
                .collect();
            let total = Money::sum(sums)?.to_string();
            quarters.push(json!({"quarter": quarter, "taxes": taxes, "totalYuan": total}));
        }
        let filings: Vec<Value> = self.filings.iter().map(Filed::json).collect();
        let refunds: Vec<Value> = self.refunds.iter().map(PaidBack::json).collect();
        let sums = self.sums()?;
        Ok(json!({
            "verified": true,
            "taxNumber": self.tax_number,
            "filingCount": self.filings.len(),
            "correctionCount": self.corrections(),
            "voidedCount": self.voided(),
            "voucherCount": self.vouchers(),
            "refusedPaymentCount": self.refused_payments(),
            "skippedFaultCount": self.skipped_faults,
            "principalYuan": sums.principal.to_string(),
            "surchargeYuan": sums.surcharge.to_string(),
            "totalYuan": sums.principal.plus(sums.surcharge)?.to_string(),
            "refundedYuan": sums.refunded.to_string(),
            "interestYuan": sums.interest.to_string(),
            "offsetYuan": sums.offset.to_string(),
            "paidOutYuan": sums.paid_out.to_string(),
            "inTreasuryYuan": sums.in_treasury()?.to_string(),
            "quarters": quarters,
            "filings": filings,
            "refunds": refunds,
        }))
    }
}

fn row(name: String, sums: &ByTax) -> Result<Vec<String>, Failed> {
    let mut row = vec![name, Money::sum(sums.iter().copied())?.to_string()];
    row.extend(sums.iter().map(Money::to_string));
    Ok(row)
}

impl Filed {
    /// A declaration that was just filed.
    pub(super) const fn new(declaration: pb::Declaration) -> Self {
        Self {
            declaration,
            paid: Vec::new(),
            refused: Vec::new(),
        }
    }

    fn json(&self) -> Value {
        let declaration = &self.declaration;
        let window = declaration.window.clone().unwrap_or_default();
        let state = declaration.state().as_str_name();
        let payment = |(payment, voucher): &(pb::Payment, pb::Voucher)| {
            json!({
                "channel": payment.channel().as_str_name(),
                "principalYuan": payment.principal_yuan,
                "surchargeYuan": payment.surcharge_yuan,
                "totalYuan": payment.total_yuan,
                "voucherNumber": voucher.voucher_number,
            })
        };
        let paid: Vec<Value> = self.paid.iter().map(payment).collect();
        json!({
            "declarationId": declaration.declaration_id,
            "state": state.trim_start_matches("DECLARATION_STATE_"),
            "revision": declaration.revision,
            "correctsDeclarationId": declaration.corrects_declaration_id,
            "firstDay": window.first_day,
            "lastDay": window.last_day,
            "dueOn": declaration.due_on,
            "overdue": declaration.overdue,
            "taxAuthorityCode": declaration.tax_authority_code,
            "payments": paid,
        })
    }
}

impl PaidBack {
    fn json(&self) -> Value {
        let (refund, voucher) = (&self.refund, self.voucher.as_ref());
        let paid_out = voucher.map_or("0.00", |_| &refund.balance_yuan);
        json!({
            "refundId": refund.refund_id,
            "declarationId": refund.declaration_id,
            "amountYuan": refund.amount_yuan,
            "interestYuan": refund.interest_yuan,
            "offsetYuan": refund.offset_yuan,
            "paidOutYuan": paid_out,
            "voucherNumber": voucher.map_or("", |one| &one.voucher_number),
        })
    }
}

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
    /// The payment and voucher; nothing where nothing was collected.
    pub paid: Option<(pb::Payment, pb::Voucher)>,
}

/// What a life came to, all checked.
#[derive(Debug, Clone, Default)]
pub struct LifeOutcome {
    /// The taxpayer's number.
    pub tax_number: String,
    /// The filings, in order.
    pub filings: Vec<Filed>,
    /// Orders the bank refused or took back; each was followed by another one.
    pub refused_payments: usize,
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

impl LifeOutcome {
    /// Tax payable by quarter of the period's last day, and by tax.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn by_quarter(&self) -> Result<BTreeMap<String, ByTax>, Failed> {
        let mut quarters: BTreeMap<String, ByTax> = BTreeMap::new();
        for line in self.filings.iter().flat_map(|one| &one.declaration.lines) {
            let period = line.period.clone().unwrap_or_default();
            let sums = quarters
                .entry(quarter(period.last_day.parse()?))
                .or_insert([Money::ZERO; TaxKind::ALL.len()]);
            let sum = place(line.tax()).and_then(|place| sums.get_mut(place));
            let sum = sum.ok_or("a line of no tax")?;
            let payable = Money::parse_yuan(&line.payable_yuan)?;
            *sum = sum.plus(payable.or_zero())?;
        }
        Ok(quarters)
    }

    fn sum(&self, amount: impl Fn(&pb::Payment) -> String) -> Result<Money, Failed> {
        let mut sum = Money::ZERO;
        for (payment, _) in self.filings.iter().filter_map(|one| one.paid.as_ref()) {
            sum = sum.plus(Money::parse_yuan(&amount(payment))?)?;
        }
        Ok(sum)
    }

    /// Tax paid.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn principal(&self) -> Result<Money, Failed> {
        self.sum(|payment| payment.principal_yuan.clone())
    }

    /// Surcharge paid.
    ///
    /// # Errors
    /// When an answer cannot be read.
    pub fn surcharge(&self) -> Result<Money, Failed> {
        self.sum(|payment| payment.surcharge_yuan.clone())
    }

    /// Vouchers, all verified.
    pub fn vouchers(&self) -> usize {
        self.filings.iter().filter(|one| one.paid.is_some()).count()
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
        let (principal, surcharge) = (self.principal()?, self.surcharge()?);
        let counts = format!(
            "申报 {} 次，缴款 {} 笔（另有 {} 笔被银行拒绝后重缴），完税证明 {} 张，全部查验有效",
            self.filings.len(),
            self.vouchers(),
            self.refused_payments,
            self.vouchers(),
        );
        let total = principal.plus(surcharge)?;
        let paid = format!("税款 {principal} 元，滞纳金 {surcharge} 元，实缴 {total} 元");
        let table = table::lay_out(&heading, &rows, 1);
        Ok(format!("{table}\n{counts}\n{paid}"))
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
        let (principal, surcharge) = (self.principal()?, self.surcharge()?);
        Ok(json!({
            "verified": true,
            "taxNumber": self.tax_number,
            "filingCount": self.filings.len(),
            "voucherCount": self.vouchers(),
            "refusedPaymentCount": self.refused_payments,
            "skippedFaultCount": self.skipped_faults,
            "principalYuan": principal.to_string(),
            "surchargeYuan": surcharge.to_string(),
            "totalYuan": principal.plus(surcharge)?.to_string(),
            "quarters": quarters,
            "filings": filings,
        }))
    }
}

fn row(name: String, sums: &ByTax) -> Result<Vec<String>, Failed> {
    let mut row = vec![name, Money::sum(sums.iter().copied())?.to_string()];
    row.extend(sums.iter().map(Money::to_string));
    Ok(row)
}

impl Filed {
    fn json(&self) -> Value {
        let declaration = &self.declaration;
        let window = declaration.window.clone().unwrap_or_default();
        let mut value = json!({
            "declarationId": declaration.declaration_id,
            "firstDay": window.first_day,
            "lastDay": window.last_day,
            "dueOn": declaration.due_on,
            "overdue": declaration.overdue,
            "taxAuthorityCode": declaration.tax_authority_code,
        });
        if let (Some((payment, voucher)), Some(fields)) = (&self.paid, value.as_object_mut()) {
            let mut put = |name: &str, text: &str| fields.insert(name.to_owned(), text.into());
            put("principalYuan", &payment.principal_yuan);
            put("surchargeYuan", &payment.surcharge_yuan);
            put("totalYuan", &payment.total_yuan);
            put("voucherNumber", &voucher.voucher_number);
        }
        value
    }
}

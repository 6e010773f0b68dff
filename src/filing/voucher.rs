//! The voucher (税收完税证明): issued from a settled payment, once, and signed.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Declaration, Payment, PaymentChannel, Taxpayer, in_words};
use crate::types::{
    DeclarationId, Money, Overflow, PaymentId, Period, RefundId, TaxAuthority, TaxKind, TaxpayerId,
    TaxpayerKey, Treasury, VoucherNumber,
};

/// The life of a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoucherState {
    /// In force.
    Issued,
    /// Voided.
    Voided,
    /// Replaced by another number.
    Replaced,
}

impl VoucherState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Issued, Self::Voided, Self::Replaced];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "ISSUED",
            Self::Voided => "VOIDED",
            Self::Replaced => "REPLACED",
        }
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a voucher proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VoucherKind {
    /// Tax was paid.
    Payment,
    /// Tax was refunded.
    Refund,
}

impl VoucherKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Payment, Self::Refund];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
        }
    }

    /// Finds a kind by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One row of a voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoucherRow {
    /// 税种.
    pub tax_zh: String,
    /// 品目名称.
    pub item_zh: String,
    /// 税款所属时期.
    pub period: Period,
    /// 实缴（退）金额; negative on a refund.
    pub amount: Money,
    /// 原凭证号: of the electronic payment voucher; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_voucher_number: Option<VoucherNumber>,
    /// 入（退）库日期; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treasury_date: Option<Date>,
}

/// 原凭证号 of what a payment collected under one head (预算科目): opaque, always the same, never
/// equal to the number of a sheet. The surcharge of a tax has the head that ends in 20.
pub fn original_number(payment: PaymentId, tax: TaxKind, surcharge: bool) -> VoucherNumber {
    let ending = if surcharge { "20" } else { "" };
    let hash = Sha256::digest(format!("{payment}/{}{ending}", tax.code()));
    VoucherNumber::original(leading(&hash))
}

/// The first eight bytes as a number.
fn leading(hash: &[u8]) -> u64 {
    let bytes = hash.iter().take(8);
    bytes.fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The number a sheet is given at the n-th try, derived from what it is for, so that no counter
/// has to be shared.
pub fn candidate_number(
    payment: PaymentId,
    refund: Option<RefundId>,
    replaces: Option<&VoucherNumber>,
    (year, attempt): (i16, u8),
) -> VoucherNumber {
    let mut seed = payment.to_string();
    if let Some(refund) = refund {
        seed = format!("{seed}/refund {refund}");
    }
    if let Some(old) = replaces {
        seed = format!("{seed}/replaces {old}");
    }
    let hash = Sha256::digest(format!("{seed}/{attempt}"));
    VoucherNumber::make(year, leading(&hash))
}

/// What was paid back, as its voucher shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    /// The refund.
    pub id: RefundId,
    /// The rows, amounts below zero, best made by [`VoucherRow::refund`].
    pub rows: Vec<VoucherRow>,
    /// Tax in it, without surcharge and interest; below zero.
    pub principal: Money,
}

impl VoucherRow {
    /// A row of a refund: what goes back under one head of a payment.
    pub fn refund(
        payment: PaymentId,
        (tax, surcharge): (TaxKind, bool),
        item_zh: String,
        period: Period,
        treasury_date: Date,
        amount: Money,
    ) -> Self {
        Self {
            tax_zh: tax.zh().to_owned(),
            item_zh,
            period,
            amount,
            original_voucher_number: Some(original_number(payment, tax, surcharge)),
            treasury_date: Some(treasury_date),
        }
    }
}

/// What a voucher is issued from.
#[derive(Debug, Clone)]
pub struct Grounds<'a> {
    /// Whose money it is.
    pub taxpayer: &'a Taxpayer,
    /// What was declared.
    pub declaration: &'a Declaration,
    /// The payment, in the treasury.
    pub payment: &'a Payment,
    /// The day the money was in the treasury, or left it.
    pub treasury_date: Date,
    /// For a refund: what went back.
    pub refund: Option<Refunded>,
    /// The number the sheet replaces (换开).
    pub replaces: Option<VoucherNumber>,
}

/// The issuer's part of a sheet.
#[derive(Debug, Clone)]
pub struct Issue {
    /// 票证号码.
    pub number: VoucherNumber,
    /// The instant.
    pub at: Timestamp,
    /// The civil day of that instant in China.
    pub on: Date,
    /// The algorithm of the signature.
    pub algorithm: String,
    /// The id of the key that signs.
    pub key_id: String,
    /// A sandbox issues samples only.
    pub sample: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// What is signed. Field order is the canonical order of the signed text. Format 1 lacks what
/// format 2 added; both are read for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoucherBody {
    /// Version of this format.
    pub format: u32,
    /// 票证号码.
    pub voucher_number: VoucherNumber,
    /// What it proves; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<VoucherKind>,
    /// 填发日期.
    pub issued_on: Date,
    /// The instant of issue; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// 税务机关.
    pub authority: TaxAuthority,
    /// 国库; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treasury: Option<Treasury>,
    /// The service's id of the taxpayer; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxpayer_id: Option<TaxpayerKey>,
    /// 纳税人识别号.
    pub tax_number: TaxpayerId,
    /// 纳税人名称.
    pub taxpayer_name: String,
    /// The payment it proves.
    pub payment_id: PaymentId,
    /// The declaration that was paid.
    pub declaration_id: DeclarationId,
    /// The refund it proves; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<RefundId>,
    /// The number it replaces; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<VoucherNumber>,
    /// The declaration's digest.
    pub content_digest: String,
    /// The rule pack's version.
    pub rule_pack_digest: String,
    /// 入（退）库日期.
    pub treasury_date: Date,
    /// The bank's number of the debit; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_reference: Option<String>,
    /// The rows; surcharge on rows of its own.
    pub rows: Vec<VoucherRow>,
    /// Tax without surcharge.
    pub principal: Money,
    /// 金额合计.
    pub total: Money,
    /// 金额合计（大写）.
    pub total_in_words: String,
    /// The algorithm of the signature; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The id of the key that signs; from format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// A sample of a sandbox (沙箱样张), worth nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sample: bool,
}

impl VoucherBody {
    /// The format that is written.
    pub const FORMAT: u32 = 2;

    /// The body of a sheet.
    ///
    /// # Errors
    /// [`Overflow`], also when the rows do not sum to the order's total, or more tax is certified
    /// than was declared (invariant 1).
    pub fn new(grounds: &Grounds<'_>, issue: Issue) -> Result<Self, Overflow> {
        let Grounds {
            taxpayer,
            declaration,
            payment,
            ..
        } = *grounds;
        let (kind, rows, principal) = match &grounds.refund {
            Some(refund) => (VoucherKind::Refund, refund.rows.clone(), refund.principal),
            None => {
                let rows = payment_rows(payment, grounds.treasury_date);
                (VoucherKind::Payment, rows, payment.order.principal)
            }
        };
        let total = Money::sum(rows.iter().map(|row| row.amount))?;
        let covered = payment.order.principal.plus(payment.order.offset)?;
        let payable = declaration.content.totals()?.payable;
        // A refund set off may pay a part; a debit always pays all that is left.
        let adds_up =
            covered == payable || (payment.channel == PaymentChannel::Offset && covered < payable);
        let sound = match kind {
            VoucherKind::Payment => total == payment.order.total && adds_up,
            VoucherKind::Refund => total.is_negative(),
        };
        if !sound {
            return Err(Overflow);
        }
        Ok(Self {
            format: Self::FORMAT,
            voucher_number: issue.number,
            kind: Some(kind),
            issued_on: issue.on,
            issued_at: Some(issue.at),
            authority: payment.authority.clone(),
            treasury: Some(payment.treasury.clone()),
            taxpayer_id: Some(taxpayer.key),
            tax_number: taxpayer.tax_number.clone(),
            taxpayer_name: taxpayer.name.clone(),
            payment_id: payment.id,
            declaration_id: declaration.id,
            refund_id: grounds.refund.as_ref().map(|refund| refund.id),
            replaces: grounds.replaces.clone(),
            content_digest: declaration.digest.clone(),
            rule_pack_digest: declaration.content.rule_pack.clone(),
            treasury_date: grounds.treasury_date,
            bank_reference: payment.bank_reference.clone(),
            rows,
            principal,
            total,
            total_in_words: in_words(total),
            algorithm: Some(issue.algorithm),
            key_id: Some(issue.key_id),
            sample: issue.sample,
        })
    }

    /// What it proves.
    pub fn proves(&self) -> VoucherKind {
        self.kind.unwrap_or(VoucherKind::Payment)
    }
}

fn payment_rows(payment: &Payment, treasury_date: Date) -> Vec<VoucherRow> {
    let mut rows = Vec::new();
    for row in &payment.order.rows {
        let mut push = |item_zh: String, amount: Money, surcharge: bool| {
            let number = original_number(payment.id, row.tax, surcharge);
            rows.push(VoucherRow {
                tax_zh: row.tax.zh().to_owned(),
                item_zh,
                period: row.period,
                amount,
                original_voucher_number: Some(number),
                treasury_date: Some(treasury_date),
            });
        };
        push(row.item_zh.clone(), row.principal, false);
        if row.surcharge.is_positive() {
            push("滞纳金".to_owned(), row.surcharge, true);
        }
    }
    rows
}

/// A voucher as kept: the signed text is the truth, the body is its reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// Where its life stands.
    pub state: VoucherState,
    /// What was signed.
    pub body: VoucherBody,
    /// The canonical JSON that was signed.
    pub signed_text: String,
    /// The signature, lower-case hex.
    pub signature: String,
    /// The public key, lower-case hex.
    pub public_key: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// What it proves.
    pub kind: VoucherKind,
    /// The refund it proves; nothing for a payment.
    pub refund: Option<RefundId>,
    /// The number it replaces.
    pub replaces: Option<VoucherNumber>,
    /// The number that replaced it.
    pub replaced_by: Option<VoucherNumber>,
    /// How often it was printed again.
    pub reprints: u32,
    /// Why it was voided or replaced.
    pub close_reason: Option<String>,
    /// Version of the row, from 1.
    pub version: i64,
}

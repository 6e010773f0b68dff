//! The voucher (税收完税证明): issued from a settled payment, once, and signed.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Declaration, Payment, PaymentChannel, Taxpayer, in_words};
use crate::types::{
    DeclarationId, Money, Overflow, PaymentId, Period, RefundId, TaxAuthority, TaxpayerId,
    TaxpayerKey, VoucherNumber,
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
pub struct VoucherRow {
    /// 税种.
    pub tax_zh: String,
    /// 品目名称.
    pub item_zh: String,
    /// 税款所属时期.
    pub period: Period,
    /// 实缴金额.
    pub amount: Money,
}

/// What is signed. Field order is the canonical order of the signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoucherBody {
    /// Version of this format.
    pub format: u32,
    /// 票证号码.
    pub voucher_number: VoucherNumber,
    /// 填发日期.
    pub issued_on: Date,
    /// 税务机关.
    pub authority: TaxAuthority,
    /// 纳税人识别号.
    pub tax_number: TaxpayerId,
    /// 纳税人名称.
    pub taxpayer_name: String,
    /// The payment it proves.
    pub payment_id: PaymentId,
    /// The declaration that was paid.
    pub declaration_id: DeclarationId,
    /// The declaration's digest.
    pub content_digest: String,
    /// The rule pack's version.
    pub rule_pack_digest: String,
    /// 入库日期.
    pub treasury_date: Date,
    /// The rows; surcharge on rows of its own.
    pub rows: Vec<VoucherRow>,
    /// Tax without surcharge.
    pub principal: Money,
    /// 金额合计.
    pub total: Money,
    /// 金额合计（大写）.
    pub total_in_words: String,
}

impl VoucherBody {
    /// The body for a payment that is in the treasury.
    ///
    /// # Errors
    /// [`Overflow`], also when the rows do not sum to the order's total (invariant 1).
    pub fn new(
        number: VoucherNumber,
        taxpayer: &Taxpayer,
        declaration: &Declaration,
        payment: &Payment,
        today: Date,
    ) -> Result<Self, Overflow> {
        let mut rows = Vec::new();
        for row in &payment.order.rows {
            let mut push = |item_zh: String, amount: Money| {
                let tax_zh = row.tax.zh().to_owned();
                rows.push(VoucherRow {
                    tax_zh,
                    item_zh,
                    period: row.period,
                    amount,
                });
            };
            push(row.item_zh.clone(), row.principal);
            if row.surcharge.is_positive() {
                push("滞纳金".to_owned(), row.surcharge);
            }
        }
        let total = Money::sum(rows.iter().map(|row| row.amount))?;
        let covered = payment.order.principal.plus(payment.order.offset)?;
        let payable = declaration.content.totals()?.payable;
        // A refund set off may pay a part; a debit always pays all that is left.
        let adds_up =
            covered == payable || (payment.channel == PaymentChannel::Offset && covered < payable);
        if total != payment.order.total || !adds_up {
            return Err(Overflow);
        }
        Ok(Self {
            format: 1,
            voucher_number: number,
            issued_on: today,
            authority: payment.authority.clone(),
            tax_number: taxpayer.tax_number.clone(),
            taxpayer_name: taxpayer.name.clone(),
            payment_id: payment.id,
            declaration_id: declaration.id,
            content_digest: declaration.digest.clone(),
            rule_pack_digest: declaration.content.rule_pack.clone(),
            treasury_date: today,
            rows,
            principal: payment.order.principal,
            total,
            total_in_words: in_words(total),
        })
    }
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
    /// Ed25519 signature, hex.
    pub signature: String,
    /// The public key, hex.
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

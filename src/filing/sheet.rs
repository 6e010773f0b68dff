//! The life of a voucher sheet, and what makes it hard to forge.
//!
//! | state | reprint 补打 | void 作废 | replace 换开 |
//! | --- | --- | --- | --- |
//! | ISSUED | ISSUED, one print more | VOIDED | REPLACED |
//! | VOIDED | – | – | VOIDED, once: a wrong sheet is voided first, the right one issued after |
//! | REPLACED | – | – | – |
//!
//! Nothing is overwritten (税收票证管理办法): what was signed never changes, and every sheet stays.

use jiff::tz::Offset;
use sha2::{Digest, Sha256};

use super::{Payment, Refund, Refusal, Voucher, VoucherBody, VoucherKind, VoucherState, in_words};
use crate::signing;
use crate::types::{Money, TaxAuthority, TaxpayerId, Treasury, VoucherNumber};

/// China Standard Time.
const CHINA: Offset = Offset::constant(8);
/// Letters of a verification code: none that is taken for another (Crockford's base 32).
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in a verification code: 80 bits.
const CODE_LENGTH: usize = 16;

impl Voucher {
    /// Prints it again (补打): the number stays.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless ISSUED.
    pub fn reprint(self) -> Result<Self, Refusal> {
        self.expect(&[VoucherState::Issued], "ISSUED")?;
        Ok(Self {
            reprints: self.reprints.saturating_add(1),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// Voids a wrong sheet (作废); it stays on record.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless ISSUED.
    pub fn void(self, reason: String) -> Result<Self, Refusal> {
        self.expect(&[VoucherState::Issued], "ISSUED")?;
        Ok(Self {
            state: VoucherState::Voided,
            close_reason: Some(reason),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// Puts another number in its place (换开). A voided sheet stays VOIDED, with its reason.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless ISSUED, or VOIDED and not replaced yet.
    pub fn replace(self, by: VoucherNumber, reason: String) -> Result<Self, Refusal> {
        self.check_replaceable()?;
        let (state, close_reason) = match self.state {
            VoucherState::Voided => (VoucherState::Voided, self.close_reason),
            _ => (VoucherState::Replaced, Some(reason)),
        };
        Ok(Self {
            state,
            close_reason,
            replaced_by: Some(by),
            version: self.version.saturating_add(1),
            ..self
        })
    }

    /// Refuses a sheet that another one cannot take the place of.
    ///
    /// # Errors
    /// [`Refusal::WrongState`].
    pub fn check_replaceable(&self) -> Result<(), Refusal> {
        const NEEDED: &str = "ISSUED, or VOIDED and not replaced";
        if self.replaced_by.is_some() {
            return self.expect(&[], NEEDED);
        }
        self.expect(&[VoucherState::Issued, VoucherState::Voided], NEEDED)
    }

    fn expect(&self, allowed: &[VoucherState], needed: &'static str) -> Result<(), Refusal> {
        if allowed.contains(&self.state) {
            return Ok(());
        }
        Err(Refusal::WrongState {
            what: "voucher",
            state: self.state.name(),
            needed,
        })
    }

    /// 校验码: 16 letters out of the signature, number, taxpayer and amount. Whoever has the whole
    /// voucher can check it; only the issuer's key can make it.
    pub fn verification_code(&self) -> String {
        let body = &self.body;
        let hash = Sha256::digest(format!(
            "CAIXING-CODE-1\n{}\n{}\n{}\n{}",
            body.voucher_number, body.tax_number, body.total, self.signature
        ));
        let bits = hash
            .iter()
            .take(CODE_LENGTH * 5 / 8)
            .fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        let letter = |place: usize| {
            let five = (bits >> (5 * (CODE_LENGTH - 1 - place))) & 31;
            let at = usize::try_from(five).unwrap_or(0);
            CODE_LETTERS.get(at).copied().map_or('0', char::from)
        };
        (0..CODE_LENGTH).map(letter).collect()
    }

    /// True for its own code, as people type it: blanks, hyphens and small letters do not matter.
    pub fn has_code(&self, typed: &str) -> bool {
        let kept = |letter: &char| !letter.is_whitespace() && *letter != '-';
        let typed: String = typed.chars().filter(kept).collect();
        // Over all letters, so that the time taken says nothing about the place of the first error.
        let (code, typed) = (self.verification_code(), typed.to_ascii_uppercase());
        let pairs = code.bytes().zip(typed.bytes());
        let differing = pairs.fold(0, |differing, (one, other)| differing | (one ^ other));
        code.len() == typed.len() && differing == 0
    }

    /// The id of the key that signed it.
    pub fn key_id(&self) -> String {
        let stated = self.body.key_id.clone();
        stated.unwrap_or_else(|| signing::key_id(&self.public_key))
    }

    /// The algorithm of its signature.
    pub fn algorithm(&self) -> &str {
        self.body.algorithm.as_deref().unwrap_or(signing::ED25519)
    }

    /// True when its signature holds under a public key.
    pub fn signature_holds(&self, public_key: &str) -> bool {
        signing::verify_with(
            self.algorithm(),
            &self.signed_text,
            &self.signature,
            public_key,
        )
    }

    /// What its QR code says: no address, so that nobody is led to a false site.
    pub fn qr_text(&self) -> String {
        format!(
            "CAIXING:1:{}:{}:{}:{}:{}",
            self.body.voucher_number,
            self.body.tax_number,
            self.body.total,
            self.verification_code(),
            self.key_id().to_ascii_uppercase()
        )
    }
}

impl Payment {
    /// Points a settled payment at the sheet that is in force now.
    #[must_use]
    pub fn certified_by(self, voucher: VoucherNumber) -> Self {
        Self {
            voucher: Some(voucher),
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

impl Refund {
    /// Points a refund that was paid out at the sheet that is in force now.
    #[must_use]
    pub fn certified_by(self, voucher: VoucherNumber) -> Self {
        Self {
            voucher: Some(voucher),
            version: self.version.saturating_add(1),
            ..self
        }
    }
}

impl VoucherBody {
    /// The fields that break a rule every honest body keeps, in the order of the text. Empty for
    /// every body this service has signed.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut rule = |holds: bool, field: &str| {
            if !holds {
                faults.push(field.to_owned());
            }
        };
        let newest = self.format == Self::FORMAT;
        rule(newest || self.format == 1, "format");
        rule(whole(&self.voucher_number), "voucher_number");
        rule(self.kind.is_some() == newest, "kind");
        rule(self.issued_at.is_some() == newest, "issued_at");
        let day = self.issued_at.map(|at| CHINA.to_datetime(at).date());
        rule(day.is_none_or(|day| day == self.issued_on), "issued_on");
        rule(
            TaxAuthority::parse(self.authority.as_str()).is_ok(),
            "authority",
        );
        let treasury = self.treasury.as_ref();
        let parsed = treasury.is_none_or(|code| Treasury::parse(code.as_str()).is_ok());
        rule(parsed && treasury.is_some() == newest, "treasury");
        rule(self.taxpayer_id.is_some() == newest, "taxpayer_id");
        let tax_number = TaxpayerId::parse_historic(&self.tax_number.to_string());
        rule(tax_number.is_ok(), "tax_number");
        rule(!self.taxpayer_name.is_empty(), "taxpayer_name");
        let refund = self.proves() == VoucherKind::Refund;
        rule(self.refund_id.is_some() == refund, "refund_id");
        rule(self.replaces.as_ref().is_none_or(whole), "replaces");
        for (place, row) in self.rows.iter().enumerate() {
            let number = row.original_voucher_number.as_ref();
            let holds = number.is_some() == newest && number.is_none_or(whole);
            rule(holds, &format!("rows[{place}].original_voucher_number"));
            rule(
                row.treasury_date.is_some() == newest,
                &format!("rows[{place}].treasury_date"),
            );
            rule(
                row.amount.is_negative() == refund,
                &format!("rows[{place}].amount"),
            );
        }
        let sum = Money::sum(self.rows.iter().map(|row| row.amount));
        rule(sum == Ok(self.total), "rows");
        let part =
            |part: Money, whole: Money| part.fen().unsigned_abs() <= whole.fen().unsigned_abs();
        rule(part(self.principal, self.total), "principal");
        rule(self.total.is_negative() == refund, "total");
        rule(
            in_words(self.total) == self.total_in_words,
            "total_in_words",
        );
        rule(self.algorithm.is_some() == newest, "algorithm");
        rule(self.key_id.is_some() == newest, "key_id");
        faults
    }
}

/// The check digit of a number holds.
fn whole(number: &VoucherNumber) -> bool {
    VoucherNumber::parse(number.as_str()).is_ok()
}

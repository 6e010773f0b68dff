//! Identifiers made by the service or named by its partners.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $reason:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made by the service.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Reads the hyphenated form.
            ///
            /// # Errors
            /// When the text is not a UUID in the usual hyphenated form.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
                id.filter(|id| !id.is_nil()).map(Self).ok_or_else(|| {
                    Invalid::new(
                        $reason,
                        "应为带连字符的 UUID",
                        "must be a UUID in its hyphenated form",
                    )
                })
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A registered taxpayer (`taxpayer_id` on the wire): the shard and the subject of rights.
    TaxpayerKey, "TAXPAYER_ID_SYNTAX"
);
uuid_id!(
    /// A tax source (税源).
    SourceId, "SOURCE_ID_SYNTAX"
);
uuid_id!(
    /// A declaration (纳税申报表).
    DeclarationId, "DECLARATION_ID_SYNTAX"
);
uuid_id!(
    /// A payment (缴款).
    PaymentId, "PAYMENT_ID_SYNTAX"
);
uuid_id!(
    /// A refund (退税).
    RefundId, "REFUND_ID_SYNTAX"
);
uuid_id!(
    /// A decision on paying later (延期缴纳).
    ExtensionId, "EXTENSION_ID_SYNTAX"
);
uuid_id!(
    /// An inspection (税务检查).
    InspectionId, "INSPECTION_ID_SYNTAX"
);
uuid_id!(
    /// A case for an officer.
    CaseId, "CASE_ID_SYNTAX"
);
uuid_id!(
    /// A client's mark on one mutation, so that repeats are answered, not redone.
    RequestId, "REQUEST_ID_SYNTAX"
);
uuid_id!(
    /// An entry of the append-only trail.
    EventId, "EVENT_ID_SYNTAX"
);

macro_rules! code_id {
    ($(#[$doc:meta])* $name:ident, $digits:literal, $reason:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads the code.
            ///
            /// # Errors
            /// When it does not have the right number of digits.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                if text.len() == $digits && text.bytes().all(|byte| byte.is_ascii_digit()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Invalid::new(
                        $reason,
                        concat!("应为 ", stringify!($digits), " 位数字"),
                        concat!("must have ", stringify!($digits), " digits"),
                    ))
                }
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code_id!(
    /// A tax authority (主管税务机关), 11 digits beginning with 1.
    TaxAuthority, 11, "TAX_AUTHORITY_SYNTAX"
);
code_id!(
    /// A treasury (国库代码), 10 digits.
    Treasury, 10, "TREASURY_SYNTAX"
);

/// The number of a voucher (票证号码): 18 digits, the last a check digit of our own (mod 11,10 of
/// ISO 7064, since the make-up of the official number is not confirmed).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VoucherNumber(String);

impl VoucherNumber {
    /// Makes a number from 17 digits: year (4), serial (13).
    pub fn make(year: i16, serial: u64) -> Self {
        let body = format!("{year:04}{:013}", serial % 10_000_000_000_000);
        let check = iso7064_mod_11_10(&body);
        Self(format!("{body}{check}"))
    }

    /// An 原凭证号 (the number of an electronic payment voucher): 3 and 16 digits of a serial, so
    /// that it never equals the number of a sheet, which begins with the year.
    pub fn original(serial: u64) -> Self {
        let body = format!("3{:016}", serial % 10_000_000_000_000_000);
        let check = iso7064_mod_11_10(&body);
        Self(format!("{body}{check}"))
    }

    /// Reads a number and checks its last digit.
    ///
    /// # Errors
    /// `VOUCHER_NUMBER_SYNTAX` or `VOUCHER_NUMBER_CHECK`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let shaped = text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (Some(body), Some(check), true) = (text.get(..17), text.get(17..), shaped) else {
            return Err(Invalid::new(
                "VOUCHER_NUMBER_SYNTAX",
                "票证号码应为 18 位数字",
                "the voucher number must have 18 digits",
            ));
        };
        if iso7064_mod_11_10(body).to_string() != check {
            return Err(Invalid::new(
                "VOUCHER_NUMBER_CHECK",
                "票证号码校验位不符",
                "the check digit of the voucher number is wrong",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn iso7064_mod_11_10(body: &str) -> u32 {
    let product = body.bytes().fold(10, |product, byte| {
        let sum = (product + u32::from(byte.saturating_sub(b'0'))) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

impl fmt::Display for VoucherNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::VoucherNumber;

    #[test]
    fn one_wrong_digit_of_a_voucher_number_is_seen() {
        let number = VoucherNumber::make(2026, 987_654_321);
        assert_eq!(VoucherNumber::parse(number.as_str()).unwrap(), number);
        for place in 0..18 {
            for digit in '0'..='9' {
                let mut chars: Vec<char> = number.as_str().chars().collect();
                if chars[place] != digit {
                    chars[place] = digit;
                    let text: String = chars.into_iter().collect();
                    assert!(VoucherNumber::parse(&text).is_err(), "{text}");
                }
            }
        }
    }
}

//! Money (金额) in whole fen (分), with checked arithmetic only.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Invalid, Overflow, parse_decimal};

/// An amount of renminbi in fen (分, 0.01 yuan). May be negative (a refund).
///
/// On the wire and in JSON it is yuan as a decimal string with two places, such as `"1234.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Digits before the point that a stated amount may have (the official forms' 13).
    pub const INTEGER_DIGITS_MAX: usize = 13;

    /// An amount of whole fen.
    pub const fn from_fen(fen: i64) -> Self {
        Self(fen)
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// Reads yuan in plain notation with at most two decimals.
    ///
    /// # Errors
    /// As [`parse_decimal`].
    pub fn parse_yuan(text: &str) -> Result<Self, Invalid> {
        let value = parse_decimal(text, Self::INTEGER_DIGITS_MAX, 2)?;
        let mut scaled = value;
        scaled.rescale(2);
        i64::try_from(scaled.mantissa()).map(Self).map_err(|_| {
            Invalid::new(
                "DECIMAL_RANGE",
                "金额超出范围",
                "the amount is out of range",
            )
        })
    }

    /// Sum, checked.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// Difference, checked.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    /// Sum of many, checked.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// True below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// True above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// True at zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Not below zero: what is payable of a signed amount.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }
}

impl fmt::Display for Money {
    /// Yuan with two decimals, such as `-0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_yuan(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn yuan_text_round_trips() {
        for text in ["0.00", "0.05", "-0.05", "1234567890123.45", "-7.00"] {
            assert_eq!(Money::parse_yuan(text).unwrap().to_string(), text);
        }
        assert_eq!(Money::parse_yuan("3.5").unwrap(), Money::from_fen(350));
        assert!(Money::parse_yuan("0.005").is_err());
        assert!(Money::from_fen(i64::MAX).plus(Money::from_fen(1)).is_err());
    }
}

//! Exact rational arithmetic: a tax is computed as a fraction and rounded once.
//!
//! `value × ratio × months / 12` is not always a finite decimal; a fraction keeps it exact until
//! the one place where the law rounds. Every operation is checked: overflow is an error.

use std::cmp::Ordering;

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub};
use rust_decimal::Decimal;

use super::Money;

/// A computation left the range of 128-bit fractions (amounts far beyond any real filing), or
/// divided by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the computation left the range of exact arithmetic")]
pub struct Overflow;

/// An exact fraction. Money inside it is in yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(Ratio<i128>);

#[expect(
    clippy::should_implement_trait,
    reason = "the operators cannot fail; these are checked and return an error"
)]
impl Exact {
    /// Zero.
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));
    /// One.
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    /// A whole number.
    pub fn int(value: i64) -> Self {
        Self(Ratio::from_integer(i128::from(value)))
    }

    /// `numerator / denominator`.
    ///
    /// # Errors
    /// [`Overflow`] when the denominator is zero.
    pub fn fraction(numerator: i64, denominator: i64) -> Result<Self, Overflow> {
        Self::int(numerator).div(Self::int(denominator))
    }

    /// The exact product.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn mul(self, other: impl Into<Self>) -> Result<Self, Overflow> {
        self.0
            .checked_mul(&other.into().0)
            .map(Self)
            .ok_or(Overflow)
    }

    /// The exact quotient.
    ///
    /// # Errors
    /// [`Overflow`], also for a division by zero.
    pub fn div(self, other: impl Into<Self>) -> Result<Self, Overflow> {
        self.0
            .checked_div(&other.into().0)
            .map(Self)
            .ok_or(Overflow)
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn add(self, other: impl Into<Self>) -> Result<Self, Overflow> {
        self.0
            .checked_add(&other.into().0)
            .map(Self)
            .ok_or(Overflow)
    }

    /// The exact difference.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn sub(self, other: impl Into<Self>) -> Result<Self, Overflow> {
        self.0
            .checked_sub(&other.into().0)
            .map(Self)
            .ok_or(Overflow)
    }

    /// True below zero.
    pub fn is_negative(self) -> bool {
        *self.0.numer() < 0
    }

    /// True at zero.
    pub fn is_zero(self) -> bool {
        *self.0.numer() == 0
    }

    /// The larger of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self < other { other } else { self }
    }

    /// The smaller of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    /// Rounds yuan to the fen, half away from zero (四舍五入). The only rounding of amounts.
    ///
    /// # Errors
    /// [`Overflow`] when the result does not fit [`Money`].
    pub fn round_to_fen(self) -> Result<Money, Overflow> {
        let fen = self.mul(Self::int(100))?.round_half_up();
        i64::try_from(fen)
            .map(Money::from_fen)
            .map_err(|_| Overflow)
    }

    /// Rounds to a whole number, half away from zero.
    fn round_half_up(self) -> i128 {
        // `Ratio::round` rounds half away from zero on exact integers; no float is involved.
        self.0.round().to_integer()
    }

    /// Rounds half away from zero to `scale` decimals, for quantities the law rounds and for
    /// display.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn round_to_scale(self, scale: u32) -> Result<Decimal, Overflow> {
        let factor = 10_i128.checked_pow(scale).ok_or(Overflow)?;
        let scaled = self
            .0
            .checked_mul(&Ratio::from_integer(factor))
            .ok_or(Overflow)?;
        Decimal::try_from_i128_with_scale(Self(scaled).round_half_up(), scale).map_err(|_| Overflow)
    }

    /// The exact decimal when the fraction has one of at most 12 places, else rounded to 12.
    /// For display and storage, not for further computing.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn to_decimal(self) -> Result<Decimal, Overflow> {
        Ok(self.round_to_scale(12)?.normalize())
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl From<Decimal> for Exact {
    fn from(value: Decimal) -> Self {
        // A Decimal has at most 28 places, so its denominator always fits.
        let denominator = 10_i128.checked_pow(value.scale()).unwrap_or(i128::MAX);
        Self(Ratio::new(value.mantissa(), denominator))
    }
}

impl From<Money> for Exact {
    fn from(value: Money) -> Self {
        Self(Ratio::new(i128::from(value.fen()), 100))
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Self::int(value)
    }
}

impl From<u32> for Exact {
    fn from(value: u32) -> Self {
        Self::int(i64::from(value))
    }
}

#[cfg(test)]
mod tests {
    use super::Exact;
    use crate::types::Money;

    #[test]
    fn halves_round_away_from_zero() {
        for (numerator, fen) in [
            (10_125, 1013),
            (10_124, 1012),
            (-10_125, -1013),
            (5, 1),
            (4, 0),
        ] {
            let value = Exact::fraction(numerator, 1000).unwrap();
            assert_eq!(
                value.round_to_fen().unwrap(),
                Money::from_fen(fen),
                "{numerator}"
            );
        }
    }

    #[test]
    fn thirds_stay_exact() {
        let third = Exact::fraction(1, 3).unwrap();
        assert_eq!(third.mul(Exact::int(3)).unwrap(), Exact::ONE);
        assert_eq!(third.to_decimal().unwrap().to_string(), "0.333333333333");
        assert!(Exact::int(1).div(Exact::ZERO).is_err());
    }
}

//! Optional decimals as text in stored JSON (`#[serde(with = …)]`).
//!
//! Reads `null` also from a buffered value, as when a database hands the keys of an object back in
//! another order than they were written in.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Writes text or `null`.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| value.to_string()).serialize(serializer)
}

/// Reads text or `null`.
///
/// # Errors
/// When the text is not an exact decimal.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Decimal>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Decimal::from_str_exact(&text).map_err(D::Error::custom))
        .transpose()
}

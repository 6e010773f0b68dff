//! Administrative divisions (行政区划, GB/T 2260).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Invalid;

/// A six-digit administrative division code: two digits province, two city, two county; `00`
/// means the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u32);

impl Region {
    /// Reads a six-digit code. Codes change over time, so only the shape is checked.
    ///
    /// # Errors
    /// `REGION_SYNTAX`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let shaped = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(code) if shaped && code >= 110_000 => Ok(Self(code)),
            _ => Err(Invalid::new(
                "REGION_SYNTAX",
                "应为六位行政区划代码，例如 340100",
                "must be a six-digit division code such as 340100",
            )),
        }
    }

    /// The division itself, then its city, then its province, without repeats.
    pub fn lineage(self) -> impl Iterator<Item = Self> {
        let city = Self(self.0 / 100 * 100);
        let province = Self(self.0 / 10_000 * 10_000);
        [
            Some(self),
            (city != self).then_some(city),
            (province != city).then_some(province),
        ]
        .into_iter()
        .flatten()
    }

    /// The province it belongs to.
    #[must_use]
    pub fn province(self) -> Self {
        Self(self.0 / 10_000 * 10_000)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    #[test]
    fn lineage_goes_up_to_the_province() {
        let county = Region::parse("340104").unwrap();
        let codes: Vec<String> = county.lineage().map(|region| region.to_string()).collect();
        assert_eq!(codes, ["340104", "340100", "340000"]);
        assert_eq!(Region::parse("340000").unwrap().lineage().count(), 1);
        assert!(Region::parse("34010").is_err());
        assert!(Region::parse("00000a").is_err());
    }
}

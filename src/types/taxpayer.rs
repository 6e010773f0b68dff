//! Taxpayer identifiers (纳税人识别号) with their check characters.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::Invalid;

/// Which numbering a taxpayer identifier follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxpayerIdKind {
    /// Unified social credit code (统一社会信用代码, GB 32100-2015), 18 characters.
    CreditCode,
    /// Identity number of a person (公民身份号码, GB 11643-1999), 18 characters.
    PersonalId,
    /// Number from before 2015-10-01: division and organisation code, 15 characters.
    Legacy15,
    /// Identity number and two more digits, 20 characters, from before 2015-10-01.
    Legacy20,
}

/// A checked taxpayer identifier (纳税人识别号). Trimmed and upper-cased before checking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxpayerId(String);

const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const CREDIT_WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const PERSON_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const PERSON_CHECKS: &[u8; 11] = b"10X98765432";

impl TaxpayerId {
    /// Reads an identifier of today: a credit code or a person's identity number.
    ///
    /// # Errors
    /// `TAXPAYER_ID_LENGTH`, `TAXPAYER_ID_CHARSET`, `TAXPAYER_ID_DIVISION`,
    /// `TAXPAYER_ID_BIRTH_DATE` or `TAXPAYER_ID_CHECK`, in that order of testing;
    /// `TAXPAYER_ID_LEGACY` for a number that ended with the credit codes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let id = Self::parse_historic(text)?;
        match id.kind() {
            TaxpayerIdKind::CreditCode | TaxpayerIdKind::PersonalId => Ok(id),
            TaxpayerIdKind::Legacy15 | TaxpayerIdKind::Legacy20 => Err(Invalid::new(
                "TAXPAYER_ID_LEGACY",
                "15 位或 20 位旧识别号只用于 2015 年 10 月 1 日以前的所属期",
                "15- and 20-character numbers are valid only for periods before 2015-10-01",
            )),
        }
    }

    /// Reads any identifier, old numbers included (periods before 2015-10-01).
    ///
    /// # Errors
    /// As [`TaxpayerId::parse`], without `TAXPAYER_ID_LEGACY`.
    pub fn parse_historic(text: &str) -> Result<Self, Invalid> {
        let code = text.trim().to_uppercase();
        if !code.is_ascii() {
            return Err(charset());
        }
        match code.len() {
            18 if looks_personal(&code) => check_person(&code)?,
            18 => check_credit_code(&code)?,
            15 => check_legacy15(&code)?,
            20 => {
                let (person, rest) = code.split_at(18);
                check_person(person)?;
                if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(charset());
                }
            }
            _ => {
                return Err(Invalid::new(
                    "TAXPAYER_ID_LENGTH",
                    "识别号应为 18 位",
                    "the identifier must have 18 characters",
                ));
            }
        }
        Ok(Self(code))
    }

    /// The identity number of today for one of fifteen digits: 19 before the two-digit year, and
    /// the check character at the end (GB 11643-1999).
    ///
    /// # Errors
    /// `TAXPAYER_ID_LENGTH`, `TAXPAYER_ID_CHARSET` or `TAXPAYER_ID_BIRTH_DATE`.
    pub fn of_old_identity_number(text: &str) -> Result<Self, Invalid> {
        let old = text.trim();
        if !old.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(charset());
        }
        let (Some(division), Some(rest), 15) = (old.get(..6), old.get(6..), old.len()) else {
            return Err(Invalid::new(
                "TAXPAYER_ID_LENGTH",
                "旧身份号码应为 15 位",
                "an old identity number must have 15 digits",
            ));
        };
        let body = format!("{division}19{rest}");
        let check = PERSON_CHECKS.get(person_check(&body));
        let code = format!("{body}{}", char::from(check.copied().unwrap_or_default()));
        check_person(&code)?;
        Ok(Self(code))
    }

    /// Which numbering it follows.
    pub fn kind(&self) -> TaxpayerIdKind {
        match self.0.len() {
            15 => TaxpayerIdKind::Legacy15,
            20 => TaxpayerIdKind::Legacy20,
            _ if looks_personal(&self.0) => TaxpayerIdKind::PersonalId,
            _ => TaxpayerIdKind::CreditCode,
        }
    }

    /// True when the organisation code inside a credit code has a right check character
    /// (GB 11714). Old codes were not all issued clean, so this is only reported.
    pub fn organisation_check_ok(&self) -> bool {
        if self.kind() != TaxpayerIdKind::CreditCode {
            return true;
        }
        let (Some(body), Some(check)) = (self.0.get(8..16), self.0.as_bytes().get(16).copied())
        else {
            return false;
        };
        organisation_check(body) == Some(check)
    }

    /// A valid credit code after this one, for demonstrations that need a fresh taxpayer: the
    /// organisation part is counted up and both check characters are made anew.
    pub fn next_demonstration_number(&self) -> Option<Self> {
        let (head, body) = (self.0.get(..8)?, self.0.get(8..16)?);
        let value = |letter: char| letter.to_digit(36).filter(|_| !"IOSVZ".contains(letter));
        let mut letters: Vec<char> = body.chars().collect();
        for letter in letters.iter_mut().rev() {
            value(*letter)?;
            let next = ('0'..='9')
                .chain('A'..='Z')
                .filter(|next| value(*next).is_some());
            if let Some(next) = next.skip_while(|next| next != letter).nth(1) {
                *letter = next;
                break;
            }
            *letter = '0';
        }
        let body: String = letters.into_iter().collect();
        let organisation = char::from(organisation_check(&body)?);
        let code = format!("{head}{body}{organisation}");
        let check = CREDIT_ALPHABET.get(credit_check(&code))?;
        Self::parse(&format!("{code}{}", char::from(*check))).ok()
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn charset() -> Invalid {
    Invalid::new(
        "TAXPAYER_ID_CHARSET",
        "识别号含有不允许的字符",
        "the identifier contains a character that is not allowed",
    )
}

fn wrong_check() -> Invalid {
    Invalid::new(
        "TAXPAYER_ID_CHECK",
        "识别号校验码不符",
        "the check character is wrong",
    )
}

/// A credit code never starts with two digits followed by four more and a birth date of
/// 18xx–20xx whose 17 places are all digits and whose first digit names a province.
fn looks_personal(code: &str) -> bool {
    let digits = code.bytes().take(17).all(|byte| byte.is_ascii_digit());
    let century = code
        .get(6..8)
        .is_some_and(|text| matches!(text, "18" | "19" | "20"));
    let province = code
        .bytes()
        .next()
        .is_some_and(|byte| matches!(byte, b'1'..=b'8'));
    // 11, 12, 51… are also categories of credit codes: the check character decides.
    digits && century && province && check_credit_code(code).is_err()
}

fn check_credit_code(code: &str) -> Result<(), Invalid> {
    let value = |byte: u8| CREDIT_ALPHABET.iter().position(|letter| *letter == byte);
    if code.bytes().any(|byte| value(byte).is_none()) {
        return Err(charset());
    }
    if !code
        .bytes()
        .skip(2)
        .take(6)
        .all(|byte| byte.is_ascii_digit())
    {
        return Err(Invalid::new(
            "TAXPAYER_ID_DIVISION",
            "第 3 至 8 位应为登记管理机关行政区划数字",
            "places 3 to 8 must be the digits of the registering division",
        ));
    }
    let check = CREDIT_ALPHABET.get(credit_check(code));
    if check.copied() == code.as_bytes().get(17).copied() {
        Ok(())
    } else {
        Err(wrong_check())
    }
}

/// The value of the check character that the first 17 places of a credit code call for.
fn credit_check(code: &str) -> usize {
    let value = |byte: u8| {
        CREDIT_ALPHABET
            .iter()
            .position(|letter| *letter == byte)
            .unwrap_or(0)
    };
    let sum: usize = code
        .bytes()
        .zip(CREDIT_WEIGHTS)
        .map(|(byte, weight)| value(byte) * weight as usize)
        .sum();
    (31 - sum % 31) % 31
}

/// The check character of an eight-character organisation code, or nothing for a bad character.
fn organisation_check(body: &str) -> Option<u8> {
    let mut sum = 0;
    for (byte, weight) in body.bytes().zip(ORGANISATION_WEIGHTS) {
        sum += char::from(byte).to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some(b'X'),
        11 => Some(b'0'),
        digit => u8::try_from(digit).ok().map(|value| b'0' + value),
    }
}

fn check_legacy15(code: &str) -> Result<(), Invalid> {
    if !code.bytes().take(6).all(|byte| byte.is_ascii_digit()) {
        return Err(Invalid::new(
            "TAXPAYER_ID_DIVISION",
            "前 6 位应为行政区划数字",
            "the first six places must be the digits of a division",
        ));
    }
    let (Some(body), Some(check)) = (code.get(6..14), code.as_bytes().get(14).copied()) else {
        return Err(charset());
    };
    match organisation_check(body) {
        None => Err(charset()),
        Some(right) if right == check => Ok(()),
        Some(_) => Err(wrong_check()),
    }
}

fn check_person(code: &str) -> Result<(), Invalid> {
    let digits = code.bytes().take(17).all(|byte| byte.is_ascii_digit());
    let last = code.as_bytes().get(17).copied();
    if !digits || !last.is_some_and(|byte| byte.is_ascii_digit() || byte == b'X') {
        return Err(charset());
    }
    let number =
        |range: std::ops::Range<usize>| code.get(range).and_then(|t| t.parse::<i16>().ok());
    let date = match (number(6..10), number(10..12), number(12..14)) {
        (Some(year), Some(month), Some(day)) => i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(month, day)| Date::new(year, month, day).ok()),
        _ => None,
    };
    if date.is_none() {
        return Err(Invalid::new(
            "TAXPAYER_ID_BIRTH_DATE",
            "身份号码中的出生日期不存在",
            "the birth date inside the identity number does not exist",
        ));
    }
    if PERSON_CHECKS.get(person_check(code)).copied() == last {
        Ok(())
    } else {
        Err(wrong_check())
    }
}

/// The place of the check character that the first 17 digits of an identity number call for.
fn person_check(code: &str) -> usize {
    let sum: u32 = code
        .bytes()
        .zip(PERSON_WEIGHTS)
        .map(|(byte, weight)| u32::from(byte.saturating_sub(b'0')) * weight)
        .sum();
    (sum % 11) as usize
}

impl fmt::Display for TaxpayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TaxpayerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TaxpayerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse_historic(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{TaxpayerId, TaxpayerIdKind};

    #[test]
    fn codes_of_the_standard_pass_and_their_errors_are_named() {
        for good in [
            "91350100M000100Y43",
            " 914403001922038216 ",
            "9144030071526726xg",
            "91330100716105852F",
        ] {
            let id = TaxpayerId::parse(good).unwrap();
            assert_eq!(id.kind(), TaxpayerIdKind::CreditCode, "{good}");
            assert!(id.organisation_check_ok(), "{good}");
        }
        for (bad, reason) in [
            ("91350100M000100Y44", "TAXPAYER_ID_CHECK"),
            ("91530100M000100Y43", "TAXPAYER_ID_CHECK"),
            ("91350100M000100I43", "TAXPAYER_ID_CHARSET"),
            ("91350100M000100Y4", "TAXPAYER_ID_LENGTH"),
            ("9135A100M000100Y43", "TAXPAYER_ID_DIVISION"),
            ("税350100M000100Y43", "TAXPAYER_ID_CHARSET"),
            ("110101199002307759", "TAXPAYER_ID_BIRTH_DATE"),
        ] {
            assert_eq!(TaxpayerId::parse(bad).unwrap_err().reason, reason, "{bad}");
        }
    }

    #[test]
    fn persons_and_old_numbers() {
        for good in ["11010519491231002X", "440524188001010014"] {
            assert_eq!(
                TaxpayerId::parse(good).unwrap().kind(),
                TaxpayerIdKind::PersonalId
            );
        }
        let old = "350100M000100Y4";
        assert_eq!(
            TaxpayerId::parse_historic(old).unwrap().kind(),
            TaxpayerIdKind::Legacy15
        );
        assert_eq!(
            TaxpayerId::parse(old).unwrap_err().reason,
            "TAXPAYER_ID_LEGACY"
        );
        assert!(TaxpayerId::parse_historic("350100M000100Y5").is_err());
    }
}

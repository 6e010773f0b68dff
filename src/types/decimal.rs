//! Strict reading of decimals written in plain notation.

use rust_decimal::Decimal;

use super::Invalid;

/// Reads a decimal in plain notation: an optional minus, digits, an optional point and digits.
///
/// No exponent, no plus sign, no blanks, no `NaN`. At most `integer_digits` digits before the
/// point (leading zeros do not count) and `scale` digits after it.
///
/// # Errors
/// `DECIMAL_SYNTAX` when the text is not plain, `DECIMAL_RANGE` when it has too many digits.
pub fn parse_decimal(text: &str, integer_digits: usize, scale: usize) -> Result<Decimal, Invalid> {
    let syntax = || {
        Invalid::new(
            "DECIMAL_SYNTAX",
            "应为普通十进制数，例如 1234.56（不含指数、空格或千分位）",
            "must be a plain decimal such as 1234.56 (no exponent, blanks or separators)",
        )
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(syntax()),
        None => (digits, ""),
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return Err(syntax());
    }
    if whole.trim_start_matches('0').len() > integer_digits || fraction.len() > scale {
        return Err(Invalid::new(
            "DECIMAL_RANGE",
            format!("整数部分最多 {integer_digits} 位，小数部分最多 {scale} 位"),
            format!("at most {integer_digits} digits before the point and {scale} after it"),
        ));
    }
    Decimal::from_str_exact(text).map_err(|_| syntax())
}

#[cfg(test)]
mod tests {
    use super::parse_decimal;

    #[test]
    fn only_plain_notation_is_read() {
        assert_eq!(parse_decimal("0010.50", 2, 2).unwrap().to_string(), "10.50");
        assert_eq!(parse_decimal("-3", 2, 2).unwrap().to_string(), "-3");
        for bad in [
            "", "-", ".5", "5.", "1e3", "+1", " 1", "1 ", "1,000", "NaN", "１", "0x1", "1.2.3",
        ] {
            assert_eq!(
                parse_decimal(bad, 9, 9).unwrap_err().reason,
                "DECIMAL_SYNTAX",
                "{bad:?}"
            );
        }
        for bad in ["1000", "1.005", "99999999999999999999999999999999999"] {
            assert_eq!(
                parse_decimal(bad, 3, 2).unwrap_err().reason,
                "DECIMAL_RANGE",
                "{bad:?}"
            );
        }
    }
}

//! Reads the expression of a step back, so that a reader sees the exact result and the rounding,
//! and a test sees that the text says what was computed.

use rust_decimal::Decimal;

use crate::types::Exact;

/// How deep brackets may stand in each other.
const DEPTH_MAX: u32 = 32;

/// The exact value of an expression such as `10000000.00 × (1 − 0.30) × 0.012 × 3 ÷ 12`; nothing
/// where it holds words or cannot be computed exactly.
pub fn evaluate(text: &str) -> Option<Exact> {
    let mut reader = Reader {
        rest: without_remark(text.trim()),
        depth: 0,
    };
    let value = reader.sum()?;
    reader.rest.is_empty().then_some(value)
}

/// Without the period a step may name behind its expression: `… × 0.5（2026-07-01..2026-09-30）`.
fn without_remark(text: &str) -> &str {
    match text
        .strip_suffix('）')
        .and_then(|text| text.rsplit_once('（'))
    {
        Some((expression, remark)) if remark.contains("..") => expression.trim_end(),
        _ => text,
    }
}

/// The exact result of a step before it was rounded half up to the places its value has; nothing
/// where the value is exact or the expression does not tell.
pub fn before_rounding(expression: &str, value: &str) -> Option<(Decimal, u32)> {
    let value = Decimal::from_str_exact(value).ok()?;
    let exact = evaluate(expression)?;
    let rounded = exact.round_to_scale(value.scale()).ok()?;
    let differs = exact != Exact::from(value);
    (differs && rounded == value).then_some((exact.to_decimal().ok()?.normalize(), value.scale()))
}

struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

impl Reader<'_> {
    fn take(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<Exact> {
        let mut value = self.product()?;
        loop {
            if self.take('+') || self.take('＋') {
                value = value.add(self.product()?).ok()?;
            } else if self.take('−') || self.take('-') || self.take('－') {
                value = value.sub(self.product()?).ok()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<Exact> {
        let mut value = self.factor()?;
        loop {
            if self.take('×') || self.take('*') {
                value = value.mul(self.factor()?).ok()?;
            } else if self.take('÷') || self.take('/') {
                value = value.div(self.factor()?).ok()?;
            } else {
                return Some(value);
            }
        }
    }

    fn factor(&mut self) -> Option<Exact> {
        if self.take('−') || self.take('-') {
            return Exact::ZERO.sub(self.factor()?).ok();
        }
        if self.take('(') || self.take('（') {
            return self.bracket();
        }
        for (name, places) in [("round2(", 2), ("round3(", 3), ("round1(", 1)] {
            if let Some(rest) = self.rest.strip_prefix(name) {
                self.rest = rest.trim_start();
                let rounded = self.bracket()?.round_to_scale(places).ok()?;
                return Some(Exact::from(rounded));
            }
        }
        self.number()
    }

    fn bracket(&mut self) -> Option<Exact> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let value = self.sum()?;
        self.depth -= 1;
        (self.take(')') || self.take('）')).then_some(value)
    }

    fn number(&mut self) -> Option<Exact> {
        let part = |letter: char| letter.is_ascii_digit() || letter == '.';
        let end = self.rest.find(|letter| !part(letter));
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let value = Decimal::from_str_exact(number).ok()?;
        let (percent, rest) = match rest.strip_prefix('%') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        self.rest = rest.trim_start();
        let value = Exact::from(value);
        if percent {
            value.div(Exact::int(100)).ok()
        } else {
            Some(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{before_rounding, evaluate};

    fn value(text: &str) -> Option<String> {
        let exact = evaluate(text)?;
        Some(exact.to_decimal().unwrap().normalize().to_string())
    }

    #[test]
    fn expressions_are_read_with_their_order() {
        let cases = [
            ("2 + 3 × 4", "14"),
            ("(2 + 3) × 4", "20"),
            ("10 − 4 − 3", "3"),
            ("100 ÷ 8 ÷ 5", "2.5"),
            ("10000000.00 × (1 − 0.30) × 0.012 × 3 ÷ 12", "21000"),
            ("round2(10.00 ÷ 3) × 2", "6.66"),
            ("200.00 × 50%", "100"),
            ("−5.00 + 2", "-3"),
            ("(3.00 − 1) × 0.5（2026-07-01..2026-09-30）", "1"),
        ];
        for (text, expected) in cases {
            assert_eq!(value(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn words_and_nonsense_are_not_read() {
        let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
        for text in [
            "",
            "1 +",
            "(1",
            "1)",
            "tax − 3",
            "2024-03 + 1 个月",
            "1 ÷ 0",
            &deep,
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn rounding_is_told_only_where_it_is_one() {
        let told = |text, value| before_rounding(text, value).map(|(a, b)| (a.to_string(), b));
        assert_eq!(
            told("10.00 × 0.0005", "0.01"),
            Some(("0.005".to_owned(), 2))
        );
        assert_eq!(told("10.00 × 0.5", "5.00"), None);
        // Another value than the expression's is no rounding.
        assert_eq!(told("10.00 × 0.0005", "0.02"), None);
        assert_eq!(told("tax × 0.0005", "0.02"), None);
    }
}

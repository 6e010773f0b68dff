//! Amounts in Chinese capitals (金额大写), as on vouchers.

use crate::types::Money;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];

/// Writes an amount in capitals, such as 叁仟玖佰伍拾贰元肆角玖分.
pub fn in_words(amount: Money) -> String {
    let fen = amount.fen().unsigned_abs();
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut words = String::new();
    if amount.is_negative() {
        words.push('负');
    }
    let whole = whole_yuan(yuan);
    if !whole.is_empty() {
        words.push_str(&whole);
        words.push('元');
    }
    match (jiao, fen) {
        (0, 0) if whole.is_empty() => words.push_str("零元整"),
        (0, 0) => words.push('整'),
        (0, fen) => {
            if !whole.is_empty() {
                words.push('零');
            }
            push_digit(&mut words, fen);
            words.push('分');
        }
        (jiao, fen) => {
            // 1680.32 is written 零叁角: a gap at the end of the yuan is spoken.
            if !whole.is_empty() && yuan % 10 == 0 {
                words.push('零');
            }
            push_digit(&mut words, jiao);
            words.push('角');
            if fen > 0 {
                push_digit(&mut words, fen);
                words.push('分');
            }
        }
    }
    words
}

fn push_digit(words: &mut String, digit: u64) {
    let place = usize::try_from(digit).unwrap_or(0);
    words.extend(DIGITS.get(place));
}

fn whole_yuan(mut yuan: u64) -> String {
    let mut groups: Vec<u64> = Vec::new();
    while yuan > 0 {
        groups.push(yuan % 10_000);
        yuan /= 10_000;
    }
    let mut words = String::new();
    let mut gap = false;
    for (place, group) in groups.iter().enumerate().rev() {
        if *group == 0 {
            gap = !words.is_empty();
            continue;
        }
        if !words.is_empty() && (gap || *group < 1000) {
            words.push('零');
        }
        words.push_str(&four_digits(*group));
        words.push_str(GROUPS.get(place).copied().unwrap_or_default());
        gap = false;
    }
    words
}

fn four_digits(group: u64) -> String {
    let mut words = String::new();
    let mut gap = false;
    for (place, unit) in PLACES.iter().enumerate().rev() {
        let divisor = 10_u64.pow(u32::try_from(place).unwrap_or(0));
        match group / divisor % 10 {
            0 => gap = !words.is_empty(),
            digit => {
                if gap {
                    words.push('零');
                }
                push_digit(&mut words, digit);
                words.push_str(unit);
                gap = false;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::types::Money;

    #[test]
    fn amounts_of_the_procedure_are_written_right() {
        for (yuan, words) in [
            ("3952.49", "叁仟玖佰伍拾贰元肆角玖分"),
            ("1000.00", "壹仟元整"),
            ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
            ("0.05", "伍分"),
            ("10005.60", "壹万零伍元陆角"),
            ("0.00", "零元整"),
            ("100000000.00", "壹亿元整"),
            ("100010000.01", "壹亿零壹万元零壹分"),
            ("20300.40", "贰万零叁佰元零肆角"),
        ] {
            assert_eq!(in_words(Money::parse_yuan(yuan).unwrap()), words, "{yuan}");
        }
    }
}

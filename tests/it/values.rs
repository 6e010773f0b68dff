//! Properties of the values: what is written reads back, sums hold, and no slip of one character
//! passes a check digit; the largest values compute exactly or are refused by a stated limit.

use caixing::filing::Refusal;
use caixing::grpc::{Call, Failure, Language, assess};
use caixing::pb;
use caixing::rules::RuleBook;
use caixing::types::{
    Exact, Money, Month, Period, Region, TaxpayerId, TaxpayerIdKind, VoucherNumber, parse_date,
    parse_decimal,
};
use jiff::civil::Date;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The alphabet of credit codes (GB 32100-2015), written out apart from the code under test.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whole fen that the official forms can hold: 13 digits of yuan.
fn fen() -> impl Strategy<Value = i64> {
    -999_999_999_999_999_i64..=999_999_999_999_999
}

fn dates() -> impl Strategy<Value = Date> {
    (1900_i16..2200, 1_i8..13, 1_i8..32)
        .prop_filter_map("a day that exists", |(year, month, day)| {
            Date::new(year, month, day).ok()
        })
}

fn months() -> impl Strategy<Value = Month> {
    dates().prop_map(Month::of)
}

/// A credit code with its check character, by powers of 3 modulo 31.
fn credit_codes() -> impl Strategy<Value = String> {
    let letter = || prop::sample::select(ALPHABET.to_vec());
    let digit = || prop::sample::select(b"0123456789".to_vec());
    (
        prop::sample::select(vec![*b"91", *b"92", *b"12", *b"51", *b"N2"]),
        prop::collection::vec(digit(), 6),
        prop::collection::vec(letter(), 9),
    )
        .prop_map(|(kind, division, organisation)| {
            let body = [kind.to_vec(), division, organisation].concat();
            let mut weight = 1;
            let mut sum = 0;
            for letter in &body {
                sum += weight * ALPHABET.iter().position(|known| known == letter).unwrap();
                weight = weight * 3 % 31;
            }
            let check = ALPHABET[(31 - sum % 31) % 31];
            String::from_utf8([body, vec![check]].concat()).unwrap()
        })
}

fn replaced(text: &str, place: usize, letter: char) -> String {
    text.chars()
        .enumerate()
        .map(|(at, old)| if at == place { letter } else { old })
        .collect()
}

proptest! {
    #[test]
    fn money_reads_back(fen in fen()) {
        let money = Money::from_fen(fen);
        prop_assert_eq!(Money::parse_yuan(&money.to_string()).unwrap(), money);
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn money_sums_hold(a in fen(), b in fen()) {
        let (x, y) = (Money::from_fen(a), Money::from_fen(b));
        prop_assert_eq!(x.plus(y).unwrap(), y.plus(x).unwrap());
        prop_assert_eq!(x.plus(y).unwrap().minus(y).unwrap(), x);
        prop_assert_eq!(Money::sum([x, y]).unwrap().fen(), a + b);
        prop_assert!(!x.or_zero().is_negative());
    }

    #[test]
    fn no_text_makes_a_value_panic(text in ".{0,24}") {
        let _ = Money::parse_yuan(&text);
        let _ = parse_decimal(&text, 13, 8);
        let _ = parse_date(&text);
        let _ = Month::parse(&text);
        let _ = Region::parse(&text);
        let _ = TaxpayerId::parse(&text);
        let _ = TaxpayerId::parse_historic(&text);
        let _ = VoucherNumber::parse(&text);
    }

    #[test]
    fn plain_decimals_read_back(mantissa in -999_999_999_i64..1_000_000_000, scale in 0_u32..6) {
        let value = Decimal::new(mantissa, scale);
        prop_assert_eq!(parse_decimal(&value.to_string(), 9, 6).unwrap(), value);
    }

    #[test]
    fn fractions_are_exact(a in -1_000_000_i64..1_000_000, b in 1_i64..1000, c in 1_i64..1000) {
        let x = Exact::fraction(a, b).unwrap();
        let y = Exact::fraction(c, b).unwrap();
        prop_assert_eq!(x.add(y).unwrap().sub(y).unwrap(), x);
        prop_assert_eq!(x.mul(y).unwrap().div(y).unwrap(), x);
        prop_assert_eq!(x.mul(Exact::int(b)).unwrap(), Exact::int(a));
        prop_assert!(x.max(y) >= x.min(y));
    }

    /// Half away from zero: never further than half a fen, and symmetric about zero.
    #[test]
    fn rounding_is_half_up(thousandths in -9_000_000_000_i64..9_000_000_000) {
        let exact = Exact::fraction(thousandths, 1000).unwrap();
        let fen = exact.round_to_fen().unwrap().fen();
        let away = (thousandths.abs() + 5) / 10;
        prop_assert_eq!(fen, thousandths.signum() * away);
        let mirrored = Exact::fraction(-thousandths, 1000).unwrap().round_to_fen().unwrap();
        prop_assert_eq!(mirrored.fen(), -fen);
    }

    #[test]
    fn money_survives_exactness(fen in fen()) {
        let money = Money::from_fen(fen);
        prop_assert_eq!(Exact::from(money).round_to_fen().unwrap(), money);
    }

    #[test]
    fn months_read_back_and_count(month in months(), ahead in 0_i32..400) {
        prop_assert_eq!(Month::parse(&month.to_string()).unwrap(), month);
        prop_assert_eq!(month.plus(ahead).plus(-ahead), month);
        let count = u32::try_from(ahead).unwrap() + 1;
        prop_assert_eq!(month.count_to(month.plus(ahead)), count);
        prop_assert_eq!(month.up_to(month.plus(ahead)).count(), ahead as usize + 1);
        prop_assert_eq!(month.next().previous(), month);
        prop_assert_eq!(Month::of(month.first_day()), month);
        prop_assert_eq!(Month::of(month.last_day()), month);
        prop_assert_eq!(month.last_day().tomorrow().unwrap(), month.next().first_day());
    }

    #[test]
    fn dates_read_back(date in dates()) {
        prop_assert_eq!(parse_date(&date.to_string()).unwrap(), date);
    }

    #[test]
    fn periods_keep_their_order(a in dates(), b in dates(), c in dates(), d in dates()) {
        prop_assert_eq!(Period::new(a, b).is_ok(), a <= b);
        let one = Period::new(a.min(b), a.max(b)).unwrap();
        let two = Period::new(c.min(d), c.max(d)).unwrap();
        prop_assert_eq!(one.overlap(two), two.overlap(one));
        if let Some(common) = one.overlap(two) {
            prop_assert!(one.covers(common) && two.covers(common));
            prop_assert!(common.month_count() <= one.month_count());
        }
        prop_assert_eq!(one.months().count(), one.month_count() as usize);
        prop_assert!(Period::year_of(a).contains(a) && Period::year_of(a).is_whole_months());
        let json = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(serde_json::from_str::<Period>(&json).unwrap(), one);
    }

    #[test]
    fn regions_read_back_and_end_at_the_province(code in 110_000_u32..1_000_000) {
        let region = Region::parse(&code.to_string()).unwrap();
        prop_assert_eq!(region.to_string(), code.to_string());
        let line: Vec<Region> = region.lineage().collect();
        prop_assert_eq!(line[0], region);
        prop_assert_eq!(*line.last().unwrap(), region.province());
        prop_assert!(line.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn right_credit_codes_pass(code in credit_codes(), blanks in 0_usize..3) {
        let padded = format!("{}{}", " ".repeat(blanks), code.to_lowercase());
        let id = TaxpayerId::parse(&padded).unwrap();
        prop_assert_eq!(id.as_str(), code.as_str());
        prop_assert_eq!(id.kind(), TaxpayerIdKind::CreditCode);
    }

    /// The weights are units modulo the prime 31, so no single slip keeps the check. A code that
    /// happens to read as an identity number is checked as one, so those are set aside.
    #[test]
    fn any_changed_character_of_a_credit_code_is_refused(
        code in credit_codes(),
        place in 0_usize..18,
        letter in prop::sample::select((b'0'..=b'9').chain(b'A'..=b'Z').collect::<Vec<u8>>()),
    ) {
        let letter = char::from(letter);
        prop_assume!(code.chars().nth(place) != Some(letter));
        let slipped = replaced(&code, place, letter);
        let all_digits = slipped.bytes().take(17).all(|byte| byte.is_ascii_digit());
        prop_assume!(!all_digits);
        prop_assert!(TaxpayerId::parse(&slipped).is_err(), "{} from {}", slipped, code);
    }

    #[test]
    fn voucher_numbers_read_back(year in 1900_i16..2200, serial in 0_u64..10_000_000_000_000) {
        let number = VoucherNumber::make(year, serial);
        prop_assert_eq!(VoucherNumber::parse(number.as_str()).unwrap(), number.clone());
        prop_assert_eq!(number.as_str().len(), 18);
    }

    #[test]
    fn any_changed_digit_of_a_voucher_number_is_refused(
        serial in 0_u64..10_000_000_000_000,
        place in 0_usize..18,
        digit in 0_u32..10,
    ) {
        let number = VoucherNumber::make(2026, serial);
        let digit = char::from_digit(digit, 10).unwrap();
        prop_assume!(number.as_str().chars().nth(place) != Some(digit));
        prop_assert!(VoucherNumber::parse(&replaced(number.as_str(), place, digit)).is_err());
    }
}

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// A source of the example, by its place there, with fields of its tax laid over it.
fn source(place: usize, tax: &str, changes: &Value) -> Value {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let mut source = example["sources"][place].clone();
    let fields = source[tax].as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    source
}

/// The place of the example's first source of a tax.
fn first_of(tax: &str) -> usize {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let sources = example["sources"].as_array().unwrap();
    sources
        .iter()
        .position(|source| source.get(tax).is_some())
        .unwrap()
}

fn asked(sources: Vec<Value>) -> Result<pb::AssessDeclarationResponse, Failure> {
    let request = json!({
        "window": {"firstDay": "2026-07-01", "lastDay": "2026-09-30"},
        "sources": sources,
    });
    let request = caixing::cli::read_json("AssessDeclarationRequest", &request.to_string());
    asked_as(request.unwrap())
}

fn asked_as(
    request: pb::AssessDeclarationRequest,
) -> Result<pb::AssessDeclarationResponse, Failure> {
    let call = Call {
        id: "test".to_owned(),
        language: Language::English,
    };
    assess(&RuleBook::embedded().unwrap(), &call, request)
}

/// The tax of the only line, before relief.
fn tax_of(source: Value) -> String {
    let answer = asked(vec![source]).unwrap();
    let lines: Vec<&str> = answer
        .lines
        .iter()
        .map(|line| line.tax_amount_yuan.as_str())
        .collect();
    let [tax] = lines.as_slice() else {
        panic!("{lines:?} with {:?}", answer.findings);
    };
    (*tax).to_owned()
}

fn truck(mass: &str, count: u32) -> Value {
    let changes = json!({
        "kind": "VEHICLE_VESSEL_KIND_TRUCK", "declaredItem": "", "plate": "", "vin": "",
        "curbMassTonnes": mass, "count": count, "acquiredDate": "2020-01-01",
        "statedUnitAmount": {"value": "120", "document": "演示值"},
    });
    source(first_of("vehicleVessel"), "vehicleVessel", &changes)
}

/// Thirteen digits before the point, all that the forms hold after it: every fen is right.
#[test]
fn the_largest_values_compute_to_the_fen() {
    let stamp = json!({"lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": "9999999999999.99"}]});
    // 9999999999999.99 × 0.0003 = 2999999999.999997.
    assert_eq!(
        tax_of(source(first_of("stamp"), "stamp", &stamp)),
        "3000000000.00"
    );
    let house = json!({"versions": [
        {"buildingValueYuan": "9999999999999.99", "buildingAreaSqm": "9999999999999.99"}]});
    // 9999999999999.99 × (1 − 0.3) × 0.012 × 3 ÷ 12 = 20999999999.999979.
    assert_eq!(
        tax_of(source(first_of("realEstate"), "realEstate", &house)),
        "21000000000.00"
    );
    let plot = json!({"versions": [{
        "areaSqm": "9999999999999.99", "landClass": "LAND_USE_CLASS_CITY", "grade": 3,
        "unitTax": {"value": "5", "document": "演示值"}}]});
    // 9999999999999.99 × 5 × 3 ÷ 12 = 12499999999999.9875.
    assert_eq!(
        tax_of(source(first_of("landUse"), "landUse", &plot)),
        "12499999999999.99"
    );
    // 9999999999999.999999 × 120 = 1199999999999999.99988.
    assert_eq!(
        tax_of(truck("9999999999999.999999", 1)),
        "1200000000000000.00"
    );
    // 7777777777777.777777 × 120 = 933333333333333.33324; seven of them.
    assert_eq!(
        tax_of(truck("7777777777777.777777", 7)),
        "6533333333333333.31"
    );
}

/// Beyond what whole fen can hold, the source is refused by name, never charged wrongly.
#[test]
fn a_tax_beyond_exact_money_is_refused_by_name() {
    let answer = asked(vec![truck("9999999999999.999999", 100_000)]).unwrap();
    assert!(answer.lines.is_empty());
    let errors: Vec<(&str, &str)> = answer
        .findings
        .iter()
        .filter(|finding| finding.severity() == pb::Severity::Error)
        .map(|finding| (finding.rule_id.as_str(), finding.field.as_str()))
        .collect();
    assert_eq!(errors, [("AMOUNT_TOO_LARGE", "sources[0]")]);
}

/// Each line fits, their sum does not: the whole is refused, no total wraps around.
#[test]
fn a_total_beyond_exact_money_is_refused() {
    let one = truck("9999999999999.999999", 1);
    assert!(asked(vec![one.clone(); 70]).is_ok());
    let refused = asked(vec![one; 90]).unwrap_err();
    assert!(
        matches!(refused, Failure::Refused(Refusal::TooLarge)),
        "{refused:?}"
    );
}

/// The stated limit of one request is 10,000 sources: all of them are charged, one more is not.
#[test]
fn ten_thousand_sources_are_charged_and_one_more_is_refused() {
    let request = json!({
        "window": {"firstDay": "2026-07-01", "lastDay": "2026-09-30"},
        "sources": [truck("8.333", 1)],
    });
    let mut request: pb::AssessDeclarationRequest =
        caixing::cli::read_json("AssessDeclarationRequest", &request.to_string()).unwrap();
    let one = request.sources[0].clone();
    request.sources = vec![one; 10_000];
    let answer = asked_as(request.clone()).unwrap();
    assert_eq!(answer.lines.len(), 10_000);
    // 8.333 × 120 = 999.96 each.
    assert_eq!(answer.totals.unwrap().tax_amount_yuan, "9999600.00");
    request.sources.push(request.sources[0].clone());
    let Failure::Fields(wrong) = asked_as(request).unwrap_err() else {
        panic!("not refused by its field");
    };
    let told: Vec<(&str, &str)> = wrong
        .iter()
        .map(|wrong| (wrong.field.as_str(), wrong.invalid.reason))
        .collect();
    assert_eq!(told, [("sources", "LIST_LENGTH")]);
}

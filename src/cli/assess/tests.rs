use std::io::BufReader;

use serde_json::{Value, json};

use super::elements::Elements;
use super::{Counted, Run};
use crate::grpc::{Call, Language};
use crate::rules::RuleBook;

/// One contract of sale signed in May 2024: 1,000,000.00 × 0.0003 = 300.00.
fn request(amount: &str) -> Value {
    json!({
        "window": {"firstDay": "2024-04-01", "lastDay": "2024-06-30"},
        "sources": [{
            "name": "合同", "regionCode": "340104", "taxAuthorityCode": "13401040000",
            "treasuryCode": "1234010400",
            "stamp": {
                "documentNumber": "HT-1", "documentName": "购销合同", "signedOn": "2024-05-10",
                "filingMode": "STAMP_FILING_MODE_PERIODIC", "count": 1,
                "role": "STAMP_PARTY_ROLE_PROVIDER",
                "lines": [{"item": "STAMP_ITEM_SALE", "amountYuan": amount}],
                "counterparties": [{
                    "name": "芜湖某公司", "kind": "STAMP_COUNTERPARTY_KIND_ENTERPRISE",
                }],
            },
        }],
    })
}

/// The answers to an input as JSON, and how the run went.
fn run_on(input: &[u8], lines: bool, threads: usize) -> (Vec<Value>, Counted) {
    let book = RuleBook::embedded().unwrap();
    let call = Call {
        id: "test".to_owned(),
        language: Language::English,
    };
    let run = Run {
        book: &book,
        call: &call,
        explain: false,
        text: false,
        law_date: "",
    };
    let elements = Elements::new(BufReader::with_capacity(7, input), lines).unwrap();
    let mut out = Vec::new();
    let counted = run.all(elements, &mut out, threads).unwrap();
    let text = String::from_utf8(out).unwrap();
    let answers = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (answers, counted)
}

fn taxes(answers: &[Value]) -> Vec<String> {
    let text = |answer: &Value| match answer.pointer("/totals/taxAmountYuan") {
        Some(tax) => tax.as_str().unwrap().to_owned(),
        None => answer["error"]["reason"].as_str().unwrap().to_owned(),
    };
    answers.iter().map(text).collect()
}

#[test]
fn one_object_may_stand_on_many_lines() {
    let text = serde_json::to_string_pretty(&request("1000000.00")).unwrap();
    for text in [
        text.clone(),
        text.replace('\n', "\r\n"),
        format!("\u{feff}\n{text}\n\n"),
        request("1000000.00").to_string(),
    ] {
        let (answers, counted) = run_on(text.as_bytes(), false, 1);
        assert_eq!(taxes(&answers), ["300.00"], "{text}");
        assert_eq!((counted.requests, counted.refused), (1, 0));
    }
}

#[test]
fn lines_and_arrays_answer_in_order_whatever_the_threads() {
    let amounts: Vec<u32> = (1..=300).collect();
    let requests: Vec<Value> = amounts
        .iter()
        .map(|count| request(&format!("{}.00", count * 10_000)))
        .collect();
    let expected: Vec<String> = amounts
        .iter()
        .map(|count| format!("{}.00", count * 3))
        .collect();
    let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
    let array = serde_json::to_string_pretty(&requests).unwrap();
    for threads in [1, 3] {
        assert_eq!(
            taxes(&run_on(lines.join("\r\n\r\n").as_bytes(), false, threads).0),
            expected
        );
        assert_eq!(taxes(&run_on(array.as_bytes(), false, threads).0), expected);
    }
}

#[test]
fn what_cannot_be_read_answers_at_its_place_and_the_run_goes_on() {
    let good = request("1000000.00").to_string();
    let deep = format!("{{\"sources\": {}", "[".repeat(100_000));
    let mut input = Vec::new();
    for line in [
        "{\"window\": ",
        &good,
        "nonsense",
        "{\"colour\": 1}",
        "{}",
        &deep,
        &good,
    ] {
        input.extend_from_slice(line.as_bytes());
        input.push(b'\n');
    }
    input.extend_from_slice(b"{\"a\": \"\xff\"}\n");
    let (answers, counted) = run_on(&input, true, 2);
    let expected = [
        "JSON_INVALID",
        "300.00",
        "JSON_INVALID",
        "JSON_INVALID",
        "FIELDS_INVALID",
        "JSON_INVALID",
        "300.00",
        "NOT_UTF8",
    ];
    assert_eq!(taxes(&answers), expected);
    assert_eq!((counted.requests, counted.refused), (8, 6));
    let fields = answers[4]["error"]["fields"].as_array().unwrap();
    let named: Vec<&str> = fields
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["window", "sources"]);
}

#[test]
fn a_malformed_element_of_an_array_is_refused_alone() {
    let good = request("1000000.00").to_string();
    let inputs = [
        (
            format!("[{good}, 3, {good}]"),
            vec!["300.00", "JSON_INVALID", "300.00"],
        ),
        (
            format!("[{good},,{good}]"),
            vec!["300.00", "JSON_INVALID", "300.00"],
        ),
        (format!("[{good}"), vec!["JSON_INVALID"]),
        (
            format!("[{good}, {good}] x"),
            vec!["300.00", "JSON_INVALID"],
        ),
        (
            format!("[{good}, \"]\", \"\\\"\"]"),
            vec!["300.00", "JSON_INVALID", "JSON_INVALID"],
        ),
    ];
    for (input, expected) in inputs {
        assert_eq!(
            taxes(&run_on(input.as_bytes(), false, 1).0),
            expected,
            "{input}"
        );
    }
}

#[test]
fn an_empty_input_holds_no_request() {
    for input in ["", "\n \r\n", "\u{feff}", "[]", "[ \n ]"] {
        let (answers, counted) = run_on(input.as_bytes(), false, 1);
        assert!(answers.is_empty(), "{input:?}");
        assert_eq!(counted.requests, 0);
    }
}

#[test]
fn amounts_of_thirteen_digits_are_exact_and_longer_ones_are_refused() {
    // 9,999,999,999,999.99 × 0.0003 = 2,999,999,999.999997, rounded to 3,000,000,000.00.
    let lines = format!(
        "{}\n{}",
        request("9999999999999.99"),
        request("10000000000000.00")
    );
    let (answers, _) = run_on(lines.as_bytes(), false, 1);
    assert_eq!(taxes(&answers), ["3000000000.00", "FIELDS_INVALID"]);
}

#[test]
fn a_window_outside_the_days_of_the_pack_is_refused() {
    let window = |first: &str, last: &str| {
        let mut request = request("1000000.00");
        request["window"] = json!({"firstDay": first, "lastDay": last});
        request.to_string()
    };
    let refused = |text: String| {
        let (answers, _) = run_on(text.as_bytes(), false, 1);
        answers[0]["error"]["fields"][0]["reason"]
            .as_str()
            .map(str::to_owned)
    };
    let out = Some("PERIOD_OUT_OF_RANGE".to_owned());
    assert_eq!(refused(window("2017-12-31", "2018-03-31")), out);
    assert_eq!(refused(window("2018-01-01", "2018-03-31")), None);
    assert_eq!(refused(window("2027-10-01", "2027-12-31")), None);
    assert_eq!(refused(window("2027-10-01", "2028-01-01")), out);
}

#[test]
fn the_law_of_another_day_gives_another_tax() {
    // 产权转移书据 apart, contracts of sale have the same rate under both laws; a contract of
    // transport had 0.0005 before 1 July 2022 and has 0.0003 since.
    let with = |law_date: &str| {
        let mut request = request("1000000.00");
        request["sources"][0]["stamp"]["lines"][0]["item"] = json!("STAMP_ITEM_TRANSPORT");
        request["lawDate"] = json!(law_date);
        taxes(&run_on(request.to_string().as_bytes(), false, 1).0)
    };
    assert_eq!(with(""), ["300.00"]);
    assert_eq!(with("2022-06-30"), ["500.00"]);
    assert_eq!(with("2022-07-01"), ["300.00"]);
    assert_eq!(with("2017-12-31"), ["FIELDS_INVALID"]);
}

#[test]
fn more_than_ten_thousand_sources_are_refused_as_one_field() {
    let mut many = request("1000000.00");
    let one = many["sources"][0].clone();
    many["sources"] = Value::Array(vec![one; 10_001]);
    let (answers, counted) = run_on(many.to_string().as_bytes(), false, 1);
    assert_eq!(counted.refused, 1);
    let fields = answers[0]["error"]["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0]["field"], "sources");
    assert_eq!(fields[0]["reason"], "LIST_LENGTH");
}

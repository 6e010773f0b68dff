//! `docs/worked-journey.md` against the engine: the hand-worked figures of the demo, line by line.

use std::collections::BTreeMap;

use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::rules::RuleBook;
use caixing::types::Money;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};

const DOC: &str = include_str!("../../docs/worked-journey.md");
const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");
const TOTAL: &str = "917129.19";

/// Heading of the section that works a tax.
const SECTIONS: [(&str, &str); 6] = [
    ("REAL_ESTATE_TAX", "房产税"),
    ("LAND_USE_TAX", "城镇土地使用税"),
    ("VEHICLE_VESSEL_TAX", "车船税"),
    ("STAMP_TAX", "印花税"),
    ("LAND_APPRECIATION_TAX", "土地增值税"),
    ("ENVIRONMENTAL_PROTECTION_TAX", "环境保护税"),
];

/// The body rows of the table between `<!-- name -->` and `<!-- end -->`.
fn rows(name: &str) -> Vec<Vec<String>> {
    let (_, after) = DOC.split_once(&format!("<!-- {name} -->")).unwrap();
    let (table, _) = after.split_once("<!-- end -->").unwrap();
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let rows: Vec<_> = table.trim().lines().skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "the table {name} is empty");
    rows
}

fn sum<'a>(amounts: impl Iterator<Item = &'a String>) -> String {
    let amounts = amounts.map(|text| Money::parse_yuan(text).unwrap());
    Money::sum(amounts).unwrap().to_string()
}

/// What `AssessDeclaration` answers for the example, and the names of its sources.
fn assessed() -> (pb::AssessDeclarationResponse, Vec<String>) {
    let example: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    let request = serde_json::json!({
        "taxpayerKind": example["taxpayer"]["kind"],
        "sixTaxesWindows": example["taxpayer"]["sixTaxesWindows"],
        "window": example["window"],
        "sources": example["sources"],
    });
    let pool = DescriptorPool::decode(pb::DESCRIPTORS).unwrap();
    let kind = pool
        .get_message_by_name("caixing.v1.AssessDeclarationRequest")
        .unwrap();
    let dynamic = DynamicMessage::deserialize(kind, request).unwrap();
    let request = pb::AssessDeclarationRequest::decode(dynamic.encode_to_vec().as_slice()).unwrap();
    let names = request.sources.iter().map(|one| one.name.clone()).collect();
    let call = Call {
        id: "worked-journey".to_owned(),
        language: Language::Chinese,
    };
    let answer = assess(&RuleBook::embedded().unwrap(), &call, request).unwrap();
    (answer, names)
}

fn tax_of(line: &pb::DeclarationLine) -> String {
    let name = line.tax().as_str_name();
    name.strip_prefix("TAX_KIND_").unwrap().to_owned()
}

#[test]
fn every_line_worked_by_hand_is_the_line_assessed() {
    let (answer, names) = assessed();
    let worked = rows("lines");
    assert_eq!(worked.len(), 35, "lines of the page");
    assert_eq!(answer.lines.len(), 35, "lines of the answer");
    for (line, row) in answer.lines.iter().zip(&worked) {
        let [tax, source, item, detail, amount, relief, payable] = row.as_slice() else {
            panic!("not seven cells: {row:?}");
        };
        let place: usize = line.source_id.trim_start_matches('#').parse().unwrap();
        let figures = (
            tax_of(line),
            names[place].clone(),
            line.item.clone(),
            line.tax_amount_yuan.clone(),
            line.relief_yuan.clone(),
            line.payable_yuan.clone(),
        );
        let hand = [tax, source, item, amount, relief, payable].map(String::clone);
        let [tax, source, item, amount, relief, payable] = hand;
        assert_eq!(figures, (tax, source, item, amount, relief, payable));
        if detail == "—" {
            assert_eq!(line.detail, "", "{row:?}");
        } else {
            assert!(line.detail.ends_with(detail), "{row:?}: {}", line.detail);
        }
    }
}

#[test]
fn the_sums_worked_by_hand_agree_with_the_lines_and_the_answer() {
    let mut lines: BTreeMap<String, [Vec<String>; 3]> = BTreeMap::new();
    for row in rows("lines") {
        for key in [row[0].as_str(), "TOTAL"] {
            let columns = lines.entry(key.to_owned()).or_default();
            for (column, amount) in columns.iter_mut().zip(&row[4..]) {
                column.push(amount.clone());
            }
        }
    }
    let sums = rows("sums");
    assert_eq!(sums.len(), 7, "six taxes and the total");
    for row in &sums {
        let added = lines[&row[0]].each_ref().map(|column| sum(column.iter()));
        assert_eq!(added.as_slice(), &row[1..], "{}", row[0]);
    }
    let (total, taxes) = sums.split_last().unwrap();
    for place in 1..4 {
        assert_eq!(sum(taxes.iter().map(|row| &row[place])), total[place]);
    }
    assert_eq!(total[3], TOTAL);
    let totals = assessed().0.totals.unwrap();
    let answered = [
        totals.tax_amount_yuan,
        totals.relief_yuan,
        totals.payable_yuan,
    ];
    assert_eq!(answered.as_slice(), &total[1..]);
    assert_eq!(
        (totals.net_yuan.as_str(), totals.already_paid_yuan.as_str()),
        (TOTAL, "0.00")
    );
}

#[test]
fn due_days_worked_by_hand_are_those_of_the_lines() {
    let worked: BTreeMap<String, String> = rows("due")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(worked.len(), 6, "one due day for each tax");
    let (answer, _) = assessed();
    let mut seen = BTreeMap::new();
    for line in &answer.lines {
        assert_eq!(line.due_on, worked[&tax_of(line)], "{}", tax_of(line));
        seen.insert(tax_of(line), line.due_on.clone());
    }
    assert_eq!(seen, worked);
    // Filed and paid on 2026-10-12: no due day has passed, so the page names no surcharge.
    assert!(worked.values().all(|due| due.as_str() >= "2026-10-12"));
    assert!(DOC.contains("917129.19 of tax and 0.00 of surcharge"));
}

#[test]
fn the_working_of_each_tax_ends_in_the_figures_of_its_lines() {
    for row in rows("lines") {
        let (_, heading) = SECTIONS.iter().find(|(tax, _)| *tax == row[0]).unwrap();
        let (_, section) = DOC.split_once(&format!("\n## {heading}\n")).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for amount in &row[4..] {
            let worked = amount == "0.00" || section.contains(amount.as_str());
            assert!(worked, "{heading} does not work {amount} of {row:?}");
        }
    }
}

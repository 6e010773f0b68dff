//! A second calculator of the six taxes, written from the law in another language
//! (`tests/second`), against the engines on random input. Its seeds are fixed here, so a run says
//! the same every time; `CAIXING_SECOND_SEED` and `CAIXING_SECOND_CASES` ask for others.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::cases::{Case, differences};

const SEED: u32 = 20_260_101;
const CASES: u32 = 400;

fn asked(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Plays the calculator's random cases of a tax; the engines must answer the same.
fn agree(tax: &str) {
    let seed = asked("CAIXING_SECOND_SEED", SEED);
    let count = asked("CAIXING_SECOND_CASES", CASES);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second/main.py");
    let output = Command::new("python3")
        .arg("-B")
        .arg(program)
        .args([tax, &seed.to_string(), &count.to_string()])
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let cases: Vec<Case> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(cases.len(), usize::try_from(count).unwrap());
    let wrong: BTreeMap<String, Vec<String>> = cases
        .iter()
        .map(|case| (case.id.clone(), differences(case)))
        .filter(|(_, wrong)| !wrong.is_empty())
        .collect();
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
}

#[test]
fn real_estate_tax_agrees() {
    agree("real_estate");
}

#[test]
fn land_use_tax_agrees() {
    agree("land_use");
}

#[test]
fn vehicle_vessel_tax_agrees() {
    agree("vehicle_vessel");
}

#[test]
fn stamp_tax_agrees() {
    agree("stamp");
}

#[test]
fn land_appreciation_tax_agrees() {
    agree("land_appreciation");
}

#[test]
fn environmental_tax_agrees() {
    agree("environmental");
}

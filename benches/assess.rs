//! How fast `caixing assess` is against parsing alone, which is its ceiling, in the same run:
//! `cargo bench --bench assess`. Machines differ; the ratio is what to compare.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking and prints its result"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use caixing::cli::{read_json, write_json};
use caixing::grpc::{Call, Language, assess};
use caixing::pb;
use caixing::rules::RuleBook;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../examples/hefei-manufacturer.json");
const ROUNDS: usize = 5;

/// One request for each source of the example: as many small cases of six taxes.
fn requests() -> Vec<String> {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let sources = example["sources"].as_array().unwrap();
    let one = |source: &Value| json!({ "window": example["window"], "sources": [source] });
    let small = sources.iter().map(|source| one(source).to_string());
    small.cycle().take(1_000).collect()
}

/// The shortest of some rounds: what disturbs a round only makes it longer.
fn best(mut work: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    rounds.min().unwrap()
}

fn read(text: &str) -> pb::AssessDeclarationRequest {
    read_json("AssessDeclarationRequest", text).unwrap()
}

fn main() {
    let book = RuleBook::embedded().unwrap();
    let call = Call {
        id: "bench".to_owned(),
        language: Language::Chinese,
    };
    let requests = requests();
    let whole = |explain: bool| {
        for text in &requests {
            let mut request = read(text);
            request.explain = explain;
            let answer = assess(&book, &call, request).unwrap();
            black_box(write_json("AssessDeclarationResponse", &answer).unwrap());
        }
    };
    let parsing = best(|| {
        for text in &requests {
            black_box(read(text));
        }
    });
    let computing = best(|| whole(false));
    let explaining = best(|| whole(true));
    let told = |name: &str, took: Duration| {
        let micros = took.as_micros().max(1);
        let per_second = requests.len() as u128 * 1_000_000 / micros;
        let percent = parsing.as_micros() * 100 / micros;
        println!("{name:<28} {per_second:>8} cases/s on one thread, {percent:>3} % of parsing");
    };
    told("parsing alone (the ceiling)", parsing);
    told("assess", computing);
    told("assess --explain", explaining);
}

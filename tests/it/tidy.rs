//! The house rules, read off the tree: who may use whom, what stands where, how long things are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use caixing::types::TaxKind;
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

const LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;

/// Each room with the rooms it may use. The generated wire types (`pb`), the clock, signing
/// and telemetry stand beside the line.
const ROOMS: [(&str, &[&str]); 16] = [
    ("pb", &[]),
    ("clock", &[]),
    ("signing", &[]),
    ("telemetry", &[]),
    ("types", &[]),
    ("rules", &["types"]),
    ("tax", &["types", "rules"]),
    ("filing", &["types", "rules", "tax", "signing"]),
    ("store", &["types", "rules", "tax", "filing", "telemetry"]),
    ("gateway", &["types", "rules", "tax", "filing", "pb"]),
    ("render", &["types", "rules", "tax", "filing"]),
    (
        "grpc",
        &[
            "types",
            "rules",
            "tax",
            "filing",
            "store",
            "gateway",
            "render",
            "clock",
            "signing",
            "pb",
            "telemetry",
        ],
    ),
    (
        "worker",
        &[
            "types",
            "rules",
            "tax",
            "filing",
            "store",
            "gateway",
            "grpc",
            "clock",
            "pb",
            "telemetry",
        ],
    ),
    (
        "server",
        &[
            "types",
            "rules",
            "tax",
            "filing",
            "store",
            "gateway",
            "grpc",
            "worker",
            "clock",
            "signing",
            "pb",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "types", "rules", "tax", "filing", "store", "gateway", "render", "grpc", "worker",
            "server", "clock", "signing", "pb",
        ],
    ),
    ("main", &["cli"]),
];

/// Each tax with the name of its rules file, its folder of cases and its module.
const TAXES: [(TaxKind, &str); 6] = [
    (TaxKind::RealEstateTax, "real_estate"),
    (TaxKind::LandUseTax, "land_use"),
    (TaxKind::VehicleVesselTax, "vehicle_vessel"),
    (TaxKind::StampTax, "stamp"),
    (TaxKind::LandAppreciationTax, "land_appreciation"),
    (TaxKind::EnvironmentalProtectionTax, "environmental"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

struct Source {
    /// Below the package, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The room below `src/`: a folder or a file.
    fn room(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap();
        let first = below.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The lines before the file's own tests, numbered, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.path.ends_with("tests.rs");
        let lines = if tests { 0 } else { usize::MAX };
        (1..)
            .zip(self.text.lines())
            .take(lines)
            .take_while(|(_, line)| line.trim() != "mod tests {")
            .map(|(number, line)| (number, without_comment(line)))
    }
}

/// Cuts a line at `//` outside of a string.
fn without_comment(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (place, letter) in line.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '/' if !quoted && line[place..].starts_with("//") => return &line[..place],
            _ => {}
        }
    }
    line
}

fn files_below(folder: &str, ending: &str) -> Vec<Source> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                let below = path.strip_prefix(root()).unwrap();
                let path = below.to_str().unwrap().to_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "{folder} has no {ending}");
    found
}

fn rust() -> Vec<Source> {
    let mut all = files_below("src", ".rs");
    all.extend(files_below("tests/it", ".rs"));
    all
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The words of a text that stand right after a mark such as `crate::`.
fn after<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(mark)
        .filter(|(place, _)| !text[..*place].ends_with(word))
        .map(|(place, _)| {
            let rest = &text[place + mark.len()..];
            &rest[..rest.find(|letter| !word(letter)).unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn a_room_uses_only_what_stands_to_its_left() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for source in files_below("src", ".rs") {
        let room = source.room().to_owned();
        if room == "lib" {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "{}: the room {room} is not in the plan",
                source.path
            ));
            continue;
        };
        let mark = if room == "main" {
            "caixing::"
        } else {
            "crate::"
        };
        for used in after(&source.text, mark) {
            seen.insert(used.to_owned());
            if used != room && !allowed.contains(&used) {
                wrong.push(format!("{}: {room} may not use `{used}`", source.path));
            }
        }
    }
    none(&wrong);
    for used in ["types", "rules", "tax", "filing", "store", "grpc", "pb"] {
        assert!(
            seen.contains(used),
            "no use of {used} was seen: is the scan blind?"
        );
    }
}

#[test]
fn the_plan_of_the_house_has_no_circle() {
    for (place, (room, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            let left = ROOMS[..place].iter().any(|(name, _)| name == used);
            assert!(left, "{room} uses {used}, which does not stand before it");
        }
    }
}

/// Words that may stand only where said; an empty list means nowhere.
#[test]
fn words_stand_only_where_they_may() {
    const WORDS: [(&str, &[&str]); 7] = [
        ("sqlx::", &["src/store/"]),
        // Outlines of letters, never amounts.
        ("f32", &["src/render/"]),
        ("f64", &[]),
        ("::now()", &["src/clock.rs"]),
        ("SystemTime", &[]),
        ("DELETE FROM", &["src/store/forget.rs"]),
        ("tx.forget", &["src/grpc/fault.rs"]),
    ];
    let mut wrong = Vec::new();
    for source in files_below("src", ".rs") {
        for (word, places) in WORDS {
            if !places.iter().any(|place| source.path.starts_with(place)) {
                let lines = source.code().filter(|(_, line)| line.contains(word));
                let told = lines.map(|(number, _)| format!("{}:{number}: {word}", source.path));
                wrong.extend(told);
            }
        }
    }
    none(&wrong);
}

#[test]
fn files_and_lines_are_short() {
    let mut wrong = Vec::new();
    for source in rust() {
        let count = source.text.lines().count();
        if count > LINES_MAX {
            wrong.push(format!("{}: {count} lines", source.path));
        }
        for (number, line) in (1..).zip(source.text.lines()) {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                wrong.push(format!("{}:{number}: {columns} columns", source.path));
            }
        }
    }
    none(&wrong);
}

#[test]
fn nothing_is_left_undone_or_skipped() {
    // Put together here, so that this file does not find itself.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["to", "do!"],
        ["un", "implemented!"],
        ["#[ig", "nore"],
        ["db", "g!("],
    ];
    let mut wrong = Vec::new();
    for source in rust() {
        for word in words.map(|parts| parts.concat()) {
            if source.text.contains(&word) {
                wrong.push(format!("{}: {word}", source.path));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_tax_has_rules_proto_module_and_cases() {
    for kind in TaxKind::ALL {
        let found = TAXES.iter().find(|(tax, _)| *tax == kind);
        let (_, name) = found.unwrap_or_else(|| panic!("{kind:?} is not in the list"));
        let proto = format!("proto/caixing/v1/{}.proto", kind.name().to_lowercase());
        for path in [format!("rules/national/{name}.toml"), proto] {
            assert!(root().join(&path).is_file(), "{path} is missing");
        }
        assert!(
            root().join(format!("src/tax/{name}/mod.rs")).is_file(),
            "{name}"
        );
        assert!(!files_below(&format!("tests/cases/{name}"), ".json").is_empty());
    }
}

/// A number with a decimal point in a line of code: `0.012`, also inside a string.
fn decimals(line: &str) -> Vec<&str> {
    let number = |letter: char| letter.is_ascii_digit() || letter == '.';
    line.split(|letter| !number(letter))
        .filter(|word| {
            let parts: Vec<&str> = word.split('.').collect();
            parts.len() == 2 && parts.iter().all(|part| !part.is_empty())
        })
        .collect()
}

/// Rates, thresholds and dates of law stand in `rules/`. Zero written as an amount is none.
#[test]
fn no_rate_of_law_stands_in_the_code_of_a_tax() {
    const MAKERS: [&str; 4] = ["Decimal::new(", "dec!(", "from_str_exact(\"", "fraction("];
    let mut wrong = Vec::new();
    for source in files_below("src/tax", ".rs") {
        for (number, line) in source.code() {
            let rates = decimals(line).into_iter().filter(|text| *text != "0.00");
            let told = |what: &str| format!("{}:{number}: {what}", source.path);
            wrong.extend(rates.map(told));
            let literal = |maker: &&&str| {
                let starts = |rest: &str| rest.starts_with(|one: char| one.is_ascii_digit());
                line.split(**maker).skip(1).any(starts)
            };
            wrong.extend(MAKERS.iter().filter(literal).map(|maker| told(maker)));
        }
    }
    none(&wrong);
    assert_eq!(
        decimals("let rate = \"0.012\"; let x = tuple.0.1 + 1.5;"),
        ["0.012", "1.5"]
    );
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let folders = fs::read_dir(root().join("migrations")).unwrap();
    let mut lists = Vec::new();
    for folder in folders {
        let folder = folder.unwrap().path();
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        for (number, name) in (1..).zip(&names) {
            let start = format!("{number:04}_");
            assert!(
                name.starts_with(&start),
                "{folder:?}: {name} is not {start}"
            );
            assert!(
                Path::new(name).extension().is_some_and(|end| end == "sql"),
                "{name}"
            );
        }
        assert!(!names.is_empty(), "{folder:?} is empty");
        lists.push(names);
    }
    // Every backend has the same migrations.
    lists.dedup();
    assert_eq!(lists.len(), 1, "{lists:?}");
}

/// What of a proto file has no comment, by path and name.
struct Uncommented<'a> {
    file: &'a FileDescriptorProto,
    commented: BTreeSet<Vec<i32>>,
    wrong: Vec<String>,
    seen: usize,
}

impl Uncommented<'_> {
    fn item(&mut self, path: &[i32], name: &str) {
        self.seen += 1;
        if !self.commented.contains(path) {
            self.wrong.push(format!("{}: {name}", self.file.name()));
        }
    }

    fn enumeration(&mut self, path: &[i32], of: &EnumDescriptorProto) {
        self.item(path, of.name());
        for (place, value) in (0..).zip(&of.value) {
            self.item(&[path, &[2, place]].concat(), value.name());
        }
    }

    fn message(&mut self, path: &[i32], of: &DescriptorProto) {
        if of
            .options
            .as_ref()
            .is_some_and(|options| options.map_entry())
        {
            return;
        }
        self.item(path, of.name());
        for (place, field) in (0..).zip(&of.field) {
            let name = format!("{}.{}", of.name(), field.name());
            self.item(&[path, &[2, place]].concat(), &name);
        }
        for (place, nested) in (0..).zip(&of.nested_type) {
            self.message(&[path, &[3, place]].concat(), nested);
        }
        for (place, nested) in (0..).zip(&of.enum_type) {
            self.enumeration(&[path, &[4, place]].concat(), nested);
        }
    }
}

#[test]
fn every_item_of_the_wire_has_a_comment() {
    let set = FileDescriptorSet::decode(caixing::pb::DESCRIPTORS).unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in set
        .file
        .iter()
        .filter(|file| file.package() == "caixing.v1")
    {
        let locations = &file.source_code_info.as_ref().unwrap().location;
        let said = |text: &str| !text.trim().is_empty();
        let commented = locations
            .iter()
            .filter(|at| said(at.leading_comments()) || said(at.trailing_comments()))
            .map(|at| at.path.clone())
            .collect();
        let mut walk = Uncommented {
            file,
            commented,
            wrong: Vec::new(),
            seen: 0,
        };
        for (place, message) in (0..).zip(&file.message_type) {
            walk.message(&[4, place], message);
        }
        for (place, enumeration) in (0..).zip(&file.enum_type) {
            walk.enumeration(&[5, place], enumeration);
        }
        for (place, service) in (0..).zip(&file.service) {
            walk.item(&[6, place], service.name());
            for (method, of) in (0..).zip(&service.method) {
                walk.item(&[6, place, 2, method], of.name());
            }
        }
        wrong.extend(walk.wrong);
        seen += walk.seen;
    }
    none(&wrong);
    assert!(seen > 500, "only {seen} items: is the walk blind?");
}

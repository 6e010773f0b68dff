//! The loader refuses a rule pack that says something that cannot be, and names it.

use caixing::rules::{RuleBook, RuleFiles};

/// A parameter of the nation with one row.
const PARAMETER: &str = r#"
[[parameter]]
id = "sample.rate"
name_zh = "样例"
unit = "ratio"
range = ["0.1", "0.3"]

[[parameter.values]]
from = "2020-01-01"
to = "2020-12-31"
value = "0.2"
cite = "样例法 第一条"
status = "confirmed"
checked_on = "2026-11-24"
"#;

const TABLE: &str = r#"
[[table]]
id = "sample.table"
columns = ["a", "b"]
from = "2020-01-01"
cite = "样例法 第二条"
status = "confirmed"
checked_on = "2026-11-24"
rows = [["1", "2"]]
"#;

const RELIEF: &str = r#"
[[relief]]
id = "SAMPLE"
code = "0008049901"
tax = "STAMP_TAX"
name_zh = "样例"
name_en = "sample"
shape = "ratio"
ratio = "0.5"
from = "2020-01-01"
cite = "样例法 第三条"
status = "confirmed"
checked_on = "2026-11-24"
"#;

fn load(files: &[(&str, &str)]) -> Result<RuleBook, String> {
    let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    let files: RuleFiles = files.iter().map(own).collect();
    RuleBook::from_files(files).map_err(|error| error.to_string())
}

/// Loads the sample with one change that is really there, and finds the words in the refusal.
fn refused(sample: &str, from: &str, to: &str, words: &str) {
    load(&[("national/sample.toml", sample)]).unwrap();
    let changed = sample.replacen(from, to, 1);
    assert_ne!(changed, sample, "{from} is not in the sample");
    let error = load(&[("national/sample.toml", &changed)]).expect_err(words);
    assert!(error.starts_with("national/sample.toml: "), "{error}");
    assert!(error.contains(words), "{words} is not in: {error}");
}

#[test]
fn an_unknown_key_is_refused() {
    refused(PARAMETER, "name_zh", "colour = \"red\"\nname_zh", "colour");
    refused(PARAMETER, "cite =", "note = \"x\"\ncite =", "note");
    refused(TABLE, "columns", "colour = \"red\"\ncolumns", "colour");
    refused(RELIEF, "name_zh", "colour = \"red\"\nname_zh", "colour");
}

#[test]
fn an_unquoted_number_is_refused() {
    refused(
        PARAMETER,
        "value = \"0.2\"",
        "value = 0.2",
        "expected a string",
    );
    refused(
        RELIEF,
        "ratio = \"0.5\"",
        "ratio = 0.5",
        "expected a string",
    );
    refused(TABLE, "[\"1\", \"2\"]", "[1, \"2\"]", "expected a string");
}

#[test]
fn a_missing_citation_is_refused() {
    refused(
        PARAMETER,
        "cite = \"样例法 第一条\"\n",
        "",
        "missing field `cite`",
    );
    refused(
        PARAMETER,
        "样例法 第一条",
        " ",
        "sample.rate: has no citation",
    );
    refused(TABLE, "样例法 第二条", "", "sample.table: has no citation");
    refused(RELIEF, "样例法 第三条", "", "SAMPLE: has no citation");
}

#[test]
fn overlapping_rows_are_refused_and_adjoining_ones_are_not() {
    let second = |from: &str| {
        format!(
            "{PARAMETER}\n[[parameter.values]]\nfrom = \"{from}\"\nvalue = \"0.3\"\n\
             cite = \"样例法\"\nstatus = \"confirmed\"\nchecked_on = \"2026-11-24\"\n"
        )
    };
    load(&[("national/sample.toml", &second("2021-01-01"))]).unwrap();
    let error = load(&[("national/sample.toml", &second("2020-12-31"))]).unwrap_err();
    assert!(
        error.contains("the row from 2020-12-31 overlaps"),
        "{error}"
    );
}

#[test]
fn overlapping_versions_of_a_table_are_refused() {
    let later = TABLE.replace("2020-01-01", "2022-01-01");
    let ended = TABLE.replace("\ncite", "\nto = \"2021-12-31\"\ncite");
    load(&[("national/a.toml", &ended), ("national/b.toml", &later)]).unwrap();
    let error = load(&[("national/a.toml", TABLE), ("national/b.toml", &later)]).unwrap_err();
    assert_eq!(error, "national/b.toml: sample.table: two versions overlap");
}

#[test]
fn an_end_before_the_start_is_refused() {
    refused(
        PARAMETER,
        "2020-12-31",
        "2019-12-31",
        "ends before it starts",
    );
    let ended = |end: &str| RELIEF.replace("\ncite", &format!("\nto = \"{end}\"\ncite"));
    load(&[("national/sample.toml", &ended("2020-01-01"))]).unwrap();
    let error = load(&[("national/sample.toml", &ended("2019-12-31"))]).unwrap_err();
    assert!(error.contains("SAMPLE: ends before it starts"), "{error}");
}

#[test]
fn a_day_that_does_not_exist_is_refused() {
    refused(PARAMETER, "2020-12-31", "2020-02-30", "sample.rate: ");
    refused(
        RELIEF,
        "checked_on = \"2026-11-24\"",
        "checked_on = \"2026-11-31\"",
        "SAMPLE: ",
    );
}

#[test]
fn a_value_outside_the_national_range_is_refused() {
    let place = |value: &str| {
        let text = PARAMETER.replace("range = [\"0.1\", \"0.3\"]\n", "");
        format!(
            "region = \"340100\"\n{}",
            text.replace("\"0.2\"", &format!("\"{value}\""))
        )
    };
    for inside in ["0.1", "0.2", "0.3"] {
        load(&[
            ("national/a.toml", PARAMETER),
            ("region/b.toml", &place(inside)),
        ])
        .unwrap();
    }
    for outside in ["0.0999", "0.3001", "-0.2"] {
        let files = [
            ("national/a.toml", PARAMETER),
            ("region/b.toml", &place(outside)),
        ];
        let error = load(&files).unwrap_err();
        let words = format!("{outside} is outside the national range 0.1..0.3");
        assert!(error.starts_with("340100: sample.rate: "), "{error}");
        assert!(error.contains(&words), "{error}");
    }
}

#[test]
fn a_relief_code_without_ten_digits_is_refused() {
    for code in ["008049901", "00080499011", "000804990X", ""] {
        refused(
            RELIEF,
            "0008049901",
            code,
            "SAMPLE: a relief code has ten digits",
        );
    }
}

#[test]
fn a_relief_of_no_known_tax_or_with_a_wrong_ratio_is_refused() {
    refused(
        RELIEF,
        "STAMP_TAX",
        "WINDOW_TAX",
        "no tax is called WINDOW_TAX",
    );
    refused(
        RELIEF,
        "ratio = \"0.5\"",
        "ratio = \"0\"",
        "above 0 and at most 1",
    );
    refused(
        RELIEF,
        "ratio = \"0.5\"",
        "ratio = \"1.01\"",
        "above 0 and at most 1",
    );
    refused(
        RELIEF,
        "ratio = \"0.5\"\n",
        "",
        "a ratio belongs to the shape",
    );
}

#[test]
fn a_duplicate_id_is_refused_also_across_files() {
    for sample in [PARAMETER, RELIEF] {
        let error = load(&[("national/a.toml", sample), ("national/b.toml", sample)]).unwrap_err();
        assert!(error.starts_with("national/b.toml: "), "{error}");
        assert!(error.ends_with("stands twice"), "{error}");
        let twice = format!("{sample}{sample}");
        assert!(load(&[("national/a.toml", &twice)]).is_err());
    }
}

#[test]
fn a_table_row_of_the_wrong_width_is_refused() {
    refused(TABLE, "[\"1\", \"2\"]", "[\"1\"]", "has the wrong width");
    refused(
        TABLE,
        "[\"1\", \"2\"]",
        "[\"1\", \"2\", \"3\"]",
        "has the wrong width",
    );
    refused(TABLE, "[[\"1\", \"2\"]]", "[]", "sample.table: has no rows");
}

#[test]
fn the_embedded_pack_loads_and_is_the_one_in_the_tree() {
    let embedded = RuleBook::embedded().unwrap();
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let read = RuleBook::from_dir(&dir).unwrap();
    assert_eq!(embedded.digest(), read.digest());
    assert_eq!(embedded.digest().len(), 64);
}

#[test]
fn the_digest_changes_with_any_byte() {
    let files = RuleBook::embedded().unwrap().files().clone();
    let digest = |files: &RuleFiles| {
        RuleBook::from_files(files.clone())
            .unwrap()
            .digest()
            .to_owned()
    };
    let whole = digest(&files);
    let mut seen = vec![whole];
    for path in files.keys() {
        let mut changed = files.clone();
        changed.get_mut(path).unwrap().push('\n');
        seen.push(digest(&changed));
    }
    // The same text under another name is another pack.
    let mut moved = files.clone();
    let text = moved.remove("national/procedure.toml").unwrap();
    moved.insert("national/process.toml".to_owned(), text);
    seen.push(digest(&moved));
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
    assert_eq!(count, files.len() + 2);
}

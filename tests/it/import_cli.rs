//! `caixing import` as a command beside a served sandbox.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use caixing::pb;
use serde_json::{Value, json};

use crate::process::{Served, caixing};
use crate::support::{NOW, Server, register, source_list};

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

/// A served sandbox with a registered taxpayer and a folder for files.
struct Stage {
    dir: tempfile::TempDir,
    served: Served,
    server: Server,
    taxpayer: String,
}

impl Stage {
    async fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let served = Served::start(&dir.path().join("data"));
        let server = Server::at(&served.address).await;
        server.set_clock(NOW).await;
        let taxpayer = register(&server).await;
        Self {
            dir,
            served,
            server,
            taxpayer,
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn import(&self, file: &Path, more: &[&str]) -> Output {
        let mut command = caixing();
        command
            .arg("import")
            .arg(file)
            .args(["--taxpayer", &self.taxpayer])
            .args(["--server", &format!("http://{}", self.served.address)])
            .args(more)
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    async fn sources(&self) -> Vec<pb::TaxSource> {
        source_list(&self.server, &self.taxpayer).await
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What it said, line by line, and whether it ended well.
fn said(output: &Output) -> (bool, Vec<&str>) {
    (
        output.status.success(),
        text(&output.stdout).lines().collect(),
    )
}

/// The id it printed first.
fn request_id(output: &Output) -> String {
    let first = text(&output.stdout).lines().next().unwrap();
    first.strip_prefix("request id: ").unwrap().to_owned()
}

fn example_lines() -> Vec<String> {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let sources = example["sources"].as_array().unwrap();
    sources.iter().map(Value::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_rows_are_given_back_corrected_in_place_and_imported_once() {
    let stage = Stage::set().await;
    let good = example_lines();
    let bad_region = good[0].replacen("\"340104\"", "\"34\"", 1);
    assert_ne!(bad_region, good[0]);
    let unknown = good[1].replacen("\"name\"", "\"nom\"", 1);
    let mut lines = good.clone();
    lines.insert(3, bad_region.clone());
    lines.insert(9, unknown.clone());
    lines.insert(12, "{\"name\": ".to_owned());
    let file = stage.file("sources.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    let errors = stage.file("refused.jsonl");
    let count = good.len();

    let output = stage.import(&file, &["--errors", errors.to_str().unwrap()]);
    let id = request_id(&output);
    let (well, told) = said(&output);
    assert!(!well);
    let all = count + 3;
    assert_eq!(
        told[1],
        format!(
            "3 refused rows: correct them in {} and import it",
            errors.display()
        )
    );
    let counted = format!("{all} rows: {count} collected, 0 collected before, 3 refused");
    assert_eq!(told[2], counted);
    assert!(text(&output.stderr).contains(&format!("3 of {all} rows were refused")));
    assert_eq!(stage.sources().await.len(), count);

    // Each comes with the number of its line as key, as it came, and why.
    let written = fs::read_to_string(&errors).unwrap();
    let written: Vec<&str> = written.lines().collect();
    assert_eq!(written.len(), 3);
    let body = &bad_region[1..bad_region.len() - 1];
    assert!(
        written[0].starts_with(r#"{"rowKey":"4","#),
        "{}",
        written[0]
    );
    for member in ["\"regionCode\":\"34\"", "\"name\":"] {
        assert!(body.contains(member) && written[0].contains(member));
    }
    let first: Value = serde_json::from_str(written[0]).unwrap();
    assert_eq!(
        first["errors"],
        json!([{
            "field": "region_code",
            "reason": "REGION_SYNTAX",
            "message": "应为六位行政区划代码，例如 340100",
        }])
    );
    let second: Value = serde_json::from_str(written[1]).unwrap();
    assert_eq!(second["rowKey"], "10");
    assert_eq!(second["errors"][0]["reason"], "ROW_UNREADABLE");
    let third: Value = serde_json::from_str(written[2]).unwrap();
    assert_eq!(
        (&third["rowKey"], &third["text"]),
        (&json!("13"), &json!("{\"name\":"))
    );

    // Corrected in place, the file of refused rows is itself what is imported.
    let mended = [
        written[0].replacen("\"34\"", "\"340104\"", 1),
        written[1].replacen("\"nom\"", "\"name\"", 1),
    ];
    fs::write(&errors, mended.join("\n")).unwrap();
    let output = stage.import(&errors, &["--request-id", &id]);
    let (well, told) = said(&output);
    assert!(well, "{}", text(&output.stderr));
    assert_eq!(
        told[1],
        "2 rows: 2 collected, 0 collected before, 0 refused"
    );
    // And again: nothing is collected twice.
    let output = stage.import(&errors, &["--request-id", &id]);
    let (well, told) = said(&output);
    assert!(well);
    assert_eq!(
        told[1],
        "2 rows: 0 collected, 2 collected before, 0 refused"
    );
    assert_eq!(stage.sources().await.len(), count + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_checking_collects_nothing_and_no_file_is_written_over() {
    let stage = Stage::set().await;
    let good = example_lines();
    let file = stage.file("sources.jsonl");
    fs::write(&file, good.join("\n")).unwrap();
    let unused = stage.file("unused.jsonl");
    let output = stage.import(
        &file,
        &["--check-only", "--errors", unused.to_str().unwrap()],
    );
    let (well, told) = said(&output);
    assert!(well, "{}", text(&output.stderr));
    let count = good.len();
    assert_eq!(
        told[1],
        format!("{count} rows: {count} would be collected, 0 collected before, 0 refused")
    );
    assert!(
        !unused.exists(),
        "a file of no refused rows is not left behind"
    );
    // The input itself as the file of refused rows would be lost.
    let output = stage.import(&file, &["--errors", file.to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("is there already"));
    assert_eq!(fs::read_to_string(&file).unwrap(), good.join("\n"));
    // A taxpayer nobody knows: the id to go on with is told.
    let output = caixing()
        .arg("import")
        .arg(&file)
        .args(["--taxpayer", crate::support::NOBODY, "--english"])
        .args(["--server", &format!("http://{}", stage.served.address)])
        .output()
        .unwrap();
    let told = text(&output.stderr);
    assert!(
        !output.status.success() && told.contains("NotFound"),
        "{told}"
    );
    assert!(told.contains(&format!("--request-id {}", request_id(&output))));
    assert!(stage.sources().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_imported_by_the_paths_in_its_header() {
    let stage = Stage::set().await;
    let file = stage.file("contracts.csv");
    let header = "rowKey,name,regionCode,taxAuthorityCode,treasuryCode,stamp.documentNumber,\
                  stamp.documentName,stamp.filingMode,stamp.count,stamp.signedOn,stamp.role,\
                  stamp.lines[0].item,stamp.lines[0].amountYuan,stamp.counterparties[0].name,\
                  stamp.counterparties[0].kind";
    let line = |n: usize, amount: &str| {
        format!(
            "HT-{n},\"产品销售合同, {n}\",340104,13401040000,1234010400,HT-{n},产品销售合同,\
             STAMP_FILING_MODE_PERIODIC,1,2026-07-10,STAMP_PARTY_ROLE_PROVIDER,STAMP_ITEM_SALE,\
             {amount},芜湖某机械有限公司,STAMP_COUNTERPARTY_KIND_ENTERPRISE"
        )
    };
    let rows = [
        header.to_owned(),
        line(1, "1000000.00"),
        line(2, "一百万"),
        line(3, "30.00"),
    ];
    fs::write(&file, rows.join("\r\n")).unwrap();
    let output = stage.import(&file, &[]);
    let (well, told) = said(&output);
    assert!(!well);
    assert_eq!(
        told[1],
        "3 rows: 2 collected, 0 collected before, 1 refused"
    );
    let told = text(&output.stderr);
    let wrong = "row HT-2: stamp.lines[0].amount_yuan: DECIMAL_SYNTAX: ";
    assert!(told.contains(wrong), "{told}");
    let sources = stage.sources().await;
    let names: Vec<&str> = sources
        .iter()
        .map(|source| source.input.as_ref().unwrap().name.as_str())
        .collect();
    assert_eq!(names, ["产品销售合同, 1", "产品销售合同, 3"]);
}

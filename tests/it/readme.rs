//! The README's commands do what it says: they are taken from it and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::process::{Served, grpcurl_folder};

const ADDRESS: &str = "127.0.0.1:50051";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README's `sh` blocks below each heading.
fn blocks() -> BTreeMap<String, Vec<String>> {
    blocks_of("README.md")
}

/// A page's `sh` blocks below each heading.
pub fn blocks_of(page: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut heading = String::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line) {
            (Some(_), "```") => {
                let ended = block.take().unwrap();
                found.entry(heading.clone()).or_default().push(ended);
            }
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, "```sh") => block = Some(String::new()),
            (None, line) => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = title.to_owned();
                }
            }
        }
    }
    assert!(block.is_none(), "a block is not closed");
    found
}

/// Runs a script with `grpcurl` on its path.
pub fn bash(script: &str, dir: &Path) -> Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(grpcurl_folder()).chain(std::env::split_paths(&path));
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .current_dir(dir)
        .output()
        .unwrap()
}

/// What it wrote: standard output and standard error.
pub fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Commands of a block: lines of it, with those that go on (`\` at the end, an open quote, an
/// indented line) counted once.
fn commands(block: &str) -> usize {
    let starts = |line: &&str| {
        let first = line.chars().next();
        first.is_some_and(|first| !first.is_whitespace() && !"#}]'".contains(first))
    };
    block.lines().filter(starts).count()
}

#[test]
fn the_journey_of_the_readme_ends_in_a_verified_voucher() {
    let blocks = blocks();
    let [serve, prepare, journey, verify] = blocks["The journey with grpcurl"].as_slice() else {
        panic!("four blocks are expected: serve, prepare, journey, verify")
    };
    assert_eq!(serve.trim(), "cargo run -- serve --sandbox");
    assert!(prepare.contains(ADDRESS), "{prepare}");
    let all = commands(journey) + commands(verify);
    assert!(all <= 10, "at most ten commands, not {all}");

    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(&dir.path().join("data"));
    let prepare = prepare.replace(ADDRESS, &server.address);
    let output = bash(&format!("{prepare}\n{journey}\n{verify}"), dir.path());
    let (out, err) = said(&output);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains(r#""today": "2026-10-12""#), "{out}");
    // 5,000,000.00 × 0.3‰, as the README says.
    assert!(out.contains(r#""totalYuan": "1500.00""#), "{out}");
    let (_, end) = out.rsplit_once("\n{\n").unwrap();
    assert!(end.contains(r#""valid": true"#), "{end}");
    assert!(end.contains(r#""state": "VOUCHER_STATE_ISSUED""#), "{end}");
}

#[test]
fn the_demo_of_the_readme_plays_the_whole_journey() {
    let blocks = blocks();
    let [demo, _tests] = blocks["Start"].as_slice() else {
        panic!("two blocks are expected: the demo and the tests")
    };
    let binary = env!("CARGO_BIN_EXE_caixing");
    let script = demo.replace("cargo run --", &format!("{binary:?}"));
    assert_ne!(script, *demo, "the demo is started through cargo");
    let dir = tempfile::tempdir().unwrap();
    let output = bash(&script, dir.path());
    let (out, err) = said(&output);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("金额合计 917129.19 元"), "{out}");
    assert!(out.contains("凭证查验：在线有效，离线签名有效"), "{out}");
}

#[test]
fn the_other_commands_of_the_readme_run() {
    let blocks = blocks();
    let [offline] = blocks["Commands"].as_slice() else {
        panic!("one block is expected: commands that need no server")
    };
    let binary = env!("CARGO_BIN_EXE_caixing");
    let script = offline.replace("cargo run --", &format!("{binary:?}"));
    let output = bash(&script, root());
    let (out, err) = said(&output);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("st.rate.sale"), "{out}");
    assert!(out.contains("files, version "), "{out}");
    assert!(out.contains(r#""payableYuan":"1500.00""#), "{out}");
}

#[test]
fn the_test_command_of_the_readme_is_there_and_can_be_started() {
    let blocks = blocks();
    let [_demo, tests] = blocks["Start"].as_slice() else {
        panic!("two blocks are expected: the demo and the tests")
    };
    let file = root().join(tests.trim());
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111, "{file:?} is executable");
    let script = fs::read_to_string(&file).unwrap();
    assert_eq!(
        script.trim_end().lines().last(),
        Some("cargo test --lib --bins --test it")
    );
}

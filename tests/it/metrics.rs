//! The numbers a server tells of itself, as Prometheus reads them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::process::{Served, caixing};

/// Reads the endpoint as a scraper does.
fn scraped(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The sum of the samples whose line begins so.
fn sum(text: &str, begins: &str) -> u64 {
    let lines = text.lines().filter(|line| line.starts_with(begins));
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

#[test]
fn a_journey_is_counted_without_a_word_about_the_taxpayer() {
    let dir = tempfile::tempdir().unwrap();
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let metrics = free.local_addr().unwrap().to_string();
    drop(free);
    let served = Served::start_with(dir.path(), &["--metrics-listen", &metrics]);
    let server = format!("http://{}", served.address);
    let played = caixing()
        .args(["demo", "--json", "--server", &server])
        .output()
        .unwrap();
    assert!(played.status.success(), "{played:?}");
    let text = scraped(&metrics);
    for (name, count) in [
        ("caixing_events_total{kind=\"taxpayer.registered\"}", 1),
        ("caixing_events_total{kind=\"tax_source.collected\"}", 26),
        ("caixing_events_total{kind=\"declaration.submitted\"}", 1),
        ("caixing_events_total{kind=\"payment.in_treasury\"}", 1),
        ("caixing_events_total{kind=\"voucher.issued\"}", 1),
        ("caixing_filing_to_voucher_seconds_count", 1),
        ("caixing_invariant_violations_total", 0),
    ] {
        assert_eq!(sum(&text, name), count, "{name} in\n{text}");
    }
    let submits = text.lines().filter(|line| {
        line.starts_with("rpc_server_call_duration_seconds_count")
            && line.contains("rpc_method=\"caixing.v1.DeclarationService.SubmitDeclaration\"")
            && line.contains("rpc_response_status_code=\"OK\"")
            && line.ends_with(" 1")
    });
    assert_eq!(submits.count(), 1, "{text}");
    assert!(text.contains("caixing_build_info{version=\""), "{text}");
    for secret in ["91340100MA8WXJ264T", "合肥", "SFXY", "340104"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let twice = caixing()
        .args([
            "serve",
            "--sandbox",
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            &metrics,
        ])
        .arg("--data-dir")
        .arg(dir.path().join("other"))
        .output()
        .unwrap();
    let said = String::from_utf8(twice.stderr).unwrap();
    assert!(!twice.status.success());
    assert!(said.contains("metrics cannot be served on"), "{said}");
    served.kill();
}

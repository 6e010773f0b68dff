//! Confirmation is bound to content: a draft that is no longer what would be filed is refused, and
//! the refusal says what has changed.

use caixing::filing::Changes;
use caixing::pb;
use serde_json::Value;

use crate::sample::{content, plain};
use crate::support::*;

async fn stale(server: &Server, draft: &pb::Declaration) -> tonic::Status {
    let outcome = server
        .declarations()
        .submit_declaration(filing(draft))
        .await;
    assert_precondition(outcome, "DRAFT_STALE")
}

fn line(status: &tonic::Status, number: usize) -> Value {
    serde_json::from_str(&fact(status, &format!("line_{number}"))).unwrap()
}

fn facts(status: &tonic::Status, keys: [&str; 4]) -> [String; 4] {
    keys.map(|key| fact(status, key))
}

const COUNTS: [&str; 4] = [
    "lines_changed",
    "lines_appeared",
    "lines_vanished",
    "truncated",
];

#[tokio::test]
async fn a_changed_a_new_and_a_closed_source_are_each_named_with_their_amounts() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let changed = collect(&server, &taxpayer, contract("HT-1")).await;
    let closed = collect(&server, &taxpayer, contract_over("HT-2", "500000.00")).await;
    let drawn = draft(&server, &taxpayer).await;
    restate(&server, &changed, contract_over("HT-1", "2000000.00")).await;
    close_source(&server, &closed).await;
    let new = collect(&server, &taxpayer, contract_over("HT-3", "100000.00")).await;
    let status = stale(&server, &drawn).await;
    assert_eq!(facts(&status, COUNTS), ["1", "1", "1", "false"]);
    // 300.00 + 150.00 before; 600.00 + 30.00 after.
    assert_eq!(fact(&status, "before_payable_yuan"), "450.00");
    assert_eq!(fact(&status, "after_payable_yuan"), "630.00");
    assert_eq!(fact(&status, "moved").split(',').next(), Some("SOURCES"));
    let expected = [
        ("CHANGED", &changed, Some("300.00"), Some("600.00")),
        ("VANISHED", &closed, Some("150.00"), None),
        ("APPEARED", &new, None, Some("30.00")),
    ];
    for (number, (change, source, before, after)) in (1..).zip(expected) {
        let told = line(&status, number);
        assert_eq!(told["change"], change);
        assert_eq!(told["source_id"], source.source_id);
        assert_eq!(
            (told["tax"].as_str(), told["period"].as_str()),
            (Some("STAMP_TAX"), Some("2026-07-01/2026-09-30"))
        );
        assert_eq!(told["before_yuan"].as_str(), before);
        assert_eq!(told["after_yuan"].as_str(), after);
    }
    // Nothing was filed, and the same drawn again is.
    assert_eq!(read_declaration(&server, &drawn).await, drawn);
    submit(&server, &draft(&server, &taxpayer).await).await;
    server.stop().await;
}

#[tokio::test]
async fn what_was_filed_elsewhere_has_vanished() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let twin = draft(&server, &taxpayer).await;
    submit(&server, &twin).await;
    let status = stale(&server, &drawn).await;
    assert_eq!(facts(&status, COUNTS), ["0", "0", "1", "false"]);
    assert_eq!(fact(&status, "current_digest"), "");
    assert_eq!(fact(&status, "after_net_yuan"), "0.00");
    server.stop().await;
}

#[tokio::test]
async fn a_change_of_the_taxpayer_alone_is_told_with_its_amounts() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let person = pb::UpdateTaxpayerRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        etag: "v1".to_owned(),
        name: "合肥皖星精密机械制造有限公司".to_owned(),
        kind: pb::TaxpayerKind::Enterprise.into(),
        six_taxes_windows: vec![pb::SixTaxesWindow {
            subject: pb::SixTaxesSubject::SmallLowProfit.into(),
            first_month: "2026-07".to_owned(),
            last_month: String::new(),
        }],
        validate_only: false,
        six_taxes_facts: None,
    };
    server.taxpayers().update_taxpayer(person).await.unwrap();
    let status = stale(&server, &drawn).await;
    assert_eq!(fact(&status, "moved").split(',').next(), Some("PROFILE"));
    // Half of 300.00.
    let told = line(&status, 1);
    assert_eq!(
        (&told["before_yuan"], &told["after_yuan"]),
        (&"300.00".into(), &"150.00".into())
    );
    server.stop().await;
}

#[tokio::test]
async fn a_difference_of_many_lines_is_cut_and_says_so() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut sources = Vec::new();
    for number in 0..25 {
        sources.push(collect(&server, &taxpayer, contract(&format!("HT-{number}"))).await);
    }
    let drawn = draft(&server, &taxpayer).await;
    for (number, source) in sources.iter().enumerate() {
        let doubled = contract_over(&format!("HT-{number}"), "2000000.00");
        restate(&server, source, doubled).await;
    }
    // The reader of statuses asserts that it fits in 4 KiB.
    let status = stale(&server, &drawn).await;
    assert_eq!(facts(&status, COUNTS), ["25", "0", "0", "true"]);
    assert_eq!(fact(&status, "after_payable_yuan"), "15000.00");
    assert_eq!(line(&status, 1)["after_yuan"], "600.00");
    server.stop().await;
}

#[test]
fn another_rule_pack_alone_is_told_without_lines() {
    let drawn = content("one", vec![plain(1, "100.00", "2026-10-26")]);
    let now = content("two", vec![plain(1, "100.00", "2026-10-26")]);
    let changes = Changes::between(&drawn, Some(&now)).unwrap();
    assert_eq!(changes.moved, ["RULES"]);
    assert!(changes.lines.is_empty());
    // Another due day moves the surcharge: the line is named although its amount is the same.
    let later = content("two", vec![plain(1, "100.00", "2026-10-27")]);
    let changes = Changes::between(&drawn, Some(&later)).unwrap();
    assert_eq!(changes.lines.len(), 1);
    assert_eq!(changes.lines[0].before_yuan, changes.lines[0].after_yuan);
}

//! How many statements a call costs the database: each is a trip there and back, and what holds the
//! taxpayer's lock while it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::*;

/// Counts the statements of this thread, which are those of this test's own server, without those
/// of its background and the beginning and end of transactions.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

const NOT_COUNTED: [&str; 7] = [
    "event_numbering",
    "position IS NULL",
    "worker_lease",
    "state IN ('SENT', 'CONFIRMING')",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
];

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if matches!(field.name(), "summary" | "db.statement") {
            self.0.push_str(&format!("{value:?}"));
        }
    }
}

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        if !NOT_COUNTED.iter().any(|word| text.0.contains(word)) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Counting {
    /// The statements since it was last asked.
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// The statements of filing a form of so many lines, paying it and settling it.
async fn statements(lines: usize) -> [usize; 3] {
    let counting = Counting::default();
    let _counted = tracing::subscriber::set_default(counting.clone());
    let (server, _) = Server::with_quiet_bank_on(On::Postgres).await;
    let taxpayer = register(&server).await;
    for number in 0..lines {
        collect(&server, &taxpayer, contract(&format!("HT-{number}"))).await;
    }
    let draft = draft(&server, &taxpayer).await;
    assert_eq!(draft.lines.len(), lines);
    counting.take();
    let filed = submit(&server, &draft).await;
    let of_filing = counting.take();
    let total = format!("{}.00", 300 * lines);
    let payment = pay(&server, &filed, &total).await;
    let of_paying = counting.take();
    let mut treasury = server.treasury();
    let settled = treasury.report_settlement(settling(&payment)).await;
    settled.unwrap();
    [of_filing, of_paying, counting.take()]
}

#[tokio::test]
async fn a_filing_a_payment_and_a_settlement_take_few_statements() {
    let [filing, paying, settling] = statements(1).await;
    assert!((10..=14).contains(&filing), "filing: {filing}");
    assert!((10..=19).contains(&paying), "paying: {paying}");
    assert!((10..=20).contains(&settling), "settling: {settling}");
}

#[tokio::test]
async fn a_form_of_many_lines_is_filed_in_hardly_more_statements() {
    let [one, ..] = statements(1).await;
    let [many, ..] = statements(60).await;
    assert!(many <= one + 4, "{one} for one line, {many} for sixty");
}

//! How many statements a call runs on the database. `BEGIN`, `COMMIT` and what the background runs
//! (numbering events, looking for payments to resolve) are not counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use caixing::types::TaxpayerId;

use super::node::{Node, Quarter, contract, estate};

static COUNT: AtomicUsize = AtomicUsize::new(0);
static TEXTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Statements of the background, of transactions, and of the reads that end a stream.
const NOT_COUNTED: [&str; 7] = [
    "event_numbering",
    "position IS NULL",
    "worker_lease",
    "state IN ('SENT', 'CONFIRMING')",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
];

struct Counting;

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
            COUNT.fetch_add(1, Ordering::SeqCst);
            TEXTS.lock().unwrap().push(text.0);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Counts from now on in this process.
pub fn watch() {
    tracing::subscriber::set_global_default(Counting).unwrap();
}

async fn counted<T>(name: &str, work: impl Future<Output = T>) -> T {
    TEXTS.lock().unwrap().clear();
    COUNT.store(0, Ordering::SeqCst);
    let done = work.await;
    println!("{name:<44} {:>4}", COUNT.load(Ordering::SeqCst));
    if std::env::var_os("CAIXING_BENCH_TEXTS").is_some() {
        for text in TEXTS.lock().unwrap().iter() {
            let words: Vec<&str> = text.split_whitespace().take(16).collect();
            println!("    {}", words.join(" "));
        }
    }
    done
}

/// Prints the table of one database.
pub async fn table(node: &Node) {
    node.quiet_treasury();
    let number = "91340100MA8WXJ264T";
    let taxpayer = counted("RegisterTaxpayer", node.register(number)).await;
    let [house, plot] = estate();
    counted("CreateTaxSource", node.collect(&taxpayer, house)).await;
    node.collect(&taxpayer, plot).await;
    node.collect(&taxpayer, contract("HT-1", Quarter::LAST, 0))
        .await;
    counted(
        "ListObligations",
        node.obligations(&taxpayer, Quarter::LAST),
    )
    .await;
    let drafts = counted(
        "DraftDeclaration (the first: its rule pack)",
        node.draft(&taxpayer, Quarter::LAST),
    )
    .await;
    let before = Quarter::LAST.before();
    node.collect(&taxpayer, contract("HT-2", before, 0)).await;
    let drafts_before = counted("DraftDeclaration (again)", node.draft(&taxpayer, before)).await;
    let lines = drafts[0].lines.len();
    let warnings = node.warnings(&drafts[0]).await;
    let filed = counted(
        &format!("SubmitDeclaration ({lines} lines)"),
        node.submit(&drafts[0], &warnings),
    )
    .await;
    let warnings = node.warnings(&drafts_before[0]).await;
    node.submit(&drafts_before[0], &warnings).await;
    counted("GetDeclaration", node.get(&taxpayer, &filed.declaration_id)).await;
    counted("ListDeclarations", node.list(&taxpayer, "")).await;
    let total = counted("QuotePayment", node.quote(&filed)).await;
    let payment = counted("CreatePayment", node.pay(&filed, &total)).await;
    counted("ReportSettlement", node.settle(&payment)).await;
    let many = TaxpayerId::parse(number).unwrap();
    let many = many.next_demonstration_number().unwrap();
    let many = node.register(many.as_str()).await;
    for number in 0..60 {
        let source = contract(&format!("HT-{number}"), Quarter::LAST, 0);
        node.collect(&many, source).await;
    }
    let drafts = node.draft(&many, Quarter::LAST).await;
    let lines = drafts[0].lines.len();
    let warnings = node.warnings(&drafts[0]).await;
    counted(
        &format!("SubmitDeclaration ({lines} lines)"),
        node.submit(&drafts[0], &warnings),
    )
    .await;
}

//! The time of each call on a small and on a large database, taken in turns in one run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caixing::signing::Ed25519Signer;
use caixing::store::Store;
use caixing::types::TaxpayerId;
use sqlx::Connection as _;

use super::fill::Template;
use super::node::{Node, Quarter, contract, estate};
use super::write::{Filled, Templates, bytes, fill};
use super::{Fresh, On};

/// Quarters of the usual taxpayer, of which it files one form each.
const QUARTERS: usize = 15;
/// Authorities that a heavy taxpayer files with in each of its quarters.
const AUTHORITIES: usize = 100;
const HEAVY_QUARTERS: usize = 10;
/// Usual taxpayers of the small database, beside one heavy one.
const SMALL: usize = 66;
const WARM_UP: usize = 30;

fn quarters(count: usize) -> Vec<Quarter> {
    let mut all: Vec<Quarter> =
        std::iter::successors(Some(Quarter::LAST.before()), |one| Some(one.before()))
            .take(count)
            .collect();
    all.reverse();
    all
}

/// The twelfth of the month after a quarter, noon in China.
fn filing_day(quarter: Quarter) -> i64 {
    let last = jiff::civil::date(quarter.year, quarter.month + 2, 1).last_of_month();
    let day = last.checked_add(jiff::Span::new().days(12)).unwrap();
    let at = day
        .at(4, 0, 0, 0)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap();
    at.timestamp().as_second()
}

/// Plays the lives that are copied.
pub async fn templates() -> Arc<Templates> {
    let fresh = Fresh::new(On::Sqlite).await;
    let node = fresh.node().await;
    node.quiet_treasury();
    let number = TaxpayerId::parse("91340100MA8WXJ264T").unwrap();
    let other = number.next_demonstration_number().unwrap();
    let usual = node.register(number.as_str()).await;
    for source in estate() {
        node.collect(&usual, source).await;
    }
    for (place, quarter) in quarters(QUARTERS).into_iter().enumerate() {
        node.set_clock(filing_day(quarter)).await;
        let source = contract(&format!("HT-{place}"), quarter, 0);
        node.collect(&usual, source).await;
        for draft in node.draft(&usual, quarter).await {
            let warnings = node.warnings(&draft).await;
            let filed = node.submit(&draft, &warnings).await;
            let total = node.quote(&filed).await;
            let payment = node.pay(&filed, &total).await;
            node.settle(&payment).await;
        }
    }
    let heavy = node.register(other.as_str()).await;
    for quarter in quarters(HEAVY_QUARTERS) {
        node.set_clock(filing_day(quarter)).await;
        for place in 0..AUTHORITIES {
            let source = contract(&format!("HT-{}-{place}", quarter.month), quarter, place);
            node.collect(&heavy, source).await;
        }
        let drafts = node.draft(&heavy, quarter).await;
        let warnings = node.warnings(&drafts[0]).await;
        for (place, draft) in drafts.into_iter().enumerate() {
            let filed = node.submit(&draft, &warnings).await;
            if place == 0 {
                let total = node.quote(&filed).await;
                let payment = node.pay(&filed, &total).await;
                node.settle(&payment).await;
            }
        }
    }
    node.stop().await;
    let file = fresh.dir.path().join("caixing.sqlite3");
    let file = format!("sqlite://{}", file.display());
    let mut connection = sqlx::SqliteConnection::connect(&file).await.unwrap();
    let rules = sqlx::query_as("SELECT digest, files, first_used_at FROM rule_pack");
    let rules = rules.fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let templates = Templates {
        usual: Template::read(&fresh.database, &usual).await,
        heavy: Template::read(&fresh.database, &heavy).await,
        rules,
    };
    fresh.gone().await;
    Arc::new(templates)
}

/// A filled database and the server on it.
struct Side {
    fresh: Fresh,
    node: Node,
    store: Store,
    filled: Filled,
    began: Duration,
    /// A numbered contract for each draft.
    contracts: usize,
}

impl Side {
    async fn new(on: On, templates: &Arc<Templates>, count: (usize, usize)) -> Self {
        let fresh = Fresh::new(on).await;
        fresh.node().await.stop().await;
        let signer = Ed25519Signer::open(&fresh.dir.path().join("voucher-key.hex")).unwrap();
        let filled = fill(&fresh.database, templates, signer, count).await;
        let size = bytes(&fresh.database).await;
        let declarations = filled.declarations;
        println!(
            "filled {declarations} declarations of {} taxpayers in {} s; {} MB, {} bytes each",
            filled.usual.len() + filled.heavy.len(),
            filled.took.as_secs(),
            size / 1_000_000,
            size / declarations as u64
        );
        let store = Store::open_for_reading(&fresh.database).await.unwrap();
        let mut tx = store.read().await.unwrap();
        for list in [&filled.usual, &filled.heavy] {
            for (_, taxpayer) in [list.first(), list.last()].into_iter().flatten() {
                let verify = caixing::signing::verify;
                let audited = tx.audit_taxpayer(taxpayer, verify).await.unwrap();
                assert_eq!(audited.breaks, []);
            }
        }
        drop(tx);
        let start = Instant::now();
        let node = fresh.node().await;
        let began = start.elapsed();
        node.quiet_treasury();
        Self {
            fresh,
            node,
            store,
            filled,
            began,
            contracts: 0,
        }
    }

    /// A cursor fifty events before the end.
    async fn tail(&self) -> String {
        let mut tx = self.store.read().await.unwrap();
        let last = tx.last_position().await.unwrap();
        let event = tx.event_at(last - 50).await.unwrap().unwrap();
        format!("e1.{}.{}", event.position, &event.hash[..16])
    }

    async fn round(
        &mut self,
        templates: &Templates,
        (round, random): (usize, usize),
        times: &mut BTreeMap<&'static str, Vec<Duration>>,
    ) {
        let mut timed = |name: &'static str, start: Instant| {
            times.entry(name).or_default().push(start.elapsed());
        };
        let usual = &self.filled.usual;
        let (n, taxpayer) = &usual[random % usual.len()];
        let place = random % templates.usual.declarations.len();
        let declaration = templates.usual.declaration(place, *n);
        let start = Instant::now();
        self.node.get(taxpayer, &declaration).await;
        timed("GetDeclaration", start);
        let start = Instant::now();
        self.node.list(taxpayer, "").await;
        timed("ListDeclarations, first page", start);
        let start = Instant::now();
        self.node.obligations(taxpayer, Quarter::LAST).await;
        timed("ListObligations", start);
        let heavy = &self.filled.heavy;
        let (n, taxpayer) = &heavy[random % heavy.len()];
        let before = templates.heavy.declaration(100, *n);
        let start = Instant::now();
        let page = self.node.list(taxpayer, &before).await;
        timed("ListDeclarations, page 45 of 50", start);
        assert_eq!(page.declarations.len(), 20);
        let tail = self.tail().await;
        let start = Instant::now();
        let count = self.node.events_after(&tail).await;
        timed("StreamEvents, the last 50", start);
        assert!(count >= 50, "{count}");
        // The same number of acts on as many taxpayers, spread over the whole.
        let step = usual.len() / SMALL;
        let (_, taxpayer) = &usual[(round % SMALL) * step];
        self.contracts += 1;
        let source = contract(&format!("XS-{}", self.contracts), Quarter::LAST, 0);
        let start = Instant::now();
        self.node.collect(taxpayer, source).await;
        timed("CreateTaxSource", start);
        let start = Instant::now();
        let drafts = self.node.draft(taxpayer, Quarter::LAST).await;
        timed("DraftDeclaration", start);
        let warnings = self.node.warnings(&drafts[0]).await;
        let start = Instant::now();
        let filed = self.node.submit(&drafts[0], &warnings).await;
        timed("SubmitDeclaration", start);
        let total = self.node.quote(&filed).await;
        let start = Instant::now();
        let payment = self.node.pay(&filed, &total).await;
        timed("CreatePayment", start);
        let start = Instant::now();
        self.node.settle(&payment).await;
        timed("ReportSettlement", start);
    }

    async fn end(self) {
        self.store.close().await;
        self.node.stop().await;
        self.fresh.gone().await;
    }
}

fn at(sorted: &[Duration], percent: usize) -> u128 {
    let place = sorted.len() * percent / 100;
    sorted[place.min(sorted.len() - 1)].as_micros()
}

/// Prints the table of one database: `declarations` on the large side.
pub async fn table(on: On, templates: &Arc<Templates>, declarations: usize, rounds: usize) {
    let heavy = (declarations / 50_000).max(1);
    let each = templates.usual.declarations.len();
    let usual = (declarations - heavy * templates.heavy.declarations.len()) / each;
    let mut small = Side::new(on, templates, (SMALL, 1)).await;
    let mut large = Side::new(on, templates, (usual, heavy)).await;
    println!(
        "start to SERVING: small {} ms, large {} ms",
        small.began.as_millis(),
        large.began.as_millis()
    );
    let (mut of_small, mut of_large) = (BTreeMap::new(), BTreeMap::new());
    let mut random = 88_172_645_463_325_252_usize;
    for round in 0..WARM_UP + rounds {
        if round == WARM_UP {
            of_small.clear();
            of_large.clear();
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Who goes first changes.
        if round % 2 == 0 {
            small.round(templates, (round, random), &mut of_small).await;
            large.round(templates, (round, random), &mut of_large).await;
        } else {
            large.round(templates, (round, random), &mut of_large).await;
            small.round(templates, (round, random), &mut of_small).await;
        }
    }
    println!(
        "{:<34} {:>17} {:>17} ratio",
        "µs: p50, p99", "small", "large"
    );
    for (name, mut times) in of_small {
        let mut other = of_large.remove(name).unwrap();
        times.sort();
        other.sort();
        let ratio = at(&other, 50) * 100 / at(&times, 50);
        println!(
            "{name:<34} {:>8} {:>8} {:>8} {:>8} {}.{:02}",
            at(&times, 50),
            at(&times, 99),
            at(&other, 50),
            at(&other, 99),
            ratio / 100,
            ratio % 100
        );
    }
    small.end().await;
    large.end().await;
}

//! The sandbox's clock: what is due follows it, forwards and backwards, and nothing loses its
//! order when it goes back.

use caixing::pb;
use caixing::server::{self, Settings};

use crate::support::*;

const DAY: i64 = 24 * 3600;

async fn quoted(server: &Server, filed: &pb::Declaration) -> (String, String, String) {
    let request = pb::QuotePaymentRequest {
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        pay_on: Vec::new(),
    };
    let answer = server.payments().quote_payment(request).await.unwrap();
    let quote = answer.into_inner().quotes.remove(0);
    (quote.pay_on, quote.surcharge_yuan, quote.total_yuan)
}

fn due(day: &str, surcharge: &str, total: &str) -> (String, String, String) {
    (day.to_owned(), surcharge.to_owned(), total.to_owned())
}

/// 300.00 due on 2026-10-26. Late fee of 0.05% a day: 0.15 for each day late.
#[tokio::test]
async fn what_is_due_follows_the_clock_both_ways() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    assert!(!filed.overdue);
    for (days, expected) in [
        (0, due("2026-10-12", "0.00", "300.00")),
        (14, due("2026-10-26", "0.00", "300.00")),
        (15, due("2026-10-27", "0.15", "300.15")),
        (24, due("2026-11-05", "1.50", "301.50")),
        // A whole year late: 365 days after the due day.
        (379, due("2027-10-26", "54.75", "354.75")),
        (1, due("2026-10-13", "0.00", "300.00")),
    ] {
        server.set_clock(NOW + days * DAY).await;
        assert_eq!(quoted(&server, &filed).await, expected);
    }
    // What was agreed to on a day is not what is due on another.
    server.set_clock(NOW + 24 * DAY).await;
    let mut payments = server.payments();
    let agreed = payments.create_payment(paying(&filed, "300.00")).await;
    let status = assert_precondition(agreed, "AMOUNT_CHANGED");
    assert_eq!(fact(&status, "today_yuan"), "301.50");
    server.set_clock(NOW).await;
    let payment = payments.create_payment(paying(&filed, "300.00")).await;
    let payment = payment.unwrap().into_inner().payment.unwrap();
    let paid = wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
    assert_eq!(paid.surcharge_yuan, "0.00");
}

#[tokio::test]
async fn filing_after_the_due_day_is_overdue_by_the_clock() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    server.set_clock(NOW + 15 * DAY).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    assert!(filed.overdue, "due on 2026-10-26, filed on 2026-10-27");
}

/// Each step of a life on an earlier day than the one before.
#[tokio::test]
async fn nothing_loses_its_order_when_the_clock_goes_back() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut names = Vec::new();
    let mut filed = Vec::new();
    for step in 0..4 {
        server.set_clock(NOW - 40 * DAY * i64::from(step)).await;
        let mut input = contract(&format!("HT-{step}"));
        input.name = format!("合同 {step}");
        names.push(input.name.clone());
        collect(&server, &taxpayer, input).await;
        let declaration = submit(&server, &draft(&server, &taxpayer).await).await;
        let order = paying(&declaration, "300.00");
        let payment = server.payments().create_payment(order).await.unwrap();
        let payment = payment.into_inner().payment.unwrap();
        wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
        filed.push(declaration.declaration_id);
    }
    let sources = source_list(&server, &taxpayer).await;
    let listed: Vec<&str> = sources.iter().map(name_of).collect();
    assert_eq!(listed, names, "in the order of collection");
    // Newest first is the order of filing, not that of the clock.
    filed.reverse();
    assert_eq!(declaration_pages(&server, &taxpayer).await, filed);
    let mut vouchers = voucher_pages(&server, &taxpayer).await;
    assert_eq!(vouchers.len(), 4, "each voucher on one page: {vouchers:?}");
    vouchers.sort();
    vouchers.dedup();
    assert_eq!(vouchers.len(), 4);
    assert_events_in_order(&server, &taxpayer).await;
}

fn name_of(source: &pb::TaxSource) -> &str {
    &source.input.as_ref().unwrap().name
}

async fn declaration_pages(server: &Server, taxpayer: &str) -> Vec<String> {
    let mut request = pb::ListDeclarationsRequest {
        taxpayer_id: taxpayer.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let mut ids = Vec::new();
    loop {
        let mut client = server.declarations();
        let answer = client.list_declarations(request.clone()).await;
        let page = answer.unwrap().into_inner();
        ids.extend(page.declarations.into_iter().map(|one| one.declaration_id));
        if page.next_page_token.is_empty() {
            return ids;
        }
        request.page_token = page.next_page_token;
    }
}

async fn voucher_pages(server: &Server, taxpayer: &str) -> Vec<String> {
    let mut request = pb::ListVouchersRequest {
        taxpayer_id: taxpayer.to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let mut numbers = Vec::new();
    loop {
        let answer = server.vouchers().list_vouchers(request.clone()).await;
        let page = answer.unwrap().into_inner();
        numbers.extend(page.vouchers.into_iter().map(|one| one.voucher_number));
        if page.next_page_token.is_empty() {
            return numbers;
        }
        request.page_token = page.next_page_token;
    }
}

/// The trail as it is kept: numbered without gaps, in the one order of all taxpayers, although its
/// instants go back.
async fn assert_events_in_order(server: &Server, taxpayer: &str) {
    let sql = format!(
        "SELECT sequence, position, at FROM event WHERE taxpayer_id = '{taxpayer}'
         ORDER BY sequence"
    );
    server.database().number().await;
    let rows: Vec<(i64, i64, i64)> = server.database().rows(&sql).await;
    let count = i64::try_from(rows.len()).unwrap();
    assert!(count > 16, "only {count} events");
    assert!(rows.iter().map(|row| row.0).eq(1..=count), "{rows:?}");
    assert!(rows.iter().map(|row| row.1).is_sorted(), "{rows:?}");
    assert!(
        !rows.iter().map(|row| row.2).is_sorted(),
        "the clock went back"
    );
}

#[tokio::test]
async fn clock_and_data_survive_a_restart_and_the_clock_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: dir.path().to_owned(),
        database: None,
        rules_dir: None,
        sandbox: true,
        gateway: None,
        metrics: None,
    };
    let registered = registration();
    let mut created = Vec::new();
    for start in 0..2 {
        let running = server::start(&settings).await.unwrap();
        let address = format!("http://{}", running.address);
        let endpoint = tonic::transport::Endpoint::from_shared(address).unwrap();
        let channel = endpoint.connect().await.unwrap();
        if start == 0 {
            let now = Some(prost_types::Timestamp {
                seconds: NOW - 400 * DAY,
                nanos: 0,
            });
            pb::sandbox_service_client::SandboxServiceClient::new(channel.clone())
                .set_clock(pb::SetClockRequest { now })
                .await
                .unwrap();
        }
        let mut client = pb::taxpayer_service_client::TaxpayerServiceClient::new(channel.clone());
        // The same request is answered again after the restart; another one reads the clock.
        let answer = client.register_taxpayer(registered.clone()).await.unwrap();
        assert_eq!(is_replay(&answer), start == 1);
        let mut other = registration();
        let number = caixing::types::TaxpayerId::parse(TAX_NUMBER).unwrap();
        let mut next = number.next_demonstration_number().unwrap();
        if start == 1 {
            next = next.next_demonstration_number().unwrap();
        }
        other.tax_number = next.to_string();
        let answer = client.register_taxpayer(other).await.unwrap().into_inner();
        created.push(answer.taxpayer.unwrap().create_time.unwrap().seconds);
        drop((client, channel));
        running.stop().await.unwrap();
    }
    let since = |at: i64| at - (NOW - 400 * DAY);
    assert!((0..DAY).contains(&since(created[0])), "{created:?}");
    assert!(
        (created[0]..created[0] + DAY).contains(&created[1]),
        "{created:?}"
    );
}

also_on_postgres!(nothing_loses_its_order_when_the_clock_goes_back,);

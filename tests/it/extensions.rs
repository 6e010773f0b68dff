//! Paying later (征管法 art. 31): what may be approved, what it does to the surcharge, and what is
//! in arrears; inspections opened and closed.

use caixing::filing::{
    DeclarationState, Extension, Inspection, Line, Standing, quote, quote_standing,
};
use caixing::pb;
use caixing::rules::RuleBook;
use caixing::types::{ExtensionId, InspectionId, TaxKind};
use tonic::Code;
use uuid::Uuid;

use crate::sample::{
    content, day, declaration, declaration_id, instant, line, period, taxpayer_key,
};
use crate::support::*;

const DAY: i64 = 86_400;

fn decided(tax: Option<TaxKind>, extended_to: Option<&str>, requested_on: &str) -> Extension {
    Extension {
        id: ExtensionId::new(Uuid::from_u128(0x500)),
        taxpayer: taxpayer_key(),
        declaration: declaration_id(1),
        tax,
        extended_to: extended_to.map(day),
        requested_on: day(requested_on),
        document: "皖税延〔2026〕1号".to_owned(),
        recorded_at: instant(3),
    }
}

/// Stamp tax due on 26 October, land use tax on 30 November.
fn lines() -> Vec<Line> {
    [
        (TaxKind::StampTax, "1000.00", "2026-10-26"),
        (TaxKind::LandUseTax, "500.00", "2026-11-30"),
    ]
    .into_iter()
    .zip(1..)
    .map(|((tax, payable, due), number)| line(number, tax, [payable, "0.00", "0.00"], payable, due))
    .collect()
}

#[test]
fn an_extension_is_asked_for_in_time_and_ends_within_three_months() {
    let book = RuleBook::embedded().unwrap();
    let stamp = Some(TaxKind::StampTax);
    let land = Some(TaxKind::LandUseTax);
    let rows = [
        (stamp, Some("2027-01-26"), "2026-10-26", Ok(())),
        (
            stamp,
            Some("2027-01-27"),
            "2026-10-26",
            Err("EXTENSION_TOO_LONG"),
        ),
        (
            stamp,
            Some("2027-01-26"),
            "2026-10-27",
            Err("EXTENSION_TOO_LATE"),
        ),
        (
            stamp,
            Some("2026-10-26"),
            "2026-10-20",
            Err("EXTENSION_TOO_SHORT"),
        ),
        (stamp, Some("2026-10-27"), "2026-10-20", Ok(())),
        // Months are added by the calendar: 30 November and three are 28 February.
        (land, Some("2027-02-28"), "2026-11-30", Ok(())),
        (
            land,
            Some("2027-03-01"),
            "2026-11-30",
            Err("EXTENSION_TOO_LONG"),
        ),
        // For the whole declaration, every row must allow it.
        (None, Some("2027-01-26"), "2026-10-26", Ok(())),
        (
            None,
            Some("2027-02-28"),
            "2026-10-26",
            Err("EXTENSION_TOO_LONG"),
        ),
        (
            None,
            Some("2026-11-30"),
            "2026-10-26",
            Err("EXTENSION_TOO_SHORT"),
        ),
        (
            None,
            Some("2027-01-26"),
            "2026-11-01",
            Err("EXTENSION_TOO_LATE"),
        ),
        (
            Some(TaxKind::RealEstateTax),
            Some("2027-01-26"),
            "2026-10-26",
            Err("NOTHING_DUE"),
        ),
        // A refusal is put on record too, but was asked for in time like any other.
        (stamp, None, "2026-10-26", Ok(())),
        (stamp, None, "2026-10-27", Err("EXTENSION_TOO_LATE")),
    ];
    for (tax, extended_to, requested_on, expected) in rows {
        let waiting = declaration(1, DeclarationState::AwaitingPayment, content("p", lines()));
        let checked = decided(tax, extended_to, requested_on).check(&waiting, &book);
        let found = checked.map(|_| ()).map_err(|refusal| refusal.reason());
        assert_eq!(found, expected, "{tax:?} {extended_to:?} {requested_on}");
    }
    for state in DeclarationState::ALL {
        let one = declaration(1, state, content("p", lines()));
        let checked = decided(stamp, Some("2027-01-26"), "2026-10-26").check(&one, &book);
        let waits = state == DeclarationState::AwaitingPayment;
        assert_eq!(checked.is_ok(), waits, "{state:?}");
    }
}

/// 1000.00 bear 0.50 a day, 500.00 bear 0.25.
#[test]
fn surcharge_begins_the_day_after_the_extension_and_at_once_where_it_was_refused() {
    let book = RuleBook::embedded().unwrap();
    let stamp = Some(TaxKind::StampTax);
    let asked = "2026-10-20";
    let filed = content("pack", lines());
    let surcharge = |extensions: Vec<Extension>, pay_on: &str| {
        let standing = Standing {
            extensions,
            ..Standing::default()
        };
        let order = quote_standing(&filed, &standing, day(pay_on), &book).unwrap();
        let rows: Vec<String> = order
            .rows
            .iter()
            .map(|row| row.surcharge.to_string())
            .collect();
        (rows[0].clone(), rows[1].clone())
    };
    let both = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    let to = |end: &str| vec![decided(stamp, Some(end), asked)];
    assert_eq!(
        surcharge(to("2026-12-31"), "2026-12-31"),
        both("0.00", "7.75")
    );
    assert_eq!(
        surcharge(to("2026-12-31"), "2027-01-01"),
        both("0.50", "8.00")
    );
    assert_eq!(
        surcharge(to("2026-12-31"), "2027-01-10"),
        both("5.00", "10.25")
    );
    let refused = || decided(stamp, None, asked);
    // From 26 October to 5 November are ten days.
    assert_eq!(
        surcharge(vec![refused()], "2026-11-05"),
        both("5.00", "0.00")
    );
    assert_eq!(surcharge(Vec::new(), "2026-11-05"), both("5.00", "0.00"));
    // An approval stands beside a refusal; the later of two ends counts.
    let mixed = vec![decided(None, Some("2026-12-31"), asked), refused()];
    assert_eq!(surcharge(mixed, "2026-12-31"), both("0.00", "0.00"));
    let two = vec![
        decided(stamp, Some("2026-12-31"), asked),
        decided(stamp, Some("2026-11-30"), asked),
    ];
    assert_eq!(surcharge(two, "2026-12-31"), both("0.00", "7.75"));
    let plain = quote(&filed, day("2026-11-05"), &book).unwrap();
    assert_eq!(plain.rows[0].extended_to, None);
}

#[test]
fn an_inspection_bars_its_tax_and_periods_until_it_is_closed_once() {
    let open = Inspection {
        id: InspectionId::new(Uuid::from_u128(0x600)),
        taxpayer: taxpayer_key(),
        period: period("2026-01-01", "2026-06-30"),
        tax: Some(TaxKind::StampTax),
        document: "皖税检〔2026〕1号".to_owned(),
        opened_at: instant(0),
        closed_at: None,
        version: 1,
    };
    let second = period("2026-04-01", "2026-06-30");
    let third = period("2026-07-01", "2026-09-30");
    assert!(open.bars(TaxKind::StampTax, second));
    assert!(!open.bars(TaxKind::StampTax, third));
    assert!(!open.bars(TaxKind::LandUseTax, second));
    let all = Inspection {
        tax: None,
        ..open.clone()
    };
    assert!(all.bars(TaxKind::LandUseTax, second));
    let closed = open.close(instant(1)).unwrap();
    assert_eq!((closed.closed_at, closed.version), (Some(instant(1)), 2));
    assert!(!closed.bars(TaxKind::StampTax, second));
    assert_eq!(
        closed.close(instant(2)).unwrap_err().reason(),
        "WRONG_STATE"
    );
}

fn extending(filed: &pb::Declaration, extended_to: &str) -> pb::ExtendPaymentRequest {
    pb::ExtendPaymentRequest {
        request_id: fresh(),
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        tax: 0,
        approved: true,
        extended_to: extended_to.to_owned(),
        requested_on: "2026-10-12".to_owned(),
        document: "皖税延〔2026〕1号".to_owned(),
        validate_only: false,
    }
}

async fn arrears(server: &Server, taxpayer: &str, as_of: &str) -> pb::ListArrearsResponse {
    let request = pb::ListArrearsRequest {
        taxpayer_id: taxpayer.to_owned(),
        as_of: as_of.to_owned(),
    };
    let answer = server.payments().list_arrears(request).await;
    answer.unwrap().into_inner()
}

async fn quoted(server: &Server, filed: &pb::Declaration, pay_on: &str) -> pb::Quote {
    let request = pb::QuotePaymentRequest {
        taxpayer_id: filed.taxpayer_id.clone(),
        declaration_id: filed.declaration_id.clone(),
        pay_on: vec![pay_on.to_owned()],
    };
    let answer = server.payments().quote_payment(request).await;
    answer.unwrap().into_inner().quotes.remove(0)
}

#[tokio::test]
async fn an_approved_extension_moves_surcharge_and_arrears_and_is_told_again() {
    let (server, _) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let taxpayer = filed.taxpayer_id.clone();
    let mut officers = server.officers();
    let mut trial = extending(&filed, "2026-12-31");
    trial.validate_only = true;
    officers.extend_payment(trial).await.unwrap();
    // 26 October to 31 December are 66 days: 9.90.
    assert_eq!(
        quoted(&server, &filed, "2026-12-31").await.surcharge_yuan,
        "9.90"
    );
    let late = arrears(&server, &taxpayer, "2026-10-27").await;
    assert_eq!(late.arrears.len(), 1);
    assert_eq!(
        (late.principal_yuan, late.surcharge_yuan),
        ("300.00".into(), "0.15".into())
    );
    assert!(
        arrears(&server, &taxpayer, "2026-10-26")
            .await
            .arrears
            .is_empty()
    );

    let request = extending(&filed, "2026-12-31");
    let first = officers.extend_payment(request.clone()).await.unwrap();
    let again = officers.extend_payment(request).await.unwrap();
    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    let last = quoted(&server, &filed, "2026-12-31").await;
    assert_eq!(
        (last.surcharge_yuan.as_str(), last.rows[0].days_late),
        ("0.00", 0)
    );
    assert_eq!(last.rows[0].extended_to, "2026-12-31");
    let after = quoted(&server, &filed, "2027-01-02").await;
    assert_eq!(
        (after.surcharge_yuan.as_str(), after.rows[0].days_late),
        ("0.30", 2)
    );
    assert!(
        arrears(&server, &taxpayer, "2026-12-31")
            .await
            .arrears
            .is_empty()
    );
    assert_eq!(
        arrears(&server, &taxpayer, "2027-01-01")
            .await
            .surcharge_yuan,
        "0.15"
    );

    // On the extension's last day 300.00 pay it all.
    server.set_clock(NOW + 80 * DAY).await;
    let payment = pay(&server, &filed, "300.00").await;
    assert_eq!(payment.rows[0].extended_to, "2026-12-31");
    let refused = officers
        .extend_payment(extending(&filed, "2027-01-20"))
        .await;
    assert_precondition(refused, "PAYMENT_ALIVE");
    // A debited order is paid, not in arrears.
    assert!(
        arrears(&server, &taxpayer, "2027-01-31")
            .await
            .arrears
            .is_empty()
    );
}

#[tokio::test]
async fn an_extension_is_refused_with_its_reason() {
    let (server, _) = Server::with_quiet_bank().await;
    let filed = filed(&server).await;
    let mut officers = server.officers();
    let long = officers
        .extend_payment(extending(&filed, "2027-01-27"))
        .await;
    let status = assert_precondition(long, "EXTENSION_TOO_LONG");
    assert_eq!(fact(&status, "limit"), "2027-01-26");
    let mut ahead = extending(&filed, "2026-12-31");
    ahead.requested_on = "2026-10-13".to_owned();
    ahead.document.clear();
    let refused = officers.extend_payment(ahead).await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["requested_on", "document"]);
    server.set_clock(NOW + 15 * DAY).await;
    let mut late = extending(&filed, "2026-12-31");
    late.requested_on = "2026-10-27".to_owned();
    let refused = officers.extend_payment(late).await;
    assert_precondition(refused, "EXTENSION_TOO_LATE");
    let mut nothing = extending(&filed, "2026-12-31");
    nothing.set_tax(pb::TaxKind::LandUseTax);
    assert_precondition(officers.extend_payment(nothing).await, "NOTHING_DUE");
    // A refusal is recorded, and surcharge runs from the due day.
    let mut denied = extending(&filed, "");
    denied.approved = false;
    let recorded = officers.extend_payment(denied).await.unwrap().into_inner();
    assert!(!recorded.extension.unwrap().approved);
    assert_eq!(
        quoted(&server, &filed, "2026-11-05").await.surcharge_yuan,
        "1.50"
    );
}

#[tokio::test]
async fn an_inspection_is_opened_and_closed_once() {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let mut officers = server.officers();
    let request = pb::OpenInspectionRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        period: Some(third_quarter()),
        tax: pb::TaxKind::StampTax.into(),
        document: "皖税检〔2026〕1号".to_owned(),
    };
    let first = officers.open_inspection(request.clone()).await.unwrap();
    let again = officers.open_inspection(request).await.unwrap();
    assert!(is_replay(&again));
    assert_eq!(first.get_ref(), again.get_ref());
    let open = first.into_inner().inspection.unwrap();
    assert!(open.close_time.is_none());
    let close = |id: &str| pb::CloseInspectionRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        inspection_id: id.to_owned(),
    };
    let unknown = officers.close_inspection(close(NOBODY)).await;
    assert_refused(unknown, Code::NotFound, "NOT_FOUND");
    let closed = officers.close_inspection(close(&open.inspection_id)).await;
    let closed = closed.unwrap().into_inner().inspection.unwrap();
    assert!(closed.close_time.is_some());
    let twice = officers.close_inspection(close(&open.inspection_id)).await;
    let status = assert_precondition(twice, "WRONG_STATE");
    assert_eq!(fact(&status, "state"), "CLOSED");
}

/// What an extension asks of the rule pack.
pub fn lookups(book: &RuleBook) {
    let waiting = declaration(1, DeclarationState::AwaitingPayment, content("p", lines()));
    let stamp = Some(TaxKind::StampTax);
    let checked = decided(stamp, Some("2027-01-26"), "2026-10-26").check(&waiting, book);
    assert_eq!(
        checked.unwrap().reaches(TaxKind::StampTax),
        Some(day("2027-01-26"))
    );
}

also_on_postgres!(
    an_approved_extension_moves_surcharge_and_arrears_and_is_told_again,
    an_extension_is_refused_with_its_reason,
    an_inspection_is_opened_and_closed_once,
);

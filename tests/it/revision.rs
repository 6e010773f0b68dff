//! The pure part of corrections and voids: what bars them, what is overdue, what is carried.

use caixing::filing::{
    Bars, Content, Correction, Declaration, DeclarationState, Inspection, Line, Moved, Redrawn,
    carried_after, rest_on,
};
use caixing::types::{InspectionId, Money, Period, TaxKind};

use crate::sample::{
    content, day, declaration, declaration_id, instant, line, payment, period, plain, taxpayer_key,
    yuan,
};

const DUE: &str = "2026-10-26";

fn declared(state: &str, lines: &[&str]) -> Declaration {
    let lines = (1..).zip(lines).map(|(n, payable)| plain(n, payable, DUE));
    let state = DeclarationState::from_name(state).unwrap();
    declaration(1, state, content("pack", lines.collect()))
}

/// A draft drawn again, the same.
fn same() -> Redrawn {
    Redrawn {
        digest: "digest".to_owned(),
        ..Redrawn::default()
    }
}

fn correction(revision: u32) -> Correction {
    Correction {
        corrects: declaration_id(9),
        revision,
        taxes: vec![TaxKind::LandUseTax],
        excluded: Vec::new(),
        reason: "更正".to_owned(),
    }
}

#[test]
fn a_declaration_is_voided_only_unpaid_in_its_window_and_as_first_filed() {
    let voided = |named: &str, paid: Option<&str>, today: &str, revision: u32| {
        let mut filed = declared("AWAITING_PAYMENT", &["100.00"]);
        filed.content.correction = (revision > 1).then(|| correction(revision));
        let paid = paid.map(str::to_owned);
        let done = filed.void(named, paid, day(today), instant(9), "错报".to_owned());
        done.map(|after| after.state.name())
            .map_err(|refusal| refusal.reason())
    };
    assert_eq!(voided("digest", None, DUE, 1), Ok("VOIDED"));
    assert_eq!(
        voided("other", None, DUE, 1),
        Err("CONTENT_DIGEST_MISMATCH")
    );
    assert_eq!(voided("digest", Some("payment"), DUE, 1), Err("VOID_PAID"));
    assert_eq!(voided("digest", None, "2026-10-27", 1), Err("VOID_WINDOW"));
    assert_eq!(voided("digest", None, DUE, 2), Err("VOID_REVISION"));
}

#[test]
fn a_correction_is_overdue_where_its_base_was_or_with_a_line_nobody_filed_before() {
    // The base filed line 1 in time or late; the revision has lines 1 or 1 and 2.
    for (base_late, lines, today, overdue) in [
        (false, 1, "2026-12-01", false),
        (true, 1, "2026-12-01", true),
        (true, 1, "2026-10-12", true),
        (false, 2, "2026-12-01", true),
        (false, 2, DUE, false),
    ] {
        let mut base = declared("COMPLETED", &["100.00"]);
        base.submission.as_mut().unwrap().overdue = base_late;
        let mut draft = declared("DRAFT", &["0.00", "5.00"][..lines]);
        draft.content.correction = Some(correction(2));
        let fresh = Redrawn {
            corrects: Some(base),
            ..same()
        };
        let filed = draft.submit("digest", &fresh, Vec::new(), instant(9), day(today));
        let submission = filed.unwrap().submission.unwrap();
        assert_eq!(submission.overdue, overdue, "{base_late} {lines} {today}");
    }
}

#[test]
fn what_was_paid_is_carried_by_line() {
    // Three lines of 100.00, 50.00 and -30.00.
    let carried = |state: &str, waived: &str, moved: &Moved| {
        let mut filed = declared(state, &["100.00", "50.00", "-30.00"]);
        filed.waived = yuan(waived);
        let carried = carried_after(&filed, moved).unwrap();
        carried.iter().map(Money::to_string).collect::<Vec<_>>()
    };
    let nothing = Moved::default();
    let refunded = Moved {
        refunded: true,
        ..Moved::default()
    };
    assert_eq!(carried("AWAITING_PAYMENT", "0.00", &nothing), ["0.00"; 3]);
    assert_eq!(
        carried("COMPLETED", "0.00", &nothing),
        ["100.00", "50.00", "0.00"]
    );
    assert_eq!(
        carried("COMPLETED", "0.00", &refunded),
        ["100.00", "50.00", "-30.00"]
    );
    // What was waived was not paid.
    assert_eq!(carried("COMPLETED", "150.00", &nothing), ["0.00"; 3]);
    // A refund of 120.00 set against the declaration pays its first line and a part of the second.
    let order = payment(1, 1, caixing::filing::PaymentState::InTreasury).order;
    let row = |item: &str, amount: &str| {
        let mut row = order.rows[0].clone();
        (row.item_zh, row.principal) = (item.to_owned(), yuan(amount));
        row
    };
    let part = Moved {
        rows: vec![row("税目1", "100.00"), row("税目2", "20.00")],
        refunded: false,
    };
    assert_eq!(
        carried("AWAITING_PAYMENT", "0.00", &part),
        ["100.00", "20.00", "0.00"]
    );
    // What no line was made of still pays: nothing gets lost.
    let elsewhere = Moved {
        rows: vec![row("别的税目", "110.00")],
        refunded: false,
    };
    assert_eq!(
        carried("AWAITING_PAYMENT", "0.00", &elsewhere),
        ["100.00", "10.00", "0.00"]
    );
}

#[test]
fn a_line_rests_on_its_predecessor_and_nothing_paid_gets_lost() {
    // Tax 100.00, of which 10.00 were paid elsewhere, is now 130.00; 90.00 were paid through us.
    let old = line(
        1,
        TaxKind::LandUseTax,
        ["100.00", "0.00", "10.00"],
        "90.00",
        DUE,
    );
    let gone = line(
        2,
        TaxKind::LandUseTax,
        ["40.00", "5.00", "0.00"],
        "35.00",
        DUE,
    );
    let unpaid = line(
        3,
        TaxKind::LandUseTax,
        ["7.00", "0.00", "0.00"],
        "7.00",
        DUE,
    );
    let new = line(
        1,
        TaxKind::LandUseTax,
        ["130.00", "0.00", "10.00"],
        "120.00",
        "2026-12-15",
    );
    let fresh = line(
        4,
        TaxKind::LandUseTax,
        ["8.00", "0.00", "0.00"],
        "8.00",
        "2026-12-15",
    );
    let mut lines = vec![new, fresh];
    let before = [
        (&old, yuan("90.00")),
        (&gone, yuan("35.00")),
        (&unpaid, yuan("0.00")),
    ];
    rest_on(&mut lines, &before).unwrap();
    let columns = |line: &Line| {
        let charge = &line.charge;
        let amounts = [
            charge.tax_amount,
            charge.already_paid,
            line.payable,
            line.carried,
        ];
        (
            amounts.map(|amount| amount.to_string()),
            line.due_on.to_string(),
        )
    };
    let found: Vec<_> = lines.iter().map(columns).collect();
    let row = |amounts: [&str; 4], due: &str| (amounts.map(str::to_owned), due.to_owned());
    assert_eq!(
        found,
        [
            row(["130.00", "100.00", "30.00", "90.00"], DUE),
            row(["8.00", "0.00", "8.00", "0.00"], "2026-12-15"),
            row(["0.00", "35.00", "-35.00", "35.00"], DUE),
        ]
    );
    let withdrawn: Vec<bool> = lines.iter().map(Line::is_withdrawn).collect();
    assert_eq!(withdrawn, [false, false, true]);
}

fn corrected(lines: Vec<Line>) -> Content {
    Content {
        correction: Some(correction(2)),
        ..content("pack", lines)
    }
}

#[test]
fn an_inspection_bars_only_its_tax_and_periods() {
    let base = content("pack", vec![plain(1, "100.00", DUE)]);
    let new = corrected(vec![plain(1, "120.00", DUE)]);
    let barred = |tax: Option<TaxKind>, period: Period| {
        let bars = Bars {
            inspections: vec![Inspection {
                id: InspectionId::parse("00000000-0000-7000-8000-000000000001").unwrap(),
                taxpayer: taxpayer_key(),
                opened_at: instant(0),
                closed_at: None,
                version: 1,
                period,
                tax,
                document: "税检通〔2026〕7号".to_owned(),
            }],
            ..Bars::default()
        };
        let outcome = bars.check_opening(&base, &new);
        outcome.map_err(|refusal| refusal.reason())
    };
    let quarter = period("2026-07-01", "2026-09-30");
    let last_day = period("2026-09-30", "2027-09-30");
    let after = period("2026-10-01", "2027-09-30");
    assert_eq!(barred(None, quarter), Err("CORR_AUDIT"));
    assert_eq!(
        barred(Some(TaxKind::LandUseTax), last_day),
        Err("CORR_AUDIT")
    );
    assert_eq!(barred(Some(TaxKind::StampTax), quarter), Ok(()));
    assert_eq!(barred(None, after), Ok(()));
}

#[test]
fn money_under_way_bars_the_filing_and_a_refund_also_the_opening() {
    let base = content("pack", vec![plain(1, "-100.00", DUE)]);
    let new = corrected(vec![plain(1, "0.00", DUE)]);
    let checked = |payment: bool, refund: bool| {
        let id = || "id".to_owned();
        let bars = Bars {
            payment: payment.then(id),
            refund: refund.then(id),
            ..Bars::default()
        };
        let reasons = [
            bars.check_opening(&base, &new),
            bars.check_filing(&base, &new),
        ];
        reasons.map(|outcome| outcome.map_or_else(|refusal| refusal.reason(), |()| ""))
    };
    assert_eq!(checked(false, false), ["", ""]);
    assert_eq!(checked(true, false), ["", "PAYMENT_ALIVE"]);
    assert_eq!(checked(true, true), ["REFUND_PENDING", "REFUND_PENDING"]);
}

//! The invariants that the database recounts: what no bug of a handler may commit.

use caixing::filing::{
    Closing, Correction, Declaration, DeclarationState as State, Payment, PaymentChannel,
    PaymentState, SourceState, VoucherState,
};
use caixing::rules::RuleBook;
use caixing::store::{StoreError, Tx};
use caixing::types::{Money, TaxKind};

use crate::sample::{
    content, declaration, declaration_id, instant, line, payment, plain, source, taxpayer,
    taxpayer_key, voucher, yuan,
};
use crate::support::{On, TestDatabase, on_both};

const DUE: &str = "2026-10-26";

on_both!(
    a_declaration_out_of_force_holds_nothing,
    a_declaration_in_force_holds_all_its_lines_and_periods,
    a_revision_in_force_replaced_its_base_and_a_withdrawn_line_holds_nothing,
    completed_means_paid_set_off_or_waived_to_the_fen,
    a_settled_payment_has_its_voucher_unless_an_officer_closed_it,
    what_is_voided_was_not_paid,
);

async fn started(on: On) -> (TestDatabase, Tx) {
    let (kept, store) = TestDatabase::opened(on).await;
    let mut tx = store.begin("Test", None, None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    for number in [1, 2] {
        tx.insert_source(&source(number, SourceState::Collected))
            .await
            .unwrap();
    }
    let book = RuleBook::embedded().unwrap();
    tx.keep_rule_pack(&book, instant(0)).await.unwrap();
    (kept, tx)
}

fn draft(number: u128) -> Declaration {
    let book = RuleBook::embedded().unwrap();
    let lines = vec![plain(1, "100.00", DUE)];
    declaration(number, State::Draft, content(book.digest(), lines))
}

/// The draft is kept, filed with its lines, and stands in a state.
async fn file(tx: &mut Tx, draft: &Declaration, state: State) -> Declaration {
    tx.insert_declaration(draft).await.unwrap();
    let filed = Declaration {
        version: 2,
        waived: draft.waived,
        ..declaration(1, state, draft.content.clone())
    };
    let filed = Declaration {
        id: draft.id,
        ..filed
    };
    tx.update_declaration(&filed).await.unwrap();
    tx.insert_filed(&filed).await.unwrap();
    filed
}

async fn holds(tx: &mut Tx, number: u128) {
    let checked = tx
        .check_invariants(taxpayer_key(), declaration_id(number))
        .await;
    checked.unwrap();
}

async fn broken(tx: &mut Tx, number: u128, words: &str) {
    match tx
        .check_invariants(taxpayer_key(), declaration_id(number))
        .await
    {
        Err(StoreError::Inconsistent { problem, .. }) => {
            assert!(problem.contains(words), "{words} is not in: {problem}");
        }
        other => panic!("{words}: {other:?}"),
    }
}

/// A payment of some principal without surcharge.
fn paying(number: u128, principal: &str, state: PaymentState) -> Payment {
    let mut payment = payment(number, 1, state);
    payment.order.principal = yuan(principal);
    payment.order.surcharge = Money::ZERO;
    payment.order.total = yuan(principal);
    payment.order.rows[0].principal = yuan(principal);
    payment
}

fn closed(filed: Declaration, state: State) -> Declaration {
    Declaration {
        state,
        closing: Some(Closing {
            at: instant(5),
            reason: "更正".to_owned(),
        }),
        version: filed.version + 1,
        ..filed
    }
}

async fn a_declaration_out_of_force_holds_nothing(on: On) {
    for state in [State::Voided, State::Corrected] {
        let (_kept, mut tx) = started(on).await;
        let filed = file(&mut tx, &draft(1), State::AwaitingPayment).await;
        holds(&mut tx, 1).await;
        tx.update_declaration(&closed(filed, state)).await.unwrap();
        broken(&mut tx, 1, "not in force").await;
        tx.retire(taxpayer_key(), declaration_id(1)).await.unwrap();
        if state == State::Voided {
            holds(&mut tx, 1).await;
        } else {
            // Replaced by nothing.
            broken(&mut tx, 1, "not one live end").await;
        }
    }
}

async fn a_declaration_in_force_holds_all_its_lines_and_periods(on: On) {
    let (_kept, mut tx) = started(on).await;
    file(&mut tx, &draft(1), State::AwaitingPayment).await;
    tx.retire(taxpayer_key(), declaration_id(1)).await.unwrap();
    broken(&mut tx, 1, "not live").await;
}

async fn a_revision_in_force_replaced_its_base_and_a_withdrawn_line_holds_nothing(on: On) {
    let (_kept, mut tx) = started(on).await;
    let first = file(&mut tx, &draft(1), State::AwaitingPayment).await;
    let mut second = draft(2);
    second.content.correction = Some(Correction {
        corrects: first.id,
        revision: 2,
        taxes: vec![TaxKind::LandUseTax],
        excluded: Vec::new(),
        reason: "更正".to_owned(),
    });
    // Its one line was withdrawn: 100.00 paid, nothing declared.
    let mut withdrawn = line(
        1,
        TaxKind::LandUseTax,
        ["0.00", "0.00", "100.00"],
        "-100.00",
        DUE,
    );
    withdrawn.charge.base = rust_decimal::Decimal::ZERO;
    withdrawn.charge.rate = rust_decimal::Decimal::ZERO;
    withdrawn.carried = yuan("100.00");
    second.content.lines = vec![withdrawn];
    second.content.covered.clear();
    file(&mut tx, &second, State::Completed).await;
    broken(&mut tx, 2, "its base is not corrected").await;
    broken(&mut tx, 1, "not one live end").await;
    tx.update_declaration(&closed(first, State::Corrected))
        .await
        .unwrap();
    tx.retire(taxpayer_key(), declaration_id(1)).await.unwrap();
    holds(&mut tx, 1).await;
    holds(&mut tx, 2).await;
    assert!(tx.declared(taxpayer_key()).await.unwrap().is_empty());
}

async fn completed_means_paid_set_off_or_waived_to_the_fen(on: On) {
    let agreement = |principal| paying(1, principal, PaymentState::InTreasury);
    let offset = |principal| Payment {
        channel: PaymentChannel::Offset,
        ..paying(2, principal, PaymentState::InTreasury)
    };
    let refunded = Payment {
        state: PaymentState::Refunded,
        refunded: yuan("100.00"),
        ..agreement("100.00")
    };
    for (payments, waived, words) in [
        (vec![], "0.00", Some("without its money")),
        (vec![], "100.00", None),
        (vec![agreement("100.00")], "0.00", None),
        (vec![refunded], "0.00", None),
        (vec![offset("100.00")], "0.00", None),
        (vec![offset("40.00"), agreement("60.00")], "0.00", None),
        (vec![offset("40.00")], "0.00", Some("without its money")),
        (
            vec![offset("40.00"), agreement("100.00")],
            "0.00",
            Some("principal is not the declaration's"),
        ),
        (
            vec![agreement("99.99")],
            "0.00",
            Some("principal is not the declaration's"),
        ),
        (vec![offset("100.01")], "0.00", Some("more was paid")),
    ] {
        let (_kept, mut tx) = started(on).await;
        let mut first = draft(1);
        first.waived = yuan(waived);
        file(&mut tx, &first, State::Completed).await;
        for (serial, mut payment) in (1..).zip(payments) {
            let mut sheet = voucher(serial, &payment);
            sheet.body.total = payment.order.total;
            payment.voucher = Some(sheet.body.voucher_number.clone());
            tx.insert_payment(&payment).await.unwrap();
            tx.insert_voucher(&sheet).await.unwrap();
        }
        match words {
            None => holds(&mut tx, 1).await,
            Some(words) => broken(&mut tx, 1, words).await,
        }
    }
}

async fn a_settled_payment_has_its_voucher_unless_an_officer_closed_it(on: On) {
    for (state, total, words) in [
        (None, "100.05", Some("do not match")),
        (Some(VoucherState::Issued), "100.05", None),
        (
            Some(VoucherState::Issued),
            "100.04",
            Some("total is not the payment's"),
        ),
        (Some(VoucherState::Voided), "100.05", None),
    ] {
        let (_kept, mut tx) = started(on).await;
        file(&mut tx, &draft(1), State::Completed).await;
        let mut paid = payment(1, 1, PaymentState::InTreasury);
        let mut sheet = voucher(1, &paid);
        paid.voucher = Some(sheet.body.voucher_number.clone());
        tx.insert_payment(&paid).await.unwrap();
        if let Some(state) = state {
            sheet.state = state;
            sheet.body.total = yuan(total);
            tx.insert_voucher(&sheet).await.unwrap();
        }
        match words {
            None => holds(&mut tx, 1).await,
            Some(words) => broken(&mut tx, 1, words).await,
        }
    }
}

async fn what_is_voided_was_not_paid(on: On) {
    let (_kept, mut tx) = started(on).await;
    let filed = file(&mut tx, &draft(1), State::AwaitingPayment).await;
    tx.insert_payment(&paying(1, "100.00", PaymentState::Sent))
        .await
        .unwrap();
    holds(&mut tx, 1).await;
    tx.update_declaration(&closed(filed, State::Voided))
        .await
        .unwrap();
    tx.retire(taxpayer_key(), declaration_id(1)).await.unwrap();
    broken(&mut tx, 1, "voided, but paid").await;
}

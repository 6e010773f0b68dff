//! What the database itself refuses of refunds and offsets, and what its own recount finds.

use caixing::filing::{
    Declaration, DeclarationState, Payment, PaymentChannel, PaymentState, Refund, RefundState,
    Submission,
};
use caixing::rules::RuleBook;
use caixing::store::{Store, StoreError, Tx};
use caixing::types::{Money, RefundId};
use uuid::Uuid;

use crate::refunds::refund;
use crate::sample::{
    content, declaration, declaration_id, instant, payment, plain, source, taxpayer, taxpayer_key,
    voucher, voucher_number, yuan,
};
use crate::support::{On, TestDatabase, on_both};

const DUE: &str = "2026-10-26";

on_both!(
    a_declaration_has_one_refund_that_was_not_rejected,
    more_cannot_be_set_off_than_a_refund_holds,
    the_recount_finds_a_refund_above_what_is_refundable,
    the_recount_finds_tax_paid_twice_without_its_voucher_or_not_at_all,
    the_recount_finds_a_completed_declaration_without_its_money_unless_it_was_waived,
);

/// The database, and the store on it.
type Kept = (TestDatabase, Store);

/// A filed declaration of 100.00 to pay and 700.00 to be refunded.
async fn filed(on: On, state: DeclarationState) -> (Kept, Tx, Declaration) {
    let kept = TestDatabase::opened(on).await;
    let store = &kept.1;
    let mut tx = store.begin("Test", None, None).await.unwrap();
    tx.insert_taxpayer(&taxpayer()).await.unwrap();
    for number in [1, 2] {
        let record = source(number, caixing::filing::SourceState::Collected);
        tx.insert_source(&record).await.unwrap();
    }
    let book = RuleBook::embedded().unwrap();
    tx.keep_rule_pack(&book, instant(0)).await.unwrap();
    let lines = vec![plain(1, "100.00", DUE), plain(2, "-700.00", DUE)];
    let draft = declaration(2, DeclarationState::Draft, content(book.digest(), lines));
    tx.insert_declaration(&draft).await.unwrap();
    let filed = Declaration {
        state,
        submission: Some(Submission {
            at: instant(1),
            overdue: false,
            acknowledged: Vec::new(),
        }),
        version: 2,
        ..draft
    };
    tx.update_declaration(&filed).await.unwrap();
    tx.insert_filed(&filed).await.unwrap();
    (kept, tx, filed)
}

fn claimed(number: u128, amount: &str) -> Refund {
    Refund {
        id: RefundId::new(Uuid::from_u128(0x400 + number)),
        ..refund("REQUESTED", "PREPAID", &[(amount, None)])
    }
}

/// A payment of the declaration set off, of 100.00 and 0.05.
fn set_off(number: u128) -> Payment {
    Payment {
        channel: PaymentChannel::Offset,
        voucher: Some(voucher_number(u64::try_from(number).unwrap())),
        ..payment(number, 2, PaymentState::InTreasury)
    }
}

async fn broken(tx: &mut Tx) -> Option<String> {
    match tx.check_invariants(taxpayer_key(), declaration_id(2)).await {
        Ok(()) => None,
        Err(StoreError::Inconsistent { problem, .. }) => Some(problem),
        Err(other) => panic!("{other}"),
    }
}

async fn a_declaration_has_one_refund_that_was_not_rejected(on: On) {
    let (kept, mut tx, _) = filed(on, DeclarationState::AwaitingPayment).await;
    let mut first = claimed(1, "700.00");
    tx.insert_refund(&first).await.unwrap();
    tx.commit().await.unwrap();
    let begin = || kept.1.begin("Test", Some(taxpayer_key()), None);
    let mut tx = begin().await.unwrap();
    let second = tx.insert_refund(&claimed(2, "700.00")).await;
    assert!(
        matches!(second, Err(StoreError::AlreadyExists(_))),
        "{second:?}"
    );
    // The refusal ended the transaction.
    drop(tx);
    let mut tx = begin().await.unwrap();
    first.state = RefundState::Rejected;
    first.version = 2;
    tx.update_refund(&first).await.unwrap();
    let stale = tx.update_refund(&first).await;
    assert!(
        matches!(stale, Err(StoreError::Stale("refund"))),
        "{stale:?}"
    );
    tx.insert_refund(&claimed(2, "700.00")).await.unwrap();
    let live = tx.live_refund_of(taxpayer_key(), declaration_id(2)).await;
    assert_eq!(live.unwrap(), Some(claimed(2, "700.00")));
    assert_eq!(broken(&mut tx).await, None);
}

async fn more_cannot_be_set_off_than_a_refund_holds(on: On) {
    let (_kept, mut tx, _) = filed(on, DeclarationState::AwaitingPayment).await;
    let mut one = claimed(1, "700.00");
    tx.insert_refund(&one).await.unwrap();
    one.interest = yuan("1.00");
    one.offset = yuan("701.01");
    one.version = 2;
    let refused = tx.update_refund(&one).await;
    assert!(matches!(refused, Err(StoreError::Driver(_))), "{refused:?}");
}

async fn the_recount_finds_a_refund_above_what_is_refundable(on: On) {
    let (_kept, mut tx, _) = filed(on, DeclarationState::AwaitingPayment).await;
    tx.insert_refund(&claimed(1, "700.01")).await.unwrap();
    let problem = broken(&mut tx).await.unwrap();
    assert!(problem.contains("more is refunded"), "{problem}");
}

async fn the_recount_finds_tax_paid_twice_without_its_voucher_or_not_at_all(on: On) {
    let (_kept, mut tx, waiting) = filed(on, DeclarationState::AwaitingPayment).await;
    let first = set_off(1);
    tx.insert_payment(&first).await.unwrap();
    let problem = broken(&mut tx).await.unwrap();
    assert!(
        problem.contains("vouchers and settled payments"),
        "{problem}"
    );
    tx.insert_voucher(&voucher(1, &first)).await.unwrap();
    assert_eq!(broken(&mut tx).await, None);
    let settled = waiting.settle().unwrap();
    tx.update_declaration(&settled).await.unwrap();
    assert_eq!(broken(&mut tx).await, None);
    // 100.00 are payable: a second payment of them is one too many.
    let second = set_off(2);
    tx.insert_payment(&second).await.unwrap();
    tx.insert_voucher(&voucher(2, &second)).await.unwrap();
    let problem = broken(&mut tx).await.unwrap();
    assert!(problem.contains("more was paid"), "{problem}");
}

async fn the_recount_finds_a_completed_declaration_without_its_money_unless_it_was_waived(on: On) {
    let (_kept, mut tx, filed) = filed(on, DeclarationState::Completed).await;
    let problem = broken(&mut tx).await.unwrap();
    assert!(problem.contains("without its money"), "{problem}");
    let waived = Declaration {
        waived: Money::from_fen(99),
        version: 3,
        ..filed
    };
    tx.update_declaration(&waived).await.unwrap();
    assert_eq!(broken(&mut tx).await, None);
}

//! Cases and parts as they are kept: what the tables refuse, and how a list is cut.

use caixing::filing::{Case, CaseState, case};
use caixing::store::StoreError;
use caixing::types::{CaseId, TaxpayerKey};

use crate::sample::{instant, taxpayer_key, treasury, yuan};
use crate::support::{On, TestDatabase, on_both};

fn id(number: u128) -> CaseId {
    CaseId::new(uuid::Uuid::from_u128(number))
}

fn opened(number: u128, taxpayer: Option<TaxpayerKey>, subject: &str, fen: &str) -> Case {
    let finding = case::payment_unknown(subject, yuan(fen), &treasury());
    let at = instant(i64::try_from(number).unwrap());
    Case::open(id(number), taxpayer, subject.to_owned(), finding, at)
}

on_both!(a_subject_has_one_open_case_of_a_rule_and_any_number_of_closed_ones);

async fn a_subject_has_one_open_case_of_a_rule_and_any_number_of_closed_ones(on: On) {
    let (_kept, store) = TestDatabase::opened(on).await;
    let mut tx = store.begin("test", None, None).await.unwrap();
    let first = opened(1, None, "P-1", "1.00");
    tx.insert_case(&first).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin("test", None, None).await.unwrap();
    let second = opened(2, None, "P-1", "2.00");
    let twice = tx.insert_case(&second).await;
    assert!(
        matches!(twice, Err(StoreError::AlreadyExists(_))),
        "{twice:?}"
    );
    // The refusal ended the transaction.
    drop(tx);
    let mut tx = store.begin("test", None, None).await.unwrap();
    // Another subject, and a taxpayer's own, are other cases.
    tx.insert_case(&opened(3, None, "P-2", "1.00"))
        .await
        .unwrap();
    let mine = opened(4, Some(taxpayer_key()), "P-1", "1.00");
    tx.insert_case(&mine).await.unwrap();
    let closed = first
        .clone()
        .resolve("found".to_owned(), instant(9))
        .unwrap();
    tx.update_case(&closed).await.unwrap();
    let stale = tx.update_case(&closed).await;
    assert!(matches!(stale, Err(StoreError::Stale(_))), "{stale:?}");
    tx.insert_case(&second).await.unwrap();
    assert_eq!(tx.case(None, id(1)).await.unwrap(), Some(closed.clone()));
    assert_eq!(tx.case(Some(taxpayer_key()), id(1)).await.unwrap(), None);
    assert_eq!(closed.state, CaseState::Resolved);
    let of = tx.cases_of(None, "P-1", "PAYMENT_UNKNOWN").await.unwrap();
    assert_eq!(of, [second.clone(), closed]);
    let listed =
        |taxpayer, also_closed, before: (i64, &'static str)| (taxpayer, also_closed, before);
    for ((taxpayer, also_closed, before), numbers) in [
        (listed(None, false, (i64::MAX, "")), vec![4, 3, 2]),
        (listed(None, true, (i64::MAX, "")), vec![4, 3, 2, 1]),
        (listed(Some(taxpayer_key()), true, (i64::MAX, "")), vec![4]),
        (
            listed(None, true, (instant(3).as_microsecond(), "")),
            vec![2, 1],
        ),
    ] {
        let found = tx.cases_before(taxpayer, also_closed, before, 10).await;
        let ids: Vec<CaseId> = found.unwrap().into_iter().map(|case| case.id).collect();
        let expected: Vec<CaseId> = numbers.into_iter().map(id).collect();
        assert_eq!(ids, expected);
    }
}

#[test]
fn a_case_is_closed_once() {
    let closed = opened(1, None, "P-1", "1.00").resolve("found".to_owned(), instant(9));
    let closed = closed.unwrap();
    assert_eq!((closed.version, closed.resolved_at), (2, Some(instant(9))));
    let refusal = closed.resolve("again".to_owned(), instant(10)).unwrap_err();
    assert_eq!(refusal.reason(), "WRONG_STATE");
}

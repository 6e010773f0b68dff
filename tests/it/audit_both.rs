//! What the recount of the trail finds on either database after somebody wrote to it behind the
//! service's back.

use caixing::signing::verify;
use caixing::store::Store;

use crate::support::*;

on_both!(
    an_untouched_trail_holds,
    each_way_to_tamper_with_trail_and_tables_is_found,
);

/// A database with a whole life of one taxpayer, nine events.
async fn lived(on: On) -> Server {
    let (server, _bank) = Server::with_quiet_bank_on(on).await;
    let filed = filed(&server).await;
    let paid = pay(&server, &filed, "300.00").await;
    let settled = server.treasury().report_settlement(settling(&paid)).await;
    settled.unwrap();
    server.database().number().await;
    server
}

/// The names of the faults, in their order.
async fn faults(kept: &TestDatabase) -> Vec<&'static str> {
    let store = Store::open_for_reading(&kept.database).await.unwrap();
    let mut tx = store.read().await.unwrap();
    let (_, gap) = tx.audit_positions().await.unwrap();
    let mut found: Vec<_> = gap.into_iter().map(|fault| fault.fault.name()).collect();
    for taxpayer in tx.audit_taxpayers().await.unwrap() {
        let audited = tx.audit_taxpayer(&taxpayer, verify).await.unwrap();
        found.extend(audited.breaks.iter().map(|fault| fault.fault.name()));
    }
    drop(tx);
    store.close().await;
    found
}

async fn an_untouched_trail_holds(on: On) {
    let server = lived(on).await;
    assert_eq!(faults(server.database()).await, [""; 0]);
    let kept = server.database();
    let rows: Vec<(i64, i64)> = kept.rows("SELECT COUNT(*), MAX(position) FROM event").await;
    assert_eq!(rows, [(9, 9)]);
}

/// Statements, how they are taken back, and what is found between the two.
const TAMPERED: [(&str, &str, &[&str]); 6] = [
    (
        "UPDATE event SET at = at + 1 WHERE sequence = 4",
        "UPDATE event SET at = at - 1 WHERE sequence = 4",
        &["EVENT_ALTERED"],
    ),
    (
        "UPDATE payment SET principal_fen = principal_fen + 1",
        "UPDATE payment SET principal_fen = principal_fen - 1",
        &["ROW_ALTERED"],
    ),
    (
        "UPDATE declaration_line SET tax_fen = tax_fen + 1, payable_fen = payable_fen + 1",
        "UPDATE declaration_line SET tax_fen = tax_fen - 1, payable_fen = payable_fen - 1",
        &["LINES_ALTERED"],
    ),
    (
        "UPDATE taxpayer SET version = version + 1, name = name || '二'",
        "UPDATE taxpayer SET version = version - 1, name = REPLACE(name, '二', '')",
        &["ROW_ALTERED"],
    ),
    (
        "UPDATE event SET position = position + 1000 WHERE sequence = 9",
        "UPDATE event SET position = position - 1000 WHERE sequence = 9",
        &["EVENT_MISSING"],
    ),
    (
        "UPDATE voucher SET signed_text = REPLACE(signed_text, '300.00', '900.00')",
        "UPDATE voucher SET signed_text = REPLACE(signed_text, '900.00', '300.00')",
        &["ROW_ALTERED", "VOUCHER_FORGED"],
    ),
];

async fn each_way_to_tamper_with_trail_and_tables_is_found(on: On) {
    let server = lived(on).await;
    let kept = server.database();
    for (statement, back, expected) in TAMPERED {
        kept.change(statement).await;
        assert_eq!(faults(kept).await, expected, "{statement}");
        kept.change(back).await;
        assert_eq!(faults(kept).await, [""; 0], "{back}");
    }
}

//! Every way in which bank and treasury can misbehave, over real sockets: each ends in one debit
//! and one voucher, in nothing debited at all, or in a case for an officer.

use caixing::gateway::BankFault;
use caixing::pb;
use pb::PaymentState as State;
use pb::ReconciliationResult as Outcome;
use pb::reconcile_day_response::Part;

use crate::support::*;

/// The day on which tests play.
const DAY: &str = "2026-10-12";

async fn resolve(server: &Server, payment: &pb::Payment) -> pb::Payment {
    let request = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: payment.taxpayer_id.clone(),
        payment_id: payment.payment_id.clone(),
    };
    let answer = server.payments().resolve_payment(request).await;
    answer.unwrap().into_inner().payment.unwrap()
}

/// A filed declaration of 300.00, paid while the bank misbehaves.
async fn paid_with(fault: BankFault) -> (Server, pb::Declaration, pb::Payment) {
    let server = Server::start().await;
    let filed = filed(&server).await;
    server.next_order(fault);
    let payment = pay(&server, &filed, "300.00").await;
    (server, filed, payment)
}

/// The happy end: this payment alone was debited, and proved by one voucher of its total.
async fn check_end(server: &Server, filed: &pb::Declaration, payment: &pb::Payment) {
    let payment = wait_for(server, payment, State::InTreasury).await;
    assert_eq!(server.journal("debited"), [payment.payment_id.as_str()]);
    check_voucher(server, filed, &payment).await;
}

/// This payment is proved by the one voucher there is.
async fn check_voucher(server: &Server, filed: &pb::Declaration, payment: &pb::Payment) {
    assert_eq!(payment.received_yuan, "300.00");
    assert_eq!(payment.failure_reason, "");
    let vouchers = voucher_list(server, &filed.taxpayer_id).await;
    assert_eq!(vouchers.len(), 1);
    assert_eq!(vouchers[0].total_yuan, "300.00");
    assert_eq!(vouchers[0].voucher_number, payment.voucher_number);
    let completed = read_declaration(server, filed).await;
    assert_eq!(completed.state(), pb::DeclarationState::Completed);
}

/// Sends the day's file: what came of its rows.
async fn file(server: &Server) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for answer in server.send_day_file(DAY).await {
        match answer.part.unwrap() {
            Part::Row(row) => outcomes.push(row.result()),
            Part::Summary(sums) => assert_eq!(sums.row_count, outcomes.len() as i64),
        }
    }
    outcomes
}

/// The journal has the settlement of an order as taken in, within the bound.
async fn wait_for_report(server: &Server) {
    let started = std::time::Instant::now();
    while server.journal("settled").is_empty() {
        assert!(started.elapsed().as_secs() < 30, "never reported");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Past the time in which a debit may still be on its way.
async fn let_time_pass(server: &Server) {
    server.set_clock(NOW + 60).await;
}

#[tokio::test]
async fn refuse() {
    let (server, filed, failed) = paid_with(BankFault::Refuse).await;
    assert_eq!(failed.state(), State::Failed);
    assert_eq!(failed.failure_reason, "INSUFFICIENT_FUNDS");
    assert!(server.journal("debited").is_empty());
    let payment = pay(&server, &filed, "300.00").await;
    check_end(&server, &filed, &payment).await;
    assert_eq!(file(&server).await, [Outcome::Agrees, Outcome::Agrees]);
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn slow() {
    let (server, filed, payment) = paid_with(BankFault::Slow).await;
    // Late, but before the deadline: the answer is known at once.
    assert_ne!(payment.state(), State::Confirming);
    check_end(&server, &filed, &payment).await;
    assert_eq!(file(&server).await, [Outcome::Agrees]);
}

#[tokio::test]
async fn time_out_after_debit() {
    let (server, filed, payment) = paid_with(BankFault::TimeOutAfterDebit).await;
    // Unknown, or known because the worker asked meanwhile; never taken for failed.
    assert!([State::Confirming, State::Debited].contains(&payment.state()));
    let mut payments = server.payments();
    let again = payments.create_payment(paying(&filed, "300.00")).await;
    assert_precondition(again, "PAYMENT_ALIVE");
    // The debit is found out by asking, not by the settlement alone.
    let known = resolve(&server, &payment).await;
    assert!([State::Debited, State::InTreasury].contains(&known.state()));
    check_end(&server, &filed, &payment).await;
}

#[tokio::test]
async fn time_out_before_debit() {
    let (server, filed, first) = paid_with(BankFault::TimeOutBeforeDebit).await;
    assert_eq!(first.state(), State::Confirming);
    // It may still be on its way: "never seen" is not yet a fact.
    assert_eq!(resolve(&server, &first).await.state(), State::Confirming);
    let_time_pass(&server).await;
    let failed = resolve(&server, &first).await;
    assert_eq!(failed.state(), State::Failed);
    assert_eq!(failed.failure_reason, "ORDER_NEVER_REACHED_BANK");
    assert!(server.journal("debited").is_empty());
    let payment = pay(&server, &filed, "300.00").await;
    check_end(&server, &filed, &payment).await;
}

#[tokio::test]
async fn lose_answer() {
    let (server, filed, payment) = paid_with(BankFault::LoseAnswer).await;
    // Nobody is told that it failed.
    assert_ne!(payment.state(), State::Failed);
    check_end(&server, &filed, &payment).await;
    assert_eq!(file(&server).await, [Outcome::Agrees]);
}

#[tokio::test]
async fn report_twice() {
    let (server, filed, payment) = paid_with(BankFault::ReportTwice).await;
    // The journal says "settled" when both reports were taken in.
    wait_for_report(&server).await;
    check_end(&server, &filed, &payment).await;
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn settle_before_answer() {
    let (server, filed, payment) = paid_with(BankFault::SettleBeforeAnswer).await;
    // The bank's answer comes too late to say less than the treasury said.
    assert_eq!(payment.state(), State::InTreasury);
    check_end(&server, &filed, &payment).await;
}

#[tokio::test]
async fn settle_by_file() {
    let (server, filed, payment) = paid_with(BankFault::SettleByFile).await;
    assert_eq!(payment.state(), State::Debited);
    assert_eq!(file(&server).await, [Outcome::Merged]);
    check_end(&server, &filed, &payment).await;
    assert_eq!(file(&server).await, [Outcome::Agrees]);
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn settle_in_parts() {
    let (server, filed, payment) = paid_with(BankFault::SettleInParts).await;
    check_end(&server, &filed, &payment).await;
    // The file has both parts, and neither counts again.
    assert_eq!(file(&server).await, [Outcome::Agrees, Outcome::Agrees]);
    assert!(cases(&server).await.is_empty());
}

#[tokio::test]
async fn reverse_learnt_by_query() {
    let (server, filed, first) = paid_with(BankFault::Reverse).await;
    assert_eq!(first.state(), State::Debited);
    assert_eq!(resolve(&server, &first).await.state(), State::Reversed);
    paid_anew(&server, &filed, &first).await;
}

#[tokio::test]
async fn reverse_learnt_by_file() {
    let (server, filed, first) = paid_with(BankFault::Reverse).await;
    assert_eq!(file(&server).await, [Outcome::Merged]);
    assert_eq!(read_payment(&server, &first).await.state(), State::Reversed);
    paid_anew(&server, &filed, &first).await;
}

/// A payment that was taken back leaves room for another one.
async fn paid_anew(server: &Server, filed: &pb::Declaration, first: &pb::Payment) {
    let payment = pay(server, filed, "300.00").await;
    let payment = wait_for(server, &payment, State::InTreasury).await;
    check_voucher(server, filed, &payment).await;
    // Two debits, one of them taken back.
    let debits = [first.payment_id.clone(), payment.payment_id];
    assert_eq!(server.journal("debited"), debits);
    assert_eq!(server.journal("reversed"), [first.payment_id.as_str()]);
    assert_eq!(file(server).await, [Outcome::Agrees, Outcome::Agrees]);
    assert!(cases(server).await.is_empty());
}

#[tokio::test]
async fn wrong_amount() {
    let (server, filed, payment) = paid_with(BankFault::WrongAmount).await;
    let started = std::time::Instant::now();
    let found = loop {
        let found = cases(&server).await;
        if !found.is_empty() {
            break found;
        }
        assert!(started.elapsed().as_secs() < 30, "no case");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(rules(&found), ["SETTLEMENT_AMOUNT"]);
    let finding = found[0].finding.as_ref().unwrap();
    assert_eq!(
        (finding.expected.as_str(), finding.actual.as_str()),
        ("300.00", "300.01")
    );
    assert_eq!(found[0].subject_id, payment.payment_id);
    assert_eq!(
        read_payment(&server, &payment).await.state(),
        State::Debited
    );
    assert!(voucher_list(&server, &filed.taxpayer_id).await.is_empty());
    // The file has the order's amount.
    assert_eq!(file(&server).await, [Outcome::Merged]);
    check_end(&server, &filed, &payment).await;
    assert_eq!(rules(&cases(&server).await), ["SETTLEMENT_AMOUNT"]);
}

#[tokio::test]
async fn gone() {
    let (server, filed, first) = paid_with(BankFault::Gone).await;
    assert_eq!(first.state(), State::Confirming);
    let_time_pass(&server).await;
    // While the bank is away nothing is known, however late it is.
    assert_eq!(resolve(&server, &first).await.state(), State::Confirming);
    let started = std::time::Instant::now();
    while resolve(&server, &first).await.state() == State::Confirming {
        assert!(started.elapsed().as_secs() < 30, "the bank is never back");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(read_payment(&server, &first).await.state(), State::Failed);
    let payment = pay(&server, &filed, "300.00").await;
    check_end(&server, &filed, &payment).await;
}

#[tokio::test]
async fn forget_and_the_file_brings_it_back() {
    let (server, filed, payment) = paid_with(BankFault::Forget).await;
    assert_eq!(payment.state(), State::Confirming);
    let_time_pass(&server).await;
    assert_eq!(resolve(&server, &payment).await.state(), State::Failed);
    assert_eq!(file(&server).await, [Outcome::Merged]);
    check_end(&server, &filed, &payment).await;
    assert!(cases(&server).await.is_empty());
    // And it cannot be paid a second time.
    let mut payments = server.payments();
    let again = payments.create_payment(paying(&filed, "300.00")).await;
    assert_precondition(again, "PAYMENT_ALIVE");
}

#[tokio::test]
async fn forget_and_the_payer_pays_again() {
    let (server, filed, first) = paid_with(BankFault::Forget).await;
    let_time_pass(&server).await;
    assert_eq!(resolve(&server, &first).await.state(), State::Failed);
    let second = pay(&server, &filed, "300.00").await;
    let second = wait_for(&server, &second, State::InTreasury).await;
    // The payer was debited twice, as the bank never said so: the money is on record, to be
    // refunded by an officer, and there is no second voucher.
    assert_eq!(file(&server).await, [Outcome::CaseOpened, Outcome::Agrees]);
    let found = cases(&server).await;
    assert_eq!(rules(&found), ["DOUBLE_PAYMENT"]);
    assert_eq!(found[0].subject_id, first.payment_id);
    assert_eq!(found[0].finding.as_ref().unwrap().actual, "300.00");
    let kept = read_payment(&server, &first).await;
    assert_eq!(
        (kept.state(), kept.received_yuan.as_str()),
        (State::Failed, "300.00")
    );
    check_voucher(&server, &filed, &second).await;
    // The same file again adds nothing.
    assert_eq!(file(&server).await, [Outcome::CaseOpened, Outcome::Agrees]);
    assert_eq!(cases(&server).await, found);
    assert_eq!(read_payment(&server, &first).await, kept);
}

//! Corrections (更正申报) over a real socket: the new revision states the whole, column 10 carries
//! what was paid, column 11 is the difference. Figures are worked by hand in the comments.

use caixing::pb;
use caixing::pb::DeclarationState as State;
use caixing::pb::compare_declarations_request::After;

use crate::refund_calls::{claim, claiming, decide, deciding, reporting};
use crate::support::*;

const DAY: i64 = 86_400;
/// 2026-11-05, ten days after the due day 2026-10-26.
const TEN_DAYS_LATE: i64 = NOW + 24 * DAY;

/// The example taxpayer with one contract of 1,000,000.00 filed: 300.00.
async fn one_contract(server: &Server) -> (pb::TaxSource, pb::Declaration) {
    let taxpayer = register(server).await;
    let source = collect(server, &taxpayer, contract("HT-1")).await;
    let draft = draft(server, &taxpayer).await;
    (source, submit(server, &draft).await)
}

async fn explained(server: &Server, of: &pb::Declaration) -> pb::ExplainDeclarationResponse {
    let request = pb::ExplainDeclarationRequest {
        taxpayer_id: of.taxpayer_id.clone(),
        declaration_id: of.declaration_id.clone(),
    };
    let answer = server.declarations().explain_declaration(request).await;
    answer.unwrap().into_inner()
}

async fn compared(
    server: &Server,
    before: &pb::Declaration,
    after: After,
) -> pb::CompareDeclarationsResponse {
    let request = pb::CompareDeclarationsRequest {
        taxpayer_id: before.taxpayer_id.clone(),
        before_declaration_id: before.declaration_id.clone(),
        after: Some(after),
    };
    let answer = server.declarations().compare_declarations(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn upward_correction_pays_the_difference_with_surcharge_from_the_original_deadline() {
    let (server, bank) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    server.set_clock(TEN_DAYS_LATE).await;
    // 2,000,000.00 × 0.3‰ = 600.00, of which 300.00 are paid.
    restate(&server, &source, contract_over("HT-1", "2000000.00")).await;
    let draft = open(&server, correcting(&first)).await;
    assert_eq!(draft.state(), State::Draft);
    assert_eq!(
        read_declaration(&server, &first).await.state(),
        State::Completed
    );
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Correcting]);

    let second = file(&server, &draft).await;
    assert_eq!(second.state(), State::AwaitingPayment);
    assert_eq!(columns(&second), [["600.00", "300.00", "300.00"]]);
    assert_eq!(second.lines[0].carried_yuan, "300.00");
    assert_eq!(
        (second.revision, second.lines[0].due_on.as_str()),
        (2, "2026-10-26")
    );
    assert_eq!(second.corrects_declaration_id, first.declaration_id);
    let taxes: Vec<pb::TaxKind> = second.corrected_taxes().collect();
    assert_eq!(taxes, [pb::TaxKind::StampTax]);
    assert!(!second.overdue, "the filing itself was in time");
    let old = read_declaration(&server, &first).await;
    assert_eq!(old.state(), State::Corrected);
    assert_eq!(old.corrected_by_declaration_id, second.declaration_id);
    assert_eq!(old.reason, "合同金额填报有误");
    assert!(old.close_time.is_some());
    assert_eq!((&old.lines, &old.form), (&first.lines, &first.form));
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Declared]);
    let listed = declaration_list(&server, &first.taxpayer_id).await;
    let chain: Vec<&str> = listed
        .iter()
        .map(|one| one.corrected_by_declaration_id.as_str())
        .collect();
    assert_eq!(chain, ["", second.declaration_id.as_str()]);

    // 300.00 × 0.05% × 10 days = 1.50.
    let paid = pay_and_settle(&server, &second, "301.50").await;
    assert_eq!(
        (&*paid.principal_yuan, &*paid.surcharge_yuan),
        ("300.00", "1.50")
    );
    assert_eq!(
        read_declaration(&server, &second).await.state(),
        State::Completed
    );
    assert_eq!(voucher_list(&server, &first.taxpayer_id).await.len(), 2);
    assert_eq!(bank.debit_calls(), 2);

    // The source still says nothing was paid: column 10 is all carried.
    let trace = explained(&server, &second).await.explanations;
    let payable = |amount: &&pb::AmountExplanation| amount.amount() == pb::ExplainedAmount::Payable;
    let payable = trace[0].amounts.iter().find(payable).unwrap();
    let steps: Vec<(&str, &str)> = payable
        .steps
        .iter()
        .map(|step| (step.expression.as_str(), step.value.as_str()))
        .collect();
    let expected = [
        ("0.00 + 300.00", "300.00"),
        ("600.00 − 0.00 − 300.00", "300.00"),
    ];
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn downward_correction_is_completed_at_once_with_the_rest_refundable() {
    let (server, _) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    // 400,000.00 × 0.3‰ = 120.00.
    restate(&server, &source, contract_over("HT-1", "400000.00")).await;
    let second = corrected(&server, &first).await;
    assert_eq!(second.state(), State::Completed);
    assert_eq!(columns(&second), [["120.00", "300.00", "-180.00"]]);
    assert_eq!(sums(&second), ["0.00", "180.00"]);
    // Stated again as it was: what was paid is what is due.
    let kept = source_list(&server, &first.taxpayer_id).await.remove(0);
    restate(&server, &kept, contract("HT-1")).await;
    let third = corrected(&server, &second).await;
    assert_eq!(columns(&third), [["300.00", "300.00", "0.00"]]);
    assert_eq!((third.revision, third.state()), (3, State::Completed));
}

#[tokio::test]
async fn an_unpaid_declaration_is_replaced_and_only_the_new_amount_is_payable() {
    let (server, bank) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    restate(&server, &source, contract_over("HT-1", "2000000.00")).await;
    let second = corrected(&server, &first).await;
    assert_eq!(columns(&second), [["600.00", "0.00", "600.00"]]);
    assert_eq!(second.lines[0].carried_yuan, "");
    let old = server
        .payments()
        .create_payment(paying(&first, "300.00"))
        .await;
    assert_precondition(old, "WRONG_STATE");
    pay_and_settle(&server, &second, "600.00").await;
    assert_eq!(bank.debit_calls(), 1);
}

#[tokio::test]
async fn a_correction_by_tax_leaves_the_rows_of_the_others_to_the_byte() {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let contract = collect(&server, &taxpayer, contract("HT-1")).await;
    let land = collect(&server, &taxpayer, plot("20000.00")).await;
    let first = file(&server, &draft(&server, &taxpayer).await).await;
    assert_eq!(sums(&first), ["25300.00", "0.00"]);
    // Both are stated anew; only stamp tax is corrected.
    restate(&server, &contract, contract_over("HT-1", "2000000.00")).await;
    restate(&server, &land, plot("40000.00")).await;
    let mut request = correcting(&first);
    request.taxes = vec![pb::TaxKind::StampTax.into()];
    let second = file(&server, &open(&server, request).await).await;
    assert_eq!(sums(&second), ["25600.00", "0.00"]);
    let mut standing = second.lines[0].clone();
    assert_eq!(standing.stands_from_declaration_id, first.declaration_id);
    standing.stands_from_declaration_id.clear();
    assert_eq!(standing, first.lines[0]);
    assert_eq!(second.lines[1].stands_from_declaration_id, "");
    assert_eq!(second.form[0], first.form[0]);

    // Paid, it stands again on a third revision, and column 10 carries what was paid.
    pay_and_settle(&server, &second, "25600.00").await;
    let stamp = source_list(&server, &taxpayer).await.remove(0);
    restate(&server, &stamp, contract_over("HT-1", "3000000.00")).await;
    let mut request = correcting(&second);
    request.taxes = vec![pb::TaxKind::StampTax.into()];
    let third = file(&server, &open(&server, request).await).await;
    let rows = [
        ["25000.00", "25000.00", "0.00"],
        ["900.00", "600.00", "300.00"],
    ];
    assert_eq!(columns(&third), rows);
    let from: Vec<&str> = third
        .lines
        .iter()
        .map(|line| line.stands_from_declaration_id.as_str())
        .collect();
    assert_eq!(from, [first.declaration_id.as_str(), ""]);

    // A line that stands is explained by the version it was drawn from: 20,000 m², not 40,000.
    let trace = explained(&server, &third).await;
    let steps = &trace.explanations[0].steps;
    assert!(
        steps.iter().any(|step| step.expression.contains("20000")),
        "{steps:?}"
    );
    let after = After::AfterDeclarationId(third.declaration_id.clone());
    let told = compared(&server, &first, after).await;
    assert_eq!(told.difference.unwrap().tax_amount_yuan, "600.00");
    // Under the law of its own day nothing differs.
    let told = compared(&server, &third, After::LawDate("2026-09-30".to_owned())).await;
    assert_eq!(told.difference.unwrap().net_yuan, "0.00");
    assert!(told.lines.is_empty(), "{:?}", told.lines);
}

#[tokio::test]
async fn a_chain_carries_what_each_of_its_revisions_has_really_paid() {
    let (server, _) = Server::with_quiet_bank().await;
    let (_, first) = one_contract(&server).await;
    let taxpayer = first.taxpayer_id.clone();
    let next = async |filed: &pb::Declaration, amount: &str| {
        let source = source_list(&server, &taxpayer).await.remove(0);
        restate(&server, &source, contract_over("HT-1", amount)).await;
        corrected(&server, filed).await
    };
    pay_and_settle(&server, &first, "300.00").await;
    // 600.00 of tax, never paid: replaced. Then 900.00, of which only the first 300.00 are paid.
    let second = next(&first, "2000000.00").await;
    assert_eq!(columns(&second), [["600.00", "300.00", "300.00"]]);
    let third = next(&second, "3000000.00").await;
    assert_eq!(columns(&third), [["900.00", "300.00", "600.00"]]);
    pay_and_settle(&server, &third, "600.00").await;
    // 450.00 of tax, 900.00 paid. The refund is not paid when the next revision comes.
    let fourth = next(&third, "1500000.00").await;
    assert_eq!(columns(&fourth), [["450.00", "900.00", "-450.00"]]);
    let fifth = next(&fourth, "1000000.00").await;
    assert_eq!(columns(&fifth), [["300.00", "900.00", "-600.00"]]);
    // The refund of 600.00 is paid: 300.00 remain with the treasury. 1,200,000.00 are 360.00.
    pay_back(&server, &fifth, "600.00").await;
    let sixth = next(&fifth, "1200000.00").await;
    assert_eq!(columns(&sixth), [["360.00", "300.00", "60.00"]]);
    assert_eq!(sixth.revision, 6);
    // Only the newest revision can be corrected.
    for old in [&first, &second, &third, &fourth, &fifth] {
        let refused = server
            .declarations()
            .correct_declaration(correcting(old))
            .await;
        assert_precondition(refused, "WRONG_STATE");
        assert_eq!(
            read_declaration(&server, old).await.state(),
            State::Corrected
        );
    }
    let listed = declaration_list(&server, &taxpayer).await;
    let live = |one: &&pb::Declaration| one.corrected_by_declaration_id.is_empty();
    assert_eq!(listed.iter().filter(live).count(), 1);
}

/// Has what a declaration shows as refundable paid back.
async fn pay_back(server: &Server, of: &pb::Declaration, amount_yuan: &str) {
    let claimed = claim(server, claiming(of, amount_yuan, pb::RefundCause::Relief)).await;
    let approved = decide(server, deciding(&claimed, true)).await;
    let report = reporting(&approved, amount_yuan);
    server.treasury().report_refund(report).await.unwrap();
}

#[tokio::test]
async fn an_excluded_source_becomes_refundable_and_can_be_declared_elsewhere() {
    let (server, _) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let mistaken = collect(&server, &taxpayer, contract_over("HT-2", "500000.00")).await;
    let first = submit(&server, &draft(&server, &taxpayer).await).await;
    pay_and_settle(&server, &first, "450.00").await;
    let mut request = correcting(&first);
    request.excluded_source_ids = vec![mistaken.source_id.clone()];
    let second = file(&server, &open(&server, request.clone()).await).await;
    let rows = [["300.00", "300.00", "0.00"], ["0.00", "150.00", "-150.00"]];
    assert_eq!(columns(&second), rows);
    assert_eq!(second.lines[1].source_id, mistaken.source_id);
    assert_eq!(
        (second.state(), sums(&second)),
        (State::Completed, ["0.00", "150.00"])
    );
    let states = source_states(&server, &taxpayer).await;
    assert_eq!(
        states,
        [pb::TaxSourceState::Declared, pb::TaxSourceState::Collected]
    );
    // Its trace says that nothing is declared of it any more.
    let trace = explained(&server, &second).await.explanations;
    assert_eq!(trace[1].amounts[0].steps[0].value, "0.00");
    // The period is free again: a filing of its own, which is another debt.
    let own = draft(&server, &taxpayer).await;
    assert_eq!(columns(&own), [["150.00", "0.00", "150.00"]]);
    submit(&server, &own).await;
    // What it carries on the chain stays refundable while nobody refunds it.
    let third = corrected(&server, &second).await;
    assert_eq!(columns(&third), rows);

    // A source that has no row of a corrected tax cannot be excluded.
    let stranger = collect(&server, &taxpayer, contract("HT-3")).await;
    let mut request = correcting(&third);
    request.excluded_source_ids = vec![stranger.source_id];
    let refused = server.declarations().correct_declaration(request).await;
    assert_eq!(bad_fields(&refused.unwrap_err()), ["excluded_source_ids"]);
}

#[tokio::test]
async fn an_excluded_source_that_was_never_paid_leaves_no_row() {
    let (server, _) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    let mut request = correcting(&first);
    request.excluded_source_ids = vec![source.source_id];
    let second = file(&server, &open(&server, request).await).await;
    assert!(second.lines.is_empty());
    assert_eq!(
        (second.state(), sums(&second)),
        (State::Completed, ["0.00", "0.00"])
    );
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Collected]);
}

#[tokio::test]
async fn a_forgotten_source_comes_in_with_a_due_day_of_its_own() {
    let (server, _) = Server::with_quiet_bank().await;
    let (_, first) = one_contract(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    server.set_clock(TEN_DAYS_LATE).await;
    collect(
        &server,
        &first.taxpayer_id,
        contract_over("HT-2", "500000.00"),
    )
    .await;
    let second = corrected(&server, &first).await;
    let rows = [["300.00", "300.00", "0.00"], ["150.00", "0.00", "150.00"]];
    assert_eq!(columns(&second), rows);
    assert_eq!(second.lines[1].due_on, "2026-10-26");
    // Nobody had filed that row in time.
    assert!(second.overdue);
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Declared; 2]);
}

#[tokio::test]
async fn a_closed_source_stays_on_the_form_it_was_declared_on() {
    let (server, _) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    // Under correction it can be stated anew and closed.
    let draft = open(&server, correcting(&first)).await;
    let kept = source_list(&server, &first.taxpayer_id).await.remove(0);
    assert_eq!(kept.state(), pb::TaxSourceState::Correcting);
    let restated = restate(&server, &kept, contract_over("HT-1", "2000000.00")).await;
    close_source(&server, &restated).await;
    let refused = server
        .declarations()
        .submit_declaration(filing(&draft))
        .await;
    assert_precondition(refused, "DRAFT_STALE");
    let second = corrected(&server, &first).await;
    assert_eq!(columns(&second), [["600.00", "300.00", "300.00"]]);
    assert_eq!(second.lines[0].source_id, source.source_id);
    let states = source_states(&server, &first.taxpayer_id).await;
    assert_eq!(states, [pb::TaxSourceState::Closed]);
    assert_eq!(explained(&server, &second).await.explanations.len(), 1);
}

#[tokio::test]
async fn a_changed_item_is_another_line_and_the_old_one_is_refundable() {
    let (server, _) = Server::with_quiet_bank().await;
    let (source, first) = one_contract(&server).await;
    pay_and_settle(&server, &first, "300.00").await;
    server.set_clock(TEN_DAYS_LATE).await;
    // A lease of movables: 1,000,000.00 × 1‰ = 1,000.00.
    let mut lease = contract("HT-1");
    stamp(&mut lease).lines[0].set_item(pb::StampItem::Lease);
    restate(&server, &source, lease).await;
    let second = corrected(&server, &first).await;
    let rows = [
        ["1000.00", "0.00", "1000.00"],
        ["0.00", "300.00", "-300.00"],
    ];
    assert_eq!(columns(&second), rows);
    // Refundable rows never reduce what is payable.
    assert_eq!(sums(&second), ["1000.00", "300.00"]);
    assert_eq!(second.state(), State::AwaitingPayment);
    // The contract was declared in time, if under another item; the surcharge runs all the same:
    // 1,000.00 × 0.05% × 10 days = 5.00.
    assert!(!second.overdue);
    pay_and_settle(&server, &second, "1005.00").await;
    assert_eq!(
        read_declaration(&server, &second).await.state(),
        State::Completed
    );
}

also_on_postgres!(
    upward_correction_pays_the_difference_with_surcharge_from_the_original_deadline,
    downward_correction_is_completed_at_once_with_the_rest_refundable,
    an_unpaid_declaration_is_replaced_and_only_the_new_amount_is_payable,
    a_correction_by_tax_leaves_the_rows_of_the_others_to_the_byte,
    a_chain_carries_what_each_of_its_revisions_has_really_paid,
    an_excluded_source_becomes_refundable_and_can_be_declared_elsewhere,
    an_excluded_source_that_was_never_paid_leaves_no_row,
    a_forgotten_source_comes_in_with_a_due_day_of_its_own,
    a_closed_source_stays_on_the_form_it_was_declared_on,
    a_changed_item_is_another_line_and_the_old_one_is_refundable,
);

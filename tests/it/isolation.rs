//! Two at once on one thing: exactly one effect, and the other is told the documented refusal or
//! the first answer. Over two connections of one server on each database, and over two servers on
//! one PostgreSQL.

use std::future::Future;
use std::sync::Arc;

use caixing::pb;
use pb::DeclarationState as State;
use tokio::task::JoinSet;
use tonic::{Response, Status};

use crate::refund_calls::{claiming, file, plot};
use crate::support::*;

/// Calls at once where the effect is one.
const SOME: usize = 8;
/// The same request at once.
const MANY: usize = 32;

/// Two ways into one service.
struct Doors {
    left: Server,
    right: Server,
    bank: Arc<QuietBank>,
}

impl Doors {
    /// Two connections to one server.
    async fn of_one(on: On) -> Self {
        let (left, bank) = Server::with_quiet_bank_on(on).await;
        let right = left.over_another_connection().await;
        Self { left, right, bank }
    }

    /// Two servers on one database.
    async fn of_two() -> Self {
        let (left, right, bank) = Server::two_on_one().await;
        Self { left, right, bank }
    }

    /// Left and right in turn.
    fn door(&self, number: usize) -> &Server {
        if number.is_multiple_of(2) {
            &self.left
        } else {
            &self.right
        }
    }
}

/// Plays each claim on each kind of doors.
macro_rules! at_all_doors {
    ($($claim:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    super::$claim(&super::Doors::of_one(crate::support::On::Sqlite).await).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    super::$claim(&super::Doors::of_one(crate::support::On::Postgres).await).await;
                }
            )+
        }
        mod two_servers {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    super::$claim(&super::Doors::of_two().await).await;
                }
            )+
        }
    };
}

at_all_doors!(
    of_many_submits_of_one_draft_one_files_it,
    of_two_corrections_of_one_declaration_one_replaces_it,
    what_is_paid_is_not_voided_and_what_is_voided_is_not_paid,
    the_treasurys_report_and_a_query_of_the_bank_end_in_one_voucher,
    a_request_sent_many_times_at_once_has_one_effect_and_one_answer,
    of_many_registrations_of_one_taxpayer_one_is_kept,
    of_two_drafts_of_one_window_one_is_filed,
    of_many_claims_of_one_refund_one_is_kept,
    sources_collected_at_once_are_all_kept_each_with_a_number,
);

/// What came of calls at once: the answers, and the reasons of the refused.
async fn at_once<T, F>(calls: Vec<F>) -> (Vec<Response<T>>, Vec<String>)
where
    T: Send + 'static,
    F: Future<Output = Result<Response<T>, Status>> + Send + 'static,
{
    let running: JoinSet<_> = calls.into_iter().collect();
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for outcome in running.join_all().await {
        match outcome {
            Ok(answer) => done.push(answer),
            Err(status) => refused.push(reason(&status)),
        }
    }
    (done, refused)
}

/// A call at each door in turn.
macro_rules! calls {
    ($doors:expr, $count:expr, $client:ident.$method:ident, $request:expr) => {{
        let request = $request;
        (0..$count)
            .map(|number| {
                let (mut client, request) = ($doors.door(number).$client(), request(number));
                async move { client.$method(request).await }
            })
            .collect::<Vec<_>>()
    }};
}

#[track_caller]
fn one_of<T>(outcome: (Vec<Response<T>>, Vec<String>), count: usize, refusals: &[&str]) -> T {
    let (mut done, refused) = outcome;
    assert_eq!((done.len(), refused.len()), (1, count - 1), "{refused:?}");
    let documented = |reason: &String| refusals.contains(&reason.as_str());
    assert!(refused.iter().all(documented), "{refused:?}");
    done.remove(0).into_inner()
}

async fn count(server: &Server, taxpayer: &str, kind: &str) -> usize {
    let request = pb::StreamEventsRequest {
        taxpayer_id: taxpayer.to_owned(),
        kind_prefixes: kind.split_whitespace().map(str::to_owned).collect(),
        until_now: true,
        ..Default::default()
    };
    let mut told = server
        .events()
        .stream_events(request)
        .await
        .unwrap()
        .into_inner();
    let mut count = 0;
    while told.message().await.unwrap().is_some() {
        count += 1;
    }
    count
}

async fn of_many_submits_of_one_draft_one_files_it(doors: &Doors) {
    let taxpayer = register(&doors.left).await;
    collect(&doors.left, &taxpayer, contract("HT-1")).await;
    let draft = draft(&doors.right, &taxpayer).await;
    let calls = calls!(doors, SOME, declarations.submit_declaration, |_| filing(
        &draft
    ));
    one_of(at_once(calls).await, SOME, &["WRONG_STATE"]);
    let filed = count(&doors.right, &taxpayer, "declaration.submitted").await;
    assert_eq!(filed, 1);
    doors.left.check_trail().await;
}

async fn of_two_corrections_of_one_declaration_one_replaces_it(doors: &Doors) {
    let taxpayer = register(&doors.left).await;
    let source = collect(&doors.left, &taxpayer, contract("HT-1")).await;
    let first = submit(&doors.left, &draft(&doors.left, &taxpayer).await).await;
    restate(&doors.left, &source, contract_over("HT-1", "2000000.00")).await;
    let calls = calls!(doors, 2, declarations.correct_declaration, |_| correcting(
        &first
    ));
    let (opened, refused) = at_once(calls).await;
    assert_eq!((opened.len(), refused), (2, Vec::new()));
    let drafts: Vec<pb::Declaration> = opened
        .into_iter()
        .map(|answer| answer.into_inner().declaration.unwrap())
        .collect();
    let calls = calls!(
        doors,
        2,
        declarations.submit_declaration,
        |number: usize| filing(&drafts[number])
    );
    let outcome = at_once(calls).await;
    one_of(outcome, 2, &["CORRECTION_SUPERSEDED"]);
    let states: Vec<State> = declaration_list(&doors.right, &taxpayer)
        .await
        .iter()
        .map(pb::Declaration::state)
        .collect();
    let of = |state| states.iter().filter(|one| **one == state).count();
    let counted = [State::Corrected, State::AwaitingPayment, State::Draft].map(of);
    assert_eq!(counted, [1, 1, 1]);
    doors.left.check_trail().await;
}

async fn what_is_paid_is_not_voided_and_what_is_voided_is_not_paid(doors: &Doors) {
    let filed = filed(&doors.left).await;
    let (mut payments, mut declarations) = (doors.left.payments(), doors.right.declarations());
    let (paid, voided) = tokio::join!(
        payments.create_payment(paying(&filed, "300.00")),
        declarations.void_declaration(voiding(&filed)),
    );
    let now = read_declaration(&doors.right, &filed).await;
    match (paid, voided) {
        (Ok(_), Err(refused)) => {
            assert_eq!(reason(&refused), "VOID_PAID");
            assert_eq!(now.state(), State::AwaitingPayment);
            assert_eq!(doors.bank.debit_calls(), 1);
        }
        (Err(refused), Ok(_)) => {
            assert_eq!(reason(&refused), "WRONG_STATE");
            assert_eq!(now.state(), State::Voided);
            assert_eq!(doors.bank.debit_calls(), 0);
        }
        both => panic!("{both:?}"),
    }
    doors.left.check_trail().await;
}

async fn the_treasurys_report_and_a_query_of_the_bank_end_in_one_voucher(doors: &Doors) {
    let filed = filed(&doors.left).await;
    let mut unheard = paying(&filed, "300.00");
    unheard.agreement_number.push_str("-DEAF");
    let paid = doors.left.payments().create_payment(unheard).await;
    let paid = paid.unwrap().into_inner().payment.unwrap();
    let resolving = || pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: paid.taxpayer_id.clone(),
        payment_id: paid.payment_id.clone(),
    };
    let reports = calls!(doors, SOME, treasury.report_settlement, |_| settling(&paid));
    let queries = calls!(doors, SOME, payments.resolve_payment, |_| resolving());
    let (reports, queries) = tokio::join!(at_once(reports), at_once(queries));
    assert_eq!((reports.0.len(), reports.1), (SOME, Vec::new()));
    assert_eq!((queries.0.len(), queries.1), (SOME, Vec::new()));
    let vouchers = voucher_list(&doors.right, &filed.taxpayer_id).await;
    assert_eq!(vouchers.len(), 1);
    for report in reports.0 {
        let told = report.into_inner().voucher_number;
        assert_eq!(told, vouchers[0].voucher_number);
    }
    let now = read_payment(&doors.right, &paid).await;
    assert_eq!(now.state(), pb::PaymentState::InTreasury);
    assert_eq!(doors.bank.debit_calls(), 1);
    doors.left.check_trail().await;
}

/// The one answer all were given; who came while the first asked the bank comes again.
async fn one_answer<T, F>(calls: Vec<F>, again: impl Fn() -> F) -> T
where
    T: prost::Message + Default + Send + 'static,
    F: Future<Output = Result<Response<T>, Status>> + Send + 'static,
{
    let (mut done, refused) = at_once(calls).await;
    let early = |reason: &String| reason == "REQUEST_STILL_RUNNING";
    assert!(refused.iter().all(early), "{refused:?}");
    for _ in refused {
        done.push(again().await.unwrap());
    }
    assert_eq!(done.iter().filter(|answer| !is_replay(answer)).count(), 1);
    let mut bodies: Vec<Vec<u8>> = done
        .into_iter()
        .map(|answer| answer.into_inner().encode_to_vec())
        .collect();
    assert_eq!(bodies.len(), MANY);
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    T::decode(bodies[0].as_slice()).unwrap()
}

async fn a_request_sent_many_times_at_once_has_one_effect_and_one_answer(doors: &Doors) {
    macro_rules! many {
        ($client:ident.$method:ident($request:expr)) => {{
            let request = $request;
            let call = |server: &Server| {
                let (mut client, request) = (server.$client(), request.clone());
                async move { client.$method(request).await }
            };
            let calls = (0..MANY).map(|number| call(doors.door(number))).collect();
            one_answer(calls, || call(&doors.right)).await
        }};
    }
    let registered = many!(taxpayers.register_taxpayer(registration()));
    let taxpayer = registered.taxpayer.unwrap().taxpayer_id;
    many!(sources.create_tax_source(collecting(&taxpayer, contract("HT-1"))));
    let drawn = many!(declarations.draft_declaration(drawing(&taxpayer)));
    let filed = many!(declarations.submit_declaration(filing(&drawn.declarations[0])));
    let paid = many!(payments.create_payment(paying(&filed.declaration.unwrap(), "300.00")));
    many!(treasury.report_settlement(settling(&paid.payment.unwrap())));
    assert_eq!(doors.bank.debit_calls(), 1);
    assert_eq!(voucher_list(&doors.left, &taxpayer).await.len(), 1);
    // Registered, collected, drawn, submitted, sent, debited, in the treasury, completed, issued.
    assert_eq!(count(&doors.right, &taxpayer, "").await, 9);
    doors.left.check_trail().await;
}

async fn of_many_registrations_of_one_taxpayer_one_is_kept(doors: &Doors) {
    let calls = calls!(doors, SOME, taxpayers.register_taxpayer, |_| registration());
    let kept = one_of(at_once(calls).await, SOME, &["ALREADY_EXISTS"]);
    let taxpayer = kept.taxpayer.unwrap().taxpayer_id;
    assert_eq!(count(&doors.right, &taxpayer, "").await, 1);
    doors.left.check_trail().await;
}

async fn of_two_drafts_of_one_window_one_is_filed(doors: &Doors) {
    let taxpayer = register(&doors.left).await;
    collect(&doors.left, &taxpayer, contract("HT-1")).await;
    let calls = calls!(doors, 2, declarations.draft_declaration, |_| drawing(
        &taxpayer
    ));
    let (drawn, refused) = at_once(calls).await;
    assert_eq!((drawn.len(), refused), (2, Vec::new()));
    let drafts: Vec<pb::Declaration> = drawn
        .into_iter()
        .map(|answer| answer.into_inner().declarations.remove(0))
        .collect();
    assert_ne!(drafts[0].declaration_id, drafts[1].declaration_id);
    let calls = calls!(
        doors,
        2,
        declarations.submit_declaration,
        |number: usize| filing(&drafts[number])
    );
    let outcome = at_once(calls).await;
    one_of(outcome, 2, &["DRAFT_STALE", "ALREADY_DECLARED"]);
    doors.left.check_trail().await;
}

async fn of_many_claims_of_one_refund_one_is_kept(doors: &Doors) {
    let taxpayer = register(&doors.left).await;
    collect(&doors.left, &taxpayer, plot("2900.00")).await;
    let filed = file(&doors.left, &taxpayer).await;
    let claim = || claiming(&filed, "400.00", pb::RefundCause::Prepaid);
    let calls = calls!(doors, SOME, payments.request_refund, |_| claim());
    one_of(at_once(calls).await, SOME, &["REFUND_ALIVE"]);
    assert_eq!(count(&doors.right, &taxpayer, "refund.").await, 1);
    doors.left.check_trail().await;
}

async fn sources_collected_at_once_are_all_kept_each_with_a_number(doors: &Doors) {
    let taxpayer = register(&doors.left).await;
    let request = |number: usize| collecting(&taxpayer, contract(&format!("HT-{number}")));
    let calls = calls!(doors, SOME, sources.create_tax_source, request);
    let (done, refused) = at_once(calls).await;
    assert_eq!((done.len(), refused), (SOME, Vec::new()));
    assert_eq!(source_list(&doors.right, &taxpayer).await.len(), SOME);
    assert_eq!(count(&doors.right, &taxpayer, "tax_source.").await, SOME);
    doors.left.check_trail().await;
}

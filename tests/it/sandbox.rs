//! The sandbox one can learn in: every failure on demand, forgetting, a clock that is followed.

use caixing::pb;
use caixing::pb::set_fault_request::Fault;
use tonic::{Code, Request, Response, Status};

use crate::process::Served;
use crate::readme::{bash, blocks_of, said};
use crate::support::*;

const SCENARIO: &str = "x-test-scenario";

fn error(taxpayer: &str, reason: &str, method: &str, times: i32) -> pb::SetFaultRequest {
    pb::SetFaultRequest {
        taxpayer_id: taxpayer.to_owned(),
        fault: Some(Fault::ErrorReason(reason.to_owned())),
        method: method.to_owned(),
        times,
    }
}

fn bank(taxpayer: &str, fault: pb::BankFault, times: i32) -> pb::SetFaultRequest {
    pb::SetFaultRequest {
        taxpayer_id: taxpayer.to_owned(),
        fault: Some(Fault::Bank(fault.into())),
        method: String::new(),
        times,
    }
}

async fn set(server: &Server, fault: pb::SetFaultRequest) -> Vec<String> {
    let answer = server.sandbox().set_fault(fault).await;
    answer.unwrap().into_inner().faults
}

async fn reset(server: &Server, taxpayer: &str) -> Result<i32, Status> {
    let request = pb::ResetRequest {
        taxpayer_id: taxpayer.to_owned(),
    };
    let answer = server.sandbox().reset(request).await;
    answer.map(|answer| answer.into_inner().taxpayer_count)
}

fn reading(taxpayer: &str) -> pb::GetTaxpayerRequest {
    pb::GetTaxpayerRequest {
        taxpayer_id: taxpayer.to_owned(),
        ..Default::default()
    }
}

async fn read(
    server: &Server,
    taxpayer: &str,
) -> Result<Response<pb::GetTaxpayerResponse>, Status> {
    server.taxpayers().get_taxpayer(reading(taxpayer)).await
}

#[tokio::test]
async fn every_reason_of_the_catalogue_is_reproduced_by_one_header() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut seen = 0;
    for one in caixing::grpc::reasons() {
        if one.bank_fault().is_some() {
            continue;
        }
        seen += 1;
        let request = with_header(reading(&taxpayer), SCENARIO, one.name);
        let status = server.taxpayers().get_taxpayer(request).await.unwrap_err();
        let details = details(&status);
        let name = match details.bad_request() {
            Some(bad) if one.name != "FIELDS_INVALID" => {
                let description = &bad.field_violations[0].description;
                description.split(':').next().unwrap().to_owned()
            }
            _ => reason(&status),
        };
        assert_eq!(name, one.name);
        let words = details.localized_message().unwrap();
        assert_eq!(words.locale, "zh-CN");
    }
    assert!(seen > 60, "only {seen} reasons: is the catalogue read?");
    let mut english = with_header(reading(&taxpayer), SCENARIO, "AMOUNT_CHANGED");
    let language = "en".parse().unwrap();
    english.metadata_mut().insert("accept-language", language);
    let status = server.taxpayers().get_taxpayer(english).await.unwrap_err();
    let status = assert_precondition(Err::<Response<()>, _>(status), "AMOUNT_CHANGED");
    assert_eq!(fact(&status, "today_yuan"), "1.00");
    assert_eq!(details(&status).localized_message().unwrap().locale, "en");
    let unknown = with_header(reading(&taxpayer), SCENARIO, "NO_SUCH_REASON");
    let status = server.taxpayers().get_taxpayer(unknown).await.unwrap_err();
    assert_eq!(bad_fields(&status), [SCENARIO]);
    read(&server, &taxpayer).await.unwrap();
}

#[tokio::test]
async fn a_dialled_failure_comes_before_any_effect_and_for_the_calls_it_is_set_for() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let listed = set(
        &server,
        error(&taxpayer, "STORE_UNAVAILABLE", "CreateTaxSource", 2),
    )
    .await;
    assert_eq!(
        listed,
        [format!("{taxpayer} CreateTaxSource STORE_UNAVAILABLE 2")]
    );
    let mut sources = server.sources();
    let request = collecting(&taxpayer, contract("HT-1"));
    for _ in 0..2 {
        let refused = sources.create_tax_source(request.clone()).await;
        let status = assert_refused(refused, Code::Unavailable, "STORE_UNAVAILABLE");
        assert!(details(&status).retry_info().is_some());
    }
    // Other methods and other people's calls are not touched, and the dial is used up.
    assert!(source_list(&server, &taxpayer).await.is_empty());
    let done = sources.create_tax_source(request).await.unwrap();
    assert!(
        !is_replay(&done),
        "nothing was kept of the calls that failed"
    );
    assert_eq!(source_list(&server, &taxpayer).await.len(), 1);
}

#[tokio::test]
async fn a_fault_of_one_taxpayer_reads_whose_call_it_is_also_when_it_is_compressed() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let fault = |times| error(&taxpayer, "INTERNAL", "", times);
    assert_eq!(
        set(&server, fault(-1)).await,
        [format!("{taxpayer} * INTERNAL -1")]
    );
    let other = read(&server, NOBODY).await;
    assert_refused(other, Code::NotFound, "TAXPAYER_NOT_FOUND");
    let gzip = tonic::codec::CompressionEncoding::Gzip;
    let mut compressing = server.taxpayers().send_compressed(gzip);
    for _ in 0..3 {
        let plain = read(&server, &taxpayer).await;
        assert_refused(plain, Code::Internal, "INTERNAL");
        let compressed = compressing.get_taxpayer(reading(&taxpayer)).await;
        assert_refused(compressed, Code::Internal, "INTERNAL");
    }
    assert!(set(&server, fault(0)).await.is_empty(), "turned off");
    read(&server, &taxpayer).await.unwrap();
    compressing.get_taxpayer(reading(&taxpayer)).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_leaves_the_effect_and_the_repeat_is_told_it() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    for (place, scenario) in ["ANSWER_LOST", "ANSWER_RESET"].into_iter().enumerate() {
        let message = collecting(&taxpayer, contract(&format!("HT-{place}")));
        let mut request = Request::new(message.clone());
        let value = scenario.parse().unwrap();
        request.metadata_mut().insert(SCENARIO, value);
        let lost = server.sources().create_tax_source(request).await;
        let status = lost.unwrap_err();
        // As when the connection breaks: no word of the service's comes through.
        assert!(status.details().is_empty(), "{status:?}");
        assert_eq!(source_list(&server, &taxpayer).await.len(), place + 1);
        let outcome = pb::GetOutcomeRequest {
            taxpayer_id: taxpayer.clone(),
            request_id: message.request_id.clone(),
            ..Default::default()
        };
        let outcome = server.outcomes().get_outcome(outcome).await;
        assert_eq!(outcome.unwrap().into_inner().method, "CreateTaxSource");
        let repeat = server.sources().create_tax_source(message).await.unwrap();
        assert!(is_replay(&repeat));
        assert_eq!(source_list(&server, &taxpayer).await.len(), place + 1);
    }
}

#[tokio::test]
async fn bank_faults_go_to_the_sandboxs_own_bank_and_are_listed() {
    let server = Server::start().await;
    let refuse = bank("", pb::BankFault::Refuse, 3);
    assert_eq!(set(&server, refuse).await, ["* * BANK_FAULT_REFUSE 3"]);
    let never = error("", "ORDER_NEVER_REACHED_BANK", "", 1);
    let both = [
        "* * BANK_FAULT_REFUSE 3",
        "* * BANK_FAULT_TIME_OUT_BEFORE_DEBIT 1",
    ];
    assert_eq!(set(&server, never).await, both);
    for number in 1..=13 {
        let fault = pb::BankFault::try_from(number).unwrap();
        let listed = set(&server, bank(NOBODY, fault, 1)).await;
        let line = format!("{NOBODY} * {} 1", fault.as_str_name());
        assert_eq!(listed.last(), Some(&line));
    }
    let empty = pb::SetFaultRequest {
        taxpayer_id: "7".to_owned(),
        fault: None,
        method: "NoSuchMethod".to_owned(),
        times: 1,
    };
    let status = server.sandbox().set_fault(empty).await.unwrap_err();
    assert_eq!(bad_fields(&status), ["taxpayer_id", "method", "fault"]);
    let unknown = error("", "NO_SUCH_REASON", "", 1);
    let status = server.sandbox().set_fault(unknown).await.unwrap_err();
    assert_eq!(bad_fields(&status), ["error_reason"]);
    let none = bank("", pb::BankFault::Unspecified, 1);
    let status = server.sandbox().set_fault(none).await.unwrap_err();
    assert_eq!(bad_fields(&status), ["bank"]);
}

#[tokio::test]
async fn outside_of_a_sandbox_the_header_means_nothing_and_the_bank_is_not_ours() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    let request = with_header(reading(&taxpayer), SCENARIO, "INTERNAL");
    server.taxpayers().get_taxpayer(request).await.unwrap();
    let gone = bank("", pb::BankFault::Gone, 1);
    let refused = server.sandbox().set_fault(gone).await;
    assert_precondition(refused, "BANK_IS_EXTERNAL");
}

async fn whole_life(server: &Server, taxpayer: &str) -> pb::Payment {
    collect(server, taxpayer, contract("HT-1")).await;
    let filed = submit(server, &draft(server, taxpayer).await).await;
    let order = paying(&filed, "300.00");
    let payment = server.payments().create_payment(order).await.unwrap();
    let payment = payment.into_inner().payment.unwrap();
    wait_for(server, &payment, pb::PaymentState::InTreasury).await
}

#[tokio::test]
async fn a_reset_forgets_one_taxpayer_whole_and_nobody_else() {
    let server = Server::start().await;
    let first = registration();
    let registered = server.taxpayers().register_taxpayer(first.clone()).await;
    let taxpayer = registered
        .unwrap()
        .into_inner()
        .taxpayer
        .unwrap()
        .taxpayer_id;
    let payment = whole_life(&server, &taxpayer).await;
    let mut other = registration();
    let number = caixing::types::TaxpayerId::parse(TAX_NUMBER).unwrap();
    other.tax_number = number.next_demonstration_number().unwrap().to_string();
    let kept = server.taxpayers().register_taxpayer(other).await.unwrap();
    let kept = kept.into_inner().taxpayer.unwrap();
    set(&server, error(&taxpayer, "INTERNAL", "", 5)).await;
    let theirs = set(
        &server,
        error(&kept.taxpayer_id, "INTERNAL", "GetPayment", 5),
    )
    .await;
    assert_eq!(reset(&server, &taxpayer).await.unwrap(), 1);
    assert_eq!(reset(&server, &taxpayer).await.unwrap(), 0, "a repeat");
    let gone = read(&server, &taxpayer).await;
    assert_refused(gone, Code::NotFound, "TAXPAYER_NOT_FOUND");
    read(&server, &kept.taxpayer_id).await.unwrap();
    // Its number can register again and its request ids are free: the same life, from the start.
    let answer = server.taxpayers().register_taxpayer(first.clone()).await;
    let answer = answer.unwrap();
    assert!(!is_replay(&answer));
    assert_eq!(answer.into_inner().taxpayer.unwrap().taxpayer_id, taxpayer);
    assert!(source_list(&server, &taxpayer).await.is_empty());
    let verify = pb::VerifyVoucherRequest {
        voucher_number: payment.voucher_number.clone(),
        tax_number: TAX_NUMBER.to_owned(),
        total_yuan: "300.00".to_owned(),
        verification_code: String::new(),
    };
    let verified = server.vouchers().verify_voucher(verify).await;
    assert!(!verified.unwrap().into_inner().valid, "the voucher is gone");
    whole_life(&server, &taxpayer).await;
    let listed = set(&server, error(NOBODY, "INTERNAL", "", 0)).await;
    assert_eq!(
        listed,
        theirs[theirs.len() - 1..],
        "only its own faults went"
    );
}

#[tokio::test]
async fn a_reset_of_everybody_also_resets_faults_and_clock() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    whole_life(&server, &taxpayer).await;
    set(&server, bank("", pb::BankFault::Refuse, -1)).await;
    set(&server, error("", "INTERNAL", "GetTaxpayer", -1)).await;
    assert_eq!(reset(&server, "").await.unwrap(), 1);
    let off = set(&server, error("", "INTERNAL", "GetTaxpayer", 0)).await;
    assert!(off.is_empty(), "{off:?}");
    let before = jiff::Timestamp::from_second(NOW).unwrap();
    let again = registration();
    let fresh = server.taxpayers().register_taxpayer(again).await.unwrap();
    let created = fresh.into_inner().taxpayer.unwrap().create_time.unwrap();
    let at = jiff::Timestamp::from_second(created.seconds).unwrap();
    assert!(at.duration_since(before).abs().as_secs() > 3600, "{at}");
}

#[tokio::test]
async fn a_payment_without_outcome_is_not_forgotten() {
    let (server, _bank) = Server::with_quiet_bank().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    let mut order = paying(&filed, "300.00");
    order.agreement_number = "SFXY-DEAF".to_owned();
    let open = server.payments().create_payment(order).await.unwrap();
    let open = open.into_inner().payment.unwrap();
    assert_eq!(open.state(), pb::PaymentState::Confirming);
    for whom in [taxpayer.as_str(), ""] {
        let request = pb::ResetRequest {
            taxpayer_id: whom.to_owned(),
        };
        let refused = server.sandbox().reset(request).await;
        let status = assert_precondition(refused, "PAYMENT_RUNNING");
        assert_eq!(fact(&status, "payment_id"), open.payment_id);
    }
    read(&server, &taxpayer).await.unwrap();
    let resolve = pb::ResolvePaymentRequest {
        request_id: fresh(),
        taxpayer_id: taxpayer.clone(),
        payment_id: open.payment_id,
    };
    server.payments().resolve_payment(resolve).await.unwrap();
    assert_eq!(reset(&server, &taxpayer).await.unwrap(), 1);
}

/// Whoever adds a table of taxpayers' rows adds it to the list of what is forgotten.
#[test]
fn every_table_of_a_taxpayer_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let catalogue = std::fs::read_to_string(root.join("src/store/tables.rs")).unwrap();
    let mut tables = 0;
    for file in std::fs::read_dir(root.join("migrations/sqlite")).unwrap() {
        let schema = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for table in schema.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(" (").unwrap();
            let columns = rest.split(") STRICT").next().unwrap();
            if columns.contains("taxpayer_id") {
                tables += 1;
                let spread = match name {
                    "voucher_number_claim" => "OwnKey",
                    _ => "Taxpayer",
                };
                let listed = catalogue.contains(&format!("table!(\"{name}\", {spread},"));
                assert!(listed, "{name} is not forgotten");
            }
        }
    }
    assert!(tables >= 16, "only {tables} tables: is the schema read?");
}

/// The commands of `docs/sandbox.md`, on a server of their own.
#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let blocks = blocks_of("docs/sandbox.md");
    let [serve, prepare] = blocks["Start"].as_slice() else {
        panic!("two blocks are expected: serve and prepare")
    };
    assert_eq!(serve.trim(), "cargo run -- serve --sandbox");
    let dir = tempfile::tempdir().unwrap();
    let server = Served::start(&dir.path().join("data"));
    let mut script = prepare.replace("127.0.0.1:50051", &server.address);
    assert_ne!(script, *prepare);
    let order = [
        ("The clock", r#""today": "2026-10-12""#),
        ("One call goes wrong", r#""method": "RegisterTaxpayer""#),
        ("The fault dial", r#""* * BANK_FAULT_LOSE_ANSWER 1""#),
        ("Forgetting", r#""taxpayerCount": 1"#),
    ];
    for (heading, _) in order {
        script.push_str(&blocks[heading].concat());
    }
    let output = bash(&script, dir.path());
    let (out, err) = said(&output);
    assert!(output.status.success(), "{out}\n{err}");
    for (heading, expected) in order {
        assert!(out.contains(expected), "{heading}: {out}\n{err}");
    }
    for reason in ["STORE_UNAVAILABLE", "the connection broke (on demand)"] {
        assert!(err.contains(reason), "{reason}: {err}");
    }
    let months = &blocks["Two years in under a minute"];
    assert_eq!(months.concat().trim(), "cargo run -- demo --months 24");
}

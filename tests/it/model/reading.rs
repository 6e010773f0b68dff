//! The other readings: arrears, refunds, cases, what is to be declared, explanations, comparisons,
//! documents, the law. None of them changes anything.

use caixing::grpc;
use caixing::pb;
use caixing::pb::declaration_service_server::DeclarationService as _;
use caixing::pb::officer_service_server::OfficerService as _;
use caixing::pb::payment_service_server::PaymentService as _;
use caixing::pb::rule_service_server::RuleService as _;
use caixing::pb::tax_source_service_server::TaxSourceService as _;
use caixing::pb::taxpayer_service_server::TaxpayerService as _;
use caixing::pb::voucher_service_server::VoucherService as _;
use jiff::ToSpan as _;
use jiff::civil::Date;
use tokio_stream::StreamExt as _;
use tonic::Request;

use super::book::{Declaration, Filed, Paid, Person};
use super::drawing::{Line, Scope, TICKED, WINDOWS, forms, window, yuan};
use super::filing::{check_source, etag};
use super::judge::{Verdict, ensure, same};
use super::looking::{inner, pages};
use super::officer::check_case;
use super::paying::check_payment;
use super::refunding::check_refund;
use super::world::World;

/// A reading of what a taxpayer has.
type Reading = fn(&Person, &World, Date) -> Verdict;

/// Each by its name; the last two are slow.
const READINGS: [(&str, Reading); 15] = [
    ("QuotePayment", quotes),
    ("GetTaxpayer", taxpayer),
    ("GetTaxSource", each_source),
    ("ListPayments", payments),
    ("GetRefund, ListRefunds", refunds),
    ("ListCases", cases),
    ("ListArrears", arrears),
    ("ListObligations", obligations),
    ("AssessDeclaration", assessed),
    ("ExplainDeclaration", explained),
    ("CompareDeclarations", compared),
    ("WatchDeclaration", watched),
    ("ReviewEligibility", eligibility),
    ("RenderVoucher", rendered),
    ("the law", law),
];
const SLOW: usize = 2;

/// The name of one of them.
pub fn name(what: u8) -> &'static str {
    READINGS[usize::from(what) % READINGS.len()].0
}

/// One of them.
pub fn read_one(person: &Person, world: &World, today: Date, what: u8) -> Verdict {
    READINGS[usize::from(what) % READINGS.len()].1(person, world, today)
}

/// All of them but the slow ones.
pub fn read_all(person: &Person, world: &World, today: Date) -> Verdict {
    let mut fast = READINGS.iter().take(READINGS.len() - SLOW);
    fast.try_for_each(|(_, reading)| reading(person, world, today))
}

fn taxpayer(person: &Person, world: &World, _: Date) -> Verdict {
    let request = pb::GetTaxpayerRequest {
        taxpayer_id: person.key.clone(),
        tax_number: String::new(),
    };
    let service = grpc::Taxpayers(world.app());
    let answer = inner(world.run(service.get_taxpayer(Request::new(request))))?;
    let answer = answer.taxpayer.ok_or("no taxpayer")?;
    same("tax_number", &answer.tax_number, &person.number)?;
    same("taxpayer's etag", &answer.etag, &etag(person.version))
}

fn each_source(person: &Person, world: &World, _: Date) -> Verdict {
    for source in &person.sources {
        let request = pb::GetTaxSourceRequest {
            taxpayer_id: person.key.clone(),
            source_id: source.id.clone(),
            known_at: None,
        };
        let service = grpc::TaxSources(world.app());
        let answer = inner(world.run(service.get_tax_source(Request::new(request))))?;
        check_source(source, &answer.source.ok_or("no source")?)?;
    }
    Ok(())
}

fn payments(person: &Person, world: &World, _: Date) -> Verdict {
    let all = pages!(
        world,
        Payments.list_payments(ListPaymentsRequest),
        payments,
        person.key
    );
    same("payments", &all.len(), &person.payments.len())?;
    for payment in person.payments.iter().filter(|one| !one.running) {
        let of = |one: &&pb::Payment| one.payment_id == payment.id;
        check_payment(
            payment,
            all.iter().find(of).ok_or("a payment is not listed")?,
        )?;
    }
    Ok(())
}

fn refunds(person: &Person, world: &World, today: Date) -> Verdict {
    let all = pages!(
        world,
        Payments.list_refunds(ListRefundsRequest),
        refunds,
        person.key
    );
    same("refunds", &all.len(), &person.refunds.len())?;
    for refund in &person.refunds {
        let of = |one: &&pb::Refund| one.refund_id == refund.id;
        let listed = all.iter().find(of).ok_or("a refund is not listed")?;
        check_refund(refund, today, listed)?;
        let request = pb::GetRefundRequest {
            taxpayer_id: person.key.clone(),
            refund_id: refund.id.clone(),
        };
        let service = grpc::Payments(world.app());
        let answer = inner(world.run(service.get_refund(Request::new(request))))?;
        same("a refund by itself", &answer.refund.as_ref(), &Some(listed))?;
    }
    Ok(())
}

fn cases(person: &Person, world: &World, _: Date) -> Verdict {
    for include_resolved in [true, false] {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListCasesRequest {
                taxpayer_id: person.key.clone(),
                include_resolved,
                page_size: 2,
                page_token,
            };
            let service = grpc::Officers(world.app());
            let answer = inner(world.run(service.list_cases(Request::new(request))))?;
            all.extend(answer.cases);
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let known = person
            .cases
            .iter()
            .filter(|one| include_resolved || one.open);
        same("cases", &all.len(), &known.clone().count())?;
        for case in known {
            let of = |one: &&pb::Case| one.case_id == case.id;
            check_case(case, all.iter().find(of).ok_or("a case is not listed")?)?;
        }
    }
    Ok(())
}

/// What is late and neither debited nor under 1 yuan.
fn arrears(person: &Person, world: &World, today: Date) -> Verdict {
    let request = pb::ListArrearsRequest {
        taxpayer_id: person.key.clone(),
        as_of: String::new(),
    };
    let service = grpc::Payments(world.app());
    let answer = inner(world.run(service.list_arrears(Request::new(request))))?;
    let (mut principal, mut surcharge, mut late) = (0, 0, Vec::new());
    let running = person.payments.iter().any(|one| one.running);
    for filed in &person.declarations {
        let debited = person.live_payment(&filed.id);
        let debited = debited.is_some_and(|one| one.state() == Paid::Debited);
        let due = person.due(filed, today);
        let rows: Vec<_> = due.rows.iter().filter(|row| row.late > 0).collect();
        if filed.state != Filed::AwaitingPayment || debited || due.collected() == 0 {
            continue;
        }
        if rows.is_empty() {
            continue;
        }
        principal += rows.iter().map(|row| row.principal).sum::<i64>();
        surcharge += rows.iter().map(|row| row.surcharge).sum::<i64>();
        late.push(filed.id.clone());
    }
    let mut told: Vec<String> = answer
        .arrears
        .into_iter()
        .map(|one| one.declaration_id)
        .collect();
    told.sort_unstable();
    late.sort_unstable();
    if running && told != late {
        // The bank's answer may have come in the meantime.
        return Ok(());
    }
    same("arrears", &told, &late)?;
    same("tax in arrears", &answer.principal_yuan, &yuan(principal))?;
    same(
        "surcharge in arrears",
        &answer.surcharge_yuan,
        &yuan(surcharge),
    )
}

/// What waits for its payment, if paid today and in some months, when an extension is over too.
fn quotes(person: &Person, world: &World, today: Date) -> Verdict {
    let waits = |one: &&Declaration| one.state == Filed::AwaitingPayment;
    for filed in person.declarations.iter().filter(waits) {
        let days = [0, 40, 200].map(|days: i64| today.saturating_add(days.days()));
        let request = pb::QuotePaymentRequest {
            taxpayer_id: person.key.clone(),
            declaration_id: filed.id.clone(),
            pay_on: days.map(|day| day.to_string()).to_vec(),
        };
        let service = grpc::Payments(world.app());
        let answer = inner(world.run(service.quote_payment(Request::new(request))))?;
        same("quotes", &answer.quotes.len(), &days.len())?;
        for (day, quote) in days.into_iter().zip(&answer.quotes) {
            let due = person.due(filed, day);
            same("quoted tax", &quote.principal_yuan, &yuan(due.principal()))?;
            same(
                "quoted surcharge",
                &quote.surcharge_yuan,
                &yuan(due.surcharge()),
            )?;
            same("quoted", &quote.total_yuan, &yuan(due.collected()))?;
        }
    }
    Ok(())
}

fn obligations(person: &Person, world: &World, _: Date) -> Verdict {
    for which in 0..WINDOWS.len() {
        let request = pb::ListObligationsRequest {
            taxpayer_id: person.key.clone(),
            window: Some(window(which)),
        };
        let service = grpc::Declarations(world.app());
        let answer = inner(world.run(service.list_obligations(Request::new(request))))?;
        let scope = Scope {
            window: which,
            office: None,
            ticked: 0,
        };
        let expected: usize = forms(person, scope)
            .values()
            .map(|form| form.lines.len())
            .sum();
        let due = |one: &&pb::Obligation| one.reason() == pb::ObligationReason::Due;
        let due = answer.obligations.iter().filter(due).count();
        same("obligations", &due, &expected)?;
    }
    Ok(())
}

/// The open sources assessed, as if nothing had been filed.
fn assessed(person: &Person, world: &World, _: Date) -> Verdict {
    let open: Vec<_> = person.sources.iter().filter(|one| !one.closed).collect();
    if open.is_empty() {
        return Ok(());
    }
    let all = WINDOWS.len() - 1;
    let request = pb::AssessDeclarationRequest {
        window: Some(window(all)),
        sources: open.iter().map(|one| one.facts.wire()).collect(),
        ..Default::default()
    };
    let service = grpc::Declarations(world.app());
    let answer = inner(world.run(service.assess_declaration(Request::new(request))))?;
    let quarters = WINDOWS[all].iter();
    let lines = quarters.flat_map(|quarter| {
        let due = open.iter().filter(|one| one.facts.is_due(*quarter));
        due.map(|one| Line::now(one, *quarter, false).tax)
    });
    let totals = answer.totals.ok_or("no totals")?;
    same("assessed", &totals.tax_amount_yuan, &yuan(lines.sum()))
}

/// The newest declarations explained: each line's amount is the one that stands there.
fn explained(person: &Person, world: &World, _: Date) -> Verdict {
    for filed in person.declarations.iter().rev().take(3) {
        let request = pb::ExplainDeclarationRequest {
            taxpayer_id: person.key.clone(),
            declaration_id: filed.id.clone(),
        };
        let service = grpc::Declarations(world.app());
        let answer = inner(world.run(service.explain_declaration(Request::new(request))))?;
        let told = |of: pb::ExplainedAmount| {
            let amounts = answer.explanations.iter().flat_map(|line| &line.amounts);
            let amounts = amounts.filter(move |one| one.amount() == of);
            let mut values: Vec<String> = amounts.map(|one| one.value.clone()).collect();
            values.sort_unstable();
            values
        };
        let mut payable: Vec<String> = filed
            .form
            .lines
            .iter()
            .map(|line| yuan(line.payable()))
            .collect();
        payable.sort_unstable();
        same("explained", &told(pb::ExplainedAmount::Payable), &payable)?;
    }
    Ok(())
}

/// Each revision compared with what it corrects.
fn compared(person: &Person, world: &World, _: Date) -> Verdict {
    let net = |filed: &Declaration| filed.form.lines.iter().map(Line::payable).sum::<i64>();
    let revisions = person.declarations.iter().rev().filter_map(|one| {
        let of = one.correction.as_ref()?;
        Some((person.filed(&of.corrects)?, one))
    });
    for (base, revision) in revisions.take(2) {
        let request = pb::CompareDeclarationsRequest {
            taxpayer_id: person.key.clone(),
            before_declaration_id: base.id.clone(),
            after: Some(pb::compare_declarations_request::After::AfterDeclarationId(
                revision.id.clone(),
            )),
        };
        let service = grpc::Declarations(world.app());
        let answer = inner(world.run(service.compare_declarations(Request::new(request))))?;
        let difference = answer.difference.ok_or("no difference")?;
        same(
            "difference",
            &difference.net_yuan,
            &yuan(net(revision) - net(base)),
        )?;
    }
    Ok(())
}

/// The first answer of a stream that stays open says where a declaration stands.
fn watched(person: &Person, world: &World, _: Date) -> Verdict {
    let Some(filed) = person.declarations.last() else {
        return Ok(());
    };
    let request = pb::WatchDeclarationRequest {
        taxpayer_id: person.key.clone(),
        declaration_id: filed.id.clone(),
        after_sequence: 0,
    };
    let service = grpc::Declarations(world.app());
    let first = world.run(async {
        let stream = service.watch_declaration(Request::new(request)).await;
        let mut stream = inner(stream)?;
        let first = stream.next().await.ok_or("the stream is over")?;
        first.map_err(|status| status.to_string())
    })?;
    same("watched", &first.state(), &filed.state)
}

/// Nobody of these claims by facts, so that there is nothing to review but what is filed.
fn eligibility(person: &Person, world: &World, _: Date) -> Verdict {
    let request = pb::ReviewEligibilityRequest {
        taxpayer_id: person.key.clone(),
        window: Some(window(WINDOWS.len() - 1)),
    };
    let service = grpc::Declarations(world.app());
    let answer = inner(world.run(service.review_eligibility(Request::new(request))))?;
    let ours = |one: &pb::EligibilityReview| {
        person
            .sources
            .iter()
            .any(|source| source.id == one.source_id)
    };
    ensure(answer.reviews.iter().all(ours), || {
        "a review of a source of nobody".to_owned()
    })
}

/// A sheet as a document: the same bytes each time.
fn rendered(person: &Person, world: &World, _: Date) -> Verdict {
    let Some(sheet) = person.sheets.last() else {
        return Ok(());
    };
    let mut request = pb::RenderVoucherRequest {
        taxpayer_id: person.key.clone(),
        voucher_number: sheet.number.clone(),
        ..Default::default()
    };
    request.set_document(pb::DocumentKind::Voucher);
    request.set_format(pb::DocumentFormat::Pdf);
    let draw = || {
        let service = grpc::Vouchers(world.app());
        inner(world.run(service.render_voucher(Request::new(request.clone()))))
    };
    let (one, other) = (draw()?, draw()?);
    ensure(one.content.starts_with(b"%PDF"), || "no PDF".to_owned())?;
    same("a document", &one.content_sha256, &other.content_sha256)
}

/// The law is there whatever happens.
fn law(_: &Person, world: &World, today: Date) -> Verdict {
    let region_code = super::drawing::OFFICES[0][0].to_owned();
    let on = today.to_string();
    let service = grpc::Rules(world.app());
    let pack = Request::new(pb::GetRulePackRequest {});
    let pack = inner(world.run(service.get_rule_pack(pack)))?;
    same("rule pack", &pack.digest.len(), &64)?;
    let parameters = Request::new(pb::ListParametersRequest {
        on: on.clone(),
        region_code: region_code.clone(),
        tax: 0,
    });
    let parameters = inner(world.run(service.list_parameters(parameters)))?;
    ensure(!parameters.parameters.is_empty(), || "no law".to_owned())?;
    for tax in TICKED[3] {
        let items = Request::new(pb::ListTaxItemsRequest {
            tax: (*tax).into(),
            on: on.clone(),
            region_code: region_code.clone(),
        });
        inner(world.run(service.list_tax_items(items)))?;
        let reliefs = Request::new(pb::ListReliefsRequest {
            tax: (*tax).into(),
            on: on.clone(),
            any_day: false,
        });
        inner(world.run(service.list_reliefs(reliefs)))?;
    }
    Ok(())
}

//! Reading what the service says, one answer or everything, and comparing it with the book.

use caixing::grpc;
use caixing::pb;
use caixing::pb::declaration_service_server::DeclarationService as _;
use caixing::pb::event_service_server::EventService as _;
use caixing::pb::payment_service_server::PaymentService as _;
use caixing::pb::tax_source_service_server::TaxSourceService as _;
use caixing::pb::taxpayer_service_server::TaxpayerService as _;
use caixing::pb::voucher_service_server::VoucherService as _;
use caixing::signing;
use jiff::ToSpan as _;
use jiff::civil::Date;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

use super::book::{Book, Filed, Known, Payment, Person};
use super::drawing::yuan;
use super::ending::check_sheet;
use super::filing::{check_declaration, check_form, check_source, etag};
use super::judge::{Verdict, ensure, same};
use super::operation::{Filing, Look, Paying};
use super::paying::check_payment;
use super::world::World;

/// An answer that must come.
pub fn inner<T>(result: Result<Response<T>, Status>) -> Result<T, String> {
    let inner = result.map(Response::into_inner);
    inner.map_err(|status| format!("{:?} {}", status.code(), status.message()))
}

impl Book {
    /// Looks at one thing, or all.
    pub fn look(&self, world: &mut World, look: Look, today: Date) -> Verdict {
        match look {
            Look::Quote {
                who,
                declaration,
                days,
            } => self.quote(world, (who, declaration), today, days),
            Look::Validate { who, draft } => self.validate(world, who, draft),
            Look::Verify {
                who,
                voucher,
                right,
            } => self.verify(world, who, voucher, right),
            Look::Outcome { earlier } => {
                let count = self.requests.len();
                match count {
                    0 => Ok(()),
                    _ => self.known(world, count - 1 - usize::from(earlier) % count),
                }
            }
            Look::Read { who, what } => match self.someone(who) {
                Some(person) => super::reading::read_one(person, world, today, what),
                None => Ok(()),
            },
            Look::All => self.everything(world, today),
        }
    }

    fn quote(&self, world: &World, which: (u8, u8), today: Date, days: u16) -> Verdict {
        let Some(person) = self.someone(which.0) else {
            return Ok(());
        };
        let Some(filed) = Self::to_pay(person, which.1, Paying::Any) else {
            return Ok(());
        };
        let day = today.checked_add(i64::from(days).days()).unwrap();
        let request = pb::QuotePaymentRequest {
            taxpayer_id: person.key.clone(),
            declaration_id: filed.id.clone(),
            pay_on: vec![day.to_string()],
        };
        let service = grpc::Payments(world.app());
        let result = world.run(service.quote_payment(Request::new(request)));
        if filed.state != Filed::AwaitingPayment {
            let refused =
                result.is_err_and(|status| crate::support::reason(&status) == "WRONG_STATE");
            return ensure(refused, || format!("{:?} was quoted", filed.state));
        }
        let answer = inner(result)?;
        let quote = answer.quotes.first().ok_or("no quote")?;
        let due = person.due(filed, day);
        let (principal, surcharge) = (due.principal(), due.surcharge());
        same("quoted principal", &quote.principal_yuan, &yuan(principal))?;
        same("quoted surcharge", &quote.surcharge_yuan, &yuan(surcharge))?;
        let (whole, collected) = (due.whole(), due.collected());
        same("quoted total", &quote.total_yuan, &yuan(collected))?;
        let waived = match whole - collected {
            0 => String::new(),
            waived => yuan(waived),
        };
        same("waived", &quote.waived_yuan, &waived)
    }

    fn validate(&self, world: &World, who: u8, draft: u8) -> Verdict {
        let Some(person) = self.someone(who) else {
            return Ok(());
        };
        let Some(draft) = Self::draft_for(person, draft, Filing::Any) else {
            return Ok(());
        };
        let request = pb::ValidateDeclarationRequest {
            taxpayer_id: person.key.clone(),
            declaration_id: draft.id.clone(),
        };
        let service = grpc::Declarations(world.app());
        let answer = inner(world.run(service.validate_declaration(Request::new(request))))?;
        let fresh = draft.state != Filed::Draft || person.is_fresh(draft);
        same("stale", &answer.stale, &!fresh)?;
        let free = person.bars_filing(draft).is_none() || draft.state != Filed::Draft;
        let submittable =
            fresh && free && draft.state == Filed::Draft && draft.form.idle.is_empty();
        same("submittable", &answer.submittable, &submittable)
    }

    fn verify(&self, world: &World, who: u8, voucher: u8, right: bool) -> Verdict {
        let Some(person) = self.someone(who) else {
            return Ok(());
        };
        let settled: Vec<&Payment> = person
            .payments
            .iter()
            .filter(|one| one.voucher.is_some())
            .collect();
        let Some(payment) = settled.get(usize::from(voucher) % settled.len().max(1)) else {
            return Ok(());
        };
        let number = payment.voucher.clone().unwrap();
        let service = grpc::Vouchers(world.app());
        let request = pb::GetVoucherRequest {
            taxpayer_id: person.key.clone(),
            voucher_number: number.clone(),
        };
        let sheet = inner(world.run(service.get_voucher(Request::new(request))))?;
        let sheet = sheet.voucher.ok_or("no voucher")?;
        // The signed text is for who holds the sheet with its code.
        let code = sheet.verification_code;
        for (code, valid) in [("", right), (code.as_str(), right), ("0000-0000", false)] {
            let request = pb::VerifyVoucherRequest {
                voucher_number: number.clone(),
                tax_number: person.number.clone(),
                total_yuan: yuan(payment.total() + i64::from(!right)),
                verification_code: code.to_owned(),
            };
            let answer = inner(world.run(service.verify_voucher(Request::new(request))))?;
            same("verified", &answer.valid, &valid)?;
            let shown = valid && !code.is_empty();
            same("signed text", &answer.signed_text.is_empty(), &!shown)?;
        }
        Ok(())
    }

    /// What GetOutcome says of an earlier request.
    fn known(&self, world: &World, place: usize) -> Verdict {
        let recorded = &self.requests[place];
        let answer = world.outcome(&recorded.asked);
        let (state, bytes): (_, &[u8]) = match &recorded.known {
            Known::Nothing => (pb::OutcomeState::NotFound, &[]),
            // Whatever the bank was heard to say in the meantime.
            Known::Pending(_) => return Ok(()),
            Known::Importing => (pb::OutcomeState::Pending, &[]),
            Known::Done(bytes) => (pb::OutcomeState::Done, bytes),
        };
        same("outcome", &answer.state(), &state)?;
        ensure(answer.response == bytes, || {
            "GetOutcome gives other bytes than the first answer".to_owned()
        })?;
        if state == pb::OutcomeState::Done {
            same("method", &answer.method.as_str(), &recorded.asked.method())?;
        }
        Ok(())
    }

    /// Everything there is.
    fn everything(&self, world: &World, today: Date) -> Verdict {
        let request = pb::ListTaxpayersRequest::default();
        let service = grpc::Taxpayers(world.app());
        let answer = inner(world.run(service.list_taxpayers(Request::new(request))))?;
        same("taxpayers", &answer.taxpayers.len(), &self.people.len())?;
        for person in &self.people {
            let of = |one: &&pb::Taxpayer| one.taxpayer_id == person.key;
            let wire = answer
                .taxpayers
                .iter()
                .find(of)
                .ok_or("a taxpayer is lost")?;
            same("taxpayer's etag", &wire.etag, &etag(person.version))?;
            same(
                "halved",
                &!wire.six_taxes_windows.is_empty(),
                &person.halved,
            )?;
            sources(person, world)?;
            declarations(person, world)?;
            vouchers(person, world)?;
            events(person, world)?;
            super::reading::read_all(person, world, today)?;
            for payment in person.payments.iter().filter(|one| !one.running) {
                let request = pb::GetPaymentRequest {
                    taxpayer_id: person.key.clone(),
                    payment_id: payment.id.clone(),
                };
                let service = grpc::Payments(world.app());
                let answer = inner(world.run(service.get_payment(Request::new(request))))?;
                check_payment(payment, &answer.payment.ok_or("no payment")?)?;
            }
        }
        (0..self.requests.len()).try_for_each(|place| self.known(world, place))
    }
}

/// The stream of a taxpayer's events tells what happened, from the beginning and from the middle.
fn events(person: &Person, world: &World) -> Verdict {
    let told = |cursor: String| {
        let request = pb::StreamEventsRequest {
            taxpayer_id: person.key.clone(),
            cursor,
            kind_prefixes: Vec::new(),
            until_now: true,
        };
        world.run(async {
            let service = grpc::Events(world.app());
            let mut stream = inner(service.stream_events(Request::new(request)).await)?;
            let mut all = Vec::new();
            while let Some(event) = stream.next().await {
                all.push(event.map_err(|status| status.to_string())?);
            }
            Ok::<_, String>(all)
        })
    };
    let all = told(String::new())?;
    same("events told", &all.len(), &person.events.len())?;
    for ((place, (kind, subject)), event) in person.events.iter().enumerate().zip(&all) {
        same(
            "told sequence",
            &usize::try_from(event.sequence),
            &Ok(place + 1),
        )?;
        // Of a case the book keeps its rule and what it is about, not its id.
        let is_case = kind.starts_with("case.");
        let expected = kind.split(' ').next().unwrap_or_default();
        same("told kind", &event.kind.as_str(), &expected)?;
        ensure(is_case || event.subject_id == *subject, || {
            format!("{kind} of {subject} is told of {}", event.subject_id)
        })?;
    }
    let middle = all.len() / 2;
    let Some(last) = middle.checked_sub(1) else {
        return Ok(());
    };
    let rest = told(all[last].cursor.clone())?;
    ensure(rest == all[middle..], || {
        "another rest of the events".to_owned()
    })
}

/// Every page of a list.
macro_rules! pages {
    ($world:expr, $service:ident.$method:ident($request:ident), $field:ident, $key:expr) => {{
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            #[allow(clippy::needless_update, reason = "only some of them have more fields")]
            let request = pb::$request {
                taxpayer_id: $key.clone(),
                page_size: 7,
                page_token,
                ..Default::default()
            };
            let service = grpc::$service($world.app());
            let answer = inner($world.run(service.$method(Request::new(request))))?;
            all.extend(answer.$field);
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break all;
            }
        }
    }};
}
pub(super) use pages;

fn sources(person: &Person, world: &World) -> Verdict {
    let all = pages!(
        world,
        TaxSources.list_tax_sources(ListTaxSourcesRequest),
        sources,
        person.key
    );
    same("sources", &all.len(), &person.sources.len())?;
    person
        .sources
        .iter()
        .zip(&all)
        .try_for_each(|(source, wire)| check_source(source, wire))
}

fn declarations(person: &Person, world: &World) -> Verdict {
    let all = pages!(
        world,
        Declarations.list_declarations(ListDeclarationsRequest),
        declarations,
        person.key
    );
    same("declarations", &all.len(), &person.declarations.len())?;
    for declaration in &person.declarations {
        let of = |one: &&pb::Declaration| one.declaration_id == declaration.id;
        let wire = all.iter().find(of).ok_or("a declaration is not listed")?;
        check_declaration(declaration, wire)?;
        if declaration.state == Filed::Draft {
            continue;
        }
        let request = pb::GetDeclarationRequest {
            taxpayer_id: person.key.clone(),
            declaration_id: declaration.id.clone(),
        };
        let service = grpc::Declarations(world.app());
        let answer = inner(world.run(service.get_declaration(Request::new(request))))?;
        let answer = answer.declaration.ok_or("no declaration")?;
        check_declaration(declaration, &answer)?;
        check_form(&declaration.form, &answer)?;
    }
    Ok(())
}

fn vouchers(person: &Person, world: &World) -> Verdict {
    let all = pages!(
        world,
        Vouchers.list_vouchers(ListVouchersRequest),
        vouchers,
        person.key
    );
    let settled = person.payments.iter().filter(|one| one.voucher.is_some());
    same("vouchers", &all.len(), &person.sheets.len())?;
    for sheet in &person.sheets {
        let of = |one: &&pb::Voucher| one.voucher_number == sheet.number;
        let wire = all.iter().find(of).ok_or("a sheet is not listed")?;
        check_sheet(sheet, wire)?;
    }
    for payment in settled {
        let of = |one: &&pb::Voucher| Some(&one.voucher_number) == payment.voucher.as_ref();
        let wire = all.iter().find(of).ok_or("a voucher is not listed")?;
        same("voucher's payment", &wire.payment_id, &payment.id)?;
        same(
            "voucher's declaration",
            &wire.declaration_id,
            &payment.declaration,
        )?;
        same("voucher's taxpayer", &wire.tax_number, &person.number)?;
        same(
            "voucher's principal",
            &wire.principal_yuan,
            &yuan(payment.principal()),
        )?;
        same("voucher's total", &wire.total_yuan, &yuan(payment.total()))?;
        let filed = person
            .declarations
            .iter()
            .find(|one| one.id == payment.declaration);
        let digest = filed.map(|filed| filed.digest.clone());
        same(
            "voucher's digest",
            &Some(wire.content_digest.clone()),
            &digest,
        )?;
        let signed = signing::verify(&wire.signed_text, &wire.signature, &wire.public_key);
        ensure(signed, || "a voucher's signature does not hold".to_owned())?;
    }
    Ok(())
}

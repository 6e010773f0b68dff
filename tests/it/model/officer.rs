//! What an officer decides beside refunds: paying later, inspections, cases.

use caixing::pb;
use jiff::ToSpan as _;
use jiff::civil::Date;
use tonic::Code;

use super::asked::{Asked, Outcome};
use super::asking::{REASON, pick};
use super::book::{Book, Case, Declaration, Filed};
use super::drawing::{QUARTERS, TICKED, WINDOWS, window};
use super::filing::{WRONG_STATE, precondition};
use super::judge::{Seen, Verdict, answered, read, same};
use super::operation::Extending;

/// A decision on paying later (延期缴纳税款).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// All taxes of the declaration where nothing.
    pub tax: Option<pb::TaxKind>,
    /// Nothing where it was refused.
    pub extended_to: Option<Date>,
}

impl Extension {
    pub fn reaches(&self, tax: pb::TaxKind) -> Option<Date> {
        self.extended_to
            .filter(|_| self.tax.is_none_or(|own| own == tax))
    }
}

/// An inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    pub id: String,
    pub window: usize,
    pub tax: Option<pb::TaxKind>,
    pub open: bool,
}

impl Inspection {
    /// Its periods cannot be corrected while it is open.
    pub fn bars(&self, tax: pb::TaxKind, quarter: usize) -> bool {
        self.open
            && self.tax.is_none_or(|own| own == tax)
            && WINDOWS[self.window].contains(&quarter)
    }
}

/// Nothing, or a tax.
fn tax_of(which: u8) -> Option<pb::TaxKind> {
    TICKED[usize::from(which) % 3].first().copied()
}

fn on_wire(tax: pb::TaxKind) -> Option<pb::TaxKind> {
    Some(tax).filter(|tax| *tax != pb::TaxKind::Unspecified)
}

impl Declaration {
    /// The due days of what is to be paid of a tax, or of all.
    fn due_days(&self, tax: Option<pb::TaxKind>) -> Vec<Date> {
        let of = |line: &&super::drawing::Line| {
            line.payable() > 0 && tax.is_none_or(|tax| tax == line.kind.tax())
        };
        let lines = self.form.lines.iter().filter(of);
        lines.map(|line| QUARTERS[line.quarter].due).collect()
    }
}

impl Book {
    pub fn asking_extension(
        &mut self,
        (who, which): (u8, u8),
        (tax, days): (u8, u8),
        way: Extending,
        today: Date,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let waits =
            |one: &&Declaration| way == Extending::Any || one.state == Filed::AwaitingPayment;
        let filed = pick(person.declarations.iter().filter(waits), which)?;
        let due = filed.due_days(tax_of(tax));
        let first = due.iter().min().copied().unwrap_or(today);
        let last = due.iter().max().copied().unwrap_or(today);
        let (declaration_id, taxpayer_id) = (filed.id.clone(), person.key.clone());
        let asked_for = match way {
            Extending::Late => today,
            _ => today.min(first),
        };
        let extended_to = match way {
            Extending::Long => first.saturating_add(3.months()).saturating_add(1.days()),
            Extending::Short => last,
            _ => {
                let limit = first.saturating_add(3.months()).max(last);
                limit.min(last.saturating_add(i64::from(days % 80 + 1).days()))
            }
        };
        Some(Asked::ExtendPayment(pb::ExtendPaymentRequest {
            request_id: self.mark(),
            taxpayer_id,
            declaration_id,
            tax: tax_of(tax).unwrap_or(pb::TaxKind::Unspecified).into(),
            approved: way != Extending::Refused,
            extended_to: extended_to.to_string(),
            requested_on: asked_for.to_string(),
            document: REASON.to_owned(),
            validate_only: false,
        }))
    }

    pub fn asking_inspection(&mut self, who: u8, which: u8, tax: u8) -> Option<Asked> {
        let taxpayer_id = self.someone(who)?.key.clone();
        Some(Asked::OpenInspection(pb::OpenInspectionRequest {
            request_id: self.mark(),
            taxpayer_id,
            period: Some(window(usize::from(which) % WINDOWS.len())),
            tax: tax_of(tax).unwrap_or(pb::TaxKind::Unspecified).into(),
            document: REASON.to_owned(),
        }))
    }

    pub fn asking_end_of_inspection(&mut self, who: u8, which: u8) -> Option<Asked> {
        let person = self.someone(who)?;
        let open = person.inspections.iter().filter(|one| one.open);
        let one = pick(open, which).or_else(|| pick(person.inspections.iter(), which))?;
        let (inspection_id, taxpayer_id) = (one.id.clone(), person.key.clone());
        Some(Asked::CloseInspection(pb::CloseInspectionRequest {
            request_id: self.mark(),
            taxpayer_id,
            inspection_id,
        }))
    }

    pub fn asking_case(&mut self, who: u8, which: u8) -> Option<Asked> {
        let person = self.someone(who)?;
        let seen = |one: &&Case| !one.id.is_empty();
        let open = person.cases.iter().filter(seen).filter(|one| one.open);
        let one = pick(open, which);
        let one = one.or_else(|| pick(person.cases.iter().filter(seen), which))?;
        let (case_id, taxpayer_id) = (one.id.clone(), person.key.clone());
        Some(Asked::ResolveCase(pb::ResolveCaseRequest {
            request_id: self.mark(),
            taxpayer_id,
            case_id,
            resolution: REASON.to_owned(),
        }))
    }

    /// 征管法 art. 31, 细则 art. 42: asked for on the due day at the latest, three months at most.
    pub fn extend(
        &mut self,
        m: &pb::ExtendPaymentRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let filed = person.filed(&m.declaration_id).ok_or("no declaration")?;
        let extension = Extension {
            tax: on_wire(m.tax()),
            extended_to: match m.approved {
                true => Some(m.extended_to.parse().map_err(|_| "no day")?),
                false => None,
            },
        };
        let asked_for: Date = m.requested_on.parse().map_err(|_| "no day")?;
        let due = filed.due_days(extension.tax);
        let refusal = match (due.iter().min(), due.iter().max(), extension.extended_to) {
            _ if seen.today() < asked_for => Some((Code::InvalidArgument, "FIELDS_INVALID")),
            _ if filed.state != Filed::AwaitingPayment => Some(WRONG_STATE),
            (Some(first), ..) if *first < asked_for => precondition("EXTENSION_TOO_LATE"),
            (Some(first), _, Some(to)) if first.saturating_add(3.months()) < to => {
                precondition("EXTENSION_TOO_LONG")
            }
            (_, Some(last), Some(to)) if to <= *last => precondition("EXTENSION_TOO_SHORT"),
            (None, ..) => precondition("NOTHING_DUE"),
            _ if person.live_payment(&filed.id).is_some() => precondition("PAYMENT_ALIVE"),
            _ => None,
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::ExtendPaymentResponse = read(bytes)?;
        let answer = message.extension.ok_or("no extension")?;
        same("extended", &answer.declaration_id, &m.declaration_id)?;
        same("approved", &answer.approved, &m.approved)?;
        let to = extension.extended_to.map(|day| day.to_string());
        same("extended_to", &answer.extended_to, &to.unwrap_or_default())?;
        if m.validate_only {
            return Ok(());
        }
        person.note(
            match extension.extended_to {
                Some(_) => "declaration.payment_extended",
                None => "declaration.extension_refused",
            },
            &m.declaration_id,
        );
        let filed = person
            .declaration(&m.declaration_id)
            .ok_or("no declaration")?;
        filed.extensions.push(extension);
        Ok(())
    }

    pub fn inspect(&mut self, m: &pb::OpenInspectionRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let Some(bytes) = answered(outcome, None)? else {
            return Ok(());
        };
        let message: pb::OpenInspectionResponse = read(bytes)?;
        let answer = message.inspection.ok_or("no inspection")?;
        same("inspected", &answer.period, &m.period)?;
        same("closed", &answer.close_time, &None)?;
        let which = (0..WINDOWS.len()).find(|one| Some(window(*one)) == m.period);
        person.note("inspection.opened", &answer.inspection_id);
        person.inspections.push(Inspection {
            id: answer.inspection_id,
            window: which.ok_or("unknown window")?,
            tax: on_wire(m.tax()),
            open: true,
        });
        Ok(())
    }

    pub fn end_inspection(&mut self, m: &pb::CloseInspectionRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let mut all = person.inspections.iter_mut();
        let Some(one) = all.find(|one| one.id == m.inspection_id) else {
            return answered(outcome, Some((Code::NotFound, "NOT_FOUND"))).map(|_| ());
        };
        let refusal = (!one.open).then_some(WRONG_STATE);
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::CloseInspectionResponse = read(bytes)?;
        let answer = message.inspection.ok_or("no inspection")?;
        same("inspection", &answer.inspection_id, &one.id)?;
        same("closed", &answer.close_time.is_some(), &true)?;
        one.open = false;
        person.note("inspection.closed", &m.inspection_id);
        Ok(())
    }

    pub fn close_case(&mut self, m: &pb::ResolveCaseRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let mut all = person.cases.iter_mut();
        let case = all.find(|one| one.id == m.case_id).ok_or("no case")?;
        let refusal = (!case.open).then_some(WRONG_STATE);
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::ResolveCaseResponse = read(bytes)?;
        case.open = false;
        let case = case.clone();
        check_case(&case, &message.case.ok_or("no case")?)?;
        person.note(
            &format!("case.resolved {}", case.objection.0),
            &case.subject,
        );
        Ok(())
    }
}

/// A case as answered against the book.
pub fn check_case(case: &Case, answer: &pb::Case) -> Verdict {
    same("case", &answer.case_id, &case.id)?;
    same("about", &answer.subject_id, &case.subject)?;
    let state = if case.open {
        pb::CaseState::Open
    } else {
        pb::CaseState::Resolved
    };
    same("case's state", &answer.state(), &state)?;
    let finding = answer.finding.as_ref().ok_or("no finding")?;
    same("rule", &finding.rule_id.as_str(), &case.objection.0)
}

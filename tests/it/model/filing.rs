//! The judgements on taxpayers, sources and declarations.

use caixing::pb;
use tonic::Code;

use super::asked::Outcome;
use super::book::{Book, Declaration, Filed, Person, Source};
use super::drawing::{Form, Line, OFFICES, QUARTERS, Scope, TICKED, WINDOWS, forms, window, yuan};
use super::judge::{Refusal, Seen, Verdict, answered, ensure, read, same};

const STALE: Refusal = (Code::Aborted, "ETAG_STALE");
pub const WRONG_STATE: Refusal = (Code::FailedPrecondition, "WRONG_STATE");

/// The refusal of what is not possible as things stand.
pub const fn precondition(reason: &'static str) -> Option<Refusal> {
    Some((Code::FailedPrecondition, reason))
}

/// The etag of a version.
pub fn etag(version: i64) -> String {
    format!("v{version}")
}

fn halved(windows: &[pb::SixTaxesWindow]) -> bool {
    !windows.is_empty()
}

impl Book {
    pub fn register(&mut self, m: &pb::RegisterTaxpayerRequest, outcome: &Outcome) -> Verdict {
        let key = super::asked::key_of(&m.tax_number);
        let known = self.person(&key).is_some();
        let refusal = known.then_some((Code::AlreadyExists, "ALREADY_EXISTS"));
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::RegisterTaxpayerResponse = read(bytes)?;
        let answer = message.taxpayer.ok_or("no taxpayer")?;
        same("taxpayer_id", &answer.taxpayer_id, &key)?;
        same("tax_number", &answer.tax_number, &m.tax_number)?;
        same("etag", &answer.etag, &etag(1))?;
        if m.validate_only {
            return Ok(());
        }
        let mut person = Person {
            number: m.tax_number.clone(),
            key: key.clone(),
            version: 1,
            halved: halved(&m.six_taxes_windows),
            ..Person::default()
        };
        person.note("taxpayer.registered", &key);
        self.people.push(person);
        Ok(())
    }

    pub fn reprofile(&mut self, m: &pb::UpdateTaxpayerRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let refusal = (m.etag != etag(person.version)).then_some(STALE);
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::UpdateTaxpayerResponse = read(bytes)?;
        let answer = message.taxpayer.ok_or("no taxpayer")?;
        same("etag", &answer.etag, &etag(person.version + 1))?;
        same("windows", &answer.six_taxes_windows, &m.six_taxes_windows)?;
        if !m.validate_only {
            person.version += 1;
            person.halved = halved(&m.six_taxes_windows);
            person.note("taxpayer.updated", &m.taxpayer_id);
        }
        Ok(())
    }

    pub fn collect(&mut self, m: &pb::CreateTaxSourceRequest, outcome: &Outcome) -> Verdict {
        let facts = self.facts_of(m.source.as_ref()).ok_or("unknown facts")?;
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let Some(bytes) = answered(outcome, None)? else {
            return Ok(());
        };
        let message: pb::CreateTaxSourceResponse = read(bytes)?;
        let answer = message.source.ok_or("no source")?;
        let source = Source {
            id: answer.source_id.clone(),
            facts,
            first: None,
            version: 1,
            declared: false,
            correcting: false,
            closed: false,
        };
        check_source(&source, &answer)?;
        if !m.validate_only {
            person.note("tax_source.collected", &source.id);
            person.sources.push(source);
        }
        Ok(())
    }

    pub fn restate(&mut self, m: &pb::UpdateTaxSourceRequest, outcome: &Outcome) -> Verdict {
        let facts = self.facts_of(m.source.as_ref()).ok_or("unknown facts")?;
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let source = person.sources.iter_mut().find(|one| one.id == m.source_id);
        let source = source.ok_or("no source")?;
        let refusal = if m.etag != etag(source.version) {
            Some(STALE)
        } else {
            source.closed.then_some(WRONG_STATE)
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::UpdateTaxSourceResponse = read(bytes)?;
        let mut after = source.clone();
        after.facts = facts;
        after.version += 1;
        check_source(&after, &message.source.ok_or("no source")?)?;
        if !m.validate_only {
            *source = after;
            person.note("tax_source.restated", &m.source_id);
        }
        Ok(())
    }

    pub fn close(&mut self, m: &pb::CloseTaxSourceRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let source = person.sources.iter_mut().find(|one| one.id == m.source_id);
        let source = source.ok_or("no source")?;
        let refusal = if m.etag != etag(source.version) {
            Some(STALE)
        } else {
            source.closed.then_some(WRONG_STATE)
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::CloseTaxSourceResponse = read(bytes)?;
        let mut after = source.clone();
        after.version += 1;
        after.closed = true;
        check_source(&after, &message.source.ok_or("no source")?)?;
        if !m.validate_only {
            *source = after;
            person.note("tax_source.closed", &m.source_id);
        }
        Ok(())
    }

    pub fn draft(&mut self, m: &pb::DraftDeclarationRequest, outcome: &Outcome) -> Verdict {
        let scope = scope_of(m).ok_or("unknown scope")?;
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let forms = forms(person, scope);
        let nothing = (Code::FailedPrecondition, "NOTHING_TO_DECLARE");
        let refusal = forms.is_empty().then_some(nothing);
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::DraftDeclarationResponse = read(bytes)?;
        same("forms", &message.declarations.len(), &forms.len())?;
        for ((office, form), answer) in forms.into_iter().zip(message.declarations) {
            let draft = Declaration {
                id: answer.declaration_id.clone(),
                scope,
                office,
                form,
                digest: answer.content_digest.clone(),
                state: Filed::Draft,
                version: 1,
                overdue: false,
                waived: 0,
                correction: None,
                extensions: Vec::new(),
            };
            check_declaration(&draft, &answer)?;
            check_form(&draft.form, &answer)?;
            // A ticked tax of which nothing is due.
            let errors = i32::try_from(draft.form.idle.len()).unwrap();
            same("errors", &answer.error_count, &errors)?;
            // How often the place has it filed is confirmed of none of these.
            ensure(answer.warning_count > 0, || "no warning".to_owned())?;
            person.note("declaration.drawn", &draft.id);
            person.declarations.push(draft);
        }
        Ok(())
    }

    pub fn submit(
        &mut self,
        m: &pb::SubmitDeclarationRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let draft = person
            .declaration(&m.declaration_id)
            .ok_or("no draft")?
            .clone();
        let barred = person.bars_filing(&draft);
        let refusal = if draft.state != Filed::Draft {
            Some(WRONG_STATE)
        } else if barred.is_some() {
            barred
        } else if m.content_digest != draft.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if !person.is_fresh(&draft) {
            precondition("DRAFT_STALE")
        } else if !draft.form.idle.is_empty() {
            precondition("FINDINGS_STOP_FILING")
        } else if draft.form.warns && m.acknowledged_warnings.is_empty() {
            precondition("WARNINGS_NOT_ACKNOWLEDGED")
        } else {
            None
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::SubmitDeclarationResponse = read(bytes)?;
        let answer = message.declaration.ok_or("no declaration")?;
        let mut filed = draft;
        filed.state = if filed.form.payable() > 0 {
            Filed::AwaitingPayment
        } else {
            Filed::Completed
        };
        filed.version += 1;
        let corrects = filed.correction.as_ref().map(|of| of.corrects.clone());
        let base = corrects.as_ref().and_then(|id| person.filed(id));
        // A correction is late where its base was, or with what nobody declared before.
        filed.overdue = base.is_some_and(|base| base.overdue)
            || filed.form.lines.iter().any(|line| {
                let late = QUARTERS[line.quarter].due < seen.today();
                late && !base.is_some_and(|base| base.form.lines.iter().any(|old| old.is_of(line)))
            });
        check_declaration(&filed, &answer)?;
        check_form(&filed.form, &answer)?;
        if m.validate_only {
            return Ok(());
        }
        if let Some(corrects) = &corrects {
            person.replace(corrects);
        }
        for source in &mut person.sources {
            let mut quarters = 0..QUARTERS.len();
            source.declared |= quarters.any(|one| filed.form.declares(&source.id, one));
        }
        person.note("declaration.submitted", &filed.id);
        if filed.state == Filed::Completed {
            person.note("declaration.completed", &filed.id);
        }
        *person.declaration(&m.declaration_id).ok_or("no draft")? = filed.clone();
        if let Some(corrects) = &corrects {
            person.source_states(&filed, corrects);
        }
        Ok(())
    }
}

fn scope_of(m: &pb::DraftDeclarationRequest) -> Option<Scope> {
    let place = |code: &str| OFFICES.iter().position(|office| office[1] == code);
    let window = (0..WINDOWS.len()).find(|one| Some(window(*one)) == m.window)?;
    let ticked = |ticked: &&[pb::TaxKind]| {
        let wire: Vec<i32> = ticked.iter().map(|tax| (*tax).into()).collect();
        wire == m.taxes
    };
    let office = match m.tax_authority_code.as_str() {
        "" => None,
        // An authority that nobody has sources with.
        code => Some(place(code).unwrap_or(usize::MAX)),
    };
    Some(Scope {
        window,
        office,
        ticked: TICKED.iter().position(ticked)?,
    })
}

/// A source as answered against the book.
pub fn check_source(source: &Source, answer: &pb::TaxSource) -> Verdict {
    same("source", &answer.source_id, &source.id)?;
    same("version", &answer.version, &source.version)?;
    same("etag", &answer.etag, &etag(source.version))?;
    let state = format!("TAX_SOURCE_STATE_{}", source.state());
    same("state", &answer.state().as_str_name(), &state.as_str())?;
    same("tax", &answer.tax(), &source.facts.tax())
}

/// A declaration as answered against the book.
pub fn check_declaration(declaration: &Declaration, answer: &pb::Declaration) -> Verdict {
    let form = &declaration.form;
    let [_, authority, treasury] = OFFICES[declaration.office].map(str::to_owned);
    same("declaration", &answer.declaration_id, &declaration.id)?;
    same("state", &answer.state(), &declaration.state)?;
    same("etag", &answer.etag, &etag(declaration.version))?;
    same("digest", &answer.content_digest, &declaration.digest)?;
    same("overdue", &answer.overdue, &declaration.overdue)?;
    same("authority", &answer.tax_authority_code, &authority)?;
    same("treasury", &answer.treasury_code, &treasury)?;
    let window = window(declaration.scope.window);
    same("window", &answer.window, &Some(window))?;
    let due = form
        .lines
        .iter()
        .map(|line| QUARTERS[line.quarter].due)
        .min();
    let due = due.map(|due| due.to_string()).unwrap_or_default();
    same("due_on", &answer.due_on, &due)?;
    same("revision", &answer.revision, &declaration.revision())?;
    let of = declaration.correction.as_ref();
    let corrects = of.map(|of| of.corrects.clone()).unwrap_or_default();
    same("corrects", &answer.corrects_declaration_id, &corrects)?;
    let taxes = of.map(|of| of.taxes.clone()).unwrap_or_default();
    same(
        "corrected taxes",
        &answer.corrected_taxes().collect(),
        &taxes,
    )?;
    let sum = |of: fn(&Line) -> i64| yuan(form.lines.iter().map(of).sum());
    let totals = answer.totals.as_ref().ok_or("no totals")?;
    same("tax", &totals.tax_amount_yuan, &sum(|line| line.tax))?;
    same("relief", &totals.relief_yuan, &sum(|line| line.relief))?;
    same(
        "already paid",
        &totals.already_paid_yuan,
        &sum(|line| line.carried),
    )?;
    same("net", &totals.net_yuan, &sum(Line::payable))?;
    same("payable", &totals.payable_yuan, &yuan(form.payable()))?;
    same(
        "refundable",
        &totals.refundable_yuan,
        &yuan(form.refundable()),
    )
}

/// The lines of a declaration against the form that had to be drawn.
pub fn check_form(form: &Form, answer: &pb::Declaration) -> Verdict {
    same("lines", &answer.lines.len(), &form.lines.len())?;
    for line in &form.lines {
        let first = QUARTERS[line.quarter].first.to_string();
        let of = |one: &&pb::DeclarationLine| {
            let period = one.period.as_ref();
            one.source_id == line.source_id && period.is_some_and(|one| one.first_day == first)
        };
        let wire = answer.lines.iter().find(of).ok_or("a line is missing")?;
        same("version of the source", &wire.source_version, &line.version)?;
        same("line's tax", &wire.tax_amount_yuan, &yuan(line.tax))?;
        same("line's relief", &wire.relief_yuan, &yuan(line.relief))?;
        let carried = Some(line.carried).filter(|fen| *fen != 0).map(yuan);
        same(
            "line's carried",
            &wire.carried_yuan,
            &carried.unwrap_or_default(),
        )?;
        same("line's payable", &wire.payable_yuan, &yuan(line.payable()))?;
        let due = QUARTERS[line.quarter].due.to_string();
        same("line's due day", &wire.due_on, &due)?;
    }
    Ok(())
}

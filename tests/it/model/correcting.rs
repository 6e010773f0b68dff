//! Corrections (更正申报): the new form states the whole, column 10 carries what was paid, column
//! 11 is the difference.

use caixing::pb;
use tonic::Code;

use super::asked::{Asked, Outcome};
use super::asking::pick;
use super::book::{Book, Declaration, Filed, Paid, Person};
use super::drawing::{Form, Line, TICKED, WINDOWS};
use super::filing::{WRONG_STATE, check_declaration, check_form, precondition};
use super::judge::{Refusal, Verdict, answered, read, same};
use super::operation::Paying;
use super::refunding::RefundState;

/// What a revision corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub corrects: String,
    pub revision: i32,
    pub taxes: Vec<pb::TaxKind>,
    /// Sources that should never have been declared.
    pub excluded: Vec<String>,
}

impl Declaration {
    /// 1 for a first filing.
    pub fn revision(&self) -> i32 {
        self.correction.as_ref().map_or(1, |of| of.revision)
    }

    /// The taxes on it, in the form's order.
    fn taxes(&self) -> Vec<pb::TaxKind> {
        let on_it = |tax: &pb::TaxKind| self.form.lines.iter().any(|one| one.kind.tax() == *tax);
        let all = [pb::TaxKind::LandUseTax, pb::TaxKind::StampTax];
        all.into_iter().filter(on_it).collect()
    }
}

impl Person {
    /// What has been paid of each line, all revisions together: of one above zero when its money is
    /// in the treasury, of one below zero when its refund was used up.
    fn carried_after(&self, filed: &Declaration) -> Vec<i64> {
        let whole = filed.state == Filed::Completed && filed.waived == 0;
        let settled = self.payments_of(&filed.id).filter(|one| one.is_settled());
        let mut paid: Vec<_> = settled.flat_map(|one| one.rows.clone()).collect();
        let refund = self.live_refund(&filed.id);
        let refunded = refund.is_some_and(|refund| refund.state == RefundState::Paid);
        let mut carried = Vec::new();
        for line in &filed.form.lines {
            let payable = line.payable();
            let mut got = 0;
            if payable < 0 {
                got = if refunded { payable } else { 0 };
            } else if whole {
                got = payable;
            } else {
                let of = |row: &&mut super::owing::Row| {
                    row.item == line.kind.item() && row.quarter == line.quarter
                };
                for row in paid.iter_mut().filter(of) {
                    let part = row.principal.min(payable - got);
                    row.principal -= part;
                    got += part;
                }
            }
            carried.push(line.carried + got);
        }
        carried
    }

    /// The lines of the corrected taxes as they are now. A closed source stays for what it was
    /// declared for.
    fn drawn_again(&self, base: &Declaration, of: &Correction) -> Vec<Line> {
        let mut lines = Vec::new();
        for source in &self.sources {
            let facts = &source.facts;
            if of.excluded.contains(&source.id)
                || facts.office != base.office
                || !of.taxes.contains(&facts.tax())
            {
                continue;
            }
            for quarter in WINDOWS[base.scope.window].iter().copied() {
                let own = base.form.declares(&source.id, quarter);
                let mut others = self.declarations.iter();
                let elsewhere = others.any(|one| {
                    one.is_live() && one.id != base.id && one.form.declares(&source.id, quarter)
                });
                if facts.is_due(quarter) && !elsewhere && (own || !source.closed) {
                    lines.push(Line::now(source, quarter, self.halved));
                }
            }
        }
        lines
    }

    /// The form that a correction must draw.
    pub fn revised(&self, base: &Declaration, of: &Correction) -> Form {
        let mut lines = self.drawn_again(base, of);
        let warns = !lines.is_empty();
        let before = base.form.lines.iter().zip(self.carried_after(base));
        let corrected = |one: &(&Line, i64)| of.taxes.contains(&one.0.kind.tax());
        let (replaced, standing): (Vec<_>, Vec<_>) = before.partition(corrected);
        for (old, carried) in replaced {
            match lines.iter_mut().find(|line| line.is_of(old)) {
                Some(line) => line.carried = carried,
                None if carried == 0 => {}
                None => lines.push(Line {
                    tax: 0,
                    relief: 0,
                    carried,
                    withdrawn: true,
                    ..old.clone()
                }),
            }
        }
        for (old, carried) in standing {
            if !old.withdrawn || carried != 0 {
                lines.push(Line {
                    carried,
                    ..old.clone()
                });
            }
        }
        let form = Form {
            lines,
            halved: self.halved,
            idle: Vec::new(),
            warns,
        };
        form.in_order()
    }

    /// What bars a correction: an open inspection, a refund that is not used up.
    fn bars(&self, base: &Declaration, of: &Correction, form: &Form) -> Option<Refusal> {
        let mut lines = base.form.lines.iter().chain(&form.lines);
        let inspected = lines.any(|line| {
            let tax = line.kind.tax();
            let bars = |one: &super::officer::Inspection| one.bars(tax, line.quarter);
            of.taxes.contains(&tax) && self.inspections.iter().any(bars)
        });
        let refund = self.live_refund(&base.id);
        let pending = refund.is_some_and(|refund| refund.state != RefundState::Paid);
        match (inspected, pending) {
            (true, _) => precondition("CORR_AUDIT"),
            (false, true) => precondition("REFUND_PENDING"),
            (false, false) => None,
        }
    }

    /// What bars the filing of a draft, as far as it is a correction.
    pub fn bars_filing(&self, draft: &Declaration) -> Option<Refusal> {
        let of = draft.correction.as_ref()?;
        let base = self.filed(&of.corrects)?;
        if !base.is_live() {
            return precondition("CORRECTION_SUPERSEDED");
        }
        let alive = self.live_payment(&base.id);
        let alive = alive.is_some_and(|one| one.state() != Paid::InTreasury);
        let form = self.revised(base, of);
        let alive = if alive {
            precondition("PAYMENT_ALIVE")
        } else {
            None
        };
        self.bars(base, of, &form).or(alive)
    }

    /// A revision is filed: what it corrects is replaced.
    pub fn replace(&mut self, corrects: &str) {
        self.note("declaration.corrected", corrects);
        let base = self.declaration(corrects).unwrap();
        base.state = Filed::Corrected;
        base.version += 1;
    }

    /// The sources of a filed revision are declared, those it left out are not.
    pub fn source_states(&mut self, revision: &Declaration, corrects: &str) {
        for source in &mut self.sources {
            let mut quarters = 0..super::drawing::QUARTERS.len();
            if quarters.any(|one| revision.form.declares(&source.id, one)) {
                source.correcting = false;
            }
        }
        let form = self.filed(corrects).unwrap().form.clone();
        self.release(&form);
    }
}

impl Book {
    pub fn asking_correction(
        &mut self,
        (who, which): (u8, u8),
        (taxes, without): (u8, bool),
        way: Paying,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        // Often one that is paid: only then is something carried.
        let paid = |one: &&Declaration| which < 2 && one.state == Filed::Completed;
        let live = |one: &&Declaration| one.is_live() || way == Paying::Any;
        let all = || person.declarations.iter();
        let filed = pick(all().filter(paid), which).or_else(|| pick(all().filter(live), which));
        let filed = filed?.clone();
        let taxpayer_id = person.key.clone();
        let taxes = TICKED[usize::from(taxes) % TICKED.len()];
        let corrected = |line: &&Line| taxes.is_empty() || taxes.contains(&line.kind.tax());
        let mut lines = filed.form.lines.iter().filter(corrected);
        let excluded = lines.next().filter(|_| without);
        Some(Asked::CorrectDeclaration(pb::CorrectDeclarationRequest {
            request_id: self.mark(),
            taxpayer_id,
            declaration_id: filed.id,
            content_digest: match way {
                Paying::OtherDigest => "0".repeat(64),
                _ => filed.digest,
            },
            taxes: taxes.iter().map(|tax| (*tax).into()).collect(),
            excluded_source_ids: excluded
                .map(|line| line.source_id.clone())
                .into_iter()
                .collect(),
            reason: super::asking::REASON.to_owned(),
            validate_only: false,
        }))
    }

    pub fn correct(&mut self, m: &pb::CorrectDeclarationRequest, outcome: &Outcome) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let base = person.filed(&m.declaration_id).ok_or("no base")?.clone();
        let mut taxes: Vec<pb::TaxKind> = m.taxes().collect();
        if taxes.is_empty() {
            taxes = base.taxes();
        }
        if let (true, Some(last)) = (taxes.is_empty(), &base.correction) {
            taxes.clone_from(&last.taxes);
        }
        let of = Correction {
            corrects: base.id.clone(),
            revision: base.revision() + 1,
            taxes,
            excluded: m.excluded_source_ids.clone(),
        };
        let form = person.revised(&base, &of);
        let refusal = if !base.is_live() {
            Some(WRONG_STATE)
        } else if m.content_digest != base.digest {
            Some((Code::FailedPrecondition, "CONTENT_DIGEST_MISMATCH"))
        } else {
            person.bars(&base, &of, &form)
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::CorrectDeclarationResponse = read(bytes)?;
        let answer = message.declaration.ok_or("no declaration")?;
        let draft = Declaration {
            id: answer.declaration_id.clone(),
            scope: base.scope,
            office: base.office,
            form,
            digest: answer.content_digest.clone(),
            state: Filed::Draft,
            version: 1,
            overdue: false,
            waived: 0,
            correction: Some(of),
            extensions: Vec::new(),
        };
        check_declaration(&draft, &answer)?;
        check_form(&draft.form, &answer)?;
        same("errors", &answer.error_count, &0)?;
        same("warnings", &(answer.warning_count > 0), &draft.form.warns)?;
        if m.validate_only {
            return Ok(());
        }
        let taxes = &draft.correction.as_ref().ok_or("no correction")?.taxes;
        for source in &mut person.sources {
            let mut quarters = 0..super::drawing::QUARTERS.len();
            source.correcting |= source.declared
                && taxes.contains(&source.facts.tax())
                && quarters.any(|one| base.form.declares(&source.id, one));
        }
        person.note("declaration.correction_opened", &base.id);
        person.note("declaration.drawn", &draft.id);
        person.declarations.push(draft);
        Ok(())
    }
}

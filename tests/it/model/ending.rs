//! The judgements on what is voided, and on voucher sheets that are printed again, replaced or
//! voided.

use caixing::clock::day_in_china;
use caixing::pb;

use super::asked::Outcome;
use super::bank::Booked;
use super::book::{Book, Filed, Paid, Sheet, SheetState};
use super::drawing::{QUARTERS, yuan};
use super::filing::{check_declaration, precondition};
use super::judge::{Seen, Verdict, answered, ensure, read, same};
use super::operation::Print;
use super::paying::check_payment;

impl Book {
    pub fn void(
        &mut self,
        m: &pb::VoidDeclarationRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let paid = person.payments.iter().any(|one| {
            let nothing = matches!(one.state(), Paid::Failed | Paid::Reversed);
            one.declaration == m.declaration_id && (!nothing || one.received() > 0)
        });
        let filed = person.declaration(&m.declaration_id).ok_or("no draft")?;
        let due = filed
            .form
            .lines
            .iter()
            .map(|line| QUARTERS[line.quarter].due);
        let due = due.min();
        let refusal = if filed.state != Filed::AwaitingPayment {
            precondition("WRONG_STATE")
        } else if m.content_digest != filed.digest {
            precondition("CONTENT_DIGEST_MISMATCH")
        } else if filed.revision() > 1 {
            precondition("VOID_REVISION")
        } else if paid {
            precondition("VOID_PAID")
        } else if due.is_some_and(|due| seen.today() > due) {
            precondition("VOID_WINDOW")
        } else {
            None
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::VoidDeclarationResponse = read(bytes)?;
        let mut voided = filed.clone();
        voided.state = Filed::Voided;
        voided.version += 1;
        check_declaration(&voided, &message.declaration.ok_or("no declaration")?)?;
        if m.validate_only {
            return Ok(());
        }
        *filed = voided.clone();
        person.release(&voided.form);
        person.note("declaration.voided", &m.declaration_id);
        Ok(())
    }

    /// The bank takes a debit of today back while nothing of it is in the treasury.
    pub fn reverse(
        &mut self,
        m: &pb::ReversePaymentRequest,
        outcome: &Outcome,
        seen: Seen<'_>,
    ) -> Verdict {
        let person = self.person(&m.taxpayer_id).ok_or("nobody's")?;
        let payment = person.payment(&m.payment_id).ok_or("no payment")?;
        let fresh = day_in_china(payment.created) == seen.today();
        let can = payment.state() == Paid::Debited && payment.received() == 0 && fresh;
        let refusal = if can {
            None
        } else {
            precondition("WRONG_STATE")
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let message: pb::ReversePaymentResponse = read(bytes)?;
        person.step(&m.payment_id, Paid::Reversed);
        let payment = person.payment(&m.payment_id).ok_or("no payment")?;
        check_payment(payment, &message.payment.ok_or("no payment")?)?;
        let booked = seen.bank.order(&m.payment_id).map(|order| order.booked);
        same("at the bank", &booked, &Some(Booked::TakenBack))
    }

    pub fn print(&mut self, act: Print, (key, number): (&str, &str), outcome: &Outcome) -> Verdict {
        let person = self.person(key).ok_or("nobody's")?;
        let sheet = person.sheets.iter_mut().find(|one| one.number == number);
        let sheet = sheet.ok_or("no sheet")?;
        let allowed = match act {
            Print::Again | Print::Void => sheet.state == SheetState::Issued,
            Print::Replace => sheet.is_last,
        };
        let refusal = if allowed {
            None
        } else {
            precondition("WRONG_STATE")
        };
        let Some(bytes) = answered(outcome, refusal)? else {
            return Ok(());
        };
        let answer = match act {
            Print::Again => read::<pb::ReprintVoucherResponse>(bytes)?.voucher,
            Print::Replace => read::<pb::ReplaceVoucherResponse>(bytes)?.voucher,
            Print::Void => read::<pb::VoidVoucherResponse>(bytes)?.voucher,
        };
        let answer = answer.ok_or("no voucher")?;
        let (payment, refund) = (sheet.payment.clone(), sheet.refund.clone());
        let sheet = match act {
            Print::Again => {
                sheet.reprints += 1;
                let sheet = sheet.clone();
                person.note("voucher.reprinted", number);
                sheet
            }
            Print::Void => {
                sheet.state = SheetState::Voided;
                let sheet = sheet.clone();
                person.note("voucher.voided", number);
                sheet
            }
            Print::Replace => {
                sheet.is_last = false;
                if sheet.state == SheetState::Issued {
                    sheet.state = SheetState::Replaced;
                }
                let new = Sheet {
                    refund: refund.clone(),
                    ..Sheet::new(&answer.voucher_number, &payment)
                };
                person.sheets.push(new.clone());
                let voucher = Some(answer.voucher_number.clone());
                if let Some((id, _)) = refund {
                    person.note("refund.certified_anew", &id);
                    let used = person.refund(&id).ok_or("no refund")?;
                    used.voucher = voucher;
                    used.version += 1;
                } else {
                    person.note("payment.certified_anew", &payment);
                    let paid = person.payment(&payment).ok_or("no payment")?;
                    paid.voucher = voucher;
                    paid.version += 1;
                }
                person.note("voucher.replaced", number);
                person.note("voucher.issued", &answer.voucher_number);
                ensure(answer.voucher_number != number, || {
                    "the same number".to_owned()
                })?;
                new
            }
        };
        check_sheet(&sheet, &answer)
    }
}

/// A sheet as answered against the book.
pub fn check_sheet(sheet: &Sheet, answer: &pb::Voucher) -> Verdict {
    same("voucher", &answer.voucher_number, &sheet.number)?;
    same("voucher's payment", &answer.payment_id, &sheet.payment)?;
    let refund = sheet.refund.as_ref().map(|one| one.0.clone());
    same(
        "voucher's refund",
        &answer.refund_id,
        &refund.unwrap_or_default(),
    )?;
    if let Some((_, fen)) = &sheet.refund {
        same("refunded", &answer.total_yuan, &yuan(-fen))?;
    }
    same("voucher's state", &answer.state(), &sheet.state)?;
    same("reprints", &answer.reprint_count, &sheet.reprints)
}

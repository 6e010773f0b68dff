//! The day's file (日终对账): what it says of each order, and what must come of each row and of the
//! payments it does not name.

use caixing::clock::day_in_china;
use caixing::pb;
use jiff::civil::Date;
use tonic::Code;

use super::asked::{Asked, Outcome};
use super::asking::pick;
use super::bank::{Bank, Booked};
use super::book::{Book, Paid, Payment};
use super::drawing::{fen, yuan};
use super::invariants::Rows;
use super::judge::{Seen, Verdict, read, same};
use super::learning::{Fact, Learnt};
use super::operation::Day;
use super::play::Player;
use super::streaming::DayFile;

use pb::ReconciliationKind as Kind;
use pb::ReconciliationResult as Came;

impl Player {
    /// The day's file: all of it, or where it was lost, as much as fits what there is.
    pub fn day_file(&mut self, file: &DayFile, outcome: &Outcome, seen: Seen<'_>) -> Verdict {
        let rows = self.rows();
        if file.head.day > seen.today().to_string() {
            return match outcome {
                Outcome::Absent => Ok(()),
                Outcome::Refused { code, .. } => same("code", code, &Code::InvalidArgument),
                other => Err(format!("{other:?} to a file of the future")),
            };
        }
        if let Outcome::Streamed { parts, ended } = outcome {
            same("ended with", ended, &None)?;
            return self.book.whole_file(file, parts, &rows);
        }
        same("of a lost file", outcome, &Outcome::Absent)?;
        let mut whys = Vec::new();
        for steps in 0.. {
            let mut book = self.book.clone();
            let taken = book.take_rows(file, steps, &rows)?;
            let verdict = (|| {
                book.sync(&rows, &seen)?;
                book.agrees(&self.watch, &rows)
            })();
            match verdict {
                Ok(()) => {
                    self.book = book;
                    return Ok(());
                }
                Err(what) => whys.push(what),
            }
            if taken.steps < steps {
                break;
            }
        }
        Err(format!("no part of the file fits: {whys:#?}"))
    }
}

/// What was taken of a file.
struct Taken {
    /// Rows and missing payments taken in.
    steps: usize,
    /// What came of each row, and the payment's state.
    rows: Vec<(Came, String)>,
    /// Cases beside those of the rows.
    cases: i64,
}

impl Book {
    pub fn asking_day_file(
        &mut self,
        (who, which): (u8, u8),
        way: Day,
        bank: &Bank,
        today: Date,
    ) -> Option<Asked> {
        let person = self.someone(who)?;
        let ordered = |one: &&Payment| bank.order(&one.id).is_some();
        let one = pick(person.payments.iter().filter(ordered), which)?;
        let (owner, treasury) = (person.key.clone(), one.treasury.clone());
        let day = day_in_china(one.created);
        let mut rows = Vec::new();
        for person in &self.people {
            for payment in &person.payments {
                let (Some(order), true) = (
                    bank.order(&payment.id),
                    payment.treasury == treasury && day_in_china(payment.created) == day,
                ) else {
                    continue;
                };
                let rest = payment.total() - payment.received();
                let (kind, amount, part) = match (order.booked, payment.parts.last()) {
                    (Booked::TakenBack, _) => (Kind::Reversed, payment.total(), String::new()),
                    (Booked::Refused, _) => (Kind::Refused, payment.total(), String::new()),
                    (Booked::Debited, _) if (rows.len() + usize::from(which)) % 2 == 0 => {
                        (Kind::Debited, payment.total(), String::new())
                    }
                    (Booked::Debited, Some((part, amount))) if rest == 0 => {
                        (Kind::Settled, *amount, part.clone())
                    }
                    (Booked::Debited, Some(_)) => (Kind::Settled, rest, "PF".to_owned()),
                    (Booked::Debited, None) => (Kind::Settled, rest, String::new()),
                };
                let mut row = pb::ReconciliationRow {
                    row_number: 0,
                    kind: kind.into(),
                    order_id: payment.id.clone(),
                    taxpayer_id: person.key.clone(),
                    amount_yuan: yuan(amount),
                    bank_reference: order.reference,
                    part_reference: part,
                };
                if way == Day::Odd {
                    // Nothing untrue that would be believed.
                    let odd = [Kind::Refused, Kind::Reversed, Kind::Debited].map(|kind| {
                        let mut odd = row.clone();
                        odd.kind = kind.into();
                        odd.amount_yuan = yuan(amount + 1);
                        odd
                    });
                    let odd = odd.into_iter().find(|odd| {
                        let fact = fact_of(odd, &treasury);
                        person.weigh(payment, &fact) != Learnt::Merged
                    });
                    row = odd.unwrap_or(row);
                }
                rows.push(row);
            }
        }
        if way == Day::Lacking {
            rows.remove(0);
        }
        if way == Day::Stranger {
            rows.push(pb::ReconciliationRow {
                row_number: 0,
                kind: Kind::Settled.into(),
                order_id: crate::support::NOBODY.to_owned(),
                taxpayer_id: owner.clone(),
                amount_yuan: "1.00".to_owned(),
                bank_reference: "B-0".to_owned(),
                part_reference: String::new(),
            });
        }
        for (number, row) in (1..).zip(&mut rows) {
            row.row_number = number;
        }
        let sum: i64 = rows.iter().map(|row| fen(&row.amount_yuan)).sum();
        Some(Asked::ReconcileDay(DayFile {
            owner,
            head: pb::ReconciliationHead {
                request_id: self.mark(),
                day: day.min(today).to_string(),
                treasury_code: treasury,
                row_count: i64::try_from(rows.len()).unwrap(),
                total_yuan: yuan(sum + i64::from(way == Day::OtherTotal)),
            },
            rows,
        }))
    }

    /// Takes in so many steps of a file: its rows, then the payments it does not name.
    fn take_rows(&mut self, file: &DayFile, steps: usize, rows: &Rows) -> Result<Taken, String> {
        let mut taken = Taken {
            steps: 0,
            rows: Vec::new(),
            cases: 0,
        };
        for row in file.rows.iter().take(steps) {
            taken.steps += 1;
            taken.rows.push(self.take_row(file, row, rows)?);
        }
        let sum: i64 = file.rows.iter().map(|row| fen(&row.amount_yuan)).sum();
        let count = i64::try_from(file.rows.len()).unwrap();
        if count != file.head.row_count || yuan(sum) != file.head.total_yuan {
            taken.cases = 1;
            return Ok(taken);
        }
        let mut missing = Vec::new();
        for person in &self.people {
            for payment in &person.payments {
                let held = matches!(
                    payment.state(),
                    Paid::Debited | Paid::InTreasury | Paid::Refunded
                );
                let of_day = payment.treasury == file.head.treasury_code
                    && day_in_china(payment.created).to_string() == file.head.day;
                let named = file.rows.iter().any(|row| row.order_id == payment.id);
                if held && of_day && !named && payment.offset.is_none() {
                    missing.push((person.key.clone(), payment.clone()));
                }
            }
        }
        missing.sort_by_key(|one| one.1.id.clone());
        for (key, payment) in missing.into_iter().take(steps - taken.steps) {
            taken.steps += 1;
            taken.cases += 1;
            let said = format!("{} {:?}", file.head.day, payment.state());
            let person = self.person(&key).ok_or("nobody's")?;
            person.open_case(&payment.id, ("RECON_MISSING_IN_FILE", said));
        }
        Ok(taken)
    }

    fn take_row(
        &mut self,
        file: &DayFile,
        row: &pb::ReconciliationRow,
        rows: &Rows,
    ) -> Result<(Came, String), String> {
        let (key, id) = (row.taxpayer_id.as_str(), row.order_id.as_str());
        let treasury = file.head.treasury_code.as_str();
        let fact = fact_of(row, treasury);
        let person = self.person(key).ok_or("nobody's")?;
        let Some(payment) = person.payment(id).cloned() else {
            return Ok((Came::CaseOpened, String::new()));
        };
        let came = match person.weigh(&payment, &fact) {
            _ if payment.treasury != treasury => return Err("another treasury".to_owned()),
            Learnt::Case(objection, kept) => {
                person.keep_beside(id, objection, kept);
                Came::CaseOpened
            }
            Learnt::Known => Came::Agrees,
            Learnt::Merged => {
                let voucher = rows.voucher(id).unwrap_or_default();
                self.take_in((key, id), &fact, &voucher)?;
                Came::Merged
            }
        };
        let person = self.person(key).ok_or("nobody's")?;
        let state = person.payment(id).ok_or("no payment")?.state();
        Ok((came, state.as_str_name().replace("PAYMENT_STATE_", "")))
    }

    fn whole_file(&mut self, file: &DayFile, parts: &[Vec<u8>], rows: &Rows) -> Verdict {
        use pb::reconcile_day_response::Part;
        let taken = self.take_rows(file, usize::MAX, rows)?;
        same("answers", &parts.len(), &(file.rows.len() + 1))?;
        let mut sums = pb::ReconciliationSummary {
            case_count: taken.cases,
            ..Default::default()
        };
        for ((part, row), (came, state)) in parts.iter().zip(&file.rows).zip(&taken.rows) {
            let answer: pb::ReconcileDayResponse = read(part)?;
            let Some(Part::Row(answer)) = answer.part else {
                return Err("no row".to_owned());
            };
            same("row_number", &answer.row_number, &row.row_number)?;
            same("came of a row", &answer.result(), came)?;
            same("state in a row", &answer.payment_state, state)?;
            let case = *came == Came::CaseOpened;
            same("case of a row", &!answer.case_id.is_empty(), &case)?;
            sums.row_count += 1;
            match came {
                Came::Agrees => sums.agree_count += 1,
                Came::Merged => sums.merged_count += 1,
                _ => sums.case_count += 1,
            }
        }
        let last: pb::ReconcileDayResponse = read(parts.last().ok_or("no summary")?)?;
        same("summary", &last.part, &Some(Part::Summary(sums)))
    }
}

fn fact_of(row: &pb::ReconciliationRow, treasury: &str) -> Fact {
    let (amount, reference) = (fen(&row.amount_yuan), row.bank_reference.clone());
    match row.kind() {
        Kind::Debited => Fact::Debited { amount, reference },
        Kind::Reversed => Fact::Reversed,
        Kind::Refused => Fact::Refused,
        Kind::Settled | Kind::Unspecified => {
            let part = match row.part_reference.as_str() {
                "" => reference.clone(),
                named => named.to_owned(),
            };
            Fact::Settled {
                part: (part, amount),
                treasury: treasury.to_owned(),
                bank_reference: reference,
            }
        }
    }
}

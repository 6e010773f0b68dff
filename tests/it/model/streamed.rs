//! Judging streams: each part by itself, also where the stream was cut or the service died amid it.

use std::collections::BTreeSet;
use std::sync::Arc;

use caixing::clock::day_in_china;
use caixing::pb;
use jiff::Timestamp;
use jiff::civil::Date;
use prost::Message;
use sqlx::Row as _;
use tonic::Code;
use uuid::Uuid;

use super::asked::{Asked, Outcome};
use super::asking::pick;
use super::bank::{Bank, Booked};
use super::book::{Book, Known, Payment, Source};
use super::drawing::{fen, yuan};
use super::invariants::Rows;
use super::judge::{Seen, Verdict, ensure, read, same};
use super::learning::{Fact, Learnt};
use super::operation::Day;
use super::play::Player;
use super::streaming::{Batch, DayFile, Import};

use pb::ReconciliationKind as Kind;
use pb::ReconciliationResult as Came;

impl Player {
    /// Judges a stream and takes it in.
    pub fn judge_stream(
        &mut self,
        asked: &Asked,
        outcome: &Outcome,
        (before, after): (Timestamp, Timestamp),
    ) -> Verdict {
        let bank = Arc::clone(&self.world.bank);
        let seen = Seen {
            bank: &bank,
            before,
            after,
            rival: false,
        };
        match asked {
            Asked::ImportTaxSources(import) => {
                let kept = self.kept_of(import);
                let known = self.world.outcome(asked);
                self.book.import(import, outcome, &kept, &known)
            }
            Asked::BatchSubmit(batch) => {
                for (item, outcome) in self.items(batch, outcome)? {
                    self.tell(&item, &outcome);
                    self.book.judge(&item, &outcome, seen)?;
                }
                Ok(())
            }
            Asked::ReconcileDay(file) => self.day_file(file, outcome, seen),
            other => Err(format!("{} is no stream", other.method())),
        }
        .map_err(|what| format!("{}: {what}", asked.method()))
    }

    /// What came of each item of a batch: as answered, or as `GetOutcome` knows it.
    fn items(&self, batch: &Batch, outcome: &Outcome) -> Result<Vec<(Asked, Outcome)>, String> {
        use pb::batch_submit_response::Outcome as Came;
        let asked = batch.items.iter().cloned().map(Asked::SubmitDeclaration);
        let Outcome::Streamed { parts, ended } = outcome else {
            let lost = |item: Asked| {
                let known = self.world.outcome(&item);
                let outcome = match known.state() {
                    pb::OutcomeState::Done => Outcome::Found {
                        bytes: known.response,
                    },
                    _ => Outcome::Absent,
                };
                (item, outcome)
            };
            return Ok(asked.map(lost).collect());
        };
        same("ended with", ended, &None)?;
        same("answers", &parts.len(), &batch.items.len())?;
        let mut items = Vec::new();
        for ((place, item), part) in (0..).zip(asked).zip(parts) {
            let answer: pb::BatchSubmitResponse = read(part)?;
            same("item_number", &answer.item_number, &place)?;
            let outcome = match answer.outcome.ok_or("nothing came of an item")? {
                Came::Response(message) => Outcome::Answered {
                    bytes: message.encode_to_vec(),
                    replayed: answer.replayed,
                },
                Came::Failure(failure) => Outcome::Refused {
                    code: Code::from(failure.code),
                    reason: failure.reason,
                    message: failure.message,
                },
            };
            items.push((item, outcome));
        }
        Ok(items)
    }

    /// Which sources of an import there are.
    fn kept_of(&mut self, import: &Import) -> BTreeSet<String> {
        let ids: Vec<String> = import.rows.iter().map(|row| id_of(import, row)).collect();
        let key = import.head.taxpayer_id.clone();
        self.world.read(async |eyes| {
            let mut kept = BTreeSet::new();
            for id in ids {
                let sql =
                    "SELECT COUNT(*) FROM tax_source WHERE taxpayer_id = $1 AND source_id = $2";
                let row = sqlx::query(sql)
                    .bind(&key)
                    .bind(&id)
                    .fetch_one(&mut *eyes)
                    .await;
                if row.unwrap().get::<i64, _>(0) > 0 {
                    kept.insert(id);
                }
            }
            kept
        })
    }

    /// The day's file: all of it, or where it was lost, as much as fits what there is.
    fn day_file(&mut self, file: &DayFile, outcome: &Outcome, seen: Seen<'_>) -> Verdict {
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

/// The id of the source that a row of an import stands for: the same for every sending.
fn id_of(import: &Import, row: &pb::ImportRow) -> String {
    let request = Uuid::parse_str(&import.head.request_id).unwrap();
    let key = Uuid::parse_str(&import.head.taxpayer_id).unwrap();
    let name = [request.as_bytes(), row.row_key.as_bytes()].concat();
    Uuid::new_v5(&key, &name).to_string()
}

impl Book {
    fn import(
        &mut self,
        import: &Import,
        outcome: &Outcome,
        kept: &BTreeSet<String>,
        known: &pb::GetOutcomeResponse,
    ) -> Verdict {
        use pb::ImportResult::{AlreadyCollected, Collected, Refused};
        let place = self.place(&Asked::ImportTaxSources(import.clone()));
        let checks = import.head.validate_only;
        let person = self.person(&import.head.taxpayer_id).ok_or("nobody's")?;
        // What must come of each row.
        let (mut stood, mut expected, mut new) = (BTreeSet::new(), Vec::new(), Vec::new());
        for row in &import.rows {
            let id = id_of(import, row);
            let earlier = person.sources.iter().find(|one| one.id == id);
            let came = match earlier {
                _ if stood.contains(&id) => Refused,
                None => Collected,
                Some(earlier) if earlier.first == row.source => AlreadyCollected,
                Some(_) => Refused,
            };
            if came != Refused {
                stood.insert(id.clone());
            }
            if came == Collected {
                new.push((id.clone(), row.source.clone()));
            }
            expected.push((id, came));
        }
        let count = |of| i64::try_from(expected.iter().filter(|one| one.1 == of).count());
        let counts = [count(Collected), count(AlreadyCollected), count(Refused)];
        if let Outcome::Streamed { parts, ended } = outcome {
            use pb::import_tax_sources_response::Part;
            same("ended with", ended, &None)?;
            same("answers", &parts.len(), &(expected.len() + 1))?;
            for ((part, row), (id, came)) in parts.iter().zip(&import.rows).zip(&expected) {
                let answer: pb::ImportTaxSourcesResponse = read(part)?;
                let Some(Part::Row(answer)) = answer.part else {
                    return Err("no row".to_owned());
                };
                same("row_key", &answer.row_key, &row.row_key)?;
                same(&row.row_key, &answer.result(), came)?;
                let told = *came != Refused && !checks;
                let id = if told { id.as_str() } else { "" };
                same("source of a row", &answer.source_id.as_str(), &id)?;
                same(
                    "failure of a row",
                    &answer.failure.is_some(),
                    &(*came == Refused),
                )?;
            }
            let last: pb::ImportTaxSourcesResponse = read(parts.last().ok_or("no summary")?)?;
            let Some(Part::Summary(sums)) = last.part else {
                return Err("no summary".to_owned());
            };
            let sums = [
                Ok(sums.collected_count),
                Ok(sums.already_collected_count),
                Ok(sums.refused_count),
            ];
            same("sums", &sums, &counts)?;
        } else {
            same("of a lost import", outcome, &Outcome::Absent)?;
        }
        let there = new.iter().take_while(|one| kept.contains(&one.0)).count();
        let later = new.iter().skip(there).any(|one| kept.contains(&one.0));
        ensure(!later, || {
            "a row is kept and one before it is not".to_owned()
        })?;
        let whole = there == new.len();
        let ended = matches!(outcome, Outcome::Streamed { .. });
        let expected = if checks { 0 } else { new.len() };
        ensure(there == expected || !ended && !checks, || {
            format!("{there} of {expected} rows are kept")
        })?;
        for (id, input) in new.into_iter().take(there) {
            let facts = self.facts_of(input.as_ref()).ok_or("unknown facts")?;
            let person = self.person(&import.head.taxpayer_id).ok_or("nobody's")?;
            person.note("tax_source.collected", &id);
            person.sources.push(Source {
                id,
                facts,
                first: input,
                version: 1,
                declared: false,
                correcting: false,
                closed: false,
            });
        }
        if checks {
            return Ok(());
        }
        let before = self.requests[place].known.clone();
        self.requests[place].asked = Asked::ImportTaxSources(import.clone());
        self.requests[place].known = match (known.state(), before) {
            (pb::OutcomeState::Done, Known::Done(bytes)) if !ended && *bytes == *known.response => {
                Known::Done(bytes)
            }
            (pb::OutcomeState::Done, _) => {
                ensure(whole, || "done, and not all of it".to_owned())?;
                if let Outcome::Streamed { parts, .. } = outcome {
                    same("known", &Some(&known.response), &parts.last())?;
                }
                Known::Done(Arc::from(known.response.as_slice()))
            }
            (pb::OutcomeState::Pending, _) if !ended => Known::Importing,
            (pb::OutcomeState::NotFound, Known::Nothing) if !ended && there == 0 => Known::Nothing,
            (state, before) => return Err(format!("{state:?}, was {before:?}")),
        };
        Ok(())
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
                use super::book::Paid;
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

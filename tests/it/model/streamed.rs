//! Judging streams: each part by itself, also where the stream was cut or the service died amid it.

use std::collections::BTreeSet;
use std::sync::Arc;

use caixing::pb;
use jiff::Timestamp;
use prost::Message;
use tonic::Code;
use uuid::Uuid;

use super::asked::{Asked, Outcome};
use super::book::{Book, Known, Source};
use super::judge::{Seen, Verdict, ensure, read, same};
use super::play::Player;
use super::streaming::{Batch, Import};

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
                let sql = format!(
                    "SELECT COUNT(*) FROM tax_source WHERE taxpayer_id = '{key}'
                     AND source_id = '{id}'"
                );
                if eyes.number(sql).await > 0 {
                    kept.insert(id);
                }
            }
            kept
        })
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

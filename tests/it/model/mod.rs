//! The model test: random lists of everything that can be done, with faults, run on the real
//! services and on a small model (`book.rs`), step by step.
//!
//! What counts as a failure, after any step:
//!
//! - an answer, a refusal or a state that is not what the model says had to come of the step; for
//!   two calls at the same time: not what comes of them in either order;
//! - an amount that is not the model's own whole-number arithmetic (`drawing.rs`);
//! - a repeat, or `GetOutcome`, that gives other bytes than the first answer, or has forgotten it;
//! - a call whose answer was lost (caller gone, service dead) that is neither whole nor absent;
//! - an invariant of the design that does not hold in the database (`invariants.rs`): sums, one
//!   declaration of a source and period, one live payment, one live voucher, no voucher without
//!   its money, nothing deleted, each step with its events and their chain unbroken;
//! - money: an order whose debit was asked for twice, a declaration with two debits at the bank,
//!   vouchers that do not sum to what the treasury reported;
//! - reading back everything there is differs from the model; a panic; an error no rule foresees.
//!
//! What is explicitly not a failure:
//!
//! - a second debit of a declaration after the bank denied, beyond the time an order may be under
//!   way, an order that it had debited: only the treasury's report can tell (`Payment::denied`);
//! - case and money kept of a report that is refused and not kept itself;
//! - `REQUEST_STILL_RUNNING` to a repeat while the first is under way or its payment is young;
//! - `PAYMENT_ALIVE` to one of two payments at the same time although the other one fails;
//! - a payment that stays SENT after a death amid the call: a query brings it to light;
//! - a settlement that the treasury reports for a payment the bank has not answered;
//! - of a stream that was cut, any beginning of it: items and rows are whole or absent each by
//!   itself, and nothing after the first that is absent was done;
//! - rows of the day's file that the summary counts as refused, or whose case is of nobody, leave
//!   nothing that is compared;
//! - when a call is cut is counted in polls, which depend on the machine: a failure of a list with
//!   cut calls may take several plays to come again.
//!
//! Streams are played alone, cut and amid a death, never beside another call: they are judged part
//! by part. Not played: the periodic worker (it is `ResolvePayment` without a caller), the
//! sandbox's own methods, cases of nobody, failing disks, several processes, the wire itself (other
//! tests do).
//!
//! Lists are played on SQLite and on PostgreSQL alike; the name of the test says where.
//!
//! ```text
//! cargo test --test it -- model
//! CAIXING_MODEL_OPERATIONS=100000 cargo test --test it -- model_random --nocapture
//! CAIXING_MODEL_SEED=17 CAIXING_MODEL_OPERATIONS=200 \
//!     cargo test --test it -- model_random_lists_on_postgres
//! ```

mod asked;
mod asking;
mod bank;
mod book;
mod claiming;
mod correcting;
mod day_file;
mod dice;
mod drawing;
mod ending;
mod eyes;
mod filing;
mod forbidden;
mod invariants;
mod judge;
mod learning;
mod looking;
mod officer;
mod operation;
mod owing;
mod paying;
mod play;
mod reading;
mod refunding;
mod reproductions;
mod streamed;
mod streaming;
mod world;

use std::time::Instant;

use play::{Tally, list, play, shortened};

use crate::support::On;

/// Operations of one list and world.
const LENGTH: usize = 250;
/// Operations of a plain run on SQLite.
const ON_SQLITE: usize = 2_000;
/// Operations of a plain run on PostgreSQL, where each takes longer.
const ON_POSTGRES: usize = 1_000;
/// Lists between two lines of progress.
const PROGRESS: usize = 20;

#[test]
fn model_random_lists_on_sqlite_hold() {
    random_lists(On::Sqlite, ON_SQLITE);
}

#[test]
fn model_random_lists_on_postgres_hold() {
    random_lists(On::Postgres, ON_POSTGRES);
}

fn number(variable: &str, or: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.map_or(or, |text| text.parse().unwrap())
}

fn random_lists(on: On, operations: usize) {
    let operations = number("CAIXING_MODEL_OPERATIONS", operations);
    let first = number("CAIXING_MODEL_SEED", 1);
    let started = Instant::now();
    let mut tally = Tally::new();
    for round in 0..operations.div_ceil(LENGTH) {
        let seed = u64::try_from(first + round).unwrap();
        let list = list(seed, LENGTH.min(operations - round * LENGTH));
        match play(on, &list) {
            Ok(more) => {
                for (what, count) in more {
                    *tally.entry(what).or_default() += count;
                }
            }
            Err(failing) => {
                eprintln!(
                    "{on:?}, seed {seed}, step {}: {}",
                    failing.place, failing.what
                );
                let short = shortened(on, &list, &failing);
                let why = play(on, &short).err().map(|failing| failing.what);
                let lines: Vec<String> = short.iter().map(|one| format!("    {one:?},")).collect();
                let code = lines.join("\n");
                panic!("{on:?}, seed {seed}: {}\n{code}", why.unwrap_or_default());
            }
        }
        if round % PROGRESS == PROGRESS - 1 {
            let done = tally.get("operations").copied().unwrap_or_default();
            println!(
                "{on:?}: {done} operations, {} s",
                started.elapsed().as_secs()
            );
        }
    }
    let seconds = started.elapsed().as_millis().max(1);
    let done = u128::from(tally.get("operations").copied().unwrap_or_default());
    println!(
        "{on:?}: {} worlds, {} a second",
        operations.div_ceil(LENGTH),
        done * 1000 / seconds
    );
    for (what, count) in tally {
        println!("{count:>9}  {what}");
    }
}

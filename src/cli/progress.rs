//! A bar on a terminal for work that takes long; nothing where no terminal reads it.

use std::io::IsTerminal as _;

use crate::clock::Stopwatch;
use crate::store::Progress;

const WIDTH: u64 = 30;
/// Between two drawings, in milliseconds.
const EVERY: u64 = 100;

/// The bar.
#[derive(Debug)]
pub struct Bar {
    terminal: bool,
    started: Stopwatch,
    drawn: Option<(&'static str, u64)>,
}

impl Bar {
    /// A bar on standard error.
    pub fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            started: Stopwatch::start(),
            drawn: None,
        }
    }

    /// Draws how far it is.
    pub fn draw(&mut self, progress: Progress) {
        let now = self.started.millis();
        let Progress { what, done, all } = progress;
        let soon = |(before, at)| before == what && now.saturating_sub(at) < EVERY && done < all;
        if !self.terminal || self.drawn.is_some_and(soon) {
            return;
        }
        self.drawn = Some((what, now));
        eprint!("\r\x1b[K{}", line(progress));
    }

    /// Wipes it away; milliseconds since its start.
    pub fn end(&self) -> u64 {
        if self.drawn.is_some() {
            eprint!("\r\x1b[K");
        }
        self.started.millis()
    }
}

fn line(Progress { what, done, all }: Progress) -> String {
    let full = done.min(all).saturating_mul(WIDTH).checked_div(all);
    let full = usize::try_from(full.unwrap_or(WIDTH)).unwrap_or(0);
    let empty = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(full);
    format!(
        "{what} [{}{}] {done}/{all}",
        "#".repeat(full),
        ".".repeat(empty)
    )
}

/// Rows in a second.
pub fn pace(rows: u64, millis: u64) -> u64 {
    rows.saturating_mul(1000)
        .checked_div(millis.max(1))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Progress, line};

    #[test]
    fn a_bar_fills_from_none_to_all() {
        let at = |done, all| {
            line(Progress {
                what: "copying",
                done,
                all,
            })
        };
        assert_eq!(at(0, 10), format!("copying [{}] 0/10", ".".repeat(30)));
        assert_eq!(
            at(5, 10),
            format!("copying [{}{}] 5/10", "#".repeat(15), ".".repeat(15))
        );
        assert_eq!(at(0, 0), format!("copying [{}] 0/0", "#".repeat(30)));
        assert_eq!(at(12, 10), format!("copying [{}] 12/10", "#".repeat(30)));
    }
}

//! A draft drawn again when it is filed, and what has changed since: the confirmation is bound to
//! the content that was seen.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Serialize;

use super::compare::{LineDifference, Side, compare};
use super::declaration::{Content, Declaration, Line, Totals};
use crate::types::{Overflow, SourceId};

/// A draft's content drawn again at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redrawn {
    /// Its digest; empty where nothing is to be declared any more.
    pub digest: String,
    /// What was drawn.
    pub content: Option<Content>,
    /// For a correction, the declaration it corrects.
    pub corrects: Option<Declaration>,
}

impl Redrawn {
    /// With its digest.
    ///
    /// # Errors
    /// As [`Content::digest`].
    pub fn new(
        content: Option<Content>,
        corrects: Option<Declaration>,
    ) -> Result<Self, serde_json::Error> {
        let digest = content.as_ref().map(Content::digest).transpose()?;
        Ok(Self {
            digest: digest.unwrap_or_default(),
            content,
            corrects,
        })
    }

    /// A correction is late only where its base was, or with a source and period nobody
    /// declared before.
    pub(super) fn overdue(&self, lines: &[Line], today: Date) -> bool {
        let filed_before = |line: &Line| {
            let base = self.corrects.as_ref();
            base.is_some_and(|base| base.content.declares(line))
        };
        let was_late = |base: &Declaration| {
            let submission = base.submission.as_ref();
            submission.is_some_and(|filed| filed.overdue)
        };
        let mut lines = lines.iter();
        self.corrects.as_ref().is_some_and(was_late)
            || lines.any(|line| line.due_on < today && !filed_before(line))
    }
}

/// What has changed between a draft and the same drawn again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// 合计 of the draft.
    pub before: Totals,
    /// 合计 as of now.
    pub after: Totals,
    /// What the draft was drawn from and is another now: `SOURCES`, `RULES`, `PROFILE`, `FINDINGS`.
    pub moved: Vec<&'static str>,
    /// The lines that differ.
    pub lines: Vec<Change>,
}

/// One line that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `CHANGED`, `APPEARED` or `VANISHED`.
    pub change: &'static str,
    /// The source.
    pub source_id: SourceId,
    /// The tax.
    pub tax: &'static str,
    /// The item.
    pub item: String,
    /// What tells lines of one item apart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// First and last day, with a slash between.
    pub period: String,
    /// 应补(退)税额 on the draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_yuan: Option<String>,
    /// 应补(退)税额 as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_yuan: Option<String>,
}

impl Changes {
    /// Compares a draft with the same drawn again; nothing where nothing is to be declared now.
    ///
    /// # Errors
    /// [`Overflow`].
    pub fn between(drawn: &Content, now: Option<&Content>) -> Result<Self, Overflow> {
        let side = |lines| {
            let id = |line: &Line| (line.source_id, line.source_id.to_string());
            let keys: HashMap<_, _> = <[Line]>::iter(lines).map(id).collect();
            Side { lines, keys }
        };
        let lines = now.map_or(&[][..], |content| &content.lines);
        let (old, new) = (side(&drawn.lines), side(lines));
        let found = compare(&old, &new)?;
        let mut moved = Vec::new();
        let covers = |content: &Content| content.covered.clone();
        if now.is_none_or(|now| covers(now) != drawn.covered) {
            moved.push("SOURCES");
        }
        if let Some(now) = now {
            let others = [
                ("RULES", now.rule_pack != drawn.rule_pack),
                ("PROFILE", now.profile != drawn.profile),
                ("FINDINGS", now.findings != drawn.findings),
            ];
            moved.extend(
                others
                    .into_iter()
                    .filter(|(_, is)| *is)
                    .map(|(what, _)| what),
            );
        }
        Ok(Self {
            before: found.before,
            after: found.after,
            moved,
            lines: found.lines.iter().filter_map(Change::of).collect(),
        })
    }

    /// For machines: counts, totals, and as many lines as fit in so many bytes, each as JSON
    /// under `line_1`, `line_2` and so on.
    pub fn metadata(&self, bytes: usize) -> Vec<(String, String)> {
        let count = |change| {
            let of = |line: &&Change| line.change == change;
            self.lines.iter().filter(of).count().to_string()
        };
        let mut facts = vec![
            ("moved".to_owned(), self.moved.join(",")),
            ("lines_changed".to_owned(), count("CHANGED")),
            ("lines_appeared".to_owned(), count("APPEARED")),
            ("lines_vanished".to_owned(), count("VANISHED")),
            (
                "before_payable_yuan".to_owned(),
                self.before.payable.to_string(),
            ),
            (
                "after_payable_yuan".to_owned(),
                self.after.payable.to_string(),
            ),
            ("before_net_yuan".to_owned(), self.before.net.to_string()),
            ("after_net_yuan".to_owned(), self.after.net.to_string()),
        ];
        let (mut used, mut shown) = (0, 0_usize);
        for (number, line) in (1_usize..).zip(&self.lines) {
            let text = serde_json::to_string(line).unwrap_or_default();
            used += text.len();
            if used > bytes {
                break;
            }
            shown = number;
            facts.push((format!("line_{number}"), text));
        }
        facts.push((
            "truncated".to_owned(),
            (shown < self.lines.len()).to_string(),
        ));
        facts
    }
}

impl Change {
    fn of(difference: &LineDifference<'_>) -> Option<Self> {
        let (change, line) = match (difference.before, difference.after) {
            (Some(_), Some(line)) => ("CHANGED", line),
            (Some(line), None) => ("VANISHED", line),
            (None, Some(line)) => ("APPEARED", line),
            (None, None) => return None,
        };
        let payable = |line: Option<&Line>| line.map(|line| line.payable.to_string());
        let charge = &line.charge;
        Some(Self {
            change,
            source_id: line.source_id,
            tax: charge.tax.name(),
            item: charge.item.clone(),
            detail: charge.detail.clone(),
            period: format!("{}/{}", charge.period.first(), charge.period.last()),
            before_yuan: payable(difference.before),
            after_yuan: payable(difference.after),
        })
    }
}

//! Correcting (更正申报): a new revision that states the whole, from what stands and what is drawn
//! again.
//!
//! Only the rows of the corrected taxes are drawn again, from the sources as they are now; the rest
//! stand. Column 10 (已缴税额) of every line is what its source states as paid plus what earlier
//! revisions have paid of it through us ([`Line::carried`]), so that column 11 is the difference.
//! A line that was paid and has no counterpart any more stays as one of zero tax, refundable:
//! nothing that was paid gets lost. A line that has a counterpart keeps the original due day.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use super::declaration::{Content, Correction, Covered, Declaration, DeclarationState, Line};
use super::draw::{Scope, context, draw};
use super::quote::PaymentRow;
use super::{Inspection, Refusal, SourceRecord, SourceState};
use crate::rules::RuleBook;
use crate::tax::{Finding, Profile, Step};
use crate::types::{DeclarationId, Money, Overflow, Period, SourceId, TaxKind};

/// What a line is known by over the revisions of a declaration.
type Key<'a> = (SourceId, &'a str, &'a str, Period);

impl Line {
    /// What the line is known by over the revisions of a declaration.
    fn key(&self) -> Key<'_> {
        let charge = &self.charge;
        (self.source_id, &charge.item, &charge.detail, charge.period)
    }

    /// True where a row of a payment was made of the line.
    fn is_of(&self, row: &PaymentRow) -> bool {
        let charge = &self.charge;
        row.tax == charge.tax && row.item_zh == charge.item_zh && row.period == charge.period
    }

    /// True where nothing is declared any more, and the line only carries what was paid.
    pub fn is_withdrawn(&self) -> bool {
        !self.carried.is_zero()
            && self.charge.base.is_zero()
            && self.charge.rate.is_zero()
            && self.charge.applied.is_empty()
    }

    /// States anew what earlier revisions have paid; column 10 and 11 follow.
    fn carry(&mut self, carried: Money) -> Result<(), Overflow> {
        let more = carried.minus(self.carried)?;
        self.charge.already_paid = self.charge.already_paid.plus(more)?;
        self.payable = self.charge.payable()?;
        self.carried = carried;
        Ok(())
    }

    /// How column 10 comes about, where earlier revisions have paid.
    ///
    /// # Errors
    /// [`Overflow`].
    pub(super) fn carried_step(&self) -> Result<Step, Overflow> {
        let paid = self.charge.already_paid;
        let stated = paid.minus(self.carried)?;
        Ok(Step {
            label_zh: "已缴税额 = 税源填报的已缴 + 被更正申报表上已缴".to_owned(),
            label_en: "already paid = stated on the source + paid on earlier revisions".to_owned(),
            expression: format!("{stated} + {}", self.carried),
            value: paid.to_string(),
            parameter_id: None,
            legal_basis: Some("国家税务总局公告2021年第9号 主表".to_owned()),
        })
    }

    /// Why a withdrawn line has no tax.
    pub fn withdrawn_step(&self) -> Step {
        Step {
            label_zh: "更正后不再申报该行".to_owned(),
            label_en: "no longer declared after the correction".to_owned(),
            expression: "0.00".to_owned(),
            value: self.charge.tax_amount.to_string(),
            parameter_id: None,
            legal_basis: Some("国家税务总局公告2021年第9号 主表".to_owned()),
        }
    }

    /// The line without its tax: what was paid of it is refundable.
    fn withdrawn(&self, carried: Money) -> Result<Self, Overflow> {
        let mut line = self.clone();
        let charge = &mut line.charge;
        (charge.base, charge.rate) = (Decimal::ZERO, Decimal::ZERO);
        charge.tax_amount = Money::ZERO;
        charge.reliefs.clear();
        charge.applied.clear();
        charge.already_paid = carried;
        line.payable = charge.payable()?;
        line.carried = carried;
        line.stands_from = None;
        Ok(line)
    }
}

impl Content {
    /// True where the source was declared for the period, whatever came out, zero tax included.
    pub(super) fn declares(&self, line: &Line) -> bool {
        let same = |own: &Covered| own.source_id == line.source_id && own.period == line.tax_period;
        self.covered.iter().any(same) || self.lines.iter().any(|own| own.key() == line.key())
    }

    /// The taxes that stand on it, in the form's order.
    pub fn taxes_declared(&self) -> Vec<TaxKind> {
        let mut taxes: Vec<TaxKind> = self.lines.iter().map(|line| line.charge.tax).collect();
        taxes.sort_unstable();
        taxes.dedup();
        taxes
    }
}

/// The money of a declaration that has moved through us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// The rows of its payments that are in the treasury.
    pub rows: Vec<PaymentRow>,
    /// Its refund was paid, or wholly set off.
    pub refunded: bool,
}

/// What has been paid through us of each line, all revisions together, in the order of the lines.
///
/// A line above zero is paid when the declaration's money is in the treasury; where only a part
/// of it is, the rows of the payments say of which lines. A line below zero is effected when its
/// refund is.
///
/// # Errors
/// [`Overflow`].
pub fn carried_after(filed: &Declaration, moved: &Moved) -> Result<Vec<Money>, Overflow> {
    let lines = &filed.content.lines;
    let mut open: Vec<Money> = lines.iter().map(|line| line.payable.or_zero()).collect();
    if filed.state == DeclarationState::Completed && filed.waived.is_zero() {
        open.fill(Money::ZERO);
    } else {
        let mut rows = moved.rows.clone();
        // A row pays the lines it was made of; what no line takes goes to the others in order, so
        // that no part of it gets lost.
        for exactly in [true, false] {
            for (line, open) in lines.iter().zip(&mut open) {
                let pays = |row: &&mut PaymentRow| !exactly || line.is_of(row);
                for row in rows.iter_mut().filter(pays) {
                    let part = row.principal.min(*open);
                    row.principal = row.principal.minus(part)?;
                    *open = open.minus(part)?;
                }
            }
        }
    }
    let effected = lines.iter().zip(open).map(|(line, open)| {
        let now = match line.payable.is_negative() {
            true if moved.refunded => line.payable,
            true => Money::ZERO,
            false => line.payable.minus(open)?,
        };
        line.carried.plus(now)
    });
    effected.collect()
}

/// The declaration that a correction replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// It, as filed.
    pub filed: Declaration,
    /// What has been paid of each of its lines.
    pub carried: Vec<Money>,
}

/// What a correction is drawn from: all that is kept of the taxpayer now.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The rule pack.
    pub rules: &'a RuleBook,
    /// The taxpayer's dated attributes.
    pub profile: &'a Profile,
    /// All sources of the taxpayer.
    pub sources: &'a [SourceRecord],
    /// What stands on live declarations.
    pub declared: &'a HashMap<(SourceId, Period), DeclarationId>,
}

/// Draws the whole form again as a correction says.
///
/// # Errors
/// [`Overflow`].
pub fn revise(base: &Base, correction: Correction, known: &Known<'_>) -> Result<Content, Overflow> {
    let old = &base.filed.content;
    let (mut lines, mut covered, findings) = drawn_again(base, &correction, known);
    let before: Vec<(&Line, Money)> = old.lines.iter().zip(base.carried.iter().copied()).collect();
    let corrected = |line: &Line| correction.taxes.contains(&line.charge.tax);
    let (replaced, standing): (Vec<_>, Vec<_>) =
        before.into_iter().partition(|(line, _)| corrected(line));
    rest_on(&mut lines, &replaced)?;
    let mut stands = HashSet::new();
    for (line, carried) in standing {
        let mut line = line.clone();
        let withdrawn = line.is_withdrawn();
        line.carry(carried)?;
        line.stands_from = Some(line.stands_from.unwrap_or(base.filed.id));
        stands.insert(line.source_id);
        if !withdrawn || !carried.is_zero() {
            lines.push(line);
        }
    }
    let stays = |covered: &&Covered| stands.contains(&covered.source_id);
    covered.extend(old.covered.iter().filter(stays).cloned());
    in_order(&mut lines);
    let mut taxes = old.taxes.clone();
    if !taxes.is_empty() {
        taxes.extend(correction.taxes.iter().copied());
        taxes.sort_unstable();
        taxes.dedup();
    }
    Ok(Content {
        format: Content::FORMAT,
        taxpayer: old.taxpayer,
        window: old.window,
        authority: old.authority.clone(),
        treasury: old.treasury.clone(),
        profile: known.profile.clone(),
        rule_pack: known.rules.digest().to_owned(),
        taxes,
        covered,
        lines,
        findings,
        correction: Some(correction),
    })
}

/// Lets lines that were drawn again rest on those before them: each has what was paid of its
/// predecessor, and its due day. What was paid of a line without successor is refundable.
///
/// # Errors
/// [`Overflow`].
pub fn rest_on(lines: &mut Vec<Line>, before: &[(&Line, Money)]) -> Result<(), Overflow> {
    let places = before.iter().zip(0_usize..);
    let places: HashMap<Key<'_>, usize> = places.map(|((line, _), n)| (line.key(), n)).collect();
    let mut succeeded = HashSet::new();
    for line in lines.iter_mut() {
        let place = places.get(&line.key()).copied();
        if let Some((old, carried)) = place.and_then(|place| before.get(place)) {
            line.due_on = old.due_on;
            line.carry(*carried)?;
            succeeded.extend(place);
        }
    }
    for (place, (line, carried)) in before.iter().enumerate() {
        if !succeeded.contains(&place) && !carried.is_zero() {
            lines.push(line.withdrawn(*carried)?);
        }
    }
    Ok(())
}

/// Numbers lines in the form's order of taxes.
pub fn in_order(lines: &mut [Line]) {
    lines.sort_by_key(|line| line.charge.tax);
    for (number, line) in (1..).zip(lines) {
        line.number = number;
    }
}

type DrawnAgain = (Vec<Line>, Vec<Covered>, Vec<Finding>);

/// The lines of the corrected taxes as they are now.
fn drawn_again(base: &Base, correction: &Correction, known: &Known<'_>) -> DrawnAgain {
    let old = &base.filed.content;
    let mut declared = known.declared.clone();
    declared.retain(|_, id| *id != base.filed.id);
    let nothing = HashMap::new();
    let mut scope = Scope {
        rules: known.rules,
        taxpayer: old.taxpayer,
        profile: known.profile,
        window: old.window,
        sources: &[],
        declared: &nothing,
        authority: Some(&old.authority),
        taxes: &correction.taxes,
        explain: false,
    };
    let mut sources = Vec::new();
    for record in known.sources {
        if correction.excluded.contains(&record.id) {
            continue;
        }
        let mut record = record.clone();
        let covers = |period| {
            let mut covered = old.covered.iter();
            covered.any(|own| own.source_id == record.id && own.period == period)
        };
        // A closed source stays on the form for the periods it was declared for, and no other.
        if record.state == SourceState::Closed {
            let due = record
                .detail
                .periods_due(&context(&scope, &record, scope.window));
            let due = due.unwrap_or_default();
            let (own, other): (Vec<_>, Vec<_>) = due.into_iter().partition(|day| covers(*day));
            if !own.is_empty() {
                declared.extend(
                    other
                        .into_iter()
                        .map(|day| ((record.id, day), base.filed.id)),
                );
                record.state = SourceState::Declared;
            }
        }
        sources.push(record);
    }
    (scope.sources, scope.declared) = (&sources, &declared);
    let mut forms = draw(&scope).contents.into_iter();
    let form = forms.find(|form| form.treasury == old.treasury);
    let mut form = form.map_or_else(DrawnAgain::default, |form| {
        (form.lines, form.covered, form.findings)
    });
    // That a corrected tax has no source left is what such a correction says.
    form.2
        .retain(|found| found.rule_id != super::catalogue::FORM_NO_SOURCE.id);
    form
}

/// What may bar a correction of a declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bars {
    /// The taxpayer's open inspections.
    pub inspections: Vec<Inspection>,
    /// A refund of the declaration that is not decided or not paid yet.
    pub refund: Option<String>,
    /// A payment of the declaration whose money is under way.
    pub payment: Option<String>,
}

impl Bars {
    /// Refuses to open a correction.
    ///
    /// # Errors
    /// [`Refusal::UnderInspection`] or [`Refusal::RefundPending`].
    pub fn check_opening(&self, base: &Content, new: &Content) -> Result<(), Refusal> {
        let corrected = |line: &&Line| {
            let of = new.correction.as_ref();
            of.is_some_and(|of| of.taxes.contains(&line.charge.tax))
        };
        for line in base.lines.iter().chain(&new.lines).filter(corrected) {
            let charge = &line.charge;
            let bars = |open: &&Inspection| {
                open.bars(charge.tax, line.tax_period) || open.bars(charge.tax, charge.period)
            };
            if let Some(open) = self.inspections.iter().find(bars) {
                return Err(Refusal::UnderInspection {
                    document: open.document.clone(),
                    tax: charge.tax,
                    period: open.period,
                });
            }
        }
        match &self.refund {
            Some(id) => Err(Refusal::RefundPending(id.clone())),
            None => Ok(()),
        }
    }

    /// Refuses to file a correction.
    ///
    /// # Errors
    /// As [`Bars::check_opening`], and [`Refusal::PaymentAlive`].
    pub fn check_filing(&self, base: &Content, new: &Content) -> Result<(), Refusal> {
        self.check_opening(base, new)?;
        match &self.payment {
            Some(id) => Err(Refusal::PaymentAlive(id.clone())),
            None => Ok(()),
        }
    }
}

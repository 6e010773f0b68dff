//! Drawing the one form from the sources (应申报 and 申报表生成): nothing is typed twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::across_taxes::Across;
use super::declaration::{Content, Covered, Line};
use super::obligations::{Due, Obligation, Reason, declares_zero, due, frequency};
use super::peers::Peers;
use super::radar;
use super::validation;
use super::{SourceRecord, SourceState};
use crate::rules::RuleBook;
use crate::tax::{
    Charge, ChargeError, Context, Finding, Profile, Severity, TaxSource, TaxpayerKind, six_taxes,
};
use crate::types::{
    DeclarationId, Money, Period, SourceId, TaxAuthority, TaxKind, TaxpayerKey, Treasury,
};

/// What is drawn, for whom and from what.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The rule pack.
    pub rules: &'a RuleBook,
    /// Whose it is.
    pub taxpayer: TaxpayerKey,
    /// The taxpayer's dated attributes.
    pub profile: &'a Profile,
    /// The filing window.
    pub window: Period,
    /// All sources of the taxpayer.
    pub sources: &'a [SourceRecord],
    /// What already stands on live declarations.
    pub declared: &'a HashMap<(SourceId, Period), DeclarationId>,
    /// Only this authority.
    pub authority: Option<&'a TaxAuthority>,
    /// Only these taxes; empty means all.
    pub taxes: &'a [TaxKind],
    /// Whether to write explanations.
    pub explain: bool,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawing {
    /// One content per authority and treasury, in their order.
    pub contents: Vec<Content>,
    /// Every source with each of its periods, in and out.
    pub obligations: Vec<Obligation>,
}

/// The charges of one source for one tax period.
struct Charged<'a> {
    record: &'a SourceRecord,
    period: Period,
    due: Due,
    charges: Vec<Charge>,
    findings: Vec<Finding>,
}

/// Draws the forms of a window.
pub fn draw(scope: &Scope<'_>) -> Drawing {
    let mut drawing = Drawing::default();
    let mut forms: BTreeMap<(TaxAuthority, Treasury), Vec<Charged<'_>>> = BTreeMap::new();
    let mut peers = Peers::of(scope.sources);
    for record in scope
        .sources
        .iter()
        .filter(|record| in_scope(scope, record))
    {
        for (obligation, charged) in source_obligations(scope, record, &mut peers) {
            if let Some(charged) = charged {
                let key = (record.authority.clone(), record.treasury.clone());
                forms.entry(key).or_default().push(charged);
            }
            drawing.obligations.push(obligation);
        }
    }
    let across = Across::new(scope);
    let idle = without_source(scope);
    for ((authority, treasury), charged) in forms {
        let on_form = on_form(&charged);
        let mut form = content(scope, authority, treasury, charged);
        form.findings.extend(across.findings(&on_form));
        form.findings
            .extend(six_taxes_doubts(scope, &form.lines, &on_form));
        form.findings.extend(idle.iter().cloned());
        validation::in_order(&mut form.findings);
        drawing.contents.push(form);
    }
    drawing
}

/// Each source of a form once, in the form's order.
fn on_form<'a>(charged: &[Charged<'a>]) -> Vec<&'a SourceRecord> {
    let mut seen = HashSet::new();
    charged
        .iter()
        .filter(|part| !part.charges.is_empty())
        .map(|part| part.record)
        .filter(|record| seen.insert(record.id))
        .collect()
}

/// The months of the form's lines that 六税两费 may halve, against the facts of the taxpayer.
fn six_taxes_doubts(scope: &Scope<'_>, lines: &[Line], on_form: &[&SourceRecord]) -> Vec<Finding> {
    let covered = lines
        .iter()
        .filter(|line| six_taxes::covers(line.charge.tax));
    let periods = covered.map(|line| line.tax_period);
    let all = periods.reduce(|one, other| {
        let (first, last) = (one.first().min(other.first()), one.last().max(other.last()));
        Period::new(first, last).unwrap_or(one)
    });
    // What kind of taxpayer a natural person is, is known to each tax.
    let facts = scope.profile.six_taxes_facts.is_some();
    let known = facts || scope.profile.kind != TaxpayerKind::Individual;
    match (all, on_form.first()) {
        (Some(period), Some(record)) if known => {
            radar::six_taxes_months(&context(scope, record, period))
        }
        _ => Vec::new(),
    }
}

/// Taxes that were ticked although no open source of theirs, with any authority, has a period due
/// in the window. What is already declared counts, so that a draft does not change when another
/// one of the same drawing is filed.
fn without_source(scope: &Scope<'_>) -> Vec<Finding> {
    let idle = |record: &SourceRecord| {
        let window = context(scope, record, scope.window);
        let periods = record.detail.periods_due(&window);
        periods.is_ok_and(|periods| periods.is_empty())
    };
    let has_due = |tax: TaxKind| {
        scope.sources.iter().any(|record| {
            record.detail.kind() == tax && record.state != SourceState::Closed && !idle(record)
        })
    };
    let ticked = scope.taxes.iter().filter(|tax| !has_due(**tax));
    ticked.map(|tax| validation::no_source(*tax)).collect()
}

fn in_scope(scope: &Scope<'_>, record: &SourceRecord) -> bool {
    let tax = record.detail.kind();
    (scope.taxes.is_empty() || scope.taxes.contains(&tax))
        && scope
            .authority
            .is_none_or(|authority| *authority == record.authority)
}

type Found<'a> = (Obligation, Option<Charged<'a>>);

fn source_obligations<'a>(
    scope: &Scope<'a>,
    record: &'a SourceRecord,
    peers: &mut Peers<'a>,
) -> Vec<Found<'a>> {
    let window = context(scope, record, scope.window);
    let often = frequency(&window, &record.detail);
    let obligation = |period, reason, due| Obligation {
        source_id: record.id,
        source_name: record.name.clone(),
        tax: record.detail.kind(),
        authority: record.authority.clone(),
        period,
        reason,
        due,
        frequency: often.clone(),
    };
    if record.state == SourceState::Closed {
        return vec![(obligation(None, Reason::Closed, None), None)];
    }
    let periods = match record.detail.periods_due(&window) {
        Ok(periods) => periods,
        Err(error) => {
            // A form that cannot say what is due must not be filed without the source.
            let due = Due::unknown(scope.window.last());
            let finding = error.into_finding().below(&path(record));
            let charged = Charged {
                record,
                period: scope.window,
                due,
                charges: Vec::new(),
                findings: vec![finding.clone()],
            };
            let reason = Reason::CannotBeCharged(Box::new(finding));
            return vec![(obligation(None, reason, None), Some(charged))];
        }
    };
    if periods.is_empty() {
        return vec![(obligation(None, Reason::NotDueInWindow, None), None)];
    }
    let mut found = Vec::new();
    for period in periods {
        if let Some(id) = scope.declared.get(&(record.id, period)) {
            let reason = Reason::AlreadyDeclared(*id);
            let due = due(&context(scope, record, period), &record.detail).ok();
            found.push((obligation(Some(period), reason, due), None));
            continue;
        }
        let (reason, due, charged) = charge(scope, record, period, peers.without(record));
        found.push((obligation(Some(period), reason, due), charged));
    }
    found
}

fn charge<'a>(
    scope: &Scope<'a>,
    record: &'a SourceRecord,
    period: Period,
    peers: &[&TaxSource],
) -> (Reason, Option<Due>, Option<Charged<'a>>) {
    let ctx = context(scope, record, period);
    let mut findings: Vec<Finding> = record.detail.check(&ctx);
    findings.extend(record.detail.check_among(peers, &ctx));
    let due = due(&ctx, &record.detail);
    let computed = record.detail.charge(peers, &ctx);
    let (mut charges, due) = match (computed, due) {
        (Ok(charges), Ok(due)) => (charges, due),
        (Err(error), due) => return refused(record, period, (error, findings), due.ok()),
        (Ok(_), Err(error)) => return refused(record, period, (error, findings), None),
    };
    let mut reason = Reason::Due;
    if charges.is_empty() {
        // Doubts about a source that is not taxed now do not put it on the form; errors do.
        let stops = |finding: &Finding| finding.severity == Severity::Error;
        reason = Reason::NotTaxedInPeriod;
        if !findings.iter().any(stops) {
            let tax = record.detail.kind();
            if !declares_zero(&ctx, tax) {
                return (reason, Some(due), None);
            }
            reason = Reason::DueWithoutTax;
            charges.push(validation::zero_line(tax, period));
            findings.push(validation::declared_without_tax(period));
        }
    }
    if !due.calendar_known {
        findings.push(validation::deadline_unknown(due.on));
    }
    if due.unconfirmed {
        findings.push(validation::due_rule_unconfirmed(&due.rule));
    }
    findings.extend(validation::frequency_unconfirmed(&ctx, &record.detail));
    findings.extend(validation::applied(&charges));
    let below = |finding: Finding| finding.below(&path(record));
    let charged = Charged {
        record,
        period,
        due: due.clone(),
        charges,
        findings: findings.into_iter().map(below).collect(),
    };
    (reason, Some(due), Some(charged))
}

/// A source that cannot be charged stands on the form with what stops it.
fn refused<'a>(
    record: &'a SourceRecord,
    period: Period,
    (error, mut findings): (ChargeError, Vec<Finding>),
    due: Option<Due>,
) -> (Reason, Option<Due>, Option<Charged<'a>>) {
    let stop = error.into_finding();
    if !findings.contains(&stop) {
        findings.push(stop.clone());
    }
    let below = |finding: Finding| finding.below(&path(record));
    let charged = Charged {
        record,
        period,
        due: due.clone().unwrap_or_else(|| Due::unknown(period.last())),
        charges: Vec::new(),
        findings: findings.into_iter().map(below).collect(),
    };
    let reason = Reason::CannotBeCharged(Box::new(below(stop)));
    (reason, due, Some(charged))
}

/// The path under which a source's findings stand.
pub(super) fn path(record: &SourceRecord) -> String {
    format!("sources[{}]", record.id)
}

/// What a source is charged with in a period.
pub(super) fn context<'a>(scope: &Scope<'a>, record: &SourceRecord, period: Period) -> Context<'a> {
    Context {
        rules: scope.rules,
        region: record.region,
        period,
        profile: scope.profile,
        explain: scope.explain,
    }
}

fn content(
    scope: &Scope<'_>,
    authority: TaxAuthority,
    treasury: Treasury,
    mut charged: Vec<Charged<'_>>,
) -> Content {
    // Taxes in the form's order, then the order in which sources were collected.
    charged.sort_by_key(|part| part.record.detail.kind());
    let mut lines = Vec::new();
    let mut covered = Vec::new();
    let mut findings = Vec::new();
    for part in charged {
        findings.extend(part.findings);
        let (source_id, source_version) = (part.record.id, part.record.version);
        if !part.charges.is_empty() {
            covered.push(Covered {
                source_id,
                source_version,
                period: part.period,
            });
        }
        for mut charge in part.charges {
            if !scope.explain {
                // The explanation is recomputed when asked for, never stored.
                charge.steps.clear();
                charge.turning_points.clear();
            }
            let number = u32::try_from(lines.len() + 1).unwrap_or(u32::MAX);
            let payable = match charge.payable() {
                Ok(payable) => payable,
                Err(overflow) => {
                    let finding = ChargeError::Overflow(overflow).into_finding();
                    findings.push(finding.below(&path(part.record)));
                    continue;
                }
            };
            lines.push(Line {
                number,
                source_id,
                source_version,
                tax_period: part.period,
                due_on: part.due.on,
                charge,
                payable,
                carried: Money::ZERO,
                stands_from: None,
            });
        }
    }
    Content {
        format: Content::FORMAT,
        taxpayer: scope.taxpayer,
        window: scope.window,
        authority,
        treasury,
        profile: scope.profile.clone(),
        rule_pack: scope.rules.digest().to_owned(),
        taxes: scope.taxes.to_vec(),
        covered,
        lines,
        findings,
        correction: None,
    }
}

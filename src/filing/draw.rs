//! Drawing the one form from the sources (应申报 and 申报表生成): nothing is typed twice.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::declaration::{Content, Covered, Line};
use super::validation;
use super::{SourceRecord, SourceState};
use crate::rules::{DueRule, RuleBook};
use crate::tax::{Charge, ChargeError, Context, Finding, Profile, Severity, TaxSource};
use crate::types::{DeclarationId, Period, SourceId, TaxAuthority, TaxKind, TaxpayerKey, Treasury};

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

/// Why a source does or does not stand on the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is to be declared.
    Due,
    /// None of its periods ends in the window.
    NotDueInWindow,
    /// It already stands on a live declaration.
    AlreadyDeclared(DeclarationId),
    /// Nothing of it is taxed in the period.
    NotTaxedInPeriod,
    /// It cannot be charged.
    CannotBeCharged(Box<Finding>),
    /// It is closed.
    Closed,
}

/// One source and one of its periods (当期应申报).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// The source.
    pub source_id: SourceId,
    /// Its name.
    pub source_name: String,
    /// Its tax.
    pub tax: TaxKind,
    /// Its authority.
    pub authority: TaxAuthority,
    /// The tax period, where one is due.
    pub period: Option<Period>,
    /// Whether it is to be declared, or why not.
    pub reason: Reason,
    /// The due day and the rule behind it.
    pub due: Option<Due>,
}

/// A due day and the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Last day to file and pay.
    pub on: Date,
    /// The rule, such as `period_end+15d`, with its document.
    pub rule: String,
    /// False when no holiday calendar is published for the year.
    pub calendar_known: bool,
    /// The rule is not confirmed for the place.
    pub unconfirmed: bool,
}

impl Due {
    /// Stands in where a source cannot be charged; its form cannot be filed.
    fn unknown(on: Date) -> Self {
        Self {
            on,
            rule: String::new(),
            calendar_known: true,
            unconfirmed: false,
        }
    }
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
    for record in scope
        .sources
        .iter()
        .filter(|record| in_scope(scope, record))
    {
        for (obligation, charged) in source_obligations(scope, record) {
            if let Some(charged) = charged {
                let key = (record.authority.clone(), record.treasury.clone());
                forms.entry(key).or_default().push(charged);
            }
            drawing.obligations.push(obligation);
        }
    }
    for ((authority, treasury), charged) in forms {
        drawing
            .contents
            .push(content(scope, authority, treasury, charged));
    }
    drawing
}

fn in_scope(scope: &Scope<'_>, record: &SourceRecord) -> bool {
    let tax = record.detail.kind();
    (scope.taxes.is_empty() || scope.taxes.contains(&tax))
        && scope
            .authority
            .is_none_or(|authority| *authority == record.authority)
}

type Found<'a> = (Obligation, Option<Charged<'a>>);

fn source_obligations<'a>(scope: &Scope<'a>, record: &'a SourceRecord) -> Vec<Found<'a>> {
    let obligation = |period, reason, due| Obligation {
        source_id: record.id,
        source_name: record.name.clone(),
        tax: record.detail.kind(),
        authority: record.authority.clone(),
        period,
        reason,
        due,
    };
    if record.state == SourceState::Closed {
        return vec![(obligation(None, Reason::Closed, None), None)];
    }
    let window = context(scope, record, scope.window);
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
            found.push((obligation(Some(period), reason, None), None));
            continue;
        }
        let (reason, due, charged) = charge(scope, record, period);
        found.push((obligation(Some(period), reason, due), charged));
    }
    found
}

fn charge<'a>(
    scope: &Scope<'a>,
    record: &'a SourceRecord,
    period: Period,
) -> (Reason, Option<Due>, Option<Charged<'a>>) {
    let ctx = context(scope, record, period);
    let mut findings: Vec<Finding> = record.detail.check(&ctx);
    let peers: Vec<&TaxSource> = scope
        .sources
        .iter()
        .filter(|peer| {
            peer.id != record.id
                && peer.state != SourceState::Closed
                && peer.detail.kind() == record.detail.kind()
        })
        .map(|peer| &peer.detail)
        .collect();
    findings.extend(record.detail.check_among(&peers, &ctx));
    let computed = record
        .detail
        .charge(&peers, &ctx)
        .and_then(|charges| due(&ctx, &record.detail).map(|due| (charges, due)));
    let below = |finding: Finding| finding.below(&path(record));
    let stops = |finding: &Finding| finding.severity == Severity::Error;
    match computed {
        // Doubts about a source that is not taxed now do not put it on the form; errors do.
        Ok((charges, due)) if charges.is_empty() && !findings.iter().any(stops) => {
            (Reason::NotTaxedInPeriod, Some(due), None)
        }
        Ok((charges, due)) => {
            if !due.calendar_known {
                findings.push(validation::deadline_unknown(due.on));
            }
            if due.unconfirmed {
                findings.push(validation::due_rule_unconfirmed(&due.rule));
            }
            findings.extend(validation::frequency_unconfirmed(&ctx, &record.detail));
            findings.extend(validation::applied(&charges));
            let reason = if charges.is_empty() {
                Reason::NotTaxedInPeriod
            } else {
                Reason::Due
            };
            let findings = findings.into_iter().map(below).collect();
            let charged = Charged {
                record,
                period,
                due: due.clone(),
                charges,
                findings,
            };
            (reason, Some(due), Some(charged))
        }
        Err(error) => {
            let stop = error.into_finding();
            if !findings.contains(&stop) {
                findings.push(stop.clone());
            }
            let findings = findings.into_iter().map(below).collect();
            let due = Due::unknown(period.last());
            let charged = Charged {
                record,
                period,
                due,
                charges: Vec::new(),
                findings,
            };
            (
                Reason::CannotBeCharged(Box::new(stop.below(&path(record)))),
                None,
                Some(charged),
            )
        }
    }
}

/// The path under which a source's findings stand.
fn path(record: &SourceRecord) -> String {
    format!("sources[{}]", record.id)
}

fn context<'a>(scope: &Scope<'a>, record: &SourceRecord, period: Period) -> Context<'a> {
    Context {
        rules: scope.rules,
        region: record.region,
        period,
        profile: scope.profile,
        explain: scope.explain,
    }
}

fn due(ctx: &Context<'_>, source: &TaxSource) -> Result<Due, ChargeError> {
    let id = source.due_parameter();
    let (_, row) = ctx.rules.find(id, ctx.region, ctx.period.last())?;
    let rule = DueRule::parse(&row.value).ok_or_else(|| crate::rules::LookupError::WrongKind {
        id: id.to_owned(),
        wanted: "due rule",
    })?;
    let window = ctx.rules.calendar().due(rule, ctx.period);
    Ok(Due {
        on: window.due_on,
        rule: format!("{}（{}）", row.value, row.source.cite),
        calendar_known: window.calendar_known,
        unconfirmed: row.source.status == crate::rules::RuleStatus::Unconfirmed,
    })
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
            });
        }
    }
    findings.extend(validation::whole_form(&lines));
    validation::in_order(&mut findings);
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
    }
}

//! What is to be filed in a window (当期应申报): each source with each of its periods, in or out
//! with the reason, its due day and how often it is filed, each with the rule behind it.

use jiff::civil::Date;

use crate::rules::{DueRule, LookupError, RuleStatus};
use crate::tax::{ChargeError, Context, Finding, TaxSource};
use crate::types::{DeclarationId, Period, SourceId, TaxAuthority, TaxKind};

/// Why a source does or does not stand on the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is to be declared.
    Due,
    /// It is to be declared although no tax comes out (零申报, 细则 第三十二条).
    DueWithoutTax,
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
    /// How often the place has it filed; nothing where it is filed as it occurs.
    pub frequency: Option<FilingFrequency>,
}

impl Reason {
    /// True when the source stands on the form.
    pub const fn is_due(&self) -> bool {
        matches!(self, Self::Due | Self::DueWithoutTax)
    }
}

/// How often a place has a tax filed (申报期限), with the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingFrequency {
    /// `MONTH`, `QUARTER`, `HALF_YEAR`, `YEAR` or `PER_OCCURRENCE`.
    pub word: String,
    /// Document and article.
    pub cite: String,
    /// The rule is not confirmed for the place.
    pub unconfirmed: bool,
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
    pub(super) fn unknown(on: Date) -> Self {
        Self {
            on,
            rule: String::new(),
            calendar_known: true,
            unconfirmed: false,
        }
    }
}

/// The due day of a source's tax period.
///
/// # Errors
/// [`ChargeError::Missing`] when the place's rule is not in the rule pack.
pub(super) fn due(ctx: &Context<'_>, source: &TaxSource) -> Result<Due, ChargeError> {
    let id = source.due_parameter();
    let (_, row) = ctx.rules.find(id, ctx.region, ctx.period.last())?;
    let rule = DueRule::parse(&row.value).ok_or_else(|| LookupError::WrongKind {
        id: id.to_owned(),
        wanted: "due rule",
    })?;
    let window = ctx.rules.calendar().due(rule, ctx.period);
    Ok(Due {
        on: window.due_on,
        rule: format!("{}（{}）", row.value, row.source.cite),
        calendar_known: window.calendar_known,
        unconfirmed: row.source.status == RuleStatus::Unconfirmed,
    })
}

/// How often the place has the source filed.
pub(super) fn frequency(ctx: &Context<'_>, source: &TaxSource) -> Option<FilingFrequency> {
    let id = source.frequency_parameter()?;
    let (_, row) = ctx.rules.find(id, ctx.region, ctx.period.last()).ok()?;
    Some(FilingFrequency {
        word: row.value.clone(),
        cite: row.source.cite.clone(),
        unconfirmed: row.source.status == RuleStatus::Unconfirmed,
    })
}

/// True when the law has a period declared in which nothing is taxed.
pub(super) fn declares_zero(ctx: &Context<'_>, tax: TaxKind) -> bool {
    let id = format!("procedure.zero_filing.{}", tax.name().to_lowercase());
    ctx.text(&id, ctx.period.last())
        .is_ok_and(|word| word == "DECLARE")
}

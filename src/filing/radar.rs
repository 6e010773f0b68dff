//! The eligibility radar (应享未享、错误享受): what the facts say about reliefs, with the money.
//!
//! Nothing here stops a filing. On a draft stand only the months of 六税两费, which cost nothing to
//! compare; what each tax says of its own reliefs is charged twice, as filed and as the finding
//! would have it, and is asked for apart.

use super::catalogue;
use super::draw::{Scope, context, path};
use super::peers::Peers;
use super::{SourceRecord, SourceState};
use crate::rules::ReliefShape;
use crate::tax::{Context, Finding, Profile, ReliefClaim, TaxSource, six_taxes};
use crate::types::{Money, Month, Period, SourceId, TaxKind};

/// One relief that is due but not claimed, or claimed but not due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The source; nothing where it is about the taxpayer.
    pub source_id: Option<SourceId>,
    /// The source's name.
    pub source_name: String,
    /// The tax.
    pub tax: TaxKind,
    /// The tax period charged.
    pub period: Period,
    /// The rule, its basis, and the field whose value would flip it.
    pub finding: Finding,
    /// The relief, such as `SIX_TAXES`.
    pub relief_id: String,
    /// Payable as filed less payable as the finding would have it: above zero is saved, below
    /// zero is owed. Nothing where one of them cannot be charged.
    pub effect: Option<Money>,
}

/// Reviews every open source for each of its periods in the window, whether filed or not.
pub fn review(scope: &Scope<'_>) -> Vec<Review> {
    let mut reviews = Vec::new();
    let mut peers = Peers::of(scope.sources);
    for record in scope.sources {
        let tax = record.detail.kind();
        let wanted = scope.taxes.is_empty() || scope.taxes.contains(&tax);
        let placed = scope.authority.is_none_or(|one| *one == record.authority);
        if record.state == SourceState::Closed || !wanted || !placed {
            continue;
        }
        let window = context(scope, record, scope.window);
        let periods = record.detail.periods_due(&window).unwrap_or_default();
        for period in periods {
            let ctx = context(scope, record, period);
            let of_source = Subject {
                record,
                ctx,
                peers: peers.without(record),
            };
            reviews.extend(of_source.opportunities());
            reviews.extend(of_source.months_of_six_taxes());
            reviews.extend(of_source.approvals());
        }
    }
    reviews
}

/// One source in one period, among its peers.
struct Subject<'a, 'p> {
    record: &'a SourceRecord,
    ctx: Context<'a>,
    peers: &'p [&'a TaxSource],
}

impl Subject<'_, '_> {
    fn review(&self, finding: Finding, relief_id: String, effect: Option<Money>) -> Review {
        Review {
            source_id: Some(self.record.id),
            source_name: self.record.name.clone(),
            tax: self.record.detail.kind(),
            period: self.ctx.period,
            finding,
            relief_id,
            effect,
        }
    }

    fn payable(&self, source: &TaxSource, ctx: &Context<'_>) -> Option<Money> {
        let charges = source.charge(self.peers, ctx).ok()?;
        let mut sum = Money::ZERO;
        for charge in charges {
            sum = sum.plus(charge.payable().ok()?).ok()?;
        }
        Some(sum)
    }

    fn effect(&self, source: &TaxSource, ctx: &Context<'_>) -> Option<Money> {
        let filed = self.payable(&self.record.detail, &self.ctx)?;
        filed.minus(self.payable(source, ctx)?).ok()
    }

    /// What the tax says of its own reliefs.
    fn opportunities(&self) -> Vec<Review> {
        let found = self.record.detail.radar(&self.ctx);
        let each = found.into_iter().map(|one| {
            let instead = one.instead.as_ref();
            let effect = instead.and_then(|source| self.effect(source, &self.ctx));
            let finding = one.finding.below(&path(self.record));
            self.review(finding, one.relief_id, effect)
        });
        each.collect()
    }

    /// What the facts say of the months of 六税两费.
    fn months_of_six_taxes(&self) -> Vec<Review> {
        if !six_taxes::covers(self.record.detail.kind()) {
            return Vec::new();
        }
        let findings = six_taxes_months(&self.ctx);
        if findings.is_empty() {
            return Vec::new();
        }
        let facts = self.ctx.profile.six_taxes_facts.clone().unwrap_or_default();
        let by_facts = Profile {
            kind: self.ctx.profile.kind,
            six_taxes: Vec::new(),
            six_taxes_facts: Some(facts),
        };
        let instead = Context {
            profile: &by_facts,
            ..self.ctx
        };
        let effect = self.effect(&self.record.detail, &instead);
        let each = findings
            .into_iter()
            .filter(|_| effect.is_none_or(|money| !money.is_zero()));
        each.map(|finding| self.review(finding, six_taxes::RELIEF_ID.to_owned(), effect))
            .collect()
    }

    /// Reliefs by approval without the approval's document: what they are worth is at stake.
    fn approvals(&self) -> Vec<Review> {
        let mut reviews = Vec::new();
        for (field, claim) in claims(&self.record.detail) {
            let rule = self.ctx.rules.relief(&claim.relief_id);
            let by_approval = rule.is_some_and(|rule| rule.shape == ReliefShape::ByInput);
            if !by_approval || !claim.document.trim().is_empty() {
                continue;
            }
            let id = &claim.relief_id;
            let finding = catalogue::APPROVAL_DOCUMENT
                .at(
                    format!("{field}.document"),
                    format!("减免税项目 {id} 须经核准，未载明核准文书"),
                    format!("relief {id} needs an approval, but no document is named"),
                )
                .below(&path(self.record));
            reviews.push(self.review(finding, id.clone(), None));
        }
        reviews
    }
}

/// What the facts say of the months of a period, for a draft and for the radar.
pub(super) fn six_taxes_months(ctx: &Context<'_>) -> Vec<Finding> {
    let (without, unclaimed) = six_taxes::doubted_months(ctx);
    let mut findings = Vec::new();
    if !without.is_empty() {
        let months = listed(&without);
        findings.push(catalogue::SIX_PERIOD.at(
            "six_taxes_windows",
            format!("{months} 享受了“六税两费”减免，但所填事实不支持"),
            format!("六税两费 relief is taken in {months} without ground in the facts"),
        ));
    }
    if !unclaimed.is_empty() {
        let months = listed(&unclaimed);
        findings.push(catalogue::SIX_UNCLAIMED.at(
            "six_taxes_windows",
            format!("依所填事实 {months} 可以享受“六税两费”减免，尚未享受"),
            format!("the facts grant 六税两费 relief in {months}, but it is not claimed"),
        ));
    }
    findings
}

/// `2025-05..2025-06`, runs of months with commas between them.
fn listed(months: &[Month]) -> String {
    let mut runs: Vec<(Month, Month)> = Vec::new();
    for month in months {
        match runs.last_mut() {
            Some((_, last)) if last.next() == *month => *last = *month,
            _ => runs.push((*month, *month)),
        }
    }
    let words = runs.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}..{last}")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The claims of a source with their paths; a plot checks its own approvals.
fn claims(source: &TaxSource) -> Vec<(String, &ReliefClaim)> {
    fn list<'a>(at: &str, claims: &'a [ReliefClaim]) -> Vec<(String, &'a ReliefClaim)> {
        let path = |(place, claim)| (format!("{at}[{place}]"), claim);
        claims.iter().enumerate().map(path).collect()
    }
    match source {
        TaxSource::RealEstateTax(house) => {
            let mut found = list("reliefs", &house.reliefs);
            for (place, lease) in house.leases.iter().enumerate() {
                found.extend(list(&format!("leases[{place}].reliefs"), &lease.reliefs));
            }
            found
        }
        TaxSource::VehicleVesselTax(vehicle) => list("reliefs", &vehicle.reliefs),
        TaxSource::StampTax(document) => {
            let lines = document.lines.iter().enumerate();
            lines
                .flat_map(|(place, line)| list(&format!("lines[{place}].reliefs"), &line.reliefs))
                .collect()
        }
        TaxSource::LandUseTax(_)
        | TaxSource::LandAppreciationTax(_)
        | TaxSource::EnvironmentalProtectionTax(_) => Vec::new(),
    }
}

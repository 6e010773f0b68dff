//! Reviews of eligibility, and the facts behind the 六税两费 relief, on the wire.

use std::collections::BTreeSet;

use super::{Fields, finding, period, tax};
use crate::filing::radar::Review;
use crate::grpc::call::Language;
use crate::pb;
use crate::rules::RuleBook;
use crate::tax::six_taxes::{
    AnnualSettlement, Conclusion, Cycle, Eligible, Facts, Figures, Ground, Judge, MonthEnd, Size,
    VatChange, VatStatus,
};
use crate::tax::{Profile, SixTaxesSubject};
use crate::types::{Invalid, Month};

const PEOPLE_MAX: u32 = 10_000_000;

/// Writes one review.
pub fn eligibility(review: &Review, language: Language) -> pb::EligibilityReview {
    let text = |id: Option<crate::types::SourceId>| id.map(|id| id.to_string());
    pb::EligibilityReview {
        source_id: text(review.source_id).unwrap_or_default(),
        source_name: review.source_name.clone(),
        tax: tax(review.tax).into(),
        period: Some(period(review.period)),
        finding: Some(finding(&review.finding, language)),
        relief_id: review.relief_id.clone(),
        effect_yuan: review
            .effect
            .map(|money| money.to_string())
            .unwrap_or_default(),
    }
}

/// Reads the facts behind the eligibility for 六税两费: the outer option is the reading's success.
pub fn six_taxes_facts(
    fields: &mut Fields<'_>,
    wire: Option<&pb::SixTaxesFacts>,
) -> Option<Option<Box<Facts>>> {
    let Some(wire) = wire else {
        return Some(None);
    };
    let mut fields = fields.below("six_taxes_facts");
    let established_on = fields.optional_date("established_on", &wire.established_on);
    let vat = vat_changes(&mut fields, &wire.vat_changes);
    let missed = fields.optional_date("registration_missed_on", &wire.registration_missed_on);
    let cycle = match wire.filing_cycle {
        0 => Some(Cycle::default()),
        cycle => fields.choice("filing_cycle", cycle, |cycle| match cycle {
            pb::FilingCycle::Unspecified => None,
            pb::FilingCycle::Month => Some(Cycle::Month),
            pb::FilingCycle::Quarter => Some(Cycle::Quarter),
            pb::FilingCycle::HalfYear => Some(Cycle::HalfYear),
            pb::FilingCycle::Year => Some(Cycle::Year),
        }),
    };
    let founded = match wire.at_establishment.as_ref() {
        None => Some(None),
        Some(wire) => size(&mut fields.below("at_establishment"), wire).map(Some),
    };
    let month_ends = month_ends(&mut fields, &wire.month_ends);
    let settlements = settlements(&mut fields, &wire.annual_settlements);
    Some(Some(Box::new(Facts {
        established_on: established_on?,
        vat: vat?,
        registration_missed_on: missed?,
        restricted_industry: wire.restricted_industry,
        cycle: cycle?,
        at_establishment: founded?,
        month_ends: month_ends?,
        settlements: settlements?,
    })))
}

fn vat_changes(fields: &mut Fields<'_>, wire: &[pb::VatChange]) -> Option<Vec<VatChange>> {
    const NAME: &str = "vat_changes";
    let mut changes: Vec<VatChange> = Vec::new();
    let mut all = true;
    for (place, one) in fields.list(NAME, wire)?.iter().enumerate() {
        let mut below = fields.element(NAME, place);
        let status = below.choice("vat_status", one.vat_status, |status| match status {
            pb::VatStatus::Unspecified => None,
            pb::VatStatus::SmallScale => Some(VatStatus::SmallScale),
            pb::VatStatus::General => Some(VatStatus::General),
        });
        let from = below.date("effective_on", &one.effective_on);
        let (Some(status), Some(from)) = (status, from) else {
            all = false;
            continue;
        };
        if changes.last().is_some_and(|before| from <= before.from) {
            below.refuse("effective_on", out_of_order());
            all = false;
        }
        changes.push(VatChange { status, from });
    }
    all.then_some(changes)
}

fn out_of_order() -> Invalid {
    Invalid::new(
        "DATE_ORDER",
        "应按日期先后排列",
        "must come after the one before",
    )
}

fn size(fields: &mut Fields<'_>, wire: &pb::EnterpriseSize) -> Option<Size> {
    let people = fields.count("people", wire.people, 0, PEOPLE_MAX);
    let assets = fields.amount("assets_yuan", &wire.assets_yuan);
    Some(Size {
        people: people?,
        assets: assets?,
    })
}

fn month_ends(fields: &mut Fields<'_>, wire: &[pb::MonthEndSize]) -> Option<Vec<MonthEnd>> {
    const NAME: &str = "month_ends";
    let mut seen = BTreeSet::new();
    let mut ends = Vec::new();
    let mut all = true;
    for (place, one) in fields.list(NAME, wire)?.iter().enumerate() {
        let mut below = fields.element(NAME, place);
        let month = below.required("month", &one.month, Month::parse);
        let size = match one.size.as_ref() {
            Some(wire) => size(&mut below.below("size"), wire),
            None => {
                below.missing("size");
                None
            }
        };
        if month.is_some_and(|month| !seen.insert(month)) {
            let twice = Invalid::new("MONTH_TWICE", "月份重复", "the month stands twice");
            below.refuse("month", twice);
            all = false;
        }
        match (month, size) {
            (Some(month), Some(size)) => ends.push(MonthEnd { month, size }),
            _ => all = false,
        }
    }
    all.then_some(ends)
}

fn settlements(
    fields: &mut Fields<'_>,
    wire: &[pb::AnnualSettlement],
) -> Option<Vec<AnnualSettlement>> {
    const NAME: &str = "annual_settlements";
    let mut read = Vec::new();
    let mut all = true;
    for (place, one) in fields.list(NAME, wire)?.iter().enumerate() {
        match settlement(&mut fields.element(NAME, place), one) {
            Some(settlement) => read.push(settlement),
            None => all = false,
        }
    }
    all.then_some(read)
}

fn settlement(fields: &mut Fields<'_>, wire: &pb::AnnualSettlement) -> Option<AnnualSettlement> {
    let year = i16::try_from(wire.year)
        .ok()
        .filter(|year| (1990..=2100).contains(year));
    if year.is_none() {
        let range = Invalid::new("COUNT_RANGE", "应为四位年度", "must be a year such as 2024");
        fields.refuse("year", range);
    }
    let filed_on = fields.date("filed_on", &wire.filed_on);
    if let (Some(year), Some(filed)) = (year, filed_on)
        && filed.year() < year
    {
        let early = Invalid::new(
            "DATE_ORDER",
            "汇算清缴不能早于所属年度",
            "cannot be filed before its year",
        );
        fields.refuse("filed_on", early);
        return None;
    }
    let conclusion = match wire.conclusion.as_ref() {
        Some(pb::annual_settlement::Conclusion::SmallLowProfit(small)) => {
            Some(Conclusion::Small(*small))
        }
        Some(pb::annual_settlement::Conclusion::Figures(wire)) => {
            figures(&mut fields.below("figures"), wire).map(Conclusion::Figures)
        }
        None => {
            fields.missing("small_low_profit");
            None
        }
    };
    Some(AnnualSettlement {
        year: year?,
        filed_on: filed_on?,
        conclusion: conclusion?,
    })
}

fn figures(fields: &mut Fields<'_>, wire: &pb::SettlementFigures) -> Option<Figures> {
    let income = fields.amount("income_yuan", &wire.income_yuan);
    let people = fields.quantity("people", &wire.people, 2);
    let assets = fields.amount("assets_yuan", &wire.assets_yuan);
    Some(Figures {
        income: income?,
        people: people?,
        assets: assets?,
    })
}

/// Writes the facts as they were given.
pub fn facts(facts: &Facts) -> pb::SixTaxesFacts {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let cycle = match facts.cycle {
        Cycle::Month => pb::FilingCycle::Month,
        Cycle::Quarter => pb::FilingCycle::Quarter,
        Cycle::HalfYear => pb::FilingCycle::HalfYear,
        Cycle::Year => pb::FilingCycle::Year,
    };
    let size = |size: Size| pb::EnterpriseSize {
        people: size.people,
        assets_yuan: size.assets.to_string(),
    };
    let vat = |one: &VatChange| {
        let status = match one.status {
            VatStatus::SmallScale => pb::VatStatus::SmallScale,
            VatStatus::General => pb::VatStatus::General,
        };
        pb::VatChange {
            vat_status: status.into(),
            effective_on: one.from.to_string(),
        }
    };
    let settlement = |one: &AnnualSettlement| {
        use pb::annual_settlement::Conclusion as Wire;
        let conclusion = match &one.conclusion {
            Conclusion::Small(small) => Wire::SmallLowProfit(*small),
            Conclusion::Figures(figures) => Wire::Figures(pb::SettlementFigures {
                income_yuan: figures.income.to_string(),
                people: figures.people.to_string(),
                assets_yuan: figures.assets.to_string(),
            }),
        };
        pb::AnnualSettlement {
            year: i32::from(one.year),
            filed_on: one.filed_on.to_string(),
            conclusion: Some(conclusion),
        }
    };
    let month_end = |end: &MonthEnd| pb::MonthEndSize {
        month: end.month.to_string(),
        size: Some(size(end.size)),
    };
    pb::SixTaxesFacts {
        established_on: day(facts.established_on),
        vat_changes: facts.vat.iter().map(vat).collect(),
        registration_missed_on: day(facts.registration_missed_on),
        restricted_industry: facts.restricted_industry,
        filing_cycle: cycle.into(),
        at_establishment: facts.at_establishment.map(size),
        month_ends: facts.month_ends.iter().map(month_end).collect(),
        annual_settlements: facts.settlements.iter().map(settlement).collect(),
    }
}

/// The months that the facts of a profile grant, each run with its ground.
pub fn eligible(profile: &Profile, rules: &RuleBook) -> Vec<pb::SixTaxesEligibility> {
    let Some(facts) = profile.six_taxes_facts.as_deref() else {
        return Vec::new();
    };
    let judge = Judge {
        rules,
        kind: profile.kind,
        facts,
    };
    let window = |one: &Eligible| {
        let subject = match one.ground.subject() {
            SixTaxesSubject::SmallScaleVat => pb::SixTaxesSubject::SmallScaleVat,
            SixTaxesSubject::IndividualBusiness => pb::SixTaxesSubject::IndividualBusiness,
            SixTaxesSubject::SmallLowProfit => pb::SixTaxesSubject::SmallLowProfit,
        };
        let settled_year = match one.ground {
            Ground::Settled(year) => i32::from(year),
            _ => 0,
        };
        pb::SixTaxesEligibility {
            subject: subject.into(),
            first_month: one.first.to_string(),
            last_month: one.last.to_string(),
            ground: one.ground.words().0,
            legal_basis: one.ground.words().2.to_owned(),
            settled_year,
        }
    };
    judge
        .windows()
        .unwrap_or_default()
        .iter()
        .map(window)
        .collect()
}

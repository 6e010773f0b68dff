//! The domain form of a 印花税 source written to the wire.

use super::{facts, item_to_wire};
use crate::pb;
use crate::tax::stamp::{
    Amendment, Counterparty, CounterpartyKind, Exclusion, ExclusionKind, FilingMode, Line,
    PartyRole, Settlement, Source,
};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Money, Period};

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::StampTaxSource {
    pb::StampTaxSource {
        document_number: source.document_number.clone(),
        document_name: source.document_name.clone(),
        filing_mode: match source.filing_mode {
            FilingMode::Periodic => pb::StampFilingMode::Periodic,
            FilingMode::PerOccurrence => pb::StampFilingMode::PerOccurrence,
        }
        .into(),
        count: source.count,
        signed_on: source.signed_on.to_string(),
        signed_abroad: source.signed_abroad,
        role: match source.role {
            None => pb::StampPartyRole::Unspecified,
            Some(PartyRole::Provider) => pb::StampPartyRole::Provider,
            Some(PartyRole::Recipient) => pb::StampPartyRole::Recipient,
            Some(PartyRole::Bystander) => pb::StampPartyRole::Bystander,
        }
        .into(),
        unperformed: source.unperformed,
        lines: source.lines.iter().map(line_to_wire).collect(),
        counterparties: source
            .counterparties
            .iter()
            .map(counterparty_to_wire)
            .collect(),
        out_of_scope: source.out_of_scope.map_or(0, facts::out_of_scope_to_wire),
        real_property: source.real_property.map(facts::real_property_to_wire),
        gift: source.gift,
        restructuring: source.restructuring.map(facts::restructuring_to_wire),
        tax_period: source.tax_period.map(period_to_wire),
    }
}

fn line_to_wire(line: &Line) -> pb::StampLine {
    pb::StampLine {
        item: item_to_wire(line.item),
        sub_item: line.sub_item.clone(),
        other_items: line.other_items.iter().copied().map(item_to_wire).collect(),
        amount_yuan: money(line.amount),
        foreign_amount: line
            .foreign_amount
            .as_ref()
            .map(|foreign| pb::StampForeignAmount {
                currency: foreign.currency.clone(),
                amount: foreign.amount.to_string(),
                parity_yuan_per_unit: foreign.parity.to_string(),
            }),
        vat_stated_apart_yuan: line.vat_stated_apart.to_string(),
        vat_rate_named: line.vat_rate_named,
        exclusions: line.exclusions.iter().map(exclusion_to_wire).collect(),
        co_parties: line.co_parties,
        own_share: line.own_share.map(|v| v.to_string()).unwrap_or_default(),
        capital: line.capital.as_ref().map(|capital| pb::StampCapital {
            paid_in_capital_yuan: capital.paid_in.to_string(),
            capital_reserve_yuan: capital.reserve.to_string(),
            taxed_high_water_yuan: capital.taxed_high_water.to_string(),
        }),
        assessment: line.assessment.as_ref().map(|one| pb::StampAssessment {
            base_yuan: one.base.to_string(),
            ratio: Some(stated_to_wire(&one.ratio)),
        }),
        settlements: line.settlements.iter().map(settlement_to_wire).collect(),
        amendments: line.amendments.iter().map(amendment_to_wire).collect(),
        reliefs: line.reliefs.iter().map(relief_to_wire).collect(),
        prior_paid_yuan: line.prior_paid.to_string(),
        prior_paid_reference: line.prior_paid_reference.clone(),
        price_basis: line.price_basis.map_or(0, facts::price_basis_to_wire),
        rate: line.rate.map(|v| v.to_string()).unwrap_or_default(),
        interest_free: line.interest_free,
    }
}

fn money(amount: Option<Money>) -> String {
    amount.map(|value| value.to_string()).unwrap_or_default()
}

fn exclusion_to_wire(exclusion: &Exclusion) -> pb::StampExclusion {
    pb::StampExclusion {
        kind: match exclusion.kind {
            ExclusionKind::ResearchFunds => pb::StampExclusionKind::ResearchFunds,
            ExclusionKind::UnpaidCapital => pb::StampExclusionKind::UnpaidCapital,
            ExclusionKind::FreightExtras => pb::StampExclusionKind::FreightExtras,
        }
        .into(),
        amount_yuan: exclusion.amount.to_string(),
    }
}

fn settlement_to_wire(settlement: &Settlement) -> pb::StampSettlement {
    pb::StampSettlement {
        settled_on: settlement.settled_on.to_string(),
        amount_yuan: settlement.amount.to_string(),
        vat_stated_apart_yuan: settlement.vat_stated_apart.to_string(),
    }
}

fn amendment_to_wire(amendment: &Amendment) -> pb::StampAmendment {
    pb::StampAmendment {
        amended_on: amendment.amended_on.to_string(),
        amount_yuan: amendment.amount.to_string(),
        vat_stated_apart_yuan: amendment.vat_stated_apart.to_string(),
        paid_yuan: amendment.paid.to_string(),
        paid_reference: amendment.paid_reference.clone(),
    }
}

fn counterparty_to_wire(party: &Counterparty) -> pb::StampCounterparty {
    pb::StampCounterparty {
        name: party.name.clone(),
        taxpayer_id: party.taxpayer_id.clone(),
        amount_yuan: money(party.amount),
        kind: match party.kind {
            None => pb::StampCounterpartyKind::Unspecified,
            Some(CounterpartyKind::FinancialInstitution) => {
                pb::StampCounterpartyKind::FinancialInstitution
            }
            Some(CounterpartyKind::Enterprise) => pb::StampCounterpartyKind::Enterprise,
            Some(CounterpartyKind::Individual) => pb::StampCounterpartyKind::Individual,
            Some(CounterpartyKind::PublicBody) => pb::StampCounterpartyKind::PublicBody,
            Some(CounterpartyKind::SmallMicroEnterprise) => {
                pb::StampCounterpartyKind::SmallMicroEnterprise
            }
            Some(CounterpartyKind::Farmer) => pb::StampCounterpartyKind::Farmer,
            Some(CounterpartyKind::NonProfitHospital) => {
                pb::StampCounterpartyKind::NonProfitHospital
            }
        }
        .into(),
    }
}

fn stated_to_wire(stated: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: stated.value.to_string(),
        document: stated.document.clone(),
    }
}

fn relief_to_wire(claim: &ReliefClaim) -> pb::ReliefClaim {
    pb::ReliefClaim {
        relief_id: claim.relief_id.clone(),
        period: claim.period.map(period_to_wire),
        base_share: claim.base_share.map(|v| v.to_string()).unwrap_or_default(),
        ratio: claim.ratio.map(|v| v.to_string()).unwrap_or_default(),
        amount_yuan: money(claim.amount),
        document: claim.document.clone(),
    }
}

fn period_to_wire(period: Period) -> pb::Period {
    pb::Period {
        first_day: period.first().to_string(),
        last_day: period.last().to_string(),
    }
}

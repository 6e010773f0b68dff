//! The wire form of a 印花税 source and its domain form.

#[cfg(test)]
mod tests;

use super::Fields;
use crate::pb;
use crate::tax::stamp::{
    Amendment, Assessment, Capital, Counterparty, CounterpartyKind, Exclusion, ExclusionKind,
    FilingMode, ForeignAmount, Item, Line, PartyRole, Settlement, Source,
};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Invalid, Money, Period};

/// Lines and counterparties of one document at most.
const ELEMENTS_MAX: usize = 50;
/// Settlements and amendments of one line at most.
const EVENTS_MAX: usize = 200;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(fields: &mut Fields<'_>, wire: &pb::StampTaxSource) -> Option<Source> {
    let document_number = fields.text("document_number", &wire.document_number, 50);
    let document_name = fields.required_text("document_name", &wire.document_name, 100);
    let filing_mode = fields.choice("filing_mode", wire.filing_mode, |mode| match mode {
        pb::StampFilingMode::Unspecified => None,
        pb::StampFilingMode::Periodic => Some(FilingMode::Periodic),
        pb::StampFilingMode::PerOccurrence => Some(FilingMode::PerOccurrence),
    });
    let count = fields.count("count", wire.count, 1, 1_000_000);
    let signed_on = fields.date("signed_on", &wire.signed_on);
    let role = optional_choice(wire.role, || fields.choice("role", wire.role, role));
    if wire.lines.is_empty() {
        fields.missing("lines");
    }
    let lines = each(fields, "lines", &wire.lines, ELEMENTS_MAX, line);
    let counterparties = each(
        fields,
        "counterparties",
        &wire.counterparties,
        ELEMENTS_MAX,
        counterparty,
    );
    Some(Source {
        document_number: document_number?,
        document_name: document_name?,
        filing_mode: filing_mode?,
        count: count?,
        signed_on: signed_on?,
        signed_abroad: wire.signed_abroad,
        role: role?,
        unperformed: wire.unperformed,
        lines: lines.filter(|lines| !lines.is_empty())?,
        counterparties: counterparties?,
    })
}

/// Reads every element of a list, at most `limit`.
fn each<W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: &[W],
    limit: usize,
    read: impl Fn(&mut Fields<'_>, &W) -> Option<T>,
) -> Option<Vec<T>> {
    if !fields.at_most(name, wire.len(), limit) {
        return None;
    }
    let found: Vec<Option<T>> = wire
        .iter()
        .enumerate()
        .map(|(place, wire)| read(&mut fields.element(name, place), wire))
        .collect();
    found.into_iter().collect()
}

/// An optional closed choice: the unspecified value is absent.
fn optional_choice<T>(wire: i32, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if wire == 0 {
        Some(None)
    } else {
        read().map(Some)
    }
}

fn role(wire: pb::StampPartyRole) -> Option<PartyRole> {
    match wire {
        pb::StampPartyRole::Unspecified => None,
        pb::StampPartyRole::Provider => Some(PartyRole::Provider),
        pb::StampPartyRole::Recipient => Some(PartyRole::Recipient),
        pb::StampPartyRole::Bystander => Some(PartyRole::Bystander),
    }
}

fn line(fields: &mut Fields<'_>, wire: &pb::StampLine) -> Option<Line> {
    let item = fields.choice("item", wire.item, item);
    let sub_item = fields.text("sub_item", &wire.sub_item, 50);
    let others: Vec<Option<Item>> = fields
        .list("other_items", &wire.other_items)?
        .iter()
        .enumerate()
        .map(|(place, other)| fields.choice(&format!("other_items[{place}]"), *other, self::item))
        .collect();
    let amount = fields.optional_amount("amount_yuan", &wire.amount_yuan);
    let foreign_amount = nested(wire.foreign_amount.as_ref(), |wire| {
        foreign(&mut fields.below("foreign_amount"), wire)
    });
    let vat = fields.amount_or_zero("vat_stated_apart_yuan", &wire.vat_stated_apart_yuan);
    let exclusions = each(
        fields,
        "exclusions",
        &wire.exclusions,
        ELEMENTS_MAX,
        exclusion,
    );
    let co_parties = fields.count("co_parties", wire.co_parties.max(1), 1, 1000);
    let own_share = fields.optional_ratio("own_share", &wire.own_share);
    let capital = nested(wire.capital.as_ref(), |wire| {
        self::capital(&mut fields.below("capital"), wire)
    });
    let assessment = nested(wire.assessment.as_ref(), |wire| {
        self::assessment(&mut fields.below("assessment"), wire)
    });
    let settlements = each(
        fields,
        "settlements",
        &wire.settlements,
        EVENTS_MAX,
        settlement,
    );
    let amendments = each(
        fields,
        "amendments",
        &wire.amendments,
        EVENTS_MAX,
        amendment,
    );
    let reliefs = fields.reliefs("reliefs", &wire.reliefs);
    let prior_paid = fields.amount_or_zero("prior_paid_yuan", &wire.prior_paid_yuan);
    let reference = fields.text("prior_paid_reference", &wire.prior_paid_reference, 100);
    Some(Line {
        item: item?,
        sub_item: sub_item?,
        other_items: others.into_iter().collect::<Option<_>>()?,
        amount: amount?,
        foreign_amount: foreign_amount?,
        vat_stated_apart: vat?,
        vat_rate_named: wire.vat_rate_named,
        exclusions: exclusions?,
        co_parties: co_parties?,
        own_share: own_share?,
        capital: capital?,
        assessment: assessment?,
        settlements: settlements?,
        amendments: amendments?,
        reliefs: reliefs?,
        prior_paid: prior_paid?,
        prior_paid_reference: reference?,
    })
}

/// An optional message: absent, or read.
fn nested<W, T>(wire: Option<&W>, read: impl FnOnce(&W) -> Option<T>) -> Option<Option<T>> {
    match wire {
        None => Some(None),
        Some(wire) => read(wire).map(Some),
    }
}

fn foreign(fields: &mut Fields<'_>, wire: &pb::StampForeignAmount) -> Option<ForeignAmount> {
    let currency = fields.required("currency", &wire.currency, |text| {
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(text.to_owned())
        } else {
            Err(Invalid::new(
                "CURRENCY_SYNTAX",
                "应为三个大写字母的货币代码",
                "must be a currency code of three capital letters",
            ))
        }
    });
    let amount = fields.quantity("amount", &wire.amount, 4);
    let parity = fields.quantity("parity_yuan_per_unit", &wire.parity_yuan_per_unit, 8);
    Some(ForeignAmount {
        currency: currency?,
        amount: amount?,
        parity: parity?,
    })
}

fn exclusion(fields: &mut Fields<'_>, wire: &pb::StampExclusion) -> Option<Exclusion> {
    let kind = fields.choice("kind", wire.kind, |kind| match kind {
        pb::StampExclusionKind::Unspecified => None,
        pb::StampExclusionKind::ResearchFunds => Some(ExclusionKind::ResearchFunds),
        pb::StampExclusionKind::UnpaidCapital => Some(ExclusionKind::UnpaidCapital),
        pb::StampExclusionKind::FreightExtras => Some(ExclusionKind::FreightExtras),
    });
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    Some(Exclusion {
        kind: kind?,
        amount: amount?,
    })
}

fn capital(fields: &mut Fields<'_>, wire: &pb::StampCapital) -> Option<Capital> {
    let paid_in = fields.amount("paid_in_capital_yuan", &wire.paid_in_capital_yuan);
    let reserve = fields.amount("capital_reserve_yuan", &wire.capital_reserve_yuan);
    let mark = fields.amount("taxed_high_water_yuan", &wire.taxed_high_water_yuan);
    Some(Capital {
        paid_in: paid_in?,
        reserve: reserve?,
        taxed_high_water: mark?,
    })
}

fn assessment(fields: &mut Fields<'_>, wire: &pb::StampAssessment) -> Option<Assessment> {
    let base = fields.amount("base_yuan", &wire.base_yuan);
    let ratio = fields.stated_rate("ratio", wire.ratio.as_ref());
    if wire.ratio.is_none() {
        fields.missing("ratio");
    }
    Some(Assessment {
        base: base?,
        ratio: ratio??,
    })
}

fn settlement(fields: &mut Fields<'_>, wire: &pb::StampSettlement) -> Option<Settlement> {
    let settled_on = fields.date("settled_on", &wire.settled_on);
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    let vat = fields.amount_or_zero("vat_stated_apart_yuan", &wire.vat_stated_apart_yuan);
    Some(Settlement {
        settled_on: settled_on?,
        amount: amount?,
        vat_stated_apart: vat?,
    })
}

fn amendment(fields: &mut Fields<'_>, wire: &pb::StampAmendment) -> Option<Amendment> {
    let amended_on = fields.date("amended_on", &wire.amended_on);
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    let vat = fields.amount_or_zero("vat_stated_apart_yuan", &wire.vat_stated_apart_yuan);
    let paid = fields.amount_or_zero("paid_yuan", &wire.paid_yuan);
    let reference = fields.text("paid_reference", &wire.paid_reference, 100);
    Some(Amendment {
        amended_on: amended_on?,
        amount: amount?,
        vat_stated_apart: vat?,
        paid: paid?,
        paid_reference: reference?,
    })
}

fn counterparty(fields: &mut Fields<'_>, wire: &pb::StampCounterparty) -> Option<Counterparty> {
    let name = fields.required_text("name", &wire.name, 200);
    let taxpayer_id = fields.text("taxpayer_id", &wire.taxpayer_id, 20);
    let amount = fields.optional_amount("amount_yuan", &wire.amount_yuan);
    let kind = optional_choice(wire.kind, || {
        fields.choice("kind", wire.kind, |kind| match kind {
            pb::StampCounterpartyKind::Unspecified => None,
            pb::StampCounterpartyKind::FinancialInstitution => {
                Some(CounterpartyKind::FinancialInstitution)
            }
            pb::StampCounterpartyKind::Enterprise => Some(CounterpartyKind::Enterprise),
            pb::StampCounterpartyKind::Individual => Some(CounterpartyKind::Individual),
            pb::StampCounterpartyKind::PublicBody => Some(CounterpartyKind::PublicBody),
        })
    });
    Some(Counterparty {
        name: name?,
        taxpayer_id: taxpayer_id?,
        amount: amount?,
        kind: kind?,
    })
}

/// The same names on both sides, both ways.
macro_rules! items {
    ($($name:ident)+) => {
        fn item(wire: pb::StampItem) -> Option<Item> {
            match wire {
                pb::StampItem::Unspecified => None,
                $(pb::StampItem::$name => Some(Item::$name),)+
            }
        }

        fn item_to_wire(item: Item) -> i32 {
            match item { $(Item::$name => pb::StampItem::$name.into(),)+ }
        }
    };
}

items! {
    Sale Contracting SurveyDesign Construction Lease Transport WarehousingCustody Custody
    Warehousing Loan FinanceLease Insurance Technology TransferDocument LandGrant RealTransfer
    Equity IpTransfer Licence Books OtherBooks Securities
}

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

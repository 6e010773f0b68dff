//! The wire form of a 印花税 source and its domain form.

mod facts;
#[cfg(test)]
mod tests;
mod write;

pub use write::to_wire;

use super::Fields;
use crate::pb;
use crate::tax::stamp::{
    Amendment, Assessment, Capital, Counterparty, CounterpartyKind, Exclusion, ExclusionKind,
    FilingMode, ForeignAmount, Item, Line, PartyRole, Settlement, Source,
};
use crate::types::Invalid;

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
    let out_of_scope = optional_choice(wire.out_of_scope, || {
        fields.choice("out_of_scope", wire.out_of_scope, facts::out_of_scope)
    });
    let real_property = nested(wire.real_property.as_ref(), |wire| {
        facts::real_property(&mut fields.below("real_property"), wire)
    });
    let restructuring = nested(wire.restructuring.as_ref(), |wire| {
        facts::restructuring(&mut fields.below("restructuring"), wire)
    });
    let tax_period = fields.optional_period("tax_period", wire.tax_period.as_ref());
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
        out_of_scope: out_of_scope?,
        real_property: real_property?,
        gift: wire.gift,
        restructuring: restructuring?,
        tax_period: tax_period?,
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
    let price_basis = optional_choice(wire.price_basis, || {
        fields.choice("price_basis", wire.price_basis, facts::price_basis)
    });
    let rate = fields.optional_quantity("rate", &wire.rate, 8);
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
        price_basis: price_basis?,
        rate: rate?,
        interest_free: wire.interest_free,
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
            pb::StampCounterpartyKind::SmallMicroEnterprise => {
                Some(CounterpartyKind::SmallMicroEnterprise)
            }
            pb::StampCounterpartyKind::Farmer => Some(CounterpartyKind::Farmer),
            pb::StampCounterpartyKind::NonProfitHospital => {
                Some(CounterpartyKind::NonProfitHospital)
            }
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

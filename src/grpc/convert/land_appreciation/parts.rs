//! Reading of income, deductions, taxes and areas.

use super::lists::Listed;
use crate::grpc::convert::Fields;
use crate::pb;
use crate::tax::land_appreciation::{
    Areas, Deductions, DevelopmentCost, IncomePart, OrdinaryFacts, SharedCosts, StatedTotal, Taxes,
};
use crate::types::Invalid;

/// Digits of an area after the point.
const AREA_PLACES: usize = 2;
/// Digits of a plot ratio or a ratio of prices after the point.
const RATIO_PLACES: usize = 4;
/// Parts of one income.
const INCOME_PARTS: usize = 20;
/// Reliefs of one row.
const RELIEFS: usize = 10;

/// A required closed list.
pub(super) fn choice<T: Listed>(fields: &mut Fields<'_>, name: &str, wire: i32) -> Option<T> {
    fields.choice::<T::Wire, T>(name, wire, T::read)
}

/// An optional closed list: the zero value is "not said".
pub(super) fn optional_choice<T: Listed>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: i32,
) -> Option<Option<T>> {
    if wire == 0 {
        Some(None)
    } else {
        choice(fields, name, wire).map(Some)
    }
}

/// A required message field.
pub(super) fn message<'w, W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: Option<&'w W>,
    read: impl FnOnce(&mut Fields<'_>, &'w W) -> Option<T>,
) -> Option<T> {
    match wire {
        Some(wire) => read(&mut fields.below(name), wire),
        None => {
            fields.missing(name);
            None
        }
    }
}

/// An optional message field.
pub(super) fn optional_message<'w, W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: Option<&'w W>,
    read: impl FnOnce(&mut Fields<'_>, &'w W) -> Option<T>,
) -> Option<Option<T>> {
    match wire {
        Some(wire) => read(&mut fields.below(name), wire).map(Some),
        None => Some(None),
    }
}

/// A list of between one (or none, where `least` is 0) and `most` messages.
pub(super) fn list<'w, W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: &'w [W],
    (least, most): (usize, usize),
    read: impl Fn(&mut Fields<'_>, &'w W) -> Option<T>,
) -> Option<Vec<T>> {
    if wire.len() < least || wire.len() > most {
        fields.refuse(
            name,
            Invalid::new(
                "COUNT_RANGE",
                format!("应有 {least} 至 {most} 项"),
                format!("must have {least} to {most} elements"),
            ),
        );
        return None;
    }
    let mut all = Vec::new();
    for (place, wire) in wire.iter().enumerate() {
        all.push(read(&mut fields.element(name, place), wire));
    }
    all.into_iter().collect()
}

pub(super) fn income(
    fields: &mut Fields<'_>,
    wire: &[pb::LandAppreciationIncomePart],
) -> Option<Vec<IncomePart>> {
    list(fields, "income", wire, (1, INCOME_PARTS), |fields, wire| {
        let kind = choice(fields, "kind", wire.kind);
        let amount = fields.amount("amount_yuan", &wire.amount_yuan);
        let vat_method = choice(fields, "vat_method", wire.vat_method);
        let vat_offset = fields.amount_or_zero("vat_offset_yuan", &wire.vat_offset_yuan);
        let vat = fields.optional_amount("vat_yuan", &wire.vat_yuan);
        let sold_on = fields.optional_date("sold_on", &wire.sold_on);
        Some(IncomePart {
            kind: kind?,
            amount: amount?,
            vat_method: vat_method?,
            vat_offset: vat_offset?,
            vat: vat?,
            sold_on: sold_on?,
        })
    })
}

/// Development cost; absent means none.
fn cost(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationDevelopmentCost>,
) -> Option<DevelopmentCost> {
    let cost = optional_message(fields, "development_cost", wire, |fields, wire| {
        let clearance = fields.amount_or_zero("clearance_yuan", &wire.clearance_yuan);
        let preliminary = fields.amount_or_zero("preliminary_yuan", &wire.preliminary_yuan);
        let construction = fields.amount_or_zero("construction_yuan", &wire.construction_yuan);
        let infrastructure =
            fields.amount_or_zero("infrastructure_yuan", &wire.infrastructure_yuan);
        let public_facilities =
            fields.amount_or_zero("public_facilities_yuan", &wire.public_facilities_yuan);
        let indirect = fields.amount_or_zero("indirect_yuan", &wire.indirect_yuan);
        Some(DevelopmentCost {
            clearance: clearance?,
            preliminary: preliminary?,
            construction: construction?,
            infrastructure: infrastructure?,
            public_facilities: public_facilities?,
            indirect: indirect?,
        })
    });
    cost.map(Option::unwrap_or_default)
}

/// Taxes of the transfer; absent means none.
pub(super) fn taxes(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationTaxes>,
) -> Option<Taxes> {
    let taxes = optional_message(fields, "taxes", wire, |fields, wire| {
        let business_tax = fields.amount_or_zero("business_tax_yuan", &wire.business_tax_yuan);
        let urban_construction =
            fields.amount_or_zero("urban_construction_yuan", &wire.urban_construction_yuan);
        let education = fields.amount_or_zero("education_yuan", &wire.education_yuan);
        let local_education =
            fields.amount_or_zero("local_education_yuan", &wire.local_education_yuan);
        let stamp = fields.amount_or_zero("stamp_yuan", &wire.stamp_yuan);
        Some(Taxes {
            business_tax: business_tax?,
            urban_construction: urban_construction?,
            education: education?,
            local_education: local_education?,
            stamp: stamp?,
        })
    });
    taxes.map(Option::unwrap_or_default)
}

pub(super) fn deductions(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationDeductions,
) -> Option<Deductions> {
    let land = fields.amount_or_zero("land_yuan", &wire.land_yuan);
    let development_cost = cost(fields, wire.development_cost.as_ref());
    let expense_mode = choice(fields, "expense_mode", wire.expense_mode);
    let expense_rate = fields.optional_ratio("expense_rate", &wire.expense_rate);
    let interest = fields.amount_or_zero("interest_yuan", &wire.interest_yuan);
    let interest_disallowed =
        fields.amount_or_zero("interest_disallowed_yuan", &wire.interest_disallowed_yuan);
    let interest_cap = fields.optional_amount("interest_cap_yuan", &wire.interest_cap_yuan);
    let taxes = taxes(fields, wire.taxes.as_ref());
    let collected_fees = fields.amount_or_zero("collected_fees_yuan", &wire.collected_fees_yuan);
    let without_invoice = fields.amount_or_zero("without_invoice_yuan", &wire.without_invoice_yuan);
    Some(Deductions {
        land: land?,
        development_cost: development_cost?,
        expense_mode: expense_mode?,
        expense_rate: expense_rate?,
        interest: interest?,
        interest_disallowed: interest_disallowed?,
        interest_cap: interest_cap?,
        taxes: taxes?,
        collected_fees: collected_fees?,
        without_invoice: without_invoice?,
    })
}

/// An area above zero or not, in square metres.
pub(super) fn area(
    fields: &mut Fields<'_>,
    name: &str,
    text: &str,
) -> Option<rust_decimal::Decimal> {
    fields.quantity(name, text, AREA_PLACES)
}

pub(super) fn areas(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationAreas>,
) -> Option<Option<Areas>> {
    optional_message(fields, "areas", wire, |fields, wire| {
        let saleable_sqm = area(fields, "saleable_sqm", &wire.saleable_sqm);
        let sold_sqm = area(fields, "sold_sqm", &wire.sold_sqm);
        let self_used_sqm = area(fields, "self_used_sqm", &wire.self_used_sqm);
        let remaining_sqm = area(fields, "remaining_sqm", &wire.remaining_sqm);
        let weight_sqm = fields.optional_quantity("weight_sqm", &wire.weight_sqm, AREA_PLACES);
        Some(Areas {
            saleable_sqm: saleable_sqm?,
            sold_sqm: sold_sqm?,
            self_used_sqm: self_used_sqm?,
            remaining_sqm: remaining_sqm?,
            weight_sqm: weight_sqm?,
        })
    })
}

pub(super) fn shared_costs(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationSharedCosts>,
) -> Option<Option<SharedCosts>> {
    optional_message(fields, "shared_costs", wire, |fields, wire| {
        let land = fields.amount_or_zero("land_yuan", &wire.land_yuan);
        let development_cost = cost(fields, wire.development_cost.as_ref());
        Some(SharedCosts {
            land: land?,
            development_cost: development_cost?,
        })
    })
}

/// The total column as filled in.
pub(super) fn stated_total(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationStatedTotal>,
) -> Option<Option<StatedTotal>> {
    optional_message(fields, "stated_total", wire, |fields, wire| {
        let income = fields.optional_amount("income_yuan", &wire.income_yuan);
        let deductions = fields.optional_amount("deductions_yuan", &wire.deductions_yuan);
        let tax = fields.optional_amount("tax_yuan", &wire.tax_yuan);
        let prepaid = fields.optional_amount("prepaid_yuan", &wire.prepaid_yuan);
        Some(StatedTotal {
            income: income?,
            deductions: deductions?,
            tax: tax?,
            prepaid: prepaid?,
        })
    })
}

/// What the standard of ordinary housing looks at.
pub(super) fn ordinary_facts(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandAppreciationOrdinaryFacts>,
) -> Option<Option<OrdinaryFacts>> {
    optional_message(fields, "ordinary_facts", wire, |fields, wire| {
        let plot_ratio = fields.quantity("plot_ratio", &wire.plot_ratio, RATIO_PLACES);
        let largest_unit_sqm = area(fields, "largest_unit_sqm", &wire.largest_unit_sqm);
        let price = &wire.price_to_average;
        let price_to_average = fields.optional_quantity("price_to_average", price, RATIO_PLACES);
        Some(OrdinaryFacts {
            plot_ratio: plot_ratio?,
            largest_unit_sqm: largest_unit_sqm?,
            price_to_average: price_to_average?,
        })
    })
}

/// The reliefs claimed on a row.
pub(super) fn reliefs(
    fields: &mut Fields<'_>,
    wire: &[pb::ReliefClaim],
) -> Option<Vec<crate::tax::ReliefClaim>> {
    if wire.len() > RELIEFS {
        fields.refuse(
            "reliefs",
            Invalid::new(
                "COUNT_RANGE",
                format!("最多 {RELIEFS} 项"),
                format!("must have at most {RELIEFS} elements"),
            ),
        );
        return None;
    }
    fields.reliefs("reliefs", wire)
}

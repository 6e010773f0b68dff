//! Domain to wire.

use super::lists::Listed;
use crate::pb;
use crate::pb::land_appreciation_old_building::Method;
use crate::pb::land_appreciation_tax_source::Basis as WireBasis;
use crate::tax::land_appreciation::{
    Appraisal, Areas, AssessedType, Basis, Deductions, DevelopmentCost, IncomePart, Invoice,
    OldBuilding, OldMethod, OrdinaryFacts, Prepay, PrepayRow, SettledFigures, Settlement,
    SettlementType, SharedCosts, Source, StatedTotal, TailRow, Taxes, Transfer,
};
use crate::tax::{ReliefClaim, StatedRate};

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::LandAppreciationTaxSource {
    pb::LandAppreciationTaxSource {
        project_name: source.project_name.clone(),
        project_number: source.project_number.clone(),
        basis: Some(basis(&source.basis)),
    }
}

fn list<T: Listed>(value: T) -> i32 {
    value.write().into()
}

fn optional_list<T: Listed>(value: Option<T>) -> i32 {
    value.map_or(0, list)
}

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn basis(basis: &Basis) -> WireBasis {
    match basis {
        Basis::Prepay(it) => WireBasis::Prepay(prepay(it)),
        Basis::Settlement(it) => WireBasis::Settlement(settlement(it)),
        Basis::AssessedSettlement(it) => {
            WireBasis::AssessedSettlement(pb::LandAppreciationAssessedSettlement {
                event_on: it.event_on.to_string(),
                types: it.types.iter().map(assessed_type).collect(),
                recorded_prepaid_yuan: optional(it.recorded_prepaid),
                accepted_on: optional(it.accepted_on),
                stated_total: it.stated_total.map(stated_total),
            })
        }
        Basis::WipTransfer(it) => WireBasis::WipTransfer(pb::LandAppreciationWipTransfer {
            contract_on: it.contract_on.to_string(),
            income: it.income.iter().map(income).collect(),
            deductions: Some(deductions(&it.deductions)),
            prepaid_yuan: it.prepaid.to_string(),
            reliefs: it.reliefs.iter().map(relief).collect(),
        }),
        Basis::Tail(it) => WireBasis::Tail(pb::LandAppreciationTail {
            rows: it.rows.iter().map(tail_row).collect(),
            ordinary_not_separate: it.ordinary_not_separate,
        }),
        Basis::OldBuilding(it) => WireBasis::OldBuilding(old_building(it)),
        Basis::OldAssessed(it) => WireBasis::OldAssessed(pb::LandAppreciationOldAssessed {
            transfer: Some(transfer(&it.transfer)),
            stated_rate: it.stated_rate.as_ref().map(rate),
        }),
        Basis::LandTransfer(it) => WireBasis::LandTransfer(pb::LandAppreciationLandTransfer {
            transfer: Some(transfer(&it.transfer)),
            land_paid_yuan: it.land_paid.to_string(),
            development_cost_yuan: it.development_cost.to_string(),
            taxes: Some(taxes(it.taxes)),
        }),
    }
}

fn prepay(it: &Prepay) -> pb::LandAppreciationPrepay {
    pb::LandAppreciationPrepay {
        rows: it.rows.iter().map(prepay_row).collect(),
        base_method: optional_list(it.base_method),
        settlement_accepted_on: optional(it.settlement_accepted_on),
        areas: it.areas.as_ref().map(areas),
        presale_permit_on: optional(it.presale_permit_on),
    }
}

fn prepay_row(it: &PrepayRow) -> pb::LandAppreciationPrepayRow {
    pb::LandAppreciationPrepayRow {
        month: it.month.to_string(),
        class: list(it.class),
        sub_type: it.sub_type.clone(),
        monetary_yuan: it.monetary.to_string(),
        in_kind_yuan: it.in_kind.to_string(),
        deemed_yuan: it.deemed.to_string(),
        vat_method: list(it.vat_method),
        ratio_band: optional_list(it.ratio_band),
        stated_rate: it.stated_rate.as_ref().map(rate),
        already_paid_yuan: it.already_paid.to_string(),
        reliefs: it.reliefs.iter().map(relief).collect(),
    }
}

fn settlement(it: &Settlement) -> pb::LandAppreciationSettlement {
    pb::LandAppreciationSettlement {
        event_on: it.event_on.to_string(),
        types: it.types.iter().map(settlement_type).collect(),
        ordinary_not_separate: it.ordinary_not_separate,
        shared_costs: it.shared_costs.map(shared_costs),
        recorded_prepaid_yuan: optional(it.recorded_prepaid),
        accepted_on: optional(it.accepted_on),
        stated_total: it.stated_total.map(stated_total),
    }
}

fn stated_total(it: StatedTotal) -> pb::LandAppreciationStatedTotal {
    pb::LandAppreciationStatedTotal {
        income_yuan: optional(it.income),
        deductions_yuan: optional(it.deductions),
        tax_yuan: optional(it.tax),
        prepaid_yuan: optional(it.prepaid),
    }
}

fn ordinary_facts(it: OrdinaryFacts) -> pb::LandAppreciationOrdinaryFacts {
    pb::LandAppreciationOrdinaryFacts {
        plot_ratio: it.plot_ratio.to_string(),
        largest_unit_sqm: it.largest_unit_sqm.to_string(),
        price_to_average: optional(it.price_to_average),
    }
}

fn settlement_type(it: &SettlementType) -> pb::LandAppreciationSettlementType {
    pb::LandAppreciationSettlementType {
        property_type: list(it.property_type),
        income: it.income.iter().map(income).collect(),
        deductions: Some(deductions(&it.deductions)),
        areas: it.areas.as_ref().map(areas),
        prepaid_yuan: it.prepaid.to_string(),
        reliefs: it.reliefs.iter().map(relief).collect(),
        ordinary_facts: it.ordinary_facts.map(ordinary_facts),
    }
}

fn assessed_type(it: &AssessedType) -> pb::LandAppreciationAssessedType {
    pb::LandAppreciationAssessedType {
        property_type: list(it.property_type),
        income: it.income.iter().map(income).collect(),
        stated_rate: it.stated_rate.as_ref().map(rate),
        prepaid_yuan: it.prepaid.to_string(),
        reliefs: it.reliefs.iter().map(relief).collect(),
    }
}

fn tail_row(it: &TailRow) -> pb::LandAppreciationTailRow {
    pb::LandAppreciationTailRow {
        month: it.month.to_string(),
        property_type: list(it.property_type),
        income: it.income.iter().map(income).collect(),
        area_sqm: it.area_sqm.to_string(),
        settled: Some(settled(&it.settled)),
        taxes: Some(taxes(it.taxes)),
        already_paid_yuan: it.already_paid.to_string(),
        reliefs: it.reliefs.iter().map(relief).collect(),
    }
}

fn settled(it: &SettledFigures) -> pb::LandAppreciationSettledFigures {
    pb::LandAppreciationSettledFigures {
        income_yuan: it.income.to_string(),
        deductions_yuan: it.deductions.to_string(),
        taxes_yuan: it.taxes.to_string(),
        sold_area_sqm: it.sold_area_sqm.to_string(),
        unit_cost_yuan: optional(it.unit_cost),
    }
}

fn transfer(it: &Transfer) -> pb::LandAppreciationTransfer {
    pb::LandAppreciationTransfer {
        contract_on: it.contract_on.to_string(),
        property_use: list(it.property_use),
        income: it.income.iter().map(income).collect(),
        assessed_price_yuan: optional(it.assessed_price),
        low_price_justified: it.low_price_justified,
        restructuring: optional_list(it.restructuring),
        any_party_is_developer: it.any_party_is_developer,
        already_paid_yuan: it.already_paid.to_string(),
        reliefs: it.reliefs.iter().map(relief).collect(),
        occasion: optional_list(it.occasion),
        stated_additional_yuan: optional(it.stated_additional),
    }
}

fn old_building(it: &OldBuilding) -> pb::LandAppreciationOldBuilding {
    pb::LandAppreciationOldBuilding {
        transfer: Some(transfer(&it.transfer)),
        taxes: Some(taxes(it.taxes)),
        method: Some(match &it.method {
            OldMethod::Appraisal(it) => Method::Appraisal(appraisal(it)),
            OldMethod::Invoice(it) => Method::Invoice(invoice(it)),
        }),
    }
}

fn appraisal(it: &Appraisal) -> pb::LandAppreciationAppraisal {
    pb::LandAppreciationAppraisal {
        land_paid_yuan: it.land_paid.to_string(),
        replacement_cost_yuan: it.replacement_cost.to_string(),
        newness: it.newness.to_string(),
        fee_yuan: it.fee.to_string(),
        ordered_by_bureau: it.ordered_by_bureau,
        invoice_amount_yuan: optional(it.invoice_amount),
    }
}

fn invoice(it: &Invoice) -> pb::LandAppreciationInvoice {
    pb::LandAppreciationInvoice {
        kind: list(it.kind),
        purchase_on: it.purchase_on.to_string(),
        sale_on: optional(it.sale_on),
        amount_yuan: it.amount.to_string(),
        vat_yuan: it.vat.to_string(),
        deed_tax_yuan: it.deed_tax.to_string(),
        stated_years: it.stated_years,
        appraised_value_yuan: optional(it.appraised_value),
    }
}

fn income(it: &IncomePart) -> pb::LandAppreciationIncomePart {
    pb::LandAppreciationIncomePart {
        kind: list(it.kind),
        amount_yuan: it.amount.to_string(),
        vat_method: list(it.vat_method),
        vat_offset_yuan: it.vat_offset.to_string(),
        vat_yuan: optional(it.vat),
        sold_on: optional(it.sold_on),
    }
}

fn cost(it: DevelopmentCost) -> pb::LandAppreciationDevelopmentCost {
    pb::LandAppreciationDevelopmentCost {
        clearance_yuan: it.clearance.to_string(),
        preliminary_yuan: it.preliminary.to_string(),
        construction_yuan: it.construction.to_string(),
        infrastructure_yuan: it.infrastructure.to_string(),
        public_facilities_yuan: it.public_facilities.to_string(),
        indirect_yuan: it.indirect.to_string(),
    }
}

fn taxes(it: Taxes) -> pb::LandAppreciationTaxes {
    pb::LandAppreciationTaxes {
        business_tax_yuan: it.business_tax.to_string(),
        urban_construction_yuan: it.urban_construction.to_string(),
        education_yuan: it.education.to_string(),
        local_education_yuan: it.local_education.to_string(),
        stamp_yuan: it.stamp.to_string(),
    }
}

fn deductions(it: &Deductions) -> pb::LandAppreciationDeductions {
    pb::LandAppreciationDeductions {
        land_yuan: it.land.to_string(),
        development_cost: Some(cost(it.development_cost)),
        expense_mode: list(it.expense_mode),
        expense_rate: optional(it.expense_rate),
        interest_yuan: it.interest.to_string(),
        interest_disallowed_yuan: it.interest_disallowed.to_string(),
        interest_cap_yuan: optional(it.interest_cap),
        taxes: Some(taxes(it.taxes)),
        collected_fees_yuan: it.collected_fees.to_string(),
        without_invoice_yuan: it.without_invoice.to_string(),
    }
}

fn areas(it: &Areas) -> pb::LandAppreciationAreas {
    pb::LandAppreciationAreas {
        saleable_sqm: it.saleable_sqm.to_string(),
        sold_sqm: it.sold_sqm.to_string(),
        self_used_sqm: it.self_used_sqm.to_string(),
        remaining_sqm: it.remaining_sqm.to_string(),
        weight_sqm: optional(it.weight_sqm),
    }
}

fn shared_costs(it: SharedCosts) -> pb::LandAppreciationSharedCosts {
    pb::LandAppreciationSharedCosts {
        land_yuan: it.land.to_string(),
        development_cost: Some(cost(it.development_cost)),
    }
}

fn rate(it: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: it.value.to_string(),
        document: it.document.clone(),
    }
}

fn relief(it: &ReliefClaim) -> pb::ReliefClaim {
    pb::ReliefClaim {
        relief_id: it.relief_id.clone(),
        period: it.period.map(|period| pb::Period {
            first_day: period.first().to_string(),
            last_day: period.last().to_string(),
        }),
        base_share: optional(it.base_share),
        ratio: optional(it.ratio),
        amount_yuan: optional(it.amount),
        document: it.document.clone(),
    }
}

//! Wire to domain: every wrong field is noted with its path.

use super::parts::{
    area, areas, choice, deductions, income, list, message, optional_choice, ordinary_facts,
    reliefs, shared_costs, stated_total, taxes,
};
use crate::grpc::convert::Fields;
use crate::pb;
use crate::pb::land_appreciation_old_building::Method;
use crate::pb::land_appreciation_tax_source::Basis as WireBasis;
use crate::tax::land_appreciation::{
    Appraisal, AssessedSettlement, AssessedType, Basis, Invoice, LandTransfer, OldAssessed,
    OldBuilding, OldMethod, Prepay, PrepayRow, SettledFigures, Settlement, SettlementType, Source,
    Tail, TailRow, Transfer, WipTransfer,
};
use crate::types::Month;

/// Rows of a prepayment or tail source.
const ROWS: usize = 400;
/// Types of real estate of a settlement.
const TYPES: usize = 3;
const NAME_LENGTH: usize = 200;
const NUMBER_LENGTH: usize = 64;
const SUB_TYPE_LENGTH: usize = 60;
/// Years of the yearly uplift that anyone may state.
const YEARS: u32 = 255;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(fields: &mut Fields<'_>, wire: &pb::LandAppreciationTaxSource) -> Option<Source> {
    let project_name = fields.required_text("project_name", &wire.project_name, NAME_LENGTH);
    let project_number = fields.text("project_number", &wire.project_number, NUMBER_LENGTH);
    let basis = basis(fields, wire.basis.as_ref());
    Some(Source {
        project_name: project_name?,
        project_number: project_number?,
        basis: basis?,
    })
}

fn basis(fields: &mut Fields<'_>, wire: Option<&WireBasis>) -> Option<Basis> {
    let Some(wire) = wire else {
        fields.missing("basis");
        return None;
    };
    Some(match wire {
        WireBasis::Prepay(it) => Basis::Prepay(prepay(&mut fields.below("prepay"), it)?),
        WireBasis::Settlement(it) => {
            let it = settlement(&mut fields.below("settlement"), it)?;
            Basis::Settlement(Box::new(it))
        }
        WireBasis::AssessedSettlement(it) => {
            let it = assessed_settlement(&mut fields.below("assessed_settlement"), it)?;
            Basis::AssessedSettlement(it)
        }
        WireBasis::WipTransfer(it) => {
            Basis::WipTransfer(Box::new(wip(&mut fields.below("wip_transfer"), it)?))
        }
        WireBasis::Tail(it) => Basis::Tail(tail(&mut fields.below("tail"), it)?),
        WireBasis::OldBuilding(it) => {
            let it = old_building(&mut fields.below("old_building"), it)?;
            Basis::OldBuilding(Box::new(it))
        }
        WireBasis::OldAssessed(it) => {
            let it = old_assessed(&mut fields.below("old_assessed"), it)?;
            Basis::OldAssessed(Box::new(it))
        }
        WireBasis::LandTransfer(it) => {
            Basis::LandTransfer(Box::new(land(&mut fields.below("land_transfer"), it)?))
        }
    })
}

fn prepay(fields: &mut Fields<'_>, wire: &pb::LandAppreciationPrepay) -> Option<Prepay> {
    let rows = list(fields, "rows", &wire.rows, (1, ROWS), prepay_row);
    let base_method = optional_choice(fields, "base_method", wire.base_method);
    let settlement_accepted_on =
        fields.optional_date("settlement_accepted_on", &wire.settlement_accepted_on);
    let areas = areas(fields, wire.areas.as_ref());
    let presale_permit_on = fields.optional_date("presale_permit_on", &wire.presale_permit_on);
    Some(Prepay {
        rows: rows?,
        base_method: base_method?,
        settlement_accepted_on: settlement_accepted_on?,
        areas: areas?,
        presale_permit_on: presale_permit_on?,
    })
}

fn prepay_row(fields: &mut Fields<'_>, wire: &pb::LandAppreciationPrepayRow) -> Option<PrepayRow> {
    let month = fields.required("month", &wire.month, Month::parse);
    let class = choice(fields, "class", wire.class);
    let sub_type = fields.text("sub_type", &wire.sub_type, SUB_TYPE_LENGTH);
    let monetary = fields.amount("monetary_yuan", &wire.monetary_yuan);
    let in_kind = fields.amount_or_zero("in_kind_yuan", &wire.in_kind_yuan);
    let deemed = fields.amount_or_zero("deemed_yuan", &wire.deemed_yuan);
    let vat_method = choice(fields, "vat_method", wire.vat_method);
    let ratio_band = optional_choice(fields, "ratio_band", wire.ratio_band);
    let stated_rate = fields.stated_rate("stated_rate", wire.stated_rate.as_ref());
    let already_paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    Some(PrepayRow {
        month: month?,
        class: class?,
        sub_type: sub_type?,
        monetary: monetary?,
        in_kind: in_kind?,
        deemed: deemed?,
        vat_method: vat_method?,
        ratio_band: ratio_band?,
        stated_rate: stated_rate?,
        already_paid: already_paid?,
        reliefs: reliefs?,
    })
}

fn settlement(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationSettlement,
) -> Option<Settlement> {
    let event_on = fields.date("event_on", &wire.event_on);
    let types = list(fields, "types", &wire.types, (1, TYPES), settlement_type);
    let shared_costs = shared_costs(fields, wire.shared_costs.as_ref());
    let recorded_prepaid =
        fields.optional_amount("recorded_prepaid_yuan", &wire.recorded_prepaid_yuan);
    let accepted_on = fields.optional_date("accepted_on", &wire.accepted_on);
    let stated_total = stated_total(fields, wire.stated_total.as_ref());
    Some(Settlement {
        event_on: event_on?,
        types: types?,
        ordinary_not_separate: wire.ordinary_not_separate,
        shared_costs: shared_costs?,
        recorded_prepaid: recorded_prepaid?,
        accepted_on: accepted_on?,
        stated_total: stated_total?,
    })
}

fn settlement_type(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationSettlementType,
) -> Option<SettlementType> {
    let property_type = choice(fields, "property_type", wire.property_type);
    let income = income(fields, &wire.income);
    let deductions = message(fields, "deductions", wire.deductions.as_ref(), deductions);
    let areas = areas(fields, wire.areas.as_ref());
    let prepaid = fields.amount_or_zero("prepaid_yuan", &wire.prepaid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    let ordinary_facts = ordinary_facts(fields, wire.ordinary_facts.as_ref());
    Some(SettlementType {
        property_type: property_type?,
        income: income?,
        deductions: deductions?,
        areas: areas?,
        prepaid: prepaid?,
        reliefs: reliefs?,
        ordinary_facts: ordinary_facts?,
    })
}

fn assessed_settlement(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationAssessedSettlement,
) -> Option<AssessedSettlement> {
    let event_on = fields.date("event_on", &wire.event_on);
    let types = list(fields, "types", &wire.types, (1, TYPES), assessed_type);
    let recorded_prepaid =
        fields.optional_amount("recorded_prepaid_yuan", &wire.recorded_prepaid_yuan);
    let accepted_on = fields.optional_date("accepted_on", &wire.accepted_on);
    let stated_total = stated_total(fields, wire.stated_total.as_ref());
    Some(AssessedSettlement {
        event_on: event_on?,
        types: types?,
        recorded_prepaid: recorded_prepaid?,
        accepted_on: accepted_on?,
        stated_total: stated_total?,
    })
}

fn assessed_type(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationAssessedType,
) -> Option<AssessedType> {
    let property_type = choice(fields, "property_type", wire.property_type);
    let income = income(fields, &wire.income);
    let stated_rate = fields.stated_rate("stated_rate", wire.stated_rate.as_ref());
    let prepaid = fields.amount_or_zero("prepaid_yuan", &wire.prepaid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    Some(AssessedType {
        property_type: property_type?,
        income: income?,
        stated_rate: stated_rate?,
        prepaid: prepaid?,
        reliefs: reliefs?,
    })
}

fn wip(fields: &mut Fields<'_>, wire: &pb::LandAppreciationWipTransfer) -> Option<WipTransfer> {
    let contract_on = fields.date("contract_on", &wire.contract_on);
    let income = income(fields, &wire.income);
    let deductions = message(fields, "deductions", wire.deductions.as_ref(), deductions);
    let prepaid = fields.amount_or_zero("prepaid_yuan", &wire.prepaid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    Some(WipTransfer {
        contract_on: contract_on?,
        income: income?,
        deductions: deductions?,
        prepaid: prepaid?,
        reliefs: reliefs?,
    })
}

fn tail(fields: &mut Fields<'_>, wire: &pb::LandAppreciationTail) -> Option<Tail> {
    Some(Tail {
        rows: list(fields, "rows", &wire.rows, (1, ROWS), tail_row)?,
        ordinary_not_separate: wire.ordinary_not_separate,
    })
}

fn tail_row(fields: &mut Fields<'_>, wire: &pb::LandAppreciationTailRow) -> Option<TailRow> {
    let month = fields.required("month", &wire.month, Month::parse);
    let property_type = choice(fields, "property_type", wire.property_type);
    let income = income(fields, &wire.income);
    let area_sqm = area(fields, "area_sqm", &wire.area_sqm);
    let settled = message(fields, "settled", wire.settled.as_ref(), settled);
    let taxes = taxes(fields, wire.taxes.as_ref());
    let already_paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    Some(TailRow {
        month: month?,
        property_type: property_type?,
        income: income?,
        area_sqm: area_sqm?,
        settled: settled?,
        taxes: taxes?,
        already_paid: already_paid?,
        reliefs: reliefs?,
    })
}

fn settled(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationSettledFigures,
) -> Option<SettledFigures> {
    let income = fields.amount("income_yuan", &wire.income_yuan);
    let deductions = fields.amount("deductions_yuan", &wire.deductions_yuan);
    let taxes = fields.amount_or_zero("taxes_yuan", &wire.taxes_yuan);
    let sold_area_sqm = area(fields, "sold_area_sqm", &wire.sold_area_sqm);
    let unit_cost = fields.optional_amount("unit_cost_yuan", &wire.unit_cost_yuan);
    Some(SettledFigures {
        income: income?,
        deductions: deductions?,
        taxes: taxes?,
        sold_area_sqm: sold_area_sqm?,
        unit_cost: unit_cost?,
    })
}

fn transfer(fields: &mut Fields<'_>, wire: &pb::LandAppreciationTransfer) -> Option<Transfer> {
    let contract_on = fields.date("contract_on", &wire.contract_on);
    let property_use = choice(fields, "property_use", wire.property_use);
    let income = income(fields, &wire.income);
    let assessed_price = fields.optional_amount("assessed_price_yuan", &wire.assessed_price_yuan);
    let restructuring = optional_choice(fields, "restructuring", wire.restructuring);
    let already_paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    let reliefs = reliefs(fields, &wire.reliefs);
    let occasion = optional_choice(fields, "occasion", wire.occasion);
    let stated_additional =
        fields.optional_amount("stated_additional_yuan", &wire.stated_additional_yuan);
    Some(Transfer {
        contract_on: contract_on?,
        property_use: property_use?,
        income: income?,
        assessed_price: assessed_price?,
        low_price_justified: wire.low_price_justified,
        restructuring: restructuring?,
        any_party_is_developer: wire.any_party_is_developer,
        already_paid: already_paid?,
        reliefs: reliefs?,
        occasion: occasion?,
        stated_additional: stated_additional?,
    })
}

fn old_building(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationOldBuilding,
) -> Option<OldBuilding> {
    let transfer = message(fields, "transfer", wire.transfer.as_ref(), transfer);
    let method = match &wire.method {
        Some(Method::Appraisal(it)) => {
            appraisal(&mut fields.below("appraisal"), it).map(OldMethod::Appraisal)
        }
        Some(Method::Invoice(it)) => {
            invoice(&mut fields.below("invoice"), it).map(OldMethod::Invoice)
        }
        None => {
            fields.missing("method");
            None
        }
    };
    let taxes = taxes(fields, wire.taxes.as_ref());
    Some(OldBuilding {
        transfer: transfer?,
        method: method?,
        taxes: taxes?,
    })
}

fn appraisal(fields: &mut Fields<'_>, wire: &pb::LandAppreciationAppraisal) -> Option<Appraisal> {
    let land_paid = fields.amount_or_zero("land_paid_yuan", &wire.land_paid_yuan);
    let replacement_cost = fields.amount("replacement_cost_yuan", &wire.replacement_cost_yuan);
    let newness = fields.ratio("newness", &wire.newness);
    let fee = fields.amount_or_zero("fee_yuan", &wire.fee_yuan);
    let invoice_amount = fields.optional_amount("invoice_amount_yuan", &wire.invoice_amount_yuan);
    Some(Appraisal {
        land_paid: land_paid?,
        replacement_cost: replacement_cost?,
        newness: newness?,
        fee: fee?,
        ordered_by_bureau: wire.ordered_by_bureau,
        invoice_amount: invoice_amount?,
    })
}

fn invoice(fields: &mut Fields<'_>, wire: &pb::LandAppreciationInvoice) -> Option<Invoice> {
    let kind = choice(fields, "kind", wire.kind);
    let purchase_on = fields.date("purchase_on", &wire.purchase_on);
    let sale_on = fields.optional_date("sale_on", &wire.sale_on);
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    let vat = fields.amount_or_zero("vat_yuan", &wire.vat_yuan);
    let deed_tax = fields.amount_or_zero("deed_tax_yuan", &wire.deed_tax_yuan);
    let stated_years = match wire.stated_years {
        Some(years) => fields.count("stated_years", years, 0, YEARS).map(Some),
        None => Some(None),
    };
    let appraised_value =
        fields.optional_amount("appraised_value_yuan", &wire.appraised_value_yuan);
    Some(Invoice {
        kind: kind?,
        purchase_on: purchase_on?,
        sale_on: sale_on?,
        amount: amount?,
        vat: vat?,
        deed_tax: deed_tax?,
        stated_years: stated_years?,
        appraised_value: appraised_value?,
    })
}

fn old_assessed(
    fields: &mut Fields<'_>,
    wire: &pb::LandAppreciationOldAssessed,
) -> Option<OldAssessed> {
    let transfer = message(fields, "transfer", wire.transfer.as_ref(), transfer);
    let stated_rate = fields.stated_rate("stated_rate", wire.stated_rate.as_ref());
    Some(OldAssessed {
        transfer: transfer?,
        stated_rate: stated_rate?,
    })
}

fn land(fields: &mut Fields<'_>, wire: &pb::LandAppreciationLandTransfer) -> Option<LandTransfer> {
    let transfer = message(fields, "transfer", wire.transfer.as_ref(), transfer);
    let land_paid = fields.amount("land_paid_yuan", &wire.land_paid_yuan);
    let development_cost =
        fields.amount_or_zero("development_cost_yuan", &wire.development_cost_yuan);
    let taxes = taxes(fields, wire.taxes.as_ref());
    Some(LandTransfer {
        transfer: transfer?,
        land_paid: land_paid?,
        development_cost: development_cost?,
        taxes: taxes?,
    })
}

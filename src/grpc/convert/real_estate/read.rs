//! From the wire: every field is read before anything is built, so all faults are told at once.

use super::super::Fields;
use crate::pb;
use crate::tax::real_estate::{
    AcquisitionKind, Hardship, HouseUse, Lease, LeaseKind, LesseeKind, Plot, RateMode, ReliefMode,
    Rent, Source, TaxpayerRole, Termination, Underground, ValuePayment, ValueVersion,
};
use crate::types::{Month, parse_decimal};

/// Decimals of an area on the form.
const AREA_SCALE: usize = 2;
/// Digits before and after the point of a plot ratio on the form.
const PLOT_RATIO_DIGITS: usize = 2;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(fields: &mut Fields<'_>, wire: &pb::RealEstateTaxSource) -> Option<Source> {
    let house_no = fields.text("house_no", &wire.house_no, 50);
    let house_name = fields.text("house_name", &wire.house_name, 200);
    let certificate_no = fields.text("certificate_no", &wire.certificate_no, 50);
    let taxpayer_role = fields.choice("taxpayer_role", wire.taxpayer_role, role);
    let owner_id = fields.text("owner_id", &wire.owner_id, 20);
    let owner_name = fields.text("owner_name", &wire.owner_name, 200);
    let house_use = fields.choice("house_use", wire.house_use, house_use);
    let kind = fields.choice("acquisition_kind", wire.acquisition_kind, acquisition);
    let acquired_on = fields.date("acquired_on", &wire.acquired_on);
    let used = fields.optional_date("used_before_acceptance_on", &wire.used_before_acceptance_on);
    let ended_on = fields.optional_date("ended_on", &wire.ended_on);
    let underground = fields.choice("underground", wire.underground, underground);
    let ratio = fields.stated_rate("underground_ratio", wire.underground_ratio.as_ref());
    let deduction = fields.stated_rate("deduction_ratio", wire.deduction_ratio.as_ref());
    let source_no = fields.text("source_no", &wire.source_no, 50);
    let unit_code = fields.text("unit_code", &wire.unit_code, 28);
    let address = fields.text("address", &wire.address, 200);
    let ended = fields.choice("termination", wire.termination, termination);
    let share = fields.optional_ratio("ownership_share", &wire.ownership_share);
    let versions = each(fields, "versions", &wire.versions, version);
    let leases = each(fields, "leases", &wire.leases, lease);
    let reliefs = fields.reliefs("reliefs", &wire.reliefs);
    let relief_mode = fields.choice("relief_mode", wire.relief_mode, relief_mode);
    let hardship = hardship(fields, wire.hardship.as_ref());
    let value_payments = each(fields, "value_payments", &wire.value_payments, payment);
    Some(Source {
        house_no: house_no?,
        source_no: source_no?,
        unit_code: unit_code?,
        address: address?,
        termination: ended?,
        house_name: house_name?,
        certificate_no: certificate_no?,
        taxpayer_role: taxpayer_role?,
        owner_id: owner_id?,
        owner_name: owner_name?,
        house_use: house_use?,
        acquisition_kind: kind?,
        acquired_on: acquired_on?,
        used_before_acceptance_on: used?,
        ended_on: ended_on?,
        underground: underground?,
        underground_ratio: ratio?,
        deduction_ratio: deduction?,
        ownership_share: share?,
        versions: versions?,
        leases: leases?,
        reliefs: reliefs?,
        relief_mode: relief_mode?,
        hardship: hardship?,
        value_payments: value_payments?,
    })
}

/// Reads every element of a list, also after a wrong one.
fn each<W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: &[W],
    read: impl Fn(&mut Fields<'_>, &W) -> Option<T>,
) -> Option<Vec<T>> {
    let all: Vec<Option<T>> = fields
        .list(name, wire)?
        .iter()
        .enumerate()
        .map(|(place, wire)| read(&mut fields.element(name, place), wire))
        .collect();
    all.into_iter().collect()
}

fn version(fields: &mut Fields<'_>, wire: &pb::RealEstateValueVersion) -> Option<ValueVersion> {
    let changed_on = fields.optional_date("changed_on", &wire.changed_on);
    let building = fields.amount("building_value_yuan", &wire.building_value_yuan);
    let equipment = fields.amount_or_zero("equipment_value_yuan", &wire.equipment_value_yuan);
    let area = fields.optional_quantity("building_area_sqm", &wire.building_area_sqm, AREA_SCALE);
    let plot = match &wire.plot {
        Some(wire) => plot(&mut fields.below("plot"), wire).map(Some),
        None => Some(None),
    };
    Some(ValueVersion {
        changed_on: changed_on?,
        building_value: building?,
        equipment_value: equipment?,
        building_area: area?,
        plot: plot?,
    })
}

fn plot(fields: &mut Fields<'_>, wire: &pb::RealEstatePlot) -> Option<Plot> {
    let land_no = fields.text("land_no", &wire.land_no, 50);
    let cost = fields.amount("plot_cost_yuan", &wire.plot_cost_yuan);
    let deed_tax = fields.amount_or_zero("deed_tax_yuan", &wire.deed_tax_yuan);
    let area = fields.quantity("plot_area_sqm", &wire.plot_area_sqm, AREA_SCALE);
    let total = &wire.total_building_area_sqm;
    let total = fields.quantity("total_building_area_sqm", total, AREA_SCALE);
    let ratio = fields.optional("stated_plot_ratio", &wire.stated_plot_ratio, |text| {
        parse_decimal(text, PLOT_RATIO_DIGITS, PLOT_RATIO_DIGITS)
    });
    Some(Plot {
        land_no: land_no?,
        plot_cost: cost?,
        deed_tax: deed_tax?,
        plot_area: area?,
        total_building_area: total?,
        stated_plot_ratio: ratio?,
    })
}

fn lease(fields: &mut Fields<'_>, wire: &pb::RealEstateLease) -> Option<Lease> {
    let lease_no = fields.text("lease_no", &wire.lease_no, 50);
    let lessee_id = fields.text("lessee_id", &wire.lessee_id, 20);
    let lessee_name = fields.text("lessee_name", &wire.lessee_name, 200);
    let lessee_kind = fields.choice("lessee_kind", wire.lessee_kind, lessee);
    let lease_kind = fields.choice("lease_kind", wire.lease_kind, lease_kind);
    let term = fields.period("term", wire.term.as_ref());
    let changed_on = fields.optional_date("changed_on", &wire.changed_on);
    let area = fields.optional_quantity("leased_area_sqm", &wire.leased_area_sqm, AREA_SCALE);
    let value = fields.optional_amount("leased_value_yuan", &wire.leased_value_yuan);
    let contract = fields.optional_amount("contract_rent_yuan", &wire.contract_rent_yuan);
    let free: Vec<Option<Month>> = fields
        .list("rent_free_months", &wire.rent_free_months)?
        .iter()
        .enumerate()
        .map(|(place, text)| {
            fields.required(&format!("rent_free_months[{place}]"), text, Month::parse)
        })
        .collect();
    let free: Option<Vec<Month>> = free.into_iter().collect();
    let rate_mode = fields.choice("rate_mode", wire.rate_mode, rate_mode);
    let rents = each(fields, "rents", &wire.rents, rent);
    let reliefs = fields.reliefs("reliefs", &wire.reliefs);
    let hardship = hardship(fields, wire.hardship.as_ref());
    Some(Lease {
        lease_no: lease_no?,
        lessee_id: lessee_id?,
        lessee_name: lessee_name?,
        lessee_kind: lessee_kind?,
        lease_kind: lease_kind?,
        term: term?,
        changed_on: changed_on?,
        leased_area: area?,
        leased_value: value?,
        contract_rent: contract?,
        rent_free_months: free?,
        housing: wire.housing,
        rate_mode: rate_mode?,
        rents: rents?,
        reliefs: reliefs?,
        hardship: hardship?,
    })
}

fn rent(fields: &mut Fields<'_>, wire: &pb::RealEstateRent) -> Option<Rent> {
    let period = fields.period("period", wire.period.as_ref());
    let rent = fields.amount("rent_ex_vat_yuan", &wire.rent_ex_vat_yuan);
    let paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    Some(Rent {
        period: period?,
        rent_ex_vat: rent?,
        already_paid: paid?,
    })
}

fn hardship(
    fields: &mut Fields<'_>,
    wire: Option<&pb::RealEstateHardship>,
) -> Option<Option<Hardship>> {
    let Some(wire) = wire else { return Some(None) };
    let mut fields = fields.below("hardship");
    let period = fields.period("period", wire.period.as_ref());
    let ratio = fields.optional_ratio("ratio", &wire.ratio);
    let amount = fields.optional_amount("amount_yuan", &wire.amount_yuan);
    let document = fields.required_text("document", &wire.document, 200);
    Some(Some(Hardship {
        period: period?,
        ratio: ratio?,
        amount: amount?,
        document: document?,
    }))
}

fn payment(fields: &mut Fields<'_>, wire: &pb::RealEstateValuePayment) -> Option<ValuePayment> {
    let period = fields.period("period", wire.period.as_ref());
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    Some(ValuePayment {
        period: period?,
        amount: amount?,
    })
}

fn role(wire: pb::RealEstateTaxpayerRole) -> Option<TaxpayerRole> {
    use pb::RealEstateTaxpayerRole as Wire;
    Some(match wire {
        Wire::Unspecified => return None,
        Wire::Owner => TaxpayerRole::Owner,
        Wire::Manager => TaxpayerRole::Manager,
        Wire::Pawnee => TaxpayerRole::Pawnee,
        Wire::Custodian => TaxpayerRole::Custodian,
        Wire::User => TaxpayerRole::User,
        Wire::FinanceLessee => TaxpayerRole::FinanceLessee,
    })
}

fn house_use(wire: pb::RealEstateUse) -> Option<HouseUse> {
    use pb::RealEstateUse as Wire;
    Some(match wire {
        Wire::Unspecified => return None,
        Wire::Industrial => HouseUse::Industrial,
        Wire::CommercialOffice => HouseUse::CommercialOffice,
        Wire::Housing => HouseUse::Housing,
        Wire::Other => HouseUse::Other,
    })
}

fn acquisition(wire: pb::RealEstateAcquisitionKind) -> Option<AcquisitionKind> {
    use pb::RealEstateAcquisitionKind as Wire;
    Some(match wire {
        Wire::Unspecified => return None,
        Wire::OriginalHouseToBusiness => AcquisitionKind::OriginalHouseToBusiness,
        Wire::SelfBuilt => AcquisitionKind::SelfBuilt,
        Wire::Contracted => AcquisitionKind::Contracted,
        Wire::NewHouse => AcquisitionKind::NewHouse,
        Wire::ExistingHouseCertificate => AcquisitionKind::ExistingHouseCertificate,
        Wire::Leased => AcquisitionKind::Leased,
        Wire::DeveloperOwn => AcquisitionKind::DeveloperOwn,
        Wire::FinanceLease => AcquisitionKind::FinanceLease,
    })
}

fn underground(wire: pb::RealEstateUnderground) -> Option<Underground> {
    use pb::RealEstateUnderground as Wire;
    Some(match wire {
        Wire::Unspecified | Wire::None => Underground::None,
        Wire::Connected => Underground::Connected,
        Wire::StandaloneIndustrial => Underground::StandaloneIndustrial,
        Wire::StandaloneOther => Underground::StandaloneOther,
    })
}

fn termination(wire: pb::RealEstateTermination) -> Option<Option<Termination>> {
    use pb::RealEstateTermination as Wire;
    Some(match wire {
        Wire::Unspecified => None,
        Wire::OwnershipTransfer => Some(Termination::OwnershipTransfer),
        Wire::Other => Some(Termination::Other),
    })
}

fn lessee(wire: pb::RealEstateLesseeKind) -> Option<LesseeKind> {
    use pb::RealEstateLesseeKind as Wire;
    Some(match wire {
        Wire::Unspecified => return None,
        Wire::Individual => LesseeKind::Individual,
        Wire::ScaledHousingLessor => LesseeKind::ScaledHousingLessor,
        Wire::Other => LesseeKind::Other,
    })
}

fn lease_kind(wire: pb::RealEstateLeaseKind) -> Option<LeaseKind> {
    use pb::RealEstateLeaseKind as Wire;
    Some(match wire {
        Wire::Unspecified | Wire::Ordinary => LeaseKind::Ordinary,
        Wire::FixedReturnInvestment => LeaseKind::FixedReturnInvestment,
    })
}

fn rate_mode(wire: pb::RealEstateRateMode) -> Option<RateMode> {
    use pb::RealEstateRateMode as Wire;
    Some(match wire {
        Wire::Unspecified | Wire::Rate4 => RateMode::Rate4,
        Wire::Rate12WithRelief => RateMode::Rate12WithRelief,
    })
}

fn relief_mode(wire: pb::RealEstateReliefMode) -> Option<ReliefMode> {
    use pb::RealEstateReliefMode as Wire;
    Some(match wire {
        Wire::Unspecified | Wire::Exact => ReliefMode::Exact,
        Wire::MonthlyAmount => ReliefMode::MonthlyAmount,
    })
}

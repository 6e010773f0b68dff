//! To the wire, without loss.

use crate::pb;
use crate::tax::real_estate::{
    AcquisitionKind, Hardship, HouseUse, Lease, LeaseKind, LesseeKind, Plot, RateMode, ReliefMode,
    Rent, Source, TaxpayerRole, Termination, Underground, ValuePayment, ValueVersion,
};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::Period;

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::RealEstateTaxSource {
    pb::RealEstateTaxSource {
        house_no: source.house_no.clone(),
        house_name: source.house_name.clone(),
        certificate_no: source.certificate_no.clone(),
        taxpayer_role: role(source.taxpayer_role).into(),
        owner_id: source.owner_id.clone(),
        owner_name: source.owner_name.clone(),
        house_use: house_use(source.house_use).into(),
        acquisition_kind: acquisition(source.acquisition_kind).into(),
        acquired_on: source.acquired_on.to_string(),
        used_before_acceptance_on: text(source.used_before_acceptance_on),
        ended_on: text(source.ended_on),
        underground: underground(source.underground).into(),
        underground_ratio: source.underground_ratio.as_ref().map(stated),
        deduction_ratio: source.deduction_ratio.as_ref().map(stated),
        versions: source.versions.iter().map(version).collect(),
        leases: source.leases.iter().map(lease).collect(),
        reliefs: source.reliefs.iter().map(claim).collect(),
        hardship: source.hardship.as_ref().map(hardship),
        relief_mode: relief_mode(source.relief_mode).into(),
        value_payments: source.value_payments.iter().map(payment).collect(),
        source_no: source.source_no.clone(),
        ownership_share: text(source.ownership_share),
        unit_code: source.unit_code.clone(),
        address: source.address.clone(),
        termination: source
            .termination
            .map_or(pb::RealEstateTermination::Unspecified, termination)
            .into(),
    }
}

/// The text of an optional field; empty for nothing.
fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn period(period: Period) -> Option<pb::Period> {
    Some(pb::Period {
        first_day: period.first().to_string(),
        last_day: period.last().to_string(),
    })
}

fn stated(rate: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: rate.value.to_string(),
        document: rate.document.clone(),
    }
}

fn claim(claim: &ReliefClaim) -> pb::ReliefClaim {
    pb::ReliefClaim {
        relief_id: claim.relief_id.clone(),
        period: claim.period.and_then(period),
        base_share: text(claim.base_share),
        ratio: text(claim.ratio),
        amount_yuan: text(claim.amount),
        document: claim.document.clone(),
    }
}

fn version(version: &ValueVersion) -> pb::RealEstateValueVersion {
    pb::RealEstateValueVersion {
        changed_on: text(version.changed_on),
        building_value_yuan: version.building_value.to_string(),
        equipment_value_yuan: version.equipment_value.to_string(),
        building_area_sqm: text(version.building_area),
        plot: version.plot.as_ref().map(plot),
    }
}

fn plot(plot: &Plot) -> pb::RealEstatePlot {
    pb::RealEstatePlot {
        land_no: plot.land_no.clone(),
        plot_cost_yuan: plot.plot_cost.to_string(),
        plot_area_sqm: plot.plot_area.to_string(),
        total_building_area_sqm: plot.total_building_area.to_string(),
        stated_plot_ratio: text(plot.stated_plot_ratio),
        deed_tax_yuan: plot.deed_tax.to_string(),
    }
}

fn lease(lease: &Lease) -> pb::RealEstateLease {
    pb::RealEstateLease {
        lease_no: lease.lease_no.clone(),
        lessee_id: lease.lessee_id.clone(),
        lessee_name: lease.lessee_name.clone(),
        lessee_kind: lessee(lease.lessee_kind).into(),
        lease_kind: lease_kind(lease.lease_kind).into(),
        term: period(lease.term),
        leased_area_sqm: text(lease.leased_area),
        leased_value_yuan: text(lease.leased_value),
        contract_rent_yuan: text(lease.contract_rent),
        rent_free_months: lease
            .rent_free_months
            .iter()
            .map(ToString::to_string)
            .collect(),
        housing: lease.housing,
        rate_mode: rate_mode(lease.rate_mode).into(),
        rents: lease.rents.iter().map(rent).collect(),
        reliefs: lease.reliefs.iter().map(claim).collect(),
        hardship: lease.hardship.as_ref().map(hardship),
        changed_on: text(lease.changed_on),
    }
}

fn rent(rent: &Rent) -> pb::RealEstateRent {
    pb::RealEstateRent {
        period: period(rent.period),
        rent_ex_vat_yuan: rent.rent_ex_vat.to_string(),
        already_paid_yuan: rent.already_paid.to_string(),
    }
}

fn hardship(hardship: &Hardship) -> pb::RealEstateHardship {
    pb::RealEstateHardship {
        period: period(hardship.period),
        ratio: text(hardship.ratio),
        amount_yuan: text(hardship.amount),
        document: hardship.document.clone(),
    }
}

fn payment(payment: &ValuePayment) -> pb::RealEstateValuePayment {
    pb::RealEstateValuePayment {
        period: period(payment.period),
        amount_yuan: payment.amount.to_string(),
    }
}

fn role(role: TaxpayerRole) -> pb::RealEstateTaxpayerRole {
    use pb::RealEstateTaxpayerRole as Wire;
    match role {
        TaxpayerRole::Owner => Wire::Owner,
        TaxpayerRole::Manager => Wire::Manager,
        TaxpayerRole::Pawnee => Wire::Pawnee,
        TaxpayerRole::Custodian => Wire::Custodian,
        TaxpayerRole::User => Wire::User,
        TaxpayerRole::FinanceLessee => Wire::FinanceLessee,
    }
}

fn house_use(house_use: HouseUse) -> pb::RealEstateUse {
    use pb::RealEstateUse as Wire;
    match house_use {
        HouseUse::Industrial => Wire::Industrial,
        HouseUse::CommercialOffice => Wire::CommercialOffice,
        HouseUse::Housing => Wire::Housing,
        HouseUse::Other => Wire::Other,
    }
}

fn acquisition(kind: AcquisitionKind) -> pb::RealEstateAcquisitionKind {
    use pb::RealEstateAcquisitionKind as Wire;
    match kind {
        AcquisitionKind::OriginalHouseToBusiness => Wire::OriginalHouseToBusiness,
        AcquisitionKind::SelfBuilt => Wire::SelfBuilt,
        AcquisitionKind::Contracted => Wire::Contracted,
        AcquisitionKind::NewHouse => Wire::NewHouse,
        AcquisitionKind::ExistingHouseCertificate => Wire::ExistingHouseCertificate,
        AcquisitionKind::Leased => Wire::Leased,
        AcquisitionKind::DeveloperOwn => Wire::DeveloperOwn,
        AcquisitionKind::FinanceLease => Wire::FinanceLease,
    }
}

fn underground(underground: Underground) -> pb::RealEstateUnderground {
    use pb::RealEstateUnderground as Wire;
    match underground {
        Underground::None => Wire::None,
        Underground::Connected => Wire::Connected,
        Underground::StandaloneIndustrial => Wire::StandaloneIndustrial,
        Underground::StandaloneOther => Wire::StandaloneOther,
    }
}

fn termination(kind: Termination) -> pb::RealEstateTermination {
    use pb::RealEstateTermination as Wire;
    match kind {
        Termination::OwnershipTransfer => Wire::OwnershipTransfer,
        Termination::Other => Wire::Other,
    }
}

fn lessee(kind: LesseeKind) -> pb::RealEstateLesseeKind {
    use pb::RealEstateLesseeKind as Wire;
    match kind {
        LesseeKind::Individual => Wire::Individual,
        LesseeKind::ScaledHousingLessor => Wire::ScaledHousingLessor,
        LesseeKind::Other => Wire::Other,
    }
}

fn lease_kind(kind: LeaseKind) -> pb::RealEstateLeaseKind {
    use pb::RealEstateLeaseKind as Wire;
    match kind {
        LeaseKind::Ordinary => Wire::Ordinary,
        LeaseKind::FixedReturnInvestment => Wire::FixedReturnInvestment,
    }
}

fn rate_mode(mode: RateMode) -> pb::RealEstateRateMode {
    use pb::RealEstateRateMode as Wire;
    match mode {
        RateMode::Rate4 => Wire::Rate4,
        RateMode::Rate12WithRelief => Wire::Rate12WithRelief,
    }
}

fn relief_mode(mode: ReliefMode) -> pb::RealEstateReliefMode {
    use pb::RealEstateReliefMode as Wire;
    match mode {
        ReliefMode::Exact => Wire::Exact,
        ReliefMode::MonthlyAmount => Wire::MonthlyAmount,
    }
}

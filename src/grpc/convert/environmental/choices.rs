//! The closed lists, both ways.

use crate::pb;
use crate::tax::environmental::{
    Destination, DustWork, Facility, GenerationReason, MassUnit, Medium, PollutantClass, WasteKind,
    WasteReason,
};

pub(super) fn medium_of(wire: pb::EnvironmentalMedium) -> Option<Medium> {
    use pb::EnvironmentalMedium as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Air => Medium::Air,
        W::Water => Medium::Water,
    })
}

pub(super) fn wire_medium(it: Medium) -> pb::EnvironmentalMedium {
    use pb::EnvironmentalMedium as W;
    match it {
        Medium::Air => W::Air,
        Medium::Water => W::Water,
    }
}

pub(super) fn facility_of(wire: pb::EnvironmentalFacility) -> Option<Facility> {
    use pb::EnvironmentalFacility as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Ordinary => Facility::Ordinary,
        W::UrbanSewagePlant => Facility::UrbanSewagePlant,
        W::HouseholdRefusePlant => Facility::HouseholdRefusePlant,
        W::IndustrialParkPlant => Facility::IndustrialParkPlant,
    })
}

pub(super) fn wire_facility(it: Facility) -> pb::EnvironmentalFacility {
    use pb::EnvironmentalFacility as W;
    match it {
        Facility::Ordinary => W::Ordinary,
        Facility::UrbanSewagePlant => W::UrbanSewagePlant,
        Facility::HouseholdRefusePlant => W::HouseholdRefusePlant,
        Facility::IndustrialParkPlant => W::IndustrialParkPlant,
    }
}

pub(super) fn destination_of(wire: pb::EnvironmentalDestination) -> Option<Destination> {
    use pb::EnvironmentalDestination as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Environment => Destination::Environment,
        W::CentralisedPlant => Destination::CentralisedPlant,
        W::ManureUse => Destination::ManureUse,
    })
}

pub(super) fn wire_destination(it: Destination) -> pb::EnvironmentalDestination {
    use pb::EnvironmentalDestination as W;
    match it {
        Destination::Environment => W::Environment,
        Destination::CentralisedPlant => W::CentralisedPlant,
        Destination::ManureUse => W::ManureUse,
    }
}

pub(super) fn pollutant_class_of(wire: pb::EnvironmentalPollutantClass) -> Option<PollutantClass> {
    use pb::EnvironmentalPollutantClass as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Air => PollutantClass::Air,
        W::Class1 => PollutantClass::Class1,
        W::Class2 => PollutantClass::Class2,
        W::Sewage => PollutantClass::Sewage,
        W::Small => PollutantClass::Small,
    })
}

pub(super) fn wire_pollutant_class(it: PollutantClass) -> pb::EnvironmentalPollutantClass {
    use pb::EnvironmentalPollutantClass as W;
    match it {
        PollutantClass::Air => W::Air,
        PollutantClass::Class1 => W::Class1,
        PollutantClass::Class2 => W::Class2,
        PollutantClass::Sewage => W::Sewage,
        PollutantClass::Small => W::Small,
    }
}

pub(super) fn generation_reason_of(
    wire: pb::EnvironmentalGenerationReason,
) -> Option<GenerationReason> {
    use pb::EnvironmentalGenerationReason as W;
    Some(match wire {
        W::Unspecified => return None,
        W::EquipmentMissing => GenerationReason::EquipmentMissing,
        W::EquipmentAltered => GenerationReason::EquipmentAltered,
        W::DataFalsified => GenerationReason::DataFalsified,
        W::SecretDischarge => GenerationReason::SecretDischarge,
        W::FalseFiling => GenerationReason::FalseFiling,
    })
}

pub(super) fn wire_generation_reason(it: GenerationReason) -> pb::EnvironmentalGenerationReason {
    use pb::EnvironmentalGenerationReason as W;
    match it {
        GenerationReason::EquipmentMissing => W::EquipmentMissing,
        GenerationReason::EquipmentAltered => W::EquipmentAltered,
        GenerationReason::DataFalsified => W::DataFalsified,
        GenerationReason::SecretDischarge => W::SecretDischarge,
        GenerationReason::FalseFiling => W::FalseFiling,
    }
}

pub(super) fn mass_unit_of(wire: pb::EnvironmentalMassUnit) -> Option<MassUnit> {
    use pb::EnvironmentalMassUnit as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Tonne => MassUnit::Tonne,
        W::Kilogram => MassUnit::Kilogram,
        W::Gram => MassUnit::Gram,
        W::Milligram => MassUnit::Milligram,
    })
}

pub(super) fn wire_mass_unit(it: MassUnit) -> pb::EnvironmentalMassUnit {
    use pb::EnvironmentalMassUnit as W;
    match it {
        MassUnit::Tonne => W::Tonne,
        MassUnit::Kilogram => W::Kilogram,
        MassUnit::Gram => W::Gram,
        MassUnit::Milligram => W::Milligram,
    }
}

pub(super) fn waste_kind_of(wire: pb::EnvironmentalWasteKind) -> Option<WasteKind> {
    use pb::EnvironmentalWasteKind as W;
    Some(match wire {
        W::Unspecified => return None,
        W::CoalGangue => WasteKind::CoalGangue,
        W::Tailings => WasteKind::Tailings,
        W::Hazardous => WasteKind::Hazardous,
        W::SmeltingSlag => WasteKind::SmeltingSlag,
        W::FlyAsh => WasteKind::FlyAsh,
        W::FurnaceSlag => WasteKind::FurnaceSlag,
        W::Other => WasteKind::Other,
    })
}

pub(super) fn wire_waste_kind(it: WasteKind) -> pb::EnvironmentalWasteKind {
    use pb::EnvironmentalWasteKind as W;
    match it {
        WasteKind::CoalGangue => W::CoalGangue,
        WasteKind::Tailings => W::Tailings,
        WasteKind::Hazardous => W::Hazardous,
        WasteKind::SmeltingSlag => W::SmeltingSlag,
        WasteKind::FlyAsh => W::FlyAsh,
        WasteKind::FurnaceSlag => W::FurnaceSlag,
        WasteKind::Other => W::Other,
    }
}

pub(super) fn waste_reason_of(wire: pb::EnvironmentalWasteReason) -> Option<WasteReason> {
    use pb::EnvironmentalWasteReason as W;
    Some(match wire {
        W::Unspecified => return None,
        W::IllegalDumping => WasteReason::IllegalDumping,
        W::FalseFiling => WasteReason::FalseFiling,
    })
}

pub(super) fn wire_waste_reason(it: WasteReason) -> pb::EnvironmentalWasteReason {
    use pb::EnvironmentalWasteReason as W;
    match it {
        WasteReason::IllegalDumping => W::IllegalDumping,
        WasteReason::FalseFiling => W::FalseFiling,
    }
}

pub(super) fn dust_work_of(wire: pb::EnvironmentalDustWork) -> Option<DustWork> {
    use pb::EnvironmentalDustWork as W;
    Some(match wire {
        W::Unspecified => return None,
        W::Building => DustWork::Building,
        W::MunicipalOrDemolition => DustWork::MunicipalOrDemolition,
    })
}

pub(super) fn wire_dust_work(it: DustWork) -> pb::EnvironmentalDustWork {
    use pb::EnvironmentalDustWork as W;
    match it {
        DustWork::Building => W::Building,
        DustWork::MunicipalOrDemolition => W::MunicipalOrDemolition,
    }
}

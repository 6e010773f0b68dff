//! Writes the wire form.

use rust_decimal::Decimal;

use super::choices::*;
use crate::pb;
use crate::pb::environmental_outlet_record::Quantity as WireQuantity;
use crate::pb::environmental_protection_tax_source::Subject as WireSubject;
use crate::tax::environmental::{
    NoisePart, NoiseSite, Outlet, OutletRecord, Quantity, Reading, SolidWaste, Source, Subject,
};
use crate::tax::{ReliefClaim, StatedRate};
use crate::types::{Money, Period};

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::EnvironmentalProtectionTaxSource {
    pb::EnvironmentalProtectionTaxSource {
        name: source.name.clone(),
        outlet_number: source.outlet_number.clone(),
        permit_number: source.permit_number.clone(),
        permit_required: source.permit_required,
        valid_period: source.valid_period.map(wire_period),
        occurrence_date: written(source.occurrence_date),
        offshore: source.offshore,
        stated_unit_tax: source.stated_unit_tax.as_ref().map(wire_rate),
        subject: Some(match &source.subject {
            Subject::Outlet(it) => WireSubject::Outlet(wire_outlet(it)),
            Subject::SolidWaste(it) => WireSubject::SolidWaste(wire_waste(it)),
            Subject::NoiseSite(it) => WireSubject::NoiseSite(wire_noise(it)),
        }),
    }
}

/// The text of an optional value; empty for none.
fn written<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The text of a figure whose absence means zero.
fn nonzero(value: Decimal) -> String {
    written((!value.is_zero()).then_some(value))
}

fn paid(amount: Money) -> String {
    written((!amount.is_zero()).then_some(amount))
}

fn wire_period(period: Period) -> pb::Period {
    pb::Period {
        first_day: period.first().to_string(),
        last_day: period.last().to_string(),
    }
}

fn wire_rate(rate: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: rate.value.to_string(),
        document: rate.document.clone(),
    }
}

fn wire_claim(claim: &ReliefClaim) -> pb::ReliefClaim {
    pb::ReliefClaim {
        relief_id: claim.relief_id.clone(),
        period: claim.period.map(wire_period),
        base_share: written(claim.base_share),
        ratio: written(claim.ratio),
        amount_yuan: written(claim.amount),
        document: claim.document.clone(),
    }
}

fn wire_outlet(it: &Outlet) -> pb::EnvironmentalOutlet {
    pb::EnvironmentalOutlet {
        medium: wire_medium(it.medium).into(),
        fugitive: it.fugitive,
        facility: wire_facility(it.facility).into(),
        destination: wire_destination(it.destination).into(),
        rounds_equivalents: it.rounds_equivalents,
        other_exceeded_months: it
            .other_exceeded_months
            .iter()
            .map(ToString::to_string)
            .collect(),
        records: it.records.iter().map(wire_record).collect(),
    }
}

fn wire_record(it: &OutletRecord) -> pb::EnvironmentalOutletRecord {
    pb::EnvironmentalOutletRecord {
        month: it.month.to_string(),
        pollutant: it.pollutant.clone(),
        pollutant_class: it
            .pollutant_class
            .map(wire_pollutant_class)
            .unwrap_or_default()
            .into(),
        quantity: Some(wire_quantity(&it.quantity)),
        generation_kg: written(it.generation_kg),
        generation_reason: it
            .generation_reason
            .map(wire_generation_reason)
            .unwrap_or_default()
            .into(),
        reviewed_kg: written(it.reviewed_kg),
        mean_concentration: written(it.mean_concentration),
        max_concentration: written(it.max_concentration),
        concentration_limit: written(it.concentration_limit),
        carried_forward: it.carried_forward,
        claims_low_concentration_relief: it.claims_low_concentration_relief,
        already_paid_yuan: paid(it.already_paid),
        reliefs: it.reliefs.iter().map(wire_claim).collect(),
        previous_year_quantity: written(it.previous_year_quantity),
        stated_unit_tax: it.stated_unit_tax.as_ref().map(wire_rate),
    }
}

fn wire_quantity(it: &Quantity) -> WireQuantity {
    match it {
        Quantity::Monitored(it) => WireQuantity::Monitored(pb::EnvironmentalMonitored {
            automatic: it.automatic,
            emission_kg: written(it.emission_kg),
            flow: written(it.flow),
            readings: it.readings.iter().map(wire_reading).collect(),
        }),
        Quantity::Coefficient(it) => WireQuantity::Coefficient(pb::EnvironmentalCoefficient {
            base_quantity: it.base_quantity.to_string(),
            discharge_coefficient: it.discharge_coefficient.to_string(),
            generation_coefficient: written(it.generation_coefficient),
            mass_unit: wire_mass_unit(it.mass_unit).into(),
        }),
        Quantity::MassBalance(it) => WireQuantity::MassBalance(pb::EnvironmentalMassBalance {
            emission_kg: it.emission_kg.to_string(),
        }),
        Quantity::ConstructionDust(it) => {
            WireQuantity::ConstructionDust(pb::EnvironmentalConstructionDust {
                area_sqm: it.area_sqm.to_string(),
                generation_coefficient: it.generation_coefficient.to_string(),
                reduction_coefficient: it.reduction_coefficient.to_string(),
                work: it.work.map(wire_dust_work).unwrap_or_default().into(),
            })
        }
        Quantity::Sewage(it) => WireQuantity::Sewage(pb::EnvironmentalSewage {
            sewage_tonnes: it.sewage_tonnes.to_string(),
            ph: written(it.ph),
            measured: written(it.measured),
            measured_limit: written(it.measured_limit),
        }),
        Quantity::Feature(it) => WireQuantity::Feature(pb::EnvironmentalFeature {
            count: written(it.count),
            opening_stock: written(it.opening_stock),
            closing_stock: written(it.closing_stock),
            beds: written(it.beds),
            stated_scale: it.stated_scale.as_ref().map(wire_rate),
        }),
    }
}

fn wire_reading(it: &Reading) -> pb::EnvironmentalReading {
    pb::EnvironmentalReading {
        concentration: written(it.concentration),
        flow: written(it.flow),
        below_detection_limit: it.below_detection_limit,
    }
}

fn wire_waste(it: &SolidWaste) -> pb::EnvironmentalSolidWaste {
    let records = it.records.iter().map(|it| pb::EnvironmentalWasteRecord {
        month: it.month.to_string(),
        generated_tonnes: it.generated_tonnes.to_string(),
        stored_tonnes: nonzero(it.stored_tonnes),
        disposed_tonnes: nonzero(it.disposed_tonnes),
        utilised_tonnes: nonzero(it.utilised_tonnes),
        unmeasured_tonnes: nonzero(it.unmeasured_tonnes),
        substandard_tonnes: nonzero(it.substandard_tonnes),
        generation_reason: it
            .generation_reason
            .map(wire_waste_reason)
            .unwrap_or_default()
            .into(),
        already_paid_yuan: paid(it.already_paid),
    });
    pb::EnvironmentalSolidWaste {
        waste_kind: wire_waste_kind(it.waste_kind).into(),
        hazardous_subclass: it.hazardous_subclass.clone(),
        records: records.collect(),
    }
}

fn wire_noise(it: &NoiseSite) -> pb::EnvironmentalNoiseSite {
    let records = it.records.iter().map(|it| pb::EnvironmentalNoiseRecord {
        month: it.month.to_string(),
        day: it.day.as_ref().map(wire_noise_part),
        night: it.night.as_ref().map(wire_noise_part),
    });
    pb::EnvironmentalNoiseSite {
        boundary_metres: written(it.boundary_metres),
        records: records.collect(),
    }
}

fn wire_noise_part(it: &NoisePart) -> pb::EnvironmentalNoisePart {
    let points = it.points.iter().map(|it| pb::EnvironmentalNoisePoint {
        name: it.name.clone(),
        level_db: it.level_db.to_string(),
        peak_db: written(it.peak_db),
    });
    pb::EnvironmentalNoisePart {
        limit_db: it.limit_db.to_string(),
        peak_limit_db: written(it.peak_limit_db),
        days_over: it.days_over,
        points: points.collect(),
        already_paid_yuan: paid(it.already_paid),
    }
}

//! Reads the wire form.

use rust_decimal::Decimal;

use super::choices::*;
use crate::grpc::convert::Fields;
use crate::pb;
use crate::pb::environmental_outlet_record::Quantity as WireQuantity;
use crate::pb::environmental_protection_tax_source::Subject as WireSubject;
use crate::tax::environmental::{
    Coefficient, ConstructionDust, Feature, MassBalance, Monitored, NoisePart, NoisePoint,
    NoiseRecord, NoiseSite, Outlet, OutletRecord, Quantity, Reading, Sewage, SolidWaste, Source,
    Subject, WasteRecord,
};
use crate::types::Month;

/// Decimals after the point of any quantity, concentration or coefficient.
const SCALE: usize = 8;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(
    fields: &mut Fields<'_>,
    wire: &pb::EnvironmentalProtectionTaxSource,
) -> Option<Source> {
    let name = fields.required_text("name", &wire.name, 100);
    let outlet_number = fields.text("outlet_number", &wire.outlet_number, 50);
    let permit_number = fields.text("permit_number", &wire.permit_number, 50);
    let valid_period = fields.optional_period("valid_period", wire.valid_period.as_ref());
    let occurrence_date = fields.optional_date("occurrence_date", &wire.occurrence_date);
    let stated = fields.stated_rate("stated_unit_tax", wire.stated_unit_tax.as_ref());
    let subject = match &wire.subject {
        None => {
            fields.missing("subject");
            None
        }
        Some(WireSubject::Outlet(it)) => outlet(&mut fields.below("outlet"), it),
        Some(WireSubject::SolidWaste(it)) => waste(&mut fields.below("solid_waste"), it),
        Some(WireSubject::NoiseSite(it)) => noise(&mut fields.below("noise_site"), it),
    };
    Some(Source {
        name: name?,
        outlet_number: outlet_number?,
        permit_number: permit_number?,
        permit_required: wire.permit_required,
        valid_period: valid_period?,
        occurrence_date: occurrence_date?,
        offshore: wire.offshore,
        stated_unit_tax: stated?,
        subject: subject?,
    })
}

/// Reads every element, so that all wrong ones are noted.
fn list<W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: &[W],
    read: impl Fn(&mut Fields<'_>, &W) -> Option<T>,
) -> Option<Vec<T>> {
    let found: Vec<Option<T>> = fields
        .list(name, wire)?
        .iter()
        .enumerate()
        .map(|(place, wire)| read(&mut fields.element(name, place), wire))
        .collect();
    found.into_iter().collect()
}

/// A choice that may be left unspecified.
fn optional_choice<W: TryFrom<i32>, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: i32,
    convert: impl FnOnce(W) -> Option<T>,
) -> Option<Option<T>> {
    match wire {
        0 => Some(None),
        _ => fields.choice(name, wire, convert).map(Some),
    }
}

fn month(fields: &mut Fields<'_>, text: &str) -> Option<Month> {
    fields.required("month", text, Month::parse)
}

fn optional(fields: &mut Fields<'_>, name: &str, text: &str) -> Option<Option<Decimal>> {
    fields.optional_quantity(name, text, SCALE)
}

fn or_zero(fields: &mut Fields<'_>, name: &str, text: &str) -> Option<Decimal> {
    optional(fields, name, text).map(Option::unwrap_or_default)
}

fn outlet(fields: &mut Fields<'_>, wire: &pb::EnvironmentalOutlet) -> Option<Subject> {
    let medium = fields.choice("medium", wire.medium, medium_of);
    let facility = optional_choice(fields, "facility", wire.facility, facility_of);
    let destination = optional_choice(fields, "destination", wire.destination, destination_of);
    let exceeded: Vec<Option<Month>> = fields
        .list("other_exceeded_months", &wire.other_exceeded_months)?
        .iter()
        .enumerate()
        .map(|(place, text)| {
            fields.required(
                &format!("other_exceeded_months[{place}]"),
                text,
                Month::parse,
            )
        })
        .collect();
    let records = list(fields, "records", &wire.records, outlet_record);
    Some(Subject::Outlet(Outlet {
        medium: medium?,
        fugitive: wire.fugitive,
        facility: facility?.unwrap_or_default(),
        destination: destination?.unwrap_or_default(),
        rounds_equivalents: wire.rounds_equivalents,
        other_exceeded_months: exceeded.into_iter().collect::<Option<Vec<Month>>>()?,
        records: records?,
    }))
}

fn outlet_record(
    fields: &mut Fields<'_>,
    wire: &pb::EnvironmentalOutletRecord,
) -> Option<OutletRecord> {
    let month = month(fields, &wire.month);
    let pollutant = fields.required_text("pollutant", &wire.pollutant, 50);
    let class = optional_choice(
        fields,
        "pollutant_class",
        wire.pollutant_class,
        pollutant_class_of,
    );
    let quantity = match &wire.quantity {
        None => {
            fields.missing("quantity");
            None
        }
        Some(it) => quantity(fields, it),
    };
    let generation = optional(fields, "generation_kg", &wire.generation_kg);
    let reason = optional_choice(
        fields,
        "generation_reason",
        wire.generation_reason,
        generation_reason_of,
    );
    let reviewed = optional(fields, "reviewed_kg", &wire.reviewed_kg);
    let mean = optional(fields, "mean_concentration", &wire.mean_concentration);
    let max = optional(fields, "max_concentration", &wire.max_concentration);
    let limit = optional(fields, "concentration_limit", &wire.concentration_limit);
    let paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    let reliefs = fields.reliefs("reliefs", &wire.reliefs);
    let stated = fields.stated_rate("stated_unit_tax", wire.stated_unit_tax.as_ref());
    let previous = optional(
        fields,
        "previous_year_quantity",
        &wire.previous_year_quantity,
    );
    Some(OutletRecord {
        month: month?,
        pollutant: pollutant?,
        pollutant_class: class?,
        quantity: quantity?,
        generation_kg: generation?,
        generation_reason: reason?,
        reviewed_kg: reviewed?,
        mean_concentration: mean?,
        max_concentration: max?,
        concentration_limit: limit?,
        carried_forward: wire.carried_forward,
        claims_low_concentration_relief: wire.claims_low_concentration_relief,
        already_paid: paid?,
        reliefs: reliefs?,
        previous_year_quantity: previous?,
        stated_unit_tax: stated?,
    })
}

fn quantity(fields: &mut Fields<'_>, wire: &WireQuantity) -> Option<Quantity> {
    match wire {
        WireQuantity::Monitored(it) => monitored(&mut fields.below("monitored"), it),
        WireQuantity::Coefficient(it) => coefficient(&mut fields.below("coefficient"), it),
        WireQuantity::MassBalance(it) => {
            let mut fields = fields.below("mass_balance");
            let emission_kg = fields.quantity("emission_kg", &it.emission_kg, SCALE)?;
            Some(Quantity::MassBalance(MassBalance { emission_kg }))
        }
        WireQuantity::ConstructionDust(it) => dust(&mut fields.below("construction_dust"), it),
        WireQuantity::Sewage(it) => sewage(&mut fields.below("sewage"), it),
        WireQuantity::Feature(it) => feature(&mut fields.below("feature"), it),
    }
}

fn monitored(fields: &mut Fields<'_>, wire: &pb::EnvironmentalMonitored) -> Option<Quantity> {
    let emission_kg = optional(fields, "emission_kg", &wire.emission_kg);
    let flow = optional(fields, "flow", &wire.flow);
    let readings = list(fields, "readings", &wire.readings, |fields, wire| {
        let concentration = optional(fields, "concentration", &wire.concentration);
        let flow = optional(fields, "flow", &wire.flow);
        Some(Reading {
            concentration: concentration?,
            flow: flow?,
            below_detection_limit: wire.below_detection_limit,
        })
    });
    Some(Quantity::Monitored(Monitored {
        automatic: wire.automatic,
        emission_kg: emission_kg?,
        flow: flow?,
        readings: readings?,
    }))
}

fn coefficient(fields: &mut Fields<'_>, wire: &pb::EnvironmentalCoefficient) -> Option<Quantity> {
    let base = fields.quantity("base_quantity", &wire.base_quantity, SCALE);
    let discharge = fields.quantity("discharge_coefficient", &wire.discharge_coefficient, SCALE);
    let generation = optional(
        fields,
        "generation_coefficient",
        &wire.generation_coefficient,
    );
    let unit = fields.choice("mass_unit", wire.mass_unit, mass_unit_of);
    Some(Quantity::Coefficient(Coefficient {
        base_quantity: base?,
        discharge_coefficient: discharge?,
        generation_coefficient: generation?,
        mass_unit: unit?,
    }))
}

fn dust(fields: &mut Fields<'_>, wire: &pb::EnvironmentalConstructionDust) -> Option<Quantity> {
    let area = fields.quantity("area_sqm", &wire.area_sqm, SCALE);
    let up = fields.quantity(
        "generation_coefficient",
        &wire.generation_coefficient,
        SCALE,
    );
    let down = fields.quantity("reduction_coefficient", &wire.reduction_coefficient, SCALE);
    let work = optional_choice(fields, "work", wire.work, dust_work_of);
    Some(Quantity::ConstructionDust(ConstructionDust {
        area_sqm: area?,
        generation_coefficient: up?,
        reduction_coefficient: down?,
        work: work?,
    }))
}

fn sewage(fields: &mut Fields<'_>, wire: &pb::EnvironmentalSewage) -> Option<Quantity> {
    let tonnes = fields.quantity("sewage_tonnes", &wire.sewage_tonnes, SCALE);
    let ph = optional(fields, "ph", &wire.ph);
    let measured = optional(fields, "measured", &wire.measured);
    let limit = optional(fields, "measured_limit", &wire.measured_limit);
    Some(Quantity::Sewage(Sewage {
        sewage_tonnes: tonnes?,
        ph: ph?,
        measured: measured?,
        measured_limit: limit?,
    }))
}

fn feature(fields: &mut Fields<'_>, wire: &pb::EnvironmentalFeature) -> Option<Quantity> {
    let count = optional(fields, "count", &wire.count);
    let opening = optional(fields, "opening_stock", &wire.opening_stock);
    let closing = optional(fields, "closing_stock", &wire.closing_stock);
    let beds = optional(fields, "beds", &wire.beds);
    let scale = fields.stated_rate("stated_scale", wire.stated_scale.as_ref());
    Some(Quantity::Feature(Feature {
        count: count?,
        opening_stock: opening?,
        closing_stock: closing?,
        beds: beds?,
        stated_scale: scale?,
    }))
}

fn waste(fields: &mut Fields<'_>, wire: &pb::EnvironmentalSolidWaste) -> Option<Subject> {
    let kind = fields.choice("waste_kind", wire.waste_kind, waste_kind_of);
    let subclass = fields.text("hazardous_subclass", &wire.hazardous_subclass, 100);
    let records = list(fields, "records", &wire.records, |fields, wire| {
        let month = month(fields, &wire.month);
        let generated = fields.quantity("generated_tonnes", &wire.generated_tonnes, SCALE);
        let stored = or_zero(fields, "stored_tonnes", &wire.stored_tonnes);
        let disposed = or_zero(fields, "disposed_tonnes", &wire.disposed_tonnes);
        let utilised = or_zero(fields, "utilised_tonnes", &wire.utilised_tonnes);
        let unmeasured = or_zero(fields, "unmeasured_tonnes", &wire.unmeasured_tonnes);
        let substandard = or_zero(fields, "substandard_tonnes", &wire.substandard_tonnes);
        let reason = optional_choice(
            fields,
            "generation_reason",
            wire.generation_reason,
            waste_reason_of,
        );
        let paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
        Some(WasteRecord {
            month: month?,
            generated_tonnes: generated?,
            stored_tonnes: stored?,
            disposed_tonnes: disposed?,
            utilised_tonnes: utilised?,
            unmeasured_tonnes: unmeasured?,
            substandard_tonnes: substandard?,
            generation_reason: reason?,
            already_paid: paid?,
        })
    });
    Some(Subject::SolidWaste(SolidWaste {
        waste_kind: kind?,
        hazardous_subclass: subclass?,
        records: records?,
    }))
}

fn noise(fields: &mut Fields<'_>, wire: &pb::EnvironmentalNoiseSite) -> Option<Subject> {
    let boundary = optional(fields, "boundary_metres", &wire.boundary_metres);
    let records = list(fields, "records", &wire.records, |fields, wire| {
        let month = month(fields, &wire.month);
        let day = noise_part(fields, "day", wire.day.as_ref());
        let night = noise_part(fields, "night", wire.night.as_ref());
        Some(NoiseRecord {
            month: month?,
            day: day?,
            night: night?,
        })
    });
    Some(Subject::NoiseSite(NoiseSite {
        boundary_metres: boundary?,
        records: records?,
    }))
}

fn noise_part(
    fields: &mut Fields<'_>,
    name: &str,
    wire: Option<&pb::EnvironmentalNoisePart>,
) -> Option<Option<NoisePart>> {
    let Some(wire) = wire else { return Some(None) };
    let mut fields = fields.below(name);
    let limit = fields.quantity("limit_db", &wire.limit_db, SCALE);
    let peak_limit = optional(&mut fields, "peak_limit_db", &wire.peak_limit_db);
    let points = list(&mut fields, "points", &wire.points, |fields, wire| {
        let name = fields.text("name", &wire.name, 100);
        let level = fields.quantity("level_db", &wire.level_db, SCALE);
        let peak = optional(fields, "peak_db", &wire.peak_db);
        Some(NoisePoint {
            name: name?,
            level_db: level?,
            peak_db: peak?,
        })
    });
    let paid = fields.amount_or_zero("already_paid_yuan", &wire.already_paid_yuan);
    Some(Some(NoisePart {
        limit_db: limit?,
        peak_limit_db: peak_limit?,
        days_over: wire.days_over,
        points: points?,
        already_paid: paid?,
    }))
}

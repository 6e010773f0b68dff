//! The wire form of a 车船税 source and its domain form.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Fields;
use crate::pb;
use crate::tax::vehicle_vessel::{
    Change, Energy, Event, EventKind, Kind, Payment, PaymentKind, Source, Usage, WithheldTreatment,
};
use crate::tax::{ReliefClaim, StatedRate};

const COUNT_MAX: u32 = 100_000;
const DISPLACEMENT_MAX: u32 = 100_000;
const SEATS_MAX: u32 = 1000;
const LIST_MAX: usize = 50;
const QUANTITY_SCALE: usize = 6;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(fields: &mut Fields<'_>, wire: &pb::VehicleVesselTaxSource) -> Option<Source> {
    let kind = fields.choice("kind", wire.kind, kind);
    let declared_item = fields.text("declared_item", &wire.declared_item, 63);
    let count = fields.count("count", wire.count.max(1), 1, COUNT_MAX);
    let acquired_on = fields.date("acquired_date", &wire.acquired_date);
    let plate = fields.text("plate", &wire.plate, 20);
    let vin = fields.text("vin", &wire.vin, 17);
    let vessel_code = fields.text("vessel_code", &wire.vessel_code, 13);
    let name = fields.text("name", &wire.name, 50);
    let energy = maybe(wire.energy, || fields.choice("energy", wire.energy, energy));
    let displacement = fields.count("displacement_ml", wire.displacement_ml, 0, DISPLACEMENT_MAX);
    let seats = fields.count("seats", wire.seats, 0, SEATS_MAX);
    let mut quantity = |name, text| fields.optional_quantity(name, text, QUANTITY_SCALE);
    let curb_mass_tonnes = quantity("curb_mass_tonnes", &wire.curb_mass_tonnes);
    let net_tonnage_tonnes = quantity("net_tonnage_tonnes", &wire.net_tonnage_tonnes);
    let engine_power_kw = quantity("engine_power_kw", &wire.engine_power_kw);
    let hull_length_metres = quantity("hull_length_metres", &wire.hull_length_metres);
    let seller = fields.text("seller_tax_certificate", &wire.seller_tax_certificate, 200);
    let insurance_policy = fields.text("insurance_policy", &wire.insurance_policy, 60);
    let events = events(fields, &wire.events);
    let reliefs = fields.reliefs("reliefs", &wire.reliefs);
    let payments = payments(fields, &wire.payments);
    let withheld_treatment = maybe(wire.withheld_treatment, || {
        fields.choice("withheld_treatment", wire.withheld_treatment, treatment)
    });
    let stated = fields.stated_rate("stated_unit_amount", wire.stated_unit_amount.as_ref());
    let usage = maybe(wire.usage, || fields.choice("usage", wire.usage, usage));
    let invoiced_on = fields.optional_date("invoice_date", &wire.invoice_date);
    let purchase_tax = fields.text(
        "purchase_tax_certificate",
        &wire.purchase_tax_certificate,
        200,
    );
    let mut day = |name, text| fields.optional_date(name, text);
    let catalogue_from = day("catalogue_first_date", &wire.catalogue_first_date);
    let catalogue_to = day("catalogue_last_date", &wire.catalogue_last_date);
    let completed_on = day("completion_date", &wire.completion_date);
    let mut text = |name, text| fields.text(name, text, 50);
    let engine_number = text("engine_number", &wire.engine_number);
    let registration = text("first_registration_number", &wire.first_registration_number);
    let home_port = text("home_port", &wire.home_port);
    let changes = changes(fields, &wire.changes);
    Some(Source {
        kind: kind?,
        declared_item: declared_item.map(|item| (!item.is_empty()).then_some(item))?,
        count: count?,
        acquired_on: acquired_on?,
        plate: plate?,
        vin: vin?,
        vessel_code: vessel_code?,
        name: name?,
        energy: energy?,
        displacement_ml: displacement.map(said)?,
        seats: seats.map(said)?,
        curb_mass_tonnes: curb_mass_tonnes?,
        net_tonnage_tonnes: net_tonnage_tonnes?,
        engine_power_kw: engine_power_kw?,
        hull_length_metres: hull_length_metres?,
        usage: usage?,
        invoiced_on: invoiced_on?,
        purchase_tax_certificate: purchase_tax?,
        catalogue_from: catalogue_from?,
        catalogue_to: catalogue_to?,
        engine_number: engine_number?,
        first_registration_number: registration?,
        home_port: home_port?,
        completed_on: completed_on?,
        changes: changes?,
        foreign: wire.foreign,
        seller_tax_certificate: seller?,
        insurance_policy: insurance_policy?,
        events: events?,
        reliefs: reliefs?,
        payments: payments?,
        withheld_treatment: withheld_treatment?,
        stated_unit_amount: stated?,
    })
}

/// Zero on the wire is "not said".
fn said(value: u32) -> Option<u32> {
    (value != 0).then_some(value)
}

/// An optional closed choice: the unspecified value is "not said".
fn maybe<T>(wire: i32, read: impl FnOnce() -> Option<T>) -> Option<Option<T>> {
    if wire == 0 {
        Some(None)
    } else {
        read().map(Some)
    }
}

fn events(fields: &mut Fields<'_>, wire: &[pb::VehicleVesselEvent]) -> Option<Vec<Event>> {
    if !fields.at_most("events", wire.len(), LIST_MAX) {
        return None;
    }
    let read: Vec<Option<Event>> = wire
        .iter()
        .enumerate()
        .map(|(place, wire)| {
            let mut fields = fields.element("events", place);
            let kind = fields.choice("kind", wire.kind, event_kind);
            let on = fields.date("event_date", &wire.event_date);
            let document = fields.text("document", &wire.document, 200);
            Some(Event {
                kind: kind?,
                on: on?,
                document: document?,
            })
        })
        .collect();
    read.into_iter().collect()
}

fn payments(fields: &mut Fields<'_>, wire: &[pb::VehicleVesselPayment]) -> Option<Vec<Payment>> {
    if !fields.at_most("payments", wire.len(), LIST_MAX) {
        return None;
    }
    let read: Vec<Option<Payment>> = wire
        .iter()
        .enumerate()
        .map(|(place, wire)| {
            let mut fields = fields.element("payments", place);
            let kind = fields.choice("kind", wire.kind, payment_kind);
            let year = fields.count("tax_year", wire.tax_year, 1900, 2199);
            let amount = fields.amount("amount_yuan", &wire.amount_yuan);
            let document = fields.text("document", &wire.document, 200);
            let paid_on = fields.optional_date("paid_date", &wire.paid_date);
            let late_fee = fields.optional_amount("late_fee_yuan", &wire.late_fee_yuan);
            Some(Payment {
                kind: kind?,
                tax_year: i16::try_from(year?).ok()?,
                amount: amount?,
                document: document?,
                paid_on: paid_on?,
                late_fee: late_fee?,
            })
        })
        .collect();
    read.into_iter().collect()
}

fn changes(fields: &mut Fields<'_>, wire: &[pb::VehicleVesselChange]) -> Option<Vec<Change>> {
    if !fields.at_most("changes", wire.len(), LIST_MAX) {
        return None;
    }
    let read: Vec<Option<Change>> = wire
        .iter()
        .enumerate()
        .map(|(place, wire)| change(&mut fields.element("changes", place), wire))
        .collect();
    read.into_iter().collect()
}

fn change(fields: &mut Fields<'_>, wire: &pb::VehicleVesselChange) -> Option<Change> {
    let on = fields.date("change_date", &wire.change_date);
    let kind = maybe(wire.kind, || fields.choice("kind", wire.kind, kind));
    let energy = maybe(wire.energy, || fields.choice("energy", wire.energy, energy));
    let displacement = fields.count("displacement_ml", wire.displacement_ml, 0, DISPLACEMENT_MAX);
    let seats = fields.count("seats", wire.seats, 0, SEATS_MAX);
    let mut quantity = |name, text| fields.optional_quantity(name, text, QUANTITY_SCALE);
    let curb_mass_tonnes = quantity("curb_mass_tonnes", &wire.curb_mass_tonnes);
    let net_tonnage_tonnes = quantity("net_tonnage_tonnes", &wire.net_tonnage_tonnes);
    let engine_power_kw = quantity("engine_power_kw", &wire.engine_power_kw);
    let hull_length_metres = quantity("hull_length_metres", &wire.hull_length_metres);
    let stated = fields.stated_rate("stated_unit_amount", wire.stated_unit_amount.as_ref());
    let document = fields.text("document", &wire.document, 200);
    Some(Change {
        on: on?,
        kind: kind?,
        energy: energy?,
        displacement_ml: displacement.map(said)?,
        seats: seats.map(said)?,
        curb_mass_tonnes: curb_mass_tonnes?,
        net_tonnage_tonnes: net_tonnage_tonnes?,
        engine_power_kw: engine_power_kw?,
        hull_length_metres: hull_length_metres?,
        stated_unit_amount: stated?,
        document: document?,
    })
}

/// Two functions for a closed list, wire to domain and back, from one list of names.
macro_rules! closed_list {
    ($read:ident, $write:ident, $wire:ident, $domain:ident: $($name:ident),+) => {
        fn $read(wire: pb::$wire) -> Option<$domain> {
            match wire {
                pb::$wire::Unspecified => None,
                $(pb::$wire::$name => Some($domain::$name),)+
            }
        }

        fn $write(value: $domain) -> pb::$wire {
            match value {
                $($domain::$name => pb::$wire::$name,)+
            }
        }
    };
}

closed_list!(kind, kind_to_wire, VehicleVesselKind, Kind:
    PassengerCar, Bus, Truck, SemiTrailerTractor, ThreeWheeledVehicle, LowSpeedTruck,
    PassengerCargoVehicle, Trailer, Motorcycle, SpecialPurposeVehicle, WheeledMachine,
    MotorVessel, Tug, Barge, Yacht, AuxSailYacht);
closed_list!(energy, energy_to_wire, VehicleVesselEnergy, Energy:
    Conventional, PlugInHybrid, PureElectric, FuelCell, NaturalGas, Hybrid);
closed_list!(usage, usage_to_wire, VehicleVesselUsage, Usage:
    General, PublicTransport, Rural, Fishing, Military, Police, FireRescue, Diplomatic, Internal);
closed_list!(event_kind, event_kind_to_wire, VehicleVesselEventKind, EventKind:
    Stolen, Recovered, Scrapped, Lost, Returned, Transferred);
closed_list!(payment_kind, payment_kind_to_wire, VehicleVesselPaymentKind, PaymentKind:
    InsurerWithheld, Paid, Refunded);
closed_list!(treatment, treatment_to_wire, VehicleVesselWithheldTreatment, WithheldTreatment:
    Omit, EnterAsPaid);

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::VehicleVesselTaxSource {
    pb::VehicleVesselTaxSource {
        kind: kind_to_wire(source.kind).into(),
        declared_item: source.declared_item.clone().unwrap_or_default(),
        count: source.count,
        acquired_date: source.acquired_on.to_string(),
        plate: source.plate.clone(),
        vin: source.vin.clone(),
        vessel_code: source.vessel_code.clone(),
        name: source.name.clone(),
        energy: source
            .energy
            .map_or(0, |energy| energy_to_wire(energy).into()),
        displacement_ml: source.displacement_ml.unwrap_or(0),
        seats: source.seats.unwrap_or(0),
        curb_mass_tonnes: decimal(source.curb_mass_tonnes),
        net_tonnage_tonnes: decimal(source.net_tonnage_tonnes),
        engine_power_kw: decimal(source.engine_power_kw),
        hull_length_metres: decimal(source.hull_length_metres),
        foreign: source.foreign,
        seller_tax_certificate: source.seller_tax_certificate.clone(),
        insurance_policy: source.insurance_policy.clone(),
        events: source.events.iter().map(event_to_wire).collect(),
        reliefs: source.reliefs.iter().map(relief_to_wire).collect(),
        payments: source.payments.iter().map(payment_to_wire).collect(),
        withheld_treatment: source
            .withheld_treatment
            .map_or(0, |value| treatment_to_wire(value).into()),
        stated_unit_amount: source.stated_unit_amount.as_ref().map(stated_to_wire),
        usage: source.usage.map_or(0, |usage| usage_to_wire(usage).into()),
        invoice_date: day(source.invoiced_on),
        purchase_tax_certificate: source.purchase_tax_certificate.clone(),
        catalogue_first_date: day(source.catalogue_from),
        catalogue_last_date: day(source.catalogue_to),
        engine_number: source.engine_number.clone(),
        first_registration_number: source.first_registration_number.clone(),
        home_port: source.home_port.clone(),
        completion_date: day(source.completed_on),
        changes: source.changes.iter().map(change_to_wire).collect(),
    }
}

fn day(value: Option<Date>) -> String {
    value.map(|day| day.to_string()).unwrap_or_default()
}

fn change_to_wire(change: &Change) -> pb::VehicleVesselChange {
    pb::VehicleVesselChange {
        change_date: change.on.to_string(),
        kind: change.kind.map_or(0, |kind| kind_to_wire(kind).into()),
        energy: change
            .energy
            .map_or(0, |energy| energy_to_wire(energy).into()),
        displacement_ml: change.displacement_ml.unwrap_or(0),
        seats: change.seats.unwrap_or(0),
        curb_mass_tonnes: decimal(change.curb_mass_tonnes),
        net_tonnage_tonnes: decimal(change.net_tonnage_tonnes),
        engine_power_kw: decimal(change.engine_power_kw),
        hull_length_metres: decimal(change.hull_length_metres),
        stated_unit_amount: change.stated_unit_amount.as_ref().map(stated_to_wire),
        document: change.document.clone(),
    }
}

fn decimal(value: Option<Decimal>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn event_to_wire(event: &Event) -> pb::VehicleVesselEvent {
    pb::VehicleVesselEvent {
        kind: event_kind_to_wire(event.kind).into(),
        event_date: event.on.to_string(),
        document: event.document.clone(),
    }
}

fn payment_to_wire(payment: &Payment) -> pb::VehicleVesselPayment {
    pb::VehicleVesselPayment {
        kind: payment_kind_to_wire(payment.kind).into(),
        tax_year: u32::try_from(payment.tax_year).unwrap_or(0),
        amount_yuan: payment.amount.to_string(),
        document: payment.document.clone(),
        paid_date: day(payment.paid_on),
        late_fee_yuan: payment
            .late_fee
            .map(|fee| fee.to_string())
            .unwrap_or_default(),
    }
}

fn relief_to_wire(claim: &ReliefClaim) -> pb::ReliefClaim {
    pb::ReliefClaim {
        relief_id: claim.relief_id.clone(),
        period: claim.period.map(|period| pb::Period {
            first_day: period.first().to_string(),
            last_day: period.last().to_string(),
        }),
        base_share: decimal(claim.base_share),
        ratio: decimal(claim.ratio),
        amount_yuan: claim
            .amount
            .map(|amount| amount.to_string())
            .unwrap_or_default(),
        document: claim.document.clone(),
    }
}

fn stated_to_wire(stated: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: stated.value.to_string(),
        document: stated.document.clone(),
    }
}

#[cfg(test)]
mod tests;

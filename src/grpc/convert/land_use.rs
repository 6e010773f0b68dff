//! The wire form of a 城镇土地使用税 source and its domain form.

use super::Fields;
use crate::pb;
use crate::tax::StatedRate;
use crate::tax::land_use::{
    Acquisition, AcquisitionKind, AcquisitionMode, CertificateKind, CityKind, End, EndKind,
    LandClass, LandNature, LandPurpose, LandRelief, LandTaxpayer, Payment, SharedBuilding, Source,
    Version,
};
use crate::types::{Invalid, Period};

/// Pairs each wire value with its domain value, both ways; the unspecified one has no partner.
macro_rules! paired {
    ($read:ident, $write:ident, $domain:ident, $wire:ident, [$($name:ident),+ $(,)?]) => {
        pub(super) fn $read(wire: pb::$wire) -> Option<$domain> {
            match wire {
                pb::$wire::Unspecified => None,
                $(pb::$wire::$name => Some($domain::$name),)+
            }
        }

        pub(super) fn $write(value: $domain) -> i32 {
            match value {
                $($domain::$name => pb::$wire::$name,)+
            }
            .into()
        }
    };
}

mod facts;

paired!(
    taxpayer,
    taxpayer_wire,
    LandTaxpayer,
    LandUseTaxpayerKind,
    [RightHolder, CollectiveUser, FreeUser, Custodian, ActualUser]
);
paired!(
    certificate,
    certificate_wire,
    CertificateKind,
    LandUseCertificateKind,
    [RealEstate, LandUse, Other]
);
paired!(
    nature,
    nature_wire,
    LandNature,
    LandUseNature,
    [State, Collective]
);
paired!(
    mode,
    mode_wire,
    AcquisitionMode,
    LandUseAcquisitionMode,
    [Allocated, Granted, Transferred, Leased, Other]
);
paired!(
    purpose,
    purpose_wire,
    LandPurpose,
    LandUsePurpose,
    [Industrial, Commercial, Residential, Mixed, Developer, Other]
);
paired!(
    kind,
    kind_wire,
    AcquisitionKind,
    LandUseAcquisitionKind,
    [
        Grant,
        Transfer,
        Auction,
        RequisitionedFarmland,
        RequisitionedOther,
        NewHouse,
        ExistingHouseCertificate,
        Leased,
        CollectiveUse,
        CarriedOver,
    ]
);
paired!(
    end_kind,
    end_kind_wire,
    EndKind,
    LandUseEndKind,
    [Transferred, Other]
);
paired!(
    class,
    class_wire,
    LandClass,
    LandUseClass,
    [City, CountyTown, MiningArea]
);
paired!(
    city_kind,
    city_kind_wire,
    CityKind,
    LandUseCityKind,
    [Large, Medium, Small]
);

/// A closed list where "not said" is allowed: the unspecified value reads as absent.
fn optional_choice<W: TryFrom<i32>, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: i32,
    convert: impl FnOnce(W) -> Option<T>,
) -> Option<Option<T>> {
    if wire == 0 {
        Some(None)
    } else {
        fields.choice(name, wire, convert).map(Some)
    }
}

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(fields: &mut Fields<'_>, wire: &pb::LandUseTaxSource) -> Option<Source> {
    let taxpayer_kind = fields.choice("taxpayer_kind", wire.taxpayer_kind, taxpayer);
    let holder_id = fields.text("holder_id", &wire.holder_id, 20);
    let holder_name = fields.text("holder_name", &wire.holder_name, 200);
    let land_no = fields.text("land_no", &wire.land_no, 40);
    let land_name = fields.text("land_name", &wire.land_name, 200);
    let certificate_no = fields.text("certificate_no", &wire.certificate_no, 100);
    let certificate_kind = optional_choice(
        fields,
        "certificate_kind",
        wire.certificate_kind,
        certificate,
    );
    let unit_code = fields.text("unit_code", &wire.unit_code, 28);
    let plot_no = fields.text("plot_no", &wire.plot_no, 40);
    let nature = fields.choice("nature", wire.nature, nature);
    let acquisition_mode = fields.choice("acquisition_mode", wire.acquisition_mode, mode);
    let purpose = fields.choice("purpose", wire.purpose, purpose);
    let address = fields.text("address", &wire.address, 300);
    let land_price = fields.optional_amount("land_price_yuan", &wire.land_price_yuan);
    let acquisition = acquisition(fields, wire.acquisition.as_ref());
    let end = end(fields, wire.end.as_ref());
    let versions = many(fields, "versions", &wire.versions, 1, 200, version);
    let shared_building = shared_building(fields, wire.shared_building.as_ref());
    let reliefs = many(fields, "reliefs", &wire.reliefs, 0, 50, relief);
    let payments = many(fields, "payments", &wire.payments, 0, 200, payment);
    let plot_area_sqm = fields.optional_quantity("plot_area_sqm", &wire.plot_area_sqm, 2);
    let assessed_grades = many(
        fields,
        "assessed_grades",
        &wire.assessed_grades,
        0,
        200,
        facts::assessed,
    );
    let uses = many(fields, "uses", &wire.uses, 0, 50, facts::piece);
    let staff = facts::staff(fields, wire.staff.as_ref());
    Some(Source {
        taxpayer_kind: taxpayer_kind?,
        holder_id: holder_id?,
        holder_name: holder_name?,
        land_no: land_no?,
        land_name: land_name?,
        certificate_no: certificate_no?,
        certificate_kind: certificate_kind?,
        unit_code: unit_code?,
        plot_no: plot_no?,
        nature: nature?,
        acquisition_mode: acquisition_mode?,
        purpose: purpose?,
        address: address?,
        land_price: land_price?,
        acquisition: acquisition?,
        end: end?,
        versions: versions?,
        shared_building: shared_building?,
        underground_stand_alone: wire.underground_stand_alone,
        reliefs: reliefs?,
        payments: payments?,
        plot_area_sqm: plot_area_sqm?,
        assessed_grades: assessed_grades?,
        collective_sublease: wire.collective_sublease,
        uses: uses?,
        staff: staff?,
        restricted_industry: wire.restricted_industry,
    })
}

/// Reads a list, every element of it, also after a wrong one.
fn many<W, T>(
    fields: &mut Fields<'_>,
    name: &str,
    wire: &[W],
    least: usize,
    most: usize,
    read: impl Fn(&mut Fields<'_>, &W) -> Option<T>,
) -> Option<Vec<T>> {
    if !(least..=most).contains(&wire.len()) {
        let problem = Invalid::new(
            "COUNT_RANGE",
            format!("应有 {least} 至 {most} 项"),
            format!("must have {least} to {most} elements"),
        );
        fields.refuse(name, problem);
        return None;
    }
    let values: Vec<Option<T>> = wire
        .iter()
        .enumerate()
        .map(|(place, wire)| read(&mut fields.element(name, place), wire))
        .collect();
    values.into_iter().collect()
}

fn acquisition(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandUseAcquisition>,
) -> Option<Acquisition> {
    let Some(wire) = wire else {
        fields.missing("acquisition");
        return None;
    };
    let mut below = fields.below("acquisition");
    let kind = below.choice("kind", wire.kind, kind);
    let event_on = below.optional_date("event_on", &wire.event_on);
    let signed_on = below.optional_date("signed_on", &wire.signed_on);
    Some(Acquisition {
        kind: kind?,
        event_on: event_on?,
        signed_on: signed_on?,
    })
}

fn end(fields: &mut Fields<'_>, wire: Option<&pb::LandUseEnd>) -> Option<Option<End>> {
    let Some(wire) = wire else { return Some(None) };
    let mut below = fields.below("end");
    let on = below.date("on", &wire.on);
    let kind = below.choice("kind", wire.kind, end_kind);
    Some(Some(End {
        on: on?,
        kind: kind?,
    }))
}

fn version(fields: &mut Fields<'_>, wire: &pb::LandUseVersion) -> Option<Version> {
    let changed_on = fields.optional_date("changed_on", &wire.changed_on);
    let from_month = fields.optional_month("from_month", &wire.from_month);
    let area_sqm = fields.quantity("area_sqm", &wire.area_sqm, 2);
    let land_class = fields.choice("land_class", wire.land_class, class);
    let grade = fields.count("grade", wire.grade, 1, 99);
    let city_kind = optional_choice(fields, "city_kind", wire.city_kind, city_kind);
    let unit_tax = fields.stated_rate("unit_tax", wire.unit_tax.as_ref());
    let change_kind = optional_choice(fields, "change_kind", wire.change_kind, facts::change);
    let surveyed = fields.optional_quantity("surveyed_area_sqm", &wire.surveyed_area_sqm, 2);
    let certificate =
        fields.optional_quantity("certificate_area_sqm", &wire.certificate_area_sqm, 2);
    Some(Version {
        changed_on: changed_on?,
        from_month: from_month?,
        area_sqm: area_sqm?,
        land_class: land_class?,
        grade: grade?,
        city_kind: city_kind?,
        unit_tax: unit_tax?,
        change_kind: change_kind?,
        surveyed_area_sqm: surveyed?,
        certificate_area_sqm: certificate?,
    })
}

fn shared_building(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandUseSharedBuilding>,
) -> Option<Option<SharedBuilding>> {
    let Some(wire) = wire else { return Some(None) };
    let mut below = fields.below("shared_building");
    let own = below.quantity("own_floor_area_sqm", &wire.own_floor_area_sqm, 2);
    let all = below.quantity("building_floor_area_sqm", &wire.building_floor_area_sqm, 2);
    Some(Some(SharedBuilding {
        own_floor_area_sqm: own?,
        building_floor_area_sqm: all?,
    }))
}

fn relief(fields: &mut Fields<'_>, wire: &pb::LandUseRelief) -> Option<LandRelief> {
    let claim = match &wire.claim {
        Some(claim) => fields.below("claim").relief(claim),
        None => {
            fields.missing("claim");
            None
        }
    };
    let area = fields.optional_quantity("relief_area_sqm", &wire.relief_area_sqm, 2);
    let monthly = fields.optional_amount("monthly_amount_yuan", &wire.monthly_amount_yuan);
    Some(LandRelief {
        claim: claim?,
        relief_area_sqm: area?,
        monthly_amount: monthly?,
    })
}

fn payment(fields: &mut Fields<'_>, wire: &pb::LandUsePayment) -> Option<Payment> {
    let period = fields.period("period", wire.period.as_ref());
    let amount = fields.amount("amount_yuan", &wire.amount_yuan);
    Some(Payment {
        period: period?,
        amount: amount?,
    })
}

/// Writes the wire form.
pub fn to_wire(source: &Source) -> pb::LandUseTaxSource {
    pb::LandUseTaxSource {
        taxpayer_kind: taxpayer_wire(source.taxpayer_kind),
        holder_id: source.holder_id.clone(),
        holder_name: source.holder_name.clone(),
        land_no: source.land_no.clone(),
        land_name: source.land_name.clone(),
        certificate_no: source.certificate_no.clone(),
        certificate_kind: source.certificate_kind.map_or(0, certificate_wire),
        unit_code: source.unit_code.clone(),
        plot_no: source.plot_no.clone(),
        nature: nature_wire(source.nature),
        acquisition_mode: mode_wire(source.acquisition_mode),
        purpose: purpose_wire(source.purpose),
        address: source.address.clone(),
        land_price_yuan: text(source.land_price),
        acquisition: Some(pb::LandUseAcquisition {
            kind: kind_wire(source.acquisition.kind),
            event_on: text(source.acquisition.event_on),
            signed_on: text(source.acquisition.signed_on),
        }),
        end: source.end.map(|end| pb::LandUseEnd {
            on: end.on.to_string(),
            kind: end_kind_wire(end.kind),
        }),
        versions: source.versions.iter().map(version_wire).collect(),
        shared_building: source
            .shared_building
            .map(|shared| pb::LandUseSharedBuilding {
                own_floor_area_sqm: shared.own_floor_area_sqm.to_string(),
                building_floor_area_sqm: shared.building_floor_area_sqm.to_string(),
            }),
        underground_stand_alone: source.underground_stand_alone,
        reliefs: source.reliefs.iter().map(relief_wire).collect(),
        payments: source
            .payments
            .iter()
            .map(|payment| pb::LandUsePayment {
                period: Some(period_wire(payment.period)),
                amount_yuan: payment.amount.to_string(),
            })
            .collect(),
        plot_area_sqm: text(source.plot_area_sqm),
        assessed_grades: source
            .assessed_grades
            .iter()
            .map(facts::assessed_wire)
            .collect(),
        collective_sublease: source.collective_sublease,
        uses: source.uses.iter().map(facts::piece_wire).collect(),
        staff: source.staff.map(facts::staff_wire),
        restricted_industry: source.restricted_industry,
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn period_wire(period: Period) -> pb::Period {
    pb::Period {
        first_day: period.first().to_string(),
        last_day: period.last().to_string(),
    }
}

fn version_wire(version: &Version) -> pb::LandUseVersion {
    pb::LandUseVersion {
        changed_on: text(version.changed_on),
        from_month: text(version.from_month),
        area_sqm: version.area_sqm.to_string(),
        land_class: class_wire(version.land_class),
        grade: version.grade,
        city_kind: version.city_kind.map_or(0, city_kind_wire),
        unit_tax: version.unit_tax.as_ref().map(stated_wire),
        change_kind: version.change_kind.map_or(0, facts::change_wire),
        surveyed_area_sqm: text(version.surveyed_area_sqm),
        certificate_area_sqm: text(version.certificate_area_sqm),
    }
}

fn stated_wire(stated: &StatedRate) -> pb::StatedRate {
    pb::StatedRate {
        value: stated.value.to_string(),
        document: stated.document.clone(),
    }
}

fn relief_wire(relief: &LandRelief) -> pb::LandUseRelief {
    let claim = &relief.claim;
    pb::LandUseRelief {
        claim: Some(pb::ReliefClaim {
            relief_id: claim.relief_id.clone(),
            period: claim.period.map(period_wire),
            base_share: text(claim.base_share),
            ratio: text(claim.ratio),
            amount_yuan: text(claim.amount),
            document: claim.document.clone(),
        }),
        relief_area_sqm: text(relief.relief_area_sqm),
        monthly_amount_yuan: text(relief.monthly_amount),
    }
}

#[cfg(test)]
mod tests;

//! Tax sources on the wire: what they share here, what one tax has in its own file.

use super::{
    Fields, environmental, instant, land_appreciation, land_use, real_estate, stamp, tax,
    vehicle_vessel,
};
use crate::filing::{SourceRecord, SourceState};
use crate::grpc::app::etag;
use crate::pb;
use crate::pb::tax_source_input::Detail;
use crate::tax::TaxSource;
use crate::types::{Region, TaxAuthority, Treasury};

const NAME_MAX: usize = 200;

/// What a client states about a source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceInput {
    /// Name for people.
    pub name: String,
    /// The place whose law applies.
    pub region: Region,
    /// 主管税务机关.
    pub authority: TaxAuthority,
    /// 国库.
    pub treasury: Treasury,
    /// What is taxable.
    pub detail: TaxSource,
}

/// Reads what is stated about a source.
pub fn source_input(
    fields: &mut Fields<'_>,
    name: &str,
    wire: Option<&pb::TaxSourceInput>,
) -> Option<SourceInput> {
    let Some(wire) = wire else {
        fields.missing(name);
        return None;
    };
    let mut fields = fields.below(name);
    let fields = &mut fields;
    let name = fields.required_text("name", &wire.name, NAME_MAX);
    let region = fields.required("region_code", &wire.region_code, Region::parse);
    let authority = fields.required(
        "tax_authority_code",
        &wire.tax_authority_code,
        TaxAuthority::parse,
    );
    let treasury = fields.required("treasury_code", &wire.treasury_code, Treasury::parse);
    let detail = detail(fields, wire.detail.as_ref());
    Some(SourceInput {
        name: name?,
        region: region?,
        authority: authority?,
        treasury: treasury?,
        detail: detail?,
    })
}

fn detail(fields: &mut Fields<'_>, wire: Option<&Detail>) -> Option<TaxSource> {
    let Some(wire) = wire else {
        fields.missing("detail");
        return None;
    };
    Some(match wire {
        Detail::RealEstate(wire) => TaxSource::RealEstateTax(Box::new(real_estate::source(
            &mut fields.below("real_estate"),
            wire,
        )?)),
        Detail::LandUse(wire) => TaxSource::LandUseTax(Box::new(land_use::source(
            &mut fields.below("land_use"),
            wire,
        )?)),
        Detail::VehicleVessel(wire) => TaxSource::VehicleVesselTax(Box::new(
            vehicle_vessel::source(&mut fields.below("vehicle_vessel"), wire)?,
        )),
        Detail::Stamp(wire) => {
            TaxSource::StampTax(Box::new(stamp::source(&mut fields.below("stamp"), wire)?))
        }
        Detail::LandAppreciation(wire) => TaxSource::LandAppreciationTax(Box::new(
            land_appreciation::source(&mut fields.below("land_appreciation"), wire)?,
        )),
        Detail::EnvironmentalProtection(wire) => TaxSource::EnvironmentalProtectionTax(Box::new(
            environmental::source(&mut fields.below("environmental_protection"), wire)?,
        )),
    })
}

/// Writes a source.
pub fn source(record: &SourceRecord) -> pb::TaxSource {
    let detail = match &record.detail {
        TaxSource::RealEstateTax(source) => Detail::RealEstate(real_estate::to_wire(source)),
        TaxSource::LandUseTax(source) => Detail::LandUse(land_use::to_wire(source)),
        TaxSource::VehicleVesselTax(source) => {
            Detail::VehicleVessel(vehicle_vessel::to_wire(source))
        }
        TaxSource::StampTax(source) => Detail::Stamp(stamp::to_wire(source)),
        TaxSource::LandAppreciationTax(source) => {
            Detail::LandAppreciation(land_appreciation::to_wire(source))
        }
        TaxSource::EnvironmentalProtectionTax(source) => {
            Detail::EnvironmentalProtection(environmental::to_wire(source))
        }
    };
    let state = match record.state {
        SourceState::Collected => pb::TaxSourceState::Collected,
        SourceState::Declared => pb::TaxSourceState::Declared,
        SourceState::Correcting => pb::TaxSourceState::Correcting,
        SourceState::Closed => pb::TaxSourceState::Closed,
    };
    pb::TaxSource {
        source_id: record.id.to_string(),
        taxpayer_id: record.taxpayer.to_string(),
        input: Some(pb::TaxSourceInput {
            name: record.name.clone(),
            region_code: record.region.to_string(),
            tax_authority_code: record.authority.to_string(),
            treasury_code: record.treasury.to_string(),
            detail: Some(detail),
        }),
        tax: tax(record.detail.kind()).into(),
        state: state.into(),
        version: record.version,
        etag: etag(record.version),
        update_time: Some(instant(record.recorded_at)),
    }
}

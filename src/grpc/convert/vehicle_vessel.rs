//! The wire form of a 车船税 source and its domain form.

use super::Fields;
use crate::pb;
use crate::tax::vehicle_vessel::Source;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(_fields: &mut Fields<'_>, _wire: &pb::VehicleVesselTaxSource) -> Option<Source> {
    Some(Source {})
}

/// Writes the wire form.
pub fn to_wire(_source: &Source) -> pb::VehicleVesselTaxSource {
    pb::VehicleVesselTaxSource {}
}

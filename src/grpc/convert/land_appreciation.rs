//! The wire form of a 土地增值税 source and its domain form.

use super::Fields;
use crate::pb;
use crate::tax::land_appreciation::Source;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(_fields: &mut Fields<'_>, _wire: &pb::LandAppreciationTaxSource) -> Option<Source> {
    Some(Source {})
}

/// Writes the wire form.
pub fn to_wire(_source: &Source) -> pb::LandAppreciationTaxSource {
    pb::LandAppreciationTaxSource {}
}

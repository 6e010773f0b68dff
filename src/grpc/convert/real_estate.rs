//! The wire form of a 房产税 source and its domain form.

use super::Fields;
use crate::pb;
use crate::tax::real_estate::Source;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(_fields: &mut Fields<'_>, _wire: &pb::RealEstateTaxSource) -> Option<Source> {
    Some(Source {})
}

/// Writes the wire form.
pub fn to_wire(_source: &Source) -> pb::RealEstateTaxSource {
    pb::RealEstateTaxSource {}
}

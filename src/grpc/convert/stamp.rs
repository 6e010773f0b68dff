//! The wire form of a 印花税 source and its domain form.

use super::Fields;
use crate::pb;
use crate::tax::stamp::Source;

/// Reads the wire form; every wrong field is noted in `fields`.
pub fn source(_fields: &mut Fields<'_>, _wire: &pb::StampTaxSource) -> Option<Source> {
    Some(Source {})
}

/// Writes the wire form.
pub fn to_wire(_source: &Source) -> pb::StampTaxSource {
    pb::StampTaxSource {}
}

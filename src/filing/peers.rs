//! The other sources of the same tax, collected once for a whole drawing.

use std::collections::HashMap;

use super::{SourceRecord, SourceState};
use crate::tax::TaxSource;
use crate::types::{SourceId, TaxKind};

/// The open sources of each tax, and the same without the one being charged.
pub(super) struct Peers<'a>(HashMap<TaxKind, OneTax<'a>>);

#[derive(Default)]
struct OneTax<'a> {
    places: HashMap<SourceId, usize>,
    all: Vec<&'a TaxSource>,
    /// All but the one at `left_out`, in order.
    others: Vec<&'a TaxSource>,
    left_out: usize,
}

impl<'a> Peers<'a> {
    /// Collects the open sources.
    pub(super) fn of(records: &'a [SourceRecord]) -> Self {
        let mut taxes: HashMap<TaxKind, OneTax<'a>> = HashMap::new();
        for record in records {
            if record.state != SourceState::Closed {
                let tax = taxes.entry(record.detail.kind()).or_default();
                tax.places.insert(record.id, tax.all.len());
                tax.all.push(&record.detail);
            }
        }
        for tax in taxes.values_mut() {
            tax.others = tax.all.iter().skip(1).copied().collect();
        }
        Self(taxes)
    }

    /// The open sources of a source's tax without itself, in order. Asked in the order of the
    /// records, each answer costs one step.
    pub(super) fn without(&mut self, record: &SourceRecord) -> &[&'a TaxSource] {
        let Some(tax) = self.0.get_mut(&record.detail.kind()) else {
            return &[];
        };
        let Some(place) = tax.places.get(&record.id).copied() else {
            return &tax.all;
        };
        while tax.left_out < place {
            if let (Some(slot), Some(source)) =
                (tax.others.get_mut(tax.left_out), tax.all.get(tax.left_out))
            {
                *slot = source;
            }
            tax.left_out += 1;
        }
        while tax.left_out > place {
            let before = tax.left_out - 1;
            if let (Some(slot), Some(source)) =
                (tax.others.get_mut(before), tax.all.get(tax.left_out))
            {
                *slot = source;
            }
            tax.left_out = before;
        }
        &tax.others
    }
}

//! One contract is taxed once, whatever sources it was collected in.

use super::{Across, Document};
use crate::filing::catalogue;
use crate::tax::Finding;
use crate::tax::stamp::{Item, Source};
use crate::types::Money;

/// What two records of one contract share: day, role, items and amounts, the name and the other
/// parties. Two records with one number are refused by stamp tax itself; two numbers are two
/// contracts; a record without a number may be another one's.
fn same_contract(one: &Source, other: &Source) -> bool {
    fn figures(source: &Source) -> Vec<(Item, Option<Money>)> {
        source
            .lines
            .iter()
            .map(|line| (line.item, line.amount))
            .collect()
    }
    fn parties(source: &Source) -> Vec<&str> {
        source
            .counterparties
            .iter()
            .map(|party| party.name.as_str())
            .collect()
    }
    let unnumbered = one.document_number.is_empty() || other.document_number.is_empty();
    let named =
        unnumbered && one.document_name == other.document_name && parties(one) == parties(other);
    let amounts = one
        .lines
        .iter()
        .any(|line| line.amount.is_some_and(Money::is_positive));
    named && amounts && one.role == other.role && figures(one) == figures(other)
}

impl Across<'_> {
    /// Raised on the later of two records.
    pub(super) fn taxed_twice(&self, document: Document<'_>) -> Option<Finding> {
        let signed = document.source.signed_on;
        let before = self
            .documents_by_day
            .get(&signed)?
            .iter()
            .take_while(|other| other.record.id != document.record.id)
            .find(|other| other.open() && same_contract(other.source, document.source))?;
        let name = &before.record.name;
        Some(
            catalogue::X_CONTRACT_TWICE
                .at(
                    "document_number",
                    format!("{signed} 书立的同一合同已在税源“{name}”中申报印花税"),
                    format!("the contract signed on {signed} is already stamp source '{name}'"),
                )
                .numbers(1, 2),
        )
    }
}

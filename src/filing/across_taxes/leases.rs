//! Leases of houses and their stamp tax (real estate X5, stamp X04), and rent beside value.

use super::{Across, Document, House, has, provides};
use crate::filing::catalogue;
use crate::tax::real_estate::{Lease, LeaseKind};
use crate::tax::stamp::{Item, PartyRole};
use crate::tax::{Finding, TaxpayerKind};
use crate::types::{Money, Period};

const LEASES: &[Item] = &[Item::Lease];

impl<'a> Across<'a> {
    /// Each lease of a house that runs in the window has its stamped contract.
    pub(super) fn stamp_of_leases(&self, house: House<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let window = self.scope.window;
        for (place, lease) in house.source.leases.iter().enumerate() {
            let running = lease.term.overlap(window).is_some();
            // 财税〔2008〕24号: leases of dwellings to or by individuals bear no stamp tax.
            let exempt = lease.housing && self.scope.profile.kind == TaxpayerKind::Individual;
            let contract = lease.lease_kind == LeaseKind::Ordinary;
            if !running || exempt || !contract || self.is_stamped(lease) {
                continue;
            }
            let number = &lease.lease_no;
            findings.push(catalogue::X_LEASE_WITHOUT_STAMP.at(
                format!("leases[{place}].lease_no"),
                format!("租赁合同 {number} 没有相应的印花税税源"),
                format!("lease {number} has no stamp tax source for its contract"),
            ));
        }
        findings
    }

    /// By the contract's number where the lease has one, else by any lease the taxpayer gave.
    fn is_stamped(&self, lease: &Lease) -> bool {
        let gave = |document: &Document<'_>| provides(document.source, LEASES);
        if lease.lease_no.is_empty() {
            return self.documents.iter().any(gave);
        }
        let found = self.documents_by_number.get(lease.lease_no.as_str());
        found.is_some_and(|documents| documents.iter().any(gave))
    }

    /// A contract of lease by the owner of a house has its rent, and the amounts agree.
    pub(super) fn rent_of_document(&self, document: Document<'_>) -> Option<Finding> {
        if document.source.role != Some(PartyRole::Provider) || !has(document.source, LEASES) {
            return None;
        }
        let number = &document.source.document_number;
        let mut leases = self.houses.iter().flat_map(|house| {
            house
                .source
                .leases
                .iter()
                .map(|lease| (house.record.name.as_str(), lease))
        });
        let named =
            |(_, lease): &(&str, &'a Lease)| !number.is_empty() && lease.lease_no == *number;
        if let Some((house, lease)) = leases.clone().find(named) {
            return amounts_differ(document, lease, house);
        }
        let unnumbered = leases.any(|(_, lease)| lease.lease_no.is_empty());
        let houses = self.houses.iter().any(|house| house.open());
        (houses && !unnumbered).then(|| {
            catalogue::X_LEASE_WITHOUT_RENT.at(
                "document_number",
                format!("租赁合同 {number} 如为房屋租赁，应有相应的房产税从租税源"),
                format!("lease {number}, if it is of a house, has no lease in a house source"),
            )
        })
    }

    /// A lease on one source while another source of the same house is taxed on its whole value.
    pub(super) fn rent_beside_value(&self, house: House<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(same) = self.houses_by_no.get(house.source.house_no.as_str()) else {
            return findings;
        };
        for (place, lease) in house.source.leases.iter().enumerate() {
            let Some(months) = let_months(lease, self.scope.window) else {
                continue;
            };
            let valued = |other: &&House<'_>| {
                other.record.id != house.record.id
                    && other.open()
                    && !other.source.versions.is_empty()
                    && other
                        .source
                        .ended_on
                        .is_none_or(|day| day >= months.first())
                    && !other
                        .source
                        .leases
                        .iter()
                        .any(|its| its.term.covers(months))
            };
            if let Some(other) = same.iter().find(valued) {
                let name = &other.record.name;
                findings.push(catalogue::X_RENT_AND_VALUE.at(
                    format!("leases[{place}].term"),
                    format!("{months} 已从租计征，同一房产的税源“{name}”仍按全部原值从价计征"),
                    format!(
                        "taxed on rent in {months}, while source '{name}' of the same house is \
                         taxed on its whole value"
                    ),
                ));
            }
        }
        findings
    }
}

/// The part of the term in the window, when rent and not value is taxed in some of it.
fn let_months(lease: &Lease, window: Period) -> Option<Period> {
    let part = lease.term.overlap(window)?;
    part.months()
        .any(|month| !lease.rent_free_months.contains(&month))
        .then_some(part)
}

/// The rent of the whole lease lies between the contract's amount without and with its VAT.
fn amounts_differ(document: Document<'_>, lease: &Lease, house: &str) -> Option<Finding> {
    let rent = lease.contract_rent?;
    let mut low = Money::ZERO;
    let mut high = Money::ZERO;
    for line in document
        .source
        .lines
        .iter()
        .filter(|line| line.item == Item::Lease)
    {
        let amount = line.amount?;
        high = high.plus(amount).ok()?;
        low = low.plus(amount.minus(line.vat_stated_apart).ok()?).ok()?;
    }
    (high.is_positive() && (rent < low || high < rent)).then(|| {
        let expected = if low == high {
            low.to_string()
        } else {
            format!("{low}–{high}")
        };
        catalogue::X_LEASE_AMOUNT
            .at(
                "lines",
                format!("合同金额与房产“{house}”填写的合同租金总收入不一致"),
                format!("the contract's amount differs from the lease's rent on house '{house}'"),
            )
            .numbers(rent, expected)
    })
}

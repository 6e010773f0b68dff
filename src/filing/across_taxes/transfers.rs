//! Transfers of real estate: contract, stamp tax after relief, then land appreciation tax
//! (land appreciation X1, X4, X5; stamp X01, X03, X05, X06).

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Across, Document, Sale, has, provides};
use crate::filing::catalogue;
use crate::tax::land_appreciation::{Basis, PropertyUse, Source, Transfer, VatMethod};
use crate::tax::stamp::{self, Item, PartyRole};
use crate::tax::{Finding, TaxpayerKind};
use crate::types::{Money, Month, Period};

const TRANSFERS: &[Item] = &[Item::RealTransfer, Item::TransferDocument];

/// The day of the contract of a single transfer; none for a developer's project.
pub(super) fn contract_day(sale: &Source) -> Option<Date> {
    match &sale.basis {
        Basis::WipTransfer(transfer) => Some(transfer.contract_on),
        _ => transfer_of(sale).map(|transfer| transfer.contract_on),
    }
}

fn transfer_of(sale: &Source) -> Option<&Transfer> {
    match &sale.basis {
        Basis::OldBuilding(old) => Some(&old.transfer),
        Basis::OldAssessed(old) => Some(&old.transfer),
        Basis::LandTransfer(land) => Some(&land.transfer),
        _ => None,
    }
}

impl Across<'_> {
    /// The stamp tax of a transfer: it is there, on the same amount, and is what is deducted.
    pub(super) fn stamp_of_sale(&self, sale: Sale<'_>) -> Vec<Finding> {
        let Some(day) = contract_day(sale.source) else {
            let gave = |document: &Document<'_>| provides(document.source, TRANSFERS);
            let none = !self.documents.iter().any(gave);
            return none.then(|| without_stamp(sale)).into_iter().collect();
        };
        // 财税〔2008〕137号: individuals bear no stamp tax on dwellings.
        let dwelling = transfer_of(sale.source)
            .is_some_and(|transfer| transfer.property_use == PropertyUse::Housing);
        if dwelling && self.scope.profile.kind == TaxpayerKind::Individual {
            return Vec::new();
        }
        let on_day = self
            .documents_by_day
            .get(&day)
            .map_or(&[][..], Vec::as_slice);
        let mut stamped = on_day.iter().filter(|one| provides(one.source, TRANSFERS));
        let Some(document) = stamped.next() else {
            let equity = on_day.iter().find(|one| has(one.source, &[Item::Equity]));
            return vec![equity.map_or_else(|| without_stamp(sale), |one| of_equity(sale, *one))];
        };
        if stamped.next().is_some() {
            return Vec::new();
        }
        let mut findings: Vec<Finding> = amounts_differ(sale, *document).into_iter().collect();
        findings.extend(self.deducted_stamp(sale, *document));
        findings
    }

    /// Row 18 of the return: the stamp tax after relief.
    fn deducted_stamp(&self, sale: Sale<'_>, document: Document<'_>) -> Option<Finding> {
        let Basis::OldBuilding(old) = &sale.source.basis else {
            return None;
        };
        let due = self.stamp_due(document)?;
        let name = &document.record.name;
        (due != old.taxes.stamp).then(|| {
            catalogue::X_DEDUCTED_STAMP
                .at(
                    "old_building.taxes.stamp_yuan",
                    format!("扣除的印花税应等于合同“{name}”减免后的印花税 {due}"),
                    format!("the stamp tax deducted is not the {due} of '{name}' after relief"),
                )
                .numbers(due, old.taxes.stamp)
                .fix("old_building.taxes.stamp_yuan", due)
        })
    }

    /// The stamp tax of a document's signing, after reliefs, whenever it is filed.
    fn stamp_due(&self, document: Document<'_>) -> Option<Money> {
        let signed = document.source.signed_on;
        let year = Period::new(signed, signed.saturating_add(1.year())).ok()?;
        let ctx = self.context(document.record, year);
        let periods = document.source.periods_due(&ctx).ok()?;
        let period = periods.into_iter().find(|period| period.contains(signed))?;
        let ctx = self.context(document.record, period);
        let charges = document.source.charge(&[], &ctx).ok()?;
        let mut due = Money::ZERO;
        for charge in charges {
            due = due
                .plus(charge.tax_amount.minus(charge.relief().ok()?).ok()?)
                .ok()?;
        }
        Some(due)
    }

    /// The right went with the transfer: the house and the plot end in its month or the next.
    pub(super) fn still_held(&self, sale: Sale<'_>) -> Vec<Finding> {
        let number = sale.source.project_number.as_str();
        let Some(day) = contract_day(sale.source).filter(|_| !number.is_empty()) else {
            return Vec::new();
        };
        let latest = Month::of(day).next().last_day();
        let late = |ended: Option<Date>| ended.is_none_or(|ended| ended > latest);
        let houses = self.houses.iter().filter(|house| {
            let source = house.source;
            let same = source.house_no == number || source.certificate_no == number;
            same && house.open() && late(source.ended_on)
        });
        let lands = self.lands.iter().filter(|land| {
            let source = land.source;
            let same = [&source.land_no, &source.certificate_no, &source.unit_code]
                .into_iter()
                .any(|own| own == number);
            same && land.open() && late(source.end.map(|end| end.on))
        });
        houses
            .map(|house| house.record)
            .chain(lands.map(|land| land.record))
            .map(|record| {
                let name = &record.name;
                catalogue::X_STILL_HELD
                    .at(
                        "project_number",
                        format!("房地产已于 {day} 转让，税源“{name}”尚未终止"),
                        format!("transferred on {day}, but source '{name}' goes on"),
                    )
                    .numbers(format!("<= {latest}"), "")
            })
            .collect()
    }

    /// A stamped transfer by the taxpayer bears land appreciation tax.
    pub(super) fn sale_of_document(&self, document: Document<'_>) -> Option<Finding> {
        let source = document.source;
        if source.role != Some(PartyRole::Provider) || !has(source, &[Item::RealTransfer]) {
            return None;
        }
        let developer = |sale: &Sale<'_>| contract_day(sale.source).is_none();
        let known =
            self.sales_by_day.contains_key(&source.signed_on) || self.sales.iter().any(developer);
        (!known).then(|| {
            catalogue::X_STAMP_WITHOUT_LAT.at(
                "lines",
                format!(
                    "{} 转让房地产的书据没有相应的土地增值税税源",
                    source.signed_on
                ),
                format!(
                    "the transfer signed on {} has no land appreciation tax source",
                    source.signed_on
                ),
            )
        })
    }

    /// Land granted to the taxpayer becomes a plot.
    pub(super) fn plot_of_grant(&self, document: Document<'_>) -> Option<Finding> {
        let source = document.source;
        if source.role != Some(PartyRole::Recipient) || !has(source, &[Item::LandGrant]) {
            return None;
        }
        let taken = self.lands.iter().any(|land| {
            let acquired = land.source.acquisition;
            let days = [acquired.signed_on, acquired.event_on];
            days.into_iter()
                .flatten()
                .any(|day| day >= source.signed_on)
        });
        (!taken).then(|| {
            catalogue::X_GRANT_WITHOUT_PLOT.at(
                "lines",
                format!(
                    "{} 受让土地使用权，尚无相应的城镇土地使用税税源",
                    source.signed_on
                ),
                format!(
                    "land granted on {} is not yet a land use source",
                    source.signed_on
                ),
            )
        })
    }
}

fn without_stamp(sale: Sale<'_>) -> Finding {
    let name = &sale.source.project_name;
    catalogue::X_TRANSFER_WITHOUT_STAMP.at(
        "project_name",
        format!("“{name}”的转让没有相应的产权转移书据印花税税源"),
        format!("the transfer of '{name}' has no stamp tax source for its document"),
    )
}

fn of_equity(sale: Sale<'_>, document: Document<'_>) -> Finding {
    let name = &document.record.name;
    catalogue::X_EQUITY.at(
        "project_name",
        format!(
            "同日书立的是股权转让书据“{name}”：股权转让本身不是房地产转让，请核对是否被穿透征收"
        ),
        format!(
            "what was signed that day is a transfer of equity, '{}': see whether real estate was \
             transferred ('{name}')",
            sale.source.project_name
        ),
    )
}

/// The income and the contract agree, with VAT or without.
fn amounts_differ(sale: Sale<'_>, document: Document<'_>) -> Option<Finding> {
    let transfer = transfer_of(sale.source)?;
    let (mut gross, mut net) = (Money::ZERO, Some(Money::ZERO));
    for part in &transfer.income {
        gross = gross.plus(part.amount).ok()?;
        let vat = match part.vat_method {
            VatMethod::Excluded => Some(Money::ZERO),
            VatMethod::Stated => part.vat,
            VatMethod::General | VatMethod::Simple => None,
        };
        net = match (net, vat) {
            (Some(sum), Some(vat)) => sum.plus(part.amount.minus(vat).ok()?).ok(),
            _ => None,
        };
    }
    let (with_vat, without) = stamped_amounts(document.source)?;
    // Income whose VAT is computed compares with VAT only; a contract that names no VAT may state
    // the amount either way.
    let agree = with_vat == gross
        || match net {
            Some(net) => net == without || net == with_vat,
            None => without == with_vat && with_vat < gross,
        };
    (!agree).then(|| {
        catalogue::X_TRANSFER_AMOUNT
            .at(
                "income",
                format!(
                    "转让收入与合同“{}”的印花税计税金额不一致",
                    document.record.name
                ),
                format!(
                    "the income differs from the stamped amount of '{}'",
                    document.record.name
                ),
            )
            .numbers(without, net.unwrap_or(gross))
    })
}

/// The document's amounts with and without the VAT stated apart, of a sole transferor.
fn stamped_amounts(document: &stamp::Source) -> Option<(Money, Money)> {
    let (mut with_vat, mut without) = (Money::ZERO, Money::ZERO);
    for line in document
        .lines
        .iter()
        .filter(|line| TRANSFERS.contains(&line.item))
    {
        if line.co_parties > 1 || line.own_share.is_some() {
            return None;
        }
        let amount = line.amount?;
        with_vat = with_vat.plus(amount).ok()?;
        without = without
            .plus(amount.minus(line.vat_stated_apart).ok()?)
            .ok()?;
    }
    Some((with_vat, without))
}

//! What the facts of one tax say about another (跨税种校验, the X rules of each tax's law).
//!
//! The order is that of the amounts: VAT data of a contract, its stamp tax after relief, then land
//! appreciation tax, which deducts it. A rule is raised on the form on which its subject stands,
//! but it compares with every source of the taxpayer, whatever the window and the authority: the
//! stamp tax of a lease is filed once, its rent for years.

mod documents;
mod leases;
mod plots;
mod transfers;

use std::collections::HashMap;

use jiff::civil::Date;

use super::draw::Scope;
use super::{SourceRecord, SourceState};
use crate::tax::stamp::{self, Item, PartyRole};
use crate::tax::{Context, Finding, TaxSource, land_appreciation, land_use, real_estate};
use crate::types::Period;

/// A source with what is taxable, of one tax.
pub(super) struct Of<'a, S> {
    record: &'a SourceRecord,
    source: &'a S,
}

impl<S> Clone for Of<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Of<'_, S> {}

impl<S> Of<'_, S> {
    fn open(&self) -> bool {
        self.record.state != SourceState::Closed
    }
}

type House<'a> = Of<'a, real_estate::Source>;
type Land<'a> = Of<'a, land_use::Source>;
type Document<'a> = Of<'a, stamp::Source>;
type Sale<'a> = Of<'a, land_appreciation::Source>;

/// All sources of a taxpayer, found by what they name.
pub(super) struct Across<'a> {
    scope: &'a Scope<'a>,
    houses: Vec<House<'a>>,
    houses_by_no: HashMap<&'a str, Vec<House<'a>>>,
    houses_by_land: HashMap<&'a str, Vec<House<'a>>>,
    lands: Vec<Land<'a>>,
    lands_by_no: HashMap<&'a str, Vec<Land<'a>>>,
    documents: Vec<Document<'a>>,
    documents_by_day: HashMap<Date, Vec<Document<'a>>>,
    documents_by_number: HashMap<&'a str, Vec<Document<'a>>>,
    sales: Vec<Sale<'a>>,
    sales_by_day: HashMap<Date, Vec<Sale<'a>>>,
}

impl<'a> Across<'a> {
    /// Collects the sources once.
    pub(super) fn new(scope: &'a Scope<'a>) -> Self {
        let mut all = Self {
            scope,
            houses: Vec::new(),
            houses_by_no: HashMap::new(),
            houses_by_land: HashMap::new(),
            lands: Vec::new(),
            lands_by_no: HashMap::new(),
            documents: Vec::new(),
            documents_by_day: HashMap::new(),
            documents_by_number: HashMap::new(),
            sales: Vec::new(),
            sales_by_day: HashMap::new(),
        };
        for record in scope.sources {
            all.add(record);
        }
        all
    }

    fn add(&mut self, record: &'a SourceRecord) {
        match &record.detail {
            TaxSource::RealEstateTax(source) => {
                let house = Of {
                    record,
                    source: source.as_ref(),
                };
                self.houses.push(house);
                keep(&mut self.houses_by_no, &source.house_no, house);
                if let Some(plot) = plots::plot_of(source, self.scope.window.last()) {
                    keep(&mut self.houses_by_land, &plot.land_no, house);
                }
            }
            TaxSource::LandUseTax(source) => {
                let land = Of {
                    record,
                    source: source.as_ref(),
                };
                self.lands.push(land);
                keep(&mut self.lands_by_no, &source.land_no, land);
            }
            TaxSource::StampTax(source) => {
                let document = Of {
                    record,
                    source: source.as_ref(),
                };
                self.documents.push(document);
                let on_day = self.documents_by_day.entry(source.signed_on).or_default();
                on_day.push(document);
                keep(
                    &mut self.documents_by_number,
                    &source.document_number,
                    document,
                );
            }
            TaxSource::LandAppreciationTax(source) => {
                let sale = Of {
                    record,
                    source: source.as_ref(),
                };
                self.sales.push(sale);
                if let Some(day) = transfers::contract_day(source) {
                    self.sales_by_day.entry(day).or_default().push(sale);
                }
            }
            TaxSource::VehicleVesselTax(_) | TaxSource::EnvironmentalProtectionTax(_) => {}
        }
    }

    /// What is found about the sources that stand on a form.
    pub(super) fn findings(&self, on_form: &[&'a SourceRecord]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for record in on_form {
            let found = match &record.detail {
                TaxSource::RealEstateTax(source) => {
                    let house = Of {
                        record,
                        source: source.as_ref(),
                    };
                    let mut found = self.plot_of_house(house);
                    found.extend(self.stamp_of_leases(house));
                    found.extend(self.rent_beside_value(house));
                    found
                }
                TaxSource::LandUseTax(source) => {
                    let land = Of {
                        record,
                        source: source.as_ref(),
                    };
                    self.floors_on(land).into_iter().collect()
                }
                TaxSource::StampTax(source) => {
                    let document = Of {
                        record,
                        source: source.as_ref(),
                    };
                    let mut found: Vec<Finding> = self.taxed_twice(document).into_iter().collect();
                    found.extend(self.rent_of_document(document));
                    found.extend(self.sale_of_document(document));
                    found.extend(self.plot_of_grant(document));
                    found
                }
                TaxSource::LandAppreciationTax(source) => {
                    let sale = Of {
                        record,
                        source: source.as_ref(),
                    };
                    let mut found = self.stamp_of_sale(sale);
                    found.extend(self.still_held(sale));
                    found
                }
                TaxSource::VehicleVesselTax(_) | TaxSource::EnvironmentalProtectionTax(_) => {
                    Vec::new()
                }
            };
            let path = super::draw::path(record);
            findings.extend(found.into_iter().map(|finding| finding.below(&path)));
        }
        findings.extend(self.building_without_plot(on_form));
        findings
    }

    fn context(&self, record: &SourceRecord, period: Period) -> Context<'a> {
        super::draw::context(self.scope, record, period)
    }
}

fn keep<'a, V>(map: &mut HashMap<&'a str, Vec<V>>, key: &'a str, value: V) {
    if !key.is_empty() {
        map.entry(key).or_default().push(value);
    }
}

/// True when the document has such an item and the taxpayer may be its provider.
fn provides(document: &stamp::Source, items: &[Item]) -> bool {
    document.role.is_none_or(|role| role == PartyRole::Provider) && has(document, items)
}

fn has(document: &stamp::Source, items: &[Item]) -> bool {
    document.lines.iter().any(|line| items.contains(&line.item))
}

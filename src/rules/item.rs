//! The items (征收品目) of a tax with their rates, as data: `rules/national/items.toml`.

use jiff::civil::Date;

use super::pack::{Found, RuleBook};
use super::parameter::{RuleStatus, Table};
use crate::types::{Region, TaxKind};

/// One item of a tax on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxItem<'a> {
    /// Stable id, such as `RET_VALUE`.
    pub id: &'a str,
    /// 征收品目代码; empty where it is not confirmed.
    pub code: &'a str,
    /// 税目.
    pub name_zh: &'a str,
    /// Unit of the base.
    pub base_unit: &'a str,
    /// The parameter with the rate; empty where a table has it.
    pub rate_parameter: &'a str,
    /// The table with the rate; empty where a parameter has it.
    pub rate_table: &'a str,
    /// The rate at the place, where the pack has it.
    pub rate: Option<Found<'a>>,
    /// Document and article of the item.
    pub cite: &'a str,
    /// How sure the item is.
    pub status: RuleStatus,
}

/// The table that lists a tax's items.
pub(super) fn item_table(tax: TaxKind) -> String {
    format!("items.{}", tax.name())
}

impl RuleBook {
    /// The items of a tax on a day, with their rates at a place, in the order of the law.
    pub fn tax_items(&self, tax: TaxKind, region: Region, on: Date) -> Vec<TaxItem<'_>> {
        let Some(table) = self.table(&item_table(tax), on) else {
            return Vec::new();
        };
        let rows = table.rows.iter();
        rows.map(|row| self.tax_item(table, row, region, on))
            .collect()
    }

    fn tax_item<'a>(
        &'a self,
        table: &'a Table,
        row: &'a [String],
        region: Region,
        on: Date,
    ) -> TaxItem<'a> {
        let cell = |column| table.cell(row, column).unwrap_or_default();
        let rate_parameter = cell("rate_parameter");
        TaxItem {
            id: cell("item"),
            code: cell("code"),
            name_zh: cell("name_zh"),
            base_unit: cell("base_unit"),
            rate_parameter,
            rate_table: cell("rate_table"),
            rate: self.find(rate_parameter, region, on).ok(),
            cite: &table.source.cite,
            status: table.source.status,
        }
    }
}

//! What the law says on a day (规则): dated parameters, tables and reliefs read from `rules/`.
//!
//! The pack is compiled into the binary and may be replaced at start with `--rules DIR`. Its
//! content digest is its version. Nothing here computes a tax.

mod audit;
mod calendar;
mod error;
mod file;
mod frozen;
mod item;
mod lookups;
mod pack;
mod parameter;

pub use audit::{Problem, audit};
pub use calendar::{Calendar, DueRule, Window};
pub use error::{LookupError, RuleFileError};
pub use item::TaxItem;
pub use lookups::{LOOKED_UP, Lookups, is_looked_up};
pub use pack::{RuleBook, RuleFiles};
pub use parameter::{
    Citation, Dated, Parameter, Policy, ReliefRule, ReliefShape, RuleStatus, Table, Unit, tax_of,
};

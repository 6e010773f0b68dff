//! The only files that know both wire and domain: pb ⇄ types, with field paths.

mod fields;

pub mod environmental;
pub mod land_appreciation;
pub mod land_use;
pub mod real_estate;
pub mod stamp;
pub mod vehicle_vessel;

pub use fields::{Fields, Violation};

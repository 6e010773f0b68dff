//! The wire form of a 土地增值税 source and its domain form.

mod lists;
mod parts;
mod read;
mod write;

pub use read::source;
pub use write::to_wire;

#[cfg(test)]
mod tests;

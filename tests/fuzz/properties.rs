//! The properties of `tests/parsers`, compiled once for all targets.

#[path = "../parsers/properties/mod.rs"]
pub mod properties;

//! The second factor: codes from a phone, and recovery codes for the day it is lost. The pages around it stand with their features.

pub mod check;
pub mod confirm;
pub mod enrol;
pub mod error;
pub mod model;
pub mod picture;
pub mod recovery_codes;
pub mod remove;
pub mod reset;
pub mod store;

pub use store::has;

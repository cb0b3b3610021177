//! Which passwords may be chosen.

mod common;
pub mod model;

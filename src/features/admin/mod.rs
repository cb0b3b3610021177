//! The administrators' side: one folder a noun, its acts and its pages together.

pub mod sessions;
pub mod settings;
pub mod setup;
pub mod users;

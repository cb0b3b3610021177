//! The administrators' side: one folder a noun, its acts and its pages together.

pub mod audit;
pub mod backups;
pub mod dashboard;
pub mod services;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod users;
pub mod webhooks;

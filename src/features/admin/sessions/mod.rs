//! Everybody's sessions.

pub mod show;

//! What every route stands on: bodies in and out, the one error shape, who asks, headers, embedded files.

pub mod answer;
pub mod assets;
pub mod authorization;
pub mod body;
pub mod catchers;
pub mod client;
pub mod cors;
pub mod headers;
pub mod pages;
pub mod problem;

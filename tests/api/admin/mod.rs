//! The administrators' pages, each held to what it says.

mod audit;
mod dashboard;

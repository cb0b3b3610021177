//! The second factor: its codes, its recovery codes, and what is never found of them.

mod check;
mod enrol;
pub mod owner;
mod recovery;
mod secrets;

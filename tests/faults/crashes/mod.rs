//! The process ends, or the power does.

mod drain;
mod kill;
mod power_cut;

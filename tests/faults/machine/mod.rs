//! The machine stands still, has no memory left, or tells the wrong time.

mod clock;
mod memory_cap;
mod soak;
mod standstill;

//! What the Hub is held against: a bare route, the design that one writes first, and bare password hashes.

pub mod argon2;
pub mod hello;
pub mod pool;

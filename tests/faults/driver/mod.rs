//! What the tests of faults stand on.

pub mod auditor;
pub mod beside;
pub mod chance;
pub mod disk;
pub mod journal;
pub mod load;
pub mod probe;
pub mod replay;
pub mod rows;
pub mod server;
pub mod shim;
pub mod stage;
pub mod talk;

//! The parsers of strangers' texts: what must hold for any text, tried with kept ones and with random ones. `tests/fuzz/run` tries many more.
#![expect(clippy::expect_used, reason = "a property fails by panicking")]

mod properties;
mod random;
mod seeds;
mod targets;

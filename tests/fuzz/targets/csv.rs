//! CSV: no cell begins a formula, and a reader that knows RFC 4180 only gets back what was written.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::csv::holds(bytes));

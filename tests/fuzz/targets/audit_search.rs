//! The filters of the audit's page: whatever was typed gives rows or mistakes, never an error of the database, and its address reads back.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::audit_search::holds(bytes));

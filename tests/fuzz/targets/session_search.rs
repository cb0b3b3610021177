//! The search field of a list of sessions: a filter within its bounds, or sentences that say what is wrong; never an error of the database.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::session_search::holds(bytes));

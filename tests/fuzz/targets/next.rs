//! `next`, the page that a sign-in leads on to: it never leads out of the Hub.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::next::holds(bytes));

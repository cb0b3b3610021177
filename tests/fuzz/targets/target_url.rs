//! Addresses of webhooks' receivers: `http` or `https`, no user and no fragment in them, in one line of a request, and shown without their query.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::target_url::holds(bytes));

//! `X-Forwarded-For`: believed as far as trusted proxies speak, read from its end, 32 hops at most.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::forwarded::holds(bytes));

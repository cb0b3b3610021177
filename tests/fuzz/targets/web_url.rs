//! Web addresses in profiles, which pages link to: `http` or `https`, in visible ASCII, and no user in them.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::web_url::holds(bytes));

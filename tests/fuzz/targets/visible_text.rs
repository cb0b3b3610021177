//! Text made visible: nothing in it is unseen, it keeps to its length, and made visible again it stays.
#![no_main]

use hub_fuzz::properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::visible_text::holds(bytes));

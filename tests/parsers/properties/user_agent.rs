//! What a client calls itself: kept short and visible, and the device's name is made of our own words only.

use hub::types::user_agent::{MAX_CHARS, UserAgent};

use super::visible_text::assert_all_visible;

pub const WORDS: &[&str] = &[
    "Mozilla/5.0",
    " (X11; Linux x86_64)",
    "(iPhone; CPU iPhone OS 17_0)",
    "Windows NT 10.0",
    "Android 14",
    "Firefox/130.0",
    "Chrome/130.0",
    "Safari/605.1",
    "Edg/130",
    "curl/8.5.0",
    "python-requests/2.32",
    "Googlebot",
    "cubot",
    "<script>alert(1)</script>",
    "{{ x }}",
    "\u{202e}",
    "\u{1f980}",
    "\0",
    "\r\n",
    " ",
    "\u{a0}",
    "/",
    ";",
];

/// More than the longest name of two of our words.
const MAX_DEVICE_CHARS: usize = 60;

pub fn holds(bytes: &[u8]) {
    let text = super::text(bytes);
    let agent = UserAgent::parse(&text);
    let kept = agent.as_str();
    assert!(kept.chars().count() <= MAX_CHARS && MAX_CHARS == 256);
    assert_all_visible(kept);
    assert_eq!(kept.trim(), kept);
    assert_eq!(UserAgent::parse(kept), agent);
    assert_eq!(UserAgent::from_row(text.into_owned()), agent);
    let device = agent.device();
    let plain =
        |character: char| character.is_ascii_alphanumeric() || " .-+/'()".contains(character);
    assert!(!device.is_empty() && device.chars().all(plain), "{device}");
    assert!(device.len() <= MAX_DEVICE_CHARS, "{device}");
}

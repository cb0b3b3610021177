//! What must hold for whatever a stranger sends, one file a parser: the fuzz targets and the tests of random texts both call these.

pub mod account_names;
pub mod audit_search;
pub mod claims;
pub mod cookie;
pub mod csv;
pub mod feed_place;
pub mod form_body;
pub mod form_token;
pub mod forwarded;
pub mod host;
pub mod json_body;
pub mod network;
pub mod next;
pub mod phc;
pub mod second_factor;
pub mod service_token;
pub mod session_id;
pub mod session_search;
pub mod stage;
pub mod token;
pub mod user_agent;
pub mod user_search;
pub mod visible_text;
pub mod web_url;

use std::borrow::Cow;

/// A parser of strangers' texts.
pub struct Target {
    /// Its name: that of the fuzz target, and of the folder of its seeds.
    pub name: &'static str,
    /// What its texts are made of; random texts mix these with others.
    pub words: &'static [&'static str],
    /// Fails by panicking where a promise does not hold for these bytes.
    pub holds: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident),*) => {
        &[$(Target { name: stringify!($name), words: $name::WORDS, holds: $name::holds }),*]
    };
}

/// Every parser there is.
pub const ALL: &[Target] = targets![
    account_names,
    audit_search,
    claims,
    cookie,
    csv,
    feed_place,
    form_body,
    form_token,
    forwarded,
    host,
    json_body,
    network,
    next,
    phc,
    second_factor,
    service_token,
    session_id,
    session_search,
    token,
    user_agent,
    user_search,
    visible_text,
    web_url
];

/// The bytes as a text; what is none in UTF-8 is replaced, so that no input is wasted.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The first byte, for choices, and the text behind it.
fn choice_and_text(bytes: &[u8]) -> (u8, Cow<'_, str>) {
    let (choice, rest) = bytes.split_first().unwrap_or((&0, &[]));
    (*choice, text(rest))
}

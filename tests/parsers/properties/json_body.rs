//! JSON bodies: of any bytes comes a refusal or an object whose texts are those that were sent.

use hub::http::body::MAX_BODY_BYTES;
use rocket::http::{Header, Status};
use serde_json::{Value, json};

use super::stage::{self, FIELDS};

pub const WORDS: &[&str] = &[
    "application/json\n",
    "application/json; charset=utf-8\n",
    "text/plain\n",
    "APPLICATION/JSON\n",
    "application/problem+json\n",
    "\n",
    "{",
    "}",
    "\"name\":",
    "\"id\":",
    "\"text\"",
    "\" \"",
    ",",
    "[",
    "[[[[[[[[[[[[[[[[",
    "null",
    "1e400",
    "-0",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\u{feff}",
    "{\"name\":{\"name\":1}}",
];

/// The content type stands before the first line end, the body behind it.
pub fn holds(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n');
    let (kind, body) = bytes.split_at(at.map_or(bytes.len(), |at| at + 1));
    let kind = super::text(kind).trim_end_matches('\n').to_owned();
    let answer = stage::with(|stage| {
        let request = stage.client().post("/json").body(body);
        let answer = request
            .header(Header::new("Content-Type", kind.clone()))
            .dispatch();
        assert_eq!(answer.status(), Status::Ok);
        serde_json::from_str::<Value>(&answer.into_string().expect("a body")).expect("JSON")
    });
    let is_json = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let sent = serde_json::from_slice::<Value>(body)
        .ok()
        .filter(Value::is_object);
    if body.len() > MAX_BODY_BYTES {
        assert_eq!(answer, json!(413));
    } else if body.is_empty() {
        assert_eq!(answer, texts(&json!({})));
    } else if let Some(sent) = sent.filter(|_| answer != json!(415)) {
        assert_eq!(answer, texts(&sent));
    } else {
        assert!(answer == json!(415) || answer == json!(null), "{answer}");
    }
    if answer.is_object() && !body.is_empty() {
        // Nothing but JSON's own name passes for it, parameters left aside.
        let plain = kind.split(';').next().unwrap_or_default().trim();
        assert!(
            is_json || plain.eq_ignore_ascii_case("application/json"),
            "{kind:?}"
        );
    }
}

/// The required texts of an object: absent, blank and of another type are the same.
fn texts(object: &Value) -> Value {
    let text = |name: &&str| {
        let text = object[*name]
            .as_str()
            .filter(|text| !text.trim().is_empty());
        ((*name).to_owned(), json!(text))
    };
    Value::Object(FIELDS.iter().map(text).collect())
}

//! Form bodies behind a good form token: of any bytes comes a refusal or the fields that were sent; without the token, a refusal.

use hub::http::form::{MAX_FORM_BYTES, TOKEN_FIELD};
use rocket::http::{ContentType, Header, Status};
use serde_json::{Value, json};

use super::stage::{self, FIELDS, Stage};

pub const WORDS: &[&str] = &[
    "name=",
    "id=",
    "&",
    "=",
    "+",
    "%",
    "%2",
    "%26",
    "%3d",
    "%00",
    "%ff",
    "%c3%a9",
    "%zz",
    ";",
    "form_token=",
    "form_token=x",
    "id=1&id=2",
    "\u{e9}",
    "\0",
    "[a]",
];

pub fn holds(bytes: &[u8]) {
    stage::with(|stage| {
        let good = [TOKEN_FIELD.as_bytes(), b"=", stage.form_token().as_bytes()].concat();
        let body = [&good, &b"&"[..], bytes].concat();
        let (status, fields) = send(stage, &body);
        match decode(&body) {
            _ if body.len() > MAX_FORM_BYTES => assert_eq!(status, Status::PayloadTooLarge),
            None => assert_eq!(status, Status::BadRequest),
            Some(pairs) => {
                assert_eq!(status, Status::Ok);
                for name in FIELDS {
                    let values: Vec<&str> = pairs
                        .iter()
                        .filter(|(given, _)| given == name)
                        .map(|(_, value)| value.as_str())
                        .collect();
                    assert_eq!(fields[*name], json!(values), "{name}");
                }
            }
        }
        // The bytes alone never pass: what would make them pass is in no input.
        let (status, _) = send(stage, bytes);
        assert_ne!(status, Status::Ok);
        assert!(status.code < 500);
    });
}

fn send(stage: &Stage, body: &[u8]) -> (Status, Value) {
    let answer = stage
        .client()
        .post("/form")
        .header(ContentType::Form)
        .header(Header::new("Sec-Fetch-Site", "same-origin"))
        .header(Header::new("Cookie", stage.cookie().to_owned()))
        .body(body)
        .dispatch();
    let status = answer.status();
    let text = answer.into_string().unwrap_or_default();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// `application/x-www-form-urlencoded` (URL Living Standard, 5.1), but for bytes that are no UTF-8: they are refused.
fn decode(body: &[u8]) -> Option<Vec<(String, String)>> {
    std::str::from_utf8(body).ok()?;
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(at.unwrap_or(pair.len()));
            Some((part(name)?, part(value.get(1..).unwrap_or_default())?))
        })
        .collect()
}

fn part(text: &[u8]) -> Option<String> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'%');
        match escaped {
            Some((high, low)) => {
                decoded.push(u8::try_from(high * 16 + low).expect("two digits"));
                at += 2;
            }
            None if *byte == b'+' => decoded.push(b' '),
            None => decoded.push(*byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).ok()
}

//! What stands inside a token, signed with the right key whatever it is: taken only when it is what we sign, each claim of its own type.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use hub::crypto::keyring::Purpose;
use serde_json::Value;
use sha2::Sha256;

use super::token::{NOW, good};

pub const WORDS: &[&str] = &[
    "{",
    "}",
    "\"user_id\":7",
    "\"username\":\"ann\"",
    "\"email\":\"a@b.co\"",
    "\"iat\":1757172645",
    "\"exp\":1757259045",
    "\"exp\":1e400",
    "\"exp\":\"1\"",
    "\"jti\":\"x\"",
    "\"type\":\"access\"",
    "\"type\":\"refresh\"",
    "\"sid\":\"0123456789abcdef\"",
    "\"gen\":1",
    "\"iss\":\"regardingwork-hub\"",
    "\"aud\":\"regardingwork-hub/api\"",
    "\"aud\":\"regardingwork-hub/refresh\"",
    ",",
    "null",
    "[",
    "]",
    "-1",
];

const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const ACCESS: [&str; 10] = [
    "aud", "email", "exp", "iat", "iss", "jti", "sid", "type", "user_id", "username",
];
const REFRESH: [&str; 9] = [
    "aud", "exp", "gen", "iat", "iss", "jti", "sid", "type", "user_id",
];

pub fn holds(bytes: &[u8]) {
    let good = good();
    let access = signed(bytes, Purpose::Access);
    if let Ok(claims) = good.tokens.read_access(&access, NOW) {
        let said = said(bytes, &ACCESS);
        assert_eq!(said["type"], "access");
        assert_eq!(said["aud"], "regardingwork-hub/api");
        assert_eq!(said["user_id"].as_i64(), Some(claims.user_id));
        assert_eq!(said["exp"].as_i64(), Some(claims.exp));
        assert_eq!(said["sid"].as_str(), Some(&*claims.sid));
    }
    let refresh = signed(bytes, Purpose::Refresh);
    if let Ok(claims) = good.tokens.read_refresh(&refresh, NOW) {
        let said = said(bytes, &REFRESH);
        assert_eq!(said["type"], "refresh");
        assert_eq!(said["aud"], "regardingwork-hub/refresh");
        assert_eq!(said["gen"].as_i64(), Some(claims.r#gen));
        assert_eq!(said["exp"].as_i64(), Some(claims.exp));
        assert_eq!(said["jti"].as_str(), Some(&*claims.jti));
    }
    // The key for one kind makes nothing of the other.
    assert!(good.tokens.read_refresh(&access, NOW).is_err());
    assert!(good.tokens.read_access(&refresh, NOW).is_err());
}

/// The claims as a reader that knows nothing of ours finds them: an object with these names, each once.
fn said(bytes: &[u8], names: &[&str]) -> Value {
    let said: Value = serde_json::from_slice(bytes).expect("what was accepted is JSON");
    let found: Vec<&String> = said.as_object().expect("an object").keys().collect();
    let mut found: Vec<&str> = found.into_iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, names);
    said
}

fn signed(claims: &[u8], purpose: Purpose) -> String {
    let good = good();
    let key = good
        .ring
        .derive(good.ring.present(), purpose)
        .expect("the present key");
    let mut token = format!("{HEADER}.{}", BASE64URL_NOPAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal()).expect("any length");
    mac.update(token.as_bytes());
    token.push('.');
    token.push_str(&BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()));
    token
}

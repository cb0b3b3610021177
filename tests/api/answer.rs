//! What came back, and what it must look like.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::stage::{BEGINNING, Pair};

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The one header of this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let mut found = self.headers.iter().filter(is_it);
        let first = found.next();
        assert_eq!(found.next(), None, "two headers {name}");
        first.map(|(_, value)| value.as_str())
    }

    /// Every header of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let is_it = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        let found = self.headers.iter().filter(is_it);
        found.map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }

    #[track_caller]
    pub fn pair(&self) -> Pair {
        let body = self.json();
        let token = |name: &str| body[name].as_str().expect(name).to_owned();
        Pair {
            access: token("access_token"),
            refresh: token("refresh_token"),
        }
    }

    /// It is this JSON, byte by byte, with everything that every answer of the API has.
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
        assert_eq!(
            self.header("Content-Type"),
            Some("application/json; charset=utf-8")
        );
        assert_eq!(self.header("Cache-Control"), Some("no-store"));
        let id = self.header("X-Request-Id").expect("a request id");
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let challenge = (status == 401).then_some("Bearer");
        assert_eq!(self.header("WWW-Authenticate"), challenge);
        assert_eq!(self.header("Allow").is_some(), status == 405);
        let may_retry = matches!(status, 429 | 503);
        assert_eq!(self.header("Retry-After").is_some(), may_retry);
        assert_eq!(self.header("Set-Cookie"), None);
    }

    /// It is this error.
    #[track_caller]
    pub fn is_error(&self, status: u16, error: &str, code: &str) {
        self.is(status, &format!(r#"{{"error":"{error}","code":"{code}"}}"#));
    }

    /// It is this error of `validate`.
    #[track_caller]
    pub fn is_not_valid(&self, error: &str, code: &str) {
        let body = format!(r#"{{"error":"{error}","code":"{code}","valid":false}}"#);
        self.is(401, &body);
    }

    /// Its code, of whatever shape it is.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().expect(&self.body).to_owned()
    }

    /// It shows nothing that only who wrote the Hub could have put there; for pages, whose own words are others.
    #[track_caller]
    pub fn tells_nothing_inside(&self) {
        let body = self.body.to_lowercase();
        for inside in [
            "sqlite",
            "trigger",
            "constraint",
            "insert into",
            "panicked",
            "/tmp",
            "hub.db",
            "$m=",
            "src/",
            ".rs",
        ] {
            assert!(!body.contains(inside), "{inside:?} in {body}");
        }
    }

    /// It says nothing of what goes on inside.
    #[track_caller]
    pub fn tells_nothing(&self) {
        let body = self.body.to_lowercase();
        for inside in [
            "sql", "table", "column", "sessions", "users", "lineage", "panic", "/tmp", "hub.db",
            "argon2", "$m=", "src/", ".rs", "broken", "busy",
        ] {
            assert!(!body.contains(inside), "{inside:?} in {body}");
        }
    }
}

/// The public shape of a user who was made at the beginning and has not changed.
pub fn public_user(id: i64, name: &str) -> String {
    format!(
        r#"{{"id":{id},"username":"{name}","bio":null,"profile_photo_url":null,"website_url":null,"created_at":"{BEGINNING}","updated_at":"{BEGINNING}","is_active":true,"role":"USER","premium_tier":"FREE"}}"#
    )
}

/// The full shape of the same, without its last brace, so that `me` can add to it.
pub fn full_user_open(id: i64, name: &str) -> String {
    format!(
        r#"{{"id":{id},"username":"{name}","email":"{name}@example.com","email_verified":false,"bio":null,"profile_photo_url":null,"website_url":null,"created_at":"{BEGINNING}","updated_at":"{BEGINNING}","is_active":true,"role":"USER","premium_tier":"FREE""#
    )
}

/// The full shape of the same.
pub fn full_user(id: i64, name: &str) -> String {
    full_user_open(id, name) + "}"
}

/// The claims of a token as they stand in it.
#[track_caller]
pub fn claims_text(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes());
    String::from_utf8(bytes.expect("base64url")).expect("UTF-8")
}

/// The claims of a token.
#[track_caller]
pub fn claims(token: &str) -> Value {
    serde_json::from_str(&claims_text(token)).expect("JSON")
}

/// The session that a token belongs to.
#[track_caller]
pub fn session_of(token: &str) -> String {
    claims(token)["sid"].as_str().expect("a sid").to_owned()
}

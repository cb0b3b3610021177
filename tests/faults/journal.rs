//! What clients were answered: kept in the memory of the test, which survives what the server does not.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::talk::Answer;

/// A person with sessions.
pub struct Account {
    pub name: String,
    pub sessions: Vec<Session>,
}

/// A session as its client knows it.
#[derive(Clone)]
pub struct Session {
    /// Its name in URLs, and with it its row in the database.
    pub id: String,
    /// Every refresh token that was answered; the first is generation 1.
    pub refresh: Vec<String>,
    /// Every access token that was answered.
    pub access: Vec<String>,
    /// A refresh was sent and its answer has not come.
    pub rotating: bool,
    pub end: End,
    /// Every token of the ended session was tried.
    pub tried: bool,
}

/// What is known of a session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nobody asked for it.
    NotAsked,
    /// Somebody asked, and no answer came: it may have ended.
    Asked,
    /// It was answered that it has ended.
    Answered,
}

impl Session {
    /// From the answer to a sign-in.
    pub fn begun(answer: &Answer) -> Self {
        let mut session = Self {
            id: claim(&answer.text("refresh_token"), "sid")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            refresh: Vec::new(),
            access: Vec::new(),
            rotating: false,
            end: End::NotAsked,
            tried: false,
        };
        session.answered(answer);
        session
    }

    /// Takes the pair of an answer; while a session settles, its refresh token is the one that was there.
    pub fn answered(&mut self, answer: &Answer) {
        let refresh = answer.text("refresh_token");
        if self.refresh.last() != Some(&refresh) {
            self.refresh.push(refresh);
        }
        self.access.push(answer.text("access_token"));
        self.rotating = false;
    }

    /// The generation that was answered last.
    pub fn generation(&self) -> i64 {
        i64::try_from(self.refresh.len()).unwrap()
    }

    /// The key of its row.
    pub fn row(&self) -> i64 {
        i64::from_str_radix(&self.id, 16).unwrap()
    }

    pub fn last_refresh(&self) -> &str {
        self.refresh.last().unwrap()
    }

    pub fn last_access(&self) -> &str {
        self.access.last().unwrap()
    }
}

/// What a token says of itself.
pub fn claim(token: &str, name: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = BASE64URL_NOPAD
        .decode(payload.as_bytes())
        .unwrap_or_default();
    let claims: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    claims[name].clone()
}

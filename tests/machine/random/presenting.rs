//! Refresh tokens presented in a schedule: new, used, forged, and more often than any bound.

use hub::crypto::jwt::RefreshFacts;
use hub::features::sessions::store;
use hub::types::salt::Salt;
use rocket::http::Method;
use serde_json::{Value, json};

use super::oracle::Answer;
use super::schedule::Schedule;

impl Schedule {
    pub(super) async fn present_text(&self, token: &str) -> (u16, Value) {
        let body = json!({ "refresh_token": token });
        self.call(Method::Post, "/api/auth/refresh", None, body)
            .await
    }

    pub(super) async fn refresh(&mut self) {
        let Some(place) = self.any_session() else {
            return;
        };
        let newest = self.sessions[place].generation();
        let older =
            i64::try_from(self.dice.below(self.sessions[place].tokens.len())).expect("small");
        let presented = match self.dice.below(20) {
            0..10 => newest,
            10..16 => newest - 1,
            16..18 => newest - 2,
            _ => newest - older,
        };
        self.present(place, presented.max(1)).await;
    }

    /// Presents a generation, and compares status, code and bytes.
    pub(super) async fn present(&mut self, place: usize, presented: i64) {
        let token = usize::try_from(presented).expect("positive") - 1;
        let token = self.sessions[place].tokens[token].clone();
        let (status, body) = self.present_text(&token).await;
        let session = &mut self.sessions[place];
        let expected = session.present(presented, &self.users[session.user], self.real);
        match expected {
            Answer::Next | Answer::Again => {
                assert_eq!(status, 200, "{presented} of {session:?}: {body}");
                let given = body["refresh_token"].as_str().expect("a token");
                if expected == Answer::Next {
                    assert!(!session.tokens.iter().any(|known| known == given));
                    session.tokens.push(given.to_owned());
                } else {
                    assert_eq!(Some(given), session.tokens.last().map(String::as_str));
                }
            }
            Answer::Refused(code) => {
                assert_eq!(status, 401, "{presented} of {session:?}: {body}");
                assert_eq!(body["code"], code, "{presented} of {session:?}");
                assert!(body.get("refresh_token").is_none());
            }
        }
        self.compare(place);
        self.tell(&format!("{expected:?}"));
    }

    /// An ancestor, near or far, more often than any bound: now and then until the lineage remembers nothing else.
    pub(super) async fn present_without_end(&mut self) {
        let Some(place) = self.any_session() else {
            return;
        };
        let ancestor = self.sessions[place].generation();
        for _ in 0..=self.dice.below(4) {
            let newest = self.sessions[place].generation();
            self.present(place, newest).await;
        }
        let times = self.dice.pick(&[25, 25, 25, 105]);
        for _ in 0..times {
            self.present(place, ancestor).await;
        }
        let older = (ancestor - 1).max(1);
        self.present(place, older).await;
    }

    /// Authentic signatures on generations that were never made, and on a salt that is not the session's.
    pub(super) async fn present_forged(&mut self) {
        let Some(place) = self.any_session() else {
            return;
        };
        let session = &self.sessions[place];
        let row = self
            .hub()
            .store
            .read(|db| store::load(db, session.id))
            .expect("readable");
        let (row, _) = row.expect("sessions stay");
        let ahead = self.dice.below(2) == 0;
        let another = Salt::from_row([7; 16]);
        let token = self
            .hub()
            .tokens
            .sign_refresh(&RefreshFacts {
                session: session.id,
                user: row.user,
                salt: if ahead { &row.salt } else { &another },
                generation: row.generation + i64::from(ahead),
                issued: self.real.seconds(),
                expires: self.real.seconds() + 1_000,
                key: row.key,
            })
            .expect("signed");
        let (status, body) = self.present_text(token.reveal()).await;
        let user = &self.users[session.user];
        let code = match session.ended {
            _ if !ahead => "invalid_token",
            _ if !user.exists => "user_not_found",
            Some(reason) => reason.code(),
            None if session.ends <= self.real.wall => "session_expired",
            None => "invalid_token",
        };
        assert_eq!((status, body["code"].as_str()), (401, Some(code)));
        self.compare(place);
        self.tell("forged");
    }
}

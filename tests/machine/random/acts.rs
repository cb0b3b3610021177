//! What users and administrators do in a schedule: sign in and out, end sessions, change passwords, lock out, delete.

use std::sync::Arc;

use hub::crypto::hasher::Comer;
use hub::crypto::jwt::AccessFacts;
use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_password::SetPassword;
use hub::features::sessions::end;
use hub::features::sessions::model::EndReason;
use hub::types::cause::{Actor, Cause};
use hub::types::ids::UserId;
use hub::types::password::Password;
use hub::types::time::{Clock, Timestamp};
use hub::types::user_agent::UserAgent;
use rocket::http::Method;
use serde_json::{Value, json};

use super::oracle::{Session, User};
use super::schedule::Schedule;
use crate::stage;

const LIVE_SESSIONS: usize = 8;

impl Schedule {
    pub(super) fn begin(&mut self, user: usize, body: &Value) {
        let token = body["refresh_token"].as_str().expect("a token").to_owned();
        let claims = self
            .hub()
            .tokens
            .read_refresh(&token, Timestamp::from_micros(self.real.wall))
            .expect("ours");
        assert_eq!(claims.user_id, self.users[user].id.0);
        let id = claims.sid.parse().expect("a session's id");
        assert!(self.sessions.iter().all(|session| session.id != id));
        self.sessions.push(Session::new(user, id, token, self.real));
        self.compare(self.sessions.len() - 1);
    }

    pub(super) async fn register(&mut self) {
        let name = format!("user{}", self.users.len());
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": stage::PASSWORD,
        });
        let (status, body) = self
            .call(Method::Post, "/api/auth/register", None, body)
            .await;
        assert_eq!(status, 201, "{body}");
        let token = body["refresh_token"].as_str().expect("a token");
        let claims = self
            .hub()
            .tokens
            .read_refresh(token, Timestamp::from_micros(self.real.wall))
            .expect("ours");
        self.users.push(User {
            id: UserId(claims.user_id),
            name,
            password: stage::PASSWORD.to_owned(),
            active: true,
            exists: true,
        });
        self.begin(self.users.len() - 1, &body);
        self.tell("register");
    }

    pub(super) async fn login(&mut self) {
        if self.live().count() >= LIVE_SESSIONS {
            return;
        }
        let place = self.any_user();
        let user = self.users[place].clone();
        let body = json!({ "username": user.name, "password": user.password });
        let (status, body) = self.call(Method::Post, "/api/auth/login", None, body).await;
        if user.active {
            assert_eq!(status, 200, "{body}");
            self.begin(place, &body);
        } else {
            assert_eq!(
                (status, body["code"].as_str()),
                (401, Some("user_disabled"))
            );
        }
        self.tell("login");
    }

    pub(super) fn any_user(&self) -> usize {
        let there: Vec<usize> = (0..self.users.len())
            .filter(|place| self.users[*place].exists)
            .collect();
        self.dice.pick(&there)
    }

    /// A good access token of a session, as of now.
    pub(super) fn access(&self, place: usize) -> String {
        let session = &self.sessions[place];
        let user = &self.users[session.user];
        let facts = AccessFacts {
            session: session.id,
            user: user.id,
            username: &user.name,
            email: "a@example.com",
            issued: self.real.seconds(),
            expires: self.real.seconds() + 1_000,
        };
        let hub = self.hub();
        let token = hub.tokens.sign_access(&facts, hub.entropy.as_ref());
        token.expect("signed").reveal().to_owned()
    }

    pub(super) async fn use_access(&mut self) {
        let Some(place) = self.any_session() else {
            return;
        };
        let session = &self.sessions[place];
        let path = "/api/auth/me";
        let (status, body) = self
            .call(Method::Get, path, Some(self.access(place)), Value::Null)
            .await;
        let expected = match session.ended {
            _ if !self.users[session.user].exists => Some("user_not_found"),
            Some(reason) => Some(reason.code()),
            None if session.ends <= self.real.wall => Some("session_expired"),
            None => None,
        };
        assert_eq!(status, if expected.is_some() { 401 } else { 200 }, "{body}");
        assert_eq!(body["code"].as_str(), expected);
        self.tell("access");
    }

    /// Calls with a live session's access token; its place.
    pub(super) async fn act(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Option<(usize, Value)> {
        let place = self.any_live()?;
        let token = self.access(place);
        let (status, body) = self.call(method, path, Some(token), body).await;
        assert_eq!(status, 200, "{path}: {body}");
        self.tell(path);
        Some((place, body))
    }

    pub(super) async fn logout(&mut self) {
        let acted = self
            .act(Method::Post, "/api/auth/logout", Value::Null)
            .await;
        if let Some((place, _)) = acted {
            self.sessions[place].end(EndReason::SignedOut, self.real);
            self.compare(place);
        }
    }

    pub(super) async fn logout_everywhere(&mut self) {
        let path = "/api/auth/logout-all";
        if let Some((place, _)) = self.act(Method::Post, path, Value::Null).await {
            let user = self.sessions[place].user;
            self.end_all(user, None, EndReason::SignedOutEverywhere);
        }
    }

    pub(super) async fn delete_session(&mut self) {
        let (Some(by), Some(target)) = (self.any_live(), self.any_session()) else {
            return;
        };
        let path = format!("/api/auth/sessions/{}", self.sessions[target].id);
        let token = self.access(by);
        let (status, _) = self
            .call(Method::Delete, &path, Some(token), Value::Null)
            .await;
        if self.sessions[by].user == self.sessions[target].user {
            assert_eq!(status, 200);
            self.sessions[target].end(EndReason::Revoked, self.real);
        } else {
            assert_eq!(status, 404);
        }
        self.compare(target);
        self.tell("delete session");
    }

    pub(super) async fn change_password(&mut self) {
        let Some(place) = self.any_live() else { return };
        let user = self.sessions[place].user;
        let new = format!("correct horse {}", self.dice.below(1_000_000));
        let body = json!({ "current_password": self.users[user].password, "new_password": new });
        let token = self.access(place);
        let path = "/api/auth/password";
        let (status, body) = self.call(Method::Post, path, Some(token), body).await;
        assert_eq!(status, 200, "{body}");
        self.users[user].password = new;
        let session = &mut self.sessions[place];
        session.rotate(self.real);
        let token = body["refresh_token"].as_str().expect("a token");
        session.tokens.push(token.to_owned());
        self.end_all(user, Some(place), EndReason::PasswordChanged);
        self.tell(path);
    }

    pub(super) fn end_all(&mut self, user: usize, except: Option<usize>, reason: EndReason) {
        for (place, session) in self.sessions.iter_mut().enumerate() {
            if session.user == user && Some(place) != except {
                session.end(reason, self.real);
            }
        }
        for place in 0..self.sessions.len() {
            self.compare(place);
        }
    }

    pub(super) fn cause(&self) -> Cause {
        Cause {
            actor: Actor::System,
            at: self.clock.now(),
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }

    pub(super) async fn set_password(&mut self) {
        let place = self.any_user();
        let password = format!("correct horse {}", self.dice.below(1_000_000));
        let hub = self.hub();
        let made = hub
            .hasher
            .make(Password::new(&password), Comer::Nameless)
            .await;
        let change = SetPassword {
            user: self.users[place].id,
            password_hash: made.expect("a hash"),
            attempt_keys: Arc::clone(&hub.attempt_keys),
            now: end::now(hub, hub.clock.now().wall),
            cause: self.cause(),
        };
        hub.store.write(change).await.expect("changed");
        self.users[place].password = password;
        self.end_all(place, None, EndReason::PasswordChanged);
        self.tell("set password");
    }

    pub(super) async fn set_active(&mut self) {
        let place = self.any_user();
        let active = !self.users[place].active;
        let hub = self.hub();
        let change = SetActive {
            user: self.users[place].id,
            active,
            now: end::now(hub, hub.clock.now().wall),
            cause: self.cause(),
        };
        hub.store.write(change).await.expect("changed");
        self.users[place].active = active;
        if !active {
            self.end_all(place, None, EndReason::UserDisabled);
        }
        self.tell("set active");
    }

    pub(super) async fn delete_user(&mut self) {
        let place = self.any_user();
        let hub = self.hub();
        let change = DeleteUser {
            user: self.users[place].id,
            now: end::now(hub, hub.clock.now().wall),
            cause: self.cause(),
        };
        hub.store.write(change).await.expect("changed");
        self.users[place].exists = false;
        self.end_all(place, None, EndReason::UserDeleted);
        self.tell("delete user");
        self.register().await;
    }
}

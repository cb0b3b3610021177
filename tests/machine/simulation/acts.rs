//! What people, administrators and thieves ask for, and what the table makes of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hub::crypto::hasher::StoredHash;
use hub::features::admin::users::add_user::AddUser;
use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::set_active::SetActive;
use hub::features::housekeeping::model::Policy;
use hub::features::housekeeping::remove_sessions::{BATCH_SESSIONS, RemoveSessions};
use hub::features::housekeeping::store::Place;
use hub::features::sessions::end::{self, EndSession, EndSessions};
use hub::features::sessions::model::{EndReason, Session as Row};
use hub::features::sessions::refresh::Rotate;
use hub::features::sessions::start::{self, NewSession};
use hub::features::sessions::store;
use hub::features::sessions::store::many::Filter;
use hub::features::users;
use hub::features::users::model::NewUser;
use hub::store::{Change, Store, StoreError, Tx};
use hub::types::cause::{Actor, Cause};
use hub::types::email::Email;
use hub::types::ids::UserId;
use hub::types::role::Role;
use hub::types::time::{Clock, Timestamp};
use hub::types::user_agent::UserAgent;
use hub::types::username::Username;

use super::flight::{Answered, Asked, Flight};
use super::world::{Held, World};
use crate::random::oracle::{Answer, REFRESH_TTL, Real, Session, User};

const USERS: usize = 3;
/// How long a session is kept that is over.
const KEEP: Duration = Duration::from_hours(24);
/// Sessions that live at once: enough for races between people, few enough that each is met often.
const LIVE_SESSIONS: usize = 6;

/// The transaction of a sign-in whose password was right.
struct Begin {
    new: NewSession,
    user: UserId,
    cause: Cause,
}

impl Change for Begin {
    type Outcome = Option<Box<Row>>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<Self::Outcome, StoreError> {
        match users::store::by_id(tx, self.user)? {
            Some(user) if user.is_active => {
                start::start(tx, &self.new, self.user, &self.cause).map(|row| Some(Box::new(row)))
            }
            _ => Ok(None),
        }
    }
}

async fn done<C: Change>(store: Store, change: C) -> Result<Answered, StoreError>
where
    C::Error: std::fmt::Debug,
{
    // Whether there was anything to do, the row tells.
    let _outcome = store.write(change).await;
    Ok(Answered::Done)
}

impl World {
    pub(super) fn cause(&self) -> Cause {
        Cause {
            actor: Actor::System,
            at: self.clock.now(),
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }

    pub(super) fn make_users(&mut self) {
        for number in 0..USERS {
            let name = format!("user{number}");
            let email = Email::parse(&format!("{name}@example.com"));
            let made = self.hub.store.write_blocking(AddUser {
                user: NewUser {
                    username: Username::parse(&name).expect("a name"),
                    email: email.expect("an address"),
                    // Nobody signs in by password here.
                    password_hash: StoredHash::from_row(String::new()),
                    role: Role::User,
                },
                cause: self.cause(),
            });
            self.users.push(User {
                id: made.expect("a user").id,
                name,
                password: String::new(),
                active: true,
                exists: true,
            });
        }
    }

    fn send(
        &mut self,
        asked: Asked,
        answer: impl Future<Output = Result<Answered, StoreError>> + 'static,
    ) {
        self.flights.push(Flight::send(asked, self.real, answer));
    }

    /// Somebody presents a token that was answered: mostly the newest, sometimes an older one, from another tab or from a thief.
    pub(super) fn refresh(&mut self) {
        let is_for_any = self.dice.below(10) == 0;
        let held: Vec<usize> = (0..self.sessions.len())
            .filter(|place| !self.sessions[*place].tokens.is_empty())
            .filter(|place| is_for_any || self.sessions[*place].oracle.ended.is_none())
            .collect();
        if held.is_empty() {
            return;
        }
        let session = self.dice.pick(&held);
        let tokens = &self.sessions[session].tokens;
        let back = match self.dice.below(20) {
            0..15 => 0,
            15..18 => 1,
            18 => 2,
            _ => self.dice.below(tokens.len()),
        };
        let (presented, token) = tokens
            .iter()
            .rev()
            .nth(back.min(tokens.len() - 1))
            .map(|(generation, token)| (*generation, token.clone()))
            .expect("held");
        let now = Timestamp::from_micros(self.real.wall);
        let claims = self.hub.tokens.read_refresh(&token, now);
        let Ok(claims) = claims else {
            // Its key has been replaced for so long that the clock calls all that it made expired.
            self.meet("key retired");
            return;
        };
        if claims.exp <= now.seconds() {
            self.meet("expired");
            return;
        }
        let change = Rotate {
            session: claims.sid.parse().expect("a session's id"),
            claims,
            tokens: Arc::clone(&self.hub.tokens),
            grace: self.hub.config.refresh_grace,
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::Refresh { session, presented }, async move {
            store.write(change).await.map(Answered::Refresh)
        });
    }

    pub(super) fn begin(&mut self) {
        let live = self
            .sessions
            .iter()
            .filter(|held| held.oracle.is_usable(self.real));
        if live.count() >= LIVE_SESSIONS {
            return;
        }
        let user = self.dice.below(self.users.len());
        let new = NewSession::draw(&self.hub);
        let id = new.id();
        let change = Begin {
            new,
            user: self.users[user].id,
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::Begin { user, id }, async move {
            store.write(change).await.map(Answered::Begun)
        });
    }

    pub(super) fn end_one(&mut self) {
        if self.sessions.is_empty() {
            return;
        }
        let session = self.dice.below(self.sessions.len());
        let held = &self.sessions[session].oracle;
        let change = EndSession {
            session: held.id,
            owner: Some(self.users[held.user].id),
            reason: EndReason::SignedOut,
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::End { session }, done(store, change));
    }

    pub(super) fn end_all(&mut self) {
        let user = self.dice.below(self.users.len());
        let change = EndSessions {
            filter: Filter {
                user: Some(self.users[user].id),
                ..Filter::default()
            },
            reason: EndReason::Revoked,
            now: end::now(&self.hub, Timestamp::from_micros(self.real.wall)),
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::EndAll { user }, done(store, change));
    }

    pub(super) fn set_active(&mut self) {
        let user = self.dice.below(self.users.len());
        let active = !self.users[user].active;
        let change = SetActive {
            user: self.users[user].id,
            active,
            now: end::now(&self.hub, Timestamp::from_micros(self.real.wall)),
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::SetActive { user, active }, done(store, change));
    }

    /// Somebody's account is deleted; somebody is always left.
    pub(super) fn delete(&mut self) {
        let there: Vec<usize> = (1..self.users.len())
            .filter(|place| self.users[*place].exists)
            .collect();
        if there.is_empty() || self.dice.below(4) > 0 {
            return;
        }
        let user = self.dice.pick(&there);
        let change = DeleteUser {
            user: self.users[user].id,
            now: end::now(&self.hub, Timestamp::from_micros(self.real.wall)),
            cause: self.cause(),
        };
        let store = self.store.clone();
        self.send(Asked::Delete { user }, done(store, change));
    }

    /// The housekeeping comes by, with nobody else at the writer.
    pub(super) fn sweep(&mut self) {
        while !self.flights.is_empty() {
            self.turn();
        }
        let change = RemoveSessions {
            now: self.clock.now(),
            policy: Policy {
                refresh_ttl: self.hub.config.refresh_ttl,
                keep: KEEP,
            },
            after: Place::FIRST,
            most: BATCH_SESSIONS,
        };
        let store = self.store.clone();
        self.send(Asked::Sweep, done(store, change));
        self.work();
        self.find_removed();
    }

    /// What is gone must be old by a time that no clock shows.
    fn find_removed(&mut self) {
        let keep = i64::try_from(KEEP.as_micros()).expect("small");
        for place in 0..self.sessions.len() {
            let held = &self.sessions[place];
            if held.is_removed || self.is_there(&held.oracle) {
                continue;
            }
            let unused = self.real.now - held.oracle.last_made().now;
            assert!(unused >= REFRESH_TTL + keep, "{:?}", held.oracle);
            if let Some(ended) = held.oracle.ended_at() {
                assert!(self.real.now - ended.now >= keep, "{:?}", held.oracle);
            }
            self.sessions[place].is_removed = true;
            self.meet("removed");
        }
    }

    fn is_there(&self, session: &Session) -> bool {
        let found = self.store.read(|db| store::load(db, session.id));
        found.expect("readable").is_some()
    }

    /// What the table makes of a request that the writer has taken; of a refresh, what it is answered.
    pub(super) fn apply(&mut self, asked: Asked, at: Real) -> Option<Answer> {
        match asked {
            Asked::Refresh { session, presented } => {
                if self.sessions[session].is_removed {
                    return Some(Answer::Refused("invalid_token"));
                }
                let held = &mut self.sessions[session].oracle;
                return Some(held.present(presented, &self.users[held.user], at));
            }
            Asked::Begin { user, id } => {
                if self.users[user].exists && self.users[user].active {
                    let oracle = Session::new(user, id, String::new(), at);
                    self.sessions.push(Held {
                        oracle,
                        tokens: BTreeMap::new(),
                        is_removed: false,
                    });
                }
            }
            Asked::End { session } => {
                if !self.sessions[session].is_removed {
                    self.sessions[session].oracle.end(EndReason::SignedOut, at);
                    self.meet("ended");
                }
            }
            Asked::EndAll { user } => self.end_every(user, EndReason::Revoked, at),
            Asked::SetActive { user, active } => {
                if self.users[user].exists && self.users[user].active != active {
                    self.users[user].active = active;
                    if !active {
                        self.end_every(user, EndReason::UserDisabled, at);
                    }
                }
            }
            Asked::Sweep => {}
            Asked::Delete { user } => {
                if self.users[user].exists {
                    self.users[user].exists = false;
                    self.end_every(user, EndReason::UserDeleted, at);
                }
            }
        }
        None
    }

    fn end_every(&mut self, user: usize, reason: EndReason, at: Real) {
        for held in &mut self.sessions {
            if held.oracle.user == user && !held.is_removed {
                held.oracle.end(reason, at);
            }
        }
    }
}

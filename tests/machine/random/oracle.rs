//! The machine's table once more, in real time and without a line of the Hub's own rules.

use hub::features::sessions::lineage::{KEPT_EVENTS, Kind};
use hub::features::sessions::model::EndReason;
use hub::types::ids::{SessionId, UserId};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
const GRACE: i64 = 10 * SECOND;
pub const REFRESH_TTL: i64 = 30 * 86_400 * SECOND;
pub const SESSION_MAX_AGE: i64 = 90 * 86_400 * SECOND;
const MAX_RETRIES: i64 = 20;

/// What the world knows and the Hub cannot read: real time, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Real {
    pub now: i64,
    /// What the wall clock shows.
    pub wall: i64,
    pub boot: u32,
    pub started: i64,
}

impl Real {
    /// What token claims call now.
    pub fn seconds(self) -> i64 {
        self.wall.div_euclid(SECOND)
    }
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub password: String,
    pub active: bool,
    pub exists: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Event {
    pub kind: Kind,
    pub generation: i64,
    at: Real,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub user: usize,
    pub id: SessionId,
    /// The refresh token of each generation, from 1.
    pub tokens: Vec<String>,
    pub retries: i64,
    pub ended: Option<EndReason>,
    pub lineage: Vec<Event>,
    pub ends: i64,
    /// When each generation was made.
    made: Vec<Real>,
}

/// What a refresh is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A pair with a generation never given before.
    Next,
    /// A pair with the present generation, the same bytes.
    Again,
    /// 401 with this code.
    Refused(&'static str),
}

impl Session {
    pub fn new(user: usize, id: SessionId, token: String, now: Real) -> Self {
        let mut session = Self {
            user,
            id,
            tokens: vec![token],
            retries: 0,
            ended: None,
            lineage: Vec::new(),
            ends: now.wall + SESSION_MAX_AGE,
            made: vec![now],
        };
        session.note(Kind::Start, 1, now);
        session
    }

    pub fn generation(&self) -> i64 {
        i64::try_from(self.made.len()).expect("small")
    }

    /// Whether an access token of it would be let in.
    pub fn is_usable(&self, now: Real) -> bool {
        self.ended.is_none() && self.ends > now.wall
    }

    /// Whether its absolute end has come, in the whole seconds that tokens count in.
    fn is_past_end(&self, now: Real) -> bool {
        self.ends.div_euclid(SECOND) <= now.seconds()
    }

    /// The events that are kept.
    pub fn kept(&self) -> &[Event] {
        let kept = usize::try_from(KEPT_EVENTS).expect("small");
        &self.lineage[self.lineage.len().saturating_sub(kept)..]
    }

    /// When its present token was made.
    pub fn last_made(&self) -> Real {
        self.made[self.made.len() - 1]
    }

    /// When it was ended, if it was.
    pub fn ended_at(&self) -> Option<Real> {
        let mut events = self.lineage.iter().rev();
        self.ended
            .and(events.find(|event| event.kind == Kind::End))
            .map(|event| event.at)
    }

    pub fn end(&mut self, reason: EndReason, now: Real) {
        if self.ended.is_none() {
            self.ended = Some(reason);
            self.note(Kind::End, self.generation(), now);
        }
    }

    /// Makes a generation; its token comes with the answer.
    pub fn rotate(&mut self, now: Real) {
        let last = self.made[self.made.len() - 1];
        self.made.push(Real {
            wall: now.wall.max(last.wall),
            ..now
        });
        self.retries = 0;
        self.note(Kind::Rotate, self.generation(), now);
    }

    /// What presenting a generation is answered, and what that leaves.
    pub fn present(&mut self, presented: i64, user: &User, now: Real) -> Answer {
        let place = usize::try_from(presented).expect("positive");
        let expires = (self.made[place - 1].wall + REFRESH_TTL).min(self.ends);
        if expires.div_euclid(SECOND) <= now.seconds() {
            // The last tokens of a session cease with it.
            return Answer::Refused(if self.is_past_end(now) {
                "session_expired"
            } else {
                "token_expired"
            });
        }
        if !user.exists {
            return Answer::Refused("user_not_found");
        }
        if let Some(reason) = self.ended {
            return Answer::Refused(reason.code());
        }
        if presented == self.generation() {
            let made = self.made[place - 1];
            let is_young = made.boot == now.boot && now.now - made.now <= GRACE;
            if is_young && self.retries > 0 && self.retries < MAX_RETRIES {
                self.retries += 1;
                self.note(Kind::Retry, presented, now);
                return Answer::Again;
            }
            self.rotate(now);
            return Answer::Next;
        }
        let (before, known) = self.first_use(place);
        let (ago, doubt) = if before.boot == now.boot {
            (now.now - before.now, !known)
        } else {
            (now.now - now.started, true)
        };
        let is_parent = presented + 1 == self.generation();
        if ago > GRACE {
            self.note(Kind::Reuse, presented, now);
            self.end(EndReason::Reuse, now);
        } else if doubt {
            // Nothing is written down.
        } else if self.retries < MAX_RETRIES {
            self.retries += 1;
            let kind = if is_parent {
                Kind::Retry
            } else {
                Kind::Straggler
            };
            self.note(kind, presented, now);
            return Answer::Again;
        } else {
            self.note(Kind::Straggler, presented, now);
        }
        Answer::Refused("token_reused")
    }

    /// When a generation was first used: the row knows the last two, the lineage what it keeps, and of older ones only that they are older
    /// (`false`).
    fn first_use(&self, place: usize) -> (Real, bool) {
        let next = self.made[place];
        let known = self.made.len() - place <= 2
            || self.kept().iter().any(|event| {
                event.kind == Kind::Rotate && usize::try_from(event.generation) == Ok(place + 1)
            });
        (if known { next } else { self.kept()[0].at }, known)
    }

    fn note(&mut self, kind: Kind, generation: i64, at: Real) {
        self.lineage.push(Event {
            kind,
            generation,
            at,
        });
    }
}

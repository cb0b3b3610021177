//! The world of one seed: the Hub's store with its writer played by hand, the clocks, and everybody who holds a token.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hub::crypto::jwt::RefreshFacts;
use hub::features::sessions::lineage;
use hub::features::sessions::model::{Session as Row, Standing};
use hub::features::sessions::refresh::Outcome;
use hub::features::sessions::store;
use hub::hub::{Hub, Place};
use hub::store::audit::{self, Chain};
use hub::store::{Cut, Store, StoreError, WriterByHand};
use hub::types::time::{Clock, HandClock, Timestamp};
use tempfile::TempDir;

use super::flight::{Answered, Asked, Flight, code};
use crate::random::oracle::{Answer, Real, SECOND, Session, User};
use crate::stage::{self, Dice};

const DAY: i64 = 86_400 * SECOND;
/// Requests that wait at the writer at most; then it has to work.
const MOST_WAITING: usize = 12;
/// A request that waits for longer than this is answered as busy in a real Hub.
const LONGEST_WAIT: i64 = 20 * SECOND;

/// What the world may be made to do wrong, so that it is seen that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    None,
    /// Whoever waits is answered, and the process cut off before the commit.
    AnswersBeforeCommit,
}

/// A session and what of it is in somebody's hands.
pub struct Held {
    pub oracle: Session,
    /// The refresh tokens that were answered, by generation.
    pub tokens: BTreeMap<i64, String>,
    /// Whether the housekeeping has taken it away.
    pub is_removed: bool,
}

pub struct World {
    pub(super) dice: Dice,
    lie: Lie,
    database: PathBuf,
    pub(super) clock: Arc<HandClock>,
    pub(super) real: Real,
    /// Keys, chance and readers. Its own writer rests, once the users are made.
    pub(super) hub: Hub,
    pub(super) store: Store,
    writer: WriterByHand,
    pub(super) flights: Vec<Flight>,
    pub(super) users: Vec<User>,
    pub(super) sessions: Vec<Held>,
    met: BTreeMap<&'static str, usize>,
    _directory: TempDir,
}

impl World {
    pub fn new(seed: u64, lie: Lie) -> Self {
        let directory = stage::directory();
        let clock = stage::hand_clock();
        let shown: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        let hub = runtime.block_on(stage::open(directory.path(), shown, seed));
        let database = Place::new(directory.path()).database();
        let (store, writer) = Store::open_by_hand(&database).expect("a store");
        let mut world = Self {
            dice: Dice::new(seed),
            lie,
            database,
            real: Real {
                now: 0,
                wall: clock.now().wall.micros(),
                boot: 1,
                started: 0,
            },
            clock,
            hub,
            store,
            writer,
            flights: Vec::new(),
            users: Vec::new(),
            sessions: Vec::new(),
            met: BTreeMap::new(),
            _directory: directory,
        };
        world.make_users();
        world
    }

    pub(super) fn meet(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }

    /// Draws and does one step.
    pub fn step(&mut self) {
        match self.dice.below(1_000) {
            0..520 => self.refresh(),
            520..545 => self.begin(),
            545..556 => self.end_one(),
            556..559 => self.end_all(),
            559..562 => self.set_active(),
            562 => self.delete(),
            563..700 => self.advance(),
            700..712 => self.set_clock(),
            712..714 => self.rotate_key(),
            714..718 => self.sweep(),
            _ => self.turn(),
        }
        if self.flights.len() >= MOST_WAITING {
            self.turn();
        }
    }

    /// Time passes. Nobody waits at the writer for as long as the longer spans.
    fn advance(&mut self) {
        let span = self.dice.pick(&[
            1,
            1,
            SECOND,
            SECOND,
            2 * SECOND,
            5 * SECOND,
            10 * SECOND,
            10 * SECOND + 1,
            30 * SECOND,
            DAY / 2,
        ]);
        let is_long = self.dice.below(400) == 0;
        let span = if is_long { 40 * DAY } else { span };
        let oldest = self
            .flights
            .first()
            .map_or(self.real.now, |flight| flight.at.now);
        if self.real.now + span - oldest > LONGEST_WAIT {
            while !self.flights.is_empty() {
                self.turn();
            }
        }
        self.real.now += span;
        self.real.wall += span;
        self.clock
            .advance(Duration::from_micros(span.unsigned_abs()));
    }

    /// The wall clock is set: by seconds, an hour, 40 days, to 1970, to 2106, or to what it should be.
    fn set_clock(&mut self) {
        let right = 1_800_000_000 * SECOND + self.real.now;
        let wall = self.real.wall;
        self.real.wall = self.dice.pick(&[
            wall - 5 * SECOND,
            wall + 5 * SECOND,
            wall - 3_600 * SECOND,
            wall + 3_600 * SECOND,
            wall - 40 * DAY,
            wall + 40 * DAY,
            0,
            4_294_967_296 * SECOND,
        ]);
        // Mostly somebody has put it right.
        if self.dice.below(4) > 0 {
            self.real.wall = right;
        }
        self.clock.set_wall(Timestamp::from_micros(self.real.wall));
        self.meet("clock set");
    }

    fn rotate_key(&mut self) {
        let cause = self.cause();
        // The eighth within a month is refused.
        if self.hub.rotation().run(None, &cause).is_ok() {
            self.meet("key rotated");
        }
    }

    /// The writer works: some of what waits, in any order; and now and then it is cut off.
    pub(super) fn turn(&mut self) {
        self.work();
        self.compare_one();
    }

    pub(super) fn work(&mut self) {
        let waiting = self.writer.waiting();
        assert_eq!(waiting, self.flights.len());
        if waiting == 0 {
            return;
        }
        let places = self.shuffled(1 + self.dice.below(waiting));
        let cut = match self.dice.below(400) {
            0..3 => Cut::BeforeCommit,
            3..6 => Cut::BeforeAnswers,
            _ => Cut::Nowhere,
        };
        self.writer.turn(&places, cut).expect("committed");
        let mut applied: Vec<_> = places
            .iter()
            .copied()
            .zip(self.flights.drain(..places.len()))
            .collect();
        applied.sort_by_key(|(place, _)| *place);
        let applied = applied.into_iter().map(|(_, flight)| flight);
        match cut {
            Cut::Nowhere => {
                for flight in applied.collect::<Vec<_>>() {
                    self.land(flight);
                }
            }
            Cut::BeforeAnswers => {
                for flight in applied.collect::<Vec<_>>() {
                    self.apply(flight.asked, flight.at);
                }
                self.meet("cut before its answers");
            }
            Cut::BeforeCommit => {
                if self.lie == Lie::AnswersBeforeCommit {
                    for flight in applied.collect::<Vec<_>>() {
                        self.apply(flight.asked, flight.at);
                    }
                }
                self.meet("cut before its commit");
            }
        }
        if cut != Cut::Nowhere {
            self.start_again();
        }
    }

    fn shuffled(&self, number: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..number).collect();
        // Mostly in the order in which they came.
        if self.dice.below(3) == 0 {
            for place in (1..number).rev() {
                places.swap(place, self.dice.below(place + 1));
            }
        }
        places
    }

    /// The process is gone, and sometimes the machine: nobody who waited hears anything, and a new one opens what is on disk.
    fn start_again(&mut self) {
        self.flights.clear();
        let (store, writer) = Store::open_by_hand(&self.database).expect("a store");
        self.store = store;
        self.writer = writer;
        if self.dice.below(2) == 0 {
            self.clock.reboot();
            self.real.boot += 1;
            self.real.started = self.real.now;
            self.meet("machine started anew");
        }
    }

    /// One answer arrives, or is lost on its way; it must be what the table says.
    fn land(&mut self, flight: Flight) {
        let (asked, at) = (flight.asked, flight.at);
        let answered = flight.answered();
        let is_lost = self.dice.below(12) == 0;
        if is_lost {
            self.meet("answer lost");
        }
        let expected = self.apply(asked, at);
        match (asked, answered) {
            (Asked::Refresh { session, .. }, Answered::Refresh(outcome)) => {
                let expected = expected.expect("a refresh is answered");
                self.compare_refresh(session, expected, &outcome, is_lost);
            }
            (Asked::Begin { user, id }, Answered::Begun(begun)) => {
                let may = self.users[user].exists && self.users[user].active;
                assert_eq!(begun.is_some(), may);
                if let Some(row) = begun {
                    assert_eq!(row.id, id);
                    let token = self.token(&row);
                    let held = self.sessions.last_mut().expect("begun");
                    if !is_lost {
                        held.tokens.insert(1, token);
                    }
                }
            }
            (_, Answered::Done) => {}
            (asked, answered) => panic!("{asked:?} was answered {answered:?}"),
        }
    }

    fn compare_refresh(
        &mut self,
        place: usize,
        expected: Answer,
        outcome: &Outcome,
        is_lost: bool,
    ) {
        match (expected, outcome) {
            (Answer::Next | Answer::Again, Outcome::Pair(row, _, _)) => {
                let token = self.token(row);
                let held = &mut self.sessions[place];
                let generation = row.generation;
                let known = held.tokens.get(&generation);
                assert!(known.is_none_or(|known| *known == token), "other bytes");
                if !is_lost {
                    held.tokens.insert(generation, token);
                }
                self.meet(if expected == Answer::Next {
                    "rotated"
                } else {
                    "answered again"
                });
            }
            (Answer::Refused(wanted), Outcome::Refused(refusal, _)) => {
                assert_eq!(code(refusal), wanted);
                self.meet(wanted);
            }
            (expected, outcome) => panic!(
                "does not follow from what was answered: {expected:?} is due, not {outcome:?}"
            ),
        }
    }

    /// The refresh token of a session as it stands.
    fn token(&self, row: &Row) -> String {
        let signed = self.hub.tokens.sign_refresh(&RefreshFacts {
            session: row.id,
            user: row.user,
            salt: &row.salt,
            generation: row.generation,
            issued: row.rotated.wall.seconds(),
            expires: row.refresh_expires(self.hub.config.refresh_ttl).seconds(),
            key: row.key,
        });
        signed.expect("signed").reveal().to_owned()
    }

    /// One of the sessions, against the table: reading a whole lineage takes as long as some steps.
    fn compare_one(&self) {
        if !self.sessions.is_empty() {
            let place = self.dice.below(self.sessions.len());
            self.compare(&self.sessions[place]);
        }
    }

    fn compare(&self, held: &Held) {
        let wanted = &held.oracle;
        let found = self.store.read(|db| {
            let row = store::load(db, wanted.id)?;
            Ok::<_, StoreError>((row, lineage::of_session(db, wanted.id)?))
        });
        let (row, events) = found.expect("readable");
        if held.is_removed {
            assert!(row.is_none() && events.is_empty(), "back again: {wanted:?}");
            return;
        }
        let (row, _) = row.expect("a row is not what was answered: there is none");
        let reason = match row.standing {
            Standing::Live => None,
            Standing::Ended { reason, .. } => Some(reason),
        };
        let found = (row.generation, row.retries, reason);
        let due = (wanted.generation(), wanted.retries, wanted.ended);
        assert_eq!(found, due, "a row is not what was answered: {wanted:?}");
        let kept = wanted.kept();
        assert_eq!(
            events.len(),
            kept.len(),
            "a lineage is not what was answered: {wanted:?}"
        );
        for (found, kept) in events.iter().zip(kept) {
            assert_eq!((found.kind, found.generation), (kept.kind, kept.generation));
        }
    }

    /// The last comparison: every session, the audit's chain and SQLite's own view of its file.
    pub fn end(mut self) -> BTreeMap<&'static str, usize> {
        while !self.flights.is_empty() {
            self.turn();
        }
        self.sweep();
        for held in &self.sessions {
            self.compare(held);
        }
        let chain = self.store.read(audit::verify).expect("readable");
        assert!(matches!(chain, Chain::Whole { .. }), "{chain:?}");
        let sound: Result<String, StoreError> = self
            .store
            .read(|db| db.one("PRAGMA integrity_check", &[], |row| row.get(0)));
        assert_eq!(sound.as_deref(), Ok("ok"));
        self.met
    }
}

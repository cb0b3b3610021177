//! One random schedule: draws a step, does it to the Hub and to the oracle, compares.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hub::features::sessions::model::Standing;
use hub::features::sessions::{lineage, store};
use hub::hub::Hub;
use hub::types::time::{Clock, HandClock, Timestamp};
use rocket::http::{ContentType, Header, Method};
use rocket::local::asynchronous::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::oracle::{Real, SECOND, Session, User};
use crate::stage::{self, Dice};

const USERS: usize = 3;
/// Every row is compared that often; the rows that a step touches, at once.
const COMPARE_EVERY_STEPS: usize = 25;
const DAY: i64 = 86_400 * SECOND;

pub struct Schedule {
    seed: u64,
    pub(super) dice: Dice,
    directory: TempDir,
    pub(super) clock: Arc<HandClock>,
    pub(super) real: Real,
    client: Option<Client>,
    opened: u64,
    pub(super) users: Vec<User>,
    pub(super) sessions: Vec<Session>,
    /// How often each kind of answer was given: a schedule that never meets a case proves nothing about it.
    told: BTreeMap<String, usize>,
}

impl Schedule {
    pub async fn new(seed: u64) -> Self {
        let clock = stage::hand_clock();
        let mut schedule = Self {
            seed,
            dice: Dice::new(seed),
            directory: stage::directory(),
            real: Real {
                now: 0,
                wall: clock.now().wall.micros(),
                boot: 1,
                started: 0,
            },
            clock,
            client: None,
            opened: 0,
            users: Vec::new(),
            sessions: Vec::new(),
            told: BTreeMap::new(),
        };
        schedule.reopen().await;
        for _ in 0..USERS {
            schedule.register().await;
        }
        schedule
    }

    /// Ends the Hub and starts it again on what it left on disk.
    async fn reopen(&mut self) {
        self.client = None;
        self.opened += 1;
        let path: &Path = self.directory.path();
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let hub = stage::open(path, clock, self.seed * 1_000 + self.opened).await;
        let client = Client::untracked(hub::build(hub)).await.expect("a site");
        self.client = Some(client);
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("open")
    }

    pub(super) fn hub(&self) -> &Hub {
        self.client().rocket().state::<Hub>().expect("managed")
    }

    pub(super) fn tell(&mut self, what: &str) {
        *self.told.entry(what.to_owned()).or_default() += 1;
    }

    /// Draws and does one step.
    pub async fn step(&mut self, step: usize) {
        match self.dice.below(100) {
            0..48 => self.refresh().await,
            48..60 => self.advance(),
            60..67 => self.login().await,
            67..71 => self.set_clock(),
            71 => self.reboot().await,
            72..74 => self.reopen().await,
            74..76 => self.logout().await,
            76..78 => self.delete_session().await,
            78 => self.logout_everywhere().await,
            79..82 => self.change_password().await,
            82 => self.set_password().await,
            83..85 => self.set_active().await,
            85 => self.delete_user().await,
            86..91 => self.present_forged().await,
            91 => self.present_without_end().await,
            _ => self.use_access().await,
        }
        if step.is_multiple_of(COMPARE_EVERY_STEPS) {
            for place in 0..self.sessions.len() {
                self.compare(place);
            }
        }
    }

    /// Compares everything a last time and tells how often each case was met.
    pub async fn finish(mut self) -> String {
        self.reopen().await;
        for place in 0..self.sessions.len() {
            self.compare(place);
        }
        for place in 0..self.sessions.len() {
            self.present(place, 1).await;
        }
        self.told
            .iter()
            .map(|(what, times)| format!("{what} {times}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The row and the lineage against the oracle.
    pub(super) fn compare(&self, place: usize) {
        let session = &self.sessions[place];
        let hub = self.hub();
        let (row, events) = hub
            .store
            .read(|db| {
                let row = store::load(db, session.id)?;
                Ok::<_, hub::store::StoreError>((row, lineage::of_session(db, session.id)?))
            })
            .expect("readable");
        let (row, user) = row.expect("sessions stay");
        assert_eq!(row.generation, session.generation(), "{}", session.id);
        assert_eq!(row.retries, session.retries, "{}", session.id);
        assert_eq!(user.is_some(), self.users[session.user].exists);
        assert_eq!(
            usize::try_from(row.lineage_length),
            Ok(session.lineage.len())
        );
        let reason = match row.standing {
            Standing::Live => None,
            Standing::Ended { reason, .. } => Some(reason),
        };
        assert_eq!(reason, session.ended, "{}", session.id);
        let found: Vec<_> = events
            .iter()
            .map(|event| (event.kind, event.generation))
            .collect();
        let kept: Vec<_> = session
            .kept()
            .iter()
            .map(|event| (event.kind, event.generation))
            .collect();
        assert_eq!(found, kept, "the lineage of {}", session.id);
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: Option<String>,
        body: Value,
    ) -> (u16, Value) {
        let mut request = self
            .client()
            .req(method, path.to_owned())
            .header(ContentType::JSON)
            .body(body.to_string());
        if let Some(token) = bearer {
            request.add_header(Header::new("Authorization", format!("Bearer {token}")));
        }
        let response = request.dispatch().await;
        let status = response.status().code;
        let body = response.into_string().await.unwrap_or_default();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn advance(&mut self) {
        let span = self.dice.pick(&[
            1,
            SECOND,
            5 * SECOND,
            10 * SECOND,
            10 * SECOND + 1,
            30 * SECOND,
            DAY,
        ]);
        self.real.now += span;
        self.real.wall += span;
        self.clock
            .advance(Duration::from_micros(span.unsigned_abs()));
    }

    fn set_clock(&mut self) {
        let step = self.dice.pick(&[
            -40 * DAY,
            -3_600 * SECOND,
            -5 * SECOND,
            5 * SECOND,
            3_600 * SECOND,
            40 * DAY,
        ]);
        self.real.wall += step;
        self.clock.set_wall(Timestamp::from_micros(self.real.wall));
    }

    async fn reboot(&mut self) {
        self.clock.reboot();
        self.real.boot += 1;
        self.real.started = self.real.now;
        self.reopen().await;
    }

    /// Any session, rather one of the last.
    pub(super) fn any_session(&self) -> Option<usize> {
        let live: Vec<usize> = self.live().collect();
        if !live.is_empty() && self.dice.below(5) > 0 {
            return Some(self.dice.pick(&live));
        }
        (!self.sessions.is_empty()).then(|| self.dice.below(self.sessions.len()))
    }

    pub(super) fn live(&self) -> impl Iterator<Item = usize> {
        (0..self.sessions.len()).filter(|place| self.sessions[*place].is_usable(self.real))
    }

    pub(super) fn any_live(&self) -> Option<usize> {
        let live: Vec<usize> = self.live().collect();
        (!live.is_empty()).then(|| self.dice.pick(&live))
    }
}

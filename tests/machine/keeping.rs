//! Housekeeping under clocks drawn at random, against a model that knows the true time; and how large the database gets under constant use.

use std::sync::Arc;
use std::time::Duration;

use hub::features::housekeeping::model::Policy;
use hub::features::housekeeping::remove_sessions::{BATCH_SESSIONS, RemoveSessions};
use hub::features::housekeeping::store::Place;
use hub::features::sessions::end::EndSession;
use hub::features::sessions::model::{EndReason, Standing};
use hub::features::sessions::start::{self, NewSession};
use hub::features::sessions::{refresh, store as sessions};
use hub::hub::Hub;
use hub::store::{Change, StoreError, Tx};
use hub::types::cause::{Actor, Cause};
use hub::types::ids::{SessionId, UserId};
use hub::types::time::{Clock, HandClock, Timestamp};
use hub::types::user_agent::UserAgent;
use rusqlite::params;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::stage::{self, Dice};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const POLICY: Policy = Policy {
    refresh_ttl: Duration::from_hours(30 * 24),
    keep: Duration::from_hours(90 * 24),
};

/// A Hub with one user and a clock of the test's.
struct Scene {
    hub: Hub,
    clock: Arc<HandClock>,
    directory: TempDir,
}

/// Makes the user that all sessions belong to.
struct MakeUser;

impl Change for MakeUser {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.execute_on_one(
            "INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at)
             VALUES ('ann', 'ann', 'ann@example.com', 'ann@example.com', '', 0, 0)",
            params![],
        )
    }
}

/// Signs in.
struct Begin(NewSession, Cause);

impl Change for Begin {
    type Outcome = SessionId;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<SessionId, StoreError> {
        Ok(start::start(tx, &self.0, UserId(1), &self.1)?.id)
    }
}

/// Refreshes those of them that are there and alive; tells how many.
struct Refresh(Vec<SessionId>, Cause);

impl Change for Refresh {
    type Outcome = usize;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<usize, StoreError> {
        let mut refreshed = 0;
        for id in self.0 {
            let found = sessions::load(tx, id)?.map(|(session, _)| session);
            if let Some(session) = found.filter(|session| session.standing == Standing::Live) {
                refresh::rotate(tx, session, &self.1)?;
                refreshed += 1;
            }
        }
        Ok(refreshed)
    }
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let (clock, directory) = (stage::hand_clock(), stage::directory());
        let hub = stage::open(directory.path(), Arc::clone(&clock) as _, seed).await;
        hub.store.write(MakeUser).await.expect("a user");
        Self {
            hub,
            clock,
            directory,
        }
    }

    fn cause(&self) -> Cause {
        Cause {
            actor: Actor::System,
            at: self.clock.now(),
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }

    async fn begin(&self) -> SessionId {
        let change = Begin(NewSession::draw(&self.hub), self.cause());
        self.hub.store.write(change).await.expect("begun")
    }

    async fn refresh(&self, ids: &[SessionId]) -> usize {
        let change = Refresh(ids.to_vec(), self.cause());
        self.hub.store.write(change).await.expect("refreshed")
    }

    async fn end(&self, session: SessionId) {
        let change = EndSession {
            session,
            owner: None,
            reason: EndReason::Administrator,
            cause: self.cause(),
        };
        self.hub.store.write(change).await.expect("ended");
    }

    /// A run of the housekeeping, without its breaths.
    async fn keep_house(&self) -> u64 {
        let (mut place, mut removed) = (Some(Place::FIRST), 0);
        while let Some(after) = place {
            let change = RemoveSessions {
                now: self.clock.now(),
                policy: POLICY,
                after,
                most: BATCH_SESSIONS,
            };
            let batch = self.hub.store.write(change).await.expect("a batch");
            assert!(batch.sessions <= u64::from(BATCH_SESSIONS));
            removed += batch.sessions;
            place = batch.next;
        }
        removed
    }

    fn is_there(&self, id: SessionId) -> bool {
        let found = self.hub.store.read(|db| sessions::load(db, id));
        found.expect("readable").is_some()
    }
}

/// A session as somebody knows it whose watch is always right.
struct Known {
    id: SessionId,
    used: Duration,
    ended: Option<Duration>,
}

async fn play(seed: u64) -> u64 {
    let scene = Scene::new(seed).await;
    let dice = Dice::new(seed);
    let begun = scene.clock.now().wall;
    let (mut truth, mut known, mut gone) = (Duration::ZERO, Vec::<Known>::new(), 0);
    for step in 0..600 {
        match dice.below(12) {
            0 | 1 => known.push(Known {
                id: scene.begin().await,
                used: truth,
                ended: None,
            }),
            2 | 3 if !known.is_empty() => {
                let at = dice.below(known.len());
                if scene.refresh(&[known[at].id]).await == 1 {
                    known[at].used = truth;
                }
            }
            4 if !known.is_empty() => {
                let at = dice.below(known.len());
                scene.end(known[at].id).await;
                known[at].ended = known[at].ended.or(Some(truth));
            }
            5 => {
                // Off for a while, and another boot after it.
                let off = dice.pick(&[HOUR, DAY, 40 * DAY]);
                truth += off;
                scene.clock.reboot();
                scene.clock.set_wall(scene.clock.now().wall.plus(off));
            }
            6 | 7 => {
                let right = begun.plus(truth);
                scene.clock.set_wall(dice.pick(&[
                    right,
                    right,
                    right.plus(HOUR),
                    right.minus(HOUR),
                    right.plus(40 * DAY),
                    right.minus(40 * DAY),
                    Timestamp::from_seconds(0),
                    Timestamp::from_seconds(4_294_967_295),
                ]));
            }
            8..=10 => {
                let span = dice.pick(&[HOUR, 5 * DAY, 29 * DAY, 60 * DAY]);
                truth += span;
                scene.clock.advance(span);
            }
            _ => {
                let removed = scene.keep_house().await;
                let before = known.len();
                known.retain(|session| {
                    let there = scene.is_there(session.id);
                    let unused = truth.saturating_sub(session.used);
                    let ended = session.ended.map(|at| truth.saturating_sub(at));
                    assert!(
                        there
                            || (unused >= POLICY.refresh_ttl + POLICY.keep
                                && ended.is_none_or(|since| since >= POLICY.keep)),
                        "seed {seed}, step {step}: unused for {unused:?}, ended {ended:?} ago"
                    );
                    there
                });
                assert_eq!(u64::try_from(before - known.len()).expect("few"), removed);
                gone += removed;
            }
        }
    }
    gone
}

#[tokio::test]
async fn no_session_leaves_before_it_is_old_in_truth_however_the_clocks_are_set() {
    let mut gone = 0;
    for seed in 1..=6 {
        gone += play(seed).await;
    }
    // A schedule in which nothing ever leaves would prove nothing.
    assert!(gone > 20, "{gone}");
}

/// How many refreshes of how many sessions: 1,000,000 of 10,000 in a long run.
fn size_of_run() -> (usize, usize) {
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (
        asked("HUBTEST_REFRESHES").unwrap_or(5_000),
        asked("HUBTEST_SESSIONS").unwrap_or(50),
    )
}

/// Bytes of the database and of its log.
fn sizes(scene: &Scene) -> (u64, u64) {
    let bytes = |name| {
        let path = scene.directory.path().join(name);
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    (bytes("hub.db"), bytes("hub.db-wal"))
}

#[tokio::test]
async fn the_database_stays_as_large_as_it_is_however_often_its_sessions_are_refreshed() {
    let (refreshes, sessions) = size_of_run();
    let scene = Scene::new(1).await;
    let mut ids = Vec::new();
    for _ in 0..sessions {
        ids.push(scene.begin().await);
    }
    // As many at once as a busy writer takes into one commit.
    let turns = ids.chunks(200).cycle();
    // Until each session has all the lineage that is kept.
    let warm = 100 * ids.len().div_ceil(200);
    for (count, chunk) in turns.clone().take(warm).enumerate() {
        scene.clock.advance(Duration::from_secs(11));
        assert_eq!(scene.refresh(chunk).await, chunk.len(), "{count}");
    }
    let (before, begun) = (sizes(&scene), Instant::now());
    let (mut done, mut largest_log) = (0, 0);
    for chunk in turns.skip(warm) {
        if done >= refreshes {
            break;
        }
        scene.clock.advance(Duration::from_secs(1));
        done += scene.refresh(chunk).await;
        largest_log = largest_log.max(sizes(&scene).1);
    }
    let after = sizes(&scene);
    println!(
        "{done} refreshes of {sessions} sessions in {:.1} s: database {} to {} bytes, log {} to {} bytes, {largest_log} at most",
        begun.elapsed().as_secs_f64(),
        before.0,
        after.0,
        before.1,
        after.1
    );
    // A page here and there: text that is longer than before, an index that splits.
    assert!(
        after.0 <= before.0 + before.0 / 20 + 65_536,
        "{before:?} {after:?}"
    );
    assert!(largest_log < 64 * 1024 * 1024);
}

#[tokio::test]
async fn room_that_became_free_is_used_before_the_file_grows() {
    let scene = Scene::new(2).await;
    let mut sizes_after = Vec::new();
    for _ in 0..4 {
        for _ in 0..300 {
            scene.begin().await;
        }
        scene.clock.advance(120 * DAY);
        assert_eq!(scene.keep_house().await, 300);
        sizes_after.push(sizes(&scene).0);
    }
    let audit_of_a_round = 300 * 500;
    for pair in sizes_after[1..].windows(2) {
        assert!(pair[1] <= pair[0] + audit_of_a_round, "{sizes_after:?}");
    }
}

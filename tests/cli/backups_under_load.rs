//! Backups made while everybody writes: each is the database as of one moment between its start and its end, and restores into an empty directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hub::features::sessions::lineage::KEPT_EVENTS;
use hub::types::time::{Clock, SystemClock};
use serde_json::json;

use crate::backups::{number, read};
use crate::stage::{Server, Stage, Tokens};

/// Clients that refresh without a pause.
const CLIENTS: usize = 6;

/// What the clients were answered.
#[derive(Default)]
struct Answered {
    stop: AtomicBool,
    /// The generation of each client's session.
    generations: [AtomicI64; CLIENTS],
    /// Sessions whose end was answered.
    ended: Mutex<Vec<String>>,
    refreshes: AtomicU64,
    slowest_micros: AtomicI64,
}

impl Answered {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn generations(&self) -> Vec<i64> {
        let loads = self.generations.iter();
        loads
            .map(|generation| generation.load(Ordering::SeqCst))
            .collect()
    }

    fn ended(&self) -> Vec<String> {
        self.ended.lock().unwrap().clone()
    }

    fn refresh(&self, server: &Server, clock: &SystemClock, pair: &Tokens) -> Tokens {
        let begun = clock.now().steady;
        let (status, answer) = server.refresh(&pair.refresh);
        assert_eq!(status, 200, "{answer}");
        let micros = clock.now().steady - begun;
        self.slowest_micros.fetch_max(micros, Ordering::Relaxed);
        self.refreshes.fetch_add(1, Ordering::Relaxed);
        Tokens::of(&answer)
    }
}

/// Three rounds in `tests/run`; as many as `HUBTEST_BACKUP_ROUNDS` says.
#[test]
fn a_backup_under_full_load_is_of_one_moment_and_restores_into_an_empty_directory() {
    let rounds = std::env::var("HUBTEST_BACKUP_ROUNDS");
    let rounds: u64 = rounds.map_or(3, |rounds| rounds.parse().expect("a number"));
    let mut stage = Stage::new();
    let exempt = "127.0.0.0/8".to_owned();
    stage.environment.push(("HUB_THROTTLE_EXEMPT", exempt));
    let server = stage.serve();
    let clock = SystemClock::new();
    let begun = clock.now().steady;
    let clients: Vec<Tokens> = (0..CLIENTS).map(|_| server.sign_in("alice")).collect();
    let sessions: Vec<String> = clients.iter().map(Tokens::session).collect();
    let answered = Answered::default();
    let mut checked = 0;
    std::thread::scope(|scope| {
        for (at, first) in clients.into_iter().enumerate() {
            let (server, clock, answered) = (&server, &clock, &answered);
            answered.generations[at].store(1, Ordering::SeqCst);
            scope.spawn(move || {
                let mut pair = first;
                while answered.goes_on() {
                    pair = answered.refresh(server, clock, &pair);
                    answered.generations[at].fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        scope.spawn(|| {
            while answered.goes_on() {
                let mut pair = server.sign_in("alice");
                for _ in 0..3 {
                    pair = answered.refresh(&server, &clock, &pair);
                }
                let (status, _) = server.ask("POST /api/auth/logout", &pair.access, &json!({}));
                assert_eq!(status, 200);
                answered.ended.lock().unwrap().push(pair.session());
            }
        });
        let rounds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..rounds {
                // Something has happened since the last one.
                std::thread::sleep(Duration::from_millis(50));
                checked += self::round(&stage, round, &sessions, &answered);
            }
        }));
        answered.stop.store(true, Ordering::Relaxed);
        if let Err(failure) = rounds {
            std::panic::resume_unwind(failure);
        }
    });
    let seconds = (clock.now().steady - begun) / 1_000_000;
    println!(
        "{rounds} backups in {seconds} s beside {} refreshes (the slowest {} ms), {checked} answers checked, 0 violations",
        answered.refreshes.load(Ordering::Relaxed),
        answered.slowest_micros.load(Ordering::Relaxed) / 1_000,
    );
    assert!(checked > rounds * CLIENTS as u64 && answered.refreshes.into_inner() > rounds * 10);
}

/// Makes one backup and restores it elsewhere; returns how many answers were compared with it.
fn round(stage: &Stage, round: u64, sessions: &[String], answered: &Answered) -> u64 {
    let (at_least, ended) = (answered.generations(), answered.ended());
    let copy = stage.place().join(format!("{round}.db"));
    stage.run(&["backup", copy.to_str().unwrap()]).good();
    // One rotation each may have been made that was not answered yet.
    let at_most: Vec<i64> = answered.generations().iter().map(|last| last + 1).collect();
    let other = Stage::empty();
    fs::create_dir(other.data()).unwrap();
    let key = other.data().join("secret.key");
    fs::copy(stage.data().join("secret.key"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    other
        .run(&["restore", copy.to_str().unwrap(), "--yes"])
        .good();
    other.run(&["audit", "verify"]).good();
    let before = read(&copy);
    for (at, session) in sessions.iter().enumerate() {
        let sql = format!(
            "SELECT generation FROM sessions WHERE id = {}",
            i64::from_str_radix(session, 16).unwrap()
        );
        let generation = number(&before, &sql);
        assert!(
            (at_least[at]..=at_most[at]).contains(&generation),
            "{generation} is not of a moment between {} and {}",
            at_least[at],
            at_most[at]
        );
    }
    for session in &ended {
        let sql = format!(
            "SELECT count(*) FROM sessions WHERE end_reason = 'signed_out' AND id = {}",
            i64::from_str_radix(session, 16).unwrap()
        );
        assert_eq!(number(&before, &sql), 1, "an answered end is lost");
    }
    is_sound(&before);
    let restored = other.data().join("hub.db");
    is_sound(&read(&restored));
    let live = "SELECT count(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(number(&read(&restored), live), 0);
    fs::remove_file(&copy).unwrap();
    (sessions.len() + ended.len()) as u64
}

/// What must hold of any database at any moment.
fn is_sound(database: &rusqlite::Connection) {
    let checked: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(checked, "ok");
    let mut foreign = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!foreign.exists([]).unwrap());
    let untold = format!(
        "SELECT count(*)
         FROM sessions s
         WHERE lineage_length < {KEPT_EVENTS}
           AND generation - 1 <> (SELECT count(*) FROM lineage l WHERE l.session_id = s.id AND l.kind = 'rotate')"
    );
    assert_eq!(
        number(database, &untold),
        0,
        "a rotation that the lineage does not tell"
    );
    let tally = "SELECT live + ended + reused - (SELECT count(*) FROM sessions) FROM session_tally";
    assert_eq!(number(database, tally), 0);
}

//! Full load for minutes on a great many sessions: memory and open files stay where they were.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hub::config::{Config, Sources};
use hub::crypto::jwt::RefreshFacts;
use hub::hub::Hub;
use hub::store::Mode;
use hub::types::entropy::SystemEntropy;
use hub::types::ids::{SessionId, UserId};
use hub::types::salt::Salt;
use hub::types::time::{SystemClock, Timestamp};
use rusqlite::{Connection, OpenFlags, params};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::driver::auditor;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::stage::{self, refresh_body};
use crate::driver::talk::Connection as Client;

/// Of the short run, and of the long one.
const SHORT: Size = Size {
    sessions: 20_000,
    seconds: 6,
};
const LONG: Size = Size {
    sessions: 1_000_000,
    seconds: 600,
};

/// How much there is, and for how long it is used.
#[derive(Clone, Copy)]
struct Size {
    sessions: i64,
    seconds: u64,
}
const CLIENTS: usize = 16;
/// Sessions that are in use, from all over the table.
const IN_USE: i64 = 16_000;
const SESSIONS_A_USER: i64 = 10;
/// Days ago that they began.
const AGE_DAYS: i64 = 1;
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// What memory may grow by from the second quarter of the time to the last: what allocators do not give back.
const MAX_GROWTH_KIB: u64 = 16 << 10;
/// The same for open files: a reader's connection that was not needed before.
const MAX_MORE_FILES: u64 = 8;

const DAY_MICROS: i64 = 86_400_000_000;

#[test]
fn memory_and_open_files_stay_flat_under_full_load() {
    let size = if rows::is_long() { LONG } else { SHORT };
    let how = format!(
        "{CLIENTS} clients refresh and validate without a pause for {} s, {} sessions in the database",
        size.seconds, size.sessions
    );
    let row = Row::begin("soak", "full load for a long time", how);
    let (answers, samples, bytes) = stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        // The store has threads of its own to wait for.
        let place = data.clone();
        let filled = tokio::task::spawn_blocking(move || fill(&place, size.sessions));
        let tokens = filled.await.unwrap();
        let server = Launch::on(&data).cheap_hashing().start();
        let (answers, samples) = load(&server, tokens, size.seconds).await;
        assert!(!server.log().contains("ERROR"), "{}", server.log());
        let file = |name| fs::metadata(data.join(name)).map_or(0, |file| file.len());
        (answers, samples, (file("hub.db"), file("hub.db-wal")))
    });
    let quarter = samples.len() / 4;
    let most = |range: std::ops::Range<usize>, of: fn(&(u64, u64)) -> u64| {
        samples[range].iter().map(of).max().unwrap()
    };
    let (second, last) = (quarter..2 * quarter, 3 * quarter..samples.len());
    let kib = [second.clone(), last.clone()].map(|range| most(range, |sample| sample.0));
    let files = [second, last].map(|range| most(range, |sample| sample.1));
    eprintln!(
        "soak: {answers} answers in {} s; memory at most {} KiB in the second quarter, {} in the last; open files {} and {}; database {} MiB, log {} MiB",
        size.seconds,
        kib[0],
        kib[1],
        files[0],
        files[1],
        bytes.0 >> 20,
        bytes.1 >> 20
    );
    row.tell(Figures {
        rounds: 1,
        checked: answers,
        violations: 0,
    });
    assert!(kib[1] <= kib[0] + MAX_GROWTH_KIB, "{kib:?}");
    assert!(files[1] <= files[0] + MAX_MORE_FILES, "{files:?}");
}

/// Everybody refreshes and validates until the time is over; how many answers, and what memory and files were in between.
async fn load(server: &Server, tokens: Vec<String>, seconds: u64) -> (u64, Vec<(u64, u64)>) {
    let over = Arc::new(AtomicBool::new(false));
    let answers = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    let share = tokens.len().div_ceil(CLIENTS);
    for tokens in tokens.chunks(share) {
        let (over, answers) = (Arc::clone(&over), Arc::clone(&answers));
        clients.spawn(refresh(server.address, tokens.to_vec(), over, answers));
    }
    let begun = Instant::now();
    let mut samples = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) {
        samples.push((server.resident_kib(), server.open_files()));
        sleep(SAMPLE_EVERY).await;
    }
    over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    (answers.load(Ordering::Relaxed), samples)
}

async fn refresh(
    address: SocketAddr,
    mut tokens: Vec<String>,
    over: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
) {
    let mut client = Client::dial(address).await.unwrap();
    while !over.load(Ordering::Relaxed) {
        for token in &mut tokens {
            let body = refresh_body(token);
            let line = "POST /api/auth/refresh";
            let pair = client.ask(line, None, Some(&body)).await.unwrap();
            assert_eq!(pair.status, 200, "{pair}");
            let access = pair.text("access_token");
            let line = "GET /api/auth/validate";
            let valid = client.ask(line, Some(&access), None).await.unwrap();
            assert_eq!(valid.status, 200, "{valid}");
            *token = pair.text("refresh_token");
            answers.fetch_add(2, Ordering::Relaxed);
            if over.load(Ordering::Relaxed) {
                break;
            }
        }
    }
}

/// A database with so many sessions, and the tokens of those in use.
fn fill(data: &Path, sessions: i64) -> Vec<String> {
    let flags = [
        ("data_dir", data.to_str().unwrap()),
        ("hashing.memory_kib", "8"),
        ("hashing.passes", "1"),
    ];
    let sources = Sources {
        flags: flags
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into(),
        system_data_dir: data.join("nowhere"),
        ..Sources::default()
    };
    let config = Config::load(&sources).unwrap().config;
    let clock = Arc::new(SystemClock::new());
    let hub = Hub::open(config, Mode::Server, clock, Arc::new(SystemEntropy)).unwrap();
    let now = hub.clock.now().wall;
    let database = data.join("hub.db");
    let mut connection = auditor::open(&database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    insert(
        &mut connection,
        sessions,
        now.micros() - AGE_DAYS * DAY_MICROS,
    );
    let tokens = mint(&connection, &hub, sessions);
    drop(connection);
    hub.store.close();
    tokens
}

fn insert(connection: &mut Connection, sessions: i64, at: i64) {
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        .unwrap();
    let writing = connection.transaction().unwrap();
    writing
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at)
             SELECT 'User' || i, 'user' || i, i || '@example.com', i || '@example.com', 'x', ?2, ?2 FROM n",
            params![sessions / SESSIONS_A_USER, at],
        )
        .unwrap();
    writing
        .execute("INSERT INTO user_agents (id, text) VALUES (1, 'soak')", [])
        .unwrap();
    // In the order of the table, or it would take an hour; the keys lie as far apart as if they were drawn.
    writing
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                                   first_agent, agent, lineage_length)
             SELECT i * (9000000000000000000 / ?1), 1 + i % (?1 / ?2), randomblob(16), 1, 0, ?3, 1, 1, ?3, ?3 + ?4, 1, 1, 0 FROM n",
            params![sessions, SESSIONS_A_USER, at, 90 * DAY_MICROS],
        )
        .unwrap();
    writing.commit().unwrap();
}

fn mint(connection: &Connection, hub: &Hub, sessions: i64) -> Vec<String> {
    let key = hub.tokens.ring().present();
    let mut statement = connection
        .prepare(
            "SELECT id, user_id, salt, rotated_at FROM sessions
             WHERE id / (9000000000000000000 / ?1) % ?2 = 0",
        )
        .unwrap();
    let one_in = (sessions / IN_USE).max(1);
    let rows = statement.query_map(params![sessions, one_in], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, [u8; 16]>(2)?,
            row.get::<_, i64>(3)?,
        ))
    });
    rows.unwrap()
        .map(|row| {
            let (id, user, salt, at) = row.unwrap();
            let issued = Timestamp::from_micros(at).seconds();
            let facts = RefreshFacts {
                session: SessionId::from_row(id).unwrap(),
                user: UserId(user),
                salt: &Salt::from_row(salt),
                generation: 1,
                issued,
                expires: issued + 30 * 86_400,
                key,
            };
            hub.tokens.sign_refresh(&facts).unwrap().reveal().to_owned()
        })
        .collect()
}

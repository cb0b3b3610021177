//! A database as a Hub has it after a long time: users, clients and sessions in every state, in the shares that [`life`] tells.
//!
//! Up to fifty thousand sessions it grows as it would by sign-ins, in no order and with every index in place: so its bytes a session are those of
//! a database that has lived. A larger one is written in the order of its keys, and its indexes are made afterwards: ten million in minutes.

use std::path::Path;
use std::sync::Arc;

use hub::config::{Config, Sources};
use hub::hub::Hub;
use hub::store::Mode;
use hub::types::entropy::SystemEntropy;
use hub::types::network::address_key;
use hub::types::time::SystemClock;
use hub::types::user_agent::UserAgent;
use rusqlite::{Connection, Transaction, params};

use crate::growth::homes::{EVENTS, kind};

/// The network that the sessions which are to be ended in bulk were used from, and no others.
pub const ENDING: &str = "198.18.0.0/15";
/// They are so many at most, or a tenth of all.
const MOST_ENDING: u32 = 100_000;
/// Of a hundred sessions, so many can be walked through: live, of a user who is there, and not to be ended in bulk.
const WALKABLE_PERCENT: u32 = 60;
/// Up to so many, the database grows as by sign-ins.
const MOST_GROWN: u32 = 50_000;
/// Different clients, of which a few have most sessions.
const AGENTS: u32 = 3_000;
/// How much the page cache may hold while it is filled.
pub const CACHE_KIB: u32 = 2_000_000;

const CLIENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:#.0) Gecko/20100101 Firefox/#.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.# Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Mobile Safari/537.36",
    "okhttp/4.#",
];

pub const DAY_MICROS: i64 = 86_400_000_000;

/// A configuration with cheap hashing, so that signing in is quick.
pub fn config(directory: &Path) -> anyhow::Result<Config> {
    let flags = [
        ("data_dir", directory.to_str().unwrap_or_default()),
        ("hashing.memory_kib", "8"),
        ("hashing.passes", "1"),
        // One session refreshes as fast as it can.
        ("throttle_exempt", "0.0.0.0/0,::/0"),
        // Nothing is copied by itself meanwhile.
        ("backup.every", "0s"),
    ];
    let sources = Sources {
        flags: flags
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into(),
        system_data_dir: directory.join("nowhere"),
        ..Sources::default()
    };
    Ok(Config::load(&sources)?.config)
}

/// A Hub on the directory.
pub fn open(directory: &Path) -> anyhow::Result<Hub> {
    let clock = Arc::new(SystemClock::new());
    Ok(Hub::open(
        config(directory)?,
        Mode::Server,
        clock,
        Arc::new(SystemEntropy),
    )?)
}

/// Numbers that look drawn and are the same in every run (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % bound.unsigned_abs().max(1)).unwrap_or(0)
    }
}

/// What was filled in.
pub struct Filled {
    /// Sessions in all.
    pub sessions: u32,
    /// Those that are so long over that the housekeeping removes them.
    pub over: u32,
    /// Live sessions for clients to walk through, spread over all of the table.
    pub walked: Vec<i64>,
    /// Bytes a session with all indexes, lineage apart.
    pub bytes_a_session: f64,
}

/// Fills a new database, with a fifth as many users, some of whom are gone. Clients are to walk through some `walked` of its live sessions, or all of
/// them.
#[expect(
    clippy::disallowed_methods,
    reason = "a million sign-ins through the Hub would take an hour"
)]
pub fn fill(directory: &Path, sessions: u32, walked: u32) -> anyhow::Result<Filled> {
    let hub = open(directory)?;
    let now = hub.clock.now().wall.micros();
    hub.store.close();
    drop(hub);
    let mut connection = Connection::open(directory.join("hub.db"))?;
    // A power cut may take all of it: it is thrown away anyhow.
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -{CACHE_KIB};
         PRAGMA threads = 2"
    ))?;
    let is_grown = sessions <= MOST_GROWN;
    let made_anew = if is_grown {
        Vec::new()
    } else {
        taken_down(&connection)?
    };
    let writing = connection.transaction()?;
    let users = i64::from(sessions / 5).max(20);
    write_users(&writing, users, now)?;
    write_agents(&writing)?;
    writing.commit()?;
    let (of_users, of_sessions): (Vec<_>, Vec<_>) = made_anew
        .into_iter()
        .partition(|made| made.table == "users");
    make_anew(&connection, &of_users)?;
    let bytes_before = bytes(&connection)?;
    let writing = connection.transaction()?;
    let walked_one_in = (sessions / 100 * WALKABLE_PERCENT / walked).max(1);
    let drawn = Drawn {
        sessions,
        users,
        walked_one_in,
        is_grown,
    };
    let (walked, over) = write_sessions(&writing, &drawn, now)?;
    writing.commit()?;
    make_anew(&connection, &of_sessions)?;
    let bytes = bytes(&connection)? - bytes_before;
    let writing = connection.transaction()?;
    write_events(&writing, &over, now)?;
    finish(&writing, !is_grown)?;
    writing.commit()?;
    connection.execute_batch("PRAGMA locking_mode = NORMAL")?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    Ok(Filled {
        sessions,
        over: u32::try_from(over.len())?,
        walked,
        bytes_a_session: bytes / f64::from(sessions),
    })
}

/// The size of the database.
fn bytes(connection: &Connection) -> anyhow::Result<f64> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, u32>(0));
    let pages = f64::from(number("PRAGMA page_count")?);
    Ok(pages * f64::from(number("PRAGMA page_size")?))
}

/// An index or a trigger that slows a long fill.
struct Made {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

/// Drops them, and tells what they were.
fn taken_down(connection: &Connection) -> anyhow::Result<Vec<Made>> {
    let mut asked = connection.prepare(
        "SELECT type, name, tbl_name, sql
         FROM sqlite_schema
         WHERE type IN ('index', 'trigger') AND tbl_name IN ('sessions', 'users') AND sql IS NOT NULL
         ORDER BY type, name",
    )?;
    let rows = asked.query_map([], |row| {
        Ok(Made {
            kind: row.get(0)?,
            name: row.get(1)?,
            table: row.get(2)?,
            sql: row.get(3)?,
        })
    })?;
    let rows: Vec<Made> = rows.collect::<Result<_, _>>()?;
    for Made { kind, name, .. } in &rows {
        connection.execute_batch(&format!("DROP {kind} {name}"))?;
    }
    Ok(rows)
}

fn make_anew(connection: &Connection, all: &[Made]) -> anyhow::Result<()> {
    for made in all {
        connection.execute_batch(&made.sql)?;
    }
    Ok(())
}

fn write_users(writing: &Transaction<'_>, users: i64, now: i64) -> anyhow::Result<()> {
    // In the order of their names, so that both unique indexes grow at their end.
    let mut numbers: Vec<String> = (0..users).map(|number| number.to_string()).collect();
    numbers.sort_unstable();
    let mut insert = writing.prepare(
        "INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at)
         VALUES ('User' || ?1, 'user' || ?1, ?1 || '@example.com', ?1 || '@example.com', 'x', ?2, ?2)",
    )?;
    for number in numbers {
        insert.execute(params![number, now])?;
    }
    Ok(())
}

fn write_agents(writing: &Transaction<'_>) -> anyhow::Result<()> {
    for agent in 0..AGENTS {
        let client = CLIENTS[usize::try_from(agent)? % CLIENTS.len()];
        let text = format!(
            "{} build/{agent}",
            client.replace('#', &(agent / 5).to_string())
        );
        writing.execute(
            "INSERT INTO user_agents (id, text, device) VALUES (?1, ?2, ?3)",
            params![agent + 1, text, UserAgent::parse(&text).device()],
        )?;
    }
    Ok(())
}

/// What is to be drawn.
struct Drawn {
    sessions: u32,
    users: i64,
    /// Of the sessions that can be walked through.
    walked_one_in: u32,
    is_grown: bool,
}

/// Writes the sessions; the keys of those that clients walk through, and of those that are long over.
fn write_sessions(
    writing: &Transaction<'_>,
    drawn: &Drawn,
    now: i64,
) -> anyhow::Result<(Vec<i64>, Vec<i64>)> {
    let (sessions, users) = (drawn.sessions, drawn.users);
    let mut chance = Chance(u64::from(sessions));
    let mut ids: Vec<i64> = (0..sessions).map(|_| chance.below(i64::MAX) + 1).collect();
    if !drawn.is_grown {
        ids.sort_unstable();
        ids.dedup();
    }
    let mut insert = writing.prepare(
        "INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                               ended_at, end_reason, first_address, first_agent, address, agent, lineage_length, address_key)
         VALUES (?1, ?2, randomblob(16), ?3, 0, ?4, 1, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?10, ?11, ?12)",
    )?;
    let ending_one_in = (sessions / MOST_ENDING).max(10);
    let (mut walked, mut over, mut candidates) = (Vec::new(), Vec::new(), 0_u32);
    for (at, id) in (0_u32..).zip(ids) {
        let is_ending = at.is_multiple_of(ending_one_in);
        let kind = if is_ending { 0 } else { chance.below(100) };
        let life = life(&mut chance, now, kind);
        let address = address(&mut chance, is_ending);
        let user = chance.below(users + users / 50) + 1;
        if life.is_walked && !is_ending && user <= users {
            candidates += 1;
            if candidates.is_multiple_of(drawn.walked_one_in) {
                walked.push(id);
            }
        }
        if life.is_over {
            over.push(id);
        }
        // Few clients have many sessions, many have few.
        let share = chance.below(i64::from(AGENTS) * 20) + 1;
        let agent = (i64::from(AGENTS) * 20 / share).clamp(1, i64::from(AGENTS));
        insert.execute(params![
            id,
            user,
            chance.below(200) + 1,
            life.used,
            life.created,
            life.created + 90 * DAY_MICROS,
            life.end.map(|_| life.used),
            life.end,
            address,
            agent,
            if life.is_over { EVENTS } else { 1 },
            address_key(address.parse()?)
        ])?;
    }
    Ok((walked, over))
}

fn address(chance: &mut Chance, is_ending: bool) -> String {
    let mut part = || chance.below(256);
    if is_ending {
        format!("198.18.{}.{}", part(), part())
    } else if part() < 128 {
        format!("10.{}.{}.{}", part(), part(), part())
    } else {
        format!("203.0.113.{}", part())
    }
}

fn write_events(writing: &Transaction<'_>, over: &[i64], now: i64) -> anyhow::Result<()> {
    let mut over = over.to_vec();
    over.sort_unstable();
    let mut insert = writing.prepare(
        "INSERT INTO lineage (session_id, position, kind, generation, at, steady, boot, address, agent)
         VALUES (?1, ?2, ?3, ?2, ?4, 1, 1, '203.0.113.7', 1)",
    )?;
    for id in over {
        for position in 1..=EVENTS {
            insert.execute(params![
                id,
                position,
                kind(position),
                now - 300 * DAY_MICROS
            ])?;
        }
    }
    Ok(())
}

/// What follows from the rows: users who are gone, the age of it all on the clock that nobody can set, and what triggers would have counted.
fn finish(writing: &Transaction<'_>, without_triggers: bool) -> anyhow::Result<()> {
    writing.execute(
        "INSERT INTO former_users (id)
         SELECT DISTINCT user_id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)",
        [],
    )?;
    writing.execute(
        "INSERT INTO boots (boot, steady, lived) VALUES (1, 0, ?1)",
        [-400 * DAY_MICROS],
    )?;
    if without_triggers {
        writing.execute_batch(
            "UPDATE session_tally
             SET live = (SELECT count(*) FROM sessions WHERE end_reason IS NULL),
                 ended = (SELECT count(*) FROM sessions WHERE end_reason <> 'reuse'),
                 reused = (SELECT count(*) FROM sessions WHERE end_reason = 'reuse');
             UPDATE users
             SET signed_in_at = coalesce((SELECT max(created_at) FROM sessions WHERE user_id = users.id), 0);",
        )?;
    }
    Ok(())
}

/// When a session was last used and begun, and why it ended, if it did.
struct Life {
    used: i64,
    created: i64,
    end: Option<&'static str>,
    /// Whether a client can refresh it.
    is_walked: bool,
    /// Whether the housekeeping removes it.
    is_over: bool,
}

/// Of a hundred: 69 active, 10 expired, 10 so long over that the housekeeping removes them, 10 ended, one of them for reuse.
fn life(chance: &mut Chance, now: i64, kind: i64) -> Life {
    let ago = |days: i64, chance: &mut Chance| now - chance.below(days * DAY_MICROS);
    let (is_walked, is_over) = (kind < 69, (79..89).contains(&kind));
    let (used, created, end) = match kind {
        0..69 => {
            let used = ago(29, chance);
            (used, used - chance.below(59 * DAY_MICROS), None)
        }
        69..79 => {
            let created = now - 60 * DAY_MICROS - chance.below(30 * DAY_MICROS);
            (created + chance.below(20 * DAY_MICROS), created, None)
        }
        79..89 => {
            let created = now - 300 * DAY_MICROS - chance.below(30 * DAY_MICROS);
            (created + chance.below(20 * DAY_MICROS), created, None)
        }
        89..99 => {
            let used = ago(80, chance);
            let why = ["signed_out", "administrator", "revoked"];
            let why = why[usize::try_from(chance.below(3)).unwrap_or(0)];
            (used, used - chance.below(9 * DAY_MICROS), Some(why))
        }
        _ => {
            let used = ago(80, chance);
            (used, used - chance.below(9 * DAY_MICROS), Some("reuse"))
        }
    };
    Life {
        used,
        created,
        end,
        is_walked,
        is_over,
    }
}

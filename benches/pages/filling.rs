//! A database as a Hub has it after a long time: users, clients and sessions in every state, in the shares that the head of [`fill`] tells.

use std::path::Path;
use std::sync::Arc;

use hub::config::{Config, Sources};
use hub::hub::Hub;
use hub::store::Mode;
use hub::types::entropy::SystemEntropy;
use hub::types::network::address_key;
use hub::types::time::SystemClock;
use hub::types::user_agent::UserAgent;
use rusqlite::{Connection, params};

/// Sessions that the ending of many is about, one in so many: those from [`ENDING`].
const ENDING_ONE_IN: u32 = 10;
/// The network that they, and no others, were used from.
pub const ENDING: &str = "198.18.0.0/15";
/// Different clients, of which a few have most sessions.
const AGENTS: u32 = 3_000;

const CLIENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:#.0) Gecko/20100101 Firefox/#.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.# Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Mobile Safari/537.36",
    "okhttp/4.#",
];

const DAY_MICROS: i64 = 86_400_000_000;

/// A configuration with cheap hashing, so that signing in is quick.
pub fn config(directory: &Path) -> anyhow::Result<Config> {
    let flags = [
        ("data_dir", directory.to_str().unwrap_or_default()),
        ("hashing.memory_kib", "8"),
        ("hashing.passes", "1"),
        // One session refreshes as fast as it can.
        ("throttle_exempt", "0.0.0.0/0,::/0"),
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

/// Fills it: 70 % of the sessions active, 10 % expired, 19 % ended, 1 % ended for reuse; a fifth as many users, some of whom are gone.
#[expect(
    clippy::disallowed_methods,
    reason = "a million sign-ins through the Hub would take an hour"
)]
pub fn fill(directory: &Path, sessions: u32) -> anyhow::Result<()> {
    let hub = open(directory)?;
    let now = hub.clock.now().wall.micros();
    hub.store.close();
    drop(hub);
    let mut connection = Connection::open(directory.join("hub.db"))?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000")?;
    let writing = connection.transaction()?;
    let mut chance = Chance(u64::from(sessions));
    let users = i64::from(sessions / 5).max(20);
    for user in 1..=users {
        writing
            .prepare_cached(
                "INSERT INTO users (username, username_key, email, email_key, password_hash, created_at, updated_at)
                 VALUES ('User' || ?1, 'user' || ?1, ?1 || '@example.com', ?1 || '@example.com', 'x', ?2, ?2)",
            )?
            .execute(params![user * 7_919 % users, now])?;
    }
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
    let mut ids: Vec<i64> = (0..sessions).map(|_| chance.below(i64::MAX) + 1).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut insert = writing.prepare(
        "INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                               ended_at, end_reason, first_address, first_agent, address, agent, lineage_length, address_key)
         VALUES (?1, ?2, randomblob(16), ?3, 0, ?4, 1, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?9, ?10, 1, ?11)",
    )?;
    for (at, id) in (0_u32..).zip(ids) {
        let (used, created, end) = life(&mut chance, now, at);
        let address = if at % ENDING_ONE_IN == 0 && end.is_none() {
            format!("198.18.{}.{}", chance.below(256), chance.below(256))
        } else if chance.below(2) == 0 {
            format!(
                "10.{}.{}.{}",
                chance.below(256),
                chance.below(256),
                chance.below(256)
            )
        } else {
            format!("203.0.113.{}", chance.below(256))
        };
        // Few clients have many sessions, many have few.
        let share = chance.below(i64::from(AGENTS) * 20) + 1;
        let agent = (i64::from(AGENTS) * 20 / share)
            .min(i64::from(AGENTS))
            .max(1);
        insert.execute(params![
            id,
            chance.below(users + users / 50) + 1,
            chance.below(200) + 1,
            used,
            created,
            created + 90 * DAY_MICROS,
            end.map(|_| used),
            end,
            address,
            agent,
            address_key(address.parse()?)
        ])?;
    }
    drop(insert);
    writing.execute(
        "INSERT INTO former_users (id)
         SELECT DISTINCT user_id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)",
        [],
    )?;
    writing.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// When a session was last used and begun, and why it ended, if it did. Every tenth is active and from the network that is to be ended.
fn life(chance: &mut Chance, now: i64, at: u32) -> (i64, i64, Option<&'static str>) {
    let kind = if at.is_multiple_of(ENDING_ONE_IN) {
        0
    } else {
        // Of the other nine tenths, so that it is 70, 10, 19 and 1 of all.
        chance.below(90) + 10
    };
    let ago = |days: i64, chance: &mut Chance| now - chance.below(days * DAY_MICROS);
    match kind {
        0..70 => {
            let used = ago(29, chance);
            (used, used - chance.below(59 * DAY_MICROS), None)
        }
        70..80 => {
            let created = now - 60 * DAY_MICROS - chance.below(30 * DAY_MICROS);
            (created + chance.below(20 * DAY_MICROS), created, None)
        }
        80..99 => {
            let used = ago(80, chance);
            let why = ["signed_out", "administrator", "revoked"];
            let why = why[usize::try_from(chance.below(3)).unwrap_or(0)];
            (used, used - chance.below(9 * DAY_MICROS), Some(why))
        }
        _ => {
            let used = ago(80, chance);
            (used, used - chance.below(9 * DAY_MICROS), Some("reuse"))
        }
    }
}

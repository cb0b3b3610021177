//! Random sessions, and the filter and the orders once more without a database.

use std::net::IpAddr;

use hub::features::sessions::store::many::order::Sort;
use hub::features::sessions::store::many::{Filter, Now, Status, Word};
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::ids::{SessionId, UserId};
use hub::types::network::{Network, address_key};
use hub::types::time::Clock;
use hub::types::user_agent::UserAgent;
use rusqlite::params;

use crate::stage::{DAY, Stage};

pub const SESSIONS: u64 = 400;
const USERS: i64 = 12;
/// Users above this number are gone.
const LAST_USER: i64 = 9;

const NAMES: [&str; 9] = [
    "ann", "Anna", "bob", "carol", "al_ice", "al-ice", "Alice", "zoe", "x50",
];
const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "curl/8.5.0",
    "curl/8.6.0 50%_off\\",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "",
];
const ADDRESSES: [Option<&str>; 7] = [
    None,
    Some("10.0.0.2"),
    Some("10.0.0.10"),
    Some("10.1.0.7"),
    Some("203.0.113.7"),
    Some("2001:db8::1"),
    Some("2001:db8:1::2"),
];

/// A session as this test knows it.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    user: i64,
    name: Option<&'static str>,
    created: i64,
    used: i64,
    ends: i64,
    pub end: Option<&'static str>,
    address: Option<&'static str>,
    agent: usize,
}

pub struct Chance(pub SeededEntropy);

impl Chance {
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % bound
    }

    fn of<T: Copy>(&self, these: &[T]) -> T {
        these[usize::try_from(self.below(these.len() as u64)).expect("small")]
    }
}

/// Times repeat on purpose: rows that are alike but for their keys are where pages go wrong.
pub fn rows(stage: &Stage, chance: &Chance) -> Vec<Row> {
    let now = stage.clock.now().wall.micros();
    let day = i64::try_from(DAY.as_micros()).expect("small");
    let connection = stage.stranger();
    for (user, name) in (1..).zip(NAMES) {
        connection
            .execute(
                "INSERT INTO users (id, username, username_key, email, email_key, password_hash, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?1 || '@x', ?1 || '@x', 'x', 0, 0)",
                params![user, name, name.to_ascii_lowercase()],
            )
            .expect("inserted");
    }
    for user in LAST_USER + 1..=USERS {
        connection
            .execute("INSERT INTO former_users (id) VALUES (?1)", [user])
            .expect("inserted");
    }
    for (id, text) in (1..).zip(AGENTS) {
        let device = UserAgent::parse(text).device();
        connection
            .execute(
                "INSERT INTO user_agents (id, text, device) VALUES (?1, ?2, ?3)",
                params![id, text, device],
            )
            .expect("inserted");
    }
    (0..SESSIONS)
        .map(|_| {
            let user = 1 + i64::try_from(chance.below(USERS.unsigned_abs())).expect("small");
            let id = i64::try_from(chance.below(1 << 63)).expect("63 bits").max(1);
            let created = now - day * i64::try_from(chance.below(95)).expect("small");
            let ends = created + 90 * day;
            let rotated = created + day * i64::try_from(chance.below(60)).expect("small");
            let rotated = rotated.min(now).min(ends);
            let ended = ["signed_out", "administrator", "reuse", "user_deleted"];
            let end = (chance.below(3) == 0).then(|| chance.of(&ended));
            let address = chance.of(&ADDRESSES);
            let agent = i64::try_from(chance.below(AGENTS.len() as u64)).expect("small");
            let key = address.map(|text| address_key(text.parse().expect("an address")));
            connection
                .execute(
                    "INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot,
                                           created_at, ends_at, ended_at, end_reason, first_agent, agent, address, address_key,
                                           lineage_length)
                     VALUES (?1, ?2, zeroblob(16), 3, 0, ?3, 1, 1, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, 1)",
                    params![id, user, rotated, created, ends, end.map(|_| rotated), end, agent + 1, address, key.unwrap_or_default()],
                )
                .expect("inserted");
            let name = usize::try_from(user - 1).ok().and_then(|at| NAMES.get(at));
            Row {
                id,
                user,
                name: name.copied(),
                created,
                used: rotated,
                ends,
                end,
                address,
                agent: usize::try_from(agent).expect("small"),
            }
        })
        .collect()
}

/// The filter once more, said in another way.
pub fn passes(filter: &Filter, row: &Row, now: Now) -> bool {
    let key = row.name.map(str::to_ascii_lowercase);
    let address = row
        .address
        .map(|text| text.parse::<IpAddr>().expect("an address"));
    let client = AGENTS[row.agent].to_ascii_lowercase();
    let device = UserAgent::parse(AGENTS[row.agent])
        .device()
        .to_ascii_lowercase();
    let calls_itself = |text: &str| {
        let text = text.to_ascii_lowercase();
        client.contains(&text) || device.contains(&text)
    };
    let from = |network: Network| address.is_some_and(|address| network.contains(address));
    let live = row.end.is_none();
    let good = |now: Now| row.ends > now.at.micros() && row.used > now.refresh_expired.micros();
    let status = match filter.status {
        None => true,
        Some(Status::Active) => live && good(now),
        Some(Status::Expiring) => live && good(now) && !good(now.soon()),
        Some(Status::Expired) => live && !good(now),
        Some(Status::Ended) => row.end.is_some_and(|reason| reason != "reuse"),
        Some(Status::Reused) => row.end == Some("reuse"),
    };
    let named = |low: &str, high: &str| key.as_deref().is_some_and(|key| low <= key && key <= high);
    status
        && filter.user.is_none_or(|user| user.0 == row.user)
        && filter
            .names
            .as_ref()
            .is_none_or(|(low, high)| named(low, high))
        && filter.except.is_none_or(|except| except.get() != row.id)
        && filter.network.is_none_or(from)
        && filter.device.as_deref().is_none_or(calls_itself)
        && filter
            .keys
            .is_none_or(|(low, high)| (low..=high).contains(&row.id))
        && filter
            .used_since
            .is_none_or(|since| row.used >= since.micros())
        && filter
            .used_before
            .is_none_or(|before| row.used < before.micros())
        && filter.words.iter().all(|word| {
            let text = word.text.to_ascii_lowercase();
            key.as_deref().is_some_and(|key| key.contains(&text))
                || calls_itself(&text)
                || word.network.is_some_and(from)
        })
}

/// What the list would be without a database.
pub fn expected(rows: &[Row], filter: &Filter, now: Now, sort: Sort, descending: bool) -> Vec<i64> {
    let mut passing: Vec<&Row> = rows.iter().filter(|row| passes(filter, row, now)).collect();
    let address = |row: &Row| {
        let address = row.address.map(|text| text.parse().expect("an address"));
        address.map(address_key).unwrap_or_default()
    };
    match sort {
        Sort::User => passing.sort_by_key(|row| {
            let name = row.name.map(str::to_ascii_lowercase).unwrap_or_default();
            let gone = row.name.is_none();
            (gone, name, row.user, row.created, row.id)
        }),
        Sort::Device => passing.sort_by_key(|row| {
            let device = UserAgent::parse(AGENTS[row.agent]).device().into_owned();
            (device, row.agent, row.id)
        }),
        Sort::Address => passing.sort_by_key(|row| (address(row), row.id)),
        Sort::Started => passing.sort_by_key(|row| (row.created, row.id)),
        Sort::Used => passing.sort_by_key(|row| (row.used, row.id)),
    }
    if descending {
        passing.reverse();
    }
    passing.iter().map(|row| row.id).collect()
}

pub fn word(text: &str) -> Word {
    Word {
        text: text.to_owned(),
        network: text.parse().ok(),
    }
}

/// Some of each condition, several at once often enough.
pub fn any_filter(chance: &Chance, rows: &[Row], now: Now) -> Filter {
    let one_in = |n| chance.below(n) == 0;
    let texts = [
        "ann",
        "al_",
        "al-",
        "curl",
        "Firefox",
        "%",
        "_",
        "\\",
        "50",
        "linux",
        "10.0.0.",
        "203.0.113.7",
        "nobody",
    ];
    let networks = [
        "10.0.0.0/8",
        "10.0.0.2",
        "2001:db8::/32",
        "0.0.0.0/0",
        "::/0",
        "192.0.2.0/24",
    ];
    let times = [0, 1, 7, 30, 60].map(|days| now.at.minus(DAY * days));
    let id = chance.of(&rows.iter().map(|row| row.id).collect::<Vec<_>>());
    let statuses = Status::ALL;
    let names = one_in(6);
    Filter {
        user: (!names && one_in(6))
            .then(|| UserId(1 + i64::try_from(chance.below(13)).expect("small"))),
        names: names.then(|| {
            let name = chance.of(&["ann", "al", "zoe", "alice"]).to_owned();
            let high = format!("{name}\u{10ffff}");
            (name.clone(), if one_in(2) { high } else { name })
        }),
        except: one_in(8).then(|| SessionId::from_row(id).expect("positive")),
        network: one_in(4).then(|| chance.of(&networks).parse().expect("a network")),
        device: one_in(4).then(|| chance.of(&texts).to_owned()),
        keys: one_in(10).then(|| if one_in(2) { (id, id) } else { (id, i64::MAX) }),
        words: (0..chance.below(5).saturating_sub(1))
            .map(|_| word(chance.of(&texts)))
            .collect(),
        status: one_in(2).then(|| chance.of(&statuses)),
        used_since: one_in(5).then(|| chance.of(&times)),
        used_before: one_in(5).then(|| chance.of(&times)),
    }
}

//! Pages of many sessions: every filter, order and page against a filter and a sort in Rust, over random sessions.

use std::net::IpAddr;
use std::time::Duration;

use hub::features::sessions::store::many::order::{Place, Sort};
use hub::features::sessions::store::many::page::{self, Page, SORTED_ROWS, Turn, Wanted};
use hub::features::sessions::store::many::{self, Filter, Now, Status, Word, tally};
use hub::store::StoreError;
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::ids::{SessionId, UserId};
use hub::types::network::{Network, address_key};
use hub::types::time::{Clock, Timestamp};
use hub::types::user_agent::UserAgent;
use rusqlite::params;

use crate::stage::{DAY, HOUR, Stage};

const SESSIONS: u64 = 400;
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
struct Row {
    id: i64,
    user: i64,
    name: Option<&'static str>,
    created: i64,
    used: i64,
    ends: i64,
    end: Option<&'static str>,
    address: Option<&'static str>,
    agent: usize,
}

struct Chance(SeededEntropy);

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
fn rows(stage: &Stage, chance: &Chance) -> Vec<Row> {
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
            let used = created + day * i64::try_from(chance.below(60)).expect("small");
            let used = used.min(now).min(ends);
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
                    params![id, user, used, created, ends, end.map(|_| used), end, agent + 1, address, key.unwrap_or_default()],
                )
                .expect("inserted");
            let name = usize::try_from(user - 1).ok().and_then(|at| NAMES.get(at));
            Row {
                id,
                user,
                name: name.copied(),
                created,
                used,
                ends,
                end,
                address,
                agent: usize::try_from(agent).expect("small"),
            }
        })
        .collect()
}

/// The filter once more, said in another way.
fn passes(filter: &Filter, row: &Row, now: Now) -> bool {
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
fn expected(rows: &[Row], filter: &Filter, now: Now, sort: Sort, descending: bool) -> Vec<i64> {
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

fn word(text: &str) -> Word {
    Word {
        text: text.to_owned(),
        network: text.parse().ok(),
    }
}

/// Some of each condition, several at once often enough.
fn any_filter(chance: &Chance, rows: &[Row], now: Now) -> Filter {
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

fn read<T>(stage: &Stage, read: impl FnOnce(&hub::store::Db<'_>) -> Result<T, StoreError>) -> T {
    stage.store.read(read).expect("readable")
}

fn ids(page: &Page) -> Vec<i64> {
    page.rows.iter().map(|row| row.id.get()).collect()
}

#[rocket::async_test]
async fn every_filter_order_and_page_is_what_it_would_be_without_a_database() {
    let stage = Stage::new().await;
    let chance = Chance(SeededEntropy::new(20_261_122));
    let rows = rows(&stage, &chance);
    let now = stage.now();
    let mut seen = 0;
    for round in 0..60_u32 {
        let filter = match round {
            0 => Filter::default(),
            1..=5 => Filter {
                status: Some(Status::ALL[round as usize - 1]),
                ..Filter::default()
            },
            _ => any_filter(&chance, &rows, now),
        };
        for sort in Sort::ALL {
            for descending in [false, true] {
                let whole = expected(&rows, &filter, now, sort, descending);
                seen += whole.len();
                let wanted = |turn, sorted_rows| Wanted {
                    sort,
                    descending,
                    rows: 40,
                    turn,
                    sorted_rows,
                };
                // By sorting what passes, and by a walk along the index.
                for sorted_rows in [SORTED_ROWS, 0] {
                    let about = format!("{filter:?} {sort:?} {descending} {sorted_rows}");
                    let (there, back) =
                        turned(&stage, &filter, now, |turn| wanted(turn, sorted_rows));
                    assert_eq!(there, whole, "{about}");
                    assert_eq!(back, whole, "back: {about}");
                }
            }
        }
        let live = Filter {
            status: filter
                .status
                .filter(|status| !matches!(status, Status::Ended | Status::Reused)),
            ..filter.clone()
        };
        let mut ended: Vec<i64> = read(&stage, |db| many::endings(db, &live, now))
            .iter()
            .map(|ending| ending.id.get())
            .collect();
        ended.sort_unstable();
        let mut wanted: Vec<i64> = rows
            .iter()
            .filter(|row| row.end.is_none() && passes(&live, row, now))
            .map(|row| row.id)
            .collect();
        wanted.sort_unstable();
        assert_eq!(ended, wanted, "{live:?}");
    }
    assert!(seen > 10_000, "the filters let something pass: {seen}");
}

/// All pages in a row, and all pages back from the last one.
fn turned(
    stage: &Stage,
    filter: &Filter,
    now: Now,
    wanted: impl Fn(Turn) -> Wanted,
) -> (Vec<i64>, Vec<i64>) {
    let page = |turn| read(stage, |db| page::page(db, filter, now, &wanted(turn)));
    let sort = wanted(Turn::First).sort;
    let through_text =
        |place: Place| Place::from_text(sort, &place.to_text(sort)).expect("a place");
    let mut there = Vec::new();
    let mut last = page(Turn::First);
    assert_eq!(last.previous, None);
    let total = last.total;
    for _ in 0..SESSIONS {
        there.extend(ids(&last));
        assert_eq!(last.total, total);
        match last.next.clone() {
            Some(place) => last = page(Turn::Behind(through_text(place))),
            None => break,
        }
    }
    assert_eq!(total, there.len() as u64, "{filter:?}");
    let mut back = vec![ids(&last)];
    for _ in 0..SESSIONS {
        let Some(place) = last.previous.clone() else {
            break;
        };
        last = page(Turn::Before(through_text(place)));
        assert!(!last.rows.is_empty());
        back.push(ids(&last));
    }
    back.reverse();
    (there, back.concat())
}

#[rocket::async_test]
async fn the_tally_counts_what_begins_ends_and_goes() {
    let stage = Stage::new().await;
    let tally = || {
        let kept = read(&stage, tally::tally);
        let count =
            |which: &str| stage.number(&format!("SELECT count(*) FROM sessions WHERE {which}"));
        let counted = [
            count("end_reason IS NULL"),
            count("end_reason <> 'reuse'"),
            count("end_reason = 'reuse'"),
        ];
        assert_eq!(
            counted.map(i64::unsigned_abs),
            [kept.live, kept.ended, kept.reused]
        );
        (kept.live, kept.ended, kept.reused)
    };
    assert_eq!(tally(), (0, 0, 0));
    let pair = stage.register("alice").await;
    let other = stage.login("alice").await;
    stage.login("alice").await;
    assert_eq!(tally(), (3, 0, 0));
    let next = stage.rotate(&pair.refresh).await;
    assert_eq!(tally(), (3, 0, 0));
    stage
        .ask(
            rocket::http::Method::Post,
            "/api/auth/logout-all",
            &other.access,
        )
        .await;
    assert_eq!(tally(), (0, 3, 0));
    let pair = stage.login("alice").await;
    stage.rotate(&pair.refresh).await;
    stage.clock.advance(HOUR);
    assert_eq!(stage.refresh(&pair.refresh).await.status, 401);
    assert_eq!(tally(), (0, 3, 1));
    drop(next);
    stage.sql("DELETE FROM sessions WHERE end_reason = 'reuse'");
    assert_eq!(tally(), (0, 3, 0));
}

#[rocket::async_test]
async fn a_client_that_moves_is_found_where_it_is_now() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let from = |text: &str| {
        let filter = Filter {
            network: Some(text.parse().expect("a network")),
            ..Filter::default()
        };
        let now = stage.now();
        read(&stage, |db| page::total(db, &filter, now))
    };
    assert_eq!((from("203.0.113.0/24"), from("198.51.100.7")), (1, 0));
    let body = serde_json::json!({"refresh_token": pair.refresh}).to_string();
    let call = stage.request(rocket::http::Method::Post, "/api/auth/refresh");
    let answer = call
        .peer("198.51.100.7")
        .header("User-Agent", "curl/8")
        .json(body)
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!((from("203.0.113.0/24"), from("198.51.100.7")), (0, 1));
    let with = Filter {
        device: Some("CURL".to_owned()),
        ..Filter::default()
    };
    let now = stage.now();
    assert_eq!(read(&stage, |db| page::total(db, &with, now)), 1);
    // Not past its time by a day, and expiring two days later.
    stage.clock.advance(Duration::from_hours(28 * 24));
    let now = stage.now();
    for status in [Status::Active, Status::Expiring] {
        let filter = Filter {
            status: Some(status),
            ..Filter::default()
        };
        assert_eq!(
            read(&stage, |db| page::total(db, &filter, now)),
            1,
            "{status:?}"
        );
    }
    let never: Timestamp = Timestamp::from_micros(0);
    assert!(now.at > never);
}

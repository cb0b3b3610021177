//! Pages of many sessions: every filter, order and page against a filter and a sort in Rust, over random sessions.

mod model;

use std::time::Duration;

use hub::features::sessions::store::many::order::{Place, Sort};
use hub::features::sessions::store::many::page::{self, Page, SORTED_ROWS, Turn, Wanted};
use hub::features::sessions::store::many::{self, Filter, Now, Status, tally};
use hub::store::StoreError;
use hub::types::entropy::SeededEntropy;

use crate::sessions::pages::model::{Chance, SESSIONS, any_filter, expected, passes, rows};
use crate::stage::{HOUR, Stage};

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
}

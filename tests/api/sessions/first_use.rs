//! `POST /api/auth/refresh`: when a generation was first used, and where a rotation is said to have come from.

use hub::features::sessions::model::FirstUse;
use hub::features::sessions::{refresh, store};
use hub::store::StoreError;
use serde_json::json;

use crate::answer::session_of;
use crate::stage::{Call, Pair, SECOND, Stage};

const REFUSED: &str = "Invalid or expired refresh token";
/// Events that are kept a session, and one more.
const FLOOD: usize = 101;

/// Presents one token so often that the session's lineage knows of nothing else.
async fn flood(stage: &Stage, token: &str) {
    for _ in 0..FLOOD {
        stage.refresh(token).await;
    }
    let others = "SELECT count(*) FROM lineage WHERE kind IN ('start', 'rotate')";
    assert_eq!(stage.number(others), 0);
}

/// What the Hub finds about a generation of the session of this pair.
fn first_use(stage: &Stage, pair: &Pair, generation: i64) -> Option<FirstUse> {
    let session = session_of(&pair.access).parse().expect("a session");
    let read = stage.store.read::<_, StoreError>(|db| {
        let (session, _) = store::load(db, session)?.expect("stored");
        refresh::first_use(db, &session, generation)
    });
    read.expect("readable")
}

#[rocket::async_test]
async fn a_flood_of_refused_tries_hides_no_second_use_of_the_last_two_generations() {
    for ancestor in [1, 2] {
        let stage = Stage::without_limits().await;
        let mut line = vec![stage.register("alice").await];
        for _ in 0..2 {
            let last = line.last().expect("one");
            line.push(stage.rotate(&last.refresh).await);
        }
        let used = &line[2 - ancestor];
        stage.clock.advance(9 * SECOND);
        flood(&stage, &used.refresh).await;
        assert_eq!(stage.number("SELECT ended_at IS NULL FROM sessions"), 1);
        // Less than the grace after all that the lineage knows of, and more than it after the first use.
        stage.clock.advance(2 * SECOND);
        let thief = stage.refresh(&used.refresh).await;
        thief.is_error(401, REFUSED, "token_reused");
        let reason = "SELECT coalesce(end_reason, 'none') FROM sessions";
        assert_eq!(stage.text(reason), "reuse", "{ancestor}");
    }
}

#[rocket::async_test]
async fn the_present_generation_and_later_ones_were_not_used() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    assert_eq!(first_use(&stage, &first, 1), None);
    stage.rotate(&first.refresh).await;
    assert!(first_use(&stage, &first, 1).is_some());
    for generation in [2, 3, i64::MAX] {
        assert_eq!(first_use(&stage, &first, generation), None);
    }
}

#[rocket::async_test]
async fn the_first_use_of_each_ancestor_is_the_moment_of_the_rotation_after_it() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let mut last = first.clone();
    let mut moments = Vec::new();
    for _ in 0..4 {
        stage.clock.advance(20 * SECOND);
        moments.push(stage.cause().at);
        last = stage.rotate(&last.refresh).await;
    }
    for (generation, moment) in (1..).zip(moments) {
        let Some(FirstUse::At(found)) = first_use(&stage, &first, generation) else {
            panic!("generation {generation} was used");
        };
        assert_eq!(
            (found.wall, found.steady, found.boot),
            (moment.wall, moment.steady, moment.boot),
            "{generation}"
        );
    }
}

#[rocket::async_test]
async fn a_row_that_does_not_know_when_the_generation_before_was_made_asks_the_lineage() {
    let stage = Stage::new().await;
    let first = stage.register("alice").await;
    let second = stage.rotate(&first.refresh).await;
    let third = stage.rotate(&second.refresh).await;
    stage.sql(
        "UPDATE sessions SET previous_at = NULL, previous_steady = NULL, previous_boot = NULL",
    );
    stage.clock.advance(10 * SECOND);
    let late = stage.rotate(&first.refresh).await;
    assert_eq!(late.refresh, third.refresh);
}

/// A refresh that must succeed, as a client that stands there and calls itself so.
async fn rotate_from(stage: &Stage, token: &str, peer: &str, name: &str) -> Pair {
    let call: Call<'_> = stage.request(rocket::http::Method::Post, "/api/auth/refresh");
    let body = json!({"refresh_token": token}).to_string();
    let call = call.peer(peer).header("User-Agent", name).json(body);
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.pair()
}

#[rocket::async_test]
async fn a_session_shows_where_its_last_rotation_came_from_whatever_of_it_is_new() {
    let stage = Stage::new().await;
    let mut pair = stage.register("alice").await;
    for (peer, name) in [
        ("198.51.100.1", "one"),
        ("198.51.100.2", "one"),
        ("198.51.100.2", "two"),
        ("198.51.100.2", "two"),
        ("198.51.100.3", "three"),
    ] {
        pair = rotate_from(&stage, &pair.refresh, peer, name).await;
        let shown = "SELECT s.address || ' ' || a.text
                     FROM sessions s
                     JOIN user_agents a ON a.id = s.agent";
        assert_eq!(stage.text(shown), format!("{peer} {name}"));
        let told = "SELECT l.address || ' ' || a.text
                    FROM lineage l
                    JOIN user_agents a ON a.id = l.agent
                    ORDER BY l.position DESC
                    LIMIT 1";
        assert_eq!(stage.text(told), format!("{peer} {name}"));
    }
}

//! Who gets in when there are more connections than places.

use std::net::Ipv4Addr;
use std::time::Duration;

use hub::front::Limits;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Caller, PATIENCE, Stage};

/// Short enough for a test, long enough for a busy machine to do what it must within it.
const GRACE: Duration = Duration::from_millis(400);

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
const WAITS: &[u8] = b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n";
const HALF: &[u8] = b"GET /hello HTTP/1.1\r\nHost: ";

async fn stage_of(max_connections: usize, max_connections_per_network: usize) -> Stage {
    Stage::with(Limits {
        max_connections,
        max_connections_per_network,
        eviction_grace: GRACE,
        ..Limits::default()
    })
    .await
}

async fn greet(caller: &mut Caller) {
    caller.send(HELLO).await;
    assert_eq!(caller.answer().await.text(), "hello");
}

/// Waits until as many requests as that are being worked on.
async fn working(stage: &Stage, requests: u32) {
    let reached = timeout(PATIENCE, stage.gate.reached.acquire_many(requests)).await;
    reached.unwrap().unwrap().forget();
}

#[rocket::async_test]
async fn the_connection_that_is_idle_longest_makes_room_for_a_new_one() {
    let stage = stage_of(3, 3).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let mut caller = stage.connect().await;
        greet(&mut caller).await;
        all.push(caller);
    }
    let (mut first, mut second, mut third) = {
        let mut all = all.into_iter();
        (
            all.next().unwrap(),
            all.next().unwrap(),
            all.next().unwrap(),
        )
    };
    // By age the first is the oldest, by idleness the second.
    greet(&mut first).await;
    sleep(GRACE).await;
    let mut other = stage.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    greet(&mut other).await;
    assert_eq!(second.rest().await, "");
    greet(&mut third).await;
    greet(&mut first).await;
    greet(&mut other).await;
}

#[rocket::async_test]
async fn a_connection_that_is_being_served_is_never_closed_for_another() {
    let stage = stage_of(2, 2).await;
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut caller = stage.connect().await;
        caller.send(WAITS).await;
        served.push(caller);
    }
    working(&stage, 2).await;
    let mut third = stage.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    third.send(HELLO).await;
    let unanswered = timeout(GRACE * 2, third.stream.readable()).await;
    assert!(unanswered.is_err());
    stage.gate.open.add_permits(2);
    for caller in &mut served {
        assert_eq!(caller.answer().await.text(), "waited");
    }
    // Now both are idle, and the one that waited at the door comes in.
    assert_eq!(third.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn a_free_place_is_given_at_once() {
    let stage = stage_of(2, 2).await;
    let mut callers = Vec::new();
    for _ in 0..2 {
        let mut caller = stage.connect().await;
        caller.send(WAITS).await;
        callers.push(caller);
    }
    working(&stage, 2).await;
    let mut third = stage.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    third.send(HELLO).await;
    drop(callers.pop());
    assert_eq!(third.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn half_a_head_and_silence_hold_a_place_for_no_longer_than_the_grace() {
    let stage = stage_of(3, 3).await;
    let mut silent = stage.connect().await;
    let mut half = stage.connect().await;
    half.send(HALF).await;
    let mut second_half = stage.connect().await;
    greet(&mut second_half).await;
    second_half.send(HALF).await;
    let mut callers = Vec::new();
    let begun = Instant::now();
    for number in 0..3 {
        let mut caller = stage
            .connect_from(Ipv4Addr::new(127, 0, 0, 2 + number))
            .await;
        caller.send(WAITS).await;
        callers.push(caller);
    }
    working(&stage, 3).await;
    assert!(begun.elapsed() > GRACE / 2, "{:?}", begun.elapsed());
    assert!(begun.elapsed() < Limits::default().header_deadline);
    for gone in [&mut silent, &mut half, &mut second_half] {
        assert_eq!(gone.rest().await, "");
    }
    stage.gate.open.add_permits(3);
    for caller in &mut callers {
        assert_eq!(caller.answer().await.text(), "waited");
    }
}

#[rocket::async_test]
async fn a_request_that_was_sent_before_its_connection_had_to_go_is_answered() {
    let stage = Stage::with(Limits {
        max_connections: 1,
        eviction_grace: Duration::ZERO,
        ..Limits::default()
    })
    .await;
    let mut before = stage.connect().await;
    greet(&mut before).await;
    for _ in 0..200 {
        // It is idle and the only one, so whoever comes now asks it to go.
        before.send(HELLO).await;
        let mut next = stage.connect().await;
        assert_eq!(before.answer().await.text(), "hello");
        assert_eq!(before.rest().await, "");
        greet(&mut next).await;
        before = next;
    }
}

#[rocket::async_test]
async fn a_network_at_its_limit_makes_room_from_its_own_and_leaves_others_alone() {
    let stage = stage_of(100, 2).await;
    let mut other = stage.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    greet(&mut other).await;
    let mut before = stage.connect().await;
    greet(&mut before).await;
    // No grace for what is idle: a client that opens one after the other is done with the old ones.
    let begun = Instant::now();
    for _ in 0..50 {
        let mut middle = stage.connect().await;
        greet(&mut middle).await;
        let mut last = stage.connect().await;
        greet(&mut last).await;
        assert_eq!(before.rest().await, "");
        before = middle;
    }
    assert!(begun.elapsed() < GRACE * 50);
    greet(&mut other).await;
}

#[rocket::async_test]
async fn a_network_that_is_busy_up_to_its_limit_is_refused_further_connections() {
    let stage = stage_of(100, 2).await;
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut caller = stage.connect().await;
        caller.send(WAITS).await;
        served.push(caller);
    }
    working(&stage, 2).await;
    // However long their requests take.
    sleep(GRACE * 2).await;
    let mut refused = stage.connect().await;
    // The door may be faster than this request.
    let _gone = refused.stream.write_all(HELLO).await;
    assert_eq!(refused.rest().await, "");
    let mut other = stage.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    greet(&mut other).await;
    stage.gate.open.add_permits(2);
    for caller in &mut served {
        assert_eq!(caller.answer().await.text(), "waited");
    }
    // What ended does not count.
    drop(served);
    let mut again = stage.connect().await;
    greet(&mut again).await;
}

#[rocket::async_test]
async fn many_more_than_there_are_places_come_and_go_without_a_trace() {
    let stage = Stage::with(Limits {
        max_connections: 40,
        max_connections_per_network: 10,
        eviction_grace: Duration::ZERO,
        ..Limits::default()
    })
    .await;
    let mut open = Vec::new();
    for number in 0..600_u16 {
        let network = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 7).unwrap());
        let mut caller = stage.connect_from(network).await;
        if !number.is_multiple_of(3) {
            // Refused where all of its network are busy, which none is here.
            greet(&mut caller).await;
        }
        if number.is_multiple_of(5) {
            caller.send(HALF).await;
        }
        open.push(caller);
    }
    drop(open);
    // All places are free again: as many as there are can be busy at once.
    let mut served = Vec::new();
    for number in 0..40 {
        let mut caller = stage
            .connect_from(Ipv4Addr::new(127, 0, 2, number % 4))
            .await;
        caller.send(WAITS).await;
        served.push(caller);
    }
    working(&stage, 40).await;
    stage.gate.open.add_permits(40);
    for caller in &mut served {
        assert_eq!(caller.answer().await.text(), "waited");
    }
}

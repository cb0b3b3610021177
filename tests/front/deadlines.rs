//! How long a client may take.

use std::time::Duration;

use hub::front::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::{Instant, sleep};

use super::stage::{Stage, assert_refused};

/// Short enough for a test, long enough for a busy machine.
const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_mins(1);

/// Limits of which only the one under test can be reached.
fn patient() -> Limits {
    Limits {
        header_deadline: LONG,
        body_deadline: LONG,
        idle_timeout: LONG,
        write_stall_deadline: LONG,
        // All of a test's connections come from one address.
        max_connections_per_network: usize::MAX,
        ..Limits::default()
    }
}

/// Both ends of every connection are in this process.
fn allow_descriptors(needed: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let raised = Rlimit {
            current: Some(needed),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised).expect("this test needs more descriptors");
    }
}

#[rocket::async_test]
async fn half_sent_requests_are_closed_in_time_while_a_healthy_client_is_answered() {
    allow_descriptors(4_096);
    let deadline = Duration::from_secs(1);
    let stage = Stage::with(Limits {
        header_deadline: deadline,
        ..patient()
    })
    .await;
    let mut half = Vec::new();
    for _ in 0..1_000 {
        let mut caller = stage.connect().await;
        caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n").await;
        half.push(caller);
    }
    let last_opened = Instant::now();
    let mut healthy = stage.connect().await;
    let mut answered = 0;
    while last_opened.elapsed() < deadline {
        healthy
            .send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        assert_eq!(healthy.answer().await.text(), "hello");
        answered += 1;
        sleep(Duration::from_millis(5)).await;
    }
    for caller in &mut half {
        assert_eq!(caller.rest().await, "");
    }
    assert!(
        last_opened.elapsed() < deadline * 4,
        "{:?}",
        last_opened.elapsed()
    );
    assert!(answered >= 20, "only {answered} answers");
    healthy
        .send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(healthy.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn a_head_that_drips_gets_no_more_time_than_one_that_stands_still() {
    let stage = Stage::with(Limits {
        header_deadline: SHORT,
        ..patient()
    })
    .await;
    let mut caller = stage.connect().await;
    let begun = Instant::now();
    caller.send(b"GET /hello HTTP/1.1\r\n").await;
    let mut drips = 0;
    while begun.elapsed() < SHORT * 10 {
        sleep(SHORT / 8).await;
        let drip = tokio::io::AsyncWriteExt::write_all(&mut caller.stream, b"X: y\r\n").await;
        drips += 1;
        if drip.is_err() {
            break;
        }
    }
    assert!(drips > 4, "closed before its time");
    assert!(begun.elapsed() < SHORT * 5);
}

#[rocket::async_test]
async fn a_connection_that_says_nothing_has_the_time_of_a_head() {
    let stage = Stage::with(Limits {
        header_deadline: SHORT,
        ..patient()
    })
    .await;
    let begun = Instant::now();
    let mut caller = stage.connect().await;
    assert_eq!(caller.rest().await, "");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < SHORT * 5);
}

#[rocket::async_test]
async fn the_second_head_of_a_connection_has_its_deadline_too() {
    let stage = Stage::with(Limits {
        header_deadline: SHORT,
        ..patient()
    })
    .await;
    let mut caller = stage.connect().await;
    caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(caller.answer().await.text(), "hello");
    // Idle for longer than a head may take, which is no matter.
    sleep(SHORT * 2).await;
    let begun = Instant::now();
    caller.send(b"GET /hello HTTP/1.1\r\n").await;
    assert_eq!(caller.rest().await, "");
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < SHORT * 5);
}

#[rocket::async_test]
async fn an_idle_connection_is_closed_and_each_request_starts_the_time_anew() {
    let stage = Stage::with(Limits {
        idle_timeout: SHORT,
        ..patient()
    })
    .await;
    let mut caller = stage.connect().await;
    for _ in 0..4 {
        sleep(SHORT / 2).await;
        caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(caller.answer().await.text(), "hello");
    }
    let begun = Instant::now();
    assert_eq!(caller.rest().await, "");
    assert!(begun.elapsed() >= SHORT / 2 && begun.elapsed() < SHORT * 5);
}

#[rocket::async_test]
async fn a_slow_handler_is_not_an_idle_connection() {
    let limits = Limits {
        idle_timeout: SHORT,
        header_deadline: SHORT,
        ..patient()
    };
    let stage = Stage::with(limits).await;
    let mut caller = stage.connect().await;
    caller.send(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(SHORT * 2).await;
    stage.gate.open.add_permits(1);
    assert_eq!(caller.answer().await.text(), "waited");
}

#[rocket::async_test]
async fn a_body_that_does_not_come_in_time_is_refused() {
    let stage = Stage::with(Limits {
        body_deadline: SHORT,
        ..patient()
    })
    .await;
    let begun = Instant::now();
    let mut caller = stage.connect().await;
    caller
        .send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        .await;
    let said = caller.rest().await;
    assert_refused(&said, 408, "Request timed out", "request_timeout");
    assert!(begun.elapsed() >= SHORT);
}

#[rocket::async_test]
async fn a_reader_that_stops_reading_is_closed() {
    let stage = Stage::with(Limits {
        write_stall_deadline: SHORT,
        ..patient()
    })
    .await;
    let mut stalled = stage.connect().await;
    stalled.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let head = stalled.head().await;
    assert!(head.contains("content-length: 33554432"), "{head}");
    sleep(SHORT * 4).await;
    assert!(stalled.rest().await.len() < 32 << 20);
    // One that reads gets all of it, however long that takes.
    let mut reading = stage.connect().await;
    reading.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(reading.answer().await.body.len(), 32 << 20);
}

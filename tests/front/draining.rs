//! How the door closes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hub::front::{Drained, Limits};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{PATIENCE, Stage};

#[rocket::async_test]
async fn idle_connections_are_closed_at_once_and_new_ones_refused() {
    let stage = Stage::new().await;
    let address = stage.address;
    let gate = Arc::clone(&stage.gate);
    let mut used = stage.connect().await;
    used.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(used.answer().await.text(), "hello");
    let mut unused = stage.connect().await;
    let begun = Instant::now();
    let served = stage.stop();
    assert_eq!(
        (used.rest().await, unused.rest().await),
        (String::new(), String::new())
    );
    let drained = timeout(PATIENCE, served).await.unwrap().unwrap();
    assert_eq!(drained, Drained { cut: 0 });
    assert!(begun.elapsed() < Limits::default().drain);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(gate.shutdown_ran.load(Ordering::SeqCst));
}

#[rocket::async_test]
async fn a_request_that_is_on_its_way_at_the_stop_gets_its_answer() {
    let stage = Stage::new().await;
    let mut used = stage.connect().await;
    used.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(used.answer().await.text(), "hello");
    let mut new = stage.connect().await;
    let mut silent = stage.connect().await;
    let served = stage.stop();
    // The door has closed once the one that is idle is hung up on.
    assert_eq!(used.rest().await, "");
    // As long as a request is on its way.
    sleep(Duration::from_millis(20)).await;
    new.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = new.answer().await;
    assert_eq!(
        (answer.text(), answer.header("connection")),
        ("hello", Some("close"))
    );
    assert_eq!(silent.rest().await, "");
    assert_eq!(served.await.unwrap(), Drained { cut: 0 });
}

#[rocket::async_test]
async fn a_request_that_is_being_worked_on_gets_its_answer() {
    let stage = Stage::new().await;
    let gate = Arc::clone(&stage.gate);
    let mut callers = Vec::new();
    for _ in 0..10 {
        let mut caller = stage.connect().await;
        caller.send(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n").await;
        callers.push(caller);
    }
    let reached = timeout(PATIENCE, gate.reached.acquire_many(10)).await;
    assert!(reached.is_ok_and(|reached| reached.is_ok()));
    let address = stage.address;
    let served = stage.stop();
    // Once nobody is let in any more, every connection has heard of the stop.
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, refused).await.unwrap();
    gate.open.add_permits(10);
    for caller in &mut callers {
        let answer = caller.answer().await;
        assert_eq!(
            (answer.text(), answer.header("connection")),
            ("waited", Some("close"))
        );
        assert_eq!(caller.rest().await, "");
    }
    assert_eq!(served.await.unwrap(), Drained { cut: 0 });
}

#[rocket::async_test]
async fn a_request_that_was_sent_before_the_stop_gets_its_answer() {
    for _ in 0..20 {
        let stage = Stage::new().await;
        let mut callers = Vec::new();
        for _ in 0..30 {
            let mut caller = stage.connect().await;
            caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert_eq!(caller.answer().await.text(), "hello");
            callers.push(caller);
        }
        // Some that the door has not even accepted when it is told to stop.
        for _ in 0..10 {
            callers.push(stage.connect().await);
        }
        for caller in &mut callers {
            caller
                .send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlast")
                .await;
        }
        let served = stage.stop();
        for caller in &mut callers {
            assert_eq!(caller.answer().await.text(), "last");
        }
        assert_eq!(served.await.unwrap(), Drained { cut: 0 });
    }
}

#[rocket::async_test]
async fn a_head_that_was_begun_before_the_stop_may_be_completed() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller.send(b"GET /hello HTTP/1.1\r\n").await;
    let served = stage.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    caller.send(b"Host: a\r\n\r\n").await;
    let answer = caller.answer().await;
    assert_eq!(
        (answer.text(), answer.header("connection")),
        ("hello", Some("close"))
    );
    assert_eq!(served.await.unwrap(), Drained { cut: 0 });
}

#[rocket::async_test]
async fn what_does_not_end_is_cut_and_counted() {
    let drain = Duration::from_millis(200);
    let stage = Stage::with(Limits {
        drain,
        ..Limits::default()
    })
    .await;
    let gate = Arc::clone(&stage.gate);
    let mut streaming = stage.connect().await;
    streaming
        .send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    streaming.until("begun").await;
    let mut waiting = stage.connect().await;
    waiting
        .send(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(
        timeout(PATIENCE, gate.reached.acquire())
            .await
            .is_ok_and(|reached| reached.is_ok())
    );
    let begun = Instant::now();
    let drained = timeout(PATIENCE, stage.stop()).await.unwrap().unwrap();
    assert_eq!(drained, Drained { cut: 2 });
    assert!(begun.elapsed() >= drain && begun.elapsed() < drain * 10);
    assert!(gate.stream_dropped.load(Ordering::SeqCst));
    assert!(gate.shutdown_ran.load(Ordering::SeqCst));
    assert_eq!(waiting.rest().await, "");
}

//! Answers that come in pieces.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::stage::Stage;

#[rocket::async_test]
async fn a_streamed_answer_arrives_in_pieces_before_its_end() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(b"GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    let head = caller.head().await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert_eq!(caller.until("first ").await, "6\r\nfirst \r\n");
    stage.gate.open.add_permits(1);
    assert_eq!(
        caller.until("0\r\n\r\n").await,
        "6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n"
    );
}

#[rocket::async_test]
async fn a_connection_is_good_for_more_after_a_stream() {
    let stage = Stage::new().await;
    stage.gate.open.add_permits(1);
    let mut caller = stage.connect().await;
    caller
        .send(b"GET /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    let said = caller.rest().await;
    assert!(
        said.contains("second\r\n0\r\n\r\nHTTP/1.1 200 OK"),
        "{said}"
    );
    assert!(said.ends_with("hello"), "{said}");
}

#[rocket::async_test]
async fn a_stream_to_http_1_0_ends_with_the_connection() {
    let stage = Stage::new().await;
    stage.gate.open.add_permits(1);
    let said = stage.say(b"GET /pieces HTTP/1.0\r\n\r\n").await;
    assert!(said.ends_with("\r\n\r\nfirst second"), "{said}");
}

#[rocket::async_test]
async fn a_long_answer_passes_with_its_length() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    for _ in 0..2 {
        caller.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(caller.answer().await.body.len(), 32 << 20);
    }
}

#[rocket::async_test]
async fn a_client_that_leaves_ends_its_stream() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    caller.until("begun").await;
    assert!(!stage.gate.stream_dropped.load(Ordering::SeqCst));
    drop(caller);
    for _ in 0..500 {
        if stage.gate.stream_dropped.load(Ordering::SeqCst) {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the stream outlived its reader");
}

//! How much a client may send.

use std::time::Duration;

use tokio::time::sleep;

use super::stage::{Stage, assert_refused};

const LIMIT: usize = 16 * 1024;

fn post(length: usize) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

#[rocket::async_test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    let body = vec![b'b'; LIMIT];
    caller.send(post(LIMIT).as_bytes()).await;
    caller.send(&body).await;
    assert_eq!(caller.answer().await.body, body);
    caller
        .send(
            format!(
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{LIMIT:x}\r\n"
            )
            .as_bytes(),
        )
        .await;
    caller.send(&body).await;
    caller.send(b"\r\n0\r\n\r\n").await;
    assert_eq!(caller.answer().await.body, body);
}

#[rocket::async_test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_sent() {
    let stage = Stage::new().await;
    let said = stage.say(post(LIMIT + 1).as_bytes()).await;
    assert_refused(&said, 413, "Request body too large", "body_too_large");
    let asked = post(LIMIT + 1).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let said = stage.say(asked.as_bytes()).await;
    assert_refused(&said, 413, "Request body too large", "body_too_large");
}

#[rocket::async_test]
async fn a_chunked_body_over_the_limit_is_refused_when_it_gets_there() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for _ in 0..17 {
        caller.send(b"400\r\n").await;
        caller.send(&[b'c'; 1024]).await;
        caller.send(b"\r\n").await;
    }
    let said = caller.rest().await;
    assert_refused(&said, 413, "Request body too large", "body_too_large");
}

#[rocket::async_test]
async fn a_client_in_the_middle_of_a_refused_body_still_reads_the_refusal() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller.send(post(128 * 1024).as_bytes()).await;
    // Like a client that looks for an answer only when it has sent all: closed early, its socket would be reset.
    for _ in 0..8 {
        caller.send(&[b'x'; 16 * 1024]).await;
        sleep(Duration::from_millis(5)).await;
    }
    let said = caller.rest().await;
    assert_refused(&said, 413, "Request body too large", "body_too_large");
}

#[rocket::async_test]
async fn a_head_over_the_limit_is_refused_in_bytes_and_in_lines() {
    let stage = Stage::new().await;
    let line = "HTTP/1.1\r\nHost: a\r\n";
    let fits = format!(
        "GET /hello?{} {line}Connection: close\r\n\r\n",
        "q".repeat(15 * 1024)
    );
    assert!(stage.say(fits.as_bytes()).await.starts_with("HTTP/1.1 200"));
    for request in [
        format!("GET /hello?{} {line}\r\n", "q".repeat(LIMIT)),
        format!("GET /hello {line}X-Long: {}\r\n\r\n", "v".repeat(LIMIT)),
        format!("GET /hello {line}{}\r\n", "X-Line: v\r\n".repeat(100)),
        format!("GET /hello {line}X-Unfinished: {}", "v".repeat(64 * 1024)),
    ] {
        let said = stage.say(request.as_bytes()).await;
        assert_refused(&said, 431, "Request headers too large", "headers_too_large");
    }
}

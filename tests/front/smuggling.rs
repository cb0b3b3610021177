//! Requests that two readers may cut differently: one answer or a refusal, and then the end; never two answers.

use std::time::Duration;

use hub::front::Limits;

use super::stage::{Stage, assert_refused};

/// What a smuggler hides in the body of the outer request.
const INNER: &str = "GET /hello HTTP/1.1\r\nHost: a\r\nX-Inner: 1\r\n\r\n";

/// Sends the bytes and returns the statuses of all answers up to the end of the connection.
async fn statuses(stage: &Stage, request: &str) -> Vec<u16> {
    let mut caller = stage.connect().await;
    caller.send(request.as_bytes()).await;
    // The end of what we send lets a door that still waits for a body give up.
    tokio::io::AsyncWriteExt::shutdown(&mut caller.stream)
        .await
        .unwrap();
    let said = caller.rest().await;
    said.match_indices("HTTP/1.1 ")
        .map(|(at, _)| said[at + 9..at + 12].parse().unwrap())
        .collect()
}

#[rocket::async_test]
async fn two_framings_get_one_answer_and_the_end() {
    let stage = Stage::new().await;
    let outer = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    let length = 5 + INNER.len();
    for request in [
        format!(
            "{outer}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}"
        ),
        format!(
            "{outer}Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n{INNER}"
        ),
        format!("{outer}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{INNER}"),
    ] {
        // Without half-closing, so that the answer is not lost to it.
        let said = stage.say(request.as_bytes()).await;
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{request:?}: {said}");
    }
}

#[rocket::async_test]
async fn framings_that_are_not_exact_are_refused_with_nothing_after_them() {
    let stage = Stage::new().await;
    let outer = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    for framing in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: -5\r\n\r\nhello",
        "Content-Length: 0x5\r\n\r\nhello",
        "Content-Length: 5 5\r\n\r\nhello",
        "Content-Length: \r\n\r\nhello",
        "Content-Length: 18446744073709551621\r\n\r\nhello",
        "Content-Length : 5\r\n\r\nhello",
        "Content-Length\t: 5\r\n\r\nhello",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n x\r\n\r\n0\r\n\r\n",
        "X-Folded: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: identity\r\n\r\nhello",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "X: a\rContent-Length: 5\r\n\r\nhello",
    ] {
        let said = stage
            .say(format!("{outer}{framing}{INNER}").as_bytes())
            .await;
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{framing:?}: {said}");
        let refused = said.starts_with("HTTP/1.1 400") || said.starts_with("HTTP/1.1 501");
        assert!(refused, "{framing:?}: {said}");
    }
}

#[rocket::async_test]
async fn chunks_that_are_not_exact_are_refused_with_nothing_after_them() {
    let stage = Stage::new().await;
    let outer = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for chunks in [
        "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\rhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
    ] {
        let said = stage
            .say(format!("{outer}{chunks}{INNER}").as_bytes())
            .await;
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{chunks:?}: {said}");
        assert!(said.starts_with("HTTP/1.1 400"), "{chunks:?}: {said}");
    }
}

#[rocket::async_test]
async fn the_largest_chunk_that_can_be_written_is_waited_for_and_no_longer_than_any_body() {
    let body_deadline = Duration::from_millis(300);
    let stage = Stage::with(Limits {
        body_deadline,
        ..Limits::default()
    })
    .await;
    let outer = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let said = stage
        .say(format!("{outer}ffffffffffffffff\r\n0\r\n\r\n{INNER}").as_bytes())
        .await;
    assert_refused(&said, 408, "Request timed out", "request_timeout");
}

#[rocket::async_test]
async fn a_body_that_looks_like_a_request_is_a_body() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    let length = INNER.len();
    for framed in [
        format!("Content-Length: {length}\r\n\r\n{INNER}"),
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{INNER}\r\n0\r\n\r\n"),
        format!(
            "Transfer-Encoding: Chunked\r\n\r\n{length:x};x=y\r\n{INNER}\r\n0\r\nX-Trailer: 1\r\n\r\n"
        ),
    ] {
        let request = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{framed}");
        caller.send(request.as_bytes()).await;
        assert_eq!(caller.answer().await.text(), INNER);
    }
}

#[rocket::async_test]
async fn bare_line_feeds_and_cut_off_requests_never_make_two_answers() {
    let stage = Stage::new().await;
    for request in [
        format!(
            "POST /echo HTTP/1.1\nHost: a\nContent-Length: {}\n\n{INNER}",
            INNER.len()
        ),
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n{INNER}"),
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nX: \nContent-Length: {}\r\n\r\n{INNER}",
            INNER.len()
        ),
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n999\r\n{INNER}"
        ),
        format!("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}"),
    ] {
        let statuses = statuses(&stage, &request).await;
        assert!(statuses.len() <= 1, "{request:?}: {statuses:?}");
    }
}

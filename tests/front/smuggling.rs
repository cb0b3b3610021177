//! Requests that two readers may cut differently: one answer or a refusal, and then the end. What is hidden behind never reaches Rocket.

use std::time::Duration;

use hub::front::Limits;

use super::stage::{Stage, assert_refused};

/// What a smuggler hides behind or within the outer request; no route has this path, and Rocket would note it.
const INNER: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Inner: 1\r\n\r\n";
const OUTER: &str = "POST /echo HTTP/1.1\r\nHost: a\r\n";
/// What Rocket sees of the outer request.
const SEEN: &str = "POST /echo";

/// Bodies that never come are not waited for long.
async fn stage() -> Stage {
    Stage::with(Limits {
        body_deadline: Duration::from_millis(300),
        ..Limits::default()
    })
    .await
}

/// Sends it on a connection of its own, reads to the end of that, and returns the statuses of all answers.
async fn statuses(stage: &Stage, request: &str) -> Vec<u16> {
    let said = stage.say(request.as_bytes()).await;
    said.match_indices("HTTP/1.1 ")
        .map(|(at, _)| said[at + 9..at + 12].parse().unwrap())
        .collect()
}

/// Refused with the end of the connection, and Rocket saw nothing of it.
async fn assert_stopped(stage: &Stage, request: &str) {
    let statuses = statuses(stage, request).await;
    let refusals = [400, 408, 413, 414, 431, 501];
    assert!(
        statuses.len() == 1 && refusals.contains(&statuses[0]),
        "{request:?}: {statuses:?}"
    );
    assert_eq!(stage.seen(), [""; 0], "{request:?}");
}

/// Refused, or answered as the one request that it is, and in both cases the connection ended.
async fn assert_cut_once(stage: &Stage, request: &str) {
    let statuses = statuses(stage, request).await;
    assert_eq!(statuses.len(), 1, "{request:?}: {statuses:?}");
    let seen: &[&str] = if statuses == [200] { &[SEEN] } else { &[] };
    assert_eq!(stage.seen(), seen, "{request:?}: {statuses:?}");
}

#[rocket::async_test]
async fn two_framings_at_once_get_one_answer_and_the_end() {
    let stage = stage().await;
    let inner = 5 + INNER.len();
    for length in [0, 4, 5, inner] {
        for coding in [
            "chunked",
            "CHUNKED",
            "\tchunked",
            "  chunked",
            "chunked\t",
            "chunked \t ",
        ] {
            for framings in [
                format!("Content-Length: {length}\r\nTransfer-Encoding: {coding}\r\n"),
                format!("Transfer-Encoding: {coding}\r\nContent-Length: {length}\r\n"),
                format!("transfer-encoding:{coding}\r\nCONTENT-LENGTH:{length}\r\n"),
            ] {
                let request = format!("{OUTER}{framings}\r\n0\r\n\r\n{INNER}");
                assert_cut_once(&stage, &request).await;
            }
        }
    }
}

#[rocket::async_test]
async fn a_transfer_coding_that_is_not_exactly_chunked_is_refused() {
    let stage = stage().await;
    for coding in [
        "xchunked",
        "chunkedx",
        "chunk",
        "\u{b}chunked",
        "chunked\u{b}",
        "\u{c}chunked",
        "\"chunked\"",
        "'chunked'",
        "chunked;q=1",
        "chunked,",
        ",chunked",
        "chunked, chunked",
        "chunked, identity",
        "identity, chunked",
        "identity",
        "gzip, chunked",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "identity\r\nTransfer-Encoding: chunked",
        "\r\n chunked",
        "\r\n\tchunked",
        "chunked\r\n x",
        "chunked\0",
        "\0chunked",
        "",
    ] {
        for length in ["", "Content-Length: 5\r\n"] {
            let framing = format!("{length}Transfer-Encoding: {coding}\r\n");
            assert_stopped(&stage, &format!("{OUTER}{framing}\r\n0\r\n\r\n{INNER}")).await;
        }
    }
}

#[rocket::async_test]
async fn a_length_that_is_not_exactly_one_number_is_refused() {
    let stage = stage().await;
    for length in [
        "5\r\nContent-Length: 6",
        "6\r\nContent-Length: 5",
        "5\r\nContent-Length: 5\r\nContent-Length: 0",
        "5, 5",
        "5,5",
        "5;5",
        "+5",
        "-5",
        "-1",
        "-0",
        "0x5",
        "5.0",
        "5e0",
        "5 5",
        "5_0",
        "",
        " ",
        "five",
        "\u{665}",
        "5\0",
        "\u{b}5",
        "\r\n 5",
        "5\r\n 0",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551621",
        "36893488147419103237",
        "99999999999999999999",
        "9223372036854775813",
        "4294967301",
    ] {
        let framing = format!("Content-Length: {length}\r\n\r\nhello");
        assert_stopped(&stage, &format!("{OUTER}{framing}{INNER}")).await;
    }
}

#[rocket::async_test]
async fn chunks_that_are_not_exact_are_refused() {
    let stage = stage().await;
    let long = "x".repeat(32 * 1024);
    for chunks in [
        "10000000000000000\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "7fffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";a\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "5\0\r\nhello\r\n0\r\n\r\n",
        &format!("5;{long}\r\nhello\r\n0\r\n\r\n"),
        &format!("5\r\nhello\r\n0\r\nX-Trailer: {long}\r\n\r\n"),
        &format!(
            "5\r\nhello\r\n0\r\n{}\r\n",
            "X-Trailer: 1\r\n".repeat(10_000)
        ),
    ] {
        let coding = "Transfer-Encoding: chunked\r\n\r\n";
        assert_stopped(&stage, &format!("{OUTER}{coding}{chunks}{INNER}")).await;
    }
}

#[rocket::async_test]
async fn a_header_line_that_can_be_read_in_two_ways_is_refused() {
    let stage = stage().await;
    for line in [
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Content-Length\u{b}: 5",
        "Content-Length\0: 5",
        "Content\0-Length: 5",
        " Content-Length: 5",
        "\tContent-Length: 5",
        "Content Length: 5",
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "X-Folded: a\r\n b\r\nContent-Length: 5",
        "X: a\rContent-Length: 5",
        "X: a\r\rContent-Length: 5",
        "X: a\0\r\nContent-Length: 5",
        "X\r\nContent-Length: 5",
        ": x\r\nContent-Length: 5",
        "\u{ff}: x\r\nContent-Length: 5",
        "Content-Length: 5\r\nHost: a",
        "Content-Length: 5\r\nHost: b",
        "Content-Length: 5\r\nHost : b",
        "Content-Length: 5\r\n Host: b",
    ] {
        assert_stopped(&stage, &format!("{OUTER}{line}\r\n\r\nhello{INNER}")).await;
    }
}

#[rocket::async_test]
async fn a_request_line_that_can_be_read_in_two_ways_is_refused() {
    let stage = stage().await;
    for line in [
        " POST /echo HTTP/1.1",
        "\tPOST /echo HTTP/1.1",
        "\0POST /echo HTTP/1.1",
        "POST  /echo HTTP/1.1",
        "POST\t/echo HTTP/1.1",
        "POST /echo  HTTP/1.1",
        "POST /echo\tHTTP/1.1",
        "POST /echo HTTP/1.1 ",
        "POST /echo HTTP/1.1\t",
        "POST /echo HTTP/1.2",
        "POST /echo HTTP/1.10",
        "POST /echo HTTP/2.0",
        "POST /echo HTTP/0.9",
        "POST /echo http/1.1",
        "POST /echo HTTP/ 1.1",
        "POST /echo",
        "GET /hello",
        "POST /ec\rho HTTP/1.1",
        "POST /ec ho HTTP/1.1",
        "POST http://b/echo HTTP/1.1",
        "POST http://a@b/echo HTTP/1.1",
        "POST http://b@a/echo HTTP/1.1",
        "POST http://a:81/echo HTTP/1.1",
        "POST https://a/echo HTTP/1.1",
        "POST //b/../echo?\u{0} HTTP/1.1",
        "POST echo HTTP/1.1",
        "POST * HTTP/1.1",
        "POST a:80 HTTP/1.1",
    ] {
        let rest = "Host: a\r\nContent-Length: 5\r\n\r\nhello";
        assert_stopped(&stage, &format!("{line}\r\n{rest}{INNER}")).await;
    }
    for rest in [
        "\r\n",
        "Content-Length: 0\r\n\r\n",
        "Host:\r\nHost: a\r\n\r\n",
        "Host: a, b\r\n\r\n",
        "Host: a b\r\n\r\n",
        "Host: a/b\r\n\r\n",
        "Host: a\r\nX: y\r\nhost: a\r\n\r\n",
    ] {
        assert_stopped(&stage, &format!("POST /echo HTTP/1.1\r\n{rest}{INNER}")).await;
    }
    // HTTP/0.9 has nothing but this line.
    assert_stopped(&stage, "GET /hello\r\n\r\n").await;
    // Chunks do not exist in HTTP/1.0: another reader takes them for the beginning of the next request.
    let old = "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n";
    assert_stopped(&stage, &format!("{old}\r\n0\r\n\r\n{INNER}")).await;
}

#[rocket::async_test]
async fn the_largest_chunk_that_can_be_written_is_waited_for_and_no_longer_than_any_body() {
    let stage = stage().await;
    let outer = format!("{OUTER}Transfer-Encoding: chunked\r\n\r\n");
    let said = stage
        .say(format!("{outer}fffffffffffffff0\r\n0\r\n\r\n{INNER}").as_bytes())
        .await;
    assert_refused(&said, 408, "Request timed out", "request_timeout");
    assert_eq!(stage.seen(), [""; 0]);
}

#[rocket::async_test]
async fn a_body_that_looks_like_a_request_is_a_body() {
    let stage = stage().await;
    let mut caller = stage.connect().await;
    let length = INNER.len();
    for framed in [
        format!("Content-Length: {length}\r\n\r\n{INNER}"),
        format!("content-length:{length}\r\n\r\n{INNER}"),
        format!("CONTENT-LENGTH: \t {length} \t\r\n\r\n{INNER}"),
        format!("Content-Length: 000{length}\r\n\r\n{INNER}"),
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("Content-Length: {length}\r\nContent-Length: 0{length}\r\n\r\n{INNER}"),
        // Not one of the headers that a client may take away for the way between two servers.
        format!("Connection: content-length\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("Connection: host, keep-alive\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        // No header of HTTP, whatever a careless reader takes it for.
        format!("Transfer_Encoding: chunked\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("X-Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("Upgrade: h2c, websocket\r\nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{INNER}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n000{length:X}\r\n{INNER}\r\n000\r\n\r\n"),
        format!(
            "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{INNER}\r\n0\r\n\r\n"
        ),
        format!(
            "Transfer-Encoding: Chunked\r\n\r\n{length:x};x=y\r\n{INNER}\r\n0\r\nX-Trailer: 1\r\n\r\n"
        ),
        // What comes in trailers is too late to frame or to route anything.
        format!(
            "Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{INNER}\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n"
        ),
    ] {
        caller.send(format!("{OUTER}{framed}").as_bytes()).await;
        assert_eq!(caller.answer().await.text(), INNER, "{framed:?}");
        assert_eq!(stage.seen(), [SEEN], "{framed:?}");
    }
    let asked = format!("{OUTER}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n");
    caller.send(asked.as_bytes()).await;
    let head = caller.head().await;
    assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
    caller.send(INNER.as_bytes()).await;
    assert_eq!(caller.answer().await.text(), INNER);
    assert_eq!(stage.seen(), [SEEN]);
}

#[rocket::async_test]
async fn methods_without_a_body_have_one_if_it_is_announced() {
    let stage = stage().await;
    let mut caller = stage.connect().await;
    let length = INNER.len();
    for framed in [
        format!("Content-Length: {length}\r\n\r\n{INNER}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{INNER}\r\n0\r\n\r\n"),
    ] {
        for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
            let request = format!("{method} /hello HTTP/1.1\r\nHost: a\r\n{framed}");
            caller.send(request.as_bytes()).await;
            if method == "HEAD" {
                caller.answer_to_head().await;
            } else {
                caller.answer().await;
            }
            assert_eq!(stage.seen(), [format!("{method} /hello")], "{framed:?}");
        }
    }
}

#[rocket::async_test]
async fn nobody_is_talked_into_another_protocol() {
    let stage = stage().await;
    let upgrade = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                   HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    // Two requests to whoever does not know the preface of HTTP/2; here it is the end.
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let answered = statuses(&stage, &format!("{upgrade}{preface}{INNER}")).await;
    assert_eq!(answered, [200]);
    assert_eq!(stage.seen(), ["GET /hello"]);
    let answered = statuses(&stage, &format!("{preface}{INNER}")).await;
    assert_eq!(answered, [0; 0]);
    assert_eq!(stage.seen(), [""; 0]);
}

#[rocket::async_test]
async fn bare_line_feeds_and_cut_off_requests_never_make_two_answers() {
    let stage = stage().await;
    let length = INNER.len();
    for request in [
        format!(
            "POST /echo HTTP/1.1\nHost: a\nConnection: close\nContent-Length: {length}\n\n{INNER}"
        ),
        format!("{OUTER}Connection: close\r\nX: \nContent-Length: {length}\r\n\r\n{INNER}"),
        format!("{OUTER}Content-Length: 999\r\n\r\n{INNER}"),
        format!("{OUTER}Transfer-Encoding: chunked\r\n\r\n999\r\n{INNER}"),
        format!("{OUTER}Transfer-Encoding: chunked\r\n\r\n0\r\n{INNER}"),
    ] {
        assert_cut_once(&stage, &request).await;
    }
}

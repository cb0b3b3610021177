//! What goes in and what comes out.

use super::stage::{Stage, assert_refused};

#[rocket::async_test]
async fn many_requests_are_answered_on_one_connection() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    for turn in 0..200 {
        let body = format!("turn {turn}");
        let length = body.len();
        let request =
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
        caller.send(request.as_bytes()).await;
        let answer = caller.answer().await;
        assert_eq!((answer.status, answer.text()), (200, &*body));
    }
}

#[rocket::async_test]
async fn pipelined_requests_are_answered_in_order() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    let requests: Vec<String> = (0..40)
        .map(|turn| format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{turn:02}"))
        .collect();
    caller.send(requests.concat().as_bytes()).await;
    for turn in 0..40 {
        assert_eq!(caller.answer().await.text(), format!("{turn:02}"));
    }
}

#[rocket::async_test]
async fn a_route_sees_the_peer_the_host_the_cookies_and_no_header_about_the_connection() {
    let stage = Stage::new().await;
    let said = stage
        .say(
            b"GET /who?a=1&b=2 HTTP/1.1\r\nHost: hub.test:8080\r\nCookie: a=b; session=x%20y\r\nX-Other: z\r\n\
              TE: trailers\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        )
        .await;
    assert!(said.contains("remote=Some(127.0.0.1)"), "{said}");
    assert!(said.contains("host=Some(\"hub.test:8080\")"), "{said}");
    assert!(said.contains("query=Some(\"a=1&b=2\")"), "{said}");
    assert!(said.contains("cookie=Some(\"x y\")"), "{said}");
    assert!(said.contains("names=host,cookie,x-other "), "{said}");
}

#[rocket::async_test]
async fn head_has_the_length_of_get_and_no_body() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    for _ in 0..2 {
        caller
            .send(b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        let answer = caller.answer_to_head().await;
        assert_eq!(
            (answer.status, answer.header("content-length")),
            (200, Some("5"))
        );
    }
    // Had a body come, it would be read as this answer's head.
    caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(caller.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn http_1_0_is_answered_and_closed_unless_it_asks_to_stay() {
    let stage = Stage::new().await;
    let said = stage.say(b"GET /hello HTTP/1.0\r\n\r\n").await;
    assert!(
        said.starts_with("HTTP/1.0 200 OK") && said.ends_with("\r\n\r\nhello"),
        "{said}"
    );
    let mut caller = stage.connect().await;
    for _ in 0..2 {
        caller
            .send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            .await;
        assert_eq!(caller.answer().await.text(), "hello");
    }
}

#[rocket::async_test]
async fn a_client_that_asks_first_is_told_to_continue() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(
            b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
    assert_eq!(caller.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    caller.send(b"late").await;
    assert_eq!(caller.answer().await.text(), "late");
}

#[rocket::async_test]
async fn an_absolute_target_is_taken_if_it_names_the_host_of_the_request() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(b"GET http://hub.test/hello HTTP/1.1\r\nHost: HUB.test\r\n\r\n")
        .await;
    assert_eq!(caller.answer().await.text(), "hello");
    for request in [
        "GET http://other.test/hello HTTP/1.1\r\nHost: hub.test\r\n\r\n",
        "GET ftp://hub.test/hello HTTP/1.1\r\nHost: hub.test\r\n\r\n",
    ] {
        assert_refused(
            &stage.say(request.as_bytes()).await,
            400,
            "Bad request",
            "bad_request",
        );
    }
}

#[rocket::async_test]
async fn what_is_not_a_request_gets_the_one_error_shape() {
    let stage = Stage::new().await;
    for request in [
        // hyper refuses these itself
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.7\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "nonsense\r\n\r\n",
        "GET /\u{0}a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
        // Rocket's idea of a URI is narrower
        "GET /a|b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{fc} HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET hub.test:80 HTTP/1.1\r\nHost: hub.test:80\r\n\r\n",
        // two hosts, or none
        "GET /hello HTTP/1.1\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n",
    ] {
        assert_refused(
            &stage.say(request.as_bytes()).await,
            400,
            "Bad request",
            "bad_request",
        );
    }
}

#[rocket::async_test]
async fn a_header_that_is_not_text_is_refused_and_one_in_utf_8_is_taken() {
    let stage = Stage::new().await;
    let said = stage
        .say(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: caf\xe9\r\n\r\n")
        .await;
    assert_refused(&said, 400, "Bad request", "bad_request");
    let mut caller = stage.connect().await;
    caller
        .send("GET /hello HTTP/1.1\r\nHost: a\r\nX-Name: café\r\n\r\n".as_bytes())
        .await;
    assert_eq!(caller.answer().await.status, 200);
}

#[rocket::async_test]
async fn a_method_that_no_route_has_is_refused_with_those_allowed() {
    let stage = Stage::new().await;
    for request in [
        "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "get /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
    ] {
        let said = stage.say(request.as_bytes()).await;
        assert_refused(&said, 405, "Method not allowed", "method_not_allowed");
        assert!(said.contains("\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
    }
}

#[rocket::async_test]
async fn the_second_protocol_is_not_spoken() {
    let stage = Stage::new().await;
    let said = stage
        .say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    assert_eq!(said, "");
    let mut caller = stage.connect().await;
    caller
        .send(b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n")
        .await;
    let answer = caller.answer().await;
    assert_eq!((answer.status, answer.text()), (200, "hello"));
}

#[rocket::async_test]
async fn a_handler_that_panics_is_a_500_and_the_next_request_is_fine() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller.send(b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = caller.answer().await;
    assert_eq!((answer.status, answer.text()), (500, "caught 500"));
    caller.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(caller.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn a_panic_outside_of_a_handler_ends_its_own_connection_only() {
    let stage = Stage::new().await;
    let mut other = stage.connect().await;
    let said = stage
        .say(b"GET /fairing-panic HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_refused(&said, 500, "Internal server error", "internal_error");
    other.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(other.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn an_answer_with_a_header_that_would_split_is_not_sent() {
    let stage = Stage::new().await;
    let said = stage
        .say(b"GET /unsendable HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_refused(&said, 500, "Internal server error", "internal_error");
    assert!(!said.to_lowercase().contains("x-injected"));
}

#[rocket::async_test]
async fn rocket_s_own_refusals_pass_unchanged() {
    let stage = Stage::new().await;
    let mut caller = stage.connect().await;
    caller
        .send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    let answer = caller.answer().await;
    assert_eq!((answer.status, answer.text()), (404, "caught 404"));
}

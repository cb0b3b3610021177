//! Every error that the Hub can give, brought about for real: by a route, by the framework, by the door.

use std::collections::BTreeMap;
use std::thread;

use serde_json::json;

use crate::asking::{self, Answer, Call, Caller};
use crate::promises::broken;
use crate::site::{APP, PASSWORD, Site};

/// One error of each kind that a request alone brings about, with the path that it is about and whether the door itself made it.
const REQUESTS: [(u16, bool, &str); 13] = [
    (
        400,
        false,
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
    ),
    (
        400,
        true,
        "GET /api/a|b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        401,
        false,
        "GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        403,
        false,
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nusername=x",
    ),
    (
        404,
        false,
        "GET /api/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        405,
        false,
        "PUT /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        405,
        true,
        "TRACE /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    (
        405,
        true,
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
    ),
    (
        408,
        true,
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nnever",
    ),
    (
        413,
        true,
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n",
    ),
    (
        415,
        false,
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
    ),
    (
        421,
        true,
        "GET /api/status HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ),
    (
        501,
        true,
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    ),
];

/// Sends a request as a page of this origin, and holds its answer to the promises.
#[track_caller]
fn provoke(site: &Site, request: &str, origin: &str) -> Answer {
    let (line, rest) = request.split_once("\r\n").unwrap();
    let request = format!("{line}\r\nOrigin: {origin}\r\n{rest}");
    let answer = asking::say(site.address(), request.as_bytes());
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let call = Call::new(method, target).header("Origin", origin);
    let findings = broken(site, &call, &answer);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    answer
}

#[test]
fn errors_of_the_door_and_of_routes_keep_the_same_promises() {
    let app = [
        ("HUB_PUBLIC_URL", "https://hub.example.com"),
        ("HUB_CORS_ORIGINS", APP),
    ];
    for settings in [&app[..], &[]] {
        let site = Site::with(&[settings, &[("HUB_FRONT__BODY_DEADLINE", "150ms")]].concat());
        for (status, by_the_door, request) in REQUESTS {
            for origin in [APP, "https://evil.example"] {
                let answer = provoke(&site, request, origin);
                assert_eq!(answer.status, status, "{request}");
                let closes: &[&str] = if by_the_door { &["close"] } else { &[] };
                assert_eq!(answer.all("connection"), closes, "{request}");
            }
        }
        // hyper refuses these before anybody knows the path, so no page of another origin may read it.
        for request in [
            format!(
                "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "p".repeat(17_000)
            ),
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
                "v".repeat(17_000)
            ),
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
                "X-Line: v\r\n".repeat(101)
            ),
        ] {
            assert_eq!(provoke(&site, &request, APP).status, 431);
        }
        let answer = provoke(
            &site,
            "GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
            APP,
        );
        assert_eq!(answer.status, 400);
    }
}

#[test]
fn a_failing_store_is_a_500_that_keeps_them_and_tells_nothing() {
    let site = Site::public();
    site.add("user", "USER");
    let database = site.directory.path().join("data/hub.db");
    #[expect(
        clippy::disallowed_methods,
        reason = "plays whoever else writes to the file"
    )]
    let stranger = rusqlite::Connection::open(database).unwrap();
    stranger
        .execute_batch("ALTER TABLE users RENAME TO gone")
        .unwrap();
    let body = json!({"username": "user", "password": PASSWORD});
    for call in [
        Call::new("POST", "/api/auth/login")
            .json(&body)
            .header("Origin", APP),
        Call::new("POST", "/api/auth/register")
            .json(&json!({"username": "a-name", "email": "a@example.com", "password": PASSWORD})),
    ] {
        let answer = site.ask(&call);
        let findings = broken(&site, &call, &answer);
        assert!(findings.is_empty(), "{}", findings.join("\n"));
        assert_eq!(answer.status, 500, "{}", answer.text());
        for inside in ["users", "SQL", "table", "src/"] {
            assert!(!answer.text().contains(inside), "{}", answer.text());
        }
    }
}

#[test]
fn too_many_passwords_at_once_are_a_503_that_keeps_them_and_says_when_to_come_back() {
    // A hash takes longer than a waiting one may wait, and one may wait.
    let site = Site::with(&[
        ("HUB_PUBLIC_URL", "https://hub.example.com"),
        ("HUB_CORS_ORIGINS", APP),
        ("HUB_HASHING__MEMORY_KIB", "65536"),
        ("HUB_HASHING__PASSES", "10"),
        ("HUB_HASHING__THREADS", "1"),
        ("HUB_HASHING__QUEUE", "1"),
        ("HUB_HASHING__QUEUE_WAIT", "100ms"),
    ]);
    let body = json!({"username": "nobody", "password": PASSWORD});
    let call = Call::new("POST", "/api/auth/login")
        .json(&body)
        .header("Origin", APP);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| site.ask(&call))).collect();
        asking
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in &answers {
        let findings = broken(&site, &call, answer);
        assert!(findings.is_empty(), "{}", findings.join("\n"));
        *seen.entry(answer.status).or_default() += 1;
    }
    assert!(seen.contains_key(&503), "{seen:?}");
    assert!(
        seen.keys().all(|status| matches!(status, 401 | 503)),
        "{seen:?}"
    );
}

#[test]
fn a_refusal_of_the_door_ends_its_connection_and_no_other() {
    let site = Site::with(&[]);
    let mut other = Caller::dial(site.address());
    let mut caller = Caller::dial(site.address());
    caller.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(caller.answer(false).status, 421);
    let mut end = Vec::new();
    caller.rest(&mut end);
    assert_eq!(end, b"");
    other.send(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(other.answer(false).status, 200);
}

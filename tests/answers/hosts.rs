//! Which hosts the binary answers for. A stranger's name that leads to this machine is none of them.

use crate::asking::{self, Call};
use crate::site::Site;

const REFUSED: &str = r#"{"error":"Misdirected request","code":"misdirected_request"}"#;

/// Asks with these hosts, and expects this status each time.
#[track_caller]
fn expect(site: &Site, status: u16, hosts: &[&str]) {
    for host in hosts {
        let answer = site.ask(&Call::new("GET", "/api/status").host(host));
        assert_eq!(answer.status, status, "{host}: {}", answer.text());
        if status == 421 {
            assert_eq!(answer.text(), REFUSED);
        }
    }
}

/// Names of this machine: nobody can make them lead elsewhere.
const LOOPBACK: [&str; 8] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost:1",
    "127.0.0.1",
    "127.9.9.9:65535",
    "[::1]",
    "[::1]:8000",
];

/// Names that can lead to this machine, and are a stranger's.
const STRANGE: &[&str] = &[
    "evil.example",
    "evil.example:8000",
    "EVIL.EXAMPLE.",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "a.localhost",
    "127.0.0.1.nip.example",
    "hub.example.com.evil.example",
    "x.hub.example.com",
    "127.1",
    "2130706433",
    "%6cocalhost",
    "",
];

/// What is no host at all.
const BROKEN: [&str; 8] = [
    "a b",
    "user@localhost",
    "user:pass@localhost",
    "localhost@evil.example",
    "localhost:80:80",
    "localhost:99999",
    "localhost/x",
    "[::1]x",
];

#[test]
fn with_a_public_address_its_host_is_known_however_it_is_written_and_no_other() {
    let site = Site::with(&[
        ("HUB_PUBLIC_URL", "https://Hub.Example.com"),
        (
            "HUB_ALLOWED_HOSTS",
            "hub.lan, xn--bcher-kva.example, 192.0.2.7",
        ),
    ]);
    expect(&site, 200, &LOOPBACK);
    expect(
        &site,
        200,
        &[
            "hub.example.com",
            "HUB.EXAMPLE.COM",
            "hub.example.com.",
            "hub.example.com:443",
            "hub.example.com:8443",
            "hub.example.com.:443",
            "hub.lan",
            "HUB.lan.:80",
            "xn--bcher-kva.example",
            "XN--BCHER-KVA.EXAMPLE",
            "192.0.2.7",
            "192.0.2.7:80",
        ],
    );
    expect(&site, 421, STRANGE);
    expect(
        &site,
        421,
        &[
            "192.0.2.8",
            "[2001:db8::1]",
            "0.0.0.0",
            "hub.example.com..",
            "bcher-kva.example",
            "hub.lan.evil.example",
        ],
    );
    expect(&site, 400, &BROKEN);
    // A name in another script comes as `xn--`, or it is none.
    expect(&site, 400, &["bücher.example"]);
}

#[test]
fn without_one_any_address_is_known_and_no_name_but_those_of_this_machine() {
    let site = Site::with(&[]);
    expect(&site, 200, &LOOPBACK);
    expect(
        &site,
        200,
        &["192.0.2.8", "192.0.2.8:8000", "[2001:db8::1]:80", "0.0.0.0"],
    );
    expect(&site, 421, STRANGE);
    expect(&site, 421, &["hub.example.com", "nas.local"]);
    expect(&site, 400, &BROKEN);
}

#[test]
fn no_path_but_those_of_probes_is_answered_for_a_strange_host() {
    let site = Site::public();
    for path in ["/healthz", "/readyz"] {
        let answer = site.ask(&Call::new("GET", path).host("10.0.0.1:8000"));
        assert_eq!(answer.status, 200, "{path}");
    }
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/login"),
        ("GET", "/admin"),
        ("GET", "/static/x"),
        ("GET", "/nowhere"),
        ("POST", "/api/auth/login"),
        ("OPTIONS", "/api/auth/login"),
        ("HEAD", "/api/status"),
        ("GET", "/healthz/"),
        ("GET", "//healthz"),
        ("GET", "/%68ealthz"),
        ("GET", "/healthzx"),
        ("GET", "/readyz/../login"),
    ] {
        let answer = site.ask(&Call::new(method, path).host("evil.example"));
        assert_eq!(answer.status, 421, "{method} {path}");
    }
}

#[test]
fn an_absolute_target_counts_as_the_host_that_it_names() {
    let site = Site::public();
    let say = |request: &str| asking::say(site.address(), request.as_bytes()).status;
    for (request, status) in [
        (
            "GET http://hub.example.com/api/status HTTP/1.1\r\nHost: hub.example.com\r\n\r\n",
            200,
        ),
        (
            "GET http://evil.example/api/status HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            421,
        ),
        (
            "GET http://evil.example/api/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
            400,
        ),
        (
            "GET http://user@localhost/api/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
            400,
        ),
        (
            "GET http://user@localhost/api/status HTTP/1.1\r\nHost: user@localhost\r\n\r\n",
            400,
        ),
        ("GET /api/status HTTP/1.1\r\n\r\n", 400),
        // HTTP/1.0 may name none.
        ("GET /api/status HTTP/1.0\r\n\r\n", 200),
        (
            "GET /api/status HTTP/1.0\r\nHost: evil.example\r\n\r\n",
            421,
        ),
        ("GET http://evil.example/api/status HTTP/1.0\r\n\r\n", 421),
        ("GET http://localhost/api/status HTTP/1.0\r\n\r\n", 200),
    ] {
        assert_eq!(say(request), status, "{request}");
    }
}

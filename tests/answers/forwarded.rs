//! What a client or a proxy says about another host, scheme, path or method changes no answer.

use serde_json::json;

use crate::asking::{Call, say};
use crate::site::{APP, PASSWORD, Person, Site};

const HOSTILE: [(&str, &str); 16] = [
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "http"),
    ("X-Forwarded-Port", "81"),
    ("X-Forwarded-Server", "evil.example"),
    ("X-Forwarded-Scheme", "http"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Ssl", "off"),
    ("Forwarded", "for=10.0.0.1;host=evil.example;proto=http"),
    ("X-Host", "evil.example"),
    ("X-Original-Host", "evil.example"),
    ("X-Original-URL", "/admin"),
    ("X-Rewrite-URL", "/admin"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Method-Override", "DELETE"),
    ("X-Real-IP", "127.0.0.1"),
    ("Front-End-Https", "off"),
];

#[test]
fn hostile_forwarded_headers_change_no_byte_of_an_answer() {
    let site = Site::public();
    site.add("admin", "SUPERADMIN");
    let admin = Person::of(&site, "admin");
    let mut visitor = Person::nobody(&site);
    visitor.come_in("/login");
    let wrong = json!({"username": "admin", "password": "wrong horse 7"});
    let missing = Call::new("GET", "/nowhere");
    for call in [
        Call::new("GET", "/"),
        Call::new("GET", "/").host("hub.example.com"),
        Call::new("GET", "/").host("evil.example"),
        missing.clone(),
        missing.header("Accept", "text/html"),
        Call::new("GET", "/healthz"),
        Call::new("GET", "/api/status").header("Origin", APP),
        Call::new("OPTIONS", "/api/auth/login")
            .header("Origin", APP)
            .header("Access-Control-Request-Method", "POST"),
        Call::new("POST", "/api/auth/login").json(&wrong),
        Call::new("PUT", "/api/auth/login"),
        Call::new("GET", "/admin"),
        Call::new("GET", "/account?x=y"),
        admin.api("GET", "/api/auth/me"),
        visitor.page("GET", "/login?next=%2Faccount"),
        admin.page("GET", "/admin/settings/keys/rotate"),
    ] {
        let plain = site.ask(&call).masked();
        let hostile = HOSTILE
            .iter()
            .fold(call.clone(), |call, (name, value)| call.header(name, value));
        let answer = site.ask(&hostile).masked();
        assert_eq!(answer, plain, "{} {}", call.method, call.target);
        assert!(!answer.contains("evil"), "{answer}");
    }
    let body = format!("username=admin&password={}", PASSWORD.replace(' ', "+"));
    let form = visitor.page("POST", "/login").form(&body);
    let strange = HOSTILE
        .iter()
        .fold(form.clone(), |call, (name, value)| call.header(name, value));
    assert_eq!(
        site.ask(&strange).status,
        403,
        "no form token, whatever is said"
    );
    let refused = say(
        site.address(),
        b"GET /login HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: hub.example.com\r\n\r\n",
    );
    assert_eq!(refused.status, 421);
}

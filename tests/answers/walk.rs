//! Every route of the binary, asked with good and with bad input by nobody, a user and an administrator: each answer keeps every promise.

use std::collections::BTreeSet;

use hub::http::assets;
use serde_json::json;

use crate::asking::{Answer, Call};
use crate::promises::{FOR_APPS, broken};
use crate::site::{APP, PASSWORD, Person, Site};
use crate::table::{self, LISTING, Route};

/// A body over every route's limit that the door still takes for a request.
const TOO_LONG_BYTES: usize = 20_000;

/// Paths that must lead nowhere, below `/static/`; tests of the library ask them of a debug build, too.
const ESCAPES: &str = include_str!("../api/escapes.txt");

/// What a walk has found so far.
struct Walk<'site> {
    site: &'site Site,
    routes: Vec<Route>,
    findings: Vec<String>,
    ids: BTreeSet<String>,
    statuses: BTreeSet<u16>,
}

impl Walk<'_> {
    fn hold(&mut self, held: bool, what: impl FnOnce() -> String) {
        if !held {
            self.findings.push(what());
        }
    }

    /// Asks, as a page of an app would, and looks at the answer.
    fn ask(&mut self, call: &Call) -> Answer {
        let mut call = call.clone();
        // Forms say where they come from themselves.
        if call.target.starts_with("/api") || call.method == "GET" {
            call = call.header("Origin", APP);
        }
        let answer = self.site.ask(&call);
        self.findings.extend(broken(self.site, &call, &answer));
        let asked = || format!("{} {} → {}", call.method, call.target, answer.status);
        self.hold(answer.status < 500, asked);
        let id = answer.all("x-request-id").concat();
        let is_new = self.ids.insert(id);
        self.hold(is_new, || format!("{}: an id twice", asked()));
        self.statuses.insert(answer.status);
        if answer.status == 405 {
            let path = call.target.split('?').next().unwrap_or_default();
            let allowed = table::methods(&self.routes, path).join(", ");
            let is_true = answer.all("allow") == [allowed.as_str()];
            self.hold(is_true, || {
                format!("{}: {:?} for {allowed}", asked(), answer.all("allow"))
            });
        }
        answer
    }

    /// HEAD is GET without a body.
    fn ask_for_the_head(&mut self, call: &Call) {
        let before = self.ask(call);
        let head = Call {
            method: "HEAD".to_owned(),
            ..call.clone()
        };
        let head = self.ask(&head);
        let after = self.ask(call);
        let kept = |answer: &Answer| {
            let mut names: Vec<String> = Vec::new();
            for (name, value) in &answer.headers {
                match name.as_str() {
                    "x-request-id"
                    | "date"
                    | "set-cookie"
                    | "transfer-encoding"
                    | "access-control-allow-origin"
                    | "access-control-expose-headers" => {}
                    // What happens meanwhile makes some pages longer.
                    "content-length" if before.body.len() != after.body.len() => {}
                    _ => names.push(format!("{name}: {value}")),
                }
            }
            (answer.status, names)
        };
        let same = kept(&before) == kept(&head);
        self.hold(same, || {
            format!(
                "HEAD {}: {:?} after {:?}",
                call.target, head.headers, before.headers
            )
        });
    }
}

/// The path of a pattern with these ids in it.
fn path(pattern: &str, session: &str, other: &str) -> String {
    let filled = pattern.split('/').map(|part| match part {
        "<id>" if pattern.contains("sessions") => session,
        "<id>" => "1",
        "<_..>" => "auth/login",
        part if part.starts_with('<') => other,
        part => part,
    });
    filled.collect::<Vec<_>>().join("/")
}

/// Asks a route as somebody, in every way that may bring out another answer.
fn ask_as(walk: &mut Walk<'_>, person: &mut Person<'_>, (method, pattern): &Route, session: &str) {
    let good = path(pattern, session, "unknown");
    let bad = path(pattern, "0", &"x".repeat(300));
    let api = good.starts_with("/api");
    for path in BTreeSet::from([good.clone(), bad, path(pattern, "%ff%00", "..%2f%c0%ae")]) {
        let is_good = path == good;
        person.come_in(&path);
        let page = |path: &str| {
            if api {
                person.api(method, path)
            } else {
                person.page(method, path)
            }
        };
        if method == "GET" {
            let call = page(&path);
            walk.ask_for_the_head(&call);
            walk.ask(&page(&format!(
                "{path}?page=-1&sort=x&q=user%3A%00&token=x&next=%2F%2Fevil.example&rows=1e9"
            )));
            if is_good && !api {
                // Programs ask for no page.
                let mut plain = person.page(method, &path);
                plain.headers.retain(|(name, _)| name != "Accept");
                walk.ask(&plain);
            }
            continue;
        }
        if method == "OPTIONS" {
            walk.ask(&page(&path).header("Access-Control-Request-Method", "POST"));
            continue;
        }
        let long = "y".repeat(TOO_LONG_BYTES);
        if api {
            walk.ask(&page(&path).body("application/json", b"{"));
            walk.ask(&page(&path).body("text/plain", b"{}"));
            walk.ask(&page(&path).body(
                "application/json",
                format!("{{\"x\":\"{long}\"}}").as_bytes(),
            ));
            walk.ask(
                &page(&path).json(&json!({"username": 7, "password": [], "refresh_token": "x"})),
            );
            walk.ask(&page(&path).json(&json!({})));
        } else {
            // Without the token of a form, and from elsewhere.
            walk.ask(&page(&path).form("username=x"));
            let mut strange = page(&path).form(&format!("form_token={}", person.form_token));
            strange.headers.retain(|(name, _)| name != "Sec-Fetch-Site");
            walk.ask(&strange.header("Sec-Fetch-Site", "cross-site"));
            walk.ask(&page(&path).body("application/json", b"{}"));
            walk.ask(&page(&path).form(&format!("form_token={}&x={long}", person.form_token)));
            walk.ask(&page(&path).form(&format!("form_token={}", person.form_token)));
        }
    }
}

/// The methods that a path does not know.
fn ask_otherwise(walk: &mut Walk<'_>, pattern: &str, session: &str) {
    let path = path(pattern, session, "unknown");
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        if table::methods(&walk.routes, &path).contains(&method) {
            continue;
        }
        for accept in ["text/html", "application/json"] {
            let call = Call::new(method, &path).header("Accept", accept);
            // The question of an app's browser is answered.
            let expected = if method == "OPTIONS" && walk.site.cors && path.starts_with("/api") {
                204
            } else {
                405
            };
            let status = walk
                .ask(&call.header("X-HTTP-Method-Override", "GET"))
                .status;
            let right = status == expected;
            walk.hold(right, || {
                format!("{method} {path} is {status} and not {expected}")
            });
        }
    }
}

/// Embedded files, and the ways that must not lead out of them.
fn ask_for_files(walk: &mut Walk<'_>) {
    let urls = assets::urls().map(|(_, url)| url);
    for url in urls.chain(FOR_APPS.map(str::to_owned)) {
        walk.ask_for_the_head(&Call::new("GET", &url));
        let file = walk.ask(&Call::new("GET", &url));
        let tag = file.all("etag").concat();
        let again = walk.ask(&Call::new("GET", &url).header("If-None-Match", &tag));
        let right = (file.status, again.status, again.body.len()) == (200, 304, 0);
        walk.hold(right, || {
            format!("{url} is {} and then {}", file.status, again.status)
        });
    }
    for escape in ESCAPES.lines().filter(|line| !line.is_empty()) {
        let answer = walk.ask(&Call::new("GET", &format!("/static/{escape}")));
        let right = answer.status == 404;
        walk.hold(right, || format!("/static/{escape} is {}", answer.status));
    }
    // What is no path of a URL does not get as far as that.
    for path in ["/static/..\\Cargo.toml", "/static/\\etc\\passwd"] {
        let status = walk.ask(&Call::new("GET", path)).status;
        let right = status == 400;
        walk.hold(right, || format!("{path} is {status}"));
    }
}

fn hold_everywhere(settings: &[(&str, &str)]) {
    let site = Site::with(&[settings, &[LISTING]].concat());
    for (name, role) in [
        ("victim", "USER"),
        ("user", "USER"),
        ("admin", "SUPERADMIN"),
    ] {
        site.add(name, role);
    }
    let session = Person::of(&site, "victim").session();
    let mut walk = Walk {
        site: &site,
        routes: table::routes(&site),
        findings: Vec::new(),
        ids: BTreeSet::new(),
        statuses: BTreeSet::new(),
    };
    let routes = walk.routes.clone();
    for mut person in [
        Person::nobody(&site),
        Person::of(&site, "user"),
        Person::of(&site, "admin"),
    ] {
        for route in &routes {
            ask_as(&mut walk, &mut person, route, &session);
        }
    }
    let patterns: BTreeSet<&String> = routes.iter().map(|(_, pattern)| pattern).collect();
    for pattern in patterns {
        ask_otherwise(&mut walk, pattern, &session);
    }
    ask_for_files(&mut walk);
    assert!(
        walk.findings.is_empty(),
        "{} findings:\n{}",
        walk.findings.len(),
        walk.findings.join("\n")
    );
    // It has seen all that a walk can see.
    for status in [200, 303, 304, 400, 401, 403, 404, 405, 413, 415, 422] {
        assert!(
            walk.statuses.contains(&status),
            "{status} among {:?}",
            walk.statuses
        );
    }
    println!("{} answers", walk.ids.len());
}

#[test]
fn every_answer_of_every_route_keeps_every_promise() {
    hold_everywhere(&[]);
}

#[test]
fn every_answer_of_every_route_keeps_them_behind_an_https_address_and_for_an_app() {
    hold_everywhere(&[
        ("HUB_PUBLIC_URL", "https://hub.example.com"),
        ("HUB_CORS_ORIGINS", APP),
    ]);
}

#[test]
fn a_token_in_the_query_opens_nothing() {
    let site = Site::with(&[]);
    site.add("user", "USER");
    let answer = site.login("user", PASSWORD).json();
    let access = answer["access_token"].as_str().unwrap();
    for name in [
        "access_token",
        "token",
        "bearer",
        "authorization",
        "Authorization",
        "jwt",
    ] {
        let call = Call::new("GET", &format!("/api/auth/me?{name}={access}"));
        let answer = site.ask(&call);
        assert_eq!(
            (answer.status, answer.all("www-authenticate")),
            (401, vec!["Bearer"])
        );
        assert_eq!(answer.json()["code"], "authorization_required");
    }
}

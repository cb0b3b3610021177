//! What every answer promises, whatever was asked and whoever asked it.

use crate::asking::{Answer, Call};
use crate::site::{APP, Site};

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/// The headers that there are at all.
const KNOWN: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "location",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

/// The content types that there are at all.
const KINDS: &[&str] = &[
    "application/json; charset=utf-8",
    "text/html; charset=utf-8",
    "text/csv; charset=utf-8; header=present",
    "text/css; charset=utf-8",
    "text/javascript",
    "text/javascript; charset=utf-8",
    "image/svg+xml",
    "image/x-icon",
    // The types of the client for apps, to be read.
    "text/plain; charset=utf-8",
];

/// The document of the API, which clients ask for again.
const DOCUMENT: &str = "/api/openapi.json";
/// Files that apps import or read by these names, from pages of their own origins.
pub const FOR_APPS: [&str; 2] = ["/static/hub-client.js", "/static/hub-client.d.ts"];

/// The cookies, with their `SameSite`.
const COOKIES: &[(&str, &str)] = &[
    ("hub_session", "Lax"),
    ("hub_admin", "Strict"),
    ("hub_half_sign_in", "Strict"),
    ("hub_visitor", "Strict"),
    ("hub_theme", "Lax"),
    ("hub_note", "Strict"),
];

/// An answer that is being looked at.
struct Look<'a> {
    site: &'a Site,
    call: &'a Call,
    answer: &'a Answer,
    path: &'a str,
    /// Whether it is the API's.
    api: bool,
    /// Its content type; empty if it has none.
    kind: &'a str,
    findings: Vec<String>,
}

/// What an answer breaks; nothing, if it is as it must be.
pub fn broken(site: &Site, call: &Call, answer: &Answer) -> Vec<String> {
    let path = call.target.split('?').next().unwrap_or_default();
    let mut look = Look {
        site,
        call,
        answer,
        path,
        api: path == "/api" || path.starts_with("/api/"),
        kind: answer
            .all("content-type")
            .first()
            .copied()
            .unwrap_or_default(),
        findings: Vec::new(),
    };
    look.at_what_every_answer_has();
    look.at_its_content();
    look.at_what_its_status_asks_for();
    look.at_what_other_origins_may();
    look.findings
}

impl Look<'_> {
    fn hold(&mut self, held: bool, what: &str) {
        if !held {
            let (call, status, headers) = (self.call, self.answer.status, &self.answer.headers);
            let asked = format!("{} {}", call.method, call.target);
            self.findings
                .push(format!("{asked} → {status}: {what}: {headers:?}"));
        }
    }

    /// The header is there once for each of these values, and no more.
    fn has(&mut self, name: &str, values: &[&str]) {
        let held = self.answer.all(name) == values;
        self.hold(held, name);
    }

    fn at_what_every_answer_has(&mut self) {
        let mut names = self.answer.headers.iter().map(|(name, _)| name.as_str());
        let known = names.all(|name| KNOWN.contains(&name));
        self.hold(known, "an unknown header");
        let ids = self.answer.all("x-request-id");
        let is_id = |id: &str| id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.hold(matches!(ids[..], [id] if is_id(id)), "its id");
        self.hold(self.answer.all("date").len() == 1, "its date");
        let referrer = if self.kind.starts_with("text/html") {
            "same-origin"
        } else {
            "no-referrer"
        };
        self.has("referrer-policy", &[referrer]);
        self.has("x-content-type-options", &["nosniff"]);
        self.has("content-security-policy", &[CONTENT_SECURITY_POLICY]);
        self.has("x-frame-options", &["DENY"]);
        self.has("cross-origin-opener-policy", &["same-origin"]);
        self.has("cross-origin-resource-policy", &["same-origin"]);
        let strict: &[&str] = if self.site.https {
            &["max-age=63072000; includeSubDomains"]
        } else {
            &[]
        };
        self.has("strict-transport-security", strict);
        for cookie in self.answer.all("set-cookie") {
            let promised = !self.api && is_promised(cookie, self.site.https);
            self.hold(promised, &format!("the cookie {cookie}"));
        }
    }

    fn at_its_content(&mut self) {
        let status = self.answer.status;
        let is_document = self.path == DOCUMENT && matches!(status, 200 | 304);
        let is_static = self.path.starts_with("/static/") && matches!(status, 200 | 304);
        let is_file = is_static || is_document;
        let kept = match (is_static, FOR_APPS.contains(&self.path)) {
            (true, true) => "public, max-age=600, stale-while-revalidate=86400",
            (true, false) => "public, max-age=31536000, immutable",
            (false, _) if is_document => "no-cache",
            (false, _) => "no-store",
        };
        self.has("cache-control", &[kept]);
        self.hold(
            self.answer.all("etag").len() == usize::from(is_file),
            "its tag",
        );
        if matches!(status, 204 | 303 | 304) {
            let empty = self.answer.body.is_empty() && (self.kind.is_empty() || is_file);
            self.hold(empty, "a type of nothing");
        } else {
            self.hold(KINDS.contains(&self.kind), "its content type");
        }
        let json = self.kind == KINDS[0];
        self.hold(
            !self.api || self.kind.is_empty() || json,
            "the API speaks JSON only",
        );
        if status >= 400 && json && self.call.method != "HEAD" {
            let body = self.answer.json();
            let fields = body
                .as_object()
                .map(|fields| fields.keys().cloned().collect());
            let fields: Vec<String> = fields.unwrap_or_default();
            let known = fields
                .iter()
                .all(|name| ["error", "code", "valid"].contains(&name.as_str()));
            let texts = body["error"].is_string() && body["code"].is_string();
            self.hold(texts && known, "the shape of an error");
        }
    }

    fn at_what_its_status_asks_for(&mut self) {
        let status = self.answer.status;
        let allow = self.answer.all("allow").len();
        self.hold(allow == usize::from(status == 405), "the methods allowed");
        if self.api {
            let challenge: &[&str] = if status == 401 { &["Bearer"] } else { &[] };
            self.has("www-authenticate", challenge);
        }
        let waits = self.answer.all("retry-after");
        let is_wait = |wait: &str| wait.parse::<u32>().is_ok_and(|wait| wait > 0);
        let right = if matches!(status, 429 | 503) {
            matches!(waits[..], [wait] if is_wait(wait))
        } else {
            waits.is_empty()
        };
        self.hold(right, "when to come back");
    }

    fn at_what_other_origins_may(&mut self) {
        // Where hyper itself refuses, nobody knows the path.
        let known = self.answer.status != 431;
        let for_apps = self.api || FOR_APPS.contains(&self.path);
        let in_use = self.site.cors && for_apps && known;
        let allowed = in_use && self.call.value("origin") == Some(APP);
        let only = |value: &'static str| if allowed { vec![value] } else { Vec::new() };
        self.has("access-control-allow-origin", &only(APP));
        self.has(
            "access-control-expose-headers",
            &only("Retry-After, X-Request-Id"),
        );
        let preflight = usize::from(self.answer.status == 204);
        for (name, value) in [
            ("access-control-allow-methods", "GET, POST, PATCH, DELETE"),
            (
                "access-control-allow-headers",
                "Authorization, Content-Type",
            ),
            ("access-control-max-age", "7200"),
        ] {
            self.has(name, &only(value)[..preflight.min(only(value).len())]);
        }
        self.hold(preflight == 0 || allowed, "a preflight of another origin");
        let zipped = self.answer.all("content-encoding") == ["gzip"];
        let vary = [(in_use, "Origin"), (zipped, "Accept-Encoding")];
        let vary: Vec<&str> = vary
            .into_iter()
            .filter(|(on, _)| *on)
            .map(|(_, name)| name)
            .collect();
        self.has("vary", &vary);
    }
}

/// Whether a `Set-Cookie` header is written as promised, attribute by attribute.
fn is_promised(header: &str, https: bool) -> bool {
    let mut parts = header.split("; ");
    let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
        return false;
    };
    let bare = if https {
        name.strip_prefix("__Host-")
    } else {
        Some(name)
    };
    let known = COOKIES.iter().find(|(known, _)| bare == Some(known));
    let Some((_, same_site)) = known else {
        return false;
    };
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte));
    let mut expected = vec!["Path=/".to_owned()];
    if https {
        expected.push("Secure".to_owned());
    }
    expected.push("HttpOnly".to_owned());
    expected.push(format!("SameSite={same_site}"));
    let attributes: Vec<&str> = parts.collect();
    let is_age = |part: &&str| {
        part.strip_prefix("Max-Age=")
            .is_some_and(|age| age.parse::<u32>().is_ok())
    };
    let ages = attributes.iter().filter(|part| is_age(part)).count();
    let rest: Vec<&str> = attributes
        .into_iter()
        .filter(|part| !is_age(part))
        .collect();
    plain && ages <= 1 && rest == expected
}

#[test]
fn a_cookie_that_lacks_anything_is_found() {
    for good in [
        "__Host-hub_session=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
        "__Host-hub_admin=v; Path=/; Secure; HttpOnly; SameSite=Strict",
    ] {
        assert!(is_promised(good, true), "{good}");
        assert!(!is_promised(good, false), "{good}");
        for part in ["__Host-", "; Secure", "; HttpOnly", "; Path=/"] {
            assert!(!is_promised(&good.replace(part, ""), true), "{part}");
        }
        assert!(!is_promised(
            &good.replace("SameSite=", "SameSite=None"),
            true
        ));
        assert!(!is_promised(&format!("{good}; Domain=example.com"), true));
    }
    assert!(is_promised(
        "hub_admin=v; Path=/; HttpOnly; SameSite=Strict",
        false
    ));
    assert!(!is_promised(
        "hub_admin=v; Path=/; HttpOnly; SameSite=Lax",
        false
    ));
    assert!(!is_promised("id=v; Path=/; HttpOnly; SameSite=Lax", false));
}

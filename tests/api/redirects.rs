//! No answer leads away from the Hub: every redirect there is, with everything that a link could have put into it.

use hub::types::role::Role;
use rocket::http::{Method, RawStr};

use crate::answer::Answer;
use crate::browsing::Browser;
use crate::deeds::{Before, DEEDS, Scene};
use crate::stage::{PASSWORD, Stage};

/// Ways to write an address elsewhere so that some program takes it for one of here.
fn elsewhere() -> Vec<String> {
    let mut all: Vec<String> = [
        "https://evil.example",
        "HTTPS://EVIL.EXAMPLE/",
        "http:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "//evil.example",
        "//EVIL.example",
        "///evil.example",
        "////evil.example//",
        "/\\evil.example",
        "\\/evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "\\evil.example",
        "/%5cevil.example",
        "/%2fevil.example",
        "/%2F%2Fevil.example",
        "%2f%2fevil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/admin\r\nSet-Cookie: a=b",
        "/admin\nLocation: https://evil.example",
        "/./evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/admin/..//evil.example",
        "/admin/../..//evil.example",
        "/%2e%2e//evil.example",
        "/admin/%2e%2e/%2e%2e//evil.example",
        "//hub.example.com@evil.example",
        "//hub.example.com:80@evil.example",
        "https://hub.example.com@evil.example",
        "https://hub.example.com.evil.example",
        "https://hub.example.com%2eevil.example",
        "https://hub.example.com#@evil.example",
        "https://hub.example.com?@evil.example",
        "https://hub.example.com\\@evil.example",
        "https://hub.example.com.",
        "https://hub.example.com:444/",
        "https://HUB.example.com/admin",
        "https://hub.example.com/admin",
        "//hub.example.com/admin",
        "//evil.example:443",
        "//evil.example.",
        "//xn--80ak6aa92e.com",
        "//\u{435}vil.example",
        "//evil\u{3002}example",
        "/\u{ff0f}evil.example",
        "/\u{2044}evil.example",
        "//[::ffff:198.51.100.1]",
        "//0xc6336401",
        "//3325256705",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "blob:https://evil.example/x",
        "file:///etc/passwd",
        "mailto:a@evil.example",
        "admin",
        "./admin",
        "?next=//evil.example",
        "#//evil.example",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(format!("/{}", "a".repeat(5_000)));
    all.push(format!("//{}evil.example", "a.".repeat(2_000)));
    all
}

/// A browser that follows the answer stays here.
#[track_caller]
fn stays(answer: &Answer, name: &str) {
    let Some(to) = answer.header("Location") else {
        assert!(!(300..400).contains(&answer.status), "{name}");
        return;
    };
    let second = to.as_bytes().get(1);
    let is_local = to.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
    let is_plain = to
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    assert!(is_local && is_plain, "{name}: {to}");
    // Not in its own path either, once it is decoded.
    let path = to.split('?').next().unwrap_or_default();
    let decoded = RawStr::new(path).percent_decode_lossy();
    assert!(
        !decoded.contains("//") && !decoded.contains(['\\', '\t', '\r', '\n']),
        "{name}: {to}"
    );
    for name in ["Refresh", "Content-Location", "Link"] {
        assert_eq!(answer.header(name), None);
    }
}

/// What the forms of a page carry on as the page to come next.
fn carried(page: &Answer) -> Vec<String> {
    let values = page.body.split("name=\"next\" value=\"").skip(1);
    let values = values.filter_map(|rest| rest.split('"').next());
    values
        .map(|value| {
            let value = value.replace("&#x2F;", "/").replace("&#x3D;", "=");
            value.replace("&amp;", "&")
        })
        .collect()
}

#[rocket::async_test]
async fn wherever_next_is_taken_nothing_leads_away() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    let ann = Browser::of(&stage, "ann").await;
    let variants = elsewhere();
    assert!(variants.len() >= 60);
    for next in &variants {
        let next = next.as_str();
        let encoded = RawStr::new(next).percent_encode();
        ann.get("/admin/sudo").await;
        let fields = [("password", PASSWORD), ("next", next)];
        let proof = ann.post("/admin/sudo", &fields).await;
        assert_eq!(proof.header("Location"), Some("/admin"), "{next}");
        ann.get("/login").await;
        let fields = [("theme", "dark"), ("next", next)];
        let theme = ann.post("/theme", &fields).await;
        assert_eq!(theme.header("Location"), Some("/"), "{next}");
        // The forms carry on only what may be followed.
        for page in ["/login", "/admin/sudo"] {
            let page = ann.get(&format!("{page}?next={encoded}")).await;
            stays(&page, next);
            for carried in carried(&page) {
                let second = carried.as_bytes().get(1);
                let is_local = carried.starts_with('/') && !matches!(second, Some(b'/' | b'\\'));
                assert!(is_local, "{next}: {carried}");
            }
        }
    }
    for next in variants.iter().step_by(4) {
        let browser = Browser::new(&stage);
        browser.get("/login").await;
        let fields = [
            ("username", "ann"),
            ("password", PASSWORD),
            ("next", next.as_str()),
        ];
        let answer = browser.post("/login", &fields).await;
        assert_eq!(answer.header("Location"), Some("/admin"), "{next}");
    }
}

#[rocket::async_test]
async fn a_path_that_looks_like_another_host_leads_to_the_sign_in_and_from_there_home() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::Admin).await;
    for path in [
        "//evil.example",
        "//evil.example/admin",
        "/admin//evil.example",
        "/admin/%2f%2fevil.example",
        "/admin?next=//evil.example",
        "/admin/users?x=https://evil.example",
        "/account?next=%2f%2fevil.example",
        "/admin/sessions/%0d%0aLocation:%20x",
        "/%61dmin/users",
    ] {
        let browser = Browser::new(&stage);
        let answer = browser.get(path).await;
        stays(&answer, path);
        let Some(to) = answer.header("Location") else {
            continue;
        };
        assert!(to.starts_with("/login"), "{path}: {to}");
        let page = browser.get(to).await;
        let next = carried(&page).pop().unwrap_or_default();
        let fields = [
            ("username", "ann"),
            ("password", PASSWORD),
            ("next", next.as_str()),
        ];
        stays(&browser.post("/login", &fields).await, path);
    }
}

#[rocket::async_test]
async fn every_redirect_is_a_path_of_the_hub_whatever_host_was_asked_for() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 0).await;
    let mut seen = 0;
    let hosts = [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "javascript"),
        ("Forwarded", "host=evil.example;proto=http"),
        ("X-Original-URL", "//evil.example"),
        ("X-Rewrite-URL", "//evil.example"),
        ("Referer", "https://evil.example/"),
    ];
    for (method, pattern) in stage.routes() {
        if pattern.starts_with("/api/") || !matches!(method, Method::Get | Method::Post) {
            continue;
        }
        let path = pattern.replace("<id>", "2").replace(['<', '>'], "");
        for (name, value) in hosts {
            let answer = stage
                .request(method, &path)
                .header(name, value)
                .send()
                .await;
            seen += usize::from(answer.header("Location").is_some());
            stays(&answer, &path);
            assert!(!answer.body.contains("evil.example"), "{name} at {path}");
        }
    }
    for deed in DEEDS
        .iter()
        .filter(|deed| !deed.pattern.starts_with("/api/"))
    {
        let answer = scene.perform(deed).await;
        seen += usize::from(answer.header("Location").is_some());
        stays(&answer, deed.pattern);
    }
    assert!(seen > 200, "{seen}");
}

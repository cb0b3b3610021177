//! What people do with pages: the first administrator, sign-ins, a second factor, and every act on users, sessions and keys.

use std::cell::RefCell;
use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;
use hub::types::time::{Clock, SystemClock};
use totp_rs::Builder;

use crate::stage::Stage;
use crate::talk::Answer;

pub const ROOT: &str = "canary-Root word 1&ü";
const ROOT_NEXT: &str = "canary-Root word 2\"<";
const ANN: &str = "canary-Ann's word 3";
const ANN_NEXT: &str = "canary-Ann word 4%";
const WRONG: &str = "canary-Wrong word 5";

/// A browser without a screen. What its pages show is looked through at the end.
pub struct Browser<'stage> {
    stage: &'stage Stage,
    cookies: RefCell<BTreeMap<String, String>>,
    token: RefCell<String>,
}

impl<'stage> Browser<'stage> {
    fn new(stage: &'stage Stage) -> Self {
        Self {
            stage,
            cookies: RefCell::default(),
            token: RefCell::default(),
        }
    }

    fn ask(&self, line: &str, fields: Option<&[(&str, &str)]>) -> Answer {
        let pairs: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut call = self
            .stage
            .ask(line)
            .header("Accept", "text/html")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Cookie", &pairs.join("; "));
        if let Some(fields) = fields {
            let token = self.token.borrow().clone();
            call = call.form(&[fields, &[("form_token", &token)]].concat());
        }
        let answer = call.send();
        let mut told = String::new();
        for header in answer.head.lines() {
            let Some(cookie) = header.strip_prefix("set-cookie: ") else {
                told = told + header + "\n";
                continue;
            };
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            let mut cookies = self.cookies.borrow_mut();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        self.stage.show(line, &told);
        self.stage.show(line, &answer.body);
        if let Some(token) = answer.body.split("name=\"form_token\" value=\"").nth(1) {
            token
                .split('"')
                .next()
                .unwrap_or_default()
                .clone_into(&mut self.token.borrow_mut());
        }
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), None)
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(&format!("POST {path}"), Some(fields))
    }

    /// Opens the page with a form, then sends the form.
    pub fn confirm(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.get(path).is(200);
        self.post(path, fields)
    }

    fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.confirm("/login", &[("username", name), ("password", password)])
    }

    /// Adds a second factor; what makes its codes, and the recovery codes.
    fn add_second_factor(&self) -> (Vec<u8>, Vec<String>) {
        let (path, confirm) = ("/account/second-factor", "/account/second-factor/confirm");
        self.confirm(path, &[]).is(303);
        let page = self.get(path).is(200);
        let text = between(&page.body, "secret=", "&");
        let secret = BASE32_NOPAD.decode(text.as_bytes()).expect("base32");
        self.stage.once("a second factor's secret", text);
        self.stage.once("a second factor's secret", &secret);
        let groups = between(&page.body, "<code>", "</code>");
        self.stage.once("a second factor's secret", groups);
        self.post(confirm, &[("code", "000000")]).is(422);
        let done = self.post(confirm, &[("code", &code(&secret))]).is(200);
        let codes: Vec<String> = done
            .body
            .split("<li>")
            .filter_map(|item| item.split('<').next())
            .filter(|text| text.len() == 19)
            .map(str::to_owned)
            .collect();
        assert_eq!(codes.len(), 10, "{}", done.body);
        for code in &codes {
            let plain = code.replace('-', "");
            self.stage.once("a recovery code", code);
            self.stage.once("a recovery code", &plain);
            let bytes = BASE32_NOPAD.decode(plain.as_bytes()).expect("base32");
            self.stage.once("a recovery code", bytes);
        }
        (secret, codes)
    }
}

/// What the phone shows now.
fn code(secret: &[u8]) -> String {
    let now = SystemClock::new().now().wall.seconds().unsigned_abs();
    let totp = Builder::new().with_secret(secret.to_vec()).build();
    totp.expect("a secret").generate(now).to_string()
}

pub fn between<'text>(text: &'text str, before: &str, after: &str) -> &'text str {
    let rest = text.split_once(before).expect(text).1;
    rest.split_once(after).expect(text).0
}

/// The first administrator, `root` (1), made by the setup link.
pub fn first_administrator(stage: &Stage) -> Browser<'_> {
    for password in [ROOT, ROOT_NEXT, ANN, ANN_NEXT, WRONG] {
        stage.secret("a password", password);
    }
    let path = stage.setup_path();
    let token = path.split_once('=').expect("a token").1.to_owned();
    let browser = Browser::new(stage);
    for (again, status) in [(WRONG, 422), (ROOT, 303)] {
        let fields = [
            ("token", &*token),
            ("username", "root"),
            ("email", "root@example.com"),
            ("password", ROOT),
            ("password_again", again),
        ];
        browser.get(&path).is(200);
        browser.post("/setup", &fields).is(status);
    }
    browser.get("/setup/done").is(200);
    browser.get(&path).is(404);
    browser
}

#[test]
fn what_an_administrator_does_leaves_no_secret_anywhere() {
    let stage = Stage::new();
    let root = first_administrator(&stage);
    for name in ["ann", "bob"] {
        let fields = [
            ("username", name),
            ("email", &*format!("{name}@example.com")),
            ("role", "USER"),
            ("password", ANN),
            ("password_again", ANN),
        ];
        root.confirm("/admin/users/new", &fields).is(303);
    }
    let ann = Browser::new(&stage);
    ann.sign_in("ann", WRONG).is(422);
    ann.sign_in("ann", ANN).is(303);
    ann.get("/admin").is(403);
    root.post("/admin/sudo", &[("password", WRONG)]).is(422);
    root.confirm("/admin/sudo", &[("password", ROOT)]).is(303);
    for (act, fields) in [
        ("role", vec![("role", "ADMIN")]),
        ("tier", vec![("tier", "PREMIUM")]),
        ("disable", vec![]),
        ("enable", vec![]),
        (
            "password",
            vec![("password", ANN_NEXT), ("password_again", ANN_NEXT)],
        ),
        ("sign-out", vec![]),
    ] {
        root.confirm(&format!("/admin/users/2/{act}"), &fields)
            .is(303);
    }
    root.confirm("/admin/users/3/delete", &[("name", "bob")])
        .is(303);
    ann.sign_in("ann", ANN).is(422);
    ann.sign_in("ann", ANN_NEXT).is(303);
    root.confirm("/admin/settings/keys/rotate", &[("replaces", "1")])
        .is(303);
    // Made with the new key.
    ann.sign_in("ann", ANN_NEXT).is(303);
    for path in [
        "/",
        "/admin",
        "/admin/settings",
        "/admin/users",
        "/admin/users/1",
        "/admin/users/2",
        "/admin/sessions",
        "/admin/sessions?q=user:ann",
        "/admin/audit",
        "/admin/audit/verify",
        "/admin/audit/export.csv",
        "/admin/audit/export.json",
        "/admin/sessions/export.csv",
        "/admin/sessions/export.json",
        "/account",
    ] {
        root.get(path).is(200);
    }
    let made = root
        .confirm("/admin/services/new", &[("name", "shop")])
        .is(200);
    let token = between(&made.body, "<code>hubsvc_", "<");
    stage.note_service_token(token);
    let digits = token.rsplit('_').next().expect("digits");
    let services = root.get("/admin/services").is(200);
    assert!(!services.body.contains(digits));
    root.confirm("/admin/services/1/revoke", &[]).is(303);
    let list = root.get("/admin/sessions?q=user:ann").is(200);
    let id = between(&list.body, "href=\"/admin/sessions/", "\"").to_owned();
    root.get(&format!("/admin/sessions/{id}")).is(200);
    root.confirm(&format!("/admin/sessions/{id}/revoke"), &[])
        .is(303);
    ann.sign_in("ann", ANN_NEXT).is(303);
    let all = [("which", "all"), ("q", "user:ann"), ("shown", "1")];
    root.get("/admin/sessions/revoke?which=all&q=user%3Aann")
        .is(200);
    root.post("/admin/sessions/revoke", &all);
    root.confirm("/admin/audit/verify", &[]);
    root.post("/theme", &[("theme", "dark")]).is(303);
    root.post("/logout", &[]).is(303);
    let log = stage.finish();
    for told in [
        "/admin/users/<id>/password",
        "the key was rotated",
        "/setup",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
}

#[test]
fn what_somebody_does_with_their_own_account_leaves_no_secret_anywhere() {
    let stage = Stage::new();
    let root = first_administrator(&stage);
    let (secret, codes) = root.add_second_factor();
    // From here on nobody is shown them again.
    for path in [
        "/account",
        "/account/second-factor",
        "/admin/users/1",
        "/admin/audit",
    ] {
        let page = root.get(path).is(200);
        assert!(!page.body.contains(&codes[0]) && !page.body.contains("otpauth"));
    }
    let half = "/login/second-factor";
    let other = Browser::new(&stage);
    other.sign_in("root", ROOT).is(303);
    for (typed, status) in [("123123", 422), (&*code(&secret), 422), (&*codes[0], 303)] {
        other.confirm(half, &[("code", typed)]).is(status);
    }
    let change = |current: &str, new: &str, status: u16| {
        let fields = [
            ("current_password", current),
            ("new_password", new),
            ("new_password_again", new),
        ];
        other.get("/account").is(200);
        other.post("/account/password", &fields).is(status);
    };
    change(WRONG, ROOT_NEXT, 422);
    change(ROOT, ROOT_NEXT, 303);
    let given = [("current_password", ROOT_NEXT)];
    let renew = "/account/second-factor/recovery-codes";
    let renewed = other.confirm(renew, &given).is(200);
    for code in renewed
        .body
        .split("<li>")
        .filter_map(|item| item.split('<').next())
    {
        if code.len() == 19 {
            stage.once("a recovery code", code);
        }
    }
    let fields = [
        ("bio", "likes birds"),
        ("email", "root@example.org"),
        ("website_url", ""),
    ];
    other.get("/account").is(200);
    other.post("/account/profile", &fields).is(303);
    other
        .confirm("/account/sessions/revoke-others", &[])
        .is(303);
    other
        .confirm("/account/second-factor/remove", &given)
        .is(303);
    other.get("/account").is(200);
    other.post("/logout", &[]).is(303);
    let log = stage.finish();
    // Six digits may stand in a time; as a value of its own no code does.
    let code = code(&secret);
    assert!(!log.contains(&format!("\"{code}\"")) && !log.contains(&format!("code={code}")));
    assert!(
        log.contains(half) && log.contains("/account/password"),
        "{log}"
    );
}

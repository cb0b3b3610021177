//! What a second factor is made of is in no log, however much is logged.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use data_encoding::BASE32_NOPAD;
use hub::types::time::{Clock, SystemClock};
use totp_rs::Builder;

use crate::stage::{PASSWORD, PATIENCE, Stage};

/// A browser without a screen.
struct Browser {
    address: SocketAddr,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    /// Opens a page, or sends a form; the answer whole.
    fn ask(&self, request: &str, form: &str) -> String {
        let cookies: Vec<String> = self.cookies.borrow().values().cloned().collect();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            self.address,
            cookies.join("; "),
            form.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all((head + form).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        for line in answer.lines().take_while(|line| !line.is_empty()) {
            if let Some(("set-cookie", cookie)) = line.to_lowercase().split_once(": ") {
                let name = cookie.split('=').next().unwrap().to_owned();
                let pair = line.split_once(": ").unwrap().1.split(';').next().unwrap();
                self.cookies.borrow_mut().insert(name, pair.to_owned());
            }
        }
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), "")
    }

    /// Sends a form of the page at `from`.
    fn post(&self, from: &str, path: &str, fields: &str) -> String {
        let page = self.get(from);
        let token = between(&page, "name=\"form_token\" value=\"", "\"");
        self.ask(
            &format!("POST {path}"),
            &format!("{fields}&form_token={token}"),
        )
    }
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> &'text str {
    let rest = text.split_once(before).expect(text).1;
    rest.split_once(after).expect(text).0
}

#[test]
fn neither_secret_nor_code_nor_recovery_code_is_ever_logged() {
    let mut stage = Stage::new();
    stage.environment.push(("HUB_LOG", "trace".to_owned()));
    let server = stage.serve();
    let browser = Browser {
        address: server.address,
        cookies: RefCell::default(),
    };
    let password = PASSWORD.replace(' ', "+");
    let signed_in = format!("username=alice&password={password}");
    browser.post("/login", "/login", &signed_in);
    let path = "/account/second-factor";
    browser.post(path, path, "");
    let page = browser.get(path);
    let link = between(&page, "secret=", "&").to_owned();
    let groups = between(&page, "<code>", "</code>").to_owned();
    let secret = BASE32_NOPAD.decode(link.as_bytes()).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemClock::new().now().wall.seconds().unsigned_abs();
    let (code, wrong) = (totp.generate(now).to_string(), "000000");
    let confirm = "/account/second-factor/confirm";
    browser.post(path, confirm, &format!("code={wrong}"));
    let done = browser.post(path, confirm, &format!("code={code}"));
    let recovery: Vec<&str> = done
        .split("<li>")
        .filter_map(|item| item.split('<').next())
        .filter(|text| text.len() == 19)
        .collect();
    assert_eq!(recovery.len(), 10, "{done}");
    // At the sign-in: wrong, used, and one of the recovery codes.
    let half = "/login/second-factor";
    browser.post("/login", "/login", &signed_in);
    for typed in ["123123", &code, recovery[0]] {
        browser.post(half, half, &format!("code={typed}"));
    }
    assert!(
        browser
            .get("/account")
            .contains("9 recovery codes are left")
    );
    let (_, _, log) = server.stop();
    // That the requests were logged shows that this would be found.
    assert!(log.contains(confirm) && log.contains(half), "{log}");
    let mut forbidden = vec![&link, &groups, "otpauth", PASSWORD, &password];
    forbidden.extend(&recovery);
    for secret in forbidden {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    // Six digits may stand in a time; as a value of its own no code does.
    for typed in [format!("\"{code}\""), format!("code={code}")] {
        assert!(!log.contains(&typed), "{log}");
    }
}

//! A browser without a screen: keeps cookies, reads form tokens out of pages, sends forms as browsers do.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rocket::http::Method;

use crate::answer::Answer;
use crate::stage::{PASSWORD, Stage};

/// One person's browser at a stage.
pub struct Browser<'stage> {
    stage: &'stage Stage,
    cookies: RefCell<BTreeMap<String, String>>,
    /// The form token of the page seen last.
    token: RefCell<String>,
}

impl<'stage> Browser<'stage> {
    pub fn new(stage: &'stage Stage) -> Self {
        Self {
            stage,
            cookies: RefCell::default(),
            token: RefCell::default(),
        }
    }

    /// A browser in which somebody has signed in.
    pub async fn of(stage: &'stage Stage, username: &str) -> Self {
        let browser = Self::new(stage);
        let answer = browser.sign_in(username, PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    pub async fn sign_in(&self, username: &str, password: &str) -> Answer {
        self.get("/login").await;
        self.post("/login", &[("username", username), ("password", password)])
            .await
    }

    /// Opens a page; does not follow where it leads.
    pub async fn get(&self, path: &str) -> Answer {
        let call = self.stage.request(Method::Get, path);
        let answer = call
            .header("Cookie", &self.cookie_header())
            .header("Accept", "text/html")
            .header("Sec-Fetch-Site", "same-origin")
            .send()
            .await;
        self.keep(&answer);
        answer
    }

    /// Sends a form of the page seen last; does not follow where it leads.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.borrow().clone();
        let mut fields = fields.to_vec();
        fields.push(("form_token", &token));
        let call = self.stage.request(Method::Post, path);
        let answer = call
            .header("Cookie", &self.cookie_header())
            .header("Accept", "text/html")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(encoded(&fields))
            .send()
            .await;
        self.keep(&answer);
        answer
    }

    /// Opens the page with a form, then sends the form to the same path.
    pub async fn confirm(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        self.post(path, fields).await
    }

    /// A cookie that the browser holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.borrow_mut();
        cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The form token of the page seen last.
    pub fn token(&self) -> String {
        self.token.borrow().clone()
    }

    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.borrow_mut();
        for header in answer.all("Set-Cookie") {
            let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let marker = "name=\"form_token\" value=\"";
        if let Some(at) = answer.body.find(marker) {
            let rest = &answer.body[at + marker.len()..];
            let value = rest.split('"').next().unwrap_or_default();
            value.clone_into(&mut self.token.borrow_mut());
        }
    }
}

/// A form's body as browsers write it.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                    char::from(byte).to_string()
                }
                b' ' => "+".to_owned(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

//! An administrator's browser at the site in this process, and how long its pages take.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, bail};
use hub::store::Store;
use rocket::http::{ContentType, Header, Method, RawStr};
use rocket::local::asynchronous::Client;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::growth::fill;
use crate::load::now;

const PASSWORD: &str = "correct horse 7";
/// Pages asked for before the ones that count.
const WARM_UP_TIMES: u32 = 3;
/// A slow page is asked for no longer than this …
const MOST_SECONDS: u64 = 10;
/// … but so many times at least.
const FEWEST_TIMES: usize = 3;

/// The site and the administrator's cookies.
pub struct Site {
    client: Client,
    store: Store,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// How long a page took, and its size.
pub struct Asked {
    /// In the middle.
    pub median_ms: f64,
    /// Nineteen of twenty were faster.
    pub p95_ms: f64,
    /// Of its body.
    pub bytes: usize,
}

/// An answer of the site.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where it leads.
    pub location: String,
    /// Its body.
    pub body: String,
}

impl Site {
    /// Opens the site, and signs an administrator in who is made if there is none yet.
    #[expect(clippy::disallowed_methods, reason = "makes the first administrator")]
    pub async fn open(directory: &Path) -> anyhow::Result<Self> {
        let place = directory.to_owned();
        let hub = tokio::task::spawn_blocking(move || fill::open(&place)).await??;
        let store = hub.store.clone();
        let client = Client::untracked(hub::build(hub))
            .await
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        let site = Self {
            client,
            store,
            cookies: Mutex::default(),
        };
        let database = Connection::open(directory.join("hub.db"))?;
        let known: bool = database.query_row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE username_key = 'root')",
            [],
            |row| row.get(0),
        )?;
        if !known {
            let body =
                json!({"username": "root", "email": "root@example.com", "password": PASSWORD});
            site.api("/api/auth/register", &body).await?;
            database.execute(
                "UPDATE users SET role = 'SUPERADMIN' WHERE username = 'root'",
                [],
            )?;
        }
        drop(database);
        site.page("/login").await?;
        let answer = site
            .send("/login", &[("username", "root"), ("password", PASSWORD)])
            .await?;
        if answer.status != 303 {
            bail!("the sign-in answered {}", answer.status);
        }
        Ok(site)
    }

    /// A call of the API that must be answered with success.
    pub async fn api(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
        let call = self
            .client
            .post(path)
            .remote(peer)
            .header(ContentType::JSON)
            .body(body.to_string());
        let response = call.dispatch().await;
        let status = response.status().code;
        let text = response.into_string().await.unwrap_or_default();
        if status / 100 != 2 {
            bail!("{path} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Signs a new session of the administrator in; its refresh token.
    pub async fn sign_in(&self) -> anyhow::Result<String> {
        let body = json!({"username": "root", "password": PASSWORD});
        let pair = self.api("/api/auth/login", &body).await?;
        Ok(pair["refresh_token"]
            .as_str()
            .context("a token")?
            .to_owned())
    }

    /// A page.
    pub async fn page(&self, path: &str) -> anyhow::Result<Answer> {
        self.ask(Method::Get, path, String::new()).await
    }

    /// A form, with the token of the page seen last.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let token = self.held("form_token");
        let fields = fields.iter().copied().chain([("form_token", &*token)]);
        let encoded = |text: &str| RawStr::new(text).percent_encode().to_string();
        let pairs: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        self.ask(Method::Post, path, pairs.join("&")).await
    }

    async fn ask(&self, method: Method, path: &str, body: String) -> anyhow::Result<Answer> {
        let mut call = self.client.req(method, path.to_owned());
        call.set_remote(SocketAddr::from(([192, 0, 2, 1], 4711)));
        for (name, value) in [
            ("Cookie", self.cookie_header()),
            ("Accept", "text/html".to_owned()),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
            (
                "Content-Type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ] {
            call.add_header(Header::new(name, value));
        }
        call.set_body(body);
        let response = call.dispatch().await;
        let mut cookies = Vec::new();
        for header in response.headers().get("Set-Cookie") {
            let pair = header.split(';').next().unwrap_or_default();
            cookies.extend(
                pair.split_once('=')
                    .map(|(name, value)| (name.to_owned(), value.to_owned())),
            );
        }
        let location = response
            .headers()
            .get_one("Location")
            .unwrap_or_default()
            .to_owned();
        let status = response.status().code;
        let body = response.into_string().await.unwrap_or_default();
        let token = body.split("name=\"form_token\" value=\"").nth(1);
        cookies.extend(
            token.and_then(|rest| {
                Some(("form_token".to_owned(), rest.split('"').next()?.to_owned()))
            }),
        );
        if let Ok(mut held) = self.cookies.lock() {
            held.extend(cookies);
        }
        Ok(Answer {
            status,
            location,
            body,
        })
    }

    fn held(&self, name: &str) -> String {
        let held = self.cookies.lock().ok();
        held.and_then(|held| held.get(name).cloned())
            .unwrap_or_default()
    }

    fn cookie_header(&self) -> String {
        let Ok(held) = self.cookies.lock() else {
            return String::new();
        };
        let pairs: Vec<String> = held
            .iter()
            .filter(|(name, value)| *name != "form_token" && !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// How long a page takes, asked for so many times or, where it is slow, for [`MOST_SECONDS`].
    pub async fn time(&self, path: &str, times: u32) -> anyhow::Result<Asked> {
        let mut took = Vec::new();
        let mut bytes = 0;
        let first = now();
        for time in 0..WARM_UP_TIMES + times {
            let is_long = first.elapsed() > Duration::from_secs(MOST_SECONDS);
            if is_long && took.len() >= FEWEST_TIMES {
                break;
            }
            let begun = now();
            let answer = self.page(path).await?;
            let span = begun.elapsed();
            if answer.status != 200 {
                bail!("{path} answered {} {}", answer.status, answer.location);
            }
            bytes = answer.body.len();
            if time >= WARM_UP_TIMES {
                took.push(span);
            }
        }
        Ok(Asked {
            median_ms: percentile_ms(&mut took, 50),
            p95_ms: percentile_ms(&mut took, 95),
            bytes,
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.store.close();
    }
}

/// What so many of a hundred were at most, in milliseconds.
pub fn percentile_ms(spans: &mut [Duration], percent: usize) -> f64 {
    spans.sort_unstable();
    let at = (spans.len() * percent).div_ceil(100).saturating_sub(1);
    spans.get(at).map_or(0.0, |span| span.as_secs_f64() * 1e3)
}

//! A request guard that lets in whose access token the Hub calls good, for Rocket 0.5. It needs `serde_json` and `sha2`, and reaches the Hub by plain HTTP: on
//! the same machine, or through whatever carries the network between them safely.
//!
//! ```ignore
//! #[get("/things")]
//! fn things(verified: Verified) -> String { … verified.user["username"] … }
//!
//! rocket::build().manage(HubVerify::new("127.0.0.1:8000", service_token)).attach(HubVerify::listening()).mount("/", routes![things])
//! ```
//!
//! Answers are remembered for a minute at most, never past the token's end, and only while the feed of revocations is open and has told everything: so what
//! ended is refused within a second, and when the feed breaks off every request is asked for. When the Hub cannot be asked, nobody is let in (503).

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use rocket::tokio::net::TcpStream;
use rocket::tokio::time::{sleep, timeout};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The longest that an answer is remembered.
const LONGEST: Duration = Duration::from_mins(1);
/// Answers remembered at once; beyond that all are forgotten and asked for anew.
const MOST_ANSWERS: usize = 10_000;
/// The Hub says something every 15 s: after so long without a word the feed is dead, whatever the network says.
const SILENCE: Duration = Duration::from_secs(40);
/// How long the Hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to open the feed.
const RETRY: Duration = Duration::from_secs(1);
/// An answer of the Hub is at most this long.
const MOST_BYTES: u64 = 64 * 1024;

/// Whoever brought a good access token.
pub struct Verified {
    /// The user as `/api/auth/validate` shows them.
    pub user: Value,
}

/// Asks the Hub, and remembers what it said.
#[derive(Clone)]
pub struct HubVerify(Arc<Inner>);

struct Inner {
    hub: String,
    service_token: String,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// By the SHA-256 of the token.
    answers: HashMap<[u8; 32], Remembered>,
    /// The feed is open, and all that was missed is told.
    ready: bool,
    /// Events so far: an answer that one of them overtook is not remembered.
    told: u64,
    last_id: String,
}

struct Remembered {
    user: Value,
    sid: String,
    until: Instant,
}

impl HubVerify {
    /// `hub` is `host:port`; the token is what `hub service add` printed.
    pub fn new(hub: &str, service_token: &str) -> Self {
        Self(Arc::new(Inner {
            hub: hub.to_owned(),
            service_token: service_token.to_owned(),
            memory: Mutex::default(),
        }))
    }

    /// Listens for as long as the server runs.
    pub fn listening() -> AdHoc {
        AdHoc::on_liftoff("the Hub's feed", |rocket| {
            Box::pin(async move {
                let Some(verify) = rocket.state::<Self>().cloned() else {
                    return;
                };
                let mut shutdown = rocket.shutdown();
                rocket::tokio::spawn(async move {
                    loop {
                        let ended = rocket::tokio::select! {
                            ended = verify.listen() => ended,
                            () = &mut shutdown => return,
                        };
                        verify.forget_all();
                        if let Err(error) = ended {
                            rocket::warn!("no feed, every request is asked for: {error}");
                        }
                        sleep(RETRY).await;
                    }
                });
            })
        })
    }

    /// Whether answers are remembered now: for health checks.
    pub fn is_ready(&self) -> bool {
        self.memory().ready
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The feed broke off: from here on something may end unheard.
    fn forget_all(&self) {
        let mut memory = self.memory();
        memory.ready = false;
        memory.told += 1;
        memory.answers.clear();
    }

    /// Sends a request and reads the head of the answer. HTTP/1.0, so that a body ends with its connection and has no other framing.
    async fn send(
        &self,
        path: &str,
        token: &str,
        last_id: &str,
    ) -> io::Result<(u16, BufReader<TcpStream>)> {
        let hub = &self.0.hub;
        let mut stream = BufReader::new(TcpStream::connect(hub).await?);
        let last_id = match last_id {
            "" => String::new(),
            id => format!("Last-Event-ID: {id}\r\n"),
        };
        let head = format!(
            "GET {path} HTTP/1.0\r\nHost: {hub}\r\nAuthorization: Bearer {token}\r\n{last_id}\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let mut line = String::new();
        (&mut stream).take(MOST_BYTES).read_line(&mut line).await?;
        let status = line.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        while line != "\r\n" {
            line.clear();
            if (&mut stream).take(MOST_BYTES).read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((status, stream))
    }

    async fn listen(&self) -> io::Result<()> {
        let last_id = self.memory().last_id.clone();
        let opened = self.send("/api/auth/revocations", &self.0.service_token, &last_id);
        let (status, mut stream) = timeout(PATIENCE, opened).await??;
        if status != 200 {
            return Err(io::Error::other(format!("it is answered {status}")));
        }
        let (mut id, mut name, mut data) = (String::new(), String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            let mut bounded = (&mut stream).take(MOST_BYTES);
            if timeout(SILENCE, bounded.read_line(&mut line)).await?? == 0 {
                return Ok(());
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("event", value)) => value.clone_into(&mut name),
                Some(("data", value)) => value.clone_into(&mut data),
                _ if line == "\n" && !data.is_empty() => {
                    self.hear(&id, &name, &serde_json::from_str(&data)?);
                    data.clear();
                }
                _ => {}
            }
        }
    }

    fn hear(&self, id: &str, name: &str, data: &Value) {
        let mut memory = self.memory();
        memory.told += 1;
        id.clone_into(&mut memory.last_id);
        match name {
            "session" => memory.answers.retain(|_, answer| data["sid"] != answer.sid),
            "user" => memory
                .answers
                .retain(|_, answer| answer.user["id"] != data["user_id"]),
            "ready" => memory.ready = true,
            // `reset`, or what a later Hub may say.
            _ => memory.answers.clear(),
        }
    }

    /// The user, or the status to refuse with.
    async fn judge(&self, token: &str) -> Result<Value, Status> {
        let key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let before = {
            let memory = self.memory();
            let known = memory.answers.get(&key).filter(|_| memory.ready);
            if let Some(known) = known.filter(|known| Instant::now() < known.until) {
                return Ok(known.user.clone());
            }
            memory.told
        };
        let asked = timeout(PATIENCE, self.ask(token)).await;
        let (status, body) = asked
            .map_err(|_| Status::ServiceUnavailable)?
            .map_err(|_| Status::ServiceUnavailable)?;
        match (status, &body["valid"]) {
            (200, Value::Bool(true)) => {}
            (401, _) => return Err(Status::Unauthorized),
            _ => return Err(Status::ServiceUnavailable),
        }
        let user = body["user"].clone();
        let expires = Duration::from_secs(body["expires_at"].as_u64().unwrap_or(0));
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let left = expires.saturating_sub(now.unwrap_or(expires));
        if let Some(sid) = session_of(token) {
            let mut memory = self.memory();
            if memory.ready && memory.told == before {
                if memory.answers.len() >= MOST_ANSWERS {
                    memory.answers.clear();
                }
                let remembered = Remembered {
                    user: user.clone(),
                    sid,
                    until: Instant::now() + left.min(LONGEST),
                };
                memory.answers.insert(key, remembered);
            }
        }
        Ok(user)
    }

    async fn ask(&self, token: &str) -> io::Result<(u16, Value)> {
        let (status, stream) = self.send("/api/auth/validate", token, "").await?;
        let mut body = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut body).await?;
        Ok((status, serde_json::from_slice(&body)?))
    }
}

/// The `sid` of a token that the Hub called good.
fn session_of(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in claims.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    claims["sid"].as_str().map(str::to_owned)
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Verified {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(verify) = request.rocket().state::<HubVerify>() else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        let token = request
            .headers()
            .get_one("Authorization")
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            // Nothing that could end the header it is passed on in.
            .filter(|token| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        let Some(token) = token else {
            return Outcome::Error((Status::Unauthorized, ()));
        };
        match verify.judge(token).await {
            Ok(user) => Outcome::Success(Self { user }),
            Err(status) => Outcome::Error((status, ())),
        }
    }
}

//! A Hub served on a port of its own, and the raw clients that call it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hub::crypto::jwt::{RefreshClaims, Tokens};
use hub::features::admin::users::set_active::SetActive;
use hub::features::sessions::model::Session;
use hub::features::sessions::{end, store};
use hub::front::{Drained, Limits, serve};
use hub::store::Store;
use hub::types::cause::{Actor, Cause};
use hub::types::ids::UserId;
use hub::types::time::Clock;
use hub::types::user_agent::UserAgent;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::stage;

/// Longer than any answer takes on a busy machine: only a hang reaches it.
const PATIENCE: Duration = Duration::from_mins(1);

type SetActiveOf = dyn Fn(UserId, bool, Cause) -> SetActive + Send + Sync;

pub struct Served {
    pub address: SocketAddr,
    pub store: Store,
    pub tokens: Arc<Tokens>,
    clock: Arc<dyn Clock>,
    set_active: Box<SetActiveOf>,
    stop: oneshot::Sender<()>,
    drained: JoinHandle<Drained>,
    _directory: TempDir,
}

impl Served {
    pub async fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        let directory = stage::directory();
        let hub = stage::open(directory.path(), Arc::clone(&clock), seed).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (store, tokens) = (hub.store.clone(), Arc::clone(&hub.tokens));
        // What is past its time matters only to a count that nobody here reads.
        let now = end::now(&hub, clock.now().wall);
        let set_active = move |user, active, cause| SetActive {
            user,
            active,
            now,
            cause,
        };
        let (stop, stopped) = oneshot::channel();
        let site = hub::build(hub);
        let drained = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            serve(listener, site, Limits::default(), stop)
                .await
                .expect("served")
        });
        Self {
            address,
            store,
            tokens,
            clock,
            set_active: Box::new(set_active),
            stop,
            drained,
            _directory: directory,
        }
    }

    /// Ends the Hub; every connection must have ended by itself.
    pub async fn stop(self) {
        self.stop.send(()).expect("it still runs");
        self.drained.await.expect("no panic");
    }

    pub async fn connect(&self) -> Caller {
        connect(self.address).await
    }

    pub fn claims(&self, refresh: &str) -> RefreshClaims {
        let now = self.clock.now().wall;
        self.tokens.read_refresh(refresh, now).expect("one of ours")
    }

    /// The row of the session that a refresh token names.
    pub fn row(&self, refresh: &str) -> Session {
        let id = self.claims(refresh).sid.parse().expect("a session's id");
        let found = self.store.read(|db| store::load(db, id)).expect("readable");
        found.expect("sessions stay").0
    }

    /// Locks a user out, or lets them in.
    pub async fn set_active(&self, user: i64, active: bool) {
        let change = (self.set_active)(UserId(user), active, self.cause());
        self.store.write(change).await.expect("changed");
    }

    fn cause(&self) -> Cause {
        Cause {
            actor: Actor::System,
            at: self.clock.now(),
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }
}

/// One keep-alive connection.
pub struct Caller {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A pair of tokens.
#[derive(Clone, Debug)]
pub struct Pair {
    pub access: String,
    pub refresh: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn pair(&self) -> Pair {
        let text = |name: &str| self.body[name].as_str().expect("a token").to_owned();
        Pair {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

pub async fn connect(address: SocketAddr) -> Caller {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    Caller {
        stream,
        unread: Vec::new(),
    }
}

impl Caller {
    pub async fn call(&mut self, method: &str, path: &str, bearer: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let exchange = async {
            self.stream
                .write_all(request.as_bytes())
                .await
                .expect("sent");
            self.read().await
        };
        timeout(PATIENCE, exchange)
            .await
            .expect("an answer in time")
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, "none", body).await
    }

    pub async fn refresh(&mut self, token: &str) -> Answer {
        let body = json!({ "refresh_token": token });
        self.post("/api/auth/refresh", &body).await
    }

    pub async fn validate(&mut self, access: &str) -> Answer {
        self.call("GET", "/api/auth/validate", access, &Value::Null)
            .await
    }

    pub async fn register(&mut self, name: &str) -> Pair {
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": stage::PASSWORD,
        });
        let answer = self.post("/api/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.pair()
    }

    pub async fn login(&mut self, name: &str) -> Pair {
        let body = json!({ "username": name, "password": stage::PASSWORD });
        let answer = self.post("/api/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.pair()
    }

    async fn read(&mut self) -> Answer {
        let end = loop {
            let end = self.unread.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).expect("a head");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.parse().ok())
            .expect("a length");
        while self.unread.len() < length {
            self.more().await;
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        Answer {
            status: status.expect("a status"),
            body: serde_json::from_slice(&body).expect("JSON"),
        }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.unread).await;
        assert!(read.expect("open") > 0, "closed before an answer");
    }
}

/// What the answers to one token came to.
pub struct Tally {
    pub given: usize,
    pub refused: usize,
    /// The one successor that all were given.
    pub successor: String,
}

impl Tally {
    /// Asserts that nothing was given but one successor, and nothing refused but as superseded.
    pub fn of(answers: &[Answer]) -> Self {
        let mut successors = HashSet::new();
        let mut access = HashSet::new();
        let mut refused = 0;
        for answer in answers {
            match answer.status {
                200 => {
                    let pair = answer.pair();
                    successors.insert(pair.refresh);
                    assert!(access.insert(pair.access), "an access token came twice");
                }
                401 => {
                    assert_eq!(answer.code(), "token_reused");
                    refused += 1;
                }
                _ => panic!("{answer:?}"),
            }
        }
        assert_eq!(successors.len(), 1, "one successor for one token");
        Self {
            given: access.len(),
            refused,
            successor: successors.into_iter().next().expect("one"),
        }
    }
}

//! A browser: tabs, the storage they share, and the Hub they call, in this process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use hub::hub::Hub;
use hub::types::time::{Clock, HandClock};
use rocket::http::{ContentType, Header, Method};
use rocket::local::asynchronous::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{self, Dice};

/// The Hub's own, unless configured: so long the access token of a sign-in is good.
const ACCESS_TTL: Duration = Duration::from_hours(24);
/// Rounds in one session, one each day, before its absolute end comes near.
pub const ROUNDS_OF_A_SESSION: usize = 85;

/// How long each leg takes at most, in microseconds; each is drawn anew.
pub struct Delays {
    /// Until a tab wakes.
    pub start: u64,
    /// From reading the access token to the answer, when it is refused.
    pub call: u64,
    /// From reading the refresh token to the Hub.
    pub refresh: u64,
    /// From the Hub to the storage.
    pub answer: u64,
}

/// How often refreshes were answered in which way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    /// With a new generation.
    pub rotations: usize,
    /// With the present generation, for its parent.
    pub retries: usize,
    /// With the present generation, for an older ancestor.
    pub stragglers: usize,
    /// With the present generation, for itself.
    pub settled: usize,
}

/// What a round came to.
pub struct Told {
    pub refreshes: usize,
    /// Refreshes that were answered 401.
    pub refused: usize,
    /// The storage holds an older token than was given last.
    pub is_left_behind: bool,
}

#[derive(Clone, Debug)]
struct Pair {
    access: String,
    refresh: String,
}

/// What a tab does next: a step of the client as it is printed.
#[derive(Clone, Debug)]
enum Step {
    /// Reads the access token and calls.
    Wake,
    /// Was refused: reads the refresh token.
    Refused,
    /// Its refresh arrives at the Hub.
    Refresh(String),
    /// The answer arrives: both tokens go into the storage, and the call is made again.
    Store(Pair),
}

pub struct Browser {
    client: Client,
    clock: Arc<HandClock>,
    dice: Dice,
    /// `localStorage`.
    storage: Pair,
    /// The refresh token that was given last.
    newest: String,
    rounds: usize,
    signed_in: usize,
    pub answers: Answers,
    _directory: TempDir,
}

impl Browser {
    pub async fn open(seed: u64) -> Self {
        let directory = stage::directory();
        let clock = stage::hand_clock();
        let hub = stage::open(directory.path(), Arc::clone(&clock) as Arc<dyn Clock>, seed).await;
        let client = Client::untracked(hub::build(hub)).await.expect("a site");
        let nothing = Pair {
            access: String::new(),
            refresh: String::new(),
        };
        Self {
            client,
            clock,
            dice: Dice::new(seed),
            storage: nothing,
            newest: String::new(),
            rounds: 0,
            signed_in: 0,
            answers: Answers::default(),
            _directory: directory,
        }
    }

    /// A new user with a new session.
    pub async fn sign_in(&mut self) {
        self.signed_in += 1;
        let name = format!("user{}", self.signed_in);
        let body = json!({
            "username": name,
            "email": format!("{name}@example.com"),
            "password": stage::PASSWORD,
        });
        let (status, body) = self
            .call(Method::Post, "/api/auth/register", None, body)
            .await;
        assert_eq!(status, 201, "{body}");
        self.storage = pair(&body);
        self.newest.clone_from(&self.storage.refresh);
        self.rounds = 0;
    }

    /// As a page finds it in the morning.
    pub fn let_the_access_token_expire(&self) {
        self.clock.advance(ACCESS_TTL);
    }

    /// Every tab makes one call, as the printed client does; whoever is refused gives up.
    pub async fn round(&mut self, tabs: usize, delays: &Delays) -> Told {
        self.rounds += 1;
        assert!(self.rounds <= ROUNDS_OF_A_SESSION, "sign in anew before");
        let mut steps = BinaryHeap::new();
        // What is to be done lies in `waiting`, at the place that the heap names: first come, first served.
        let mut waiting: Vec<Step> = Vec::new();
        for _ in 0..tabs {
            steps.push(Reverse((self.draw(delays.start), waiting.len())));
            waiting.push(Step::Wake);
        }
        let (mut now, mut refreshes, mut refused) = (0, 0, 0);
        while let Some(Reverse((at, place))) = steps.pop() {
            self.clock.advance(Duration::from_micros(at - now));
            now = at;
            let next = match waiting[place].clone() {
                Step::Wake => {
                    let status = self.me(&self.storage.access).await;
                    (status == 401).then(|| (self.draw(delays.call), Step::Refused))
                }
                Step::Refused => {
                    let held = self.storage.refresh.clone();
                    Some((self.draw(delays.refresh), Step::Refresh(held)))
                }
                Step::Refresh(held) => {
                    refreshes += 1;
                    if let Some(given) = self.refresh(&held).await {
                        Some((self.draw(delays.answer), Step::Store(given)))
                    } else {
                        refused += 1;
                        None
                    }
                }
                Step::Store(given) => {
                    self.storage = given.clone();
                    let again = self.me(&given.access).await;
                    assert!(again == 200 || refused > 0, "the call made again: {again}");
                    None
                }
            };
            if let Some((after, step)) = next {
                steps.push(Reverse((now + after, waiting.len())));
                waiting.push(step);
            }
        }
        Told {
            refreshes,
            refused,
            is_left_behind: self.storage.refresh != self.newest,
        }
    }

    /// A refresh, which is answered with the present pair or a new one; `None` if it is refused.
    async fn refresh(&mut self, held: &str) -> Option<Pair> {
        let body = json!({ "refresh_token": held });
        let path = "/api/auth/refresh";
        let (status, body) = self.call(Method::Post, path, None, body).await;
        if status == 401 {
            return None;
        }
        assert_eq!(status, 200, "round {}: {body}", self.rounds);
        let given = pair(&body);
        let behind = self.generation(&given.refresh) - self.generation(held);
        if given.refresh == self.newest {
            match behind {
                0 => self.answers.settled += 1,
                1 => self.answers.retries += 1,
                _ => {
                    assert!(behind > 1, "{behind}");
                    self.answers.stragglers += 1;
                }
            }
        } else {
            assert_eq!((held, behind), (self.newest.as_str(), 1));
            self.answers.rotations += 1;
        }
        self.newest.clone_from(&given.refresh);
        Some(given)
    }

    async fn me(&self, access: &str) -> u16 {
        let bearer = Some(access);
        self.call(Method::Get, "/api/auth/me", bearer, Value::Null)
            .await
            .0
    }

    async fn call(
        &self,
        method: Method,
        path: &'static str,
        bearer: Option<&str>,
        body: Value,
    ) -> (u16, Value) {
        let mut request = self.client.req(method, path).header(ContentType::JSON);
        if let Some(token) = bearer {
            request.add_header(Header::new("Authorization", format!("Bearer {token}")));
        }
        let response = request.body(body.to_string()).dispatch().await;
        let status = response.status().code;
        let body = response.into_string().await.unwrap_or_default();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn generation(&self, refresh: &str) -> i64 {
        let hub = self.client.rocket().state::<Hub>().expect("managed");
        let now = hub.clock.now().wall;
        hub.tokens.read_refresh(refresh, now).expect("ours").r#gen
    }

    fn draw(&self, most: u64) -> u64 {
        let sides = usize::try_from(most + 1).expect("small");
        self.dice.below(sides).try_into().expect("small")
    }
}

fn pair(body: &Value) -> Pair {
    let text = |name: &str| body[name].as_str().expect("a token").to_owned();
    Pair {
        access: text("access_token"),
        refresh: text("refresh_token"),
    }
}

//! A Hub on a directory of its own, with a clock that the test moves, and the verbs that tests speak.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hub::config::{Config, Sources};
use hub::features::admin::users::set_role::SetRole;
use hub::features::sessions::end;
use hub::features::sessions::store::many::Now;
use hub::features::users::store as users;
use hub::hub::{Hub, HubError, Place};
use hub::store::audit::{self, Action, Entry};
use hub::store::{Change, Mode, Store, StoreError, Tx};
use hub::types::cause::{Actor, Cause};
use hub::types::entropy::SeededEntropy;
use hub::types::ids::UserId;
use hub::types::role::Role;
use hub::types::time::{Clock, HandClock, Timestamp};
use hub::types::user_agent::UserAgent;
use hub::types::username::Username;
use rocket::http::{Header, Method};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use rocket::{Orbit, Rocket};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::answer::Answer;
use crate::canaries::Watch;
use crate::docs::documented::is_documented;

/// A password that keeps every rule.
pub const PASSWORD: &str = "correct horse 7";
/// Where every stage's clock stands at first.
pub const BEGINNING_MICROS: i64 = 1_757_172_645_123_456;
/// The same in the words of a body.
pub const BEGINNING: &str = "2025-09-06T15:30:45.123456";
/// The same in the whole seconds of a claim.
pub const BEGINNING_SECONDS: i64 = 1_757_172_645;
/// Where requests come from unless a test says otherwise.
pub const PEER: &str = "203.0.113.7";
/// The one seed of every stage that does not ask for another.
pub const SEED: u64 = 7;

pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

/// A whole site in this process.
pub struct Stage {
    // First, so that the Hub is gone before its files are.
    client: Client,
    pub clock: Arc<HandClock>,
    pub store: Store,
    // Looks through the files when the Hub is gone, and while they are still there.
    pub watch: Watch,
    pub directory: TempDir,
}

/// An access token and a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub access: String,
    pub refresh: String,
}

/// A configuration with cheap hashing; `settings` are keys of `hub.toml` with their text.
pub fn config(directory: &Path, settings: &[(&str, &str)]) -> Config {
    let directory_text = directory.to_str().expect("UTF-8");
    let flags = [
        ("data_dir", directory_text),
        ("hashing.memory_kib", "8"),
        ("hashing.passes", "1"),
        ("hashing.threads", "2"),
    ];
    let sources = Sources {
        flags: flags
            .iter()
            .chain(settings)
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect(),
        system_data_dir: directory.join("nowhere"),
        ..Sources::default()
    };
    Config::load(&sources).expect("a configuration").config
}

/// Opens a Hub as a server does; it waits for its writer, so not on the runtime's own thread.
pub async fn open(config: Config, clock: Arc<HandClock>, seed: u64) -> Result<Hub, HubError> {
    tokio::task::spawn_blocking(move || {
        let entropy = Arc::new(SeededEntropy::new(seed));
        Hub::open(config, Mode::Server, clock, entropy)
    })
    .await
    .expect("no panic")
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::on(directory, settings, SEED).await
    }

    /// One that holds no try back: for tests in which somebody tries more often than anybody does.
    pub async fn without_limits() -> Self {
        Self::with(&[("throttle_exempt", PEER)]).await
    }

    /// On a directory that may hold a Hub's files already.
    pub async fn on(directory: TempDir, settings: &[(&str, &str)], seed: u64) -> Self {
        let config = config(directory.path(), settings);
        let clock = Arc::new(HandClock::at(Timestamp::from_micros(BEGINNING_MICROS)));
        let hub = open(config, Arc::clone(&clock), seed).await.expect("a hub");
        let store = hub.store.clone();
        // `hub serve` makes it, too.
        let no_templates = Place::new(directory.path()).no_templates();
        std::fs::create_dir_all(no_templates).expect("a directory");
        let client = Client::untracked(hub::build(hub)).await.expect("a site");
        Self {
            client,
            clock,
            store,
            watch: Watch::over(directory.path().to_owned()),
            directory,
        }
    }

    /// Ends the Hub and leaves its files.
    pub fn close(self) -> TempDir {
        drop(self.client);
        self.store.close();
        self.directory
    }

    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        let mut request = self.client.req(method, path.to_owned());
        request.set_remote(SocketAddr::new(PEER.parse().expect("an address"), 4711));
        Call(request, &self.watch)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::Get, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let call = self.request(Method::Post, path);
        call.json(body.to_string()).send().await
    }

    /// A request with an access token and no body.
    pub async fn ask(&self, method: Method, path: &str, access: &str) -> Answer {
        self.request(method, path).bearer(access).send().await
    }

    pub async fn register_with(&self, name: &str, email: &str, password: &str) -> Answer {
        let body = json!({"username": name, "email": email, "password": password});
        self.post("/api/auth/register", &body).await
    }

    pub async fn register(&self, name: &str) -> Pair {
        let email = format!("{name}@example.com");
        let answer = self.register_with(name, &email, PASSWORD).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.pair()
    }

    /// Registers a user and gives them a role, as `hub user role` does.
    pub async fn register_as(&self, name: &str, role: Role) -> UserId {
        self.register(name).await;
        let named = Username::parse(name).expect("a name");
        let found = self
            .store
            .read::<_, StoreError>(|db| users::by_name(db, &named));
        let user = found.expect("readable").expect("registered").id;
        let cause = self.cause();
        self.apply(SetRole { user, role, cause }).await;
        user
    }

    pub async fn login_with(&self, name: &str, password: &str) -> Answer {
        let body = json!({"username": name, "password": password});
        self.post("/api/auth/login", &body).await
    }

    pub async fn login(&self, name: &str) -> Pair {
        let answer = self.login_with(name, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.pair()
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        let body = json!({"refresh_token": token});
        self.post("/api/auth/refresh", &body).await
    }

    /// A refresh that must succeed.
    pub async fn rotate(&self, token: &str) -> Pair {
        let answer = self.refresh(token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.pair()
    }

    pub async fn validate(&self, access: &str) -> Answer {
        self.ask(Method::Get, "/api/auth/validate", access).await
    }

    pub async fn me(&self, access: &str) -> Answer {
        self.ask(Method::Get, "/api/auth/me", access).await
    }

    pub async fn change_password(&self, access: &str, current: &str, new: &str) -> Answer {
        let body = json!({"current_password": current, "new_password": new});
        let call = self.request(Method::Post, "/api/auth/password");
        call.bearer(access).json(body.to_string()).send().await
    }

    /// Does what an administrator does at the command line.
    pub async fn apply<C: Change<Error: std::fmt::Debug>>(&self, change: C) -> C::Outcome {
        self.store.write(change).await.expect("applied")
    }

    pub fn cause(&self) -> Cause {
        Cause {
            actor: Actor::CommandLine { uid: 1000 },
            at: self.clock.now(),
            address: None,
            user_agent: UserAgent::unknown(),
            request_id: None,
        }
    }

    /// What "past its time" means now.
    pub fn now(&self) -> Now {
        let hub = self.client.rocket().state::<Hub>().expect("a hub");
        end::now(hub, self.clock.now().wall)
    }

    pub fn hub(&self) -> &Hub {
        self.client.rocket().state::<Hub>().expect("a hub")
    }

    pub fn rocket(&self) -> &Rocket<Orbit> {
        self.client.rocket()
    }

    /// What the server holds beside the Hub.
    pub fn managed<T: Send + Sync + 'static>(&self) -> &T {
        self.client.rocket().state().expect("held")
    }

    /// Every route's method and pattern.
    pub fn routes(&self) -> Vec<(Method, String)> {
        let routes = self.client.rocket().routes();
        routes
            .map(|route| (route.method, route.uri.path().to_owned()))
            .collect()
    }

    pub fn place(&self) -> Place {
        Place::new(self.directory.path())
    }

    /// Every audit row, oldest first.
    pub fn audit(&self) -> Vec<Entry> {
        let filter = audit::Filter {
            limit: 10_000,
            ..audit::Filter::default()
        };
        let read = self
            .store
            .read::<_, StoreError>(|db| audit::list(db, &filter));
        let mut rows = read.expect("readable");
        rows.reverse();
        rows
    }

    /// Lets the Hub itself do something so many times.
    pub async fn many_rows(&self, count: usize) {
        let cause = Cause {
            actor: Actor::System,
            ..self.cause()
        };
        self.apply(ManyRows { count, cause }).await;
    }

    /// A connection of somebody else's, without the Hub's settings.
    #[expect(
        clippy::disallowed_methods,
        reason = "plays whoever else writes to the file"
    )]
    pub fn stranger(&self) -> Connection {
        let connection = Connection::open(self.place().database()).expect("a connection");
        connection.busy_timeout(10 * SECOND).expect("a timeout");
        connection
    }

    /// Runs SQL from outside.
    pub fn sql(&self, sql: &str) {
        self.stranger().execute_batch(sql).expect("executed");
    }

    /// One number from outside.
    pub fn number(&self, sql: &str) -> i64 {
        let read = self.stranger().query_row(sql, [], |row| row.get(0));
        read.expect("a number")
    }

    /// One text from outside.
    pub fn text(&self, sql: &str) -> String {
        let read = self.stranger().query_row(sql, [], |row| row.get(0));
        read.expect("a text")
    }
}

/// Rows of the audit, as many as a long life leaves.
struct ManyRows {
    count: usize,
    cause: Cause,
}

impl Change for ManyRows {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        for _ in 0..self.count {
            tx.audit(&self.cause, Action::UserUpdate, None, None)?;
        }
        Ok(())
    }
}

/// The first user of a stage.
pub const FIRST: UserId = UserId(1);

/// A request being put together.
pub struct Call<'stage>(LocalRequest<'stage>, &'stage Watch);

impl<'stage> Call<'stage> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0
            .add_header(Header::new(name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.1.sent(body.as_ref());
        self.0.set_body(body);
        self
    }

    pub fn peer(mut self, address: &str) -> Self {
        let address = address.parse().expect("an address");
        self.0.set_remote(SocketAddr::new(address, 4711));
        self
    }

    /// The answer while it still comes: of a stream that ends when it ends.
    pub async fn open(self) -> LocalResponse<'stage> {
        self.0.dispatch().await
    }

    pub async fn send(self) -> Answer {
        let (method, path) = (self.0.method(), self.0.uri().path().to_string());
        let response = self.0.dispatch().await;
        let status = response.status().code;
        let headers = response
            .headers()
            .iter()
            .map(|header| (header.name().to_string(), header.value().to_owned()))
            .collect();
        let body = response.into_bytes().await.unwrap_or_default();
        let answer = Answer {
            status,
            headers,
            body: String::from_utf8(body).expect("UTF-8"),
        };
        self.1.answered(&answer);
        is_documented(method, &path, &answer);
        answer
    }
}

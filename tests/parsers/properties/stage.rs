//! A Hub with three users for the parsers that need one, and two routes that tell what the guards of bodies read.

use std::sync::Arc;

use hub::config::{Config, Sources};
use hub::crypto::hasher::StoredHash;
use hub::features::sessions::store::many::Now;
use hub::features::users::model::NewUser;
use hub::features::users::store as users;
use hub::http::body::{Body, Fields};
use hub::http::form::Form;
use hub::hub::Hub;
use hub::store::{Change, Mode, Store, StoreError, Tx};
use hub::types::email::Email;
use hub::types::entropy::SeededEntropy;
use hub::types::held_value::HeldValue;
use hub::types::role::Role;
use hub::types::time::{Clock, HandClock, Timestamp};
use hub::types::username::Username;
use rocket::local::blocking::Client;
use rocket::{Build, Rocket, post, routes};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::token::NOW;

/// The fields that the routes tell of.
pub const FIELDS: &[&str] = &["id", "name", "text", ""];
/// The users, with their addresses.
pub const PEOPLE: [(&str, &str); 3] = [
    ("Ann", "ann@example.com"),
    ("a_b", "Bob+x@mail.example.org"),
    ("zoe-9", "zoe@b.co"),
];

/// What a thread works with: it is made once and stays, for the texts change nothing in it.
pub struct Stage {
    // First, so that the Hub is gone before its files are.
    client: Client,
    pub store: Store,
    cookie: String,
    form_token: String,
    _directory: TempDir,
}

thread_local! {
    static STAGE: Stage = Stage::new();
    static CLIENT: Client = client(rocket());
}

/// Calls with this thread's stage.
pub fn with<T>(call: impl FnOnce(&Stage) -> T) -> T {
    STAGE.with(call)
}

/// Calls with a client of no Hub: for requests that are looked at and never sent.
pub fn with_client<T>(call: impl FnOnce(&Client) -> T) -> T {
    CLIENT.with(call)
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = config(&directory);
        let clock: Arc<dyn Clock> = Arc::new(HandClock::at(NOW));
        let entropy = Arc::new(SeededEntropy::new(5));
        let hub = Hub::open(config, Mode::Server, clock, entropy).expect("a hub");
        for (name, email) in PEOPLE {
            let user = NewUser {
                username: Username::parse(name).expect("a name"),
                email: Email::parse(email).expect("an address"),
                password_hash: StoredHash::from_row("-".to_owned()),
                role: Role::User,
            };
            hub.store.write_blocking(Insert(user)).expect("written");
        }
        let visitor = HeldValue::generate(hub.entropy.as_ref());
        let form_token = hub.forms.make(&visitor.hash());
        let store = hub.store.clone();
        Self {
            client: client(rocket().manage(hub).mount("/", routes![form, json])),
            store,
            cookie: format!("hub_visitor={}", visitor.reveal()),
            form_token,
            _directory: directory,
        }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The cookie that the form token is bound to, as a browser sends it.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub fn form_token(&self) -> &str {
        &self.form_token
    }
}

/// When its lists are read.
pub fn now() -> Now {
    Now {
        at: NOW,
        refresh_expired: Timestamp::from_seconds(0),
    }
}

fn config(directory: &TempDir) -> Config {
    let directory = directory.path().to_str().expect("UTF-8");
    let flags = [
        ("data_dir", directory),
        ("hashing.memory_kib", "8"),
        ("hashing.passes", "1"),
        ("hashing.threads", "1"),
    ];
    let sources = Sources {
        flags: flags
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into(),
        system_data_dir: format!("{directory}/nowhere").into(),
        ..Sources::default()
    };
    Config::load(&sources).expect("a configuration").config
}

fn rocket() -> Rocket<Build> {
    rocket::custom(rocket::Config {
        log_level: rocket::config::LogLevel::Off,
        ..rocket::Config::release_default()
    })
}

fn client(rocket: Rocket<Build>) -> Client {
    Client::untracked(rocket).expect("a client")
}

struct Insert(NewUser);

impl Change for Insert {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        users::insert(tx, &self.0, NOW).map(|_| ())
    }
}

/// The values of each field.
#[post("/form", data = "<form>")]
fn form(form: Form) -> String {
    let values = |name: &&str| {
        let values: Vec<&str> = form.all(name).collect();
        assert_eq!(form.text(name), values.first().copied().unwrap_or_default());
        assert_eq!(form.ticked(name), !values.is_empty());
        ((*name).to_owned(), json!(values))
    };
    Value::Object(FIELDS.iter().map(values).collect()).to_string()
}

/// The texts of an object, `null` for what is none, or the status of the refusal.
#[post("/json", data = "<body>")]
fn json(body: Body) -> String {
    let texts = |fields: Fields| {
        let text = |name: &&str| ((*name).to_owned(), json!(fields.text(name)));
        Value::Object(FIELDS.iter().map(text).collect())
    };
    match body.fields() {
        Ok(fields) => json!(fields.map(texts)).to_string(),
        Err(refused) => json!(refused.status()).to_string(),
    }
}

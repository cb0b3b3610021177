//! The README's two browser clients, the function that it prints and the module that the server serves, against a real server, in Node:
//! see `clients.mjs`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hub::crypto::jwt::{AccessFacts, Tokens};
use hub::crypto::key_file;
use hub::crypto::ring::{Lifetimes, Ring, SharedRing};
use hub::types::entropy::SeededEntropy;
use hub::types::ids::{SessionId, UserId};
use serde_json::{Value, json};

use crate::blocks::blocks;
use crate::server::Server;

/// The host in the README's JavaScript, for which a reader puts their own Hub's.
const PRINTED_HOST: &str = "https://hub.regardingwork.com";

/// Sessions for the script: one for each of its tests, and some to spare.
const SESSIONS: usize = 24;

/// A session whose access token has expired, as a page finds it in the morning.
fn session(server: &Server, tokens: &Tokens) -> Value {
    let login = json!({"username": "johndoe123", "password": "correct horse 7"});
    let pair = server.post("/api/auth/login", &login);
    let live = pair["access_token"].as_str().expect("an access token");
    let claims = live.split('.').nth(1).expect("three parts");
    let claims = BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("claims");
    let session: SessionId = claims["sid"].as_str().expect("sid").parse().expect("an id");
    let issued = claims["iat"].as_i64().expect("iat") - 2 * 86_400;
    let facts = AccessFacts {
        session,
        user: UserId(claims["user_id"].as_i64().expect("user_id")),
        username: claims["username"].as_str().expect("username"),
        email: claims["email"].as_str().expect("email"),
        issued,
        expires: issued + 86_400,
    };
    let expired = tokens
        .sign_access(&facts, &SeededEntropy::new(1))
        .expect("a signature");
    json!({
        "expired": expired.reveal(),
        "live": live,
        "refresh": pair["refresh_token"],
    })
}

#[test]
fn both_clients_do_what_the_readme_says() {
    let server = Server::start();
    let account = json!({
        "username": "johndoe123",
        "email": "john@example.com",
        "password": "correct horse 7",
    });
    server.post("/api/auth/register", &account);
    let mut secrets = key_file::read(&server.data().join("secret.key")).expect("the key file");
    let secret = secrets.pop().expect("the key");
    let (access, refresh) = (Duration::from_hours(24), Duration::from_hours(30 * 24));
    let tokens = Tokens::new(Arc::new(SharedRing::new(Ring::of_one(
        secret,
        Lifetimes { access, refresh },
    ))));
    let sessions: Vec<Value> = (0..SESSIONS).map(|_| session(&server, &tokens)).collect();
    let code = |name: &str| {
        let block = blocks(name)[0];
        assert!(block.contains(PRINTED_HOST), "{name} names the Hub's host");
        block.replace(PRINTED_HOST, &server.url)
    };
    let given = json!({
        "url": server.url,
        "simple": code("simple-client"),
        "sessions": sessions,
    });
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("given.json");
    std::fs::write(&file, given.to_string()).expect("a file");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme/clients.mjs");
    let output = Command::new("node")
        .arg(script)
        .env("GIVEN", &file)
        .output()
        .expect("node is missing: the README's JavaScript runs in it; install Node 20 or later");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

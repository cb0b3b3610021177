//! Every curl line of the API's reference, run against a server as it stands there.

use data_encoding::BASE64URL_NOPAD;
use hub::features::docs::reference::{Call, Reference};
use serde_json::{Value, json};

use crate::server::{PRINTED, Server};

const PASSWORD: &str = "correct horse 7";

/// The reference of a Hub at the address that the server replaces by its own.
fn reference() -> Reference {
    Reference::of(&hub::features::api(), PRINTED)
}

/// What the samples expect in the shell: a fresh sign-in's tokens and session.
fn variables(server: &Server) -> String {
    let login = json!({"username": "johndoe123", "password": PASSWORD});
    let pair = server.post("/api/auth/login", &login);
    let text = |name: &str| pair[name].as_str().expect(name).to_owned();
    let access = text("access_token");
    let claims = access.split('.').nth(1).expect("claims");
    let claims = BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    format!(
        "ACCESS_TOKEN={access}\nREFRESH_TOKEN={}\nSESSION_ID={}\n",
        text("refresh_token"),
        claims["sid"].as_str().expect("a session"),
    )
}

fn run(server: &Server, call: &Call, before: &str) {
    let output = server.run(&format!("{before}{}", call.samples.curl));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {printed}", call.samples.curl);
    let answered: Value = serde_json::from_str(&printed).expect("JSON");
    for field in call.answer.iter().filter(|field| !field.name.contains('.')) {
        let is_there = answered.get(&field.name).is_some();
        assert!(is_there, "{}: {printed}", call.samples.curl);
    }
}

#[test]
fn every_curl_line_of_the_reference_runs_as_it_stands_there() {
    let server = Server::start();
    let mut calls = reference().calls;
    assert!(calls.len() > 14);
    // The account comes first; its password stays what the other samples say until the end.
    calls.sort_by_key(|call| match call.id.as_str() {
        "register" => 0,
        "changePassword" => 2,
        _ => 1,
    });
    for call in &calls {
        if call.id == "revocations" {
            continue;
        }
        let before = match call.id.as_str() {
            "register" => String::new(),
            _ => variables(&server),
        };
        run(&server, call, &before);
    }
}

#[test]
fn the_curl_line_of_the_feed_hears_that_all_is_told() {
    let server = Server::start();
    let calls = reference().calls;
    let feed = calls.iter().find(|call| call.id == "revocations");
    let line = &feed.expect("the feed").samples.curl;
    let output = server.run(&format!(
        "curl() {{ command timeout 3 curl \"$@\"; }}\nSERVICE_TOKEN=$(hub service add shop)\n{line}"
    ));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("event: ready"), "{line}: {printed}");
}

//! What the command line reads and what it says of it: passwords and tokens on standard input, keys in variables and files, all of them also wrong.

use std::fs;

use serde_json::json;

use crate::stage::{Stage, setup_token};

const PASSWORD: &str = "canary-Command word 1ü";
const OTHER: &str = "canary-Command word 2&";
/// Without a digit, so no password.
const REFUSED: &str = "canary-Command-word";
const KEY: &str = "7b1d0f5e9a3c48c6b2e4d07f61a85c93e0b74d2f186a9c5037fe4b82d16c9a05";

#[test]
fn no_command_says_what_it_was_trusted_with() {
    let stage = Stage::new();
    for password in [PASSWORD, OTHER, REFUSED] {
        stage.secret("a password", password);
    }
    let good = |words: &[&str], input: &str| {
        let output = stage.run(words, input);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let refused = |words: &[&str], input: &str| {
        let output = stage.run(words, input);
        assert!(!output.status.success(), "{words:?}: {output:?}");
    };
    let add = [
        "user",
        "add",
        "ann",
        "--email",
        "ann@example.com",
        "--password-stdin",
    ];
    refused(&add, REFUSED);
    refused(&add, &PASSWORD.repeat(200));
    good(&add, PASSWORD);
    refused(&add, PASSWORD);
    let passwd = ["user", "passwd", "ann", "--password-stdin"];
    refused(&passwd, REFUSED);
    good(&passwd, OTHER);
    let login = || {
        let body = json!({"username": "ann", "password": OTHER}).to_string();
        stage.ask("POST /api/auth/login").json(body).send().is(200)
    };
    let pair = login();
    let of_old_key = stage.add_service("shop");
    refused(&["service", "add", "shop"], "");
    good(&["key", "rotate", "--yes"], "");
    let of_new_key = stage.add_service("stock");
    for token in [&of_old_key, &of_new_key] {
        let feed = "/api/auth/revocations";
        // Without its body, which has no end.
        let head = stage.ask(&format!("HEAD {feed}")).bearer(token).send();
        head.is(200);
        let flipped = if token.ends_with('0') { "1" } else { "0" };
        let damaged = format!("{}{flipped}", &token[..token.len() - 1]);
        for wrong in [&damaged, &token.to_uppercase(), &format!("{token}0")] {
            let answer = stage.ask(&format!("GET {feed}")).bearer(wrong).send();
            answer.is(401);
        }
        let misplaced = stage.ask(&format!("GET {feed}?last_event_id={token}"));
        misplaced.header("Last-Event-ID", token).send().is(401);
        refused(&["service", "revoke", token], "");
        refused(&["service", "add", token], "");
        for form in [&["service", "list"][..], &["service", "list", "--json"]] {
            let secret = token.rsplit('_').next().expect("digits");
            assert!(!good(form, "").contains(secret), "{form:?}");
        }
    }
    good(&["service", "revoke", "shop"], "");
    let renewed = login();
    for token in ["access_token", "refresh_token"] {
        for pair in [&pair, &renewed] {
            let token = pair.text(token);
            for form in [&["token", "inspect"][..], &["token", "inspect", "--json"]] {
                good(form, &token);
                good(form, &token[..token.len() - 1]);
                good(form, &format!("Bearer {token}"));
            }
        }
    }
    good(&["token", "inspect"], PASSWORD);
    let link = good(&["setup-link"], "");
    let token = setup_token(&link).expect("a link");
    stage.once("the setup link's token", token);
    for words in [
        &["key", "list"][..],
        &["key", "list", "--json"],
        &["user", "list", "--json"],
        &["user", "show", "ann", "--json"],
        &["session", "list", "--json"],
        &["audit", "list", "--json"],
        &["audit", "export"],
        &["audit", "export", "--json"],
        &["audit", "verify"],
        &["config", "print", "--origin"],
        &["config", "check"],
        &["migrate", "--status"],
        &["session", "revoke", "--user", "ann", "--yes"],
    ] {
        good(words, "");
    }
    let list = good(&["session", "list", "--json"], "");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let id = list[0]["id"].as_str().expect("a session").to_owned();
    good(&["session", "show", &id, "--json"], "");
    let log = stage.finish();
    assert!(log.contains("/api/auth/login"), "{log}");
}

#[test]
fn a_configured_key_is_neither_printed_nor_logged_whatever_is_wrong_with_it() {
    let mut stage = Stage::new();
    let (half, odd) = (&KEY[..40], KEY.replace('7', "x"));
    for key in [KEY, half, &odd] {
        stage.secret("a key", key);
    }
    let raw = data_encoding::HEXLOWER.decode(KEY.as_bytes()).unwrap();
    stage.secret_bytes("a key", &raw);
    // Beside the data directory, where the search does not mind them: they are the keys' own files.
    let homes = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("whole", KEY.to_owned()),
        ("half", half.to_owned()),
        ("odd", odd.clone()),
        ("twice", format!("{KEY}\n{KEY}\n")),
        ("binary", String::from_utf8_lossy(&raw).into_owned()),
        ("hub.toml", format!("secret_key = \"{KEY}")),
        ("wrong.toml", format!("secret_kye = \"{KEY}\"")),
        ("typed.toml", format!("secret_key = [\"{KEY}\"]")),
    ] {
        fs::write(homes.path().join(name), text).unwrap();
    }
    let path = |name: &str| homes.path().join(name).to_str().unwrap().to_owned();
    let mut settings = vec![
        ("HUB_SECRET_KEY", KEY.to_owned()),
        ("HUB_SECRET_KEY", half.to_owned()),
        ("HUB_SECRET_KEY", odd.clone()),
        ("HUB_SECRET_KYE", KEY.to_owned()),
    ];
    for name in ["whole", "half", "odd", "twice", "binary"] {
        settings.push(("HUB_SECRET_KEY_FILE", path(name)));
    }
    for name in ["hub.toml", "wrong.toml", "typed.toml"] {
        settings.push(("HUB_CONFIG", path(name)));
    }
    settings.push(("HUB_PUBLIC_URL", format!("https://me:{KEY}@hub.example")));
    for setting in settings {
        stage.settings.push(setting);
        for words in [
            &["config", "print"][..],
            &["config", "print", "--origin", "--json"],
            &["config", "check"],
            // Another key than the database's.
            &["user", "list"],
            &["key", "rotate"],
            &["setup-link"],
            &["serve", "--bind", "127.0.0.1:0"],
        ] {
            let output = stage.run(words, "");
            if words[0] == "serve" || words[0] == "key" {
                assert!(!output.status.success(), "{words:?}: {output:?}");
            }
        }
        stage.settings.pop();
    }
    stage.finish();
}

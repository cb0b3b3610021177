//! What is in the tokens, and that a damaged one is nothing.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use rocket::futures::future::join_all;
use rocket::http::Method;
use serde_json::Value;

use crate::answer::{claims, claims_text, session_of};
use crate::stage::{BEGINNING_SECONDS, Stage};
use crate::state::state;

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

fn is_uuid_v4(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match byte {
            b'-' => hyphens.contains(&place),
            b'0'..=b'9' | b'a'..=b'f' => !hyphens.contains(&place),
            _ => false,
        })
        && text.as_bytes()[14] == b'4'
        && b"89ab".contains(&text.as_bytes()[19])
}

#[rocket::async_test]
async fn an_access_token_says_what_the_contract_says_in_its_order_and_no_more() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    assert!(pair.access.starts_with(&format!("{HEADER}.")));
    let jti = claims(&pair.access)["jti"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(is_uuid_v4(&jti), "{jti}");
    let sid = session_of(&pair.access);
    let (iat, exp) = (BEGINNING_SECONDS, BEGINNING_SECONDS + 24 * 3_600);
    assert_eq!(
        claims_text(&pair.access),
        format!(
            r#"{{"user_id":1,"username":"alice","email":"alice@example.com","iat":{iat},"exp":{exp},"jti":"{jti}","type":"access","sid":"{sid}","iss":"regardingwork-hub","aud":"regardingwork-hub/api"}}"#
        )
    );
}

#[rocket::async_test]
async fn a_refresh_token_says_what_the_contract_says_in_its_order_and_no_more() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    assert!(pair.refresh.starts_with(&format!("{HEADER}.")));
    let jti = claims(&pair.refresh)["jti"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(is_uuid_v4(&jti), "{jti}");
    let sid = session_of(&pair.refresh);
    let (iat, exp) = (BEGINNING_SECONDS, BEGINNING_SECONDS + 30 * 86_400);
    assert_eq!(
        claims_text(&pair.refresh),
        format!(
            r#"{{"user_id":1,"iat":{iat},"exp":{exp},"jti":"{jti}","type":"refresh","sid":"{sid}","gen":1,"iss":"regardingwork-hub","aud":"regardingwork-hub/refresh"}}"#
        )
    );
}

#[rocket::async_test]
async fn roles_and_tiers_are_in_no_token() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    stage.sql("UPDATE users SET role = 'SUPERADMIN', premium_tier = 'GOLD'");
    let pair = stage.login("alice").await;
    for token in [&pair.access, &pair.refresh] {
        let Value::Object(claims) = claims(token) else {
            panic!("an object")
        };
        for (name, value) in claims {
            assert!(!name.contains("role") && !name.contains("tier"), "{name}");
            assert!(value != "SUPERADMIN" && value != "GOLD");
        }
    }
}

#[rocket::async_test]
async fn no_kind_of_token_passes_for_the_other() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let answer = stage.refresh(&pair.access).await;
    answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
    let answer = stage.validate(&pair.refresh).await;
    answer.is_not_valid(
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
}

#[rocket::async_test]
async fn another_hubs_tokens_are_nothing_here() {
    let (here, there) = (Stage::new().await, {
        let directory = tempfile::tempdir().expect("a directory");
        Stage::on(directory, &[], 99).await
    });
    here.register("alice").await;
    let foreign = there.register("alice").await;
    let answer = here.refresh(&foreign.refresh).await;
    answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
    let answer = here.validate(&foreign.access).await;
    answer.is_not_valid(
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
}

/// Sends each text as both kinds of token; every one must be refused in the same words.
pub async fn all_refused(stage: &Stage, texts: Vec<String>) {
    // So many at a time, as a browser's tabs would.
    for some in texts.chunks(64) {
        let answers =
            join_all(some.iter().map(|text| async move {
                (stage.refresh(text).await, stage.validate(text).await)
            }));
        for (text, (refreshed, validated)) in some.iter().zip(answers.await) {
            if text.trim().is_empty() {
                assert_eq!(refreshed.status, 400);
                continue;
            }
            assert_eq!(
                (refreshed.status, refreshed.code().as_str()),
                (401, "invalid_token"),
                "{text}"
            );
            refreshed.is_error(401, "Invalid or expired refresh token", "invalid_token");
            assert_eq!(validated.status, 401, "{text}");
            let body = validated.json();
            assert_eq!(body.as_object().map(serde_json::Map::len), Some(3));
            let error = body["error"].as_str().expect("a text");
            let reason = error.strip_prefix("Invalid token: ");
            let known = [
                "Not enough segments",
                "Invalid header",
                "Invalid token encoding",
                "Signature verification failed",
                "Invalid claims",
            ];
            assert!(
                known.contains(&reason.unwrap_or_default()),
                "{error}: {text}"
            );
        }
    }
}

#[rocket::async_test]
async fn every_single_bit_of_a_good_token_counts() {
    let stage = Stage::without_limits().await;
    let pair = stage.register("alice").await;
    let before = state(&stage);
    for token in [&pair.access, &pair.refresh] {
        let mut flipped = Vec::new();
        for place in 0..token.len() {
            // With the eighth bit it is no text: below, and no header carries it.
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                flipped.push(String::from_utf8(bytes).expect("ASCII"));
            }
        }
        all_refused(&stage, flipped).await;
        for place in 0..token.len() {
            let mut body = format!(r#"{{"refresh_token":"{token}"}}"#).into_bytes();
            body[place + 18] ^= 0x80;
            let call = stage.request(Method::Post, "/api/auth/refresh").json(body);
            assert_eq!(call.send().await.status, 400, "{place}");
        }
    }
    assert_eq!(state(&stage), before);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn every_cut_of_a_good_token_is_nothing() {
    let stage = Stage::without_limits().await;
    let pair = stage.register("alice").await;
    let before = state(&stage);
    for token in [&pair.access, &pair.refresh] {
        let prefixes = (1..token.len()).map(|end| token[..end].to_owned());
        let suffixes = (1..token.len()).map(|start| token[start..].to_owned());
        all_refused(&stage, prefixes.chain(suffixes).collect()).await;
    }
    assert_eq!(state(&stage), before);
}

/// The same bytes in the other alphabet of base64, with a sign in it that only that one has.
fn standard(signature: &str) -> String {
    let bytes = BASE64URL_NOPAD.decode(signature.as_bytes());
    let mut text = BASE64.encode(&bytes.expect("base64url"));
    if !text.contains(['+', '/']) {
        text.insert(0, '+');
    }
    text
}

#[rocket::async_test]
async fn other_spellings_of_a_good_token_are_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let mut spellings = Vec::new();
    for token in [&pair.access, &pair.refresh] {
        let parts: Vec<_> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("three parts")
        };
        spellings.extend([
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}..{signature}"),
            format!(".{payload}.{signature}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.x.y"),
            format!("{header}.{payload}.{signature}.{payload}.{signature}"),
            format!("{header}.{payload}.{signature}="),
            format!("{header}.{payload}==.{signature}"),
            format!("{header}.{payload}.{signature}\n"),
            format!("{header}.{payload}.{signature}\t"),
            format!("\u{a0}{token}"),
            format!("{header} .{payload}.{signature}"),
            format!("{header}.{payload}.\0{signature}"),
            format!("\u{feff}{token}"),
            format!("{header}. {payload}.{signature}"),
            format!("{header}.{payload}.{signature}\u{b}"),
            format!("{header}.{payload}\r\n.{signature}"),
            format!("{header}.{payload}.{}", standard(signature)),
            format!("{header}.{payload}.{signature}=="),
            format!("{header}=.{payload}=.{signature}="),
            format!("{header}.{payload}.{signature}\0"),
            format!("{header}.{payload}.{signature}%00"),
            format!("{header}%2e{payload}%2e{signature}"),
            format!("{header}.{payload}.{signature};x=y"),
            format!("Bearer {token}"),
            format!("\"{token}\""),
            format!("{token},{token}"),
            token.replace('.', "\u{ff0e}"),
            token.to_uppercase(),
            format!("{token}{token}"),
            format!("{header}.{payload}.{}", signature.repeat(2)),
            "x".repeat(5 * 1024),
            format!("{header}.{}.{signature}", "A".repeat(5 * 1024)),
            format!("{header}.{payload}.{}", "A".repeat(5 * 1024)),
            ".".repeat(3_000),
            "..".to_owned(),
            "null".to_owned(),
            "undefined".to_owned(),
        ]);
    }
    all_refused(&stage, spellings).await;
}

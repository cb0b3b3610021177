//! Tokens made by somebody who knows how: with other algorithms, other headers, and even with the right key but other claims.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use hub::crypto::key_file;
use hub::crypto::keyring::Purpose;
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

use crate::answer::claims_text;
use crate::sessions::tokens::all_refused;
use crate::stage::{Pair, Stage};
use crate::state::state;

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn encode(text: &str) -> String {
    BASE64URL_NOPAD.encode(text.as_bytes())
}

fn unsigned(header: &str, payload: &str) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

fn hs256(key: &[u8], header: &str, payload: &str) -> String {
    let signed = unsigned(header, payload);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(signed.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// The keys of both kinds, as the Hub derives them.
fn keys(stage: &Stage) -> [[u8; 32]; 2] {
    let secrets = key_file::read(&stage.place().secret_key()).expect("a key file");
    let secret = secrets.last().expect("a key");
    [Purpose::Access, Purpose::Refresh].map(|purpose| *secret.derive(purpose).reveal())
}

/// Whether the right claims signed by hand with the right key are accepted: if not, no test here means anything.
async fn hand_made_tokens_work(stage: &Stage, pair: &Pair) {
    let [access, refresh] = keys(stage);
    let by_hand = hs256(&access, HEADER, &claims_text(&pair.access));
    assert_eq!(by_hand, pair.access);
    assert_eq!(stage.validate(&by_hand).await.status, 200);
    assert_eq!(
        hs256(&refresh, HEADER, &claims_text(&pair.refresh)),
        pair.refresh
    );
}

#[rocket::async_test]
async fn no_other_algorithm_is_taken_whoever_names_it() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    hand_made_tokens_work(&stage, &pair).await;
    let mut forged = Vec::new();
    for (token, key) in [&pair.access, &pair.refresh].into_iter().zip(keys(&stage)) {
        let payload = claims_text(token);
        let signature = token.rsplit_once('.').expect("three parts").1;
        for algorithm in [
            "none", "None", "NONE", "nONE", "", "HS384", "HS512", "RS256", "ES256", "PS256",
            "EdDSA", "hs256", "HS256 ",
        ] {
            let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
            forged.push(hs256(&key, &header, &payload));
            forged.push(format!("{}.", unsigned(&header, &payload)));
            forged.push(unsigned(&header, &payload));
            forged.push(format!("{}.{signature}", unsigned(&header, &payload)));
        }
        let header = r#"{"alg":"HS384","typ":"JWT"}"#;
        let mut mac = Hmac::<Sha384>::new_from_slice(&key).expect("a key");
        mac.update(unsigned(header, &payload).as_bytes());
        let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        forged.push(format!("{}.{signature}", unsigned(header, &payload)));
        let header = r#"{"alg":"HS512","typ":"JWT"}"#;
        let mut mac = Hmac::<Sha512>::new_from_slice(&key).expect("a key");
        mac.update(unsigned(header, &payload).as_bytes());
        let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        forged.push(format!("{}.{signature}", unsigned(header, &payload)));
    }
    all_refused(&stage, forged).await;
}

/// Secrets that a forger could know, guess or find: the keys of examples, what is public of this Hub, and what was not made for tokens of that kind.
#[rocket::async_test]
async fn no_key_but_the_one_for_its_kind_signs_a_token() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let secrets = key_file::read(&stage.place().secret_key()).expect("a key file");
    let secret = secrets.last().expect("a key");
    let file = std::fs::read_to_string(stage.place().secret_key()).expect("readable");
    let raw = HEXLOWER.decode(file.trim().as_bytes()).expect("hex");
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    let mut keys: Vec<Vec<u8>> = [
        "",
        "secret",
        "your-256-bit-secret",
        "changeme",
        "hub",
        "regardingwork-hub",
        public,
        public.trim_end(),
        file.as_str(),
        file.trim(),
        HEADER,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    keys.extend([vec![0; 32], vec![0xff; 32], raw]);
    let text = |sql: &str| stage.text(sql).into_bytes();
    keys.push(text("SELECT lower(hex(salt)) FROM sessions"));
    keys.push(text("SELECT password_hash FROM users"));
    keys.push(text("SELECT lower(hex(check_value)) FROM keys"));
    let purposes = [
        Purpose::Access,
        Purpose::Refresh,
        Purpose::Jti,
        Purpose::Form,
        Purpose::Fingerprint,
        Purpose::SecondFactor,
    ];
    let before = state(&stage);
    for (token, own) in [
        (&pair.access, Purpose::Access),
        (&pair.refresh, Purpose::Refresh),
    ] {
        let payload = claims_text(token);
        let others = purposes.into_iter().filter(|purpose| *purpose != own);
        let derived = others.map(|purpose| secret.derive(purpose).reveal().to_vec());
        let forged = keys.iter().cloned().chain(derived).flat_map(|key| {
            let rs256 = HEADER.replace("HS256", "RS256");
            [hs256(&key, HEADER, &payload), hs256(&key, &rs256, &payload)]
        });
        all_refused(&stage, forged.collect()).await;
    }
    assert_eq!(state(&stage), before);
}

#[rocket::async_test]
async fn no_other_header_is_taken_even_under_a_good_signature() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    hand_made_tokens_work(&stage, &pair).await;
    let mut forged = Vec::new();
    for (token, key) in [&pair.access, &pair.refresh].into_iter().zip(keys(&stage)) {
        let payload = claims_text(token);
        for header in [
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"../../../../dev/null"}"#,
            r#"{"alg":"HS256","typ":"JWT","jku":"https://example.com/keys"}"#,
            r#"{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AAAA"}}"#,
            r#"{"alg":"HS256","typ":"JWT","x5u":"https://example.com/cert"}"#,
            r#"{"alg":"HS256","typ":"JWT","x5c":["AAAA"]}"#,
            r#"{"alg":"HS256","typ":"JWT","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","typ":"JWT","zip":"DEF"}"#,
            r#"{"alg":"HS256","typ":"JWT","cty":"JWT"}"#,
            r#"{"alg":"HS256","alg":"none","typ":"JWT"}"#,
            r#"{"alg":["HS256"],"typ":"JWT"}"#,
            r#" {"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg": "HS256", "typ": "JWT"}"#,
            "{}",
            "null",
            "",
            "not json",
        ] {
            forged.push(hs256(&key, header, &payload));
        }
    }
    all_refused(&stage, forged).await;
}

/// The claims with one of them replaced, as text, so that also what no JSON library writes can be written.
fn with(payload: &str, name: &str, text: &str) -> String {
    let Value::Object(claims) = serde_json::from_str(payload).expect("JSON") else {
        panic!("an object")
    };
    assert!(claims.contains_key(name), "{name}");
    let members = claims.iter().map(|(known, value)| {
        if known == name {
            format!(r#""{known}":{text}"#)
        } else {
            format!(r#""{known}":{value}"#)
        }
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[rocket::async_test]
async fn claims_of_a_wrong_type_are_refused_even_under_the_right_key() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let before = state(&stage);
    hand_made_tokens_work(&stage, &pair).await;
    let mut forged = Vec::new();
    for (token, key) in [&pair.access, &pair.refresh].into_iter().zip(keys(&stage)) {
        let payload = claims_text(token);
        for name in ["exp", "iat", "user_id"] {
            for text in [
                r#""1999999999""#,
                "1999999999.5",
                "1999999999.0",
                "0x77359400",
                "01999999999",
                "+1999999999",
                "NaN",
                "Infinity",
                "1,2",
                "[1999999999]",
                r#"{"$numberLong":"1999999999"}"#,
                "1e10",
                "1e400",
                "-1e400",
                "null",
                "true",
                "[]",
                "{}",
                "9223372036854775808",
                "-9223372036854775809",
                "99999999999999999999999999",
                r#""""#,
            ] {
                forged.push(hs256(&key, HEADER, &with(&payload, name, text)));
            }
        }
        for name in ["type", "iss", "aud", "sid", "jti"] {
            for text in [
                "null",
                "1",
                "[]",
                r#"["regardingwork-hub/api","regardingwork-hub/refresh"]"#,
                "{}",
            ] {
                forged.push(hs256(&key, HEADER, &with(&payload, name, text)));
            }
        }
        for name in ["type", "iss", "aud"] {
            for text in [
                r#""""#,
                r#""access ""#,
                r#""Access""#,
                r#""Refresh""#,
                r#""other""#,
            ] {
                forged.push(hs256(&key, HEADER, &with(&payload, name, text)));
            }
        }
        let Value::Object(claims) = serde_json::from_str(&payload).expect("JSON") else {
            panic!("an object")
        };
        for name in claims.keys() {
            let mut fewer = claims.clone();
            fewer.remove(name);
            forged.push(hs256(&key, HEADER, &Value::Object(fewer).to_string()));
        }
        let open = payload.trim_end_matches('}');
        for more in [
            r#","exp":1999999999}"#,
            r#","user_id":2}"#,
            r#","nbf":1999999999}"#,
            r#","nbf":"soon"}"#,
            r#","nbf":1}"#,
            r#","nbf":null}"#,
            r#","type":"access"}"#,
            r#","aud":"regardingwork-hub/api"}"#,
            r#","aud":"regardingwork-hub/refresh"}"#,
            r#","iss":"regardingwork-hub"}"#,
            r#","iat":1757172645}"#,
            r#","alg":"none"}"#,
            r#","role":"SUPERADMIN"}"#,
            "",
            "}}",
            "} {}",
        ] {
            forged.push(hs256(&key, HEADER, &format!("{open}{more}")));
        }
        for payload in ["", "null", "[]", "1", r#""text""#, "{}", "\u{0}"] {
            forged.push(hs256(&key, HEADER, payload));
        }
    }
    all_refused(&stage, forged).await;
    assert_eq!(state(&stage), before);
}

#[rocket::async_test]
async fn negative_and_past_times_are_expired_and_never_an_error() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let [access, refresh] = keys(&stage);
    for text in ["-1", "0", "-9223372036854775808", "1757172645"] {
        let token = hs256(
            &access,
            HEADER,
            &with(&claims_text(&pair.access), "exp", text),
        );
        let answer = stage.validate(&token).await;
        answer.is_not_valid("Token has expired", "token_expired");
        let token = hs256(
            &refresh,
            HEADER,
            &with(&claims_text(&pair.refresh), "exp", text),
        );
        let answer = stage.refresh(&token).await;
        answer.is_error(401, "Invalid or expired refresh token", "token_expired");
    }
}

#[rocket::async_test]
async fn whoever_has_the_key_but_not_the_database_makes_no_refresh_token() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.register("bob").await;
    let [_, key] = keys(&stage);
    let payload = claims_text(&pair.refresh);
    for (name, text) in [
        ("gen", "2"),
        ("gen", "0"),
        ("gen", "-1"),
        ("gen", "9223372036854775807"),
        ("gen", "-9223372036854775808"),
        ("user_id", "2"),
        ("jti", r#""00000000-0000-4000-8000-000000000000""#),
        ("jti", r#""""#),
        ("sid", r#""0000000000000001""#),
        ("sid", r#""""#),
        ("sid", r#""../../etc""#),
    ] {
        let token = hs256(&key, HEADER, &with(&payload, name, text));
        let answer = stage.refresh(&token).await;
        answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
    }
    assert_eq!(
        stage.number("SELECT ended_at IS NULL FROM sessions LIMIT 1"),
        1
    );
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn an_access_token_of_another_users_session_is_nothing() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.register("bob").await;
    let [key, _] = keys(&stage);
    for (name, text) in [
        ("user_id", "2"),
        ("user_id", "-1"),
        ("sid", r#""0000000000000001""#),
        ("sid", r#""""#),
        ("sid", r#""' OR 1=1 --""#),
    ] {
        let token = hs256(&key, HEADER, &with(&claims_text(&pair.access), name, text));
        let answer = stage.validate(&token).await;
        answer.is_not_valid("Token has been revoked", "session_revoked");
    }
}

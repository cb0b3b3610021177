//! `POST /api/auth/register`.

use rocket::futures::future::join_all;
use rocket::http::Method;
use serde_json::json;

use crate::answer::public_user;
use crate::stage::{PASSWORD, PEER, Stage};

#[rocket::async_test]
async fn a_new_account_is_answered_with_every_field_in_order_and_signed_in() {
    let stage = Stage::new().await;
    let answer = stage
        .register_with("alice", "alice@example.com", PASSWORD)
        .await;
    let pair = answer.pair();
    let (access, refresh, user) = (&pair.access, &pair.refresh, public_user(1, "alice"));
    answer.is(
        201,
        &format!(
            r#"{{"message":"User registered successfully","access_token":"{access}","refresh_token":"{refresh}","user":{user}}}"#
        ),
    );
    for secret in ["email", PASSWORD, "argon2", "hash", "salt"] {
        assert!(!answer.body.contains(secret), "{secret}");
    }
    assert_eq!(stage.validate(access).await.status, 200);
    stage.rotate(refresh).await;
}

#[rocket::async_test]
async fn names_and_addresses_are_unique_without_regard_to_case() {
    let stage = Stage::new().await;
    let answer = stage
        .register_with("Admin", "Admin@Example.com", PASSWORD)
        .await;
    assert_eq!(answer.status, 201);
    for name in ["Admin", "admin", "ADMIN", "aDmIn"] {
        let answer = stage.register_with(name, "new@example.com", PASSWORD).await;
        answer.is_error(409, "Username already exists", "username_taken");
    }
    for email in [
        "Admin@Example.com",
        "admin@example.com",
        "ADMIN@EXAMPLE.COM",
    ] {
        let answer = stage.register_with("other", email, PASSWORD).await;
        answer.is_error(409, "Email already registered", "email_taken");
    }
    let both = stage
        .register_with("admin", "admin@example.com", PASSWORD)
        .await;
    both.is_error(409, "Username already exists", "username_taken");
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
}

#[rocket::async_test]
async fn every_broken_rule_has_a_text_of_its_own() {
    let stage = Stage::new().await;
    let long_name = "x".repeat(65);
    let long_email = format!("{}@{}.com", "a".repeat(64), "b".repeat(200));
    let characters = "Username may only contain letters, digits, underscores and hyphens";
    let length = "Username must be between 3 and 64 characters";
    for (name, text, code) in [
        ("ab", length, "username_length"),
        (&*long_name, length, "username_length"),
        ("john doe", characters, "username_characters"),
        ("john@doe", characters, "username_characters"),
        (" alice", characters, "username_characters"),
        ("alice\n", characters, "username_characters"),
        ("adm\u{131}n", characters, "username_characters"),
        ("\u{ff41}dmin", characters, "username_characters"),
        ("ad\u{200d}min", characters, "username_characters"),
        ("adm\u{ed}n", characters, "username_characters"),
        ("admi\u{301}n", characters, "username_characters"),
    ] {
        let answer = stage.register_with(name, "a@example.com", PASSWORD).await;
        answer.is_error(400, text, code);
    }
    for (email, text, code) in [
        ("plain", "Invalid email format", "email_form"),
        ("a@b", "Invalid email format", "email_form"),
        ("a@b.de\n", "Invalid email format", "email_form"),
        ("a@b.de, c@d.ef", "Invalid email format", "email_form"),
        ("<a@b.de>", "Invalid email format", "email_form"),
        (
            &*long_email,
            "Email must be at most 254 bytes",
            "email_length",
        ),
    ] {
        let answer = stage.register_with("alice", email, PASSWORD).await;
        answer.is_error(400, text, code);
    }
    assert_eq!(stage.audit(), []);
    assert_eq!(stage.number("SELECT count(*) FROM users"), 0);
}

#[rocket::async_test]
async fn every_broken_rule_of_a_password_has_a_text_of_its_own() {
    let stage = Stage::new().await;
    let (many, bytes) = (format!("{}1", "ab".repeat(64)), "a1".repeat(600));
    let short = "Password must be at least 8 characters";
    for (password, text, code) in [
        ("x7v w2q", short, "password_too_short"),
        ("🦀🦀🦀🦀🦀a1", short, "password_too_short"),
        (
            &*many,
            "Password must be at most 128 characters",
            "password_too_long",
        ),
        (
            &*bytes,
            "Password must be at most 128 characters",
            "password_too_long",
        ),
        (
            "12345678901",
            "Password must contain at least one letter",
            "password_needs_letter",
        ),
        (
            "no digit at all",
            "Password must contain at least one digit",
            "password_needs_digit",
        ),
        (
            "password123",
            "Password is too common",
            "password_too_common",
        ),
        (
            "PASSWORD123",
            "Password is too common",
            "password_too_common",
        ),
        (
            "aliceson9",
            "Password must not be the username or email",
            "password_is_identity",
        ),
    ] {
        let answer = stage
            .register_with("aliceson", "al@example.com", password)
            .await;
        answer.is_error(400, text, code);
    }
}

#[rocket::async_test]
async fn a_longer_minimum_can_be_configured() {
    let stage = Stage::with(&[("password_min_length", "16")]).await;
    let answer = stage
        .register_with("alice", "a@example.com", PASSWORD)
        .await;
    answer.is_error(
        400,
        "Password must be at least 16 characters",
        "password_too_short",
    );
    let answer = stage
        .register_with("alice", "a@example.com", "correct horse 77")
        .await;
    assert_eq!(answer.status, 201);
}

#[rocket::async_test]
async fn a_password_is_hashed_as_it_was_sent_to_the_last_byte() {
    let stage = Stage::without_limits().await;
    let longest = format!("{}1", "ab".repeat(63) + "c");
    assert_eq!(longest.chars().count(), 128);
    let wide = format!("{}a1", "🦀".repeat(126));
    for (number, password) in [
        "x7v w2q!",
        "  leading and trailing 1  ",
        "\u{0}nul is a character 1",
        "nul in the middle\u{0}1",
        "🦀🦀🦀🦀🦀🦀a1",
        "cafe\u{301} number 9",
        "tab\tand\nline 7",
        &longest,
        &wide,
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("user{number}");
        let email = format!("{name}@example.com");
        let answer = stage.register_with(&name, &email, password).await;
        assert_eq!(answer.status, 201, "{password:?}");
        assert_eq!(stage.login_with(&name, password).await.status, 200);
        let mut shorter = password.to_owned();
        shorter.pop();
        let others = [
            shorter.clone(),
            format!("{shorter}\u{1}"),
            format!("{password} "),
            format!(" {password}"),
            format!("{password}\u{0}"),
            password.replace("e\u{301}", "\u{e9}").replace('\u{0}', ""),
        ];
        for other in others.iter().filter(|other| *other != password) {
            let answer = stage.login_with(&name, other).await;
            assert_eq!(answer.status, 401, "{other:?} for {password:?}");
        }
    }
}

#[rocket::async_test]
async fn fields_that_are_not_the_callers_to_set_are_dropped() {
    let stage = Stage::new().await;
    let body = json!({
        "username": "alice", "email": "alice@example.com", "password": PASSWORD,
        "role": "SUPERADMIN", "premium_tier": "GOLD", "id": 77, "is_active": false, "email_verified": true,
        "created_at": "1999-01-01T00:00:00.000000", "updated_at": 0, "bio": "set", "password_hash": "x", "user_id": 77,
    });
    let answer = stage.post("/api/auth/register", &body).await;
    assert_eq!(answer.status, 201);
    let user = serde_json::from_str::<serde_json::Value>(&public_user(1, "alice"));
    assert_eq!(answer.json()["user"], user.expect("JSON"));
    let stored = "SELECT id || role || premium_tier || is_active || email_verified || ifnull(bio, '-') || created_at FROM users";
    let expected = format!("1USERFREE10-{}", crate::stage::BEGINNING_MICROS);
    assert_eq!(stage.text(stored), expected);
}

#[rocket::async_test]
async fn of_fifty_parallel_registrations_of_one_name_one_is_made() {
    let stage = Stage::with(&[("hashing.queue", "64"), ("throttle_exempt", PEER)]).await;
    let many = (0..50).map(|number| {
        let name = if number % 2 == 0 { "alice" } else { "ALICE" };
        let email = format!("a{number}@example.com");
        let stage = &stage;
        async move { stage.register_with(name, &email, PASSWORD).await }
    });
    let answers = join_all(many).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.is_error(409, "Username already exists", "username_taken");
    }
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
    assert_eq!(stage.number("SELECT count(*) FROM sessions"), 1);
}

#[rocket::async_test]
async fn a_hub_that_is_closed_to_newcomers_says_so_whatever_they_send() {
    let stage = Stage::with(&[("registration", "closed")]).await;
    let answer = stage
        .register_with("alice", "a@example.com", PASSWORD)
        .await;
    answer.is_error(403, "Registration is disabled", "registration_disabled");
    let answer = stage
        .request(Method::Post, "/api/auth/register")
        .send()
        .await;
    answer.is_error(403, "Registration is disabled", "registration_disabled");
    assert_eq!(stage.number("SELECT count(*) FROM users"), 0);
}

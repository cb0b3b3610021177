//! Secrets where they do not belong: in a name, an address, a header, a cookie, a body that is none. What a stranger sends by mistake is theirs.

use serde_json::json;

use crate::stage::Stage;
use crate::talk::encoded;

const PASSWORD: &str = "canary-Misplaced 1ü";
/// Fit for an address and for a name, as it is.
const PLAIN: &str = "canaryMisplacedPlain2";

fn fresh_tokens(stage: &Stage) -> (String, String) {
    stage.secret("a password", PASSWORD);
    stage.secret("a password", PLAIN);
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let registered = stage
        .ask("POST /api/auth/register")
        .json(body.to_string())
        .send()
        .is(201);
    (
        registered.text("access_token"),
        registered.text("refresh_token"),
    )
}

#[test]
fn a_secret_in_the_wrong_place_of_a_request_is_neither_logged_nor_kept() {
    let stage = Stage::new();
    let (access, refresh) = fresh_tokens(&stage);
    let service = stage.add_service("shop");
    for token in [&access, &refresh, &service] {
        for line in [
            format!("GET /api/auth/me?token={token}&access_token={token}"),
            format!("GET /api/auth/validate?{token}"),
            format!("GET /api/auth/{token}"),
            format!("DELETE /api/auth/sessions/{token}"),
            format!("GET /{token}"),
            format!("GET /static/{token}"),
            format!("GET /setup?token={token}"),
            format!("GET /login?next=/account%3Ftoken={token}"),
            format!("GET /login?next=https://elsewhere.example/{token}"),
            format!("GET /admin/sessions?q={token}"),
            format!("GET http://{token}/api/status"),
            format!("{token} /api/status"),
            format!("GET /api/status?{}", token.repeat(40)),
            format!("GET /%zz{token}"),
        ] {
            stage.ask(&line).send();
        }
        for (name, value) in [
            ("Authorization", token.clone()),
            ("Authorization", format!("Basic {token}")),
            ("Authorization", format!("Token {token}")),
            ("Authorization", format!("Bearer  {token} {token}")),
            ("Authorization", format!("Bearer {PASSWORD}")),
            ("X-Access-Token", token.clone()),
            ("Cookie", format!("hub_session={token}; hub_admin={token}")),
            ("Cookie", format!("access_token={token}")),
            ("User-Agent", format!("app/1.0 (Bearer {token})")),
            ("User-Agent", token.clone()),
            ("Referer", format!("https://app.example/?token={token}")),
            ("Origin", format!("https://{token}")),
            ("X-Forwarded-For", token.clone()),
            ("X-Request-Id", token.clone()),
            ("Content-Type", token.clone()),
            ("Accept", token.clone()),
            ("Sec-Fetch-Site", token.clone()),
            ("Transfer-Encoding", token.clone()),
            ("Expect", token.clone()),
            (token.as_str(), "1".to_owned()),
            (PLAIN, "a\u{7}b".to_owned()),
            ("X-Long", token.repeat(60)),
        ] {
            for line in ["GET /api/auth/me", "POST /api/auth/login", "POST /login"] {
                stage.ask(line).header(name, &value).body("{}").send();
            }
        }
        // A whole sign-in whose client calls itself by its token: the session's row, its lineage and the audit name the client.
        let body = json!({"username": "ann", "password": PASSWORD}).to_string();
        let call = stage.ask("POST /api/auth/login").json(body);
        let agent = format!("app/1.0 {token} (canary)");
        call.header("User-Agent", &agent).send().is(200);
    }
    for (username, password) in [(PLAIN, PASSWORD), (PASSWORD, PASSWORD), ("ann", &*access)] {
        let body = json!({"username": username, "password": password}).to_string();
        stage.ask("POST /api/auth/login").json(body).send().is(401);
    }
    stage.finish();
}

#[test]
fn a_secret_in_a_body_that_is_none_is_neither_logged_nor_kept() {
    let stage = Stage::new();
    let (access, refresh) = fresh_tokens(&stage);
    let good = json!({"username": "ann", "password": PASSWORD}).to_string();
    let bodies = [
        format!("{{\"username\": \"ann\", \"password\": \"{PASSWORD}\""),
        format!("{{\"username\": \"ann\", password: {PASSWORD}}}"),
        format!("\"{PASSWORD}\""),
        format!("[\"{PASSWORD}\", \"{refresh}\"]"),
        json!({"refresh_token": {"value": refresh}}).to_string(),
        json!({"refresh_token": [refresh]}).to_string(),
        json!({"username": [PASSWORD], "password": {"text": PASSWORD}, "email": refresh}).to_string(),
        json!({"username": "bob", "email": PASSWORD, "password": PASSWORD}).to_string(),
        json!({"username": PASSWORD, "email": "bob@example.com", "password": PASSWORD}).to_string(),
        // Fields that nobody asks for.
        json!({"refresh_token": "x", "password": PASSWORD, "access_token": access, "secret": refresh}).to_string(),
        json!({"username": "ann", "password": "canary-Wrong 5", PLAIN: refresh, "token": access}).to_string(),
        json!({"username": "ann", "password": PASSWORD, "pad": "x".repeat(20_000)}).to_string(),
        encoded(&[("username", "ann"), ("password", PASSWORD)]),
        format!("{refresh}\0{PASSWORD}"),
        String::from_utf8_lossy(&[0xff, 0xfe]).into_owned() + PASSWORD,
    ];
    let lines = [
        "POST /api/auth/login",
        "POST /api/auth/register",
        "POST /api/auth/refresh",
        "POST /api/auth/password",
        "PATCH /api/auth/me",
        "POST /login",
        "POST /setup",
    ];
    for line in lines {
        for body in &bodies {
            stage.ask(line).bearer(&access).json(body).send();
        }
        for kind in [
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ] {
            stage
                .ask(line)
                .header("Content-Type", kind)
                .body(&good)
                .send();
        }
        // A body that is cut off, and one that is longer than it says.
        for length in ["9000", "10"] {
            let call = stage.ask(line).header("Content-Type", "application/json");
            call.header("Content-Length", length).body(&good).send();
        }
    }
    // As a method that takes none, and a method that there is not.
    for line in [
        "GET /api/auth/login",
        "PUT /api/auth/login",
        "TRACE /api/auth/login",
    ] {
        stage.ask(line).bearer(&access).json(&good).send();
    }
    stage.finish();
}

//! The published example of `POST /api/auth/refresh`, made with the real `curl`: every field in its place, every row of its error table.

use std::path::Path;
use std::process::Command;

use rusqlite::OpenFlags;
use serde_json::Value;

use crate::driver::auditor;
use crate::driver::server::{Launch, Server};
use crate::driver::stage;

/// What every token begins with: the header of the published example.
const TOKEN_PREFIX: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";

/// What `curl` printed.
struct Printed {
    status_line: String,
    content_type: String,
    body: String,
}

/// The call of the published page, word by word but for the host.
fn call(server: &Server, body: &str) -> Printed {
    let output = Command::new("curl")
        // Not the caller's own ~/.curlrc or proxy; headers shown; an end to waiting.
        .args(["-q", "-s", "-S", "-i", "--max-time", "20"])
        .args(["-X", "POST"])
        .arg(format!("http://{}/api/auth/refresh", server.address))
        .args(["-H", "Content-Type: application/json", "-d", body])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("this test needs curl");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let (status_line, headers) = head.split_once("\r\n").unwrap();
    let content_type = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-type").then_some(value)
    });
    Printed {
        status_line: status_line.to_owned(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_owned(),
    }
}

fn example(token: &str) -> String {
    format!("{{\n\"refresh_token\": \"{token}\"\n}}")
}

#[track_caller]
fn assert_refused(printed: &Printed, status_line: &str, error: &str) {
    let body: Value = serde_json::from_str(&printed.body).unwrap();
    assert_eq!(printed.status_line, status_line);
    assert_eq!(printed.content_type, "application/json; charset=utf-8");
    assert_eq!(body["error"], error);
    let fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["code", "error"], "{}", printed.body);
}

#[test]
fn the_published_call_gets_the_published_answer_field_by_field() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let server = Launch::on(&directory.path().join("data")).start();
        let registered = stage::register(server.address, "johndoe123").await;
        let token = registered.text("refresh_token");
        let printed = call(&server, &example(&token));
        assert_eq!(printed.status_line, "HTTP/1.1 200 OK");
        assert_eq!(printed.content_type, "application/json; charset=utf-8");
        let body: Value = serde_json::from_str(&printed.body).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (access, refresh) = (text(&body["access_token"]), text(&body["refresh_token"]));
        let user = &body["user"];
        let (created, updated) = (text(&user["created_at"]), text(&user["updated_at"]));
        let id = user["id"].as_i64().unwrap();
        // Every byte: the names, their order, the kinds of their values, and nothing else.
        assert_eq!(
            printed.body,
            format!(
                "{{\"message\":\"Token refreshed successfully\",\"access_token\":\"{access}\",\"refresh_token\":\"{refresh}\",\
                 \"user\":{{\"id\":{id},\"username\":\"johndoe123\",\"bio\":null,\"profile_photo_url\":null,\"website_url\":null,\
                 \"created_at\":\"{created}\",\"updated_at\":\"{updated}\",\"is_active\":true,\"role\":\"USER\",\"premium_tier\":\"FREE\"}}}}"
            )
        );
        assert!(id > 0);
        for token in [&access, &refresh] {
            assert!(token.starts_with(TOKEN_PREFIX), "{token}");
        }
        assert_ne!(refresh, token);
        for time in [&created, &updated] {
            assert!(
                has_the_form_of("2025-09-06T15:30:45.123456", time),
                "{time}"
            );
        }
    });
}

/// The same length, a digit where a digit is, the same sign elsewhere.
fn has_the_form_of(form: &str, text: &str) -> bool {
    let mark = |text: &str| text.replace(|sign: char| sign.is_ascii_digit(), "0");
    mark(form) == mark(text)
}

#[test]
fn every_row_of_the_published_error_table_is_answered() {
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let server = Launch::on(&data).cheap_hashing().start();
        let stays = stage::register(server.address, "stays").await;
        let goes = stage::register(server.address, "goes").await;
        for body in [
            "{}",
            "",
            "no json",
            "{\"refresh_token\": null}",
            "{\"refresh_token\": 7}",
        ] {
            let printed = call(&server, body);
            assert_refused(
                &printed,
                "HTTP/1.1 400 Bad Request",
                "Refresh token is required",
            );
        }
        let unauthorized = "HTTP/1.1 401 Unauthorized";
        for token in [
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...".to_owned(),
            stays.text("access_token"),
            format!("{}x", stays.text("refresh_token")),
        ] {
            let printed = call(&server, &example(&token));
            assert_refused(&printed, unauthorized, "Invalid or expired refresh token");
        }
        let database = data.join("hub.db");
        from_outside(&database, "DELETE FROM users WHERE username = 'goes'");
        let printed = call(&server, &example(&goes.text("refresh_token")));
        assert_refused(&printed, unauthorized, "User not found");
        from_outside(&database, "ALTER TABLE sessions RENAME TO sessions_away");
        let token = stays.text("refresh_token");
        let printed = call(&server, &example(&token));
        let failed = "HTTP/1.1 500 Internal Server Error";
        assert_refused(&printed, failed, "Token refresh failed");
        // And once it is mended, the same token is still good: nothing had half happened.
        from_outside(&database, "ALTER TABLE sessions_away RENAME TO sessions");
        assert_eq!(
            call(&server, &example(&token)).status_line,
            "HTTP/1.1 200 OK"
        );
    });
}

fn from_outside(database: &Path, sql: &str) {
    let connection = auditor::open(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    connection.execute_batch(sql).unwrap();
}

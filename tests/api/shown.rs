//! Whatever the Hub shows, it shows nothing by which somebody could sign in: every page, export and answer, asked by whoever may see most.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use hub::features::sessions::example;
use rocket::http::Method;

use crate::answer::{claims, session_of};
use crate::browsing::Browser;
use crate::second_factors::owner::Owner;
use crate::stage::{PASSWORD, Pair, Stage};

/// What must be nowhere, each in the spellings that it could have.
fn secrets(stage: &Stage, pairs: &[&Pair], browsers: &[&Browser<'_>]) -> Vec<String> {
    let mut texts = vec!["eyJ".to_owned(), "$argon2".to_owned(), PASSWORD.to_owned()];
    for token in pairs.iter().flat_map(|pair| [&pair.access, &pair.refresh]) {
        texts.push(claims(token)["jti"].as_str().expect("a jti").to_owned());
        texts.push(token.rsplit('.').next().expect("a signature").to_owned());
    }
    for browser in browsers {
        let names = ["hub_session", "hub_admin"];
        texts.extend(names.iter().filter_map(|name| browser.cookie(name)));
    }
    let file = std::fs::read_to_string(stage.place().secret_key()).expect("readable");
    texts.extend(file.lines().map(str::to_owned));
    let connection = stage.stranger();
    for sql in [
        "SELECT salt FROM sessions",
        "SELECT value_hash FROM browser_cookies",
        "SELECT value_hash FROM half_sign_ins",
        "SELECT nonce FROM second_factors",
        "SELECT hash FROM recovery_codes",
        "SELECT check_value FROM keys",
    ] {
        let mut statement = connection.prepare(sql).expect(sql);
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0));
        let rows: Vec<_> = rows.expect(sql).collect::<Result<_, _>>().expect(sql);
        assert!(!rows.is_empty(), "{sql}");
        for bytes in rows {
            texts.push(HEXLOWER.encode(&bytes));
            texts.push(HEXUPPER.encode(&bytes));
            texts.push(BASE64.encode(&bytes).trim_end_matches('=').to_owned());
            texts.push(BASE64URL_NOPAD.encode(&bytes));
        }
    }
    texts
}

/// The document of the API without its examples: tokens of no Hub, and a password that happens to be that of these tests.
fn without_examples(path: &str, body: String) -> String {
    let is_document = ["/docs", "/docs/llms.txt", "/llms.txt", "/api/openapi.json"].contains(&path);
    if !is_document {
        return body;
    }
    let examples = [example::ACCESS, example::REFRESH, PASSWORD];
    examples
        .iter()
        .fold(body, |body, example| body.replace(example, ""))
}

#[rocket::async_test]
async fn no_page_no_export_and_no_answer_shows_what_one_could_sign_in_with() {
    let stage = Stage::new().await;
    let (phil, recovery) = Owner::with_phone(&stage, "phil").await;
    let secret = phil.secret().reveal().to_string();
    let pair = stage.register("alice").await;
    let rotated = stage.rotate(&pair.refresh).await;
    stage.rotate(&pair.refresh).await;
    stage.login_with("alice", "wrong horse 9").await;
    stage.register("root").await;
    stage.sql("UPDATE users SET role = 'SUPERADMIN' WHERE username = 'root'");
    let root = Browser::of(&stage, "root").await;
    let half = Browser::new(&stage);
    half.sign_in("phil", PASSWORD).await;
    let mut hidden = secrets(&stage, &[&pair, &rotated, &phil.pair], &[&root]);
    hidden.push(secret);
    hidden.extend(recovery);
    hidden.extend(half.cookie("hub_half_sign_in"));
    let sessions: Vec<String> = [&pair, &phil.pair]
        .iter()
        .map(|pair| session_of(&pair.access))
        .collect();
    let (mut pages, mut longest) = (0, 0);
    for (method, pattern) in stage.routes() {
        if method != Method::Get {
            continue;
        }
        let mut paths = vec![pattern.replace("<id>", "2"), pattern.replace("<id>", "1")];
        paths.extend(sessions.iter().map(|id| pattern.replace("<id>", id)));
        paths.dedup();
        for path in paths {
            let path = path.replace(['<', '>'], "");
            let mut call = stage.request(method, &path);
            call = if path.starts_with("/api/") {
                call.bearer(&rotated.access)
            } else {
                call.header("Cookie", &root.cookie_header())
            };
            let answer = call.send().await;
            pages += usize::from(answer.status == 200);
            longest = longest.max(answer.body.len());
            let body = without_examples(&path, answer.body);
            let headers = answer
                .headers
                .iter()
                .filter(|(name, _)| name != "Set-Cookie");
            let headers: Vec<_> = headers.map(|(_, value)| value.as_str()).collect();
            for secret in &hidden {
                let is_shown =
                    body.contains(secret) || headers.iter().any(|value| value.contains(secret));
                assert!(!is_shown, "{path} shows {secret}");
            }
        }
    }
    assert!(pages > 40 && longest > 10_000, "{pages} {longest}");
}

//! `GET /docs` and the plain text beside it.

use hub::features::docs::reference::Reference;
use hub::http::meanings::meaning;

use crate::stage::Stage;

fn reference() -> Reference {
    Reference::of(&hub::features::api(), "http://hub.example")
}

#[rocket::async_test]
async fn the_page_has_every_call_with_its_samples_and_every_code() {
    let stage = Stage::new().await;
    let page = stage.get("/docs").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("Set-Cookie"), None);
    let text = stage.get("/docs/llms.txt").await;
    assert_eq!(
        text.header("Content-Type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(stage.get("/llms.txt").await.body, text.body);
    for call in reference().calls {
        assert!(
            page.body.contains(&format!("id=\"{}\"", call.id)),
            "{}",
            call.id
        );
        assert!(
            text.body
                .contains(&format!("### {} {}\n", call.method, call.path))
        );
        for error in &call.errors {
            assert!(page.body.contains(&format!("<code>{}</code>", error.code)));
            assert!(text.body.contains(&format!(
                "- {} {}: {}",
                error.status, error.code, error.text
            )));
        }
    }
    let told = reference().told;
    assert_eq!((told.events.len(), told.headers.len()), (8, 3));
    for event in &told.events {
        let place = format!("<h3 id=\"{}\"><code>{}</code>", event.id, event.name);
        assert!(page.body.contains(&place), "{}", event.name);
        let whole = format!(
            "### {}\n\n{}. {}\n",
            event.name, event.when, event.description
        );
        assert!(text.body.contains(&whole), "{}", event.name);
        assert!(text.body.contains(&event.example), "{}", event.name);
        for field in &event.data {
            assert!(event.example.contains(&format!("\"{}\": ", field.name)));
        }
    }
    for header in &told.headers {
        assert!(page.body.contains(&header.name) && text.body.contains(&header.about));
    }
    for answer in &told.answers {
        let line = format!("- {}: {}\n", answer.status, answer.means);
        assert!(page.body.contains(&answer.means) && text.body.contains(&line));
    }
    let public_url = stage.hub().config.public_url.as_str();
    assert!(
        text.body
            .contains(&format!("curl -X POST {public_url}/api/auth/login \\\n"))
    );
}

#[rocket::async_test]
async fn a_search_shows_what_it_finds_and_says_when_that_is_nothing() {
    let stage = Stage::new().await;
    let found = stage.get("/docs?q=username_taken").await;
    assert!(found.body.contains("id=\"register\"") && !found.body.contains("id=\"login\""));
    assert!(
        found
            .body
            .contains("<details open><summary>Errors (1)</summary>")
    );
    let event = stage.get("/docs?q=in_a_row").await;
    assert!(event.body.contains("id=\"signInFailures\"") && !event.body.contains("id=\"login\""));
    assert!(!event.body.contains("id=\"userCreated\""));
    let nothing = stage.get("/docs?q=no+such+words").await;
    assert_eq!(nothing.status, 200);
    assert!(nothing.body.contains("Nothing has all of these words"));
}

#[test]
fn every_code_has_its_meaning_and_what_all_calls_have_in_common_stands_once() {
    let reference = reference();
    let of_calls = reference.calls.iter().flat_map(|call| &call.errors);
    for error in of_calls.chain(&reference.alike) {
        assert!(meaning(&error.code).is_some(), "{}", error.code);
    }
    for code in [
        "internal_error",
        "bad_request",
        "unavailable",
        "request_timeout",
    ] {
        let alike = reference.alike.iter().filter(|error| error.code == code);
        assert_eq!(alike.count(), 1, "{code}");
        let mut own = reference.calls.iter().flat_map(|call| &call.errors);
        assert!(own.all(|error| error.code != code), "{code}");
    }
}

#[test]
fn an_answer_stands_in_the_order_in_which_it_is_sent() {
    let reference = reference();
    let login = reference.calls.iter().find(|call| call.id == "login");
    let example = login
        .and_then(|call| call.example.as_deref())
        .expect("an example");
    let place = |name: &str| example.find(&format!("\"{name}\"")).expect(name);
    let order = [
        "message",
        "access_token",
        "refresh_token",
        "user",
        "id",
        "username",
        "email",
        "email_verified",
        "bio",
    ];
    assert!(order.map(place).is_sorted(), "{example}");
}

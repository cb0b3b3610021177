//! A deed leaves exactly its rows in the audit, is not done without them, and the dangerous ones want the password again.

use rocket::http::Method;

use crate::deeds::{Before, DEEDS, Deed, Proof, Scene};
use crate::stage::Stage;
use crate::state::{state, state_without_audit};

#[rocket::async_test]
async fn every_route_that_changes_something_is_in_the_table() {
    let stage = Stage::new().await;
    let routes = stage.routes();
    for (method, pattern) in &routes {
        let reads = matches!(method, Method::Get | Method::Head | Method::Options);
        let told = DEEDS
            .iter()
            .any(|deed| deed.method == *method && deed.pattern == pattern);
        assert!(reads || told, "write a row for {method} {pattern}");
    }
    for deed in DEEDS {
        let route = (deed.method, deed.pattern.to_owned());
        assert!(routes.contains(&route), "take out {}", deed.pattern);
    }
}

/// Whether the deeds after this one would find the Hub, or whoever does them, too much changed.
fn spoils(deed: &Deed) -> bool {
    let endings = [
        "session.end",
        "session.end_many",
        "second_factor.",
        "password.",
        "proof.given",
        "user.delete",
        "user.disable",
        "setup.done",
    ];
    let leaves = |ending: &str| deed.leaves.iter().any(|action| action.starts_with(ending));
    endings.into_iter().any(leaves)
}

/// The proof is exactly five minutes old, so it still counts.
#[rocket::async_test(flavor = "multi_thread")]
async fn each_deed_is_done_and_leaves_exactly_its_rows_in_the_audit() {
    let before = Before::new().await;
    for deeds in DEEDS.split_inclusive(spoils) {
        let stage = before.copy().await;
        let mut scene = Scene::of(&stage, &before, 300).await;
        if deeds[0].who == "setup" {
            scene.wait_for_the_first();
        }
        for deed in deeds {
            is_done_and_told(&scene, deed).await;
        }
    }
}

async fn is_done_and_told(scene: &Scene<'_>, deed: &Deed) {
    let stage = scene.stage;
    let (rows, earlier) = (stage.audit().len(), state_without_audit(stage));
    let answer = scene.perform(deed).await;
    let left: Vec<_> = stage.audit().split_off(rows);
    let actions: Vec<_> = left.iter().map(|row| row.action.as_str()).collect();
    let name = format!("{} {}: {}", deed.method, deed.pattern, answer.body);
    assert!(matches!(answer.status, 200 | 201 | 303), "{name}");
    assert_eq!(actions, deed.leaves, "{name}");
    let is_told_elsewhere = ["/api/auth/refresh", "/account/second-factor"];
    let is_beside = deed.pattern == "/admin/settings/backups";
    let is_change = !deed.leaves.is_empty() && deed.method != Method::Get && !is_beside
        || is_told_elsewhere.contains(&deed.pattern);
    assert_eq!(state_without_audit(stage) != earlier, is_change, "{name}");
    for row in &left {
        let of_it = row.request_id.as_deref() == answer.header("X-Request-Id");
        assert!(of_it && row.address.is_some(), "{name}");
    }
}

#[rocket::async_test]
async fn a_second_after_five_minutes_a_dangerous_deed_asks_for_the_password_and_does_nothing() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let scene = Scene::of(&stage, &before, 301).await;
    let earlier = state(&stage);
    let mut asked = 0;
    for deed in DEEDS.iter().filter(|deed| deed.proof != Proof::No) {
        let answer = scene.perform(deed).await;
        let location = answer.header("Location").unwrap_or_default();
        let is_asked = match deed.proof {
            Proof::OnItsPage => answer.status == 303 && location.starts_with("/admin/sudo?next="),
            _ => answer.status == 422 && answer.body.contains("id=\"error-current_password\""),
        };
        assert!(is_asked, "{} {}", deed.pattern, answer.status);
        assert_eq!(state(&stage), earlier, "{}", deed.pattern);
        asked += 1;
    }
    assert!(asked >= 15, "{asked}");
}

#[rocket::async_test(flavor = "multi_thread")]
async fn a_deed_whose_row_cannot_be_written_is_not_done() {
    let before = Before::new().await;
    let stage = before.copy().await;
    let mut scene = Scene::of(&stage, &before, 0).await;
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END";
    for is_setup in [false, true] {
        if is_setup {
            stage.sql("DROP TRIGGER full");
            scene.wait_for_the_first();
        }
        stage.sql(refuse);
        let earlier = state(&stage);
        let deeds = DEEDS.iter().filter(|deed| !deed.leaves.is_empty());
        for deed in deeds.filter(|deed| (deed.who == "setup") == is_setup) {
            let answer = scene.perform(deed).await;
            assert!(answer.status >= 500, "{} {}", deed.pattern, answer.status);
            answer.tells_nothing_inside();
            assert_eq!(state(&stage), earlier, "{}", deed.pattern);
        }
    }
}

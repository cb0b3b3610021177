//! Ending sessions from the list: the ticked, all that match, everything; a few at once and many in batches.

use std::time::Duration;

use crate::admin::sessions_stage::{LIST, crowd, id_of, staged};
use crate::stage::{SECOND, Stage};

#[rocket::async_test]
async fn one_ticked_session_is_ended_and_its_client_hears_so() {
    let stage = Stage::new().await;
    let (root, [first, second, _]) = staged(&stage).await;
    // The proof is older than five minutes: one session needs none.
    stage.clock.advance(Duration::from_mins(6));
    let id = id_of(&first);
    let path = format!("{LIST}/revoke?which=ticked&id={id}");
    let page = root.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Revoke 1 session?") && page.body.contains("<bdi>alice</bdi>"));
    let sent = [("which", "ticked"), ("id", &*id), ("shown", "1")];
    let answer = root.post(&format!("{LIST}/revoke"), &sent).await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some(LIST))
    );
    assert!(root.get(LIST).await.body.contains("1 session was revoked"));
    let refused = stage.refresh(&first.refresh).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (401, Some("session_revoked"))
    );
    stage.rotate(&second.refresh).await;
    let last = stage
        .audit()
        .into_iter()
        .rfind(|row| row.action == "session.end_many")
        .expect("a row");
    assert!(
        last.detail
            .expect("a detail")
            .starts_with("reason=administrator ended=1 batch=1/1 of=1 ticked=yes")
    );
}

#[rocket::async_test]
async fn several_need_the_password_again_and_come_back_to_the_question() {
    let stage = Stage::new().await;
    let (root, [first, second, _]) = staged(&stage).await;
    stage.clock.advance(Duration::from_mins(6));
    let (one, two) = (id_of(&first), id_of(&second));
    let path = format!("{LIST}/revoke?which=ticked&id={one}&id={two}");
    let answer = root.get(&path).await;
    assert_eq!(answer.status, 303);
    let to = answer.header("Location").expect("a way");
    assert!(
        to.starts_with("/admin/sudo?next=%2Fadmin%2Fsessions%2Frevoke%3Fwhich%3Dticked"),
        "{to}"
    );
    root.get("/admin/sudo").await;
    let sent = [
        ("which", "ticked"),
        ("id", &*one),
        ("id", &two),
        ("shown", "2"),
    ];
    let answer = root.post(&format!("{LIST}/revoke"), &sent).await;
    assert_eq!(answer.status, 303);
    assert!(
        answer
            .header("Location")
            .expect("a way")
            .starts_with("/admin/sudo")
    );
    stage.rotate(&first.refresh).await;
    for path in ["/admin/sessions/export.csv", "/admin/sessions/export.json"] {
        let answer = root.get(path).await;
        assert!(
            answer
                .header("Location")
                .expect("a way")
                .starts_with("/admin/sudo"),
            "{path}"
        );
    }
}

#[rocket::async_test]
async fn all_that_match_are_counted_by_user_and_ended_and_ones_own_is_spared() {
    let stage = Stage::new().await;
    let (root, [first, second, third]) = staged(&stage).await;
    let page = root
        .get("/admin/sessions/revoke?which=all&q=ip%3A203.0.113.7")
        .await;
    assert!(page.body.contains("Revoke 4 sessions?"), "{}", page.body);
    assert!(
        page.body
            .contains("The session you are using matches too. It stays.")
    );
    assert!(
        page.body
            .contains("<bdi>alice</bdi></td><td class=\"number\">2</td>")
    );
    // This filter lets everybody's sessions pass, so it is everything by another name.
    let sent = [("which", "all"), ("q", "ip:203.0.113.7"), ("shown", "4")];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    assert!(answer.status == 422 && answer.body.contains("Type everything"));
    let sent = [
        ("which", "all"),
        ("q", "ip:203.0.113.7"),
        ("shown", "4"),
        ("word", "everything"),
    ];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    assert_eq!(
        answer.header("Location"),
        Some("/admin/sessions?q=ip:203.0.113.7")
    );
    for pair in [first, second, third] {
        let refused = stage.refresh(&pair.refresh).await;
        assert_eq!(refused.json()["code"], "session_revoked");
    }
    let page = root.get(LIST).await;
    assert_eq!(page.status, 200, "the administrator is still signed in");
    assert!(page.body.contains("4 sessions were revoked"));
    let last = stage
        .audit()
        .into_iter()
        .rfind(|row| row.action == "session.end_many")
        .expect("a row");
    assert!(
        last.detail
            .expect("a detail")
            .contains("q=\"ip:203.0.113.7\"")
    );
    // Nothing is left to end but the own one.
    let page = root
        .get("/admin/sessions/revoke?which=all&q=ip%3A203.0.113.7")
        .await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("Only your own session matches"));
}

#[rocket::async_test]
async fn who_signs_in_after_the_question_makes_it_be_asked_again() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    root.get("/admin/sessions/revoke?which=all&q=user%3Aalice")
        .await;
    stage.login("alice").await;
    let sent = [("which", "all"), ("q", "user:alice"), ("shown", "2")];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .body
            .contains("There are 3 sessions by now, more than this page showed")
    );
    stage.rotate(&first.refresh).await;
    let sent = [("which", "all"), ("q", "user:alice"), ("shown", "3")];
    assert_eq!(root.post("/admin/sessions/revoke", &sent).await.status, 303);
}

#[rocket::async_test]
async fn who_signs_in_after_the_question_is_not_in_the_set_that_it_counted() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    let page = root
        .get("/admin/sessions/revoke?which=all&q=user%3Aalice")
        .await;
    let marker = "name=\"until\" value=\"";
    let (_, rest) = page.body.split_once(marker).expect("when it was counted");
    let until = rest.split('"').next().expect("a number").to_owned();
    // As many come as go, so that the number alone would tell nothing.
    stage.clock.advance(SECOND);
    stage
        .ask(
            rocket::http::Method::Post,
            "/api/auth/logout",
            &first.access,
        )
        .await;
    let late = stage.login("alice").await;
    let sent = [
        ("which", "all"),
        ("q", "user:alice"),
        ("shown", "2"),
        ("until", until.as_str()),
    ];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(stage.refresh(&late.refresh).await.status, 200);
}

#[rocket::async_test]
async fn everything_is_ended_only_after_the_word() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    let page = root.get("/admin/sessions/revoke?which=all").await;
    assert!(
        page.body.contains("Type everything to confirm"),
        "{}",
        page.body
    );
    let sent = [("which", "all"), ("shown", "4"), ("word", "Everything!")];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    assert_eq!(answer.status, 422);
    stage.rotate(&first.refresh).await;
    let sent = [("which", "all"), ("shown", "4"), ("word", "everything")];
    assert_eq!(root.post("/admin/sessions/revoke", &sent).await.status, 303);
    assert_eq!(stage.number("SELECT live FROM session_tally"), 1);
}

#[rocket::async_test]
async fn ones_own_session_ends_if_it_was_ticked() {
    let stage = Stage::new().await;
    let (root, _) = staged(&stage).await;
    let own = stage.text("SELECT printf('%016x', id) FROM sessions WHERE browser = 1");
    let page = root
        .get(&format!("{LIST}/revoke?which=ticked&id={own}"))
        .await;
    assert!(
        page.body.contains("you will be signed out"),
        "{}",
        page.body
    );
    let sent = [("which", "ticked"), ("id", &*own), ("shown", "1")];
    root.post(&format!("{LIST}/revoke"), &sent).await;
    let answer = root.get(LIST).await;
    assert!(
        answer
            .header("Location")
            .is_some_and(|to| to.starts_with("/login"))
    );
}

#[rocket::async_test]
async fn many_are_ended_in_batches_while_a_page_tells_how_far_it_is() {
    let stage = Stage::new().await;
    let (root, [first, ..]) = staged(&stage).await;
    crowd(&stage, 250);
    root.get("/admin/sessions/revoke?which=all&q=ip%3A198.51.100.")
        .await;
    let sent = [("which", "all"), ("q", "ip:198.51.100."), ("shown", "250")];
    let answer = root.post("/admin/sessions/revoke", &sent).await;
    let run = answer.header("Location").expect("a way").to_owned();
    assert!(run.starts_with("/admin/sessions/revoke/"), "{run}");
    let mut page = root.get(&run).await;
    for _ in 0..500 {
        assert_eq!(page.status, 200, "{}", page.body);
        if page.body.contains("Revoked 250 sessions") {
            break;
        }
        assert!(page.body.contains("data-poll=\"2\"") && page.body.contains("Look again"));
        tokio::time::sleep(SECOND / 50).await;
        page = root.get(&run).await;
    }
    assert!(page.body.contains("Revoked 250 sessions"), "{}", page.body);
    assert!(!page.body.contains("data-poll"));
    let details: Vec<String> = stage
        .audit()
        .into_iter()
        .filter(|row| row.action == "session.end_many")
        .filter_map(|row| row.detail)
        .collect();
    let wanted = [1, 2, 3, 4, 5].map(|batch| {
        format!("reason=administrator ended=50 batch={batch}/5 of=250 q=\"ip:198.51.100.\"")
    });
    assert_eq!(details, wanted);
    assert_eq!(
        stage.number("SELECT count(*) FROM lineage WHERE kind = 'end'"),
        250
    );
    stage.rotate(&first.refresh).await;
    let gone = root.get("/admin/sessions/revoke/0123456789abcdef").await;
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("the Hub was started anew meanwhile"));
}

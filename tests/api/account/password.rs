//! `POST /api/auth/password`.

use hub::store::audit::Action;
use rocket::futures::future::join_all;

use crate::answer::{claims, session_of};
use crate::stage::{HOUR, PASSWORD, SECOND, Stage};

const NEW: &str = "another horse 8";

#[rocket::async_test]
async fn the_own_session_goes_on_with_a_new_pair_and_the_others_end() {
    let stage = Stage::new().await;
    let other = stage.register("alice").await;
    let stranger = stage.register("bob").await;
    let own = stage.login("alice").await;
    stage.clock.advance(HOUR);
    let answer = stage.change_password(&own.access, PASSWORD, NEW).await;
    let pair = answer.pair();
    let (access, refresh) = (&pair.access, &pair.refresh);
    answer.is(
        200,
        &format!(
            r#"{{"message":"Password changed successfully","access_token":"{access}","refresh_token":"{refresh}"}}"#
        ),
    );
    assert_eq!(session_of(refresh), session_of(&own.refresh));
    assert_eq!(claims(refresh)["gen"], 2);
    assert_eq!(stage.validate(access).await.status, 200);
    stage.rotate(refresh).await;
    assert_eq!(
        stage.refresh(&other.refresh).await.code(),
        "password_changed"
    );
    assert_eq!(
        stage.validate(&other.access).await.code(),
        "password_changed"
    );
    stage.rotate(&stranger.refresh).await;
}

#[rocket::async_test]
async fn a_copy_of_the_own_refresh_token_is_a_used_one_from_then_on() {
    let stage = Stage::new().await;
    let own = stage.register("alice").await;
    let pair = stage
        .change_password(&own.access, PASSWORD, NEW)
        .await
        .pair();
    stage.clock.advance(11 * SECOND);
    assert_eq!(stage.refresh(&own.refresh).await.code(), "token_reused");
    assert_eq!(stage.refresh(&pair.refresh).await.code(), "token_reused");
}

#[rocket::async_test]
async fn the_old_password_is_refused_and_the_new_one_works() {
    let stage = Stage::new().await;
    let own = stage.register("alice").await;
    stage.change_password(&own.access, PASSWORD, NEW).await;
    let answer = stage.login_with("alice", PASSWORD).await;
    answer.is_error(401, "Invalid credentials", "invalid_credentials");
    assert_eq!(stage.login_with("alice", NEW).await.status, 200);
}

#[rocket::async_test]
async fn a_wrong_current_password_changes_nothing_and_leaves_its_row() {
    let stage = Stage::new().await;
    let own = stage.register("alice").await;
    let rows = stage.audit();
    for wrong in ["correct horse 8", "correct horse 7 ", &"a1".repeat(600)] {
        let answer = stage.change_password(&own.access, wrong, NEW).await;
        answer.is_error(401, "Invalid credentials", "invalid_credentials");
    }
    let audit = stage.audit();
    let (before, refused) = audit.split_at(rows.len());
    assert_eq!((before, refused.len()), (&*rows, 3));
    for row in refused {
        assert_eq!(row.action, Action::ProofRefused.as_str());
        assert_eq!(
            (row.target.as_deref(), &row.detail),
            (Some("user:1"), &None)
        );
    }
    stage.rotate(&own.refresh).await;
    stage.login("alice").await;
}

#[rocket::async_test]
async fn a_new_password_keeps_the_rules_of_registration() {
    let stage = Stage::new().await;
    let own = stage.register("alice_wonder").await;
    for (new, text, code) in [
        (
            "x7v w2q",
            "Password must be at least 8 characters",
            "password_too_short",
        ),
        (
            &*"a1".repeat(65),
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
            "alice_wonder1",
            "Password must not be the username or email",
            "password_is_identity",
        ),
    ] {
        let answer = stage.change_password(&own.access, PASSWORD, new).await;
        answer.is_error(400, text, code);
    }
    stage.login("alice_wonder").await;
}

#[rocket::async_test]
async fn of_two_parallel_changes_one_wins_and_its_password_holds() {
    // From one session, and from two of which the winner's change ends the other.
    for sessions in [1, 2] {
        let stage = Stage::new().await;
        let own = stage.register("alice").await;
        let other = stage.login("alice").await;
        let callers = [&own, if sessions == 1 { &own } else { &other }];
        let wanted = ["first horse 11", "second horse 22"];
        let changes = wanted.iter().zip(callers).map(|(new, pair)| {
            let stage = &stage;
            async move { stage.change_password(&pair.access, PASSWORD, new).await }
        });
        let answers = join_all(changes).await;
        for (answer, new) in answers.iter().zip(wanted) {
            let expected = if answer.status == 200 { 200 } else { 401 };
            let signed_in = stage.login_with("alice", new).await;
            assert_eq!(signed_in.status, expected, "{new}");
        }
        let won = answers.iter().filter(|answer| answer.status == 200);
        assert_eq!(won.count(), 1);
        let told = "SELECT count(*) FROM audit WHERE action = 'password.change'";
        assert_eq!(stage.number(told), 1);
        assert_eq!(stage.login_with("alice", PASSWORD).await.status, 401);
    }
}

//! Every way a session ends, against every route that its tokens could open: refused at the next request, with the reason as code.

use std::sync::Arc;

use hub::crypto::hasher::Comer;
use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_password::SetPassword;
use hub::features::sessions::end::EndSession;
use hub::features::sessions::model::EndReason;
use hub::types::password::Password;
use rocket::http::Method;

use crate::answer::{Answer, session_of};
use crate::stage::{FIRST, PASSWORD, Pair, SECOND, Stage};

/// A user with two sessions: the one that ends, rotated once, and another.
struct Scene {
    stage: Stage,
    /// What the session began with.
    old: Pair,
    /// What it has now.
    new: Pair,
    other: Pair,
}

async fn scene() -> Scene {
    let stage = Stage::new().await;
    let other = stage.register("alice").await;
    let old = stage.login("alice").await;
    let new = stage.rotate(&old.refresh).await;
    stage.clock.advance(11 * SECOND);
    Scene {
        stage,
        old,
        new,
        other,
    }
}

/// Both access tokens and the present refresh token of the session are refused everywhere with this code.
async fn is_over(scene: &Scene, code: &str) {
    let stage = &scene.stage;
    let gone = code == "user_not_found";
    let refused = if gone {
        "User not found"
    } else {
        "Invalid or expired refresh token"
    };
    let revoked = if gone {
        "User not found"
    } else {
        "Token has been revoked"
    };
    stage
        .refresh(&scene.new.refresh)
        .await
        .is_error(401, refused, code);
    for access in [&scene.old.access, &scene.new.access] {
        stage.validate(access).await.is_not_valid(revoked, code);
        let post = stage.ask(Method::Post, "/api/auth/validate", access).await;
        post.is_not_valid(revoked, code);
        stage.me(access).await.is_error(401, revoked, code);
        let change = stage.request(Method::Patch, "/api/auth/me").bearer(access);
        let change = change.json(r#"{"bio":"still here"}"#).send().await;
        change.is_error(401, revoked, code);
        let listed = stage.ask(Method::Get, "/api/auth/sessions", access).await;
        listed.is_error(401, revoked, code);
        let own = format!("/api/auth/sessions/{}", session_of(access));
        let ended = stage.ask(Method::Delete, &own, access).await;
        ended.is_error(401, revoked, code);
        let password = stage
            .change_password(access, PASSWORD, "another horse 8")
            .await;
        password.is_error(401, revoked, code);
        let all = stage
            .ask(Method::Post, "/api/auth/logout-all", access)
            .await;
        all.is_error(401, revoked, code);
        let sign_out = stage.ask(Method::Post, "/api/auth/logout", access).await;
        sign_out.is_error(401, "Invalid or expired token", code);
    }
    // The ancestor is no way in either.
    assert_eq!(stage.refresh(&scene.old.refresh).await.code(), code);
    assert_eq!(
        stage.number("SELECT count(*) FROM users WHERE bio IS NOT NULL"),
        0
    );
}

async fn other_lives(scene: &Scene) {
    assert_eq!(scene.stage.validate(&scene.other.access).await.status, 200);
    scene.stage.rotate(&scene.other.refresh).await;
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[rocket::async_test]
async fn a_sign_out_ends_it() {
    let scene = scene().await;
    let path = "/api/auth/logout";
    done(&scene.stage.ask(Method::Post, path, &scene.old.access).await);
    is_over(&scene, "session_revoked").await;
    other_lives(&scene).await;
}

#[rocket::async_test]
async fn a_sign_out_everywhere_ends_it() {
    let scene = scene().await;
    let path = "/api/auth/logout-all";
    done(
        &scene
            .stage
            .ask(Method::Post, path, &scene.other.access)
            .await,
    );
    is_over(&scene, "session_revoked").await;
}

#[rocket::async_test]
async fn its_owner_ends_it_from_another_session() {
    let scene = scene().await;
    let path = format!("/api/auth/sessions/{}", session_of(&scene.old.access));
    done(
        &scene
            .stage
            .ask(Method::Delete, &path, &scene.other.access)
            .await,
    );
    is_over(&scene, "session_revoked").await;
    other_lives(&scene).await;
}

#[rocket::async_test]
async fn an_administrator_ends_it() {
    let scene = scene().await;
    let change = EndSession {
        session: session_of(&scene.old.access).parse().expect("a session"),
        owner: None,
        reason: EndReason::Administrator,
        cause: scene.stage.cause(),
    };
    scene.stage.apply(change).await;
    is_over(&scene, "session_revoked").await;
    other_lives(&scene).await;
}

#[rocket::async_test]
async fn locking_its_user_out_ends_it_and_letting_them_in_again_does_not_bring_it_back() {
    let scene = scene().await;
    for active in [false, true] {
        let change = SetActive {
            user: FIRST,
            active,
            now: scene.stage.now(),
            cause: scene.stage.cause(),
        };
        scene.stage.apply(change).await;
        is_over(&scene, "user_disabled").await;
    }
}

#[rocket::async_test]
async fn deleting_its_user_ends_it_and_their_number_and_name_bring_nothing_back() {
    let scene = scene().await;
    let change = DeleteUser {
        user: FIRST,
        now: scene.stage.now(),
        cause: scene.stage.cause(),
    };
    assert_eq!(scene.stage.apply(change).await, 2);
    is_over(&scene, "user_not_found").await;
    scene.stage.register("alice").await;
    is_over(&scene, "user_not_found").await;
    assert_eq!(scene.stage.number("SELECT id FROM users"), 2);
}

#[rocket::async_test]
async fn a_new_password_in_another_session_ends_it() {
    let scene = scene().await;
    let access = &scene.other.access;
    done(
        &scene
            .stage
            .change_password(access, PASSWORD, "another horse 8")
            .await,
    );
    is_over(&scene, "password_changed").await;
}

#[rocket::async_test]
async fn a_password_set_by_an_administrator_ends_it() {
    let scene = scene().await;
    let hasher = &scene.stage.hub().hasher;
    let hash = hasher
        .make(Password::new("another horse 8"), Comer::Nameless)
        .await;
    let change = SetPassword {
        user: FIRST,
        password_hash: hash.expect("a hash"),
        attempt_keys: Arc::clone(&scene.stage.hub().attempt_keys),
        now: scene.stage.now(),
        cause: scene.stage.cause(),
    };
    scene.stage.apply(change).await;
    is_over(&scene, "password_changed").await;
    assert_eq!(
        scene.stage.validate(&scene.other.access).await.code(),
        "password_changed"
    );
}

#[rocket::async_test]
async fn a_used_token_that_comes_again_ends_it() {
    let scene = scene().await;
    let thief = scene.stage.refresh(&scene.old.refresh).await;
    assert_eq!(thief.code(), "token_reused");
    is_over(&scene, "token_reused").await;
    other_lives(&scene).await;
}

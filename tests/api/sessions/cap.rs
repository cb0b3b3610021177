//! How long tokens and sessions last, to the second.

use rocket::http::Method;

use crate::answer::claims;
use crate::stage::{DAY, HOUR, SECOND, Stage};

const REFUSED: &str = "Invalid or expired refresh token";

#[rocket::async_test]
async fn an_access_token_is_good_for_24_hours_less_a_second_and_then_no_more() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.clock.advance((24 * HOUR).saturating_sub(SECOND));
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.clock.advance(SECOND);
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid("Token has expired", "token_expired");
    stage.clock.advance(SECOND);
    let answer = stage.me(&pair.access).await;
    answer.is_error(401, "Token has expired", "token_expired");
    let sign_out = stage
        .ask(Method::Post, "/api/auth/logout", &pair.access)
        .await;
    sign_out.is_error(401, "Invalid or expired token", "token_expired");
    let fresh = stage.rotate(&pair.refresh).await;
    assert_eq!(stage.validate(&fresh.access).await.status, 200);
}

#[rocket::async_test]
async fn a_refresh_token_is_good_for_30_days_less_a_second_and_then_no_more() {
    let stage = Stage::new().await;
    let used = stage.register("alice").await;
    let late = stage.login("alice").await;
    stage.clock.advance((30 * DAY).saturating_sub(SECOND));
    let next = stage.rotate(&used.refresh).await;
    stage.clock.advance(SECOND);
    let answer = stage.refresh(&late.refresh).await;
    answer.is_error(401, REFUSED, "token_expired");
    // Each generation has its own thirty days.
    stage.clock.advance((30 * DAY).saturating_sub(2 * SECOND));
    let next = stage.rotate(&next.refresh).await;
    stage.clock.advance(30 * DAY);
    assert_eq!(stage.refresh(&next.refresh).await.status, 401);
}

#[rocket::async_test]
async fn a_session_refreshed_daily_ends_90_days_after_its_sign_in() {
    let stage = Stage::new().await;
    let mut pair = stage.register("alice").await;
    for _ in 0..89 {
        stage.clock.advance(DAY);
        pair = stage.rotate(&pair.refresh).await;
    }
    let end = crate::stage::BEGINNING_SECONDS + 90 * 86_400;
    assert_eq!(claims(&pair.refresh)["exp"], end);
    stage.clock.advance(DAY.saturating_sub(SECOND));
    let pair = stage.rotate(&pair.refresh).await;
    assert_eq!(claims(&pair.refresh)["exp"], end);
    assert_eq!(claims(&pair.access)["exp"], end);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.clock.advance(SECOND);
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, REFUSED, "session_expired");
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid("Token has expired", "session_expired");
    let answer = stage.me(&pair.access).await;
    answer.is_error(401, "Token has expired", "session_expired");
    stage.login("alice").await;
}

#[rocket::async_test]
async fn a_session_past_its_time_is_not_ended_for_good_by_a_request() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.clock.advance(91 * DAY);
    stage.refresh(&pair.refresh).await;
    stage.validate(&pair.access).await;
    assert_eq!(stage.number("SELECT ended_at IS NULL FROM sessions"), 1);
}

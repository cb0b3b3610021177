//! What was delivered, what was given up, and what waits for a webhook that is off: each leaves when it is due, and not before.

use hub::features::admin::backups::restored::SettleRestored;
use hub::features::admin::webhooks::switch::SwitchWebhook;
use hub::features::housekeeping::run::Housekeeping;
use hub::features::webhooks::model::{Kind, MAX_DEAD, MAX_DELIVERED};

use super::receiver::Receiver;
use super::{add, stage, until_there_are};
use crate::stage::{DAY, SECOND, Stage};

/// How many deliveries a run removes.
async fn removed(stage: &Stage) -> u64 {
    let run = Housekeeping::of(stage.hub()).run().await.expect("a run");
    let words = run.unwrap_or_default();
    let count = words
        .split(' ')
        .find_map(|word| word.strip_prefix("webhook_deliveries="));
    count.map_or(0, |count| count.parse().expect("a number"))
}

#[rocket::async_test]
async fn what_was_delivered_stays_for_three_days_and_a_dead_letter_for_thirty() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    stage.login("alice").await;
    until_there_are(&stage, 2, "delivered").await;
    stage.sql("UPDATE webhook_deliveries SET state = 'dead' WHERE id = 1");
    assert_eq!(removed(&stage).await, 0);
    stage.clock.advance((3 * DAY).saturating_sub(SECOND));
    assert_eq!(removed(&stage).await, 0);
    stage.clock.advance(SECOND);
    assert_eq!(removed(&stage).await, 1);
    stage.clock.advance((27 * DAY).saturating_sub(SECOND));
    assert_eq!(removed(&stage).await, 0);
    stage.clock.advance(SECOND);
    assert_eq!(removed(&stage).await, 1);
    assert_eq!(stage.number("SELECT dead FROM webhooks"), 0);
}

#[rocket::async_test]
async fn no_step_of_the_wall_clock_removes_any() {
    let stage = stage().await;
    let receiver = Receiver::good().await;
    stage.register("alice").await;
    add(&stage, "hook", &receiver.url(), &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    until_there_are(&stage, 1, "delivered").await;
    let right = hub::types::time::Clock::now(stage.clock.as_ref()).wall;
    stage.clock.set_wall(right.plus(400 * DAY));
    assert_eq!(removed(&stage).await, 0);
}

#[rocket::async_test]
async fn what_waits_for_a_webhook_that_is_off_leaves_after_three_days() {
    let stage = stage().await;
    let nobody = "http://127.0.0.1:9/hook";
    stage.register("alice").await;
    let made = add(&stage, "hook", nobody, &[Kind::SessionStarted]).await;
    stage.login("alice").await;
    stage.login("alice").await;
    let change = SwitchWebhook {
        id: made.id,
        enabled: false,
        cause: stage.cause(),
    };
    stage.apply(change).await;
    removed(&stage).await;
    stage.clock.advance((3 * DAY).saturating_sub(SECOND));
    assert_eq!(removed(&stage).await, 0);
    stage.clock.advance(SECOND);
    assert_eq!(removed(&stage).await, 2);
    assert_eq!(stage.number("SELECT waiting FROM webhooks"), 0);
}

#[rocket::async_test]
async fn of_what_was_delivered_no_more_stay_than_may() {
    let stage = stage().await;
    add(
        &stage,
        "hook",
        "http://127.0.0.1:9/hook",
        &[Kind::UserDeleted],
    )
    .await;
    let many = i64::from(MAX_DELIVERED) + 150;
    stage.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
         INSERT INTO webhook_deliveries (webhook_id, state, kind, at, done_at, done_steady, done_boot)
         SELECT 1, 'delivered', 'webhook.test', 1757172645000000 + i, 1757172645000000 + i, 1000000, 1 FROM n"
    ));
    assert_eq!(removed(&stage).await, 150);
    assert_eq!(
        stage.number("SELECT min(at) - 1757172645000000 FROM webhook_deliveries"),
        151
    );
}

#[rocket::async_test]
async fn what_waited_in_a_backup_becomes_dead_letters_and_no_more_of_them_than_may_be() {
    let stage = stage().await;
    stage.register("alice").await;
    // Nobody listens there, and nothing is due for an hour.
    let made = add(&stage, "hook", "http://127.0.0.1:9/", &[Kind::SessionEnded]).await;
    let most = i64::from(MAX_DEAD);
    stage.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {most})
         INSERT INTO webhook_deliveries (webhook_id, kind, at, user_id, due_steady)
         SELECT {}, 'user.created', i, 1 + i % 2, 9000000000000000 FROM n",
        made.id
    ));
    let change = SettleRestored {
        keeps_sessions: false,
        now: stage.now(),
        cause: stage.cause(),
    };
    let settled = stage.apply(change).await;
    assert_eq!(settled.deliveries_given_up, u64::from(MAX_DEAD) + 1);
    assert_eq!((settled.sessions_ended, settled.webhooks_enabled), (1, 1));
    let of = |sql: &str| stage.number(&format!("SELECT {sql}"));
    assert_eq!(of("dead FROM webhooks"), most);
    assert_eq!(
        of("min(at) FROM webhook_deliveries WHERE state = 'dead'"),
        2
    );
    // The end of the session is told, and stands behind nothing.
    assert_eq!(of("waiting FROM webhooks"), 1);
    assert_eq!(
        of("count(*) FROM webhook_deliveries WHERE state = 'waiting' AND kind = 'session.ended'"),
        1
    );
}

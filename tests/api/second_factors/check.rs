//! A code counts once, and wrong ones make the next wait.

use std::time::Duration;

use hub::features::second_factors::check::Checked;
use hub::store::StoreError;
use hub::types::time::{Clock, Timestamp};
use rocket::futures::future::join_all;

use super::owner::Owner;
use crate::rotation::rotate_key;
use crate::stage::{DAY, HOUR, SECOND, SEED, Stage};

const STEP: Duration = Duration::from_secs(30);

/// Somebody with a second factor whose first code is two steps ago.
async fn alice(stage: &Stage) -> Owner<'_> {
    let (owner, _) = Owner::with_phone(stage, "alice").await;
    stage.clock.advance(2 * STEP);
    owner
}

/// Gives wrong codes until the next has to wait.
async fn fail_five_times(owner: &Owner<'_>) {
    for _ in 0..5 {
        assert_eq!(owner.check(&owner.wrong_code()).await, Checked::Wrong);
    }
}

#[rocket::async_test]
async fn a_code_counts_once() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    let code = owner.code(0);
    assert_eq!(owner.check(&code).await, Checked::Right);
    assert_eq!(owner.check(&code).await, Checked::Used);
    stage.clock.advance(STEP);
    assert_eq!(owner.check(&code).await, Checked::Used);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
}

#[rocket::async_test]
async fn the_code_that_set_the_phone_up_is_used() {
    let stage = Stage::new().await;
    let (owner, _) = Owner::with_phone(&stage, "alice").await;
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Used);
    assert_eq!(owner.check(&owner.code(1)).await, Checked::Right);
}

#[rocket::async_test]
async fn of_eight_requests_with_one_code_exactly_one_passes() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    let code = owner.code(0);
    let found = join_all((0..8).map(|_| owner.check(&code))).await;
    let passed = found.iter().filter(|found| found.is_passed()).count();
    assert_eq!(passed, 1, "{found:?}");
}

#[rocket::async_test]
async fn a_clock_off_by_one_step_either_way_is_let_pass_and_by_two_is_not() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    stage.clock.advance(3 * STEP);
    for (steps, found) in [
        (-2, Checked::Wrong),
        (2, Checked::Wrong),
        (-1, Checked::Right),
        (1, Checked::Right),
        // Earlier than the last that was used.
        (0, Checked::Used),
    ] {
        assert_eq!(owner.check(&owner.code(steps)).await, found, "{steps}");
    }
}

#[rocket::async_test]
async fn a_clock_set_back_makes_no_used_code_good_again() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    let now = stage.clock.now().wall;
    let code = owner.code(0);
    assert_eq!(owner.check(&code).await, Checked::Right);
    let earlier = owner.code(-1);
    for back in [SECOND, STEP] {
        stage.clock.set_wall(now.minus(back));
        assert_eq!(owner.check(&code).await, Checked::Used, "{back:?}");
        assert_eq!(owner.check(&earlier).await, Checked::Used, "{back:?}");
    }
    // A day back, even the code that fits that time: its step lies before the last that was used.
    stage.clock.set_wall(now.minus(24 * HOUR));
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Used);
    stage.clock.set_wall(now.plus(STEP));
    stage.clock.advance(HOUR);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
}

#[rocket::async_test]
async fn after_five_wrong_codes_not_even_the_right_one_is_judged_for_a_while() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    fail_five_times(&owner).await;
    let waits = |seconds| Checked::Wait(seconds * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, waits(30));
    stage.clock.advance(10 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, waits(20));
    // Setting the wall clock shortens nothing.
    let now = stage.clock.now().wall;
    for wall in [now.plus(HOUR), now.minus(HOUR), Timestamp::from_seconds(0)] {
        stage.clock.set_wall(wall);
        assert_eq!(owner.check("123456").await, waits(20));
    }
    stage.clock.set_wall(now);
    stage.clock.advance(20 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
}

#[rocket::async_test]
async fn each_further_wrong_code_doubles_the_wait_up_to_a_quarter_of_an_hour_and_a_right_one_forgets_them()
 {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    fail_five_times(&owner).await;
    for seconds in [30, 60, 120, 240, 480, 900, 900] {
        let waits = Checked::Wait(seconds * SECOND);
        assert_eq!(owner.check(&owner.code(0)).await, waits);
        // Asking again while it lasts does not make it longer.
        assert_eq!(owner.check(&owner.wrong_code()).await, waits);
        stage.clock.advance(seconds * SECOND);
        assert_eq!(owner.check(&owner.wrong_code()).await, Checked::Wrong);
    }
    stage.clock.advance(900 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
    assert_eq!(owner.factor().expect("one").failures.count, 0);
    for _ in 0..4 {
        assert_eq!(owner.check(&owner.wrong_code()).await, Checked::Wrong);
    }
    assert_eq!(owner.check(&owner.code(1)).await, Checked::Right);
}

#[rocket::async_test]
async fn a_restart_does_not_shorten_the_wait() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    fail_five_times(&owner).await;
    stage.clock.reboot();
    let waits = Checked::Wait(30 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, waits);
    stage.clock.advance(30 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
}

#[rocket::async_test]
async fn a_machine_that_was_put_back_begins_the_wait_anew_and_ends_it() {
    let stage = Stage::new().await;
    let before = alice(&stage).await;
    fail_five_times(&before).await;
    let (user, session, pair) = (before.user, before.session, before.pair);
    // The clock stands a minute earlier again.
    let stage = Stage::on(stage.close(), &[], SEED + 1).await;
    let owner = Owner {
        stage: &stage,
        user,
        session,
        pair,
    };
    let waits = |seconds| Checked::Wait(seconds * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, waits(30));
    stage.clock.advance(29 * SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, waits(1));
    stage.clock.advance(SECOND);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
}

#[rocket::async_test]
async fn every_refusal_that_was_judged_tells_why_but_not_what_was_typed() {
    let stage = Stage::new().await;
    let owner = alice(&stage).await;
    let before = stage.audit().len();
    let code = owner.code(0);
    owner.check(&code).await;
    owner.check(&code).await;
    for _ in 0..4 {
        owner.check(&owner.wrong_code()).await;
    }
    let rows = stage.audit();
    let told: Vec<_> = rows[before..]
        .iter()
        .map(|row| {
            assert_eq!(row.action, "second_factor.refused");
            assert_eq!(row.target.as_deref(), Some("user:1"));
            row.detail.clone().unwrap_or_default()
        })
        .collect();
    assert_eq!(told[0], "reason=used_code in_a_row=1");
    assert_eq!(told[1], "reason=wrong_code in_a_row=2");
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|detail| !detail.contains(&code)));
}

#[rocket::async_test]
async fn a_phone_outlives_the_key_that_its_secret_came_from() {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    let secret = owner.secret().reveal();
    assert_eq!(rotate_key(&stage).await, 2);
    // Until long after the old key has stopped verifying tokens.
    stage.clock.advance(100 * DAY);
    assert_eq!(owner.factor().expect("one").key_id, 1);
    assert_eq!(owner.secret().reveal(), secret);
    assert_eq!(owner.check(&owner.code(0)).await, Checked::Right);
    let recovered = owner.check(&codes[0]).await;
    assert_eq!(recovered, Checked::Recovered { left: 9 });
    let (other, _) = Owner::with_phone(&stage, "bob").await;
    assert_eq!(other.factor().expect("one").key_id, 2);
}

#[rocket::async_test]
async fn somebody_elses_code_is_wrong() {
    let stage = Stage::new().await;
    let alice = alice(&stage).await;
    let (bob, codes) = Owner::with_phone(&stage, "bob").await;
    stage.clock.advance(STEP);
    assert_ne!(alice.code(0), bob.code(0));
    assert_eq!(alice.check(&bob.code(0)).await, Checked::Wrong);
    assert_eq!(alice.check(&codes[0]).await, Checked::Wrong);
    assert_eq!(bob.codes_left(), 10);
}

#[rocket::async_test]
async fn without_the_key_of_its_secret_a_code_is_neither_right_nor_wrong_and_a_recovery_code_still_passes()
 {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    stage.clock.advance(STEP);
    let code = owner.code(0);
    stage.sql("UPDATE second_factors SET key_id = 7");
    let failed = owner.try_check(&code).await;
    assert!(
        matches!(&failed, Err(StoreError::Broken(why)) if why.contains("key 7")),
        "{failed:?}"
    );
    assert_eq!(owner.factor().expect("one").failures.count, 0);
    assert_eq!(owner.check(&codes[3]).await, Checked::Recovered { left: 9 });
}

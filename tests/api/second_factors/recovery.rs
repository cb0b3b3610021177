//! Recovery codes: each once, also when the phone's codes have to wait.

use hub::features::second_factors::check::Checked;
use hub::features::second_factors::recovery_codes::RenewRecoveryCodes;
use rocket::futures::future::join_all;

use super::owner::{Owner, shown};
use crate::stage::{SECOND, Stage};

#[rocket::async_test]
async fn each_recovery_code_counts_once() {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    for (used, code) in (1..).zip(&codes) {
        let left = 10 - used;
        assert_eq!(owner.check(code).await, Checked::Recovered { left });
        assert_eq!(owner.codes_left(), left);
        if used <= 3 {
            assert_eq!(owner.check(code).await, Checked::Wrong, "{used}");
        }
    }
    let row = stage.audit().pop().expect("rows");
    assert_eq!(row.action, "second_factor.recovery_used");
    assert_eq!(row.actor, "user:1");
    assert_eq!(row.detail.as_deref(), Some("left=0"));
    assert!(owner.has());
}

#[rocket::async_test]
async fn of_eight_requests_with_one_recovery_code_exactly_one_passes() {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    let found = join_all((0..8).map(|_| owner.check(&codes[4]))).await;
    let passed = found.iter().filter(|found| found.is_passed()).count();
    assert_eq!(passed, 1, "{found:?}");
    assert_eq!(owner.codes_left(), 9);
}

#[rocket::async_test]
async fn a_right_recovery_code_passes_while_codes_wait_and_a_wrong_one_waits_with_them() {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    let (_, foreign) = Owner::with_phone(&stage, "bob").await;
    for code in &foreign[..5] {
        assert_eq!(owner.check(code).await, Checked::Wrong);
    }
    assert_eq!(owner.check(&foreign[5]).await, Checked::Wait(30 * SECOND));
    assert_eq!(owner.check(&codes[0]).await, Checked::Recovered { left: 9 });
    // The wrong ones are forgotten.
    assert_eq!(owner.check(&owner.code(1)).await, Checked::Right);
}

#[rocket::async_test]
async fn new_recovery_codes_replace_all_old_ones() {
    let stage = Stage::new().await;
    let (owner, old) = Owner::with_phone(&stage, "alice").await;
    owner.check(&old[0]).await;
    let renew = RenewRecoveryCodes::new(stage.hub(), owner.session, owner.cause());
    let new = stage.apply(renew).await.expect("a second factor");
    assert_eq!(owner.codes_left(), 10);
    let row = stage.audit().pop().expect("rows");
    assert_eq!(row.action, "second_factor.recovery_renew");
    assert_eq!(owner.check(&old[1]).await, Checked::Wrong);
    let first = &shown(&new)[0];
    assert_eq!(owner.check(first).await, Checked::Recovered { left: 9 });
}

#[rocket::async_test]
async fn without_a_second_factor_there_are_no_recovery_codes() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "alice").await;
    owner.enrol().await;
    let renew = RenewRecoveryCodes::new(stage.hub(), owner.session, owner.cause());
    assert!(stage.apply(renew).await.is_none());
    assert_eq!(owner.codes_left(), 0);
}

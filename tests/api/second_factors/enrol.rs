//! Adding, removing and resetting a second factor.

use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::set_role::SetRole;
use hub::features::second_factors::check::Checked;
use hub::features::second_factors::confirm::{Confirm, Confirmed};
use hub::features::second_factors::enrol::{Enrol, Enrolled, Enrolment, shown};
use hub::features::second_factors::error::SecondFactorError;
use hub::features::second_factors::recovery_codes::RenewRecoveryCodes;
use hub::features::second_factors::remove::Remove;
use hub::features::second_factors::reset::Reset;
use hub::features::second_factors::store::{self as second_factors, Administrators};
use hub::features::sessions::error::AccessError;
use hub::features::sessions::model::EndReason;
use hub::features::users::store as users;
use hub::store::StoreError;
use hub::types::role::Role;
use hub::types::time::Clock;
use rocket::http::Method;

use super::owner::{Owner, code};
use crate::stage::{HOUR, SECOND, Stage};

/// The audit's words about second factors: action, actor, target, detail.
fn told(stage: &Stage) -> Vec<String> {
    let rows = stage.audit();
    let about = rows
        .iter()
        .filter(|row| row.action.starts_with("second_factor."));
    about
        .map(|row| {
            let (target, detail) = (row.target.as_deref(), row.detail.as_deref());
            format!(
                "{} {} {} {}",
                row.action,
                row.actor,
                target.unwrap_or("-"),
                detail.unwrap_or("-")
            )
        })
        .collect()
}

#[rocket::async_test]
async fn a_secret_that_was_only_shown_is_asked_for_nowhere() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "alice").await;
    assert_eq!(owner.enrol().await, Enrolled::Pending);
    assert!(!owner.has());
    let code = owner.code(0);
    assert_eq!(owner.check(&code).await, Checked::Absent);
    assert_eq!(told(&stage), Vec::<String>::new());
}

#[rocket::async_test]
async fn the_first_right_code_makes_it_count_and_gives_ten_recovery_codes() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "alice").await;
    owner.enrol().await;
    let wrong = owner.wrong_code();
    assert!(matches!(owner.confirm(&wrong).await, Confirmed::Wrong));
    assert!(!owner.has());
    let codes = owner.confirm_now().await;
    assert!(owner.has());
    assert_eq!(owner.codes_left(), 10);
    let different: std::collections::HashSet<_> = codes.iter().collect();
    assert_eq!(different.len(), 10);
    assert_eq!(
        told(&stage),
        ["second_factor.add user:1 user:1 recovery_codes=10"]
    );
}

#[rocket::async_test]
async fn one_that_counts_is_not_replaced_by_a_new_secret() {
    let stage = Stage::new().await;
    let (owner, _) = Owner::with_phone(&stage, "alice").await;
    let before = owner.secret().reveal();
    assert_eq!(owner.enrol().await, Enrolled::HasOne);
    assert_eq!(owner.secret().reveal(), before);
    let again = owner.confirm(&owner.code(1)).await;
    assert!(matches!(again, Confirmed::HasOne));
    assert_eq!(owner.codes_left(), 10);
}

#[rocket::async_test]
async fn a_secret_is_shown_as_text_link_and_picture_until_half_an_hour_has_passed() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "alice").await;
    let user = |id| {
        stage
            .store
            .read(|db| users::by_id(db, id))
            .expect("readable")
    };
    let alice = user(owner.user).expect("a user");
    let look = || shown(stage.hub(), &alice, stage.clock.now()).expect("readable");
    assert!(look().is_none());
    owner.enrol().await;
    let first = look().expect("shown");
    let secret = owner.secret().reveal().to_string();
    assert_eq!(first.secret.replace(' ', ""), secret);
    assert_eq!(first.secret.split(' ').count(), 8);
    assert_eq!(
        first.uri,
        format!(
            "otpauth://totp/RegardingWork%20Hub:alice?secret={secret}&issuer=RegardingWork%20Hub&algorithm=SHA1&digits=6&period=30"
        )
    );
    assert!(first.picture.path.starts_with("M4 4h7"));
    // Asked for anew, it is another one, and the first is worth nothing.
    let old = owner.code(0);
    owner.enrol().await;
    assert_ne!(look().expect("shown").secret, first.secret);
    assert!(matches!(owner.confirm(&old).await, Confirmed::Wrong));
    stage.clock.advance(HOUR / 2);
    assert!(look().is_none());
    assert!(matches!(
        owner.confirm(&owner.code(0)).await,
        Confirmed::NotPending
    ));
    owner.enrol().await;
    owner.confirm_now().await;
    assert!(look().is_none());
}

#[rocket::async_test]
async fn whoever_was_signed_out_meanwhile_changes_nothing() {
    let stage = Stage::new().await;
    let (owner, _) = Owner::with_phone(&stage, "alice").await;
    let late = Owner::register(&stage, "bob").await;
    late.enrol().await;
    let code_of_late = late.code(0);
    for pair in [&owner.pair, &late.pair] {
        let answer = stage
            .ask(Method::Post, "/api/auth/logout-all", &pair.access)
            .await;
        assert_eq!(answer.status, 200);
    }
    let over = SecondFactorError::Access(AccessError::Ended(EndReason::SignedOutEverywhere));
    let remove = Remove {
        session: owner.session,
        cause: owner.cause(),
    };
    assert_eq!(owner.fails(remove).await, over);
    let renew = RenewRecoveryCodes::new(stage.hub(), owner.session, owner.cause());
    assert_eq!(owner.fails(renew).await, over);
    let enrol = Enrol {
        session: late.session,
        enrolment: Enrolment::draw(stage.hub()),
        cause: late.cause(),
    };
    assert_eq!(late.fails(enrol).await, over);
    let confirm = Confirm::new(stage.hub(), late.session, code(&code_of_late), late.cause());
    assert_eq!(late.fails(confirm).await, over);
    assert!(owner.has() && !late.has());
}

#[rocket::async_test]
async fn removing_it_takes_its_recovery_codes_and_tells() {
    let stage = Stage::new().await;
    let (owner, codes) = Owner::with_phone(&stage, "alice").await;
    let remove = || Remove {
        session: owner.session,
        cause: owner.cause(),
    };
    assert!(stage.apply(remove()).await);
    assert!(!owner.has() && owner.factor().is_none());
    assert_eq!(owner.codes_left(), 0);
    assert!(!owner.check(&codes[0]).await.is_passed());
    assert!(!stage.apply(remove()).await);
    assert_eq!(told(&stage)[1..], ["second_factor.remove user:1 user:1 -"]);
}

#[rocket::async_test]
async fn an_administrator_resets_only_the_one_that_was_named() {
    let stage = Stage::new().await;
    let (alice, _) = Owner::with_phone(&stage, "alice").await;
    let (bob, _) = Owner::with_phone(&stage, "bob").await;
    let reset = || Reset {
        user: alice.user,
        cause: stage.cause(),
    };
    assert!(stage.apply(reset()).await);
    assert!(!alice.has() && bob.has());
    assert!(!stage.apply(reset()).await);
    assert_eq!(told(&stage)[2..], ["second_factor.reset cli:1000 user:1 -"]);
    // And adds a new one at once.
    alice.enrol().await;
    stage.clock.advance(30 * SECOND);
    alice.confirm_now().await;
    assert!(alice.has());
}

#[rocket::async_test]
async fn deleting_a_user_leaves_nothing_of_their_second_factor() {
    let stage = Stage::new().await;
    let (alice, _) = Owner::with_phone(&stage, "alice").await;
    let delete = DeleteUser {
        user: alice.user,
        now: stage.now(),
        cause: stage.cause(),
    };
    stage.apply(delete).await;
    assert_eq!(stage.number("SELECT count(*) FROM second_factors"), 0);
    assert_eq!(stage.number("SELECT count(*) FROM recovery_codes"), 0);
}

#[rocket::async_test]
async fn administrators_with_and_without_one_are_counted() {
    let stage = Stage::new().await;
    let count = || {
        let read = stage
            .store
            .read::<_, StoreError>(second_factors::administrators);
        read.expect("readable")
    };
    let expected = |all, with_one| Administrators { all, with_one };
    assert_eq!(count(), expected(0, 0));
    let (alice, _) = Owner::with_phone(&stage, "alice").await;
    let bob = Owner::register(&stage, "bob").await;
    for (owner, role) in [(&alice, Role::SuperAdmin), (&bob, Role::Admin)] {
        let set = SetRole {
            user: owner.user,
            role,
            cause: stage.cause(),
        };
        stage.apply(set).await;
    }
    bob.enrol().await;
    assert_eq!(count(), expected(2, 1));
    bob.confirm_now().await;
    assert_eq!(count(), expected(2, 2));
    stage.sql("UPDATE users SET is_active = 0 WHERE id = 2");
    assert_eq!(count(), expected(1, 1));
}

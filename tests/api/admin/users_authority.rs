//! Who may do what to whose account: by role, with a fresh proof, to others, and also when two do it at once.

use std::sync::Arc;

use hub::crypto::hasher::StoredHash;
use hub::features::admin::users::add_user::AddUser;
use hub::features::admin::users::delete_user::DeleteUser;
use hub::features::admin::users::error::AdministrationError;
use hub::features::admin::users::reset_second_factor::ResetSecondFactor;
use hub::features::admin::users::set_active::SetActive;
use hub::features::admin::users::set_password::SetPassword;
use hub::features::admin::users::set_role::SetRole;
use hub::features::admin::users::set_tier::SetTier;
use hub::features::users::model::NewUser;
use hub::types::email::Email;
use hub::types::ids::UserId;
use hub::types::role::Role;
use hub::types::tier::Tier;
use hub::types::username::Username;

use crate::admin::users_acts::{ACTS, act, fields, note, stage};
use crate::browsing::Browser;
use crate::stage::SECOND;

#[rocket::async_test]
async fn roles_decide_who_does_what_to_whom() {
    let (stage, _) = stage().await;
    let (root, ann, alice) = (
        Browser::of(&stage, "root").await,
        Browser::of(&stage, "ann").await,
        Browser::of(&stage, "alice").await,
    );
    // The page of each act: 200 where it may be done, 403 where not, 303 where nobody does it to themselves.
    for name in ACTS {
        let ask = async |browser: &Browser<'_>, user: i64| {
            browser
                .get(&format!("/admin/users/{user}/{name}"))
                .await
                .status
        };
        let own = matches!(
            name,
            "role" | "disable" | "password" | "second-factor" | "delete"
        );
        let for_admins = if name == "sign-out" { 200 } else { 403 };
        for user in [2, 3, 4, 5] {
            assert_eq!(ask(&root, user).await, 200, "root {name} {user}");
            assert_eq!(ask(&alice, user).await, 403, "alice {name} {user}");
        }
        assert_eq!(
            ask(&root, 1).await,
            if own { 303 } else { 200 },
            "root {name} 1"
        );
        let users = if name == "role" { 403 } else { 200 };
        assert_eq!(ask(&ann, 3).await, users, "ann {name} 3");
        for user in [1, 2, 4, 5] {
            assert_eq!(ask(&ann, user).await, for_admins, "ann {name} {user}");
        }
    }
    // And the act itself, whatever page was open: nothing changes.
    ann.get("/admin/users/3/tier").await;
    let before = stage.audit().len();
    for name in ACTS.into_iter().filter(|name| *name != "sign-out") {
        for user in [1, 2, 4, 5] {
            let path = format!("/admin/users/{user}/{name}");
            assert_eq!(ann.post(&path, &fields(name)).await.status, 403, "{path}");
        }
    }
    assert_eq!(
        ann.post("/admin/users/3/role", &fields("role"))
            .await
            .status,
        403
    );
    assert_eq!(stage.audit().len(), before);
}

#[rocket::async_test]
async fn an_act_that_can_do_harm_wants_the_password_again_after_five_minutes() {
    let (stage, _) = stage().await;
    let root = Browser::of(&stage, "root").await;
    root.get("/admin/users/3/tier").await;
    stage.clock.advance(301 * SECOND);
    let rows = stage.audit().len();
    for name in ACTS.into_iter().filter(|name| *name != "tier") {
        let path = format!("/admin/users/3/{name}");
        let sudo = format!("/admin/sudo?next={}", path.replace('/', "%2F"));
        for answer in [root.get(&path).await, root.post(&path, &fields(name)).await] {
            assert_eq!(
                (answer.status, answer.header("Location")),
                (303, Some(&*sudo)),
                "{name}"
            );
        }
    }
    assert_eq!(root.get("/admin/users/new").await.status, 303);
    assert_eq!(stage.audit().len(), rows);
}

#[rocket::async_test]
async fn the_last_superadmin_stays_and_nobody_lowers_themselves() {
    let (stage, _) = stage().await;
    let root = Browser::of(&stage, "root").await;
    act(&root, 4, "disable").await;
    for name in ["role", "disable", "delete", "password", "second-factor"] {
        root.get("/admin/users/3/tier").await;
        let answer = root
            .post(&format!("/admin/users/1/{name}"), &fields(name))
            .await;
        assert!(
            note(&root, &answer)
                .await
                .contains("Nobody does this to their own account")
        );
    }
    assert_eq!(
        stage.text("SELECT role FROM users WHERE id = 1"),
        "SUPERADMIN"
    );
    // From outside the pages, where nobody is oneself.
    let lowered = stage
        .store
        .write(SetRole {
            user: UserId(1),
            role: Role::User,
            cause: stage.cause(),
        })
        .await;
    assert_eq!(lowered, Err(AdministrationError::LastSuperAdmin));
}

#[rocket::async_test]
async fn of_two_superadmins_who_lower_each_other_at_once_one_stays() {
    for round in 0..10 {
        let (stage, _) = stage().await;
        let lower = |actor: i64, target: i64| {
            stage.store.write(SetRole {
                user: UserId(target),
                role: Role::User,
                cause: stage.cause().by_user(UserId(actor)),
            })
        };
        let (one, other) = if round % 2 == 0 {
            tokio::join!(lower(1, 4), lower(4, 1))
        } else {
            tokio::join!(lower(4, 1), lower(1, 4))
        };
        let mut results = [one, other];
        results.sort_by_key(Result::is_err);
        assert_eq!(results, [Ok(()), Err(AdministrationError::Forbidden)]);
        let left = stage.number("SELECT count(*) FROM users WHERE role = 'SUPERADMIN'");
        assert_eq!(left, 1);
    }
}

#[rocket::async_test]
async fn who_is_lowered_or_disabled_meanwhile_does_nothing_more() {
    let (stage, _) = stage().await;
    let cause = stage.cause().by_user(UserId(4));
    stage.sql("UPDATE users SET is_active = 0 WHERE id = 4");
    let refused = stage
        .store
        .write(SetRole {
            user: UserId(3),
            role: Role::Admin,
            cause,
        })
        .await;
    assert_eq!(refused, Err(AdministrationError::Forbidden));
}

#[rocket::async_test]
async fn every_change_asks_in_its_own_transaction_whatever_its_page_has_asked() {
    let (stage, _) = stage().await;
    let before = stage.audit().len();
    // `ann`, an ADMIN, against `rita`, a SUPERADMIN.
    let (user, now) = (UserId(4), stage.now());
    let cause = || stage.cause().by_user(UserId(2));
    let password_hash = || StoredHash::from_row("x".to_owned());
    let forbidden = AdministrationError::Forbidden;
    for active in [false, true] {
        let change = SetActive {
            user,
            active,
            now,
            cause: cause(),
        };
        assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    }
    let change = SetPassword {
        user,
        password_hash: password_hash(),
        attempt_keys: Arc::clone(&stage.hub().attempt_keys),
        now,
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    let change = SetTier {
        user,
        tier: Tier::parse("PREMIUM").expect("a tier"),
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    let change = ResetSecondFactor {
        user,
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    let change = DeleteUser {
        user,
        now,
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    let change = SetRole {
        user: UserId(3),
        role: Role::Admin,
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden.clone()));
    let change = AddUser {
        user: NewUser {
            username: Username::parse("eve").expect("a name"),
            email: Email::parse("eve@x.example").expect("an address"),
            password_hash: password_hash(),
            role: Role::Admin,
        },
        cause: cause(),
    };
    assert_eq!(stage.store.write(change).await, Err(forbidden));
    assert_eq!(stage.audit().len(), before);
}

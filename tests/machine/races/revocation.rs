//! Refreshes that race a revocation: once it is answered, nothing that was given before or on the way is accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hub::types::time::SystemClock;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::served::{Caller, Pair, Served};
use crate::stage::{self, Dice};

const ROUNDS: usize = 600;
/// Refreshing at the same time: half follow the line, half present the first token again.
const REFRESHERS: usize = 4;
/// Refreshes of one refresher in a round: it is stopped by a refusal long before.
const MAX_REFRESHES: usize = 200;

#[derive(Clone, Copy, Debug)]
enum Revocation {
    Logout,
    LogoutAll,
    DeleteSession,
    Disable,
    ChangePassword,
}

const REVOCATIONS: [Revocation; 5] = [
    Revocation::Logout,
    Revocation::LogoutAll,
    Revocation::DeleteSession,
    Revocation::Disable,
    Revocation::ChangePassword,
];

/// Refreshes until it is refused for good; returns its connection and all it was given.
async fn refresher(
    mut caller: Caller,
    first: String,
    follows: bool,
    revoked: Arc<AtomicBool>,
) -> (Caller, Vec<Pair>) {
    let mut given: Vec<Pair> = Vec::new();
    let mut token = first;
    for _ in 0..MAX_REFRESHES {
        let too_late = revoked.load(Ordering::SeqCst);
        let answer = caller.refresh(&token).await;
        if answer.status != 200 {
            assert_eq!(answer.status, 401, "{answer:?}");
            if answer.code() != "token_reused" || too_late {
                break;
            }
            continue;
        }
        assert!(!too_late, "given after the revocation was answered");
        given.push(answer.pair());
        if follows {
            token = answer.pair().refresh;
        }
    }
    (caller, given)
}

/// Ends `victim` from `other`, a second session of the same user.
async fn revoke(
    how: Revocation,
    served: &Served,
    caller: &mut Caller,
    victim: &Pair,
    other: &Pair,
) {
    let claims = served.claims(&victim.refresh);
    let ok = |status: u16| assert_eq!(status, 200, "{how:?}");
    match how {
        Revocation::Logout => {
            let path = "/api/auth/logout";
            ok(caller
                .call("POST", path, &victim.access, &Value::Null)
                .await
                .status);
        }
        Revocation::LogoutAll => {
            let path = "/api/auth/logout-all";
            ok(caller
                .call("POST", path, &other.access, &Value::Null)
                .await
                .status);
        }
        Revocation::DeleteSession => {
            let path = format!("/api/auth/sessions/{}", claims.sid);
            ok(caller
                .call("DELETE", &path, &other.access, &Value::Null)
                .await
                .status);
        }
        Revocation::Disable => served.set_active(claims.user_id, false).await,
        Revocation::ChangePassword => {
            let path = "/api/auth/password";
            let body =
                json!({ "current_password": stage::PASSWORD, "new_password": stage::PASSWORD });
            ok(caller.call("POST", path, &other.access, &body).await.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_revocation_is_answered_nothing_from_before_or_on_the_way_is_accepted() {
    let served = Served::new(Arc::new(SystemClock::new()), 4).await;
    let mut owner = served.connect().await;
    owner.register("revoked").await;
    let mut callers = Vec::new();
    for _ in 0..REFRESHERS {
        callers.push(served.connect().await);
    }
    let dice = Dice::new(4);
    let (mut raced, mut given_in_all) = (0, 0);
    for round in 0..ROUNDS {
        let how = REVOCATIONS[round % REVOCATIONS.len()];
        let victim = owner.login("revoked").await;
        let other = owner.login("revoked").await;
        let revoked = Arc::new(AtomicBool::new(false));
        let mut refreshing = JoinSet::new();
        for (place, caller) in callers.drain(..).enumerate() {
            let first = victim.refresh.clone();
            let follows = place % 2 == 0;
            refreshing.spawn(refresher(caller, first, follows, Arc::clone(&revoked)));
        }
        // So that the revocation falls into another moment of the refreshes each time.
        for _ in 0..dice.below(200) {
            tokio::task::yield_now().await;
        }
        revoke(how, &served, &mut owner, &victim, &other).await;
        revoked.store(true, Ordering::SeqCst);
        let mut given = vec![victim.clone()];
        while let Some(done) = refreshing.join_next().await {
            let (caller, pairs) = done.expect("no panic");
            callers.push(caller);
            given.extend(pairs);
        }
        raced += usize::from(given.len() > 1);
        given_in_all += given.len() - 1;
        for pair in &given {
            let refresh = owner.refresh(&pair.refresh).await;
            assert_eq!(refresh.status, 401, "{how:?}: {refresh:?}");
            let access = owner.validate(&pair.access).await;
            assert_eq!(access.status, 401, "{how:?}: {access:?}");
        }
        if matches!(how, Revocation::Disable) {
            served
                .set_active(served.claims(&victim.refresh).user_id, true)
                .await;
        }
    }
    println!(
        "{ROUNDS} revocations, {raced} of them against refreshes already answered, {given_in_all} pairs given before, 0 accepted after"
    );
    assert!(raced > ROUNDS / 4, "the refreshes hardly raced: {raced}");
    drop((callers, owner));
    served.stop().await;
}

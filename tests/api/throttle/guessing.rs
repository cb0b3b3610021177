//! The guessing run: ten thousand tries at one account from 1, from 100 and from 10,000 addresses. What counts is what was compared, and that the owner
//! signs in meanwhile.

use std::net::Ipv4Addr;
use std::time::Duration;

use hub::features::sessions::error::LoginError;
use hub::features::sessions::login::{Admission, Admitted, SignedIn, with_password};
use hub::store::{Change, StoreError, Tx};
use hub::types::cause::{Actor, Cause};

use super::{WRONG, login_from};
use crate::stage::{PASSWORD, PEER, Stage};

const TRIES: u32 = 10_000;
/// The hours that a patient attacker takes for them: a night and a day.
const HOURS: u32 = 20;
/// How often the owner signs in meanwhile.
const OWNER_EVERY: u32 = 1_000;

/// A sign-in that begins nothing, behind the one way by which every password of a sign-in is compared.
struct LookIn(Admission);

impl Change for LookIn {
    type Outcome = SignedIn<()>;
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<SignedIn<()>, StoreError> {
        Ok(match self.0.admit(tx)? {
            Admitted::User(..) => SignedIn::Done(()),
            Admitted::Disabled => SignedIn::Disabled,
            Admitted::Changed => SignedIn::Changed,
        })
    }
}

/// Tries from so many addresses, with so much time between two; how many of them were compared.
async fn guess(addresses: u32, pause: Duration) -> u64 {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let mut owners = 0;
    for number in 0..TRIES {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + number % addresses);
        let cause = Cause {
            actor: Actor::Anonymous,
            address: Some(address.into()),
            ..stage.cause()
        };
        let tried = with_password(stage.hub(), "Alice", WRONG, cause, LookIn).await;
        let refused = tried.expect_err("the password is wrong");
        let held = matches!(refused, LoginError::TooMany(_));
        assert!(
            held || refused == LoginError::InvalidCredentials,
            "{refused:?}"
        );
        stage.clock.advance(pause);
        if number % OWNER_EVERY == 0 {
            let answer = login_from(&stage, PEER, "alice", PASSWORD).await;
            assert_eq!(answer.status, 200, "the owner at {number}: {}", answer.body);
            owners += 1;
        }
    }
    stage.hub().hasher.compared() - owners
}

#[expect(clippy::print_stdout, reason = "the figures are what the run is for")]
async fn run(addresses: u32) {
    let at_once = guess(addresses, Duration::ZERO).await;
    let patient = guess(addresses, Duration::from_hours(1) * HOURS / TRIES).await;
    println!(
        "{TRIES} guesses from {addresses} addresses: {at_once} compared at once, {patient} in {HOURS} hours"
    );
    assert_eq!(at_once, 5);
    // Not fewer either: an account that nobody can try is locked.
    assert!((50..=100).contains(&patient), "{patient}");
}

#[rocket::async_test]
async fn ten_thousand_guesses_from_one_address_compare_at_most_a_hundred() {
    run(1).await;
}

#[rocket::async_test]
async fn ten_thousand_guesses_from_a_hundred_addresses_compare_at_most_a_hundred() {
    run(100).await;
}

#[rocket::async_test]
async fn ten_thousand_guesses_from_ten_thousand_addresses_compare_at_most_a_hundred() {
    run(10_000).await;
}

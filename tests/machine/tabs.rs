//! The tabs of one browser, each with the naive client that the README prints first: they share a storage and nothing else, and every leg
//! of every call takes its own time. Played event by event on a clock moved by hand.

mod browser;

use browser::{Browser, Delays, ROUNDS_OF_A_SESSION};

/// Microseconds in a second.
const SECOND: u64 = 1_000_000;

/// A refused call and a refresh are up to nine seconds on their way together, and answers arrive in the order in which they were given.
const SLOW_WAY_OUT: Delays = Delays {
    start: 9 * SECOND,
    call: 4_500_000,
    refresh: 4_500_000,
    answer: 0,
};
/// Every leg takes up to 2.25 s, so that the first token's first use lies at most 9 s back for any tab; answers overtake one another.
const SLOW_EVERYWHERE: Delays = Delays {
    start: 9 * SECOND,
    call: 2 * 2_250_000,
    refresh: 2_250_000,
    answer: 2_250_000,
};
/// Six tabs that a browser restores at once, over an ordinary line.
const ORDINARY: Delays = Delays {
    start: 50_000,
    call: 300_000,
    refresh: 150_000,
    answer: 150_000,
};

/// Sessions that last: each round begins a day later, with whatever the last one left in the storage.
async fn lasting_sessions(tabs: usize, rounds: usize, delays: &Delays, seed: u64) {
    let mut browser = Browser::open(seed).await;
    let mut refreshes = 0;
    for round in 0..rounds {
        if round % ROUNDS_OF_A_SESSION == 0 {
            browser.sign_in().await;
        }
        browser.let_the_access_token_expire();
        let told = browser.round(tabs, delays).await;
        assert!(told.refreshes > 0, "round {round}: nobody refreshed");
        assert!(!told.is_left_behind, "round {round}");
        refreshes += told.refreshes;
    }
    println!(
        "{rounds} rounds of {tabs} tabs: {refreshes} refreshes, {:?}, 0 answers other than 200",
        browser.answers
    );
    // A play that hardly meets the case proves little about it.
    assert!(browser.answers.stragglers > rounds / 100);
}

/// A session for each round, and how many rounds left an older token in the storage than was given last.
async fn a_session_a_round(tabs: usize, rounds: usize, delays: &Delays, seed: u64) {
    let mut browser = Browser::open(seed).await;
    let (mut refreshes, mut left_behind) = (0, 0);
    for _ in 0..rounds {
        browser.sign_in().await;
        browser.let_the_access_token_expire();
        let told = browser.round(tabs, delays).await;
        refreshes += told.refreshes;
        left_behind += usize::from(told.is_left_behind);
        browser.assert_newest_token_works().await;
    }
    println!(
        "{rounds} rounds of {tabs} tabs, answers out of order: {refreshes} refreshes, {:?}, 0 answers other than 200; \
         {left_behind} rounds left an older token in the storage",
        browser.answers
    );
}

#[tokio::test]
async fn six_tabs_of_the_naive_client_are_never_refused_however_long_a_refresh_within_the_grace_is_on_its_way()
 {
    lasting_sessions(6, 3_000, &SLOW_WAY_OUT, 6).await;
}

#[tokio::test]
async fn twelve_tabs_of_the_naive_client_are_never_refused_however_long_a_refresh_within_the_grace_is_on_its_way()
 {
    lasting_sessions(12, 1_500, &SLOW_WAY_OUT, 12).await;
}

#[tokio::test]
async fn six_tabs_are_never_refused_while_answers_overtake_one_another() {
    a_session_a_round(6, 1_500, &SLOW_EVERYWHERE, 66).await;
    a_session_a_round(6, 500, &ORDINARY, 67).await;
}

#[tokio::test]
async fn twelve_tabs_are_never_refused_while_answers_overtake_one_another() {
    a_session_a_round(12, 750, &SLOW_EVERYWHERE, 1_212).await;
}

//! Password hashes: their cost, their bounds, their renewal.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod chance;
mod foreign;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use hub::crypto::hasher::{Comer, Comparison, Hasher, HasherError, HasherSettings, StoredHash};
use hub::types::entropy::SystemEntropy;
use hub::types::password::Password;
use hub::types::time::SystemClock;

const CHEAP: HasherSettings = HasherSettings {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
    threads: 2,
    queue: 32,
    queue_wait: Duration::from_secs(2),
};

/// What the contract demands: 19 MiB, two passes, one lane.
const FULL: HasherSettings = HasherSettings {
    memory_kib: 19_456,
    passes: 2,
    ..CHEAP
};

fn hasher(settings: HasherSettings) -> Hasher {
    Hasher::start(
        settings,
        Arc::new(SystemEntropy),
        Arc::new(SystemClock::new()),
    )
    .expect("a hasher")
}

fn password(text: &str) -> Password {
    Password::new(text)
}

#[tokio::test]
async fn a_password_is_the_same_to_the_last_byte_or_different() {
    let hasher = hasher(CHEAP);
    let long = format!("{}a", "x".repeat(999));
    for text in ["correct horse 7", " blanks ", "\0nul", "🦀🦀", &long] {
        let stored = hasher
            .make(password(text), Comer::Nameless)
            .await
            .expect("hashed");
        let same = hasher
            .compare(password(text), Some(stored.clone()), Comer::Nameless)
            .await;
        assert_eq!(same, Ok(Comparison::Same { renewed: None }), "{text:?}");
        let mut other = text.to_owned();
        other.pop();
        let different = hasher
            .compare(password(&other), Some(stored), Comer::Nameless)
            .await;
        assert_eq!(different, Ok(Comparison::Different), "{text:?}");
    }
}

#[tokio::test]
async fn hashes_are_phc_strings_of_argon2id_with_a_salt_of_their_own() {
    let hasher = hasher(FULL);
    let first = hasher
        .make(password("correct horse 7"), Comer::Nameless)
        .await
        .expect("hashed");
    let second = hasher
        .make(password("correct horse 7"), Comer::Nameless)
        .await
        .expect("hashed");
    let start = "$argon2id$v=19$m=19456,t=2,p=1$";
    assert!(first.as_str().starts_with(start), "{}", first.as_str());
    assert_ne!(first, second);
    assert_eq!(format!("{first:?}"), "StoredHash(redacted)");
}

#[tokio::test]
async fn an_unknown_user_is_compared_at_the_same_cost_and_never_fits() {
    let hasher = hasher(FULL);
    let stored = hasher
        .make(password("correct horse 7"), Comer::Nameless)
        .await
        .expect("hashed");
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        for (times, stored) in [(&mut known, Some(stored.clone())), (&mut unknown, None)] {
            let begun = tokio::time::Instant::now();
            let found = hasher
                .compare(password("another horse 8"), stored, Comer::Nameless)
                .await;
            times.push(begun.elapsed());
            assert_eq!(found, Ok(Comparison::Different));
        }
    }
    known.sort();
    unknown.sort();
    // A coarse bound that a missing hash (0 ms against 20) breaks and a noisy machine does not.
    let ratio = known[7].as_secs_f64() / unknown[7].as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}

#[tokio::test]
async fn a_weaker_hash_is_renewed_once_the_password_is_known() {
    let weak = hasher(CHEAP);
    let stored = weak
        .make(password("correct horse 7"), Comer::Nameless)
        .await
        .expect("hashed");
    let strong = hasher(HasherSettings { passes: 2, ..CHEAP });
    let wrong = strong
        .compare(
            password("another horse 8"),
            Some(stored.clone()),
            Comer::Nameless,
        )
        .await;
    assert_eq!(wrong, Ok(Comparison::Different));
    let right = strong
        .compare(password("correct horse 7"), Some(stored), Comer::Nameless)
        .await;
    let Ok(Comparison::Same {
        renewed: Some(renewed),
    }) = right
    else {
        panic!("{right:?}")
    };
    assert!(renewed.as_str().contains("t=2"));
    let again = strong
        .compare(password("correct horse 7"), Some(renewed), Comer::Nameless)
        .await;
    assert_eq!(again, Ok(Comparison::Same { renewed: None }));
}

#[tokio::test]
async fn a_stored_hash_that_we_did_not_make_is_not_computed() {
    let hasher = hasher(CHEAP);
    let hash = "c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for stored in [
        String::new(),
        "not a hash".to_owned(),
        format!("$argon2id$v=19$m=4194304,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=65537,t=2,p=1${hash}"),
        format!("$argon2id$v=19$m=64,t=1000000,p=1${hash}"),
        format!("$argon2id$v=19$m=640,t=1,p=64${hash}"),
        format!("$argon2i$v=19$m=64,t=1,p=1${hash}"),
        format!("$argon2d$v=19$m=64,t=1,p=1${hash}"),
        format!("$argon2id$v=16$m=64,t=1,p=1${hash}"),
        "$argon2id$v=19$m=64,t=1,p=1".to_owned(),
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA".to_owned(),
    ] {
        let begun = tokio::time::Instant::now();
        let found = hasher
            .compare(
                password("x"),
                Some(StoredHash::from_row(stored.clone())),
                Comer::Nameless,
            )
            .await;
        assert_eq!(found, Err(HasherError::Unreadable), "{stored}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{stored}");
    }
}

#[tokio::test]
async fn beyond_the_queue_a_password_is_refused_at_once() {
    let hasher = Arc::new(hasher(HasherSettings {
        threads: 1,
        queue: 4,
        queue_wait: Duration::from_secs(10),
        ..FULL
    }));
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.compare(password("x"), None, Comer::Nameless).await })
        })
        .collect();
    let (mut compared, mut refused) = (0, 0);
    for each in tries {
        match each.await.expect("no panic") {
            Ok(Comparison::Different) => compared += 1,
            Err(HasherError::Busy(_)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(compared + refused, 40);
    assert!(compared >= 4, "{compared}");
    assert!(refused >= 20, "{refused}");
}

#[tokio::test]
async fn whoever_waits_too_long_is_refused_and_costs_nothing_more() {
    let hasher = Arc::new(hasher(HasherSettings {
        threads: 1,
        memory_kib: 65_536,
        passes: 6,
        queue_wait: Duration::from_millis(20),
        ..CHEAP
    }));
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.compare(password("x"), None, Comer::Nameless).await })
        })
        .collect();
    let mut refused = 0;
    for each in tries {
        refused += usize::from(matches!(
            each.await.expect("no panic"),
            Err(HasherError::Busy(_))
        ));
    }
    // The one that was being hashed is answered; the others gave up after their wait.
    assert!(refused >= 5, "{refused}");
}

//! Stored password hashes at a sign-in: renewed when weak, refused when hostile, and a queue that has an end.

use rocket::futures::future::{join, join_all};
use rocket::tokio::task::yield_now;

use crate::stage::{PASSWORD, PEER, SECOND, Stage};

const STORED: &str = "SELECT password_hash FROM users WHERE id = 1";

#[rocket::async_test]
async fn a_weaker_hash_is_renewed_at_the_next_sign_in_and_only_then() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let weak = stage.text(STORED);
    assert!(weak.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{weak}");
    let directory = stage.close();
    let stronger = [("hashing.memory_kib", "16"), ("hashing.passes", "2")];
    let stage = Stage::on(directory, &stronger, 8).await;
    let refused = stage.login_with("alice", "correct horse 8").await;
    assert_eq!(refused.status, 401);
    assert_eq!(stage.text(STORED), weak);
    stage.login("alice").await;
    let renewed = stage.text(STORED);
    assert!(renewed.starts_with("$argon2id$v=19$m=16,t=2,p=1$"));
    let rows = stage.audit();
    let [.., renewal, start] = rows.as_slice() else {
        panic!("two rows")
    };
    assert_eq!(renewal.action, "password.renew");
    assert_eq!(renewal.target.as_deref(), Some("user:1"));
    assert_eq!(start.action, "session.start");
    assert_eq!(renewal.request_id, start.request_id);
    stage.login("alice").await;
    assert_eq!(stage.text(STORED), renewed);
}

#[rocket::async_test]
async fn parallel_sign_ins_that_all_renew_the_hash_all_succeed() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let directory = stage.close();
    // More at once than an account may have under way.
    let settings = [("hashing.memory_kib", "16"), ("throttle_exempt", PEER)];
    let stage = Stage::on(directory, &settings, 8).await;
    let answers = join_all((0..8).map(|_| stage.login_with("alice", PASSWORD))).await;
    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[rocket::async_test]
async fn a_stored_hash_that_the_hub_never_makes_is_a_failure_and_costs_nothing() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let good = stage.text(STORED);
    let rest = good.rsplit_once("p=1$").expect("parameters").1;
    for hostile in [
        format!("$argon2id$v=19$m=4194304,t=2,p=1${rest}"),
        format!("$argon2id$v=19$m=8,t=4000000,p=1${rest}"),
        format!("$argon2id$v=19$m=65536,t=1,p=255${rest}"),
        format!("$argon2id$v=16$m=8,t=1,p=1${rest}"),
        format!("$argon2i$v=19$m=8,t=1,p=1${rest}"),
        format!("$argon2id$v=19$m=-8,t=1,p=1${rest}"),
        good.replace("$m=8", "$m=7"),
        PASSWORD.to_owned(),
        "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        "!".to_owned(),
    ] {
        let connection = stage.stranger();
        let changed = connection.execute("UPDATE users SET password_hash = ?1", [&hostile]);
        assert_eq!(changed, Ok(1));
        let before = peak_memory_kib();
        let answer = stage.login_with("alice", PASSWORD).await;
        answer.is_error(500, "Login failed", "login_failed");
        answer.tells_nothing();
        // Other tests of this process grow, too, but not by the four gigabytes that the first one asks for.
        assert!(peak_memory_kib() < before + 3 * 1024 * 1024, "{hostile}");
    }
}

/// The most memory that this process ever had, in KiB.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmPeak:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("VmPeak").parse().expect("a number")
}

#[rocket::async_test]
async fn beyond_the_queue_sign_ins_registrations_and_changes_are_told_to_come_back() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let directory = stage.close();
    let slow = [
        ("hashing.memory_kib", "65536"),
        ("hashing.passes", "10"),
        ("hashing.threads", "1"),
        ("hashing.queue", "1"),
        ("hashing.queue_wait", "100ms"),
    ];
    let stage = Stage::on(directory, &slow, 8).await;
    // One is hashed, one may wait, and the wait is shorter than a hash.
    let storm = join_all((0..4).map(|_| stage.login_with("nobody", PASSWORD)));
    let late = async {
        (
            stage
                .register_with("bob", "bob@example.com", PASSWORD)
                .await,
            stage.login_with("alice", PASSWORD).await,
            stage
                .change_password(&pair.access, PASSWORD, "another horse 8")
                .await,
            stage.validate(&pair.access).await,
        )
    };
    let (storm, late) = join(storm, late).await;
    for busy in [&late.0, &late.1, &late.2] {
        busy.is_error(503, "Service temporarily unavailable", "unavailable");
        assert_eq!(busy.header("Retry-After"), Some("1"));
    }
    assert_eq!(late.3.status, 200, "who is signed in does not wait");
    let busy = storm.iter().filter(|answer| answer.status == 503).count();
    assert!(busy >= 2, "{busy} of four");
    assert_eq!(stage.number("SELECT count(*) FROM users"), 1);
}

#[rocket::async_test]
async fn who_is_told_to_come_back_finds_a_place_at_that_time_before_all_newcomers() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let directory = stage.close();
    let slow = [
        ("hashing.memory_kib", "65536"),
        ("hashing.passes", "10"),
        ("hashing.threads", "1"),
        ("hashing.queue", "1"),
        ("hashing.queue_wait", "10s"),
    ];
    let stage = Stage::on(directory, &slow, 8).await;
    let inside = join_all((0..2).map(|_| stage.login_with("nobody", PASSWORD)));
    let late = async {
        let counts = stage.hub().hasher.counts();
        while counts.waiting.read() + counts.under_way.read() < 2 {
            yield_now().await;
        }
        let busy = stage.login_with("alice", PASSWORD).await;
        busy.is_error(503, "Service temporarily unavailable", "unavailable");
        let told = busy.header("Retry-After").expect("a time").to_owned();
        let early = stage.login_with("alice", PASSWORD).await;
        assert_eq!(early.status, 503);
        assert_eq!(early.header("Retry-After"), Some(told.as_str()));
        stage
            .clock
            .advance(told.parse::<u32>().expect("seconds") * SECOND);
        let newcomer = stage.login_with("bob", PASSWORD).await;
        assert_eq!(newcomer.status, 503, "there is no place for anybody else");
        stage.login_with("alice", PASSWORD).await
    };
    let (_, late) = join(inside, late).await;
    assert_eq!(late.status, 200);
}

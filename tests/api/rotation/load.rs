//! The key is rotated again and again while many refresh: nobody is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rocket::tokio::task::JoinSet;
use rocket::tokio::time::sleep;

use super::{lines, rotate_key};
use crate::stage::{Pair, Stage};

const CLIENTS: usize = 24;
const ROTATIONS: usize = 5;
/// Between two rotations, so that each meets every client at work.
const BETWEEN: Duration = Duration::from_millis(60);
/// Far more than a client gets to in the time: a loop without end would hide a rotation that hangs.
const MAX_REFRESHES: usize = 100_000;

/// Refreshes, tells the Hub its access token, and perhaps repeats itself now and then, until told to stop.
async fn work(
    stage: Arc<Stage>,
    mut pair: Pair,
    repeats: bool,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) {
    for round in 0..MAX_REFRESHES {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let next = stage.rotate(&pair.refresh).await;
        // What settled was not used, so there is nothing to repeat.
        let rotated = next.refresh != pair.refresh;
        if repeats && rotated && round % 3 == 0 {
            let again = stage.rotate(&pair.refresh).await;
            assert_eq!(again.refresh, next.refresh);
        }
        assert_eq!(stage.validate(&pair.access).await.status, 200);
        assert_eq!(stage.validate(&next.access).await.status, 200);
        pair = next;
        done.fetch_add(usize::from(rotated), Ordering::Relaxed);
    }
}

#[rocket::async_test]
async fn five_rotations_under_load_refuse_nobody() {
    let stage = Arc::new(Stage::without_limits().await);
    let (stop, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let pair = stage.register(&format!("user{client}")).await;
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        // Whoever repeats itself is answered the same for a while; the others rotate each time.
        let repeats = client % 2 == 0;
        clients.spawn(work(Arc::clone(&stage), pair, repeats, stop, done));
    }
    for _ in 0..ROTATIONS {
        let before = done.load(Ordering::Relaxed);
        sleep(BETWEEN).await;
        rotate_key(&stage).await;
        assert!(done.load(Ordering::Relaxed) > before, "nobody was at work");
    }
    sleep(BETWEEN).await;
    stop.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.expect("no refresh was refused");
    }
    assert_eq!(lines(stage.directory.path()), ROTATIONS + 1);
    let generations = stage.number("SELECT sum(generation - 1) FROM sessions");
    assert_eq!(
        usize::try_from(generations),
        Ok(done.load(Ordering::Relaxed))
    );
    assert_eq!(
        stage.number("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL"),
        0
    );
}

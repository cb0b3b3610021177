//! A rotation that is cut off, or meets a file that is not as it was.

use std::fs;
use std::sync::Arc;

use hub::crypto::key_file;
use hub::crypto::keyring::{KeyError, Secret};
use hub::hub::HubError;
use hub::hub::keys::RotationError;
use hub::types::entropy::SeededEntropy;
use hub::types::time::{HandClock, Timestamp};
use tempfile::TempDir;

use super::{lines, rotate_key, rotate_key_from};
use crate::stage::{BEGINNING_MICROS, DAY, Stage, config, open};

async fn refused(directory: &TempDir, later: std::time::Duration) -> HubError {
    let now = Timestamp::from_micros(BEGINNING_MICROS).plus(later);
    let config = config(directory.path(), &[]);
    match open(config, Arc::new(HandClock::at(now)), 9).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[rocket::async_test]
async fn cut_off_after_the_file_was_written_it_leaves_a_key_that_counts_for_nothing_and_is_taken_up_next()
 {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let file = stage.place().secret_key();
    let directory = stage.close();
    let present = key_file::read(&file).expect("readable");
    let cut_off = Secret::draw(&SeededEntropy::new(55));
    key_file::add(&file, &present, &cut_off).expect("added");
    let stage = Stage::on(directory, &[], 100).await;
    assert_eq!(stage.hub().tokens.ring().present().0, 1);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    let pair = stage.rotate(&pair.refresh).await;
    let made = rotate_key_from(&stage, None).await.expect("rotated");
    assert_eq!(made.check_value, cut_off.check_value());
    assert_eq!(lines(stage.directory.path()), 2);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn cut_off_while_the_file_was_written_it_leaves_the_old_file() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let half = stage.directory.path().join("secret.key.new");
    let stage = {
        let directory = stage.close();
        fs::write(&half, "ab12").expect("half a key");
        Stage::on(directory, &[], 100).await
    };
    stage.rotate(&pair.refresh).await;
    assert_eq!(rotate_key(&stage).await, 2);
    assert!(!half.exists());
}

#[rocket::async_test]
async fn a_database_that_does_not_take_the_key_keeps_the_old_one_and_every_token() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    stage.sql("CREATE TRIGGER no BEFORE INSERT ON keys BEGIN SELECT RAISE(ABORT, 'no'); END");
    let error = rotate_key_from(&stage, None).await.expect_err("refused");
    assert!(matches!(error, RotationError::Store(_)), "{error}");
    assert_eq!(
        stage.number("SELECT count(*) FROM keys WHERE replaced_at IS NULL"),
        1
    );
    stage.sql("DROP TRIGGER no");
    let pair = stage.rotate(&pair.refresh).await;
    assert_eq!(rotate_key(&stage).await, 2);
    assert_eq!(lines(stage.directory.path()), 2);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn a_file_that_cannot_be_written_leaves_everything_as_it_was() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let in_the_way = stage.directory.path().join("secret.key.new");
    fs::create_dir(&in_the_way).expect("a directory");
    let error = rotate_key_from(&stage, None).await.expect_err("refused");
    let is_it = matches!(error, RotationError::Key(KeyError::CannotReplace { .. }));
    assert!(is_it, "{error}");
    assert!(error.to_string().contains("nothing was changed"));
    fs::remove_dir(&in_the_way).expect("removed");
    assert_eq!(
        (
            lines(stage.directory.path()),
            stage.number("SELECT count(*) FROM keys")
        ),
        (1, 1)
    );
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn of_two_rotations_at_once_one_is_refused_in_words() {
    let stage = Stage::new().await;
    let held = fs::File::open(stage.directory.path()).expect("open");
    held.lock().expect("locked");
    let error = rotate_key_from(&stage, None).await.expect_err("refused");
    assert!(matches!(error, RotationError::UnderWay), "{error}");
    drop(held);
    rotate_key(&stage).await;
}

#[rocket::async_test]
async fn a_file_without_the_present_key_is_refused_and_one_without_a_counting_key_names_it() {
    let stage = Stage::new().await;
    let first = stage.number("SELECT count(*) FROM keys");
    let fingerprint = stage.text("SELECT lower(hex(substr(check_value, 1, 4))) FROM keys");
    rotate_key(&stage).await;
    assert_eq!(first, 1);
    let file = stage.place().secret_key();
    let directory = stage.close();
    let whole = fs::read_to_string(&file).expect("readable");
    let (older, present) = whole.split_once('\n').expect("two lines");
    fs::write(&file, older).expect("written");
    let error = refused(&directory, DAY).await;
    assert!(matches!(error, HubError::WrongKey(_)), "{error}");
    fs::write(&file, present).expect("written");
    let error = refused(&directory, 29 * DAY).await;
    assert!(matches!(error, HubError::OlderKeyMissing { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&fingerprint) && !text.contains(older),
        "{text}"
    );
    // Once it verifies nothing any more, nobody misses it.
    let later = Timestamp::from_micros(BEGINNING_MICROS).plus(30 * DAY);
    let opened = open(
        config(directory.path(), &[]),
        Arc::new(HandClock::at(later)),
        9,
    )
    .await;
    assert!(opened.is_ok());
}

#[rocket::async_test]
async fn what_another_process_rotated_a_running_server_takes_up_at_its_next_answer() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    // `hub key rotate` beside it: the same directory, another Hub.
    let config = config(stage.directory.path(), &[]);
    let clock = Arc::clone(&stage.clock);
    let rotated = tokio::task::spawn_blocking(move || {
        let entropy = Arc::new(SeededEntropy::new(77));
        let other = hub::hub::Hub::open(config, hub::store::Mode::CommandLine, clock, entropy);
        let other = other.expect("a hub");
        let cause = hub::types::cause::Cause {
            actor: hub::types::cause::Actor::CommandLine { uid: 1000 },
            at: other.clock.now(),
            address: None,
            user_agent: hub::types::user_agent::UserAgent::unknown(),
            request_id: None,
        };
        let made = other.rotation().run(None, &cause).expect("rotated");
        other.store.close();
        made.id.0
    });
    assert_eq!(rotated.await.expect("no panic"), 2);
    let ring = || stage.hub().tokens.ring().present().0;
    assert_eq!(ring(), 1);
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    assert_eq!(ring(), 2);
    stage.rotate(&pair.refresh).await;
}

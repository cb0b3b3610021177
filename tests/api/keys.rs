//! The database without its key and the key without its database: neither lets anybody in.

use std::path::Path;
use std::sync::Arc;

use hub::hub::HubError;
use hub::types::time::{HandClock, Timestamp};
use tempfile::TempDir;

use crate::stage::{BEGINNING_MICROS, Stage, config, open};

fn copy(file: &str, from: &Path, to: &Path) {
    std::fs::copy(from.join(file), to.join(file)).expect("copied");
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

async fn open_refused(directory: &TempDir, settings: &[(&str, &str)]) -> HubError {
    let config = config(directory.path(), settings);
    let clock = Arc::new(HandClock::at(Timestamp::from_micros(BEGINNING_MICROS)));
    match open(config, clock, 9).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[rocket::async_test]
async fn a_database_with_another_hubs_key_is_refused() {
    let here = Stage::new().await;
    here.register("alice").await;
    let here = here.close();
    let there = Stage::on(directory(), &[], 99).await.close();
    copy("secret.key", there.path(), here.path());
    let error = open_refused(&here, &[]).await;
    assert!(matches!(error, HubError::WrongKey(_)), "{error}");
    let text = error.to_string();
    let key = std::fs::read_to_string(here.path().join("secret.key")).expect("a key");
    assert!(!text.contains(key.trim()));
}

#[rocket::async_test]
async fn a_database_without_its_key_is_refused_and_no_new_key_is_made() {
    let stage = Stage::new().await;
    stage.register("alice").await;
    let directory = stage.close();
    let key = directory.path().join("secret.key");
    std::fs::remove_file(&key).expect("removed");
    let error = open_refused(&directory, &[]).await;
    assert!(matches!(error, HubError::Key(_)), "{error}");
    assert!(!key.exists());
}

#[rocket::async_test]
async fn a_database_relabelled_for_another_key_accepts_no_token_of_its_own() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let here = stage.close();
    let there = Stage::on(directory(), &[], 99).await;
    let check = there.text("SELECT hex(check_value) FROM keys");
    let there = there.close();
    copy("secret.key", there.path(), here.path());
    relabel(here.path(), &check);
    let stage = Stage::on(here, &[], 100).await;
    let answer = stage.refresh(&pair.refresh).await;
    answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
    let answer = stage.validate(&pair.access).await;
    answer.is_not_valid(
        "Invalid token: Signature verification failed",
        "invalid_token",
    );
    // The password is not under the key: whoever knows it signs in.
    stage.login("alice").await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "plays whoever tampers with a stolen file"
)]
fn relabel(directory: &Path, check: &str) {
    let connection = rusqlite::Connection::open(directory.join("hub.db")).expect("a connection");
    let sql = format!("UPDATE keys SET check_value = x'{check}'");
    connection.execute_batch(&sql).expect("executed");
}

#[rocket::async_test]
async fn the_key_with_an_empty_database_accepts_no_token() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let here = stage.close();
    let empty = directory();
    // As a first start leaves it that was cut off: beside a key with its right name there must have been a database.
    let key = here.path().join("secret.key");
    std::fs::copy(key, empty.path().join("secret.key.first")).expect("copied");
    let stage = Stage::on(empty, &[], 100).await;
    for round in 0..2 {
        let answer = stage.refresh(&pair.refresh).await;
        answer.is_error(401, "Invalid or expired refresh token", "invalid_token");
        let answer = stage.validate(&pair.access).await;
        answer.is_not_valid("Token has been revoked", "session_revoked");
        if round == 0 {
            // A new user of the same number and name changes nothing.
            stage.register("alice").await;
        }
    }
}

#[rocket::async_test]
async fn the_same_files_elsewhere_go_on_where_they_were() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let here = stage.close();
    let there = directory();
    copy("secret.key", here.path(), there.path());
    copy("hub.db", here.path(), there.path());
    let stage = Stage::on(there, &[], 100).await;
    assert_eq!(stage.validate(&pair.access).await.status, 200);
    stage.rotate(&pair.refresh).await;
}

#[rocket::async_test]
async fn a_configured_key_stands_in_for_the_file_and_must_be_the_same_one() {
    let stage = Stage::new().await;
    let pair = stage.register("alice").await;
    let directory = stage.close();
    let file = directory.path().join("secret.key");
    let key = std::fs::read_to_string(&file).expect("a key");
    std::fs::remove_file(&file).expect("removed");
    let other = "5b1f0c7ad9e3428617fc90b2a4d86e3550ce17f98a23b46d0e91c7385df2ab64";
    let error = open_refused(&directory, &[("secret_key", other)]).await;
    assert!(matches!(error, HubError::WrongKey(_)), "{error}");
    let stage = Stage::on(directory, &[("secret_key", key.trim())], 100).await;
    stage.rotate(&pair.refresh).await;
}

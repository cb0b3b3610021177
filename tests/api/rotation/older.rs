//! A database from before keys were counted goes on where it was.

use std::path::Path;

use hub::crypto::key_file;
use hub::types::entropy::SeededEntropy;

use super::rotate_key;
use crate::stage::Stage;

/// A database of the first schema, with a key file.
#[expect(clippy::disallowed_methods, reason = "plays a Hub of an older version")]
pub fn older(directory: &Path) {
    let secret = key_file::create(&directory.join("secret.key"), &SeededEntropy::new(3));
    let check_value = secret.expect("a key file").check_value();
    let connection = rusqlite::Connection::open(directory.join("hub.db")).expect("a database");
    connection
        .execute_batch(include_str!(
            "../../../migrations/0001_users_sessions_audit.sql"
        ))
        .expect("executed");
    connection
        .pragma_update(None, "user_version", 1)
        .expect("a version");
    connection
        .execute(
            "INSERT INTO hub (id, key_check) VALUES (1, $1)",
            [check_value],
        )
        .expect("claimed");
}

#[rocket::async_test]
async fn a_database_from_before_keys_were_counted_keeps_its_key_as_the_first() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    older(directory.path());
    let stage = Stage::on(directory, &[], 100).await;
    let pair = stage.register("alice").await;
    assert_eq!(
        stage.number("SELECT count(*) FROM keys WHERE id = 1 AND made_at IS NULL"),
        1
    );
    assert_eq!(rotate_key(&stage).await, 2);
    stage.rotate(&pair.refresh).await;
}

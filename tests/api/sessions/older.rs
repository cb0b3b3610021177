//! What lists stand on is worked out for the sessions of a database from before there were lists.

use crate::rotation::older::older;
use crate::stage::Stage;

#[rocket::async_test]
async fn old_sessions_get_what_they_are_sorted_searched_and_counted_by() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    older(directory.path());
    fill(&directory.path().join("hub.db"));
    let stage = Stage::on(directory, &[], 100).await;
    let key = |id: i64| {
        stage.text(&format!(
            "SELECT hex(address_key) FROM sessions WHERE id = {id}"
        ))
    };
    assert_eq!(key(1), "04CB007107");
    assert_eq!(key(2), "0620010DB8000000000000000000000001");
    assert_eq!(key(3), "");
    assert_eq!(stage.text("SELECT device FROM user_agents"), "curl");
    assert_eq!(
        stage.text("SELECT live || ' ' || ended || ' ' || reused FROM session_tally"),
        "1 1 1"
    );
    assert_eq!(stage.number("SELECT id FROM former_users"), 77);
    // From then on the database keeps the numbers itself.
    stage.sql("DELETE FROM sessions WHERE id = 3");
    assert_eq!(stage.number("SELECT reused FROM session_tally"), 0);
    assert_eq!(stage.text("PRAGMA integrity_check"), "ok");
}

#[expect(clippy::disallowed_methods, reason = "plays a Hub of an older version")]
fn fill(path: &std::path::Path) {
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection
        .execute_batch(
            "INSERT INTO users (id, username, username_key, email, email_key, password_hash, created_at, updated_at)
             VALUES (5, 'Ann', 'ann', 'a@example.com', 'a@example.com', 'x', 0, 0);
             INSERT INTO user_agents (id, text) VALUES (1, 'curl/8.5.0');
             INSERT INTO sessions (id, user_id, salt, generation, retries, rotated_at, rotated_steady, rotated_boot, created_at, ends_at,
                                   ended_at, end_reason, first_agent, address, agent, lineage_length)
             VALUES (1, 5, zeroblob(16), 1, 0, 1, 1, 1, 1, 9, NULL, NULL, 1, '203.0.113.7', 1, 1),
                    (2, 77, zeroblob(16), 1, 0, 1, 1, 1, 1, 9, 2, 'user_deleted', 1, '2001:db8::1', 1, 1),
                    (3, 77, zeroblob(16), 1, 0, 1, 1, 1, 1, 9, 2, 'reuse', 1, NULL, 1, 1);",
        )
        .expect("filled");
}

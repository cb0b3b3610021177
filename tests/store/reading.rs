//! Readers: they see what was committed, and cannot write even if asked to.

use hub::store::StoreError;
use rusqlite::params;

use crate::{Stage, Then, Write};

#[test]
fn a_reader_cannot_write() {
    let stage = Stage::new();
    for sql in [
        "INSERT INTO user_agents (text) VALUES ('x') RETURNING id",
        "UPDATE users SET role = 'ADMIN' RETURNING id",
        "DELETE FROM sessions RETURNING id",
        "CREATE TABLE mine (id INTEGER)",
        "PRAGMA user_version = 7",
    ] {
        let outcome = stage
            .store
            .read::<_, StoreError>(|db| db.optional(sql, params![], |_| Ok(())));
        assert!(outcome.is_err(), "{sql}");
    }
    assert_eq!(stage.written(), Vec::<String>::new());
}

#[test]
fn many_readers_read_beside_the_writer() {
    let stage = Stage::new();
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let store = stage.store.clone();
            std::thread::spawn(move || {
                for _ in 0..50 {
                    let counted: i64 = store
                        .read::<_, StoreError>(|db| {
                            db.one("SELECT count(*) FROM user_agents", params![], |row| {
                                row.get(0)
                            })
                        })
                        .expect("readable");
                    assert!(counted <= 200);
                }
            })
        })
        .collect();
    for number in 0..200 {
        let change = Write::new(number.to_string(), Then::Commit);
        stage.store.write_blocking(change).expect("written");
    }
    for reader in readers {
        reader.join().expect("the reader ends");
    }
}

//! Databases of every schema there was, filled with a story that really took place: what a Hub of today wrote, in the tables and columns of then.
//!
//! They are made from the migrations themselves, whose hashes `tests/tidy` keeps: nobody changes one unnoticed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hub::store::schema;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::stage::{Stage, Tokens};

/// A Hub in which something happened, and what its clients hold.
pub struct Story {
    pub stage: Stage,
    /// Never used: it must still be good.
    pub live: Tokens,
    /// Its session was rotated once; this is the present pair.
    pub rotated: Tokens,
    /// Its session was revoked.
    pub revoked: Tokens,
    /// Its token came again, and its session was ended for it.
    pub reused: Tokens,
}

/// What no client and no command writes in the little time of a test.
const BY_HAND: &str = "
    INSERT INTO second_factors (user_id, nonce, key_id, drawn_at, drawn_steady, drawn_boot, confirmed_at, last_step)
    VALUES (2, randomblob(16), 1, 5, 6, 7, 8, 9);
    INSERT INTO recovery_codes (user_id, hash)
    VALUES (2, randomblob(32)), (2, randomblob(32));
    INSERT INTO half_sign_ins (value_hash, user_id, password_mark, made_at, made_steady, made_boot)
    VALUES (randomblob(32), 2, randomblob(32), 1, 2, 3);
    INSERT INTO browser_cookies (value_hash, session_id, area, made_at, made_steady, made_boot,
                                 used_at, used_steady, used_boot, proven_at, proven_steady, proven_boot)
    SELECT randomblob(32), min(id), 'account', 1, 2, 3, 4, 5, 6, 7, 8, 9
    FROM sessions
    WHERE ended_at IS NULL;
    INSERT OR REPLACE INTO activity (hour, refreshes, since)
    VALUES (490000, 17, 1764000000000000);
    INSERT OR REPLACE INTO setup_link (id, token_hash, made_at, made_steady, made_boot)
    VALUES (1, randomblob(32), 1, 2, 3);
    INSERT OR REPLACE INTO removals (kind, untold, ever)
    VALUES ('session', 0, 7);
    INSERT INTO revocation_ages (last, at, steady, boot)
    VALUES (1, 5, 6, 7);
    INSERT INTO service_accounts (name, name_key, salt, key, made_at)
    VALUES ('Shop', 'shop', randomblob(16), 1, 5);
    INSERT INTO webhooks (name, name_key, url, salt, key, made_at, disabled_at, disabled_steady, disabled_boot, dead)
    VALUES ('Mail', 'mail', 'https://mail.example/hook', randomblob(16), 1, 5, 6, 7, 8, 1);
    INSERT INTO webhook_kinds (kind, webhook_id)
    VALUES ('user.deleted', 1);
    INSERT INTO webhook_deliveries (webhook_id, state, kind, at, done_at, done_steady, done_boot)
    VALUES (1, 'dead', 'webhook.test', 5, 6, 7, 8);
";

impl Story {
    pub fn new() -> Self {
        let mut stage = Stage::new();
        // Every second use is reuse.
        stage
            .environment
            .push(("HUB_REFRESH_GRACE", "0s".to_owned()));
        stage.add("bob", "USER");
        let server = stage.serve();
        let [live, rotated, revoked, reused] = [(); 4].map(|()| server.sign_in("alice"));
        server.sign_in("bob");
        let (_, pair) = server.refresh(&rotated.refresh);
        server.refresh(&reused.refresh);
        server.refusal(&reused.refresh);
        assert_eq!(server.login("alice", "wrong horse 7").0, 401);
        stage.run(&["session", "revoke", &revoked.session()]).good();
        stage.run(&["user", "delete", "bob", "--yes"]).good();
        stage.run(&["key", "rotate", "--yes"]).good();
        server.stop();
        stage.connection().execute_batch(BY_HAND).unwrap();
        let rotated = Tokens::of(&pair);
        Self {
            stage,
            live,
            rotated,
            revoked,
            reused,
        }
    }

    /// A data directory with the story in the schema of then, and with the key.
    pub fn in_schema(&self, version: i64) -> Stage {
        let mut stage = Stage::empty();
        stage.environment.clone_from(&self.stage.environment);
        fs::create_dir(stage.data()).unwrap();
        let key = stage.data().join("secret.key");
        fs::copy(self.stage.data().join("secret.key"), &key).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let connection = bare(&stage.data().join("hub.db"), version);
        fill(&connection, &self.stage.connection());
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .unwrap();
        stage
    }
}

/// The migrations up to this version, run by nothing of the Hub's own.
#[expect(
    clippy::disallowed_methods,
    reason = "a database that the code under test has not touched"
)]
pub fn bare(path: &Path, version: i64) -> Connection {
    let connection = Connection::open(path).unwrap();
    // It has only to be there for the test.
    connection
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    for name in ["hub_address_key", "hub_device"] {
        // There is no row yet that they could be asked about.
        connection
            .create_scalar_function(name, 1, FunctionFlags::SQLITE_UTF8, |_| Ok(Value::Null))
            .unwrap();
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for migration in schema::migrations() {
        if migration.version <= version {
            let sql = fs::read_to_string(folder.join(&migration.name)).unwrap();
            connection.execute_batch(&sql).unwrap();
        }
    }
    connection
        .pragma_update(None, "user_version", version)
        .unwrap();
    connection
}

/// The schema as SQLite keeps it.
pub fn shape(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn tables(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The names of a table's columns.
pub fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .unwrap();
    let rows = statement.query_map([table], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Rows of some columns, in an order of their own.
pub fn rows(connection: &Connection, table: &str, columns: &[String]) -> Vec<Vec<Value>> {
    let named: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let named = named.join(", ");
    let mut statement = connection
        .prepare(&format!("SELECT {named} FROM \"{table}\" ORDER BY {named}"))
        .unwrap();
    let count = columns.len();
    let found = statement.query_map([], |row| (0..count).map(|at| row.get(at)).collect());
    found.unwrap().map(Result::unwrap).collect()
}

/// Every table with the rows of all its columns.
pub fn contents(connection: &Connection) -> BTreeMap<String, Vec<Vec<Value>>> {
    let tables = tables(connection).into_iter();
    tables
        .map(|table| {
            let found = rows(connection, &table, &columns(connection, &table));
            (table, found)
        })
        .collect()
}

/// What both databases have a place for.
fn fill(older: &Connection, newer: &Connection) {
    older.pragma_update(None, "foreign_keys", "OFF").unwrap();
    let known = tables(newer);
    for table in tables(older) {
        // Triggers count what is filled in.
        if table == "session_tally" || !known.contains(&table) {
            continue;
        }
        let newer_columns = columns(newer, &table);
        let mut both = columns(older, &table);
        both.retain(|column| newer_columns.contains(column));
        let places: Vec<String> = (1..=both.len()).map(|at| format!("?{at}")).collect();
        let is_keyed = table == "hub" && columns(older, "hub").contains(&"key_check".to_owned());
        let sql = if is_keyed {
            "INSERT INTO hub (id, probed_at, key_check) VALUES (?1, ?2, ?3)".to_owned()
        } else {
            format!(
                "INSERT OR REPLACE INTO \"{table}\" ({}) VALUES ({})",
                both.join(", "),
                places.join(", ")
            )
        };
        if is_keyed {
            both = ["id", "probed_at"].map(str::to_owned).to_vec();
        }
        for mut row in rows(newer, &table, &both) {
            if is_keyed {
                // The key of then was the first one.
                let check: Vec<u8> = newer
                    .query_row("SELECT check_value FROM keys WHERE id = 1", [], |row| {
                        row.get(0)
                    })
                    .unwrap();
                row.push(Value::Blob(check));
            }
            older.execute(&sql, params_from_iter(row)).unwrap();
        }
    }
    older.pragma_update(None, "foreign_keys", "ON").unwrap();
}

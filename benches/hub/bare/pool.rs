//! The design that one writes first: Rocket's own server, a pool of connections, one immediate transaction a refresh, on a thread for what blocks.
//!
//! It does the work that a durable rotation cannot do without (verify, read the row and its user, write the row and the lineage, sync, sign twice) and
//! nothing of what the Hub does beside that: no retries, no keys that change, no limits, no activity.

use hmac::{Hmac, KeyInit, Mac};
use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rocket::http::Status;
use rocket::response::status::Custom;
use rocket::serde::json::Json;
use rocket::{State, post, routes, tokio};
use rusqlite::{TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::bare::hello;

const KEY: &[u8] = b"a key for a database that is thrown away";
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

const SCHEMA: &str = "
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, generation INTEGER NOT NULL, rotated_at INTEGER NOT NULL, ended_at INTEGER, agent TEXT
);
CREATE TABLE lineage (
  session_id INTEGER NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, agent TEXT,
  PRIMARY KEY (session_id, position)
) WITHOUT ROWID;";

type Database = Pool<SqliteConnectionManager>;
type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize, Serialize)]
struct Claims {
    sid: i64,
    r#gen: i64,
    kind: String,
}

#[derive(Deserialize)]
struct Presented {
    refresh_token: String,
}

#[derive(Deserialize)]
struct Account {
    username: String,
    email: String,
}

/// Serves on 127.0.0.1, with a new database in the working directory and so many connections to it, until the process is ended.
pub fn serve(port: u16, connections: u32) -> anyhow::Result<()> {
    let manager = SqliteConnectionManager::file("pool.db").with_init(|connection| {
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;",
        )
    });
    let pool = Pool::builder().max_size(connections).build(manager)?;
    pool.get()?.execute_batch(SCHEMA)?;
    let rocket = hello::bare_route(port)
        .manage(pool)
        .mount("/", routes![register, refresh]);
    match rocket::execute(rocket.launch()) {
        Ok(_) => Ok(()),
        Err(error) => anyhow::bail!("the server of the pool design: {error}"),
    }
}

#[post("/api/auth/register", data = "<account>")]
async fn register(pool: &State<Database>, account: Json<Account>) -> Custom<Json<Value>> {
    let pool = pool.inner().clone();
    answer(Status::Created, move || {
        let mut connection = pool.get()?;
        let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        writing.execute(
            "INSERT INTO users (username, email) VALUES (?1, ?2)",
            params![account.username, account.email],
        )?;
        let user = writing.last_insert_rowid();
        writing.execute(
            "INSERT INTO sessions (id, user_id, generation, rotated_at) VALUES (?1, ?1, 1, 0)",
            [user],
        )?;
        writing.commit()?;
        pair(user, 1)
    })
    .await
}

#[post("/api/auth/refresh", data = "<presented>")]
async fn refresh(pool: &State<Database>, presented: Json<Presented>) -> Custom<Json<Value>> {
    let pool = pool.inner().clone();
    answer(Status::Ok, move || {
        let claims = read(&presented.refresh_token)?;
        let mut connection = pool.get()?;
        let writing = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (generation, ended): (i64, Option<i64>) = writing
            .prepare_cached(
                "SELECT s.generation, s.ended_at
                 FROM sessions s
                 JOIN users u ON u.id = s.user_id
                 WHERE s.id = ?1",
            )?
            .query_row([claims.sid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if generation != claims.r#gen || ended.is_some() {
            return Err("not the present token".into());
        }
        let next = generation + 1;
        writing
            .prepare_cached(
                "UPDATE sessions
                 SET generation = ?2, rotated_at = unixepoch(), agent = 'hub-bench'
                 WHERE id = ?1",
            )?
            .execute([claims.sid, next])?;
        writing
            .prepare_cached(
                "INSERT INTO lineage (session_id, position, at, agent) VALUES (?1, ?2, unixepoch(), 'hub-bench')",
            )?
            .execute([claims.sid, next])?;
        writing.commit()?;
        drop(connection);
        pair(claims.sid, next)
    })
    .await
}

/// Does what blocks on a thread for that.
async fn answer(
    right: Status,
    work: impl FnOnce() -> Result<Value, Failed> + Send + 'static,
) -> Custom<Json<Value>> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(body)) => Custom(right, Json(body)),
        Ok(Err(error)) => Custom(
            Status::Unauthorized,
            Json(json!({"error": error.to_string()})),
        ),
        Err(_) => Custom(Status::InternalServerError, Json(json!({}))),
    }
}

fn pair(session: i64, generation: i64) -> Result<Value, Failed> {
    let token = |kind: &str| {
        sign(&Claims {
            sid: session,
            r#gen: generation,
            kind: kind.to_owned(),
        })
    };
    Ok(json!({"access_token": token("access")?, "refresh_token": token("refresh")?}))
}

fn sign(claims: &Claims) -> Result<String, Failed> {
    let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let signed = format!("{HEADER}.{}", encode(&serde_json::to_vec(claims)?));
    let mac = Hmac::<Sha256>::new_from_slice(KEY)?.chain_update(signed.as_bytes());
    Ok(format!("{signed}.{}", encode(&mac.finalize().into_bytes())))
}

fn read(token: &str) -> Result<Claims, Failed> {
    let decode = |text: &str| data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
    let (signed, signature) = token.rsplit_once('.').ok_or("no signature")?;
    let mac = Hmac::<Sha256>::new_from_slice(KEY)?.chain_update(signed.as_bytes());
    mac.verify_slice(&decode(signature)?)?;
    let claims = signed.split('.').nth(1).ok_or("no claims")?;
    let claims: Claims = serde_json::from_slice(&decode(claims)?)?;
    if claims.kind != "refresh" {
        return Err("not a refresh token".into());
    }
    Ok(claims)
}

//! A disk without space: nobody new gets in, nobody who is in is thrown out, and space alone heals it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use crate::driver::auditor;
use crate::driver::journal::claim;
use crate::driver::rows::{Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::stage::{self, PASSWORD, ask, refresh_body, sign_in_body};
use crate::driver::talk::Answer;

/// A disk of its own for the data directory.
const SMALL_DISK: &str = "mount -t tmpfs -o size=4m,mode=700 small \"$1\"";
/// More than fit into that disk.
const MOST_BLOCKS: usize = 4_096;
/// What may still fit into blocks that the log holds already.
const MOST_LAST_REFRESHES: usize = 50;

#[test]
fn a_full_disk_stops_writes_alone_and_heals_when_there_is_space() {
    let row = Row::begin(
        "full-disk",
        "the disk is full for a while",
        "a tmpfs of 4 MiB, filled to the last block and emptied again",
    );
    stage::in_turn(async {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let server = Launch::on(&data)
            .cheap_hashing()
            .in_own_namespace(SMALL_DISK, &[&data])
            .start();
        let address = server.address;
        let registered = stage::register(address, "somebody").await;
        assert_eq!(registered.status, 201);
        let access = registered.text("access_token");
        let filler = fill(&server, &data);

        let refresh = async |token: &str| {
            ask(
                address,
                "POST /api/auth/refresh",
                None,
                &refresh_body(token),
            )
            .await
        };
        let mut token = registered.text("refresh_token");
        let mut answer = refresh(&token).await;
        for _ in 0..MOST_LAST_REFRESHES {
            if answer.status != 200 {
                break;
            }
            token = answer.text("refresh_token");
            answer = refresh(&token).await;
        }
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(answer.text("error"), "Token refresh failed");
        for _ in 0..3 {
            everything_but_writes_works(&server, &access).await;
            assert_eq!(refresh(&token).await.status, 500);
        }

        fs::remove_file(filler).unwrap();
        let healed = refresh(&token).await;
        assert_eq!(healed.status, 200, "{healed:?}\n{}", server.log());
        let successor = healed.text("refresh_token");
        let generations = [&token, &successor].map(|token| claim(token, "gen").as_i64());
        assert_eq!(generations[1], generations[0].map(|before| before + 1));
        let ready = ask(address, "GET /readyz", None, "").await;
        assert_eq!(ready.status, 200, "{ready:?}");
        let body = sign_in_body("somebody", PASSWORD);
        let signed_in = ask(address, "POST /api/auth/login", None, &body).await;
        assert_eq!(signed_in.status, 200, "{signed_in:?}");
        no_rotation_is_half_done(&server, &data);
    });
    row.tell(Figures {
        rounds: 1,
        // Each time nine answers of writes and reads, and what came before and after.
        checked: 3 * 9 + 6,
        violations: 0,
    });
}

/// Every write is refused in the contract's words, every read is answered.
async fn everything_but_writes_works(server: &Server, access: &str) {
    let address = server.address;
    let body = sign_in_body("somebody", PASSWORD);
    let writes = [
        ask(address, "POST /api/auth/login", None, &body).await,
        stage::register(address, "newcomer").await,
        ask(address, "POST /api/auth/logout", Some(access), "").await,
        ask(address, "GET /readyz", None, "").await,
    ];
    for answer in writes {
        assert_unavailable(&answer);
    }
    for read in [
        "GET /api/auth/validate",
        "GET /api/auth/me",
        "GET /api/auth/sessions",
    ] {
        let answer = ask(address, read, Some(access), "").await;
        assert_eq!(answer.status, 200, "{read}: {answer:?}");
    }
    assert_eq!(ask(address, "GET /healthz", None, "").await.status, 200);
}

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.text("error"), "Service temporarily unavailable");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

/// The server's disk as it is seen from here.
fn seen(server: &Server, data: &Path) -> PathBuf {
    let root = format!("/proc/{}/root", server.pid());
    Path::new(&root).join(data.strip_prefix("/").unwrap())
}

/// Fills the server's disk to the last block.
fn fill(server: &Server, data: &Path) -> PathBuf {
    let path = seen(server, data).join("filler");
    let mut filler = File::create(&path).unwrap();
    let block = [0; 4_096];
    let full = (0..MOST_BLOCKS).find_map(|_| filler.write_all(&block).err());
    let full = full.expect("the disk is small");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
    path
}

/// Looks into a copy, made while nobody writes: SQLite would follow the way into the server's namespace to a file of ours.
fn no_rotation_is_half_done(server: &Server, data: &Path) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["hub.db", "hub.db-wal"] {
        fs::copy(seen(server, data).join(name), copy.path().join(name)).unwrap();
    }
    let database = copy.path().join("hub.db");
    let connection = auditor::open(&database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    assert_eq!(
        number("SELECT sum(generation - 1) FROM sessions"),
        number("SELECT count(*) FROM lineage WHERE kind = 'rotate'")
    );
    // The two that were answered: nobody was let in while it was full.
    assert_eq!(number("SELECT count(*) FROM sessions"), Ok(2));
    assert_eq!(number("SELECT count(*) FROM users"), Ok(1));
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
}

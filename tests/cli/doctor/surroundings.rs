//! What lies around it: the clock, the way, settings, backups, the server.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use super::{findings, healthy, only, says};
use crate::stage::PASSWORD;

#[test]
fn a_clock_behind_what_was_written_is_found() {
    let stage = healthy();
    let database = File::open(stage.database()).unwrap();
    let now = database.metadata().unwrap().modified().unwrap();
    database
        .set_modified(UNIX_EPOCH + Duration::from_secs(4_000_000_000))
        .unwrap();
    says(
        &only(&stage, &[]),
        &[
            "finding clock ",
            "was written at 2096-10-02",
            "set the clock",
        ],
    );
    database.set_modified(now).unwrap();
    let ahead = "INSERT INTO audit (id, at, actor, action, hash) SELECT max(id) + 1, 4000000000000000, 'system', 'x', zeroblob(32) FROM audit";
    stage.connection().execute(ahead, []).unwrap();
    says(
        &only(&stage, &[]),
        &[
            "finding clock ",
            "the newest row of the audit is from 2096-10-02",
        ],
    );
}

#[test]
fn an_https_address_without_tls_and_without_a_proxy_is_found() {
    let mut stage = healthy();
    // Before it has an address: the greeting tells where it listens.
    let server = stage.serve();
    for _ in 0..10 {
        let (status, _) = server.login("alice", PASSWORD);
        assert_eq!(status, 200);
    }
    server.stop();
    stage
        .environment
        .push(("HUB_PUBLIC_URL", "https://hub.example.com".to_owned()));
    stage
        .environment
        .push(("HUB_REGISTRATION", "closed".to_owned()));
    stage
        .environment
        .push(("HUB_ADMIN_SECOND_FACTOR", "required".to_owned()));
    let found = findings(&stage, &[]);
    says(
        &found[0],
        &["finding way ", "trusts no proxy", "HUB_TRUSTED_PROXIES"],
    );
    stage
        .environment
        .push(("HUB_TRUSTED_PROXIES", "10.0.0.1".to_owned()));
    // Whoever trusts the wrong proxy sees everybody come from the right one.
    says(
        &only(&stage, &[]),
        &["hint way ", "all came from 127.0.0.1", "X-Forwarded-For"],
    );
}

#[test]
fn weak_settings_where_strangers_come_are_hints_and_end_with_0() {
    let mut stage = healthy();
    for (name, value) in [
        ("HUB_PUBLIC_URL", "http://hub.example.com"),
        ("HUB_THROTTLE_EXEMPT", "0.0.0.0/0"),
    ] {
        stage.environment.push((name, value.to_owned()));
    }
    let found = findings(&stage, &[]);
    assert_eq!(found.len(), 4, "{found:#?}");
    for (line, part) in found.iter().zip([
        "nobody's tries are counted",
        "can make an account; if they should not, set HUB_REGISTRATION=closed",
        "administrators need no second factor; set HUB_ADMIN_SECOND_FACTOR=required",
        "without TLS",
    ]) {
        says(line, &["hint ", part]);
    }
}

#[test]
fn a_configuration_that_is_wrong_is_found_with_every_line_of_it() {
    let mut stage = healthy();
    stage.environment.push(("HUB_LOG", "loud".to_owned()));
    stage.environment.push(("HUB_LOGG", "info".to_owned()));
    let found = findings(&stage, &[]);
    assert_eq!(found.len(), 2, "{found:#?}");
    for line in &found {
        says(line, &["finding configuration ", "hub config check"]);
    }
    let line = stage.run(&["doctor"]).err;
    assert_eq!(
        line,
        "hub: 2 findings in need of mending; each line says how\n"
    );
}

#[test]
fn a_certificate_that_cannot_be_read_is_found() {
    let mut stage = healthy();
    for name in ["HUB_TLS__CERT", "HUB_TLS__KEY"] {
        let nowhere = stage.place().join("nowhere.pem").display().to_string();
        stage.environment.push((name, nowhere));
    }
    says(
        &only(&stage, &[]),
        &["finding configuration ", "nowhere.pem"],
    );
}

#[test]
fn no_backup_is_a_hint_at_first_and_an_old_one_is_found() {
    let stage = healthy();
    let backup = stage.data().join("backups/hub-today.db");
    let days = |days: u64| {
        std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .checked_sub(Duration::from_hours(24 * days))
            .unwrap()
    };
    File::open(&backup)
        .unwrap()
        .set_modified(UNIX_EPOCH + days(8))
        .unwrap();
    says(
        &only(&stage, &[]),
        &["finding backups ", "is 8 days old", "make one"],
    );
    fs::remove_file(&backup).unwrap();
    says(
        &only(&stage, &[]),
        &["hint backups ", "there is no backup", "make one"],
    );
    let old = i64::try_from(days(9).as_micros()).unwrap();
    stage
        .connection()
        .execute("UPDATE keys SET made_at = $1", [old])
        .unwrap();
    says(
        &only(&stage, &[]),
        &["finding backups ", "there is no backup", "is 9 days old"],
    );
}

#[test]
fn a_server_that_is_not_where_it_is_configured_to_be_is_hinted_at() {
    let mut stage = healthy();
    stage
        .environment
        .push(("HUB_BIND", "127.0.0.1:1".to_owned()));
    let server = stage.serve();
    let lock = std::fs::read_to_string(stage.data().join("hub.lock")).unwrap();
    let process = lock.lines().next().unwrap();
    let line = only(&stage, &[]);
    says(
        &line,
        &[
            "hint server ",
            &format!("a server runs (process {}), but", process.trim()),
            "no healthy server at 127.0.0.1:1",
        ],
    );
    server.stop();
    assert_eq!(findings(&stage, &[]), Vec::<String>::new());
}

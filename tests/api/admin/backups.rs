//! Backups on the settings page, and those that the server makes by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hub::features::admin::backups::scheduled::{LastFailure, Scheduled};
use hub::features::browser::model::PROOF;
use hub::store::backup::{Kind, Name};
use hub::types::role::Role;
use hub::types::time::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::browsing::Browser;
use crate::stage::{SECOND, Stage};

const SETTINGS: &str = "/admin/settings";
const BACKUPS: &str = "/admin/settings/backups";
const DAY: Duration = Duration::from_hours(24);

/// A stage with a SUPERADMIN `ann`.
async fn stage(settings: &[(&str, &str)]) -> Stage {
    let stage = Stage::with(settings).await;
    stage.register_as("ann", Role::SuperAdmin).await;
    stage
}

fn folder(stage: &Stage) -> PathBuf {
    stage.place().backups()
}

/// What lies in the folder, hidden files included.
fn names(stage: &Stage) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder(stage)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = files
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[expect(
    clippy::disallowed_methods,
    reason = "a copy is read as a stranger would"
)]
fn users_in(copy: &Path) -> i64 {
    let copy = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let copy = copy.expect("a database");
    copy.query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .expect("a number")
}

/// The audit's rows about backups: actor, action and target.
fn told(stage: &Stage) -> Vec<(String, String, String)> {
    let rows = stage.audit().into_iter();
    rows.filter(|row| row.action.starts_with("backup."))
        .map(|row| (row.actor, row.action, row.target.unwrap_or_default()))
        .collect()
}

/// Looks whether it is time, on a thread that may wait.
async fn look(scheduled: &std::sync::Arc<Scheduled>) {
    let scheduled = std::sync::Arc::clone(scheduled);
    tokio::task::spawn_blocking(move || scheduled.look())
        .await
        .expect("a look");
}

#[rocket::async_test]
async fn a_backup_is_made_at_the_push_of_a_button_and_listed_and_told() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(SETTINGS).await;
    assert!(page.body.contains("There is none yet."), "{}", page.body);
    let answer = browser.post(BACKUPS, &[]).await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (303, Some(SETTINGS))
    );
    let [name] = <[String; 1]>::try_from(names(&stage)).expect("one file");
    assert_eq!(users_in(&folder(&stage).join(&name)), 1);
    let page = browser.get(SETTINGS).await;
    assert!(page.body.contains("The backup is made."), "{}", page.body);
    let link = format!("href=\"{BACKUPS}/{name}\"");
    assert!(page.body.contains(&link), "{}", page.body);
    let row = ("user:1", "backup.make", format!("backup:{name}"));
    let (actor, action, target) = told(&stage).remove(0);
    assert_eq!((&*actor, &*action, target), row);
}

#[rocket::async_test]
async fn a_backup_is_given_out_whole_after_the_password_and_nothing_else_is() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    fs::create_dir(folder(&stage)).unwrap();
    let name = "hub-20250906T153045Z.db";
    let copy = "a copy of many pages. ".repeat(40_000);
    fs::write(folder(&stage).join(name), &copy).unwrap();
    let link = "hub-20250906T153046Z.db";
    std::os::unix::fs::symlink("../hub.db", folder(&stage).join(link)).unwrap();
    fs::write(folder(&stage).join("notes.txt"), "of the administrator").unwrap();
    let answer = browser.get(&format!("{BACKUPS}/{name}")).await;
    assert_eq!((answer.status, answer.body == copy), (200, true));
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(answer.header("Content-Disposition"), Some(&*disposition));
    assert_eq!(
        answer.header("Content-Type"),
        Some("application/vnd.sqlite3")
    );
    assert_eq!(told(&stage).len(), 1);
    for other in [
        link,
        "notes.txt",
        "..%2Fhub.db",
        "..%2Fsecret.key",
        "%2Fetc%2Fpasswd",
        "hub-20250906T153047Z.db",
    ] {
        let answer = browser.get(&format!("{BACKUPS}/{other}")).await;
        assert_eq!(answer.status, 404, "{other}");
    }
    assert_eq!(told(&stage).len(), 1);
    browser.get(SETTINGS).await;
    stage.clock.advance(PROOF + SECOND);
    for answer in [
        browser.get(&format!("{BACKUPS}/{name}")).await,
        browser.post(BACKUPS, &[]).await,
    ] {
        let location = answer.header("Location").unwrap_or_default();
        assert!(location.starts_with("/admin/sudo?next="), "{location}");
    }
    assert_eq!((told(&stage).len(), names(&stage).len()), (1, 3));
}

#[rocket::async_test]
async fn a_backup_that_is_being_made_keeps_a_second_one_waiting() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    fs::create_dir(folder(&stage)).unwrap();
    let held = fs::File::open(folder(&stage)).unwrap();
    held.lock().unwrap();
    browser.get(SETTINGS).await;
    browser.post(BACKUPS, &[]).await;
    let page = browser.get(SETTINGS).await;
    assert!(
        page.body.contains("Another backup is being made"),
        "{}",
        page.body
    );
    assert_eq!(names(&stage), [""; 0]);
}

#[rocket::async_test]
async fn the_server_makes_one_a_day_and_takes_away_its_own_oldest_and_nothing_else() {
    let stage = stage(&[("backup.keep", "3")]).await;
    fs::create_dir(folder(&stage)).unwrap();
    let theirs = [
        "notes.txt",
        "hub-copy.db",
        "hub-20200101T000000Z.db",
        "hub-before-schema-4-20200101T000000Z.db",
    ];
    for name in theirs {
        fs::write(folder(&stage).join(name), "theirs").unwrap();
    }
    let scheduled = std::sync::Arc::new(Scheduled::of(stage.hub(), &LastFailure::default()));
    look(&scheduled).await;
    assert_eq!(names(&stage).len(), theirs.len(), "it settles first");
    stage.clock.advance(Duration::from_mins(5));
    for day in 0..6 {
        look(&scheduled).await;
        look(&scheduled).await;
        // Whatever the wall clock says meanwhile.
        let wall = [4_294_967_296, 0, 1_800_000_000][day % 3];
        stage.clock.set_wall(Timestamp::from_seconds(wall));
        stage.clock.advance(DAY);
    }
    let kept = names(&stage);
    let numbers: Vec<u32> = kept
        .iter()
        .filter_map(|name| match Name::parse(name)?.kind {
            Kind::Scheduled { number } => Some(number),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(kept.len(), theirs.len() + 3, "{kept:?}");
    for name in theirs {
        assert!(kept.iter().any(|kept| kept == name), "{kept:?}");
    }
    let actions: Vec<(String, String)> = told(&stage)
        .into_iter()
        .map(|(actor, action, _)| (actor, action))
        .collect();
    let count = |action: &str| {
        let wanted = ("system".to_owned(), action.to_owned());
        actions.iter().filter(|row| **row == wanted).count()
    };
    assert_eq!(
        (count("backup.make"), count("backup.remove"), actions.len()),
        (6, 3, 9)
    );
}

#[rocket::async_test]
async fn a_scheduled_backup_that_failed_is_shown_until_one_is_made() {
    let stage = stage(&[]).await;
    let browser = Browser::of(&stage, "ann").await;
    // In the way of the folder.
    fs::write(folder(&stage), "").unwrap();
    let last_failure = stage.managed::<LastFailure>();
    let scheduled = std::sync::Arc::new(Scheduled::of(stage.hub(), last_failure));
    stage.clock.advance(Duration::from_mins(5));
    look(&scheduled).await;
    let title = "The last scheduled backup failed";
    for page in ["/admin", SETTINGS] {
        let page = browser.get(page).await;
        assert!(
            page.body.contains(title) && page.body.contains("cannot write"),
            "{}",
            page.body
        );
    }
    fs::remove_file(folder(&stage)).unwrap();
    look(&scheduled).await;
    assert_eq!(names(&stage).len(), 0, "not at once");
    // Nobody's page stays open for so long.
    stage.clock.advance(Duration::from_mins(30));
    look(&scheduled).await;
    assert_eq!(names(&stage).len(), 1);
    let browser = Browser::of(&stage, "ann").await;
    assert!(!browser.get("/admin").await.body.contains(title));
}

#[rocket::async_test]
async fn with_no_time_between_them_none_is_made() {
    let stage = stage(&[("backup.every", "0s")]).await;
    let scheduled = std::sync::Arc::new(Scheduled::of(stage.hub(), &LastFailure::default()));
    for _ in 0..3 {
        stage.clock.advance(40 * DAY);
        look(&scheduled).await;
    }
    assert_eq!(names(&stage), [""; 0]);
    let browser = Browser::of(&stage, "ann").await;
    let page = browser.get(SETTINGS).await;
    assert!(
        page.body.contains("the Hub makes none by itself"),
        "{}",
        page.body
    );
}

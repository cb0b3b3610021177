//! `hub backup`: one file for its owner only, whole or not there, whatever cuts it off.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection, OpenFlags};

use crate::stage::{Done, Stage};

/// Opens a copy as one on a disk that takes no writes is opened.
#[expect(
    clippy::disallowed_methods,
    reason = "a copy must be readable by whatever reads SQLite"
)]
pub fn read(copy: &Path) -> Connection {
    Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database")
}

/// The names in a folder, hidden ones included.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A command under `strace`, which does to its system calls what `inject` says.
pub fn injected(stage: &Stage, inject: &str, arguments: &[&str]) -> Done {
    let hub = stage.command(arguments);
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o"])
        .arg(stage.place().join("strace.log"))
        .args(["-e", "trace=pwrite64,write,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,ftruncate"])
        .args(["-e", inject])
        .arg(hub.get_program())
        .args(hub.get_args())
        .env_clear()
        .current_dir(stage.place());
    for (name, value) in hub.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.output().expect("strace");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done {
        // 128 + 9 for whatever a signal ended.
        code: output.status.code().unwrap_or(137),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn only(folder: &Path) -> PathBuf {
    match names(folder).as_slice() {
        [name] => folder.join(name),
        several => panic!("{several:?}"),
    }
}

#[test]
fn a_backup_is_one_whole_file_for_its_owner_only_and_says_what_it_is() {
    let stage = Stage::new();
    let told = stage.run(&["backup"]).good();
    let folder = stage.data().join("backups");
    let copy = only(&folder);
    assert_eq!((mode(&folder), mode(&copy)), (0o700, 0o600));
    let shown = copy.canonicalize().unwrap().display().to_string();
    let schema = hub::store::schema::migrations().len();
    assert!(told.starts_with(&format!("wrote {shown}: ")), "{told}");
    assert!(
        told.contains(&format!("kB, schema version {schema}, in "))
            && told.ends_with(" s; the keys are not in it, keep secret.key too\n"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
    // No file beside it is needed, nor made by looking.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let connection = read(&copy);
    assert_eq!(number(&connection, "SELECT count(*) FROM users"), 2);
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete");
    drop(connection);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(names(&folder).len(), 1);
    let bytes = fs::read(&copy).unwrap();
    let key = fs::read(stage.data().join("secret.key")).unwrap();
    let raw = data_encoding::HEXLOWER
        .decode(key.trim_ascii_end())
        .unwrap();
    for secret in [key.trim_ascii_end(), &raw] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[test]
fn a_backup_goes_where_it_is_told_and_is_told_as_json() {
    let stage = Stage::new();
    let folder = stage.place().join("elsewhere");
    fs::create_dir(&folder).unwrap();
    let told = stage.run(&["backup", "elsewhere/mine.db", "--json"]).json();
    let copy = folder.join("mine.db").canonicalize().unwrap();
    assert_eq!(told["file"], copy.display().to_string());
    assert_eq!(told["bytes"], fs::metadata(&copy).unwrap().len());
    assert!(told["milliseconds"].is_u64() && told["schema"].is_u64());
    // A folder gets one under the Hub's own name, and a second one of the same second beside it.
    for _ in 0..2 {
        stage.run(&["backup", "elsewhere"]).good();
    }
    let made = names(&folder);
    assert_eq!(made.len(), 3, "{made:?}");
    let own = |name: &&String| hub::store::backup::Name::parse(name).is_some();
    assert_eq!(made.iter().filter(own).count(), 2, "{made:?}");
    assert!(!stage.data().join("backups").exists());
}

#[test]
fn a_backup_never_replaces_a_file() {
    let stage = Stage::new();
    fs::write(stage.place().join("mine.db"), "precious").unwrap();
    let line = stage.run(&["backup", "mine.db"]).failed(73);
    assert_eq!(
        line,
        "mine.db is there already, and a backup never replaces a file; name another"
    );
    let kept = fs::read(stage.place().join("mine.db")).unwrap();
    assert_eq!(kept, b"precious");
    let line = stage.run(&["backup", "nowhere/mine.db"]).failed(73);
    assert!(line.contains("nowhere"), "{line}");
}

#[test]
fn one_backup_at_a_time_is_written_into_a_folder() {
    let stage = Stage::new();
    let held = fs::File::open(stage.place()).unwrap();
    held.lock().unwrap();
    let line = stage.run(&["backup", "mine.db"]).failed(75);
    assert!(line.ends_with("try again when it is done"), "{line}");
    drop(held);
    stage.run(&["backup", "mine.db"]).good();
}

#[test]
fn a_database_that_is_damaged_or_foreign_makes_no_backup() {
    let stage = Stage::new();
    let whole = fs::read(stage.data().join("hub.db")).unwrap();
    let mut damaged = whole.clone();
    // Behind the header and the schema: what holds rows.
    for page in damaged.chunks_mut(4_096).skip(8) {
        page[..64].fill(0xa5);
    }
    fs::write(stage.data().join("hub.db"), &damaged).unwrap();
    let line = stage.run(&["backup"]).failed(1);
    assert!(line.contains("is damaged"), "{line}");
    assert_eq!(names(&stage.data().join("backups")), [""; 0]);
    fs::write(
        stage.data().join("hub.db"),
        "no database at all, but text".repeat(99),
    )
    .unwrap();
    let line = stage.run(&["backup"]).failed(78);
    assert!(line.contains("is not a database of the Hub"), "{line}");
}

#[test]
fn a_full_disk_leaves_no_half_backup() {
    let stage = Stage::new();
    let line = injected(&stage, "inject=pwrite64:error=ENOSPC:when=20+", &["backup"]).failed(73);
    assert!(
        line.starts_with("cannot copy ") && line.contains("full"),
        "{line}"
    );
    assert_eq!(names(&stage.data().join("backups")), [""; 0]);
    stage.run(&["backup"]).good();
}

#[test]
fn a_backup_that_would_fill_the_disk_is_not_begun() {
    let stage = Stage::new();
    let disk = stage.place().join("disk");
    fs::create_dir(&disk).unwrap();
    let hub = stage.command(&["backup", "disk"]);
    let script = format!(
        "mount -t tmpfs -o size=8m small '{}' && '{}' backup disk; code=$?; ls -A disk; exit $code",
        disk.display(),
        hub.get_program().display()
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .current_dir(stage.place());
    for (name, value) in hub.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.output().expect("unshare");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(73), "{said}");
    assert!(
        said.contains("make room there, or write the copy to another disk"),
        "{said}"
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

/// Every system call that changes a file is the last one once; `tests/run` takes each of those that give the copy its name, and every
/// seventh of the hundreds that fill it.
#[test]
fn a_backup_that_is_killed_is_whole_or_not_there_and_the_next_one_clears_up() {
    let stage = Stage::new();
    let folder = stage.data().join("backups");
    let mut killed = 0;
    for call in ["pwrite64", "ftruncate", "fsync", "linkat", "unlink"] {
        let stride = if call == "pwrite64" { 29 } else { 1 };
        for when in (1..).step_by(stride) {
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let done = injected(&stage, &inject, &["backup"]);
            let made: Vec<String> = names(&folder)
                .into_iter()
                .filter(|name| !name.starts_with('.'))
                .collect();
            for name in &made {
                let connection = read(&folder.join(name));
                assert_eq!(number(&connection, "SELECT count(*) FROM users"), 2);
                let checked: String = connection
                    .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(checked, "ok");
                fs::remove_file(folder.join(name)).unwrap();
            }
            if done.code == 0 {
                assert_eq!(names(&folder), [""; 0], "what was left was cleared away");
                break;
            }
            assert_eq!(done.code, 137, "{done:?}");
            killed += 1;
        }
    }
    assert!(killed >= 8, "{killed}");
}

//! `hub doctor`: each thing that is broken is found, with its mend; where all is well nothing is said.

mod damage;
mod surroundings;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::stage::Stage;

/// A Hub that has run, with a backup of today.
fn healthy() -> Stage {
    let stage = Stage::new();
    let backups = stage.data().join("backups");
    fs::create_dir(&backups).unwrap();
    fs::copy(stage.database(), backups.join("hub-today.db")).unwrap();
    open_to_owner(&backups, 0o700);
    open_to_owner(&backups.join("hub-today.db"), 0o600);
    stage
}

fn open_to_owner(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What was found, as `level check what; mend`; the exit code must fit.
#[track_caller]
fn findings(stage: &Stage, arguments: &[&str]) -> Vec<String> {
    let done = stage.run(&[&["doctor", "--json"][..], arguments].concat());
    let report: Value = serde_json::from_str(&done.out).expect(&done.err);
    let found = report["findings"].as_array().expect("a list");
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let any = found.iter().any(|finding| finding["level"] == "finding");
    assert_eq!(done.code, i32::from(any), "{}{}", done.out, done.err);
    found
        .iter()
        .map(|finding| {
            let [level, check, what, mend] =
                ["level", "check", "what", "mend"].map(|key| text(finding, key));
            assert!(!what.is_empty() && !mend.is_empty());
            format!("{level} {check} {what}; {mend}")
        })
        .collect()
}

/// The one thing that was found.
#[track_caller]
fn only(stage: &Stage, arguments: &[&str]) -> String {
    let mut found = findings(stage, arguments);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[track_caller]
fn says(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[test]
fn a_healthy_directory_has_no_finding_beside_a_running_server_or_without_one() {
    let mut stage = healthy();
    assert_eq!(findings(&stage, &["--full"]), Vec::<String>::new());
    let told = stage.run(&["doctor"]).good();
    assert_eq!(
        told,
        "well     configuration, files, key, database, disk, clock, way, backups, limits, server\n"
    );
    let server = stage.serve();
    stage
        .environment
        .push(("HUB_BIND", server.address.to_string()));
    assert_eq!(findings(&stage, &["--full"]), Vec::<String>::new());
    server.stop();
}

#[test]
fn it_changes_nothing() {
    let stage = healthy();
    let contents = || -> Vec<(String, Vec<u8>)> {
        let files = fs::read_dir(stage.data()).unwrap().flatten();
        let mut all: Vec<_> = files
            .filter(|file| file.file_type().unwrap().is_file())
            .map(|file| {
                (
                    file.file_name().into_string().unwrap(),
                    fs::read(file.path()).unwrap(),
                )
            })
            .filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with("-wal"))
            .collect();
        all.sort();
        all
    };
    let before = contents();
    stage.run(&["doctor", "--full"]).good();
    assert_eq!(contents(), before);
}

#[test]
fn an_empty_directory_is_told_what_to_run() {
    let stage = Stage::empty();
    says(
        &only(&stage, &[]),
        &["finding database ", "no database at", "hub serve"],
    );
    assert!(!stage.data().exists());
}

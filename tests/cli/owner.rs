//! Root beside a server that is not root.

use std::fs;
use std::os::unix::fs::chown;

use crate::stage::Stage;

#[test]
fn root_makes_no_files_in_the_directory_of_somebody_else() {
    const OWNER: u32 = 65_534;
    let stage = Stage::new();
    stage.run(&["backup", "copy.db"]).good();
    let places = || {
        let mut names: Vec<_> = fs::read_dir(stage.data())
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        names.sort();
        names
    };
    chown(stage.data(), Some(OWNER), Some(OWNER)).expect("these tests run as root");
    for path in places() {
        chown(path, Some(OWNER), Some(OWNER)).unwrap();
    }
    let before = places();
    let wanted = format!(
        "{} belongs to user {OWNER}, and what root makes there is closed to the server; nothing was changed, run it as that user: \
         sudo -u '#{OWNER}' hub …",
        stage.data().display()
    );
    for arguments in [
        &["setup-link"][..],
        &["backup"],
        &["migrate"],
        &["restore", "copy.db", "--yes"],
        &["user", "enable", "alice"],
        &["key", "rotate", "--yes"],
    ] {
        assert_eq!(stage.run(arguments).failed(77), wanted, "{arguments:?}");
    }
    assert_eq!(places(), before);
    // What only looks makes nothing.
    for arguments in [&["user", "list"][..], &["migrate", "--status"], &["doctor"]] {
        stage.run(arguments);
        assert_eq!(places(), before, "{arguments:?}");
    }
}

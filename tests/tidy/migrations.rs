//! A migration that was released is never changed: databases that ran it would differ from those that did not.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::source::Source;
use crate::tree::{Finding, assert_none, files};

/// The migrations that databases in use may have run, with the SHA-256 of each. The databases of every schema in `tests/cli/fixture.rs` are made
/// from them. A release adds its own.
const RELEASED: &[(&str, &str)] = &[
    (
        "migrations/0001_users_sessions_audit.sql",
        "8c88e2272251b9da80034bc5903351649efb2f42c944b17b4d69c145783a7c86",
    ),
    (
        "migrations/0002_browser.sql",
        "da6f2624b94080177e7d6e00ce8640501da378936c0ac3b214a1234f363e9f6f",
    ),
    (
        "migrations/0003_session_lists.sql",
        "a0141a90e0d4361b6917890ed3f87aa3fbab5c91e4c770241897e0802f9f487b",
    ),
    (
        "migrations/0004_keys.sql",
        "1fcc95f878ee6a91d66d904165aae02dd4ddfbed94c9c1d27592f6bb79ba2db6",
    ),
    (
        "migrations/0005_second_factors.sql",
        "4d9949c63dd1f6c2dba41f791777e798c88905517b03ca7c5e40035d8a696f3f",
    ),
    (
        "migrations/0006_activity.sql",
        "b448f812be629121bc4f3287c6c031aa104bb710d9ac65504c226680fa269f60",
    ),
    (
        "migrations/0007_users_pages.sql",
        "43c8b612b8cfe9e7716daa00d77326916c108f42c8471337a12ee6ed09ad797f",
    ),
    (
        "migrations/0008_failed_attempts.sql",
        "9c3e841850a9e756c55979832e446b801175e77ec9b77d872712c80b3cb66889",
    ),
    (
        "migrations/0009_housekeeping.sql",
        "74a8855a63972a051c0d258f87421adddd1082eed883b5dc531ce12aa57293be",
    ),
    (
        "migrations/0010_lineage_kinds.sql",
        "cbb0eaa8bed5097f71f190c9400931a8c48af49d4d514cf29ba60154fcd9008b",
    ),
];

/// What names clients (SHA-256 of `src/types/user_agent/device.rs` without its tests), and the migration that last filled `user_agents.device` with
/// those names. Whoever changes the names writes a migration that fills the column anew, or lists would be sorted and searched by the old ones.
const DEVICE_NAMES: (&str, &str) = (
    "f58a70c9aa370fd0a71bff24cd7576b5ae8ff8f34ebd35a23220e35ad06421aa",
    "migrations/0003_session_lists.sql",
);

fn changed(released: &[(&str, &str)], present: &[Source]) -> Vec<Finding> {
    let digest = |source: &Source| HEXLOWER.encode(&Sha256::digest(source.text.as_bytes()));
    released
        .iter()
        .filter(|(path, released)| {
            let found = present.iter().find(|source| source.path == *path);
            found.is_none_or(|source| digest(source) != *released)
        })
        .map(|(path, _)| {
            format!("{path}:1: was released; put it back as it was and write a new one")
        })
        .collect()
}

/// Migrations are numbered from 1 without a gap, in four digits.
fn misnumbered(present: &[Source]) -> Vec<Finding> {
    present
        .iter()
        .enumerate()
        .filter(|(at, source)| {
            !source
                .path
                .starts_with(&format!("migrations/{:04}_", at + 1))
        })
        .map(|(at, source)| format!("{}:1: name it {:04}_…", source.path, at + 1))
        .collect()
}

#[test]
fn released_migrations_are_as_they_were() {
    let present = files(&["migrations"], &[".sql"]);
    assert_none(&changed(RELEASED, &present));
    assert_none(&misnumbered(&present));
}

#[test]
fn other_names_of_clients_come_with_a_migration() {
    let (expected, filled_by) = DEVICE_NAMES;
    let names = files(&["src/types/user_agent/device.rs"], &[".rs"]).remove(0);
    let digest = HEXLOWER.encode(&Sha256::digest(&names.text[..names.tests_begin()]));
    assert_eq!(
        digest, expected,
        "the names changed: fill user_agents.device in a new migration, then write both here"
    );
    let last = files(&["migrations"], &[".sql"])
        .into_iter()
        .rfind(|migration| migration.text.contains("hub_device("))
        .map(|migration| migration.path);
    assert_eq!(last.as_deref(), Some(filled_by));
}

#[test]
fn a_changed_migration_is_found() {
    let present = [Source::new("migrations/0001_a.sql", "abc")];
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(changed(&[("migrations/0001_a.sql", digest)], &present).is_empty());
    for released in [
        ("migrations/0001_a.sql", "00"),
        ("migrations/0002_b.sql", digest),
    ] {
        assert_eq!(changed(&[released], &present).len(), 1);
    }
}

#[test]
fn a_gap_in_the_numbers_is_found() {
    let present = [
        Source::new("migrations/0001_a.sql", ""),
        Source::new("migrations/0003_b.sql", ""),
    ];
    assert_eq!(misnumbered(&present).len(), 1);
}

//! `secret.key`: one key a line in 64 hex digits, the oldest first. The last one makes what is new, the others still verify what they made.
//!
//! The file is only ever replaced as a whole, and no key is taken out of it: a clock that jumps must not destroy one.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

use zeroize::Zeroizing;

use crate::crypto::keyring::{KEY_BYTES, KeyError, Secret};
use crate::types::entropy::Entropy;

/// Keys in one file: two rotations a month for forty years. It bounds what a start reads and derives.
const MAX_KEYS: usize = 1_000;
/// As many lines with either end of line; what is longer is some other file.
const MAX_FILE_BYTES: u64 = (MAX_KEYS * (2 * KEY_BYTES + 2)) as u64;

/// The keys in the file, as they stand there; at least one.
///
/// # Errors
/// When the file is missing, readable by others, or any of its lines holds no key.
pub fn read(path: &Path) -> Result<Vec<Secret>, KeyError> {
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
        _ => KeyError::Unreadable {
            path: path.to_owned(),
            cause,
        },
    };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, not of the path: nobody can swap it in between.
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    parse(&text, &path.display().to_string())
}

fn parse(text: &str, place: &str) -> Result<Vec<Secret>, KeyError> {
    let malformed = |problem| KeyError::Malformed {
        place: place.to_owned(),
        problem,
    };
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(malformed("it is too long"));
    }
    let several = text.lines().nth(1).is_some();
    let secrets = text
        .lines()
        .zip(1..)
        .map(|(line, number)| {
            if several {
                Secret::parse(line, &format!("line {number} of {place}"))
            } else {
                Secret::parse(line, place)
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if secrets.is_empty() {
        return Err(malformed("it is empty"));
    }
    Ok(secrets)
}

/// Draws a first secret and writes it, for its owner only and synced, before anything can depend on it. Never replaces a file.
///
/// # Errors
/// When the file cannot be made.
pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Secret, KeyError> {
    let secret = Secret::draw(entropy);
    // Nobody else makes one meanwhile: the server holds the directory's lock.
    let made = match path.try_exists() {
        Ok(false) => put(path, &[&secret], None),
        Ok(true) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) => Err(error),
    };
    made.map_err(|cause| KeyError::CannotMake {
        path: path.to_owned(),
        cause,
    })?;
    Ok(secret)
}

/// Gives a first key its right name, if it waits for that under another one.
///
/// # Errors
/// When it cannot be renamed.
pub fn rename_first(first: &Path, path: &Path) -> Result<(), KeyError> {
    if !first.exists() || path.exists() {
        return Ok(());
    }
    rename(first, path).map_err(|cause| KeyError::CannotMake {
        path: path.to_owned(),
        cause,
    })
}

/// Writes the file anew with one more key at its end. On an error it is as it was.
///
/// # Errors
/// When the file is full, or cannot be written.
pub fn add(path: &Path, present: &[Secret], new: &Secret) -> Result<(), KeyError> {
    if present.len() >= MAX_KEYS {
        return Err(KeyError::Full(path.to_owned()));
    }
    let lines: Vec<&Secret> = present.iter().chain([new]).collect();
    std::fs::metadata(path)
        .and_then(|owner| put(path, &lines, Some(&owner)))
        .map_err(|cause| KeyError::CannotReplace {
            path: path.to_owned(),
            cause,
        })
}

/// Under another name first: whoever is cut off in between (a kill, a full disk) leaves no half key that the next start stumbles over.
fn put(path: &Path, secrets: &[&Secret], owner: Option<&Metadata>) -> io::Result<()> {
    let unfinished = path.with_extension("key.new");
    let written = write(&unfinished, secrets, owner).and_then(|()| rename(&unfinished, path));
    if written.is_err() {
        // Keys do not lie about under other names. If it cannot be removed, the next one to write does.
        let _left_behind = std::fs::remove_file(&unfinished);
    }
    written
}

/// Gives a file its name, and the name to the disk.
fn rename(from: &Path, path: &Path) -> io::Result<()> {
    std::fs::rename(from, path)?;
    File::open(directory_of(path))?.sync_all()
}

/// Where the file stands: its name is on disk once that is synced.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

fn write(unfinished: &Path, secrets: &[&Secret], owner: Option<&Metadata>) -> io::Result<()> {
    match std::fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(unfinished)?;
    if let Some(owner) = owner {
        let made = file.metadata()?;
        // root rotates beside a server that runs as somebody else, who must go on reading it.
        if (made.uid(), made.gid()) != (owner.uid(), owner.gid()) {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    for secret in secrets {
        file.write_all(secret.reveal_line().as_bytes())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    use super::{MAX_FILE_BYTES, MAX_KEYS, add, create, directory_of, read};
    use crate::crypto::keyring::{KeyError, Purpose, Secret};
    use crate::types::entropy::SeededEntropy;

    fn made(seed: u64) -> (tempfile::TempDir, PathBuf, Secret) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("secret.key");
        let secret = create(&path, &SeededEntropy::new(seed)).expect("a key file");
        (directory, path, secret)
    }

    fn check_values(path: &Path) -> Vec<[u8; 16]> {
        let secrets = read(path).expect("readable");
        secrets.iter().map(Secret::check_value).collect()
    }

    fn mode(path: &Path) -> u32 {
        let permissions = std::fs::metadata(path).expect("metadata").permissions();
        permissions.mode() & 0o7777
    }

    #[test]
    fn a_key_file_is_for_its_owner_only_and_reads_back_as_the_same_keys() {
        let (_directory, path, made) = made(1);
        assert_eq!(mode(&path), 0o600);
        let read = read(&path).expect("readable");
        let [read] = read.as_slice() else {
            panic!("one key")
        };
        assert_eq!(made.check_value(), read.check_value());
        assert_eq!(
            made.derive(Purpose::Access).reveal(),
            read.derive(Purpose::Access).reveal()
        );
    }

    #[test]
    fn an_added_key_stands_last_and_the_others_stay() {
        let (directory, path, first) = made(1);
        let second = Secret::draw(&SeededEntropy::new(2));
        add(&path, &read(&path).expect("readable"), &second).expect("added");
        let third = Secret::draw(&SeededEntropy::new(3));
        add(&path, &read(&path).expect("readable"), &third).expect("added");
        let expected = [first, second, third].map(|secret| secret.check_value());
        assert_eq!(check_values(&path), expected);
        assert_eq!(mode(&path), 0o600);
        let files = std::fs::read_dir(directory.path()).expect("readable");
        assert_eq!(files.count(), 1);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_its_mend() {
        let (_directory, path, _) = made(1);
        for mode in [0o644, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
            let error = read(&path).expect_err("exposed");
            assert!(matches!(error, KeyError::Exposed { .. }));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_file_with_one_bad_line_is_refused_and_the_line_is_named_not_shown() {
        let (_directory, path, first) = made(1);
        let second = Secret::draw(&SeededEntropy::new(2));
        let (first, second) = (first.reveal_line(), second.reveal_line());
        let half = &second[..31];
        for (text, named) in [
            (format!("{}{half}", *first), "line 2 of"),
            (format!("{half}\n{}", *first), "line 1 of"),
            (format!("{}\n{}", *first, *second), "line 2 of"),
            (half.to_owned(), "secret.key holds no key"),
            (String::new(), "it is empty"),
            (first.repeat(MAX_KEYS + 20), "it is too long"),
        ] {
            std::fs::write(&path, &text).expect("written");
            let error = read(&path).expect_err("malformed").to_string();
            assert!(error.contains(named), "{error}");
            assert!(!error.contains(half), "{error}");
        }
    }

    #[test]
    fn a_last_line_needs_no_end_and_lines_may_end_as_on_other_systems() {
        let (_directory, path, first) = made(1);
        let second = Secret::draw(&SeededEntropy::new(2));
        let (a, b) = (first.reveal_line(), second.reveal_line());
        let (a, b) = (a.trim_end(), b.trim_end());
        for text in [format!("{a}\n{b}"), format!("{a}\r\n{b}\r\n")] {
            std::fs::write(&path, text).expect("written");
            let expected = [first.check_value(), second.check_value()];
            assert_eq!(check_values(&path), expected);
        }
    }

    #[test]
    fn a_full_file_is_read_to_its_last_key() {
        let (_directory, path, first) = made(1);
        let line = format!("{}\r\n", first.reveal_line().trim_end());
        let full = line.repeat(MAX_KEYS);
        assert_eq!(full.len() as u64, MAX_FILE_BYTES);
        std::fs::write(&path, full).expect("written");
        assert_eq!(check_values(&path).len(), MAX_KEYS);
    }

    #[test]
    fn the_directory_that_is_synced_is_the_files_own() {
        for (path, directory) in [
            ("/var/lib/hub/secret.key", "/var/lib/hub"),
            ("hub-data/secret.key", "hub-data"),
            ("secret.key", "."),
        ] {
            assert_eq!(directory_of(Path::new(path)), Path::new(directory));
        }
    }

    #[test]
    fn what_was_cut_off_before_left_nothing_that_hinders_the_next() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("secret.key");
        let unfinished = directory.path().join("secret.key.new");
        std::fs::write(&unfinished, "ab12").expect("half a key");
        let first = create(&path, &SeededEntropy::new(1)).expect("a key file");
        std::fs::write(&unfinished, "ab12").expect("half a key");
        let second = Secret::draw(&SeededEntropy::new(2));
        add(&path, &read(&path).expect("readable"), &second).expect("added");
        let expected = [first.check_value(), second.check_value()];
        assert_eq!(check_values(&path), expected);
        assert!(!unfinished.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_anew_stays_as_it_was() {
        let (_directory, path, first) = made(1);
        // A directory in the way of the temporary name: not even root can make the file.
        std::fs::create_dir(path.with_extension("key.new")).expect("a directory");
        let second = Secret::draw(&SeededEntropy::new(2));
        let error = add(&path, &read(&path).expect("readable"), &second).expect_err("in the way");
        assert_eq!(check_values(&path), [first.check_value()]);
        let KeyError::CannotReplace { cause, .. } = error else {
            panic!("{error}")
        };
        // What stands in the way, not that something does.
        assert_ne!(cause.kind(), std::io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn an_existing_file_is_never_replaced_by_a_first_key() {
        let (_directory, path, first) = made(1);
        let again = create(&path, &SeededEntropy::new(2));
        assert!(matches!(again, Err(KeyError::CannotMake { .. })));
        assert_eq!(check_values(&path), [first.check_value()]);
    }
}

//! The folder of the copies: what lies there, and which of it was kept for long enough.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::store::backup::{BackupError, Kind, Name, cannot_write};
use crate::types::time::Timestamp;

/// Files that are looked at in the folder: more than anybody keeps, few enough to look at for a page.
const MAX_FILES: usize = 10_000;

/// A copy that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Name,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the wall clock of then.
    pub written_at: Timestamp,
}

/// Makes the folder, for its owner only, unless it is there.
///
/// # Errors
/// When it cannot be made.
pub fn make(folder: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|cause| cannot_write(folder, cause))
}

/// Every copy that the Hub made and named, the last written first. Whatever else lies there is nobody's business here.
///
/// # Errors
/// When the folder cannot be read; one that is not there is empty.
pub fn list(folder: &Path) -> Result<Vec<Listed>, BackupError> {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot_write(folder, error)),
    };
    let mut listed: Vec<Listed> = files
        .take(MAX_FILES)
        .flatten()
        .filter_map(|file| {
            let name = Name::parse(file.file_name().to_str()?)?;
            // Of the entry itself: a link that leads elsewhere is no copy of ours.
            let told = file.metadata().ok().filter(fs::Metadata::is_file)?;
            let since = told.modified().ok()?.duration_since(UNIX_EPOCH).ok();
            let micros = since.map_or(Some(0), |since| i64::try_from(since.as_micros()).ok())?;
            Some(Listed {
                name,
                bytes: told.len(),
                written_at: Timestamp::from_micros(micros),
            })
        })
        .collect();
    listed.sort_by_key(|copy| (copy.written_at, copy.name.to_string()));
    listed.reverse();
    Ok(listed)
}

/// The number of the last copy that was made because it was its time; 0 before the first.
#[must_use]
pub fn latest_number(copies: &[Listed]) -> u32 {
    numbered(copies)
        .map(|(number, _)| number)
        .max()
        .unwrap_or(0)
}

/// The scheduled copies that are more than so many: those that were made first, by their numbers and not by any clock. No other kind is ever
/// among them.
#[must_use]
pub fn surplus(copies: &[Listed], keep: usize) -> Vec<Name> {
    let mut scheduled: Vec<(u32, &Listed)> = numbered(copies).collect();
    scheduled.sort_by_key(|(number, _)| *number);
    let left = scheduled.len().saturating_sub(keep);
    let first = scheduled.into_iter().take(left);
    first.map(|(_, copy)| copy.name.clone()).collect()
}

fn numbered(copies: &[Listed]) -> impl Iterator<Item = (u32, &Listed)> {
    copies.iter().filter_map(|copy| match copy.name.kind {
        Kind::Scheduled { number } => Some((number, copy)),
        Kind::Asked | Kind::BeforeSchema { .. } | Kind::Replaced => None,
    })
}

/// Bytes that are free for whoever runs this, if the disk tells.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let told = rustix::fs::statvfs(folder).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{Listed, latest_number, list, surplus};
    use crate::store::backup::{Kind, Name};
    use crate::types::time::Timestamp;

    fn copy(kind: Kind, second: i64) -> Listed {
        Listed {
            name: Name::new(kind, Timestamp::from_seconds(second)),
            bytes: 1,
            written_at: Timestamp::from_seconds(second),
        }
    }

    fn scheduled(number: u32, second: i64) -> Listed {
        copy(Kind::Scheduled { number }, second)
    }

    #[test]
    fn what_was_made_first_goes_first_whatever_the_clock_said() {
        // The third was made in 2106 and the fourth in 1970, if one believes the clock of then.
        let copies = [
            scheduled(1, 1_800_000_000),
            scheduled(2, 1_800_086_400),
            scheduled(3, 4_294_967_296),
            scheduled(4, 0),
            scheduled(5, 1_800_172_800),
        ];
        let numbers = |keep| -> Vec<Kind> {
            let names = surplus(&copies, keep);
            names.iter().map(|name| name.kind).collect()
        };
        let of = |number| Kind::Scheduled { number };
        assert_eq!(numbers(5), []);
        assert_eq!(numbers(3), [of(1), of(2)]);
        assert_eq!(numbers(1), [of(1), of(2), of(3), of(4)]);
        assert_eq!(latest_number(&copies), 5);
        assert_eq!(latest_number(&[]), 0);
    }

    #[test]
    fn only_scheduled_copies_are_ever_too_many() {
        let copies = [
            copy(Kind::Asked, 1),
            copy(Kind::BeforeSchema { version: 9 }, 2),
            scheduled(7, 3),
        ];
        assert_eq!(surplus(&copies, 1), []);
        let all = surplus(&copies, 0);
        assert_eq!(all, [copies[2].name.clone()]);
    }

    #[test]
    fn only_files_with_a_name_of_the_hub_are_listed() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = directory.path().join("backups");
        assert_eq!(list(&folder).expect("no folder is no trouble"), []);
        fs::create_dir(&folder).expect("a folder");
        let at = Timestamp::from_seconds(1_800_000_000);
        let name = Name::new(Kind::Asked, at);
        fs::write(folder.join(name.to_string()), "four").expect("a file");
        for other in ["hub-mine.db", "notes.txt", ".hub-backup.partial"] {
            fs::write(folder.join(other), "").expect("a file");
        }
        let link = Name::new(Kind::Scheduled { number: 1 }, at).to_string();
        symlink("/etc/hostname", folder.join(link)).expect("a link");
        let below = Name::new(Kind::Scheduled { number: 2 }, at).to_string();
        fs::create_dir(folder.join(below)).expect("a folder");
        let listed = list(&folder).expect("readable");
        let told: Vec<_> = listed.iter().map(|copy| (&copy.name, copy.bytes)).collect();
        assert_eq!(told, [(&name, 4)]);
    }
}

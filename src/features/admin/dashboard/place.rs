//! What the data directory tells: how large the database is, how full the disk, how old the newest backup.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::hub::Place;
use crate::types::time::Timestamp;

/// Files looked at in the folder of backups: more than anybody keeps, few enough to look at for a page.
const MAX_FILES: usize = 1_000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes of the database, its log included.
    pub database_bytes: u64,
    /// Bytes free and in all on its disk, if it tells.
    pub disk: Option<(u64, u64)>,
    /// When the newest backup was written.
    pub backup: Option<Timestamp>,
    /// Where backups are looked for.
    pub backups: PathBuf,
}

/// Looks.
#[must_use]
pub fn look(place: &Place) -> Found {
    let database = place.database();
    let mut log = database.clone().into_os_string();
    log.push("-wal");
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let backups = place.backups();
    Found {
        database_bytes: bytes(&database) + bytes(Path::new(&log)),
        disk: disk(&place.directory),
        backup: newest(&backups),
        backups,
    }
}

fn disk(directory: &Path) -> Option<(u64, u64)> {
    let told = rustix::fs::statvfs(directory).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    Some((bytes(told.f_bavail), bytes(told.f_blocks)))
}

/// When the newest file of a folder was written; hidden ones are not finished.
fn newest(folder: &Path) -> Option<Timestamp> {
    let files = fs::read_dir(folder).ok()?.take(MAX_FILES).flatten();
    let finished = files.filter(|file| !file.file_name().as_encoded_bytes().starts_with(b"."));
    let written = finished.filter_map(|file| {
        let file = file.metadata().ok().filter(fs::Metadata::is_file)?;
        let since = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_micros()).ok()
    });
    written.max().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, UNIX_EPOCH};

    use super::{look, newest};
    use crate::hub::Place;
    use crate::types::time::Timestamp;

    #[test]
    fn the_newest_backup_is_the_file_written_last() {
        let directory = tempfile::tempdir().expect("a directory");
        let backups = directory.path().join("backups");
        assert_eq!(newest(&backups), None);
        fs::create_dir(&backups).expect("a folder");
        fs::create_dir(backups.join("folder")).expect("a folder");
        assert_eq!(newest(&backups), None);
        for (name, day) in [
            ("a.db", 20_000),
            ("b.db", 20_002),
            ("c.db", 20_001),
            (".d", 20_009),
        ] {
            let file = File::create(backups.join(name)).expect("a file");
            let time = UNIX_EPOCH + Duration::from_hours(day * 24);
            file.set_modified(time).expect("a time");
        }
        let expected = Timestamp::from_seconds(20_002 * 86_400);
        assert_eq!(newest(&backups), Some(expected));
    }

    #[test]
    fn the_database_counts_with_its_log() {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, bytes) in [("hub.db", 300), ("hub.db-wal", 30), ("secret.key", 7)] {
            fs::write(directory.path().join(name), vec![0; bytes]).expect("a file");
        }
        let found = look(&Place::new(directory.path()));
        assert_eq!(found.database_bytes, 330);
        let (free, all) = found.disk.expect("a disk");
        assert!(free <= all && all > 0);
    }
}

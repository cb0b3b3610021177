//! What can become of a database's files: bytes that changed, ends that are missing, and something else in their place.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::driver::chance::Chance;

const PAGE: u64 = 4_096;
/// The database's header, the log's, and that of each page in the log.
const HEADER: u64 = 100;
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// One kind of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Four bytes of the first 100.
    Header,
    /// The beginning of the page that lists all tables.
    RootPage,
    /// The beginning of any other page.
    Page,
    /// One byte anywhere.
    OneByte,
    /// The file ends early, in the middle of a page or between two.
    CutShort,
    /// Nothing is left of it.
    Empty,
    /// A text lies in its place.
    Text,
    /// Four bytes of the log's header.
    LogHeader,
    /// A byte of a page in the log.
    LogFrame,
    /// The log ends early.
    LogCutShort,
    /// Bytes of the index of the log, which is made anew.
    Index,
}

/// Every kind, for a file that lies still.
pub const ALL: [Damage; 11] = [
    Damage::Header,
    Damage::RootPage,
    Damage::Page,
    Damage::OneByte,
    Damage::CutShort,
    Damage::Empty,
    Damage::Text,
    Damage::LogHeader,
    Damage::LogFrame,
    Damage::LogCutShort,
    Damage::Index,
];

impl Damage {
    /// Does it to the files in a directory.
    pub fn strike(self, data: &Path, chance: &mut Chance) {
        let database = data.join("hub.db");
        let log = data.join("hub.db-wal");
        match self {
            Self::Header => overwrite(&database, chance.below(HEADER - 4), 4, chance),
            Self::RootPage => overwrite(&database, HEADER, 8, chance),
            Self::Page => {
                let page = 1 + chance.below(length(&database) / PAGE - 1);
                overwrite(&database, page * PAGE, 16, chance);
            }
            Self::OneByte => {
                let at = chance.below(length(&database));
                overwrite(&database, at, 1, chance);
            }
            Self::CutShort => cut(&database, chance),
            Self::Empty => truncate(&database, 0),
            Self::Text => fs::write(&database, "Not a database.\n".repeat(1_000)).unwrap(),
            Self::LogHeader => overwrite(&log, chance.below(LOG_HEADER - 4), 4, chance),
            Self::LogFrame => {
                let frame = FRAME_HEADER + PAGE;
                let frames = (length(&log) - LOG_HEADER) / frame;
                let at = LOG_HEADER + chance.below(frames) * frame + chance.below(frame);
                overwrite(&log, at, 1, chance);
            }
            Self::LogCutShort => cut(&log, chance),
            Self::Index => overwrite(&data.join("hub.db-shm"), 0, 64, chance),
        }
    }

    /// Whether what was answered last may be gone without a trace: a log that ends early looks like one that was written no further.
    pub fn may_forget(self) -> bool {
        matches!(self, Self::LogHeader | Self::LogFrame | Self::LogCutShort)
    }

    /// Whether nothing of it can be served.
    pub fn leaves_nothing(self) -> bool {
        matches!(self, Self::Empty | Self::Text)
    }

    /// Whether it may lie where nobody can tell: within a value.
    pub fn may_hide(self) -> bool {
        matches!(self, Self::OneByte | Self::Header)
    }
}

/// Spoils every page of a database but the first, in place, as a failing disk does.
pub fn spoil_all_pages(data: &Path, chance: &mut Chance) {
    let database = data.join("hub.db");
    for page in 1..length(&database) / PAGE {
        overwrite(&database, page * PAGE, 64, chance);
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

/// Bytes that are surely others than before.
fn overwrite(path: &Path, at: u64, many: usize, chance: &mut Chance) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut bytes = vec![0; many];
    file.read_exact_at(&mut bytes, at).unwrap();
    for byte in &mut bytes {
        *byte ^= u8::try_from(1 + chance.below(255)).unwrap();
    }
    file.write_all_at(&bytes, at).unwrap();
}

fn cut(path: &Path, chance: &mut Chance) {
    let length = length(path);
    let at = chance.below(length);
    // Half of them between two pages.
    let at = if chance.below(2) == 0 {
        at
    } else {
        at / PAGE * PAGE
    };
    truncate(path, at);
}

fn truncate(path: &Path, length: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

//! A disk of its own for a server: a file with a file system in it, whose power can be cut.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::driver::shim;

/// What the disk is formatted with. They write in different orders what nobody has synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    Ext4,
    Xfs,
}

impl FileSystem {
    /// Room enough for every run of these tests; XFS wants more for itself.
    fn mib(self) -> u64 {
        match self {
            Self::Ext4 => 128,
            Self::Xfs => 320,
        }
    }

    fn format(self, image: &Path) {
        match self {
            Self::Ext4 => run("mkfs.ext4", &["-q", "-F", text(image)]),
            Self::Xfs => run("mkfs.xfs", &["-q", "-f", text(image)]),
        }
    }
}

/// The disk. It goes out of sight when this is dropped.
pub struct Disk {
    image: PathBuf,
    place: PathBuf,
    cutter: PathBuf,
}

impl Disk {
    /// A new one, seen at `place`.
    pub fn new(directory: &Path, file_system: FileSystem) -> Self {
        let image = directory.join("disk.image");
        let place = directory.join("disk");
        fs::create_dir(&place).unwrap();
        let file = fs::File::create(&image).unwrap();
        file.set_len(file_system.mib() << 20).unwrap();
        file_system.format(&image);
        let disk = Self {
            image,
            place,
            cutter: shim::compiled("power_cut", &[]),
        };
        disk.connect();
        disk
    }

    /// Where it is seen.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Whatever was written and not synced is gone from now on, as if the power had gone. Nobody may be at work on it.
    pub fn cut_power(&self) {
        run(text(&self.cutter), &[text(&self.place)]);
    }

    /// After a cut, once nobody has a file of it open: the disk as it was left, its own log replayed.
    pub fn come_back(&self) {
        run("umount", &[text(&self.place)]);
        self.connect();
    }

    /// No more writes, or again.
    pub fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        run("mount", &["-o", &how, text(&self.place)]);
    }

    fn connect(&self) {
        run(
            "mount",
            &["-o", "loop", text(&self.image), text(&self.place)],
        );
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: whoever still has a file open, after a failure, keeps it until they end.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {words:?}: {}; this test needs root, loop devices, ext4 and XFS; where there are none, HUBTEST_WITHOUT=power-cut,power-cut-xfs,read-only leaves it out",
        String::from_utf8_lossy(&output.stderr)
    );
}

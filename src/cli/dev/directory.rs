//! The data directory of `hub dev`: made for it, and gone with it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::cli::{Exit, Failure};
use crate::types::entropy::Entropy;

/// A directory that only its owner may enter; removed when this is dropped, unless it is to be kept.
pub struct Directory {
    path: PathBuf,
    is_kept: bool,
}

impl Directory {
    /// Makes it here, or among the system's temporary ones. One that is there already is never used: it is somebody's.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(keep: Option<&Path>, entropy: &dyn Entropy) -> Result<Self, Failure> {
        let path = keep.map_or_else(|| temporary(entropy), Path::to_owned);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| {
            let text = format!(
                "cannot make {}: {error}; name a directory that is not there yet",
                path.display()
            );
            Failure::new(Exit::CannotCreate, text)
        })?;
        Ok(Self {
            // Where it lies does not depend on where the process stands.
            path: std::fs::canonicalize(&path).unwrap_or(path),
            is_kept: keep.is_some(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stays.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }
}

fn temporary(entropy: &dyn Entropy) -> PathBuf {
    let mut drawn = [0; 8];
    entropy.fill(&mut drawn);
    std::env::temp_dir().join(format!("hub-dev-{}", HEXLOWER.encode(&drawn)))
}

impl Drop for Directory {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed is among the system's temporary files.
            let _left = std::fs::remove_dir_all(&self.path);
        }
    }
}

//! Where the database, the key file and the backups lie.

use std::path::{Path, PathBuf};

use serde::Deserializer;

use super::reading::parsed;
use super::settings::Setting;
use super::sources::Sources;

pub(super) const DATA_DIR: Setting = Setting::plain(
    "data_dir",
    "HUB_DATA_DIR",
    "./hub-data",
    "Data directory, not to be set in a hub.toml inside it; unset: /var/lib/hub if it exists, else $XDG_DATA_HOME/hub, else ./hub-data.",
);

/// The variable of the XDG base directories; the Hub reads it only to find its data.
pub(super) const XDG_DATA_HOME: &str = "XDG_DATA_HOME";

/// The directory to use when no layer names one.
pub(super) fn discover(sources: &Sources) -> String {
    if sources.system_data_dir.is_dir() {
        return sources.system_data_dir.to_string_lossy().into_owned();
    }
    // The XDG rules: a path that is not absolute counts as none.
    match sources.variable(XDG_DATA_HOME).map(Path::new) {
        Some(home) if home.is_absolute() => home.join("hub").to_string_lossy().into_owned(),
        _ => DATA_DIR.default.to_owned(),
    }
}

pub(super) fn data_dir<'de, D: Deserializer<'de>>(given: D) -> Result<PathBuf, D::Error> {
    parsed(given, |text| match text {
        "" => Err("is empty; write the path of a directory".to_owned()),
        path => Ok(PathBuf::from(path)),
    })
}

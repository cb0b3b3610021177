//! Who tends the database's log.

use serde::Deserializer;

use super::reading::{parsed, quoted};
use super::settings::Setting;
use crate::types::checkpoints::Checkpoints;

pub(super) const CHECKPOINTS: Setting = Setting::plain(
    "checkpoints",
    "HUB_CHECKPOINTS",
    "own",
    "Who folds the database's log into it: own, or external where Litestream does.",
);

pub(super) fn checkpoints<'de, D: Deserializer<'de>>(given: D) -> Result<Checkpoints, D::Error> {
    parsed(given, |text| match text {
        "own" => Ok(Checkpoints::Own),
        "external" => Ok(Checkpoints::External),
        _ => Err(format!(
            "{} is unknown; write own or external",
            quoted(text)
        )),
    })
}

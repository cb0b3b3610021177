//! Where each effective value came from, for `hub config print --origin` and the settings page.

use figment::Figment;
use serde::Serialize;

use super::settings::SETTINGS;

/// One setting's effective value as text and the place that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The key in `hub.toml`.
    pub key: &'static str,
    /// The value as it was written; `(hidden)` for a secret, empty when there is none.
    pub value: String,
    /// `default`, the path of a file, the name of a variable (with the path its `_FILE` twin names), or a flag.
    pub from: String,
}

/// The origins in a merged configuration, in the order of [`SETTINGS`].
pub(super) fn trace(merged: &Figment) -> Vec<Origin> {
    SETTINGS
        .iter()
        .map(|setting| {
            let value = merged.extract_inner::<String>(setting.key).ok();
            let from = merged
                .find_metadata(setting.key)
                .map_or("default".into(), |metadata| metadata.name.to_string());
            let value = match value {
                Some(_) if setting.secret => "(hidden)".to_owned(),
                value => value.unwrap_or_default(),
            };
            Origin {
                key: setting.key,
                value,
                from,
            }
        })
        .collect()
}

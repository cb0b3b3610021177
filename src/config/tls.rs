//! The certificate and the key with which the server speaks TLS itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::reading::parsed;
use super::settings::Setting;

pub(super) const CERT: Setting = Setting::optional(
    "tls.cert",
    "HUB_TLS__CERT",
    "PEM file with the certificate and those between it and its authority; with it and the key the server speaks TLS. HUP reads both anew.",
);

pub(super) const KEY: Setting = Setting::optional(
    "tls.key",
    "HUB_TLS__KEY",
    "PEM file with the certificate's private key, not readable by everyone.",
);

/// The table `[tls]`: both files or neither.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    #[serde(deserialize_with = "path")]
    cert: Option<PathBuf>,
    #[serde(deserialize_with = "path")]
    key: Option<PathBuf>,
}

impl Tls {
    /// The certificate's file and the key's, if the server is to speak TLS.
    #[must_use]
    pub fn files(&self) -> Option<(&Path, &Path)> {
        Some((self.cert.as_deref()?, self.key.as_deref()?))
    }

    /// Whether one of the files is named and the other is not.
    pub(super) fn is_half(&self) -> bool {
        self.cert.is_some() != self.key.is_some()
    }
}

fn path<'de, D: Deserializer<'de>>(given: D) -> Result<Option<PathBuf>, D::Error> {
    parsed(given, |text| {
        Ok((!text.is_empty()).then(|| PathBuf::from(text)))
    })
}

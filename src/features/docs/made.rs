//! The document as it is served: made when it is first asked for, then kept. No other request pays for it.

use std::sync::OnceLock;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi as Document;

use crate::features::docs::reference::Reference;

/// Hex digits of the content's hash in its tag: enough that no two versions share one.
const TAG_CHARS: usize = 16;

/// A document that is made at most once.
pub struct Made {
    by: fn() -> Document,
    text: OnceLock<Text>,
    reference: OnceLock<Reference>,
}

/// Its text, and the tag by which a client asks whether it has changed.
#[derive(Debug)]
pub struct Text {
    /// JSON.
    pub json: String,
    /// What `ETag` says.
    pub tag: String,
}

impl Made {
    /// By this function.
    #[must_use]
    pub fn by(by: fn() -> Document) -> Self {
        Self {
            by,
            text: OnceLock::new(),
            reference: OnceLock::new(),
        }
    }

    /// Its text.
    pub fn text(&self) -> &Text {
        self.text.get_or_init(|| Text::of(&(self.by)()))
    }

    /// What pages show of it, its calls typed to the Hub's public address.
    pub fn reference(&self, public_url: &str) -> &Reference {
        let make = || Reference::of(&(self.by)(), public_url);
        self.reference.get_or_init(make)
    }
}

impl Text {
    /// The text of a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let json = document.to_json().unwrap_or_else(|error| {
            tracing::error!(%error, "the document of the API could not be written");
            String::new()
        });
        let mut tag = HEXLOWER.encode(&Sha256::digest(json.as_bytes()));
        tag.truncate(TAG_CHARS);
        Self {
            json,
            tag: format!("\"{tag}\""),
        }
    }
}

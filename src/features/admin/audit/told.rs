//! A row of the audit as it leaves the Hub: on the command line and in the files that are exported.

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::store::audit::Entry;

/// A row of the audit in the words of JSON.
#[derive(Serialize)]
pub struct Told<'entry> {
    id: i64,
    at: String,
    actor: &'entry str,
    action: &'entry str,
    target: Option<&'entry str>,
    ip: Option<&'entry str>,
    request_id: Option<&'entry str>,
    detail: Option<&'entry str>,
    hash: String,
}

impl<'entry> Told<'entry> {
    /// The names of the fields, in the order of [`Told::cells`].
    pub const NAMES: [&'static str; 9] = [
        "id",
        "at",
        "actor",
        "action",
        "target",
        "ip",
        "request_id",
        "detail",
        "hash",
    ];

    /// Tells a row.
    #[must_use]
    pub fn new(entry: &'entry Entry) -> Self {
        Self {
            id: entry.id,
            at: entry.at.to_string(),
            actor: &entry.actor,
            action: &entry.action,
            target: entry.target.as_deref(),
            ip: entry.address.as_deref(),
            request_id: entry.request_id.as_deref(),
            detail: entry.detail.as_deref(),
            hash: HEXLOWER.encode(&entry.hash),
        }
    }

    /// The same as the cells of a table; what is absent is empty.
    #[must_use]
    pub fn cells(&self) -> [String; 9] {
        let or_empty = |text: Option<&str>| text.unwrap_or_default().to_owned();
        [
            self.id.to_string(),
            self.at.clone(),
            self.actor.to_owned(),
            self.action.to_owned(),
            or_empty(self.target),
            or_empty(self.ip),
            or_empty(self.request_id),
            or_empty(self.detail),
            self.hash.clone(),
        ]
    }
}

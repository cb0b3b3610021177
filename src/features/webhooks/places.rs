//! How many deliveries are under way at once, and the open files that they take.

use rustix::process::{Resource, getrlimit};

use crate::features::webhooks::model::{MAX_AT_ONCE, MAX_WEBHOOKS};
use crate::features::webhooks::resolve::MAX_LOOK_UPS;

/// A process that may open fewer files than this is on a very small machine: it delivers one at a time, with what is kept for everything else.
const ENOUGH_FILES: u64 = 512;
/// A connection each, and one for each name that is being looked up.
const FILES: u64 = (MAX_WEBHOOKS as u64) * (MAX_AT_ONCE as u64) + (MAX_LOOK_UPS as u64);

/// The open files that connections leave to webhooks, where so many may be open.
#[must_use]
pub const fn files(limit: u64) -> u64 {
    if limit < ENOUGH_FILES { 0 } else { FILES }
}

/// How many deliveries may be under way to all webhooks together. Where there are enough files, each webhook has all of its own places.
#[must_use]
pub fn at_once() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    if limit.is_some_and(|limit| limit < ENOUGH_FILES) {
        1
    } else {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::{ENOUGH_FILES, files};

    #[test]
    fn every_webhook_has_its_places_unless_there_are_hardly_any_files() {
        assert_eq!(files(ENOUGH_FILES - 1), 0);
        assert_eq!(files(ENOUGH_FILES), 20 * 4 + 16);
    }
}

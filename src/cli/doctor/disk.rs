//! Whether there is room for what the Hub writes next.

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding, shown};
use crate::features::admin::dashboard::attention::SHORT_DISK_BYTES;
use crate::features::admin::dashboard::place;
use crate::http::figures::size;

/// So many times the database must fit beside itself: a backup, and the snapshot before an upgrade.
const COPIES: u64 = 2;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let found = place::look(&patient.place);
    let directory = shown(&patient.place.directory);
    let problem = found
        .disk
        .and_then(|(free, _)| problem(free, found.database_bytes));
    problem
        .map(|problem| {
            Finding::new(
                Check::Disk,
                format!("the disk of {directory} has {problem}"),
                "make room there, or move the data directory to a larger disk",
            )
        })
        .into_iter()
        .collect()
}

/// What so much free space is too little for.
fn problem(free: u64, database_bytes: u64) -> Option<String> {
    let needed = database_bytes.saturating_mul(COPIES);
    if free < SHORT_DISK_BYTES {
        Some(format!(
            "{} free: a busy hour can fill that, and then nobody can sign in",
            size(free)
        ))
    } else if free < needed {
        Some(format!(
            "{} free: a backup and the snapshot before an upgrade need {}",
            size(free),
            size(needed)
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn there_is_room_for_a_busy_hour_and_for_two_copies_or_it_is_said() {
        let large = 4_000_000_000;
        assert_eq!(problem(500_000_000, 1), None);
        assert_eq!(problem(2 * large, large), None);
        let told = |free, bytes| problem(free, bytes).unwrap_or_default();
        assert!(told(499_999_999, 1).contains("nobody can sign in"));
        assert!(told(2 * large - 1, large).contains("the snapshot before an upgrade"));
    }
}

//! Whether a server may open as many files as it is configured for.

use crate::cli::descriptors;
use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding};

const MEND: &str = "raise it: ulimit -Hn, or LimitNOFILE= of the service (which may differ from the limit of this shell)";

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let configured = patient.config.front.max_connections;
    let reserve = descriptors::reserve(patient.config);
    let judged = descriptors::most().and_then(|limit| judge(limit, configured, reserve));
    judged.into_iter().collect()
}

fn judge(limit: u64, connections: usize, reserve: u64) -> Option<Finding> {
    let (least, needed) = (
        descriptors::needed_for_any(reserve),
        descriptors::needed_for(connections, reserve),
    );
    if limit < least {
        let what =
            format!("a process may open {limit} files, and the server needs at least {least}");
        Some(Finding::new(Check::Limits, what, MEND))
    } else if limit < needed {
        let what =
            format!("a process may open {limit} files; {connections} connections need {needed}");
        Some(Finding::hint(Check::Limits, what, MEND))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn too_few_open_files_for_any_server_are_found_and_too_few_for_this_one_hinted_at() {
        let level = |limit| judge(limit, 4_096, 55).map(|finding| finding.level);
        assert_eq!(level(62), Some(Level::Finding));
        assert_eq!(level(63), Some(Level::Hint));
        assert_eq!(level(4_246), Some(Level::Hint));
        assert_eq!(level(4_247), None);
    }
}

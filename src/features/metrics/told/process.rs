//! The process: which Hub it is, since when it runs, and what it takes. The names beginning with `process_` are those that every Prometheus library
//! uses, so that dashboards for any program show the Hub, too.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::features::metrics::family::Family;
use crate::store::schema;
use crate::types::time::Timestamp;

pub fn families(begun: Timestamp) -> Vec<Family> {
    let seconds = Duration::from_micros(u64::try_from(begun.micros()).unwrap_or(0));
    let mut families = vec![
        Family::gauge(
            "hub_build_info",
            "The Hub that runs here: always 1, and its versions as labels.",
        )
        .with(
            [
                ("version", env!("CARGO_PKG_VERSION").to_owned()),
                ("schema", schema::known().to_string()),
                ("sqlite", rusqlite::version().to_owned()),
            ],
            1,
        ),
        Family::gauge(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970 (UTC).",
        )
        .of_seconds(seconds.as_secs_f64()),
        Family::counter(
            "process_cpu_seconds",
            "Processor time that the process has used, in seconds.",
        )
        .of_seconds(cpu_seconds()),
    ];
    families.extend(resident_bytes().map(|bytes| {
        Family::gauge(
            "process_resident_memory_bytes",
            "Memory that the process holds in RAM, in bytes.",
        )
        .of(bytes)
    }));
    families.extend(open_files().map(|open| {
        Family::gauge(
            "process_open_fds",
            "Files and sockets that the process has open.",
        )
        .of(open)
    }));
    families.extend(getrlimit(Resource::Nofile).current.map(|most| {
        Family::gauge(
            "process_max_fds",
            "Files and sockets that the process may have open.",
        )
        .of(most)
    }));
    families
}

fn cpu_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(used.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos).as_secs_f64()
}

/// As Linux tells it; other systems have no such file.
fn resident_bytes() -> Option<u64> {
    resident(&fs::read_to_string("/proc/self/status").ok()?)
}

/// What the line `VmRSS:  1234 kB` says.
fn resident(status: &str) -> Option<u64> {
    let told = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = told.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

fn open_files() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is the look itself.
    u64::try_from(open.saturating_sub(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, resident};

    #[test]
    fn the_memory_in_ram_is_read_from_the_line_that_tells_it() {
        let status = "Name:\thub\nVmPeak:\t  900 kB\nVmRSS:\t   2048 kB\nThreads:\t4\n";
        assert_eq!(resident(status), Some(2_097_152));
        for other in ["", "VmRSS: 12\n", "VmRSS: x kB\n", "RssAnon: 5 kB\n"] {
            assert_eq!(resident(other), None, "{other:?}");
        }
    }

    #[test]
    fn this_process_has_used_some_time() {
        assert!(cpu_seconds() > 0.0);
    }
}

//! Where and how a run was measured.

use std::path::Path;
use std::process::Command;

use crate::arguments::Arguments;

/// The machine, the build, the day and the command, in one paragraph.
pub fn told(arguments: &Arguments, scratch: &Path) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split(':').nth(1));
        value.unwrap_or("unknown").trim().to_owned()
    };
    let processor = value(&file("/proc/cpuinfo"), "model name");
    let memory = value(&file("/proc/meminfo"), "MemTotal");
    let kib: f64 = memory.trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
    let kernel = file("/proc/sys/kernel/osrelease");
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let disk = if is_in_memory(scratch)? {
        "**databases in memory, where a sync costs nothing: refresh looks faster than it is**"
    } else {
        "databases on a disk"
    };
    let build = if cfg!(debug_assertions) {
        "**debug build: the figures mean nothing**"
    } else {
        "release build"
    };
    let load = file("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let given: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let separator = if given.is_empty() { "" } else { " -- " };
    Ok(format!(
        "`cargo bench --bench hub{separator}{}` on {}, commit {}: {cores} cores ({processor}), {:.0} GiB, Linux {kernel}, {build}, {disk}; the driver \
         ({} threads) on the same cores, load {load} at the end. {} paired repetitions of {} s.",
        given.join(" "),
        said("date", &["-u", "+%-d %B %Y"]),
        said("git", &["describe", "--always", "--dirty"]),
        kib / 1_048_576.0,
        crate::DRIVER_THREADS,
        arguments.repetitions(),
        arguments.seconds().as_secs_f64(),
    ))
}

/// What a command says, or that it said nothing.
fn said(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Whether the directory lies in memory, where a sync costs nothing and a refresh looks faster than it is.
fn is_in_memory(directory: &Path) -> anyhow::Result<bool> {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    const RAMFS_MAGIC: u64 = 0x8584_58f6;
    let kind = u64::try_from(rustix::fs::statfs(directory)?.f_type)?;
    Ok([TMPFS_MAGIC, RAMFS_MAGIC].contains(&kind))
}

//! A process under load, as the kernel counts it.

use std::fs;

use anyhow::bail;

/// Linux counts CPU time for programs in hundredths of a second on every architecture.
const TICK_US: u64 = 10_000;

/// A running process.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

/// Memory of a process, in megabytes of 1,000,000 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now.
    pub resident_mb: f64,
    /// The most that was ever resident.
    pub peak_mb: f64,
}

impl Process {
    /// CPU time of all its threads since its start, in microseconds.
    pub fn cpu_us(self) -> anyhow::Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name in parentheses may hold blanks; after it `utime` and `stime` are the 12th and 13th fields.
        let mut fields = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11);
        let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok());
        let (Some(user), Some(system)) = (ticks(), ticks()) else {
            bail!("/proc/PID/stat without CPU times");
        };
        Ok((user + system) * TICK_US)
    }

    /// Its memory.
    pub fn memory(self) -> anyhow::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0))?;
        let megabytes = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|kib| kib.parse::<u32>().ok())
                .map(|kib| f64::from(kib) * 1_024.0 / 1_000_000.0)
        };
        let (Some(resident_mb), Some(peak_mb)) = (megabytes("VmRSS:"), megabytes("VmHWM:")) else {
            bail!("/proc/PID/status without VmRSS and VmHWM");
        };
        Ok(Memory {
            resident_mb,
            peak_mb,
        })
    }
}

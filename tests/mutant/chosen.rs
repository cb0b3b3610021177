//! Which mutant this process runs as: the number in `MUTANT`, or none. Stands in the copied tree alone, where every function that is changed asks it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{LazyLock, Mutex};

static CHOSEN: LazyLock<u32> =
    LazyLock::new(|| std::env::var("MUTANT").map_or(0, |text| text.parse().unwrap_or(0)));

/// The file that takes the numbers of the functions that were reached, if `MUTANT` names one, and those that it has.
static REACHED: LazyLock<Option<Mutex<(File, HashSet<u32>)>>> = LazyLock::new(|| {
    let path = std::env::var("MUTANT").ok().filter(|text| text.starts_with('/'))?;
    let file = OpenOptions::new().append(true).create(true).open(path).ok()?;
    Some(Mutex::new((file, HashSet::new())))
});

pub fn chosen(function: u32) -> u32 {
    if let Some(reached) = &*REACHED {
        let mut reached = reached.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if reached.1.insert(function) {
            writeln!(reached.0, "{function}").expect("the file of what was reached");
        }
    }
    *CHOSEN
}

//! What a command has in its memory stays there: no core dump holds it, no other process looks at it, and a panic does not print it.
//!
//! The server needs its keys in memory, and a core file is a copy of all of that, written by the system to wherever it likes.

use std::any::Any;
use std::io::Write;
use std::panic::PanicHookInfo;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::cli::{Exit, Failure, Outcome};

/// Keeps this process's memory to itself, from before it has read the first secret.
///
/// # Errors
/// When the system does not let it.
pub(super) fn keep() -> Outcome {
    std::panic::set_hook(Box::new(|panic| {
        // Where standard error is closed there is nobody to tell.
        let _closed = writeln!(
            std::io::stderr(),
            "hub: a fault of its own at {}: {}",
            place(panic),
            text(panic.payload())
        );
    }));
    // Both limits, so that nothing in this process raises it again.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(|error| refused("setrlimit", error))?;
    undumpable()
}

/// Where a core file goes through a pipe the limit does not count; this does. It also closes `/proc/<pid>/mem` and `environ` to other processes
/// of the same user, and refuses their debuggers.
#[cfg(target_os = "linux")]
fn undumpable() -> Outcome {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| refused("prctl", error))
}

#[cfg(not(target_os = "linux"))]
fn undumpable() -> Outcome {
    Ok(())
}

fn refused(call: &str, error: Errno) -> Failure {
    let text = format!(
        "the system does not let this process forbid its core dumps, which would hold keys: {call}: {error}; allow this call to it"
    );
    Failure::new(Exit::Permission, text)
}

/// Where a panic happened.
pub(super) fn place(panic: &PanicHookInfo<'_>) -> String {
    panic
        .location()
        .map_or_else(|| "(unknown)".to_owned(), ToString::to_string)
}

/// What a panic says, where that is a literal: a formatted text may hold what nobody should read.
pub(super) fn text(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(not shown)")
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::panic::catch_unwind;

    use super::text;

    #[test]
    fn of_a_panic_only_a_literal_is_told() {
        let secret = black_box("correct horse 7");
        let formatted = catch_unwind(|| panic!("no {secret}")).expect_err("a panic");
        assert_eq!(text(&*formatted), "(not shown)");
        let literal = catch_unwind(|| panic!("as the test asks")).expect_err("a panic");
        assert_eq!(text(&*literal), "as the test asks");
    }
}

//! Calls of the system that fail, one after the other until none is left to fail: once and lastingly, at work, at the start and at the end.
//!
//! Whatever happens: nobody hears of anything that is not there afterwards, the process says in known words that it cannot, and it heals as soon as
//! the calls work again. A sync of the log that fails three times in a row ends the process, and one of
//! what was folded into the database: what the disk has is for the next one to read.

use crate::driver::rows::{self, Figures, Row};
use crate::driver::shim::{Call, Failure, Of};
use crate::driver::stage;
use crate::storage::nth_call::{Fault, Lasts, REQUESTS, REQUESTS_TO_A_CHECKPOINT, Stand, When};

const WORK: When = When::AtWork(REQUESTS);
const LONG_WORK: When = When::AtWork(REQUESTS_TO_A_CHECKPOINT);

#[test]
fn no_failed_sync_loses_an_answer_and_three_in_a_row_end_the_process() {
    let faults = [
        (WORK, Call::Sync, Of::Log, Failure::Io, Lasts::Once),
        (WORK, Call::Sync, Of::Log, Failure::Io, Lasts::Twice),
        (WORK, Call::Sync, Of::Log, Failure::Io, Lasts::Ever),
        (
            LONG_WORK,
            Call::Sync,
            Of::Database,
            Failure::Io,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Sync,
            Of::Any,
            Failure::Io,
            Lasts::Once,
        ),
        (
            When::AtTheEnd,
            Call::Sync,
            Of::Any,
            Failure::Io,
            Lasts::Ever,
        ),
    ];
    run("failed-sync", "fsync fails", &faults);
}

#[test]
fn no_failed_write_loses_an_answer_and_the_process_heals_when_writes_work_again() {
    let faults = [
        (WORK, Call::Write, Of::Log, Failure::NoSpace, Lasts::Once),
        (WORK, Call::Write, Of::Log, Failure::NoSpace, Lasts::Ever),
        (WORK, Call::Write, Of::Log, Failure::Io, Lasts::Once),
        (WORK, Call::Write, Of::Log, Failure::ReadOnly, Lasts::Ever),
        (WORK, Call::Write, Of::Log, Failure::Half, Lasts::Once),
        (WORK, Call::Write, Of::Log, Failure::Half, Lasts::Ever),
        (
            LONG_WORK,
            Call::Write,
            Of::Database,
            Failure::Io,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Write,
            Of::Any,
            Failure::NoSpace,
            Lasts::Once,
        ),
        (
            When::AtTheEnd,
            Call::Write,
            Of::Database,
            Failure::NoSpace,
            Lasts::Ever,
        ),
        (
            When::AtTheEnd,
            Call::Truncate,
            Of::Any,
            Failure::Io,
            Lasts::Once,
        ),
    ];
    run(
        "failed-write",
        "pwrite or ftruncate fails, or writes half",
        &faults,
    );
}

#[test]
fn files_that_cannot_be_opened_mapped_or_read_are_refused_in_one_line() {
    let faults = [
        (
            When::FromTheStart,
            Call::Open,
            Of::Any,
            Failure::TooManyFiles,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Open,
            Of::Any,
            Failure::TooManyFiles,
            Lasts::Ever,
        ),
        (
            When::FromTheStart,
            Call::Open,
            Of::Index,
            Failure::TooManyFiles,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Map,
            Of::Index,
            Failure::Io,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Read,
            Of::Database,
            Failure::Io,
            Lasts::Once,
        ),
        (
            When::FromTheStart,
            Call::Read,
            Of::Log,
            Failure::Io,
            Lasts::Once,
        ),
    ];
    run("failed-open", "open, mmap or pread fails", &faults);
}

fn run(name: &'static str, fault: &'static str, faults: &[Fault]) {
    let how = "a library before the binary fails the Nth call, for N = 1, 2 … until none is reached; once, twice and lastingly";
    let row = Row::begin(name, fault, how);
    let (rounds, told, findings) = stage::in_turn(async {
        let mut stand = Stand::new(rows::seed()).await;
        for fault in faults {
            stand.until_none_is_reached(*fault).await;
            stand.audit().await;
        }
        (stand.rounds, stand.told, stand.findings)
    });
    eprintln!(
        "{name}: {} answers, {} refused in the words for it",
        told.answers(),
        told.refused
    );
    row.tell(Figures {
        rounds,
        checked: findings.checked,
        violations: findings.violations.len() + told.odd.len(),
    });
    assert_eq!(findings.violations, [""; 0]);
    assert_eq!(told.odd, [""; 0]);
}

//! What a refresh and a look at a token cost, in counts: instructions under `valgrind`, system calls and syncs under `strace`. Times would tell of the
//! neighbours; these move when the code does, and a hot path that grows by a tenth fails here.
//!
//! Who makes it cheaper, or has a reason to make it dearer, writes the new count down. (They are those of the release binary as the machine of the tests
//! compiles it, one client asking; `valgrind` knows no instructions for SHA-256, which are a third of its count and a fiftieth of the time.)

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on says why and ends, and what was counted is printed"
)]

mod client;
mod server;

use client::Client;
use server::{Server, Watched};

/// A session keeps its last 100 events: from here on each refresh drops one, as it goes on doing for months.
const WARM_UP: u32 = 120;
/// Enough that what happens once a second is lost among them.
const COUNTED: u32 = 300;
/// Of a hundred: how far a count may be from what is written here.
const TOLERANCE: u64 = 10;

const INSTRUCTIONS_A_REFRESH: u64 = 333_500;
const INSTRUCTIONS_A_VALIDATE: u64 = 142_000;
const SYSTEM_CALLS_A_REFRESH: u64 = 32;

/// What is asked again and again.
#[derive(Clone, Copy)]
enum Asked {
    Refresh,
    Validate,
}

fn ask(client: &mut Client, asked: Asked, times: u32) {
    for _ in 0..times {
        match asked {
            Asked::Refresh => client.refresh(),
            Asked::Validate => client.validate(),
        }
    }
}

/// Instructions each.
fn instructions(asked: Asked) -> u64 {
    let server = Server::start(Watched::Counted);
    let mut client = Client::register(server.address());
    ask(&mut client, asked, WARM_UP);
    server.count(true);
    ask(&mut client, asked, COUNTED);
    server.count(false);
    server.stop().instructions() / u64::from(COUNTED)
}

fn assert_near(what: &str, found: u64, written: u64) {
    println!("{what}: {found}");
    let off = found.abs_diff(written) * 100;
    assert!(
        off <= written * TOLERANCE,
        "{what}: {found}, and {written} is written in tests/hot_path; if the difference is meant, write the new count there"
    );
}

#[test]
fn a_refresh_costs_no_more_instructions_than_it_did() {
    let found = instructions(Asked::Refresh);
    assert_near("instructions a refresh", found, INSTRUCTIONS_A_REFRESH);
}

#[test]
fn a_look_at_a_token_costs_no_more_instructions_than_it_did() {
    let found = instructions(Asked::Validate);
    assert_near("instructions a validate", found, INSTRUCTIONS_A_VALIDATE);
}

#[test]
fn a_refresh_asks_the_kernel_no_more_often_and_syncs_once() {
    let server = Server::start(Watched::No);
    let mut client = Client::register(server.address());
    ask(&mut client, Asked::Refresh, WARM_UP);
    let traced = server.trace();
    ask(&mut client, Asked::Refresh, COUNTED);
    let calls = traced.stop();
    let counted = u64::from(COUNTED);
    // Every 250 pages of the log, some thirty refreshes of one client, are folded beside: that syncs the log once and the database twice.
    let syncs = calls.of("fdatasync") + calls.of("fsync");
    assert!(
        (counted..counted + counted / 10).contains(&syncs),
        "{syncs} syncs for {counted} refreshes"
    );
    let each = calls.all() / counted;
    assert_near("system calls a refresh", each, SYSTEM_CALLS_A_REFRESH);
}

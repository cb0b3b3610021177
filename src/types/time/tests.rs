//! What the clocks promise, and that the steady one is the machine's.

use std::time::Duration;

use super::{Clock, Elapsed, HandClock, Moment, SystemClock, Timestamp};

#[test]
fn a_timestamp_prints_six_digits_and_no_zone() {
    let time = Timestamp::from_micros(1_757_172_645_123_456);
    assert_eq!(time.to_string(), "2025-09-06T15:30:45.123456");
    assert_eq!(
        Timestamp::from_seconds(1_757_172_645).to_string(),
        "2025-09-06T15:30:45.000000"
    );
}

#[test]
fn a_stepped_wall_clock_does_not_change_how_long_ago_something_was() {
    let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
    let earlier = clock.now();
    clock.advance(Duration::from_secs(3));
    clock.set_wall(Timestamp::from_seconds(0));
    assert_eq!(
        clock.now().since(earlier),
        Elapsed::Span(Duration::from_secs(3))
    );
    clock.set_wall(Timestamp::from_seconds(4_000_000_000));
    assert_eq!(
        clock.now().since(earlier),
        Elapsed::Span(Duration::from_secs(3))
    );
}

#[test]
fn across_boots_only_the_time_since_the_start_is_certain_whatever_the_wall_clock_says() {
    let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
    let earlier = clock.now();
    clock.reboot();
    clock.advance(Duration::from_secs(7));
    for wall in [0, 1_800_000_000, 4_000_000_000] {
        clock.set_wall(Timestamp::from_seconds(wall));
        assert_eq!(
            clock.now().since(earlier),
            Elapsed::AtLeast(Duration::from_secs(7))
        );
    }
}

#[test]
fn whoever_was_overtaken_on_the_way_to_the_writer_came_at_the_same_time() {
    let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
    let overtaken = clock.now();
    clock.advance(Duration::from_micros(1));
    assert_eq!(overtaken.since(clock.now()), Elapsed::Span(Duration::ZERO));
    clock.advance(super::MAX_OVERTAKING.saturating_sub(Duration::from_micros(1)));
    assert_eq!(overtaken.since(clock.now()), Elapsed::Span(Duration::ZERO));
    clock.advance(Duration::from_micros(1));
    assert_eq!(overtaken.since(clock.now()), Elapsed::Unknown);
}

#[test]
fn the_hand_clock_does_what_it_is_told_and_nothing_else() {
    let clock = HandClock::at(Timestamp::from_seconds(1_800_000_000));
    let begun = clock.now();
    let set = Timestamp::from_seconds(4_000_000_000);
    clock.set_wall(set);
    assert_eq!(clock.now(), Moment { wall: set, ..begun });
    clock.reboot();
    let boot = begun.boot + 1;
    assert_eq!((clock.now().boot, clock.now().steady), (boot, 0));
    assert_eq!((clock.now().wall, clock.now().running), (set, 0));
}

#[test]
fn the_steady_clock_counts_the_microseconds_of_the_machine() {
    let whole_seconds = || rustix::time::clock_gettime(super::STEADY).tv_sec;
    let before = whole_seconds();
    let steady = super::steady_clock();
    assert!((before..=whole_seconds()).contains(&(steady / 1_000_000)));
    // It moves within a second too: not every reading falls on a whole one.
    assert!((0..1_000).any(|_| super::steady_clock() % 1_000_000 != 0));
}

#[test]
fn the_system_clock_runs_forward() {
    let clock = SystemClock::new();
    let (first, second) = (clock.now(), clock.now());
    assert!(second.steady >= first.steady && first.steady > 0);
    assert!(first.wall > Timestamp::from_seconds(1_700_000_000));
}

#[test]
fn where_the_machine_names_its_boot_the_process_counts_from_there_on() {
    let (before, clock) = (super::steady_clock(), SystemClock::in_boot(Some(7)));
    let (now, after) = (clock.now(), super::steady_clock());
    assert_eq!(now.boot, 7);
    assert!((before..=after).contains(&now.steady));
    assert!((0..=after - before).contains(&now.running));
}

#[test]
fn where_it_does_not_each_process_is_a_boot_of_its_own_that_begins_with_it() {
    let (before, wall) = (super::steady_clock(), super::wall_clock());
    let clock = SystemClock::in_boot(None);
    let (now, after) = (clock.now(), super::steady_clock());
    assert_eq!(now.steady, now.running);
    assert!((0..=after - before).contains(&now.steady));
    // A minute is longer than this takes; the difference also holds where the low bits begin anew.
    let drawn_after = (i64::from(now.boot) - wall.micros()).rem_euclid(1 << 32);
    assert!(drawn_after < 60_000_000, "{drawn_after}");
}

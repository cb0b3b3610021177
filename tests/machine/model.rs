//! Every way that tabs, a thief, a wall clock and a machine that is started anew can act on one session, searched to the last state.
//!
//! The decision is the Hub's own (`hub::features::sessions::model::judge`); what follows from it is stated here again. Each search is
//! shown to have teeth: with rules that are broken on purpose it must find the harm that they do.

mod promises;
mod rules;
mod search;
mod world;

use rules::Rules;
use search::{Found, search};
use world::Scenario;

/// Three tabs that race, and a thief; nobody touches the clock.
const THREE_TABS: Scenario = Scenario {
    tabs: 3,
    thief: true,
    generations: 4,
    clock_steps: 0,
    boots: 0,
    floods: 0,
};
/// The same without the thief.
const HONEST_TABS: Scenario = Scenario {
    thief: false,
    ..THREE_TABS
};
/// Two tabs and a thief, on a clock that is set and a machine that is started anew.
const CLOCKS: Scenario = Scenario {
    tabs: 2,
    thief: true,
    generations: 3,
    clock_steps: 1,
    boots: 1,
    floods: 0,
};
/// One tab, as many generations as a lineage needs to have a past, and a machine that is started anew.
const LONG_LINE: Scenario = Scenario {
    tabs: 1,
    thief: true,
    generations: 5,
    clock_steps: 0,
    boots: 1,
    floods: 0,
};
/// As many generations as it takes to be older than the row remembers, and a lineage that is flooded and forgets.
const FLOODED_TABS: Scenario = Scenario {
    tabs: 2,
    thief: false,
    generations: 5,
    clock_steps: 0,
    boots: 0,
    floods: 1,
};
/// The same with one tab and a thief, on a machine that is started anew.
const FLOODED_LINE: Scenario = Scenario {
    tabs: 1,
    thief: true,
    boots: 1,
    ..FLOODED_TABS
};
/// States in one search at most: a bound on memory, well above what these scenarios have.
const MAX_STATES: usize = 3_000_000;

#[track_caller]
fn holds(scenario: &Scenario) {
    match search(scenario, &Rules::REAL, MAX_STATES) {
        Ok(Found { states, steps }) => {
            println!("{scenario:?}: {states} states, {steps} steps, no violation");
            assert!(states > 10_000, "the search reached only {states} states");
        }
        Err(story) => panic!("{story}"),
    }
}

/// Asserts that a search with broken rules finds what they break.
#[track_caller]
fn finds(scenario: &Scenario, rules: &Rules, harm: &str) {
    match search(scenario, rules, MAX_STATES) {
        Ok(found) => panic!("the search passed broken rules: {found:?}"),
        Err(story) => {
            println!("{story}");
            assert!(story.contains(harm), "not {harm}: {story}");
        }
    }
}

#[test]
fn three_racing_tabs_are_never_signed_out_nor_refused_and_whoever_is_late_is_always_found_out() {
    holds(&THREE_TABS);
}

#[test]
fn no_step_of_the_clock_and_no_start_of_the_machine_opens_a_window_or_ends_a_session() {
    holds(&CLOCKS);
}

#[test]
fn a_long_line_of_generations_keeps_one_live_leaf_across_starts_of_the_machine() {
    holds(&LONG_LINE);
}

#[test]
fn a_lineage_that_is_flooded_gives_nothing_away_and_ends_nothing() {
    holds(&FLOODED_TABS);
    holds(&FLOODED_LINE);
}

#[test]
fn without_the_straggler_rule_honest_tabs_are_signed_out_or_refused() {
    finds(&HONEST_TABS, &Rules::NO_STRAGGLERS, "signed out");
    finds(&HONEST_TABS, &Rules::REFUSED_STRAGGLERS, "refused");
}

#[test]
fn a_grace_measured_on_the_wall_clock_is_reopened_or_cut_short() {
    finds(&CLOCKS, &Rules::WALL_CLOCK, "honest");
    finds(&CLOCKS, &Rules::WALL_CLOCK_OPENS_ONLY, "not owed");
}

#[test]
fn trusting_the_wall_clock_across_boots_signs_honest_clients_out() {
    finds(&CLOCKS, &Rules::WALL_CLOCK_ACROSS_BOOTS, "signed out");
}

#[test]
fn refusing_whoever_was_overtaken_on_the_way_to_the_writer_refuses_honest_tabs() {
    finds(&THREE_TABS, &Rules::OVERTAKEN_IS_DOUBT, "refused");
}

#[test]
fn a_window_that_begins_with_anything_but_its_own_tokens_first_use_gives_what_is_not_owed() {
    finds(&THREE_TABS, &Rules::ANY_ANCESTOR, "not owed");
    finds(&FLOODED_LINE, &Rules::FORGOTTEN_IS_RECENT, "not owed");
}

#[test]
fn taking_what_is_forgotten_for_late_signs_honest_clients_out() {
    finds(&FLOODED_TABS, &Rules::FORGOTTEN_IS_LATE, "signed out");
}

#[test]
fn a_window_that_slides_stays_open_without_end() {
    finds(&THREE_TABS, &Rules::SLIDING, "not owed");
}

#[test]
fn an_ancestor_that_rotates_makes_a_second_leaf() {
    finds(&THREE_TABS, &Rules::PARENT_ROTATES, "not owed");
    finds(&THREE_TABS, &Rules::STRAGGLER_ROTATES, "not owed");
}

#[test]
fn answers_without_bound_are_seen() {
    finds(&THREE_TABS, &Rules::UNBOUNDED_RETRIES, "retries");
    finds(&THREE_TABS, &Rules::UNBOUNDED_STRAGGLERS, "retries");
}

#[test]
fn a_successor_that_is_made_while_answers_are_under_way_is_seen() {
    finds(&HONEST_TABS, &Rules::NEVER_SETTLES, "under way");
}

#[test]
fn a_session_that_settles_without_end_or_without_need_is_seen() {
    finds(&THREE_TABS, &Rules::SETTLES_WITHOUT_BOUND, "retries");
    finds(&THREE_TABS, &Rules::SETTLES_BEYOND_THE_GRACE, "not owed");
    finds(&HONEST_TABS, &Rules::SETTLES_UNASKED, "not owed");
}

#[test]
fn reuse_that_is_let_pass_leaves_the_thief_unfound() {
    finds(&THREE_TABS, &Rules::FORGIVING, "not found out");
}

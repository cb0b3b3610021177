//! The rules on lineages as they happen: thieves, lost answers, moving phones.

pub mod story;

use super::comparison::{Clients, Difference, Networks};
use super::{Alarm, Finding, Stranger, Suspicion, judge};
use crate::features::sessions::lineage::Kind;
use story::{AWAY, CHROME, FIREFOX, HOME, Story};

const HOME_AGAIN: &str = "203.0.113.99";
const NEWER_FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0";

impl Story {
    fn titles(&self) -> Vec<(Alarm, String)> {
        let verdict = judge(&self.0);
        let words = verdict.findings.iter();
        words
            .map(|finding| (finding.alarm(), finding.words().title))
            .collect()
    }

    /// What is said first, with the events that it rests on.
    fn first(&self) -> (Alarm, String, Vec<i64>) {
        let verdict = judge(&self.0);
        let first = &verdict.findings[0];
        (first.alarm(), first.words().title, first.evidence())
    }

    fn reuse(&self) -> (Option<Suspicion>, Option<Stranger>) {
        let verdict = judge(&self.0);
        let first = match verdict.findings[0] {
            Finding::Reuse {
                suspicion,
                stranger,
                ..
            } => Some((suspicion, stranger)),
            _ => None,
        };
        first.unzip()
    }
}

#[test]
fn a_token_used_from_two_addresses_hours_apart_is_likely_stolen() {
    let story = Story::at_home(3)
        .then(Kind::Reuse, 2, 7_200 + 4 * 3_600, AWAY, CHROME)
        .then(Kind::End, 4, 7_200 + 4 * 3_600, AWAY, CHROME);
    assert_eq!(
        story.first(),
        (
            Alarm::Theft,
            "Used twice from different addresses 4 h apart: likely stolen".to_owned(),
            vec![3, 5]
        )
    );
}

#[test]
fn the_holder_whom_the_token_was_not_given_to_is_the_stranger() {
    let late_thief = Story::at_home(3).then(Kind::Reuse, 2, 30_000, AWAY, FIREFOX);
    assert_eq!(
        late_thief.reuse(),
        (Some(Suspicion::Stolen), Some(Stranger::Second))
    );
    let early_thief = Story::at_home(1)
        .then(Kind::Rotate, 3, 4_000, AWAY, FIREFOX)
        .then(Kind::Reuse, 2, 30_000, HOME_AGAIN, NEWER_FIREFOX);
    assert_eq!(
        early_thief.reuse(),
        (Some(Suspicion::Stolen), Some(Stranger::First))
    );
    let seen = judge(&early_thief.0).findings[0].words().seen;
    assert!(
        seen.ends_with("whoever came first held the session for 7 h."),
        "{seen}"
    );
}

#[test]
fn another_client_is_likely_a_thief_even_on_the_same_network() {
    for from in [HOME, HOME_AGAIN, "2001:db8::1", ""] {
        let story = Story::at_home(3).then(Kind::Reuse, 3, 10_820, from, CHROME);
        assert_eq!(story.reuse().0, Some(Suspicion::Stolen), "{from}");
        assert_eq!(
            story.first().1,
            "Used twice by different clients 20 s apart: likely stolen"
        );
    }
}

#[test]
fn one_client_in_one_place_came_back_with_an_old_copy() {
    for from in [HOME, HOME_AGAIN] {
        for with in [FIREFOX, NEWER_FIREFOX] {
            let story = Story::at_home(3).then(Kind::Reuse, 1, 40_000, from, with);
            assert_eq!(story.reuse().0, Some(Suspicion::KeptCopy));
            assert_eq!(story.first().0, Alarm::Notice);
        }
    }
}

#[test]
fn the_last_token_but_one_soon_after_the_grace_is_likely_a_lost_answer() {
    let soon = Story::at_home(3).then(Kind::Reuse, 3, 10_800 + 30, HOME, FIREFOX);
    assert_eq!(soon.reuse().0, Some(Suspicion::LostAnswer));
    let late = Story::at_home(3).then(Kind::Reuse, 3, 10_800 + 301, HOME, FIREFOX);
    assert_eq!(late.reuse().0, Some(Suspicion::KeptCopy));
    let older = Story::at_home(1)
        .then(Kind::Rotate, 3, 3_610, HOME, FIREFOX)
        .then(Kind::Reuse, 1, 3_630, HOME, FIREFOX);
    assert_eq!(older.reuse().0, Some(Suspicion::KeptCopy));
}

#[test]
fn a_phone_that_lost_an_answer_between_two_networks_cannot_be_told_from_a_thief() {
    let soon = Story::at_home(3).then(Kind::Reuse, 3, 10_800 + 30, AWAY, FIREFOX);
    assert_eq!(soon.reuse().0, Some(Suspicion::Unclear));
    assert_eq!(soon.first().0, Alarm::Ask);
    let late = Story::at_home(3).then(Kind::Reuse, 3, 10_800 + 301, AWAY, FIREFOX);
    assert_eq!(late.reuse().0, Some(Suspicion::Stolen));
    for unknown in ["2001:db8::1", ""] {
        let story = Story::at_home(3).then(Kind::Reuse, 2, 40_000, unknown, FIREFOX);
        assert_eq!(story.reuse().0, Some(Suspicion::Unclear));
    }
}

#[test]
fn a_token_whose_first_use_is_forgotten_is_compared_with_everybody_known() {
    let forgotten = |from, with| {
        let mut story = Story::at_home(5).then(Kind::Reuse, 1, 90_000, from, with);
        story.0.drain(..3);
        story
    };
    let stranger = forgotten(AWAY, CHROME);
    assert_eq!(stranger.reuse().0, Some(Suspicion::Stolen));
    assert_eq!(stranger.first().2, [7]);
    assert_eq!(judge(&stranger.0).forgotten, 3);
    assert_eq!(
        forgotten(HOME, FIREFOX).reuse().0,
        Some(Suspicion::KeptCopy)
    );
}

#[test]
fn one_token_from_two_clients_within_the_grace_is_worth_asking() {
    for kind in [Kind::Retry, Kind::Straggler] {
        let story = Story::at_home(3).then(kind, 3, 10_804, AWAY, CHROME);
        assert_eq!(
            story.first(),
            (
                Alarm::Ask,
                "One token came from two different clients 4 s apart".to_owned(),
                vec![4, 5]
            )
        );
    }
    let phone = Story::at_home(3).then(Kind::Retry, 3, 10_804, AWAY, FIREFOX);
    assert_eq!(phone.first().0, Alarm::Notice);
    let neighbour = Story::at_home(3).then(Kind::Retry, 3, 10_804, HOME_AGAIN, FIREFOX);
    assert_eq!(neighbour.first().0, Alarm::Quiet);
}

#[test]
fn a_token_that_settles_for_another_than_it_was_given_to_is_worth_asking_whoever_uses_it_later() {
    let settled = |from, with| {
        Story::at_home(3)
            .then(Kind::Retry, 3, 10_801, HOME, FIREFOX)
            .then(Kind::Retry, 4, 10_804, from, with)
    };
    for story in [
        settled(AWAY, CHROME),
        settled(AWAY, CHROME).then(Kind::Rotate, 5, 90_000, AWAY, CHROME),
        settled(AWAY, CHROME).then(Kind::Rotate, 5, 90_000, HOME, FIREFOX),
    ] {
        let verdict = judge(&story.0);
        let mut found = verdict.findings.iter().collect::<Vec<_>>();
        found.retain(|finding| finding.evidence() == [4, 6]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].alarm(), Alarm::Ask);
        let words = found[0].words();
        assert_eq!(
            words.title,
            "A token that one client was given came from another 4 s later"
        );
        assert!(words.seen.starts_with("Generation 4 was given at "));
    }
    assert_eq!(settled(AWAY, FIREFOX).first().0, Alarm::Notice);
    // Whoever uses it the next day was not there when it settled.
    let moved = settled(HOME, FIREFOX).then(Kind::Rotate, 5, 90_000, AWAY, FIREFOX);
    assert_eq!(moved.first().0, Alarm::Quiet);
}

#[test]
fn client_and_network_that_change_at_once_are_worth_asking() {
    let story = Story::at_home(3).then(Kind::Rotate, 5, 20_000, AWAY, CHROME);
    assert_eq!(
        story.first(),
        (
            Alarm::Ask,
            "Client and network changed at once: worth asking".to_owned(),
            vec![4, 5]
        )
    );
    let same_network = Story::at_home(3).then(Kind::Rotate, 5, 20_000, HOME, CHROME);
    assert_eq!(same_network.first().0, Alarm::Notice);
    let moved = Story::at_home(3).then(Kind::Rotate, 5, 20_000, AWAY, FIREFOX);
    assert_eq!(moved.first().0, Alarm::Quiet);
    let updated = Story::at_home(3).then(Kind::Rotate, 5, 20_000, HOME, NEWER_FIREFOX);
    assert_eq!(updated.first().0, Alarm::Quiet);
}

#[test]
fn two_holders_who_take_turns_are_found_and_told_from_a_moving_phone() {
    let turns = |other_agent, turns: i64| {
        let mut story = Story::at_home(1);
        for turn in 0..turns {
            let (from, with) = if turn % 2 == 0 {
                (AWAY, other_agent)
            } else {
                (HOME, FIREFOX)
            };
            story = story.then(Kind::Rotate, turn + 3, 4_000 * (turn + 2), from, with);
        }
        story
    };
    let two = turns(CHROME, 3);
    assert_eq!(
        two.titles(),
        [(
            Alarm::Ask,
            "Two different clients take turns with this session: likely two holders".to_owned()
        )]
    );
    assert_eq!(two.first().2, [3, 4, 5]);
    let phone = turns(FIREFOX, 5);
    assert_eq!(phone.first().0, Alarm::Notice);
    assert_eq!(phone.first().2, [3, 4, 5, 6, 7]);
    assert_eq!(turns(FIREFOX, 2).first().0, Alarm::Quiet);
}

#[test]
fn a_holder_who_stays_for_many_rotations_takes_one_turn() {
    let mut story = Story::at_home(4);
    for generation in 6..10 {
        story = story.then(Kind::Rotate, generation, 20_000 + generation, AWAY, FIREFOX);
    }
    assert_eq!(story.first().0, Alarm::Quiet);
    assert_eq!(
        judge(&story.0).findings[0].words().seen,
        "8 rotations from 2 networks with one client, as when a phone or laptop moves."
    );
}

#[test]
fn many_repeats_are_a_bad_line() {
    let mut story = Story::at_home(3);
    for second in 1..=4 {
        story = story.then(Kind::Retry, 3, 10_800 + second, HOME, FIREFOX);
    }
    assert_eq!(story.first().0, Alarm::Quiet);
    let story = story.then(Kind::Straggler, 2, 10_806, HOME, FIREFOX);
    assert_eq!(story.first().0, Alarm::Notice);
    assert_eq!(story.first().2, [5, 6, 7, 8, 9]);
}

#[test]
fn the_most_serious_is_said_first() {
    let mut story = Story::at_home(1);
    for second in 1..=5 {
        story = story.then(Kind::Retry, 1, 3_600 + second, HOME, FIREFOX);
    }
    let story = story.then(Kind::Rotate, 3, 8_000, AWAY, CHROME).then(
        Kind::Reuse,
        2,
        90_000,
        HOME,
        FIREFOX,
    );
    let alarms: Vec<Alarm> = story.titles().into_iter().map(|(alarm, _)| alarm).collect();
    assert_eq!(alarms, [Alarm::Theft, Alarm::Ask, Alarm::Notice]);
}

#[test]
fn who_ended_a_session_is_not_taken_for_its_holder() {
    let story = Story::at_home(3).then(Kind::End, 4, 20_000, AWAY, CHROME);
    assert_eq!(
        story.first(),
        (Alarm::Quiet, "Nothing unusual".to_owned(), vec![])
    );
}

#[test]
fn a_session_without_rotations_says_so_and_no_lineage_at_all_is_no_error() {
    for story in [Story::at_home(0), Story::default()] {
        let verdict = judge(&story.0);
        assert_eq!(
            verdict.findings[0].words().seen,
            "It was not refreshed yet."
        );
        assert_eq!(verdict.forgotten, 0);
    }
}

#[test]
fn what_changed_between_first_and_last_is_said_for_both_halves() {
    let changes = |networks, clients| {
        super::words::changes(Difference { networks, clients }, "Firefox on Linux", "curl")
            .join("; ")
    };
    assert_eq!(
        changes(Networks::SameNetwork(24), Clients::Same),
        "another address of the same network (/24); same client"
    );
    assert_eq!(
        changes(Networks::Other, Clients::Other),
        "another network; Firefox on Linux → curl"
    );
}

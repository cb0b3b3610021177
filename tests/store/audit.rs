//! The audit by itself: what its filters find, what its pages keep, what is counted with each row, and the walk in pieces.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hub::store::audit::{self, Action, Chain, Entry, Extent, Filter, Walk};
use hub::store::{Change, StoreError, Tx};
use hub::types::cause::{Actor, Cause};
use hub::types::entropy::{Entropy, SeededEntropy};
use hub::types::ids::{RequestId, UserId};
use hub::types::time::{Clock, HandClock, Hour, Timestamp};
use hub::types::user_agent::UserAgent;

use crate::Stage;

const BEGINNING: Timestamp = Timestamp::from_seconds(1_757_172_645);
/// Enough for a choice among them to meet every branch, few enough for a filter to find several rows.
const ACTIONS: [Action; 5] = [
    Action::SessionStart,
    Action::SessionEnd,
    Action::SessionReuse,
    Action::SignInRefused,
    Action::UserRole,
];

/// Writes rows, some hundred in one commit.
struct Rows(Vec<(Cause, Action, Option<String>)>);

impl Change for Rows {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        for (cause, action, target) in self.0 {
            tx.audit(&cause, action, target, Some("canary='%_".to_owned()))?;
        }
        Ok(())
    }
}

/// Dice.
struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, sides: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_be_bytes(bytes) % sides
    }

    fn of<'all, T>(&self, all: &'all [T]) -> &'all T {
        let at = usize::try_from(self.below(all.len() as u64)).expect("an index");
        &all[at]
    }
}

/// A stage whose audit has `count` rows of few users from few addresses, on a wall clock that is set back now and then.
fn filled(count: usize, seed: u64) -> (Stage, Vec<Entry>) {
    let stage = Stage::new();
    let chance = Chance(SeededEntropy::new(seed));
    let clock = HandClock::at(BEGINNING);
    let mut request = RequestId::generate(&chance.0);
    let mut rows = Vec::new();
    for _ in 0..count {
        clock.advance(Duration::from_secs(chance.below(600)));
        if chance.below(40) == 0 {
            let back = Duration::from_secs(chance.below(7_200));
            clock.set_wall(clock.now().wall.minus(back));
        }
        if chance.below(2) == 0 {
            request = RequestId::generate(&chance.0);
        }
        let user = UserId(i64::try_from(chance.below(6)).expect("small"));
        let third = u8::try_from(chance.below(4)).expect("small");
        let cause = Cause {
            actor: *chance.of(&[
                Actor::Anonymous,
                Actor::System,
                Actor::CommandLine { uid: 0 },
                Actor::User(user),
            ]),
            at: clock.now(),
            address: chance
                .of(&[None, Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, third)))])
                .to_owned(),
            user_agent: UserAgent::unknown(),
            request_id: (chance.below(5) > 0).then_some(request),
        };
        let target = (chance.below(4) > 0).then(|| format!("user:{user}"));
        rows.push((cause, *chance.of(&ACTIONS), target));
    }
    stage.store.write_blocking(Rows(rows)).expect("written");
    let mut written = read(&stage, |db| {
        audit::list(
            db,
            &Filter {
                limit: u32::MAX,
                ..Filter::default()
            },
        )
    });
    assert_eq!(written.len(), count);
    written.reverse();
    (stage, written)
}

fn read<T>(stage: &Stage, read: impl FnOnce(&hub::store::Db<'_>) -> Result<T, StoreError>) -> T {
    stage.store.read(read).expect("readable")
}

/// What the filter must find, by looking at each row; newest first.
fn naive<'all>(all: &'all [Entry], filter: &Filter) -> Vec<&'all Entry> {
    let is = |wanted: &Option<String>, found: Option<&String>| {
        wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
    };
    let passes = |entry: &&Entry| {
        let action = filter.action.as_ref().is_none_or(|wanted| {
            *wanted == entry.action || entry.action.starts_with(&format!("{wanted}."))
        });
        action
            && is(&filter.actor, Some(&entry.actor))
            && is(&filter.target, entry.target.as_ref())
            && is(&filter.address, entry.address.as_ref())
            && is(&filter.request_id, entry.request_id.as_ref())
            && filter.since.is_none_or(|since| entry.at >= since)
            && filter.until.is_none_or(|until| entry.at < until)
    };
    all.iter().rev().filter(passes).collect()
}

/// A filter that takes about every third condition from some row, so that it often finds something.
fn any_filter(all: &[Entry], chance: &Chance) -> Filter {
    let row = chance.of(all);
    let third = || chance.below(3) == 0;
    let group = |action: &str| action.split('.').next().unwrap_or_default().to_owned();
    let action = match chance.below(4) {
        0 => Some(row.action.clone()),
        1 => Some(group(&row.action)),
        _ => None,
    };
    let some = |text: &str| third().then(|| text.to_owned());
    let other = chance.of(all).at;
    Filter {
        actor: some(&row.actor),
        action,
        target: row.target.as_deref().and_then(some),
        address: row.address.as_deref().and_then(some),
        request_id: row.request_id.as_deref().and_then(some),
        since: third().then_some(row.at.min(other)),
        until: third().then_some(row.at.max(other)),
        limit: 0,
    }
}

/// Every page from the newest on, and back again.
fn walk(stage: &Stage, filter: &Filter, extent: &Extent, size: u32) -> (Vec<Entry>, Vec<Entry>) {
    let (mut down, mut up) = (Vec::new(), Vec::new());
    loop {
        let from = down.last().map_or(i64::MAX, |last: &Entry| last.id);
        let page = read(stage, |db| audit::before(db, filter, extent, from, size));
        if page.is_empty() {
            break;
        }
        down.extend(page);
    }
    loop {
        let from = up.first().map_or(0, |first: &Entry| first.id);
        let page = read(stage, |db| audit::after(db, filter, extent, from, size));
        if page.is_empty() {
            break;
        }
        up.splice(0..0, page);
    }
    (down, up)
}

#[test]
fn every_filter_finds_what_looking_at_each_row_finds_in_pages_that_lose_and_repeat_none() {
    let (stage, all) = filled(600, 3);
    let chance = Chance(SeededEntropy::new(11));
    let mut found_some = 0;
    for _ in 0..400 {
        let filter = any_filter(&all, &chance);
        let expected = naive(&all, &filter);
        let extent = read(&stage, |db| audit::extent(db, &filter));
        assert_eq!(
            usize::try_from(extent.total),
            Ok(expected.len()),
            "{filter:?}"
        );
        let size = 1 + u32::try_from(chance.below(60)).expect("small");
        let (down, up) = walk(&stage, &filter, &extent, size);
        assert!(down.iter().eq(expected.iter().copied()), "{filter:?}");
        assert_eq!(up, down, "{filter:?}");
        for (newer, entry) in (0..).zip(&down) {
            let counted = read(&stage, |db| audit::newer(db, &filter, &extent, entry.id));
            assert_eq!(counted, newer, "{filter:?}");
        }
        let limited = Filter { limit: 7, ..filter };
        let listed = read(&stage, |db| audit::list(db, &limited));
        assert!(listed.iter().eq(expected.iter().copied().take(7)));
        found_some += u32::from(!expected.is_empty());
    }
    assert!(found_some > 200, "{found_some}");
}

#[test]
fn hostile_filters_find_nothing_and_break_nothing() {
    let (stage, all) = filled(20, 5);
    for hostile in [
        "' OR 1=1 --",
        "%",
        "_",
        "user:%",
        "",
        "\0",
        "session.",
        "\u{202e}",
        "🦀",
    ] {
        let text = Some(hostile.to_owned());
        for filter in [
            Filter {
                actor: text.clone(),
                ..Filter::default()
            },
            Filter {
                action: text.clone(),
                ..Filter::default()
            },
            Filter {
                target: text.clone(),
                ..Filter::default()
            },
            Filter {
                address: text.clone(),
                ..Filter::default()
            },
            Filter {
                request_id: text.clone(),
                ..Filter::default()
            },
        ] {
            let extent = read(&stage, |db| audit::extent(db, &filter));
            assert_eq!(extent.total, 0, "{filter:?}");
        }
    }
    let nothing = Filter {
        since: Some(all[0].at),
        until: Some(all[0].at),
        ..Filter::default()
    };
    assert_eq!(read(&stage, |db| audit::extent(db, &nothing)).total, 0);
}

#[test]
fn rows_written_after_a_list_was_begun_stay_out_of_its_pages() {
    let (stage, all) = filled(30, 6);
    let filter = Filter::default();
    let extent = read(&stage, |db| audit::extent(db, &filter));
    let cause = Cause {
        actor: Actor::System,
        at: HandClock::at(BEGINNING).now(),
        address: None,
        user_agent: UserAgent::unknown(),
        request_id: None,
    };
    let late = Rows(vec![(cause, Action::UserRole, None)]);
    stage.store.write_blocking(late).expect("written");
    let (down, up) = walk(&stage, &filter, &extent, 7);
    assert!(down.iter().eq(all.iter().rev()));
    assert_eq!(up, down);
}

#[test]
fn an_audit_without_rows_has_pages_too() {
    let stage = Stage::new();
    let filter = Filter {
        since: Some(BEGINNING),
        ..Filter::default()
    };
    for filter in [Filter::default(), filter] {
        let extent = read(&stage, |db| audit::extent(db, &filter));
        assert_eq!(extent.total, 0);
        assert_eq!(walk(&stage, &filter, &extent, 5), (vec![], vec![]));
    }
}

#[test]
fn each_row_is_counted_in_its_hour() {
    let (stage, all) = filled(500, 4);
    let first = all
        .iter()
        .map(|entry| Hour::of(entry.at))
        .min()
        .expect("rows");
    let last = all
        .iter()
        .map(|entry| Hour::of(entry.at))
        .max()
        .expect("rows");
    for from in [
        first,
        Hour::from_number(i64::midpoint(first.number(), last.number())),
    ] {
        let tallies = read(&stage, |db| audit::hours(db, from));
        for tally in &tallies {
            let counted = all
                .iter()
                .filter(|entry| Hour::of(entry.at) == tally.hour && entry.action == tally.action);
            assert_eq!(
                usize::try_from(tally.entries),
                Ok(counted.count()),
                "{tally:?}"
            );
        }
        let sum: i64 = tallies.iter().map(|tally| tally.entries).sum();
        let rows = all
            .iter()
            .filter(|entry| Hour::of(entry.at) >= from)
            .count();
        assert_eq!(usize::try_from(sum), Ok(rows));
    }
}

#[test]
fn a_walk_in_pieces_ends_where_the_walk_in_one_ends() {
    let (stage, all) = filled(2_300, 8);
    let mut walk = Walk::begin();
    let mut pieces = 0;
    let chain = loop {
        pieces += 1;
        if let Some(chain) = read(&stage, |db| walk.step(db)) {
            break chain;
        }
        assert_eq!(walk.rows(), (1_000 * pieces).min(2_300));
        assert!(pieces < 10);
    };
    assert_eq!(pieces, 4);
    assert_eq!(walk.rows(), 2_300);
    assert_eq!(chain, read(&stage, audit::verify));
    let head = all[2_299].hash;
    assert_eq!(chain, Chain::Whole { rows: 2_300, head });
    assert_eq!(walk.first_at, Some(all[0].at));
    assert_eq!(walk.last_at, Some(all[2_299].at));
}

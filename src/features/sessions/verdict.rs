//! What to think of a session, from its lineage alone: rules, the most serious first, each with the events that it rests on.
//!
//! A rule never decides anything: who is a thief cannot be known from here. It saves the person who looks from comparing a hundred lines.

pub mod comparison;
pub mod words;

use std::time::Duration;

use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::verdict::comparison::{Clients, Difference, Networks, network};
use crate::types::span;

/// From so many repeated tokens on, the client or its line is worth a word: fewer come with every lost connection.
pub const MANY_REPEATS: usize = 5;
/// Changes of hands in A, B, A, B: one or two are a move, three are a pattern.
const ALTERNATING_SWITCHES: usize = 3;
/// A phone that loses an answer while it changes networks asks again within this time.
const LOST_ANSWER: Duration = Duration::from_mins(5);

/// How much it should worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Somebody else very likely holds or held the session.
    Theft,
    /// Only its owner can say whether that was they.
    Ask,
    /// Good to know; harmless by itself.
    Notice,
    /// Nothing stands out.
    Quiet,
}

/// What a second use of a token after the grace looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// Two clients, or one from two networks: two holders.
    Stolen,
    /// It fits two holders as well as one.
    Unclear,
    /// One client in one place, whose newer token never arrived.
    LostAnswer,
    /// One client in one place that came back with an old copy.
    KeptCopy,
}

/// Which of two uses of one token does not fit the client that the token was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// The one that came first and was answered.
    First,
    /// The one that came second and was refused.
    Second,
    /// Neither or both.
    Unknown,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<'a> {
    /// A used token came again after the grace. The session was ended for it.
    Reuse {
        /// The first use, if still kept.
        first: Option<&'a Event>,
        /// The second.
        second: &'a Event,
        /// How they compare; with every client that is known, if the first is not.
        difference: Difference,
        /// What it looks like.
        suspicion: Suspicion,
        /// Who does not fit.
        stranger: Stranger,
    },
    /// One token came twice within the grace, from different clients or networks; or settled for another than it was made for.
    Shared {
        /// The first use, or what made it.
        first: &'a Event,
        /// The second, or the first.
        second: &'a Event,
        /// How they compare.
        difference: Difference,
    },
    /// Two holders take turns.
    Alternation {
        /// One holder, the last time it took over.
        one: &'a Event,
        /// The other.
        other: &'a Event,
        /// Each change of hands.
        switches: Vec<i64>,
        /// How they compare.
        difference: Difference,
    },
    /// Another client went on with the session.
    Moved {
        /// The last use before.
        before: &'a Event,
        /// The first use after.
        after: &'a Event,
        /// How they compare.
        difference: Difference,
    },
    /// Many tokens came more than once within the grace.
    Repeats {
        /// Those that repeated the last one, answered in the same bytes.
        retries: usize,
        /// Those that were older.
        stragglers: usize,
        /// Some of them, newest last.
        evidence: Vec<i64>,
    },
    /// No rule found anything.
    Quiet {
        /// Rotations among the events that are kept.
        rotations: usize,
        /// Networks that they came from.
        networks: usize,
    },
}

/// What all rules found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The most serious first; never empty.
    pub findings: Vec<Finding<'a>>,
    /// Older events that are no longer kept, so that no rule saw them.
    pub forgotten: i64,
}

/// Judges a session by its events, oldest first.
#[must_use]
pub fn judge(events: &[Event]) -> Verdict<'_> {
    let alternation = alternation(events);
    let two_clients = alternation.as_ref().is_some_and(
        |found| matches!(found, Finding::Alternation { difference, .. } if difference.clients == Clients::Other),
    );
    let mut findings: Vec<Finding<'_>> = [
        reuse(events),
        shared(events),
        alternation,
        // Whoever takes turns has moved, too: said once.
        moved(events).filter(|_| !two_clients),
        repeats(events),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.sort_by_key(Finding::alarm);
    if findings.is_empty() {
        findings.push(quiet(events));
    }
    Verdict {
        findings,
        forgotten: events.first().map_or(0, |first| first.position - 1),
    }
}

/// The events that a holder's present token made: the sign-in and the rotations.
fn uses(events: &[Event]) -> impl Iterator<Item = &Event> {
    events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Start | Kind::Rotate))
}

/// The event that made a generation.
#[must_use]
pub fn made(events: &[Event], generation: i64) -> Option<&Event> {
    uses(events).find(|event| event.generation == generation)
}

/// When a generation was first used: when the next was made.
#[must_use]
pub fn first_use(events: &[Event], generation: i64) -> Option<&Event> {
    made(events, generation + 1)
}

/// The first use of a token that came again; `None` if it settled, for then it was not used before.
#[must_use]
pub fn used_before<'a>(events: &'a [Event], repeated: &Event) -> Option<&'a Event> {
    first_use(events, repeated.generation).filter(|first| first.position < repeated.position)
}

fn reuse(events: &[Event]) -> Option<Finding<'_>> {
    let second = events.iter().rfind(|event| event.kind == Kind::Reuse)?;
    let Some(first) = first_use(events, second.generation) else {
        // So old that its first use is forgotten: compared with everybody who is known.
        let known: Vec<Difference> = uses(events)
            .map(|known| Difference::between(known, second))
            .collect();
        let near = known.iter().find(|difference| difference.is_slight());
        return Some(Finding::Reuse {
            first: None,
            second,
            difference: *near.or(known.last()).unwrap_or(&Difference {
                networks: Networks::Unknown,
                clients: Clients::Other,
            }),
            suspicion: if near.is_some() {
                Suspicion::KeptCopy
            } else {
                Suspicion::Stolen
            },
            stranger: Stranger::Unknown,
        });
    };
    let difference = Difference::between(first, second);
    let was_the_last = made(events, first.generation + 1).is_none();
    let soon = span::between(first.at, second.at) <= LOST_ANSWER;
    Some(Finding::Reuse {
        first: Some(first),
        second,
        difference,
        suspicion: suspicion(difference, was_the_last && soon),
        stranger: stranger(made(events, second.generation), first, second),
    })
}

fn suspicion(difference: Difference, perhaps_lost: bool) -> Suspicion {
    match (difference.clients, difference.networks) {
        (Clients::Other, _) => Suspicion::Stolen,
        (_, Networks::SameAddress | Networks::SameNetwork(_)) if perhaps_lost => {
            Suspicion::LostAnswer
        }
        (_, Networks::SameAddress | Networks::SameNetwork(_)) => Suspicion::KeptCopy,
        (_, Networks::Other) if !perhaps_lost => Suspicion::Stolen,
        (_, Networks::Other | Networks::Versions | Networks::Unknown) => Suspicion::Unclear,
    }
}

fn stranger(given: Option<&Event>, first: &Event, second: &Event) -> Stranger {
    let Some(given) = given else {
        return Stranger::Unknown;
    };
    let fits = |event| Difference::between(given, event).is_slight();
    match (fits(first), fits(second)) {
        (true, false) => Stranger::Second,
        (false, true) => Stranger::First,
        _ => Stranger::Unknown,
    }
}

fn shared(events: &[Event]) -> Option<Finding<'_>> {
    let found = events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Retry | Kind::Straggler))
        .filter_map(|second| {
            // What settled is compared with whom it was made for.
            let first = used_before(events, second).or(made(events, second.generation))?;
            let difference = Difference::between(first, second);
            let apart =
                difference.clients == Clients::Other || difference.networks == Networks::Other;
            apart.then_some(Finding::Shared {
                first,
                second,
                difference,
            })
        });
    // The most serious, and of those the last.
    found.min_by_key(|finding| (finding.alarm(), -finding.evidence().last().unwrap_or(&0)))
}

fn alternation(events: &[Event]) -> Option<Finding<'_>> {
    let mut turns: Vec<&Event> = Vec::new();
    for event in uses(events) {
        if turns.last().is_none_or(|last| !is_one_holder(last, event)) {
            turns.push(event);
        }
    }
    let mut switches: Vec<i64> = Vec::new();
    let mut longest: Option<(Vec<i64>, &Event, &Event)> = None;
    for at in 1..turns.len() {
        let returns = at >= 2 && is_one_holder(turns[at], turns[at - 2]);
        if !returns {
            switches.clear();
        }
        switches.push(turns[at].position);
        let known = longest.as_ref().map_or(0, |(known, _, _)| known.len());
        if switches.len() >= ALTERNATING_SWITCHES && switches.len() >= known {
            longest = Some((switches.clone(), turns[at - 1], turns[at]));
        }
    }
    let (switches, one, other) = longest?;
    Some(Finding::Alternation {
        one,
        other,
        switches,
        difference: Difference::between(one, other),
    })
}

/// Whether two uses can be told apart neither by network nor by client.
#[must_use]
pub fn is_one_holder(one: &Event, other: &Event) -> bool {
    let same_network = one.address.and_then(network) == other.address.and_then(network);
    same_network && Difference::between(one, other).clients != Clients::Other
}

fn moved(events: &[Event]) -> Option<Finding<'_>> {
    let uses: Vec<&Event> = uses(events).collect();
    let found = uses.windows(2).filter_map(|pair| {
        let difference = Difference::between(pair[0], pair[1]);
        (difference.clients == Clients::Other).then_some(Finding::Moved {
            before: pair[0],
            after: pair[1],
            difference,
        })
    });
    found.min_by_key(|finding| (finding.alarm(), -finding.evidence().last().unwrap_or(&0)))
}

fn repeats(events: &[Event]) -> Option<Finding<'_>> {
    /// Enough to find them in the list; the list has them all.
    const SHOWN: usize = 5;
    let of = |kind: Kind| events.iter().filter(move |event| event.kind == kind);
    let (retries, stragglers) = (of(Kind::Retry).count(), of(Kind::Straggler).count());
    let mut evidence: Vec<i64> = of(Kind::Retry)
        .chain(of(Kind::Straggler))
        .map(|event| event.position)
        .collect();
    evidence.sort_unstable();
    (retries + stragglers >= MANY_REPEATS).then(|| Finding::Repeats {
        retries,
        stragglers,
        evidence: evidence.split_off(evidence.len().saturating_sub(SHOWN)),
    })
}

fn quiet(events: &[Event]) -> Finding<'_> {
    let mut networks: Vec<_> = uses(events)
        .map(|event| event.address.and_then(network))
        .collect();
    networks.sort();
    networks.dedup();
    Finding::Quiet {
        rotations: events
            .iter()
            .filter(|event| event.kind == Kind::Rotate)
            .count(),
        networks: networks.len(),
    }
}

impl Finding<'_> {
    /// How much it should worry.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        match self {
            Self::Reuse { suspicion, .. } => match suspicion {
                Suspicion::Stolen => Alarm::Theft,
                Suspicion::Unclear => Alarm::Ask,
                Suspicion::LostAnswer | Suspicion::KeptCopy => Alarm::Notice,
            },
            Self::Shared { difference, .. } | Self::Alternation { difference, .. } => {
                match difference.clients {
                    Clients::Other => Alarm::Ask,
                    Clients::Same | Clients::Update => Alarm::Notice,
                }
            }
            Self::Moved { difference, .. } => match difference.networks {
                Networks::SameAddress | Networks::SameNetwork(_) => Alarm::Notice,
                Networks::Versions | Networks::Unknown | Networks::Other => Alarm::Ask,
            },
            Self::Repeats { .. } => Alarm::Notice,
            Self::Quiet { .. } => Alarm::Quiet,
        }
    }

    /// The positions of the events that it rests on, oldest first.
    #[must_use]
    pub fn evidence(&self) -> Vec<i64> {
        match self {
            Self::Reuse { first, second, .. } => first
                .iter()
                .map(|event| event.position)
                .chain([second.position])
                .collect(),
            Self::Shared { first, second, .. } => vec![first.position, second.position],
            Self::Moved { before, after, .. } => vec![before.position, after.position],
            Self::Alternation { switches, .. } => switches.clone(),
            Self::Repeats { evidence, .. } => evidence.clone(),
            Self::Quiet { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

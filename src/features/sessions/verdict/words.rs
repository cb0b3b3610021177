//! A verdict in plain words: what was found, what was seen, what to do.

use std::time::Duration;

use crate::features::sessions::lineage::Event;
use crate::features::sessions::verdict::comparison::{Clients, Difference, Networks};
use crate::features::sessions::verdict::{Finding, Stranger, Suspicion};
use crate::types::span;
use crate::types::time::Timestamp;

/// A finding for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The finding in one line.
    pub title: String,
    /// What it rests on.
    pub seen: String,
    /// What to do.
    pub advice: &'static str,
}

impl Finding<'_> {
    /// The finding in words.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::Reuse {
                first: Some(first),
                second,
                difference,
                suspicion,
                stranger,
            } => Words {
                title: reuse_title(*suspicion, *difference, apart(first, second)),
                seen: reuse_seen(first, second, *stranger),
                advice: reuse_advice(*suspicion),
            },
            Self::Reuse {
                first: None,
                second,
                suspicion,
                ..
            } => Words {
                title: old_reuse_title(*suspicion).to_owned(),
                seen: format!(
                    "Generation {} came again at {} from {}. Its first use is so long ago that it is no longer kept. \
                     The session was ended for everybody who held it.",
                    second.generation,
                    minute(second.at),
                    place(second)
                ),
                advice: reuse_advice(*suspicion),
            },
            Self::Shared {
                first,
                second,
                difference,
            } => shared(first, second, *difference),
            Self::Alternation {
                one,
                other,
                switches,
                difference,
            } => alternation(one, other, switches.len(), *difference),
            Self::Moved {
                before,
                after,
                difference,
            } => moved(before, after, *difference),
            Self::Repeats {
                retries,
                stragglers,
                ..
            } => repeats(*retries, *stragglers),
            Self::Quiet {
                rotations,
                networks,
            } => quiet(*rotations, *networks),
        }
    }
}

fn reuse_title(suspicion: Suspicion, difference: Difference, apart: Duration) -> String {
    let apart = span::words(apart);
    match (suspicion, difference.networks) {
        (Suspicion::Stolen, Networks::Other) => {
            format!("Used twice from different addresses {apart} apart: likely stolen")
        }
        (Suspicion::Stolen, _) => {
            format!("Used twice by different clients {apart} apart: likely stolen")
        }
        (Suspicion::Unclear, _) => {
            format!("Used twice {apart} apart: two holders, or one client that changed its network")
        }
        (Suspicion::LostAnswer, _) => {
            format!("Used twice by one client {apart} apart: likely an answer that got lost")
        }
        (Suspicion::KeptCopy, _) => {
            format!("Used twice by one client {apart} apart: likely an old copy")
        }
    }
}

const fn old_reuse_title(suspicion: Suspicion) -> &'static str {
    match suspicion {
        Suspicion::Stolen | Suspicion::Unclear => {
            "An old token came again from a place that is not known here: likely stolen"
        }
        Suspicion::LostAnswer | Suspicion::KeptCopy => {
            "An old token came again from a place that is known here: likely an old copy"
        }
    }
}

fn reuse_seen(first: &Event, second: &Event, stranger: Stranger) -> String {
    let seen = format!(
        "Generation {} was used at {} from {}, and again at {} from {}. The session was ended for both.",
        second.generation,
        minute(first.at),
        place(first),
        minute(second.at),
        place(second)
    );
    let held = span::words(apart(first, second));
    match stranger {
        Stranger::First => format!(
            "{seen} The token had been given to the one who came second: whoever came first held the session for {held}."
        ),
        Stranger::Second => format!(
            "{seen} The token had been given to the one who came first: whoever came second was refused and got nothing."
        ),
        Stranger::Unknown => seen,
    }
}

const fn reuse_advice(suspicion: Suspicion) -> &'static str {
    match suspicion {
        Suspicion::Stolen => {
            "Ask the user whether both places are theirs. If not, end all their sessions, set a new password, \
             and find out how the token left the client: a shared computer, a log, malicious software."
        }
        Suspicion::Unclear => {
            "Ask the user where they were. If they do not know the second place, treat it as stolen: end all their sessions \
             and set a new password."
        }
        Suspicion::LostAnswer => {
            "Nothing, if it stays at one. If it happens often, the client's line is bad: a longer refresh_grace helps. \
             (A thief who uses the same network and names the same client looks alike.)"
        }
        Suspicion::KeptCopy => {
            "Look for a restored backup, a cloned machine or an app that keeps its token twice. \
             (A thief who uses the same network and names the same client looks alike.)"
        }
    }
}

fn shared(first: &Event, second: &Event, difference: Difference) -> Words {
    let apart = span::words(apart(first, second));
    // Made by the one event and presented by the other: it settled, and nobody had used it before.
    let settled = first.generation == second.generation;
    let seen = if settled {
        format!(
            "Generation {} was given at {} to {}, and came {apart} later from {}: within the grace, so it was served.",
            second.generation,
            minute(first.at),
            place(first),
            place(second)
        )
    } else {
        format!(
            "Generation {} came at {} from {}, and {apart} later from {}: within the grace, so both were served.",
            second.generation,
            minute(first.at),
            place(first),
            place(second)
        )
    };
    match difference.clients {
        Clients::Other => Words {
            title: if settled {
                format!("A token that one client was given came from another {apart} later")
            } else {
                format!("One token came from two different clients {apart} apart")
            },
            seen,
            advice: "A token does not move between clients by itself. Ask the user; if one of them is not theirs, \
                     end all their sessions.",
        },
        Clients::Same | Clients::Update => Words {
            title: if settled {
                format!("A token that was given in one network came from another {apart} later")
            } else {
                format!("One token came from two networks {apart} apart")
            },
            seen,
            advice: "Nothing, if the client is a phone or uses several lines. Otherwise ask the user.",
        },
    }
}

fn alternation(one: &Event, other: &Event, switches: usize, difference: Difference) -> Words {
    let seen = format!(
        "The session changed {switches} times between {} and {}, the last time at {}.",
        place(one),
        place(other),
        minute(other.at)
    );
    match (difference.clients, difference.networks) {
        (Clients::Other, _) => Words {
            title: "Two different clients take turns with this session: likely two holders"
                .to_owned(),
            seen,
            advice: "Both read one store of tokens: a synchronized profile, a shared account, or a thief with access to it. \
                     Ask the user; when in doubt, end the session.",
        },
        (_, Networks::Versions) => Words {
            title: "One client over IPv4 and IPv6 in turn".to_owned(),
            seen,
            advice: "Nothing: clients with both choose anew each time.",
        },
        _ => Words {
            title: "Two networks take turns: a phone that moves, or two holders".to_owned(),
            seen,
            advice: "Usual for a phone between a household and its mobile network. For a client that does not move, ask the user.",
        },
    }
}

fn moved(before: &Event, after: &Event, difference: Difference) -> Words {
    let seen = format!(
        "Until {} it was {}; from {} on it was {}.",
        minute(before.at),
        place(before),
        minute(after.at),
        place(after)
    );
    match difference.networks {
        Networks::SameAddress | Networks::SameNetwork(_) => Words {
            title: "Another client on the same network went on with this session".to_owned(),
            seen,
            advice: "Often one app that names itself in two ways. A token does not move between clients by itself: \
                     if these are two machines, ask the user.",
        },
        Networks::Versions | Networks::Unknown | Networks::Other => Words {
            title: "Client and network changed at once: worth asking".to_owned(),
            seen,
            advice: "A token does not move between clients by itself. If the user does not know the new one, \
                     end all their sessions and set a new password.",
        },
    }
}

fn repeats(retries: usize, stragglers: usize) -> Words {
    Words {
        title: "Many tokens came again within the grace: a bad line, or a client that races itself"
            .to_owned(),
        seen: format!(
            "{} and {} among the events that are kept. All came within the grace, so the session went on.",
            count(retries, "retry", "retries"),
            count(stragglers, "straggler", "stragglers")
        ),
        advice: "Nothing for safety. An app that refreshes from several places at once should do so from one.",
    }
}

fn quiet(rotations: usize, networks: usize) -> Words {
    let seen = match (rotations, networks) {
        (0, _) => "It was not refreshed yet.".to_owned(),
        (_, 0 | 1) => format!(
            "{} from one network with one client.",
            count(rotations, "rotation", "rotations")
        ),
        _ => format!(
            "{} from {networks} networks with one client, as when a phone or laptop moves.",
            count(rotations, "rotation", "rotations")
        ),
    };
    Words {
        title: "Nothing unusual".to_owned(),
        seen,
        advice: "Nothing.",
    }
}

/// What lies between the first and the last use of a session.
#[must_use]
pub fn changes(difference: Difference, first: &str, last: &str) -> Vec<String> {
    let networks = match difference.networks {
        Networks::SameAddress => "same address".to_owned(),
        Networks::SameNetwork(bits) => format!("another address of the same network (/{bits})"),
        Networks::Versions => "IPv4 and IPv6: cannot be compared".to_owned(),
        Networks::Unknown => "an address is not known".to_owned(),
        Networks::Other => "another network".to_owned(),
    };
    let clients = match difference.clients {
        Clients::Same => "same client".to_owned(),
        Clients::Update => format!("{last}, another version of it"),
        Clients::Other => format!("{first} → {last}"),
    };
    vec![networks, clients]
}

fn apart(first: &Event, second: &Event) -> Duration {
    span::between(first.at, second.at)
}

/// `203.0.113.7 with Firefox on Linux`.
fn place(event: &Event) -> String {
    let device = event.user_agent.device();
    match event.address {
        Some(address) => format!("{address} with {device}"),
        None => format!("an unknown address with {device}"),
    }
}

/// `2025-09-06 15:30 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    match text.get(..16) {
        Some(minute) => format!("{} UTC", minute.replace('T', " ")),
        None => text,
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

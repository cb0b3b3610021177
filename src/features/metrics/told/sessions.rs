//! Refreshes, sign-ins, sessions and users.

use crate::features::metrics::family::Family;
use crate::features::metrics::watched::Watched;
use crate::features::sessions::store::many::tally::tally;
use crate::hub::counts::{Counts, Refresh, SignIn, SignInWay};

pub fn families(watched: &Watched) -> Vec<Family> {
    let mut families = vec![refreshes(&watched.counts), sign_ins(&watched.counts)];
    // A database that cannot be read is told by `hub_database_trusted`.
    if let Ok(tally) = watched.store.read(tally) {
        let state = |state: &str| [("state", state.to_owned())];
        families.push(
            Family::gauge(
                "hub_sessions",
                "Sessions in the database: live (ended by nobody; some may be past their time), ended, and reused (ended because a used token came again). Housekeeping removes them in time.",
            )
            .with(state("live"), tally.live)
            .with(state("ended"), tally.ended)
            .with(state("reused"), tally.reused),
        );
    }
    if let Ok(users) = watched.users() {
        let help = "Users, counted at most a minute ago.";
        families.push(Family::gauge("hub_users", help).of(users));
    }
    families
}

fn refreshes(counts: &Counts) -> Family {
    let family = Family::counter(
        "hub_refreshes",
        "Refreshes by the case of the session machine: its number (none where it did not judge) and a word for it.",
    );
    Refresh::ALL.into_iter().fold(family, |family, ended| {
        let (case, outcome) = ended.told();
        let labels = [("case", case.to_owned()), ("outcome", outcome.to_owned())];
        family.with(labels, counts.refreshes(ended))
    })
}

fn sign_ins(counts: &Counts) -> Family {
    let mut family = Family::counter(
        "hub_sign_ins",
        "Tries to sign in by way (api, browser, second_factor: the browser's second step) and outcome.",
    );
    for way in SignInWay::ALL {
        for ended in SignIn::ALL {
            let labels = [
                ("way", way.as_str().to_owned()),
                ("outcome", ended.as_str().to_owned()),
            ];
            family = family.with(labels, counts.sign_ins(way, ended));
        }
    }
    family
}

//! Sign-ins and registrations beside bare Argon2 on the same cores, and what refreshes feel of sign-ins.

use std::path::Path;

use crate::arguments::{Arguments, Part};
use crate::bare::argon2;
use crate::load::dialect::{Act, Dialect};
use crate::load::person::{Person, sign_up};
use crate::load::seat::{self, Job};
use crate::load::tally::Figures;
use crate::load::{closed, open};
use crate::progress;
use crate::servers::turn::{Pace, turn};
use crate::servers::{HubStart, Server};
use crate::told::row::{Row, p99, per_second};
use crate::told::spread::{Spread, with_range};
use crate::told::target::{Bound, Target};
use crate::told::{Told, put};

/// So many sign in without a pause: enough to keep every hashing thread at work, few enough that nobody is refused.
const SIGNING_IN: usize = 24;

/// So many refresh beside them, on the fixed schedule of 500 a second.
const REFRESHING: usize = 64;
const REFRESHES_PER_SECOND: u32 = 500;

/// A turn is so many times as long as others: a hash takes longer than a refresh.
const TIMES: u32 = 3;

/// Everything that is measured in every repetition.
struct Rows {
    bare: Vec<f64>,
    sign_in: Row,
    register: Row,
    alone: Row,
    beside: Row,
    between: Row,
}

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let dialect = Dialect::hub()?;
    let hub = Server::hub(HubStart {
        data: &scratch.join("hub"),
        settings: &arguments.hub_env,
        full_hashing: true,
        limits: false,
    })
    .await?;
    let mut signing = sign_up(SIGNING_IN, "signing", hub.address(), &dialect).await?;
    let mut refreshing = sign_up(REFRESHING, "beside", hub.address(), &dialect).await?;
    let pace = arguments.longer(TIMES);
    let of = |act| anyhow::Ok(Job::new(hub.address(), dialect.request(act)?));
    let (sign_in, refresh) = (of(Act::SignIn)?, of(Act::Refresh)?);
    let register = Job {
        renames: true,
        ..of(Act::Register)?
    };
    let mut registering = (0..SIGNING_IN)
        .map(|number| Person::named(number, format!("newcomer-{number}")))
        .collect();
    let mut rows = Rows {
        bare: Vec::new(),
        sign_in: Row::new("sign-in"),
        register: Row::new("register"),
        alone: Row::new("refresh, alone"),
        beside: Row::new("refresh, beside sign-ins"),
        between: Row::new("sign-in, beside refreshes"),
    };
    for repetition in 1..=arguments.repetitions() {
        progress(&format!("signing: repetition {repetition}"));
        let time = pace.time;
        rows.bare
            .push(tokio::task::spawn_blocking(move || argon2::per_second(time)).await??);
        let process = Some(hub.process());
        let figures;
        (signing, figures) = turn(pace, &sign_in, process, signing).await?;
        rows.sign_in.figures.push(figures);
        let figures;
        (registering, figures) = turn(pace, &register, process, registering).await?;
        rows.register.figures.push(figures);
        let scheduled = Pace {
            rate: Some(REFRESHES_PER_SECOND),
            ..pace
        };
        let figures;
        (refreshing, figures) = turn(scheduled, &refresh, process, refreshing).await?;
        rows.alone.figures.push(figures);
        let beside;
        ((refreshing, signing), beside) =
            beside_sign_ins(pace, (&refresh, refreshing), (&sign_in, signing)).await?;
        rows.beside.figures.push(beside.0);
        rows.between.figures.push(beside.1);
    }
    let memory = hub.process().memory()?;
    Ok(rows.told(memory.peak_mb))
}

/// Refreshes on their schedule while others sign in without a pause.
async fn beside_sign_ins(
    pace: Pace,
    (refresh, refreshing): (&Job, Vec<Person>),
    (sign_in, signing): (&Job, Vec<Person>),
) -> anyhow::Result<((Vec<Person>, Vec<Person>), (Figures, Figures))> {
    let seats = seat::connect(refreshing, refresh.to).await?;
    let storm = closed::Running::begin(sign_in, seat::connect(signing, sign_in.to).await?);
    tokio::time::sleep(pace.warm_up).await;
    let refreshed = open::at_rate(REFRESHES_PER_SECOND, pace.time, refresh, seats).await;
    let (signing, signed) = storm.end().await?;
    let (refreshing, refreshed) = refreshed?;
    let errors = [&refreshed.first_error, &signed.first_error];
    for error in errors.into_iter().flatten() {
        progress(&format!("  beside sign-ins: {error}"));
    }
    Ok((
        (seat::disconnect(refreshing), seat::disconnect(signing)),
        (refreshed.figures(None), signed.figures(None)),
    ))
}

impl Rows {
    fn told(self, peak_mb: f64) -> Told {
        let rows = [
            &self.sign_in,
            &self.register,
            &self.alone,
            &self.beside,
            &self.between,
        ];
        let errors = rows.iter().map(|row| row.errors()).sum();
        let to_bare = |row: &Row| Spread::of_ratios(&row.values(per_second), &self.bare);
        let bare = with_range(Spread::of(self.bare.iter().copied()), 1);
        let mut text = format!(
            "Passwords at their full cost (Argon2id, 19 MiB, two passes). Bare hashes, with memory that each thread keeps, on all cores and as urgent as the Hub's: {bare} a second. \
             {SIGNING_IN} clients sign in or register without a pause; {REFRESHING} refresh {REFRESHES_PER_SECOND} times a second together, each latency from \
             when its request was due.\n\n\
             | row | a second, median (range) | ÷ bare hashes (range) | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | wrong answers |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        );
        for row in rows {
            let ratio = to_bare(row).filter(|_| !row.name.starts_with("refresh"));
            put(
                &mut text,
                format_args!(
                    "| {} | {} | {} | {} | {} |\n",
                    row.name,
                    with_range(Spread::of(row.values(per_second)), 1),
                    with_range(ratio, 2),
                    row.percentiles(),
                    row.errors()
                ),
            );
        }
        put(
            &mut text,
            format_args!("\nThe Hub's memory at most: {peak_mb:.1} MB.\n"),
        );
        let per = |row: &Row| with_range(Spread::of(row.values(per_second)), 1);
        let p99_of = |row: &Row| with_range(Spread::of(row.values(p99)), 1);
        let targets = vec![
            Target::of_ratio(
                "sign-ins ÷ bare Argon2 hashes on the same cores",
                format!("{}/s", per(&self.sign_in)),
                to_bare(&self.sign_in),
                Bound::AtLeast(0.9),
                self.sign_in.errors(),
            ),
            Target::of_ratio(
                "registrations ÷ bare Argon2 hashes on the same cores",
                format!("{}/s", per(&self.register)),
                to_bare(&self.register),
                Bound::AtLeast(0.9),
                self.register.errors(),
            ),
            Target::of_ratio(
                "refresh p99 beside saturated sign-ins ÷ alone",
                format!(
                    "{} ms against {} ms",
                    p99_of(&self.beside),
                    p99_of(&self.alone)
                ),
                self.beside.ratio(&self.alone, p99),
                Bound::AtMost(4.0),
                self.beside.errors() + self.alone.errors() + self.between.errors(),
            ),
            Target::of_figure(
                "memory, the most beside saturated sign-ins",
                &[peak_mb],
                (1, " MB"),
                Bound::AtMost(100.0),
                errors,
            ),
        ];
        Told {
            part: Part::Signing,
            text,
            targets,
            errors,
        }
    }
}

//! Storms, with every limit at its default and each client at an address of its own: all of them returning at once after an outage, a storm of sign-ins
//! beside refreshes, and one client that never stops. Whoever is refused waits as long as it was told, and must not be refused again.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;

use crate::arguments::{Arguments, Part};
use crate::growth::{fill, settle, tokens};
use crate::load::dialect::{Act, Dialect};
use crate::load::person::{Person, sign_up};
use crate::load::seat::{self, Job, Seat};
use crate::load::tally::{Figures, Tally};
use crate::load::{closed, crowd, now, open};
use crate::progress;
use crate::servers::{HubStart, Server};
use crate::told::row::{Row, p99};
use crate::told::spread::{number, with_range};
use crate::told::target::{Bound, Target};
use crate::told::{Told, put};

/// What is done to the server, in numbers.
struct Sizes {
    /// Sessions that return.
    returning: usize,
    /// Within so many seconds.
    seconds: f64,
    /// People who sign in at once.
    signing: usize,
    /// Sessions that are in the database.
    sessions: u32,
    /// How long the client that never stops is let go on.
    rude: Duration,
}

/// So many refresh beside the storms, each with sessions enough to stay polite.
const POLITE: usize = 64;
/// Their addresses are behind those of everybody who returns.
const POLITE_FROM: usize = 1_000_000;
const POLITE_PER_SECOND: u32 = 500;
/// Connections that are open at once while everybody returns.
const AT_ONCE: usize = 256;

const HEAD: &str = "| storm | requests | a second | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | refused | longest wait told, s | refused again after it | wrong answers |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// One line of the table.
struct Line {
    name: String,
    figures: Figures,
    /// Refused once more after the wait that was told.
    again: u32,
}

/// Runs the part.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    let sizes = Sizes::of(arguments);
    let data = scratch.join("storms");
    progress("storms: filling a database");
    let (place, sessions, returning) = (data.clone(), sizes.sessions, sizes.returning);
    let mut walked = tokio::task::spawn_blocking(move || {
        let filled = fill(&place, sessions, u32::MAX)?;
        // Those who return are the last, in two crowds; the polite walk through the others.
        let first_crowd = filled.walked.len().saturating_sub(2 * returning);
        settle(&place, &filled.walked, |place| {
            match place.checked_sub(first_crowd) {
                Some(number) => number % returning,
                None => POLITE_FROM + place % POLITE,
            }
        })?;
        tokens::present(&place, &filled.walked)
    })
    .await??;
    let hub = start(arguments, &data).await?;
    let dialect = Dialect::hub()?;
    let refresh = Job {
        may_refuse: true,
        ..Job::new(hub.address(), dialect.request(Act::Refresh)?)
    };
    if walked.len() < 2 * sizes.returning + POLITE {
        bail!("only {} sessions can be refreshed", walked.len());
    }
    let paced = walked.split_off(walked.len() - sizes.returning);
    let at_once = walked.split_off(walked.len() - sizes.returning);
    let rude = walked.pop().map(|held| held.refresh).unwrap_or_default();
    let polite = tokens::deal_out(&walked, POLITE, POLITE_FROM);

    let mut lines = Vec::new();
    for (name, tokens, seconds) in [
        (
            format!(
                "{} sessions return within {:.0} s",
                paced.len(),
                sizes.seconds
            ),
            paced,
            Some(sizes.seconds),
        ),
        (
            format!("{} sessions return as fast as they can", at_once.len()),
            at_once,
            None,
        ),
    ] {
        progress(&format!("storms: {name}"));
        let people = tokens.into_iter().enumerate();
        let people = people.map(|(number, held)| Person::with_token(number, held.refresh));
        let came = crowd::come(people.collect(), refresh.clone(), seconds, AT_ONCE);
        let (tally, again, _) = came.await?;
        lines.push(Line::new(name, tally, again));
    }
    // A server of its own: one that has run for five minutes begins its housekeeping by itself.
    let returned_mb = hub.process().memory()?.peak_mb;
    hub.stop().await?;
    let hub = start(arguments, &data).await?;
    let refresh = Job {
        to: hub.address(),
        ..refresh
    };
    let rows = beside_storms(arguments, &sizes, &hub, &refresh, polite, rude, &mut lines).await?;
    let memory = hub.process().memory()?.peak_mb.max(returned_mb);
    Ok(told(&sizes, &lines, &rows, memory))
}

async fn start(arguments: &Arguments, data: &Path) -> anyhow::Result<Server> {
    Server::hub(HubStart {
        data,
        settings: &arguments.hub_env,
        full_hashing: true,
        limits: true,
    })
    .await
}

/// Sign-ins, and the client that never stops, while others refresh politely; repetition by repetition.
async fn beside_storms(
    arguments: &Arguments,
    sizes: &Sizes,
    hub: &Server,
    refresh: &Job,
    mut polite: Vec<Person>,
    rude: String,
    lines: &mut Vec<Line>,
) -> anyhow::Result<[Row; 3]> {
    let dialect = Dialect::hub()?;
    progress("storms: registering those who will sign in at once");
    let mut signing = sign_up(sizes.signing, "storm", hub.address(), &dialect).await?;
    let sign_in = Job {
        may_refuse: true,
        ..Job::new(hub.address(), dialect.request(Act::SignIn)?)
    };
    let mut rude = Person::with_token(POLITE + 1, rude);
    let mut rows = [
        Row::new("alone"),
        Row::new("beside the sign-ins"),
        Row::new("beside the client that never stops"),
    ];
    for repetition in 1..=arguments.repetitions().min(3) {
        progress(&format!(
            "storms: beside refreshes, repetition {repetition}"
        ));
        let (figures, back) = politely(sizes.rude, refresh, polite).await?;
        polite = back;
        rows[0].figures.push(figures);

        // Everybody signs in once; those who are refused come again until they are in.
        let at_once = signing.len();
        let come = crowd::come(signing, sign_in.clone(), Some(0.0), at_once);
        let storm = tokio::spawn(come);
        let (figures, back) = politely(sizes.rude, refresh, polite).await?;
        polite = back;
        rows[1].figures.push(figures);
        let (tally, again, people) = storm.await??;
        signing = people;
        let name = format!("{} people sign in at once", sizes.signing);
        lines.push(Line::new(name, tally, again));

        let never_stops = Job {
            is_rude: true,
            ..refresh.clone()
        };
        let seats = vec![Seat::take(rude, hub.address()).await?];
        let running = closed::Running::begin(&never_stops, seats);
        let (figures, back) = politely(sizes.rude, refresh, polite).await?;
        polite = back;
        rows[2].figures.push(figures);
        let (mut seats, mut tally) = running.end().await?;
        let again = at_its_word(&mut seats, refresh, &mut tally).await?;
        lines.push(Line::new(
            "one client that never stops, then waits as told".to_owned(),
            tally,
            again,
        ));
        rude = seats.pop().map(|seat| seat.person).unwrap_or_default();
    }
    Ok(rows)
}

/// Refreshes on their schedule.
async fn politely(
    time: Duration,
    refresh: &Job,
    polite: Vec<Person>,
) -> anyhow::Result<(Figures, Vec<Person>)> {
    let seats = seat::connect(polite, refresh.to).await?;
    let (seats, mut tally) = open::at_rate(POLITE_PER_SECOND, time, refresh, seats).await?;
    if let Some(error) = tally.first_error.take() {
        progress(&format!("  polite clients: {error}"));
    }
    Ok((tally.figures(None), seat::disconnect(seats)))
}

/// The client that never stopped waits for as long as it is told now; whether it is refused again then.
async fn at_its_word(seats: &mut [Seat], refresh: &Job, tally: &mut Tally) -> anyhow::Result<u32> {
    let mut again = 0;
    for seat in seats {
        if let Some(wait) = seat.count(refresh, now(), tally).await? {
            tokio::time::sleep(wait).await;
            if seat.count(refresh, now(), tally).await?.is_some() {
                again += 1;
            }
        }
    }
    Ok(again)
}

impl Sizes {
    fn of(arguments: &Arguments) -> Self {
        if arguments.quick {
            return Self {
                returning: 500,
                seconds: 1.0,
                signing: 12,
                sessions: 4_000,
                rude: Duration::from_secs(1),
            };
        }
        Self {
            returning: 100_000,
            seconds: 60.0,
            signing: 600,
            sessions: 400_000,
            rude: Duration::from_secs(20),
        }
    }
}

impl Line {
    fn new(name: String, mut tally: Tally, again: u32) -> Self {
        if let Some(error) = tally.first_error.take() {
            progress(&format!("  {name}: {error}"));
        }
        let figures = tally.figures(None);
        Self {
            name,
            figures,
            again,
        }
    }

    fn shown(&self) -> String {
        let row = Row {
            name: self.name.clone(),
            figures: vec![self.figures.clone()],
        };
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
            self.name,
            number(Some(f64::from(self.figures.answered)), 0),
            number(Some(self.figures.per_second), 0),
            row.percentiles(),
            self.figures.refused,
            self.figures.longest_told_seconds,
            self.again,
            self.figures.errors
        )
    }
}

fn told(sizes: &Sizes, lines: &[Line], rows: &[Row; 3], memory_mb: f64) -> Told {
    let [alone, signing, rude] = rows;
    let mut text = format!(
        "Limits and hashing as by default, a database of {} sessions, each client at an address of its own. Who returns opens a connection, refreshes once and \
         goes; latencies count from when it was due, waits that were told included.\n\n{HEAD}",
        number(Some(f64::from(sizes.sessions)), 0)
    );
    for line in lines {
        text.push_str(&line.shown());
    }
    put(
        &mut text,
        format_args!(
            "\n| {POLITE} clients that refresh {POLITE_PER_SECOND} times a second together | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | p99 ÷ alone (range) | refused | wrong answers |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        ),
    );
    for row in rows {
        let ratio = row.ratio(alone, p99).filter(|_| row.name != alone.name);
        put(
            &mut text,
            format_args!(
                "| {} | {} | {} | {} | {} |\n",
                row.name,
                row.percentiles(),
                with_range(ratio, 2),
                refused(row),
                row.errors()
            ),
        );
    }
    put(
        &mut text,
        format_args!("\nThe Hub's memory at most: {memory_mb:.1} MB.\n"),
    );
    let errors = lines.iter().map(|line| line.figures.errors).sum::<u32>()
        + rows.iter().map(Row::errors).sum::<u32>();
    let again: u32 = lines.iter().map(|line| line.again).sum();
    let none = Bound::AtMost(0.0);
    let refused_polite: u32 = rows.iter().map(refused).sum();
    let targets = vec![
        Target::of_figure(
            "storms: refused again after waiting as long as was told",
            &[f64::from(again)],
            (0, ""),
            none,
            errors,
        ),
        Target::of_figure(
            "storms: polite clients that were refused beside others' storms",
            &[f64::from(refused_polite)],
            (0, ""),
            none,
            errors,
        ),
        Target::of_ratio(
            "storms: refresh p99 beside one client that never stops ÷ alone",
            String::new(),
            rude.ratio(alone, p99),
            Bound::AtMost(4.0),
            errors,
        ),
        Target::of_ratio(
            "storms: refresh p99 beside a storm of sign-ins ÷ alone",
            String::new(),
            signing.ratio(alone, p99),
            Bound::AtMost(4.0),
            errors,
        ),
        Target::of_figure(
            "memory, the most in storms",
            &[memory_mb],
            (1, " MB"),
            Bound::AtMost(100.0),
            errors,
        ),
    ];
    Told {
        part: Part::Storms,
        text,
        targets,
        errors,
    }
}

fn refused(row: &Row) -> u32 {
    row.figures.iter().map(|figures| figures.refused).sum()
}

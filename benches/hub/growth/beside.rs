//! What refreshes feel of a backup and of the housekeeping, over HTTP, on a server that does both itself.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use tokio::process::Command;

use crate::arguments::Arguments;
use crate::load::closed::Running;
use crate::load::dialect::{Act, Dialect};
use crate::load::now;
use crate::load::person::Person;
use crate::load::seat::{self, Job};
use crate::load::tally::Figures;
use crate::progress;
use crate::servers::turn::turn;
use crate::servers::{HubStart, Server};
use crate::told::put;
use crate::told::row::{Row, p99};
use crate::told::spread::{Spread, number, with_range};
use crate::told::target::{Bound, Target};

/// A turn beside the housekeeping is so many times as long as others.
const TIMES: u32 = 5;

/// What was measured.
pub struct Beside {
    alone: Row,
    housekeeping: Row,
    /// Sessions removed a second, in each repetition.
    removed: Vec<f64>,
    /// How many are over in all.
    over: f64,
    backup: Row,
    /// How long each backup took, in seconds.
    seconds: Vec<f64>,
    backup_bytes: u64,
}

/// Measures both, by turns with refreshes alone.
pub async fn measure(
    arguments: &Arguments,
    data: &Path,
    mut people: Vec<Person>,
    over: u32,
) -> anyhow::Result<Beside> {
    let request = Dialect::hub()?.request(Act::Refresh)?;
    let mut beside = Beside {
        alone: Row::new("alone"),
        housekeeping: Row::new("beside the housekeeping"),
        removed: Vec::new(),
        over: f64::from(over),
        backup: Row::new("beside a backup"),
        seconds: Vec::new(),
        backup_bytes: 0,
    };
    let pace = arguments.longer(TIMES);
    for repetition in 1..=arguments.repetitions() {
        progress(&format!(
            "growth: beside other work, repetition {repetition}"
        ));
        // A server of its own: one that has run for five minutes begins its housekeeping by itself.
        let server = Server::tended_hub(HubStart {
            data,
            settings: &arguments.hub_env,
            full_hashing: false,
            limits: false,
        })
        .await?;
        let job = &Job::new(server.address(), Arc::clone(&request));
        let figures;
        (people, figures) = turn(pace, job, None, people).await?;
        beside.alone.figures.push(figures);

        let before = sessions(data)?;
        server.signal(Signal::USR1)?;
        let begun = now();
        let figures;
        (people, figures) = turn(pace, job, None, people).await?;
        let seconds = begun.elapsed().as_secs_f64();
        server.signal(Signal::USR2)?;
        let removed = before - sessions(data)?;
        if removed <= 0.0 {
            bail!("the housekeeping removed nothing{}", server.log());
        }
        beside.housekeeping.figures.push(figures);
        beside.removed.push(removed / seconds);

        let figures;
        (people, figures) = beside.beside_backup(data, job, people).await?;
        beside.backup.figures.push(figures);
        server.stop().await?;
    }
    Ok(beside)
}

impl Beside {
    async fn beside_backup(
        &mut self,
        data: &Path,
        job: &Job,
        people: Vec<Person>,
    ) -> anyhow::Result<(Vec<Person>, Figures)> {
        let copy = data.join("copy.db");
        let running = Running::begin(job, seat::connect(people, job.to).await?);
        let begun = now();
        let status = Command::new(env!("CARGO_BIN_EXE_hub"))
            .arg("backup")
            .arg(&copy)
            .env("HUB_DATA_DIR", data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await?;
        self.seconds.push(begun.elapsed().as_secs_f64());
        let (seats, mut tally) = running.end().await?;
        if !status.success() {
            bail!("hub backup ended with {status}");
        }
        self.backup_bytes = std::fs::metadata(&copy)?.len();
        std::fs::remove_file(&copy)?;
        if let Some(error) = tally.first_error.take() {
            progress(&format!("  beside a backup: {error}"));
        }
        Ok((seat::disconnect(seats), tally.figures(None)))
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| refreshes, 64 connections | a second, median (range) | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | p99 ÷ alone (range) | wrong answers |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        );
        for row in [&self.alone, &self.housekeeping, &self.backup] {
            let ratio = row.ratio(&self.alone, p99).filter(|_| row.name != "alone");
            put(
                &mut text,
                format_args!(
                    "| {} | {} | {} | {} | {} |\n",
                    row.name,
                    row.rate(),
                    row.percentiles(),
                    with_range(ratio, 2),
                    row.errors()
                ),
            );
        }
        let rate = Spread::of(self.removed.iter().copied());
        let minutes = rate.map(|rate| self.over / rate.median / 60.0);
        let megabytes = f64::from(u32::try_from(self.backup_bytes / 1_000_000).unwrap_or(u32::MAX));
        put(
            &mut text,
            format_args!(
                "\nThe housekeeping removed {} sessions a second with their lineage beside this load: all {} that are over in {} min. `hub backup` \
             wrote and checked {} MB in {} s beside it.\n",
                with_range(rate, 0),
                number(Some(self.over), 0),
                number(minutes, 0),
                number(Some(megabytes), 0),
                with_range(Spread::of(self.seconds.iter().copied()), 1),
            ),
        );
        text
    }

    /// Answers that were wrong.
    pub fn errors(&self) -> u32 {
        self.alone.errors() + self.housekeeping.errors() + self.backup.errors()
    }

    /// What the housekeeping is held against.
    pub fn target(&self, sessions: &str) -> Target {
        let p99_of = |row: &Row| with_range(Spread::of(row.values(p99)), 1);
        Target::of_ratio(
            &format!(
                "refresh p99 beside the removal of {} expired sessions of {sessions} ÷ without",
                number(Some(self.over), 0)
            ),
            format!(
                "{} ms against {} ms",
                p99_of(&self.housekeeping),
                p99_of(&self.alone)
            ),
            self.housekeeping.ratio(&self.alone, p99),
            Bound::AtMost(1.5),
            self.errors(),
        )
    }
}

/// How many sessions the database holds.
#[expect(
    clippy::disallowed_methods,
    reason = "looks beside the server that is measured"
)]
fn sessions(data: &Path) -> anyhow::Result<f64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(data.join("hub.db"), flags)?;
    let sessions: u32 = connection
        .query_row(
            "SELECT live + ended + reused FROM session_tally",
            [],
            |row| row.get(0),
        )
        .context("counting the sessions")?;
    Ok(f64::from(sessions))
}

//! Another server under the same load as the Hub, by turns: the closed loop at each number of connections, and the open one.

use std::path::Path;

use anyhow::{Context, bail};

use crate::arguments::{Arguments, Part};
use crate::load::dialect::{Act, Dialect};
use crate::load::person::sign_up;
use crate::load::seat::Job;
use crate::parts::{order, quick_hub};
use crate::progress;
use crate::servers::process::Process;
use crate::servers::turn::{Pace, turn};
use crate::told::row::{Row, cpu, per_second};
use crate::told::spread::with_range;
use crate::told::target::{Bound, Target};
use crate::told::{Told, put};

const HEAD: &str = "| server | row | loop | requests/s, median (range) | p50 ms | p90 ms | p99 ms | p99.9 ms | most ms | CPU µs a request | the Hub ÷ it (range) | wrong answers |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// Runs the part for every file.
pub async fn run(arguments: &Arguments, scratch: &Path) -> anyhow::Result<Told> {
    if arguments.peer.is_empty() {
        bail!("the part peers needs --peer FILE.toml; benches/hub/peers holds some");
    }
    let mut told = Told {
        part: Part::Peers,
        text: String::new(),
        targets: Vec::new(),
        errors: 0,
    };
    for (number, file) in arguments.peer.iter().enumerate() {
        let peer = Dialect::read(file)?;
        let process = arguments.peer_pid.get(number).copied().map(Process);
        put(
            &mut told.text,
            format_args!(
                "{} ({} was checked with: {}).\n\n{HEAD}",
                peer.name,
                file.file_name().unwrap_or_default().display(),
                peer.checked_with
            ),
        );
        let place = scratch.join(format!("peer{number}"));
        std::fs::create_dir_all(&place)?;
        against(arguments, &place, (&peer, process), &mut told).await?;
        told.text.push('\n');
    }
    Ok(told)
}

/// Each row at each number of connections, and on the schedule.
async fn against(
    arguments: &Arguments,
    scratch: &Path,
    (peer, process): (&Dialect, Option<Process>),
    told: &mut Told,
) -> anyhow::Result<()> {
    let to = peer.address.context("the file tells no address")?;
    let own = Dialect::hub()?;
    let hub = quick_hub(arguments, scratch).await?;
    let most = arguments.connections.iter().max().copied().unwrap_or(0);
    let mut ours = sign_up(most, "peer", hub.address(), &own).await?;
    // A name of its own for each run: the other server keeps its accounts.
    let prefix = format!("bench{}", std::process::id());
    let mut theirs = sign_up(most, &prefix, to, peer).await?;
    let closed = arguments
        .connections
        .iter()
        .map(|connections| (*connections, arguments.closed()));
    let scheduled = Pace {
        rate: Some(arguments.peer_rate()),
        ..arguments.longer(3)
    };
    let paces: Vec<(usize, Pace)> = closed.chain([(most.min(64), scheduled)]).collect();
    for act in [Act::Refresh, Act::Me] {
        let jobs = [
            (
                Job::new(hub.address(), own.request(act)?),
                Some(hub.process()),
            ),
            (Job::new(to, peer.request(act)?), process),
        ];
        for (connections, pace) in &paces {
            let mut rows = [Row::new("Hub"), Row::new(&peer.name)];
            for repetition in 1..=arguments.repetitions() {
                progress(&format!(
                    "peers: {} {act:?}, {connections} connections, repetition {repetition}",
                    peer.name
                ));
                for at in order(jobs.len(), repetition) {
                    let people = if at == 0 { &mut ours } else { &mut theirs };
                    let idle = people.split_off(*connections);
                    let (job, process) = &jobs[at];
                    let taken = std::mem::take(people);
                    let (back, figures) = turn(*pace, job, *process, taken).await?;
                    *people = back;
                    people.extend(idle);
                    rows[at].figures.push(figures);
                }
            }
            tell(told, (act, *connections, *pace), &rows, peer);
        }
    }
    Ok(())
}

fn tell(
    told: &mut Told,
    (act, connections, pace): (Act, usize, Pace),
    rows: &[Row; 2],
    peer: &Dialect,
) {
    let [hub, theirs] = rows;
    let errors = hub.errors() + theirs.errors();
    told.errors += errors;
    let ratio = hub.ratio(theirs, per_second);
    let way = match pace.rate {
        None => format!("closed, {connections}"),
        Some(rate) => format!("open, {rate}/s"),
    };
    for row in rows {
        let ratio = ratio.filter(|_| row.name != hub.name && pace.rate.is_none());
        put(
            &mut told.text,
            format_args!(
                "| {} | {act:?} | {way} | {} | {} | {} | {} | {} |\n",
                row.name,
                row.rate(),
                row.percentiles(),
                row.cpu(),
                with_range(ratio, 2),
                row.errors()
            ),
        );
    }
    if act != Act::Refresh || connections != 64 || pace.rate.is_some() {
        return;
    }
    let name = &peer.name;
    if let Some(times) = peer.target_times {
        told.targets.push(Target::of_ratio(
            &format!("refresh ÷ {name}'s, 64 connections"),
            format!("{}/s against {}/s", hub.rate(), theirs.rate()),
            ratio,
            Bound::AtLeast(times),
            errors,
        ));
    }
    if let Some(most) = peer.target_cpu {
        told.targets.push(Target::of_ratio(
            &format!("processor time of a refresh ÷ {name}'s"),
            format!("{} µs against {} µs", hub.cpu(), theirs.cpu()),
            hub.ratio(theirs, cpu),
            Bound::AtMost(most),
            errors,
        ));
    }
}

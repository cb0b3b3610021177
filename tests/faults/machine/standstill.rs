//! The process stands still for longer than the grace, or hardly gets any time: nobody is taken for a thief.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::sleep;

use crate::driver::auditor::Auditor;
use crate::driver::chance::Chance;
use crate::driver::load::{self, Weather};
use crate::driver::replay::Depth;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::stage;

const CLIENTS: usize = 6;
/// The grace of these servers, so that a stop that is longer takes seconds only.
const GRACE: &str = "1s";
/// How long it stands still: longer than that grace, and in the long run than any.
const STOP: Duration = Duration::from_millis(2_500);
const LONG_STOP: Duration = Duration::from_secs(30);
/// How long everybody works before and after.
const REQUESTS: usize = 150;
const BEFORE: Duration = Duration::from_millis(300);
/// Programs that do nothing but run, on the server's own core.
const HOGS: usize = 8;

#[test]
fn a_server_that_stands_still_for_longer_than_the_grace_takes_nobody_for_a_thief() {
    let (stop, times) = if rows::is_long() {
        (LONG_STOP, 3)
    } else {
        (STOP, 1)
    };
    let row = Row::begin(
        "standstill",
        "the process stands still for longer than the grace",
        format!(
            "kill -STOP under load, {} s, kill -CONT",
            stop.as_secs_f64()
        ),
    );
    row.tell(stage::in_turn(async {
        let mut figures = Figures::default();
        for _ in 0..times {
            let checked = worked(Launch::clone, async |server: &Server| {
                sleep(BEFORE).await;
                server.stop();
                sleep(stop).await;
                server.go_on();
            });
            figures.checked += checked.await;
            figures.rounds += 1;
        }
        figures
    }));
}

#[test]
fn a_server_that_hardly_gets_any_time_loses_no_answer_and_takes_nobody_for_a_thief() {
    let row = Row::begin(
        "starvation",
        "other programs take the processor",
        format!("one core for the server and {HOGS} programs that run without end"),
    );
    row.tell(stage::in_turn(async {
        let on_one_core = |launch: &Launch| launch.clone().on_core("0");
        let _hogs: Vec<Hog> = (0..HOGS).map(|_| Hog::new()).collect();
        let checked = worked(on_one_core, async |_: &Server| {}).await;
        Figures {
            rounds: 1,
            checked,
            violations: 0,
        }
    }));
}

/// Everybody at work while something happens, and the audit after a kill: all that was answered is there, and nobody was signed out.
async fn worked(how: impl Fn(&Launch) -> Launch, happens: impl AsyncFn(&Server)) -> u64 {
    let directory = stage::in_memory();
    let data = directory.path().join("data");
    let launch = Launch::on(&data).cheap_hashing();
    let short = how(&launch).set("HUB_REFRESH_GRACE", GRACE);
    let mut server = short.start();
    let mut chance = Chance::new(rows::seed());
    let accounts = load::people(server.address, "client", CLIENTS, directory.path()).await;
    let clients = load::all(
        server.address,
        accounts,
        REQUESTS,
        Weather::Fair,
        &mut chance,
    );
    let ((accounts, told), ()) = tokio::join!(clients, happens(&server));
    assert_eq!(told.odd, [""; 0]);
    assert_eq!(told.broken, 0, "a connection was dropped: {}", server.log());
    assert!(told.refreshes > 0);
    server.kill();
    // With the grace that the audit reckons with.
    let server = launch.start();
    let mut auditor = Auditor::of(&data);
    let audited = auditor.audit(&server, accounts, Depth::Half, &mut chance);
    let (_, findings) = audited.await;
    assert_eq!(findings.violations, [""; 0]);
    findings.checked
}

/// It ends when this is dropped.
struct Hog(Child);

impl Hog {
    fn new() -> Self {
        let child = Command::new("taskset")
            .args(["-c", "0", "sh", "-c", "while :; do :; done"])
            .stdin(Stdio::null())
            .spawn()
            .expect("this test needs taskset (util-linux)");
        Self(child)
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

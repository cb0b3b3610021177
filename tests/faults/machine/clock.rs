//! The wall clock jumps under the release binary: an hour and forty days in both directions, to 1970 and to 2106, while clients are at work.
//!
//! A clock that is wrong may refuse; it ends nobody's session, deletes nothing, and lets nobody in who was out. Once it is right again everything
//! works that worked before.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::OpenFlags;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::driver::auditor;
use crate::driver::rows::{self, Figures, Row};
use crate::driver::server::{Launch, Server};
use crate::driver::shim::Shim;
use crate::driver::stage::{self, PASSWORD, ask, refresh_body, sign_in_body};
use crate::driver::talk::{Answer, Connection};

/// Those who work while the clock is wrong, and those who come back when it is right.
const BUSY: usize = 4;
const QUIET: usize = 4;
/// The grace of this server, so that a window is closed after a second.
const GRACE: &str = "1s";
const PAST_GRACE: Duration = Duration::from_millis(1_300);
/// How long the clock is wrong, in a short run and in a long one.
const WRONG: Duration = Duration::from_millis(100);
const LONG_WRONG: Duration = Duration::from_secs(10);
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// 2106-02-07, when 32 bits without a sign are full.
const END_OF_32_BITS: i64 = 1 << 32;

#[test]
fn no_step_of_the_clock_ends_a_session_deletes_anything_or_opens_a_window_again() {
    let row = Row::begin(
        "clock",
        "the wall clock jumps, and back",
        "a library before the binary: 1 h and 40 d in both directions, to 1970, to 2106; at work and across a restart",
    );
    let now = seconds();
    let steps = [HOUR, -HOUR, 40 * DAY, -40 * DAY, -now, END_OF_32_BITS - now];
    let checked = stage::in_turn(async {
        let mut checked = 0;
        let mut stand = Stand::new(2 * steps.len()).await;
        for step in steps {
            for restarts in [false, true] {
                checked += stand.step(step, restarts).await;
            }
        }
        checked
    });
    row.tell(Figures {
        rounds: 2 * steps.len() as u64,
        checked,
        violations: 0,
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "the clock that is moved is the machine's"
)]
fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A pair of tokens.
#[derive(Clone)]
struct Pair {
    refresh: String,
    access: String,
}

impl Pair {
    fn of(answer: &Answer) -> Self {
        Self {
            refresh: answer.text("refresh_token"),
            access: answer.text("access_token"),
        }
    }
}

struct Stand {
    _directory: tempfile::TempDir,
    data: std::path::PathBuf,
    shim: Shim,
    launch: Launch,
    server: Server,
    /// Tokens whose successors were used, all of it longer ago than the grace; one for each time.
    used: Vec<String>,
    checked: u64,
}

impl Stand {
    async fn new(times: usize) -> Self {
        let directory = stage::in_memory();
        let data = directory.path().join("data");
        let shim = Shim::new(directory.path());
        let launch = Launch::on(&data)
            .cheap_hashing()
            .set("HUB_REFRESH_GRACE", GRACE);
        let launch = shim.before(launch);
        let server = launch.start();
        let registered = stage::register(server.address, "somebody").await;
        assert_eq!(registered.status, 201, "{registered}");
        let mut stand = Self {
            _directory: directory,
            data,
            shim,
            launch,
            server,
            used: Vec::new(),
            checked: 0,
        };
        for _ in 0..times {
            let used = stand.used_twice().await;
            stand.used.push(used);
        }
        sleep(PAST_GRACE).await;
        stand
    }

    /// The clock is wrong for a while, and right again.
    async fn step(&mut self, step: i64, restarts: bool) -> u64 {
        self.checked = 0;
        let quiet = self.sign_ins(QUIET).await;
        let busy = self.sign_ins(BUSY).await;
        let used = self.used.pop().unwrap();
        let out = self.signed_out().await;
        let before = Rows::of(&self.data);

        self.shim.shift_clock(step);
        if restarts {
            self.restart();
        }
        let address = self.server.address;
        let mut clients = JoinSet::new();
        for pair in busy {
            clients.spawn(work(address, pair));
        }
        // Whoever comes anew gets in, whatever the time is.
        let new = self.sign_ins(1).await.remove(0);
        self.is(200, "GET /api/auth/validate", &new.access).await;
        // Nothing that is over comes back: a sign-out, and a token that was used longer ago than the grace.
        self.is(401, "GET /api/auth/validate", &out.access).await;
        self.refresh_is(401, &out.refresh).await;
        self.refresh_is(401, &used).await;
        let ready = ask(address, "GET /readyz", None, "").await;
        assert_eq!(ready.status, 200, "{step}: {ready}");
        sleep(if rows::is_long() { LONG_WRONG } else { WRONG }).await;
        while let Some(client) = clients.join_next().await {
            self.checked += client.unwrap();
        }

        self.shim.shift_clock(0);
        if restarts {
            self.restart();
        }
        for pair in &quiet {
            self.is(200, "GET /api/auth/validate", &pair.access).await;
            self.refresh_is(200, &pair.refresh).await;
        }
        self.is(401, "GET /api/auth/validate", &out.access).await;
        self.refresh_is(401, &out.refresh).await;
        self.refresh_is(401, &used).await;
        let after = Rows::of(&self.data);
        assert!(after.kept(&before), "{step}: {before:?}, then {after:?}");
        // One was used twice, and nobody else was signed out.
        assert!(
            after.ended <= before.ended + 1,
            "{step}: {before:?} {after:?}"
        );
        let found = auditor::whole(self.data.join("hub.db")).await;
        assert_eq!(found.violations, [""; 0]);
        self.checked
    }

    fn restart(&mut self) {
        self.server.kill();
        self.server = self.launch.start();
    }

    async fn sign_ins(&self, many: usize) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for _ in 0..many {
            let body = sign_in_body("somebody", PASSWORD);
            let answer = ask(self.server.address, "POST /api/auth/login", None, &body).await;
            assert_eq!(answer.status, 200, "{answer}");
            pairs.push(Pair::of(&answer));
        }
        pairs
    }

    async fn used_twice(&self) -> String {
        let first = self.sign_ins(1).await.remove(0).refresh;
        let second = self.refresh(&first).await.text("refresh_token");
        self.refresh(&second).await;
        first
    }

    async fn signed_out(&mut self) -> Pair {
        let pair = self.sign_ins(1).await.remove(0);
        self.is(200, "POST /api/auth/logout", &pair.access).await;
        pair
    }

    async fn refresh(&self, token: &str) -> Answer {
        let body = refresh_body(token);
        ask(self.server.address, "POST /api/auth/refresh", None, &body).await
    }

    async fn refresh_is(&mut self, status: u16, token: &str) {
        self.checked += 1;
        let answer = self.refresh(token).await;
        assert_eq!(answer.status, status, "{answer}");
    }

    async fn is(&mut self, status: u16, line: &str, access: &str) {
        self.checked += 1;
        let answer = ask(self.server.address, line, Some(access), "").await;
        assert_eq!(answer.status, status, "{line}: {answer}");
    }
}

/// What nobody may be told whose session goes on.
const ENDED: [&str; 4] = [
    "session_revoked",
    "token_reused",
    "user_disabled",
    "user_not_found",
];

/// Refreshes and looks while the clock is wrong: tokens may have expired, or be not yet valid, and that is all that may be wrong with them.
async fn work(address: SocketAddr, mut pair: Pair) -> u64 {
    const REQUESTS: u64 = 20;
    let mut connection = Connection::dial(address).await.unwrap();
    for _ in 0..REQUESTS {
        let line = "GET /api/auth/validate";
        let valid = connection
            .ask(line, Some(&pair.access), None)
            .await
            .unwrap();
        let body = refresh_body(&pair.refresh);
        let line = "POST /api/auth/refresh";
        let answer = connection.ask(line, None, Some(&body)).await.unwrap();
        for answer in [&valid, &answer] {
            let code = answer.text("code");
            let has_ended = ENDED.contains(&code.as_str());
            let known = answer.status == 200 || (answer.status == 401 && !has_ended);
            assert!(known, "{answer}");
        }
        if answer.status == 200 {
            pair = Pair::of(&answer);
        }
    }
    2 * REQUESTS
}

/// How much there is.
#[derive(Debug)]
struct Rows {
    users: i64,
    sessions: i64,
    ended: i64,
    lineage: i64,
    audit: i64,
}

impl Rows {
    fn of(data: &Path) -> Self {
        let connection = auditor::open(&data.join("hub.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let count = |sql| connection.query_row(sql, [], |row| row.get(0)).unwrap();
        Self {
            users: count("SELECT count(*) FROM users"),
            sessions: count("SELECT count(*) FROM sessions"),
            ended: count("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL"),
            lineage: count("SELECT count(*) FROM lineage"),
            audit: count("SELECT count(*) FROM audit"),
        }
    }

    /// Nothing of what was there is gone.
    fn kept(&self, before: &Self) -> bool {
        self.users >= before.users
            && self.sessions >= before.sessions
            && self.ended >= before.ended
            && self.lineage >= before.lineage
            && self.audit >= before.audit
    }
}

//! A bound on all of the server's memory, set from outside: a storm of sign-ins does not end it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::driver::rows::{Figures, Row};
use crate::driver::server::Launch;
use crate::driver::stage::{self, PASSWORD, sign_in_body};
use crate::driver::talk::Connection;

/// All that it may have: the page cache of its files included.
const CAP: u64 = 128 << 20;
const SIGN_INS: usize = 400;
/// A group is free when its last process has been waited for, or shortly after.
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn with_128_mib_of_memory_a_storm_of_sign_ins_is_answered_and_nothing_is_killed() {
    let row = Row::begin(
        "memory-cap",
        "little memory, and a storm of sign-ins",
        "a control group of 128 MiB, 400 sign-ins at once at the full cost of a hash",
    );
    if row.is_left_out() {
        return;
    }
    let checked = stage::in_turn(async {
        stage::allow_many_connections();
        let group = Group::new(CAP);
        let directory = tempfile::tempdir().unwrap();
        let mut server = Launch::on(&directory.path().join("data"))
            .set("HUB_HASHING__THREADS", "2")
            .in_group(&group.path)
            .start();
        let address = server.address;
        assert_eq!(stage::register(address, "known").await.status, 201);
        let mut clients = JoinSet::new();
        for number in 0..SIGN_INS {
            clients.spawn(async move {
                let body = sign_in_body("known", PASSWORD);
                let source = stage::stranger(number);
                let mut connection = Connection::dial_from(source, address).await.unwrap();
                connection
                    .ask("POST /api/auth/login", None, Some(&body))
                    .await
                    .expect("every sign-in is answered")
            });
        }
        let (mut signed_in, mut told_to_come_back) = (0, 0);
        while let Some(answer) = clients.join_next().await {
            match answer.unwrap().status {
                200 => signed_in += 1,
                503 => told_to_come_back += 1,
                other => panic!("{other}"),
            }
        }
        eprintln!(
            "memory-cap: {signed_in} signed in, {told_to_come_back} told to come back; peak {} MiB",
            server.peak_mib()
        );
        assert!(server.has_ended().is_none(), "{}", server.log());
        assert_eq!(group.killed(), 0);
        assert!(signed_in > 0);
        signed_in + told_to_come_back
    });
    row.tell(Figures {
        rounds: 1,
        checked,
        violations: 0,
    });
}

/// A control group of the memory controller, in either version of them, below the one that this process is in.
struct Group {
    path: PathBuf,
}

impl Group {
    fn new(bytes: u64) -> Self {
        let (parent, limit) = parent();
        let path = parent.join(format!("hub-test-{}", std::process::id()));
        let made =
            fs::create_dir(&path).and_then(|()| fs::write(path.join(limit), bytes.to_string()));
        made.unwrap_or_else(|error| {
            panic!(
                "{}: {error}; this test needs a control group with a memory controller that it may write to; where there is none, HUBTEST_WITHOUT=memory-cap leaves it out",
                path.display()
            )
        });
        Self { path }
    }

    /// How often the system killed somebody in it for want of memory.
    fn killed(&self) -> u64 {
        let texts = ["memory.events", "memory.oom_control"]
            .map(|name| fs::read_to_string(self.path.join(name)).unwrap_or_default());
        let text = texts.concat();
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.expect("the group counts kills").parse().unwrap()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let pause = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            if fs::remove_dir(&self.path).is_ok() {
                break;
            }
            std::thread::sleep(pause);
        }
    }
}

/// The group of this process, and what the file of its limit is called.
fn parent() -> (PathBuf, &'static str) {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap(), parts.next().unwrap());
        let below = path.trim_start_matches('/');
        if controllers.split(',').any(|name| name == "memory") {
            let place = Path::new("/sys/fs/cgroup/memory").join(below);
            return (place, "memory.limit_in_bytes");
        }
    }
    let unified = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let below = unified.unwrap_or("/").trim_start_matches('/');
    (Path::new("/sys/fs/cgroup").join(below), "memory.max")
}

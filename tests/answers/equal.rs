//! A refused sign-in does not tell whether there is such a user: neither by a byte nor by its time.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::asking::{Answer, Call, Caller};
use crate::chance::Chance;
use crate::site::{PASSWORD, Person, Site};
use crate::statistics::{gap, mann_whitney, median};

/// Requests of each kind in a round.
const SAMPLES: usize = 400;
/// Requests before a round that are not counted: caches fill, processors wake.
const WARM_UP: usize = 60;
/// A pair of kinds whose times are as far apart as chance makes them once in a hundred rounds differs in this round.
const UNLIKELY: f64 = 0.01;
/// The largest gap of medians that may be.
const LARGEST_GAP: f64 = 0.05;
/// A difference that a quiet round must be able to see: this part of the time of a sign-in.
const VISIBLE: f64 = 0.01;
/// The same where the machine is too busy for that, of the processor time that the server takes: a second hash, or none, still shows.
const VISIBLE_IN_NOISE: f64 = 0.05;
/// Rounds at most. A difference that is real is there in each of them: chance alone makes one of three pairs differ in about one round of forty.
const ROUNDS: usize = 3;
/// Rounds that may be too noisy to count.
const NOISY_ROUNDS: usize = 4;

/// A quarter of what a hash costs by default: a difference shows four times as large as it would to whoever looks for it. With a far smaller
/// hash this measures what the database needs to find one row more, some 4 µs, which nobody sees beside the 20 ms of a real one.
const HASHING: [(&str, &str); 3] = [
    ("HUB_HASHING__MEMORY_KIB", "9728"),
    ("HUB_HASHING__PASSES", "1"),
    ("HUB_HASHING__THREADS", "1"),
];

/// Two measurements at once would measure each other.
static TURN: Mutex<()> = Mutex::new(());

/// A kind of sign-in: what it is called, and its body.
type Kind = (&'static str, String);

fn sign_in(name: &str, password: &str) -> String {
    json!({"username": name, "password": password}).to_string()
}

/// Names of one length and passwords of one length: what is sent differs in nothing else.
fn kinds() -> [Kind; 3] {
    [
        ("unknown name", sign_in("nobody", "wrong horse 70")),
        ("wrong password", sign_in("active", "wrong horse 70")),
        ("disabled user", sign_in("locked", "wrong horse 70")),
    ]
}

/// A site with an active and a disabled user. Its files are in memory, where there is a place: the noise of a disk would hide what is looked for.
fn site() -> Site {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    let site = Site::on(directory.unwrap(), &HASHING);
    site.add("admins", "SUPERADMIN");
    for name in ["active", "locked"] {
        // By the server itself, so that their hashes cost what its own cost.
        let body =
            json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        let answer = site.ask(&Call::new("POST", "/api/auth/register").json(&body));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    site.run(&["user", "disable", "locked"], "");
    site
}

/// One round: a sample for each kind, in microseconds.
struct Round {
    /// As the client sees it.
    waited: Vec<Vec<f64>>,
    /// What the server's threads worked meanwhile; other work on the machine does not count.
    worked: Vec<Vec<f64>>,
}

/// All kinds interleaved in random order on one connection.
fn measure(site: &Site, kinds: &[Kind], seed: u64) -> Round {
    let mut chance = Chance::new(seed);
    let requests: Vec<Vec<u8>> = kinds
        .iter()
        .map(|(_, body)| {
            Call::new("POST", "/api/auth/login")
                .body("application/json", body.as_bytes())
                .bytes(site.address())
        })
        .collect();
    let mut order: Vec<usize> = (0..kinds.len() * SAMPLES)
        .map(|at| at % kinds.len())
        .collect();
    for last in (1..order.len()).rev() {
        order.swap(last, chance.place(last + 1));
    }
    let warm_up: Vec<usize> = order.iter().copied().take(WARM_UP).collect();
    let mut caller = Caller::dial(site.address());
    let empty = vec![Vec::with_capacity(SAMPLES); kinds.len()];
    let (mut waited, mut worked) = (empty.clone(), empty);
    for (at, kind) in warm_up.into_iter().chain(order).enumerate() {
        let before = site.worked_micros();
        let begun = Instant::now();
        caller.send(&requests[kind]);
        let answer = caller.answer(false);
        let micros = begun.elapsed().as_secs_f64() * 1e6;
        assert_eq!(answer.status, 401, "{}: {}", kinds[kind].0, answer.text());
        if at >= WARM_UP {
            waited[kind].push(micros);
            worked[kind].push(site.worked_micros() - before);
        }
    }
    Round { waited, worked }
}

/// What a round tells of two kinds.
#[derive(Clone, Debug)]
struct Pair {
    names: [&'static str; 2],
    p: f64,
    gap: f64,
}

impl Pair {
    fn differs(&self) -> bool {
        self.p <= UNLIKELY || self.gap.abs() >= LARGEST_GAP
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.names;
        write!(
            out,
            "{one} against {other}: p {:.4}, gap of medians {:+.2} %",
            self.p,
            self.gap * 100.0
        )
    }
}

fn pairs(kinds: &[Kind], samples: &[Vec<f64>]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for one in 0..kinds.len() {
        for other in one + 1..kinds.len() {
            pairs.push(Pair {
                names: [kinds[one].0, kinds[other].0],
                p: mann_whitney(&samples[one], &samples[other]),
                gap: gap(&samples[one], &samples[other]),
            });
        }
    }
    pairs
}

/// Whether samples are quiet enough: were one of the kinds slower by this part, the test would say so.
fn is_quiet(samples: &[Vec<f64>], visible: f64) -> bool {
    let whole: Vec<f64> = samples.concat();
    let shift = median(&whole) * visible;
    let slower: Vec<f64> = samples[0].iter().map(|micros| micros + shift).collect();
    mann_whitney(&slower, &samples[0]) <= UNLIKELY
}

/// The samples of a round that can be judged: what a client waits where it is quiet, else what the server worked; none in too much noise.
fn judgeable(round: &Round) -> Option<(&'static str, &[Vec<f64>])> {
    if is_quiet(&round.waited, VISIBLE) {
        return Some(("waited", &round.waited));
    }
    is_quiet(&round.worked, VISIBLE_IN_NOISE).then_some(("worked", &round.worked[..]))
}

/// What the rounds say: nothing differs in one of them, or something differs in all.
fn judge(site: &Site, kinds: &[Kind]) -> Result<Vec<Pair>, Vec<Pair>> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut rounds, mut noisy) = (0, 0);
    for seed in 1.. {
        let round = measure(site, kinds, seed);
        let Some((what, samples)) = judgeable(&round) else {
            noisy += 1;
            println!("round {seed} was too noisy to judge");
            assert!(
                noisy < NOISY_ROUNDS,
                "the machine is too busy to measure on"
            );
            continue;
        };
        let found = pairs(kinds, samples);
        let medians: Vec<String> = samples
            .iter()
            .map(|sample| format!("{:.0}", median(sample)))
            .collect();
        println!("round {seed}: {what}, medians {} µs", medians.join(", "));
        for pair in &found {
            println!("  {pair}");
        }
        rounds += 1;
        if !found.iter().any(Pair::differs) {
            return Ok(found);
        }
        if rounds == ROUNDS {
            return Err(found);
        }
    }
    unreachable!("rounds end")
}

#[test]
fn an_unknown_name_takes_as_long_as_a_wrong_password_of_an_active_or_a_disabled_user() {
    let site = site();
    if let Err(found) = judge(&site, &kinds()) {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        panic!("{}", found.join("\n"));
    }
}

#[test]
fn a_name_for_which_nothing_is_hashed_is_found_out_by_its_time() {
    let site = site();
    // No password is as long, so none is hashed: a real answer of the same bytes that comes early.
    let early = sign_in("nobody", &"x".repeat(1_025));
    let [_, wrong, disabled] = kinds();
    let found =
        judge(&site, &[("early answer", early), wrong, disabled]).expect_err("a difference");
    let differ: Vec<bool> = found.iter().map(Pair::differs).collect();
    assert_eq!(differ, [true, true, false], "{found:?}");
}

#[test]
fn a_difference_of_a_hundredth_is_seen_in_quiet_samples_and_none_is_seen_where_none_is() {
    let mut chance = Chance::new(7);
    // A base that every request costs, and a tail as schedulers make it.
    let mut sample = |base: f64| -> Vec<f64> {
        let noise =
            |chance: &mut Chance| f64::from(u32::try_from(chance.below(1_000)).unwrap()) / 1_000.0;
        (0..SAMPLES)
            .map(|_| base * (1.0 + 0.05 * noise(&mut chance) * noise(&mut chance)))
            .collect()
    };
    let kinds = [("one", String::new()), ("other", String::new())];
    let (one, same, slower) = (sample(1_000.0), sample(1_000.0), sample(1_010.0));
    assert!(is_quiet(std::slice::from_ref(&one), VISIBLE));
    assert!(!pairs(&kinds, &[one.clone(), same])[0].differs());
    let differing = pairs(&kinds, &[one.clone(), slower]);
    assert!(
        differing[0].differs() && differing[0].gap < 0.0,
        "{}",
        differing[0]
    );
    // Noise that would hide it does not count as quiet.
    let wide: Vec<f64> = (0..SAMPLES)
        .map(|at| 1_000.0 + f64::from(u32::try_from(at).unwrap()))
        .collect();
    assert!(!is_quiet(&[wide], VISIBLE));
}

/// Everything of an answer but what is another one each time, and the name that it was about.
fn bytes(answer: &Answer, name: &str) -> String {
    answer.masked().replace(name, "NAME")
}

#[test]
fn an_unknown_name_and_a_wrong_password_get_the_same_bytes() {
    let site = site();
    let api: Vec<String> = kinds()
        .iter()
        .map(|(_, body)| {
            bytes(
                &site.ask(
                    &Call::new("POST", "/api/auth/login").body("application/json", body.as_bytes()),
                ),
                "nobody",
            )
        })
        .collect();
    assert!(api.iter().all(|answer| *answer == api[0]), "{api:#?}");
    assert!(
        api[0].contains(r#"{"error":"Invalid credentials","code":"invalid_credentials"}"#),
        "{}",
        api[0]
    );
    let mut visitor = Person::nobody(&site);
    visitor.come_in("/login");
    let pages: Vec<String> = ["nobody", "active", "locked"]
        .into_iter()
        .map(|name| {
            let fields = format!(
                "username={name}&password=wrong+horse+70&form_token={}",
                visitor.form_token
            );
            bytes(
                &site.ask(&visitor.page("POST", "/login").form(&fields)),
                name,
            )
        })
        .collect();
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
    assert!(pages[0].contains("do not belong together"), "{}", pages[0]);
}

#[test]
fn a_guessed_setup_token_gets_the_answer_of_a_page_that_is_not_there() {
    let site = Site::with(&[]);
    let link = std::fs::read_to_string(site.directory.path().join("data/setup-token")).unwrap();
    let token = link.trim().rsplit('=').next().unwrap();
    assert_eq!(
        site.ask(&Call::new("GET", &format!("/setup?token={token}")))
            .status,
        200
    );
    let nowhere = site.ask(&Call::new("GET", "/nowhere")).masked();
    let last = if token.ends_with('A') { "B" } else { "A" };
    let near = format!("{}{last}", &token[..token.len() - 1]);
    for guess in [
        near,
        "A".repeat(43),
        String::new(),
        "x".to_owned(),
        format!("{token}A"),
        token.to_lowercase(),
    ] {
        let answer = site
            .ask(&Call::new("GET", &format!("/setup?token={guess}")))
            .masked();
        assert_eq!(answer, nowhere, "{guess}");
    }
}

//! Honest clients that race: one successor, one generation, nobody signed out, nobody given what is another's.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hub::features::sessions::model::{MAX_RETRIES, Standing};
use hub::types::time::{Clock, SystemClock};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::served::{Answer, Caller, Pair, Served, Tally, connect};
use crate::stage::{self, Dice};

const CLIENTS: usize = 64;
const RACES: usize = 1_000;
/// Races of one session: it is then left for another.
const RACES_OF_ONE: usize = 100;
/// As many as the bound on retries lets pass, so that whoever is refused is refused for something else. (And none fewer: the next race begins
/// with a token that was answered as often as may be, which rotates at once.)
const ALL_WITHIN_BOUND: usize = 21;
const RACES_WITHIN_BOUND: usize = 500;

/// What a race's clients share.
struct Race {
    token: Mutex<String>,
    answers: Mutex<Vec<Answer>>,
    barrier: Barrier,
}

async fn racer(mut caller: Caller, race: Arc<Race>, rounds: usize) {
    for _ in 0..rounds {
        race.barrier.wait().await;
        let token = race.token.lock().expect("no panic").clone();
        let answer = caller.refresh(&token).await;
        race.answers.lock().expect("no panic").push(answer);
        race.barrier.wait().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_with_one_token_get_one_successor_and_stay_signed_in() {
    race(CLIENTS, stage::often(RACES)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_for_having_been_overtaken_on_the_way_to_the_writer() {
    race(ALL_WITHIN_BOUND, stage::often(RACES_WITHIN_BOUND)).await;
}

/// Races so many clients with one token, so many times, each time with the successor of the last.
async fn race(clients: usize, rounds: usize) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let begun = clock.now();
    let served = Served::new(Arc::clone(&clock), 64).await;
    let mut first = served.connect().await;
    let mut token = first.register("racer").await.refresh;
    let race = Arc::new(Race {
        token: Mutex::new(String::new()),
        answers: Mutex::new(Vec::new()),
        barrier: Barrier::new(clients + 1),
    });
    let mut racers = JoinSet::new();
    for _ in 0..clients {
        racers.spawn(racer(served.connect().await, Arc::clone(&race), rounds));
    }
    let (mut given, mut refused) = (0, 0);
    let most = usize::try_from(MAX_RETRIES + 1)
        .expect("small")
        .min(clients);
    for round in 0..rounds {
        if round % RACES_OF_ONE == RACES_OF_ONE - 1 {
            token = first.login("racer").await.refresh;
        }
        let before = served.row(&token).generation;
        token.clone_into(&mut race.token.lock().expect("no panic"));
        race.barrier.wait().await;
        race.barrier.wait().await;
        let answers = std::mem::take(&mut *race.answers.lock().expect("no panic"));
        assert_eq!(answers.len(), clients);
        let tally = Tally::of(&answers);
        // One rotates, and the bound on retries is all that refuses anybody: nobody is doubted for having been overtaken.
        assert_eq!(tally.given, most, "round {round}");
        let row = served.row(&token);
        assert_eq!(row.generation, before + 1, "round {round}");
        assert_eq!(row.standing, Standing::Live, "round {round}");
        given += tally.given;
        refused += tally.refused;
        token = tally.successor;
    }
    while let Some(ended) = racers.join_next().await {
        ended.expect("no panic");
    }
    let last = first.refresh(&token).await;
    assert_eq!(last.status, 200, "{last:?}");
    println!(
        "{rounds} races of {clients}: {given} given, {refused} refused as superseded, nobody signed out, {:?}",
        clock.now().since(begun)
    );
    drop(first);
    served.stop().await;
}

const TABS: usize = 12;
const TAB_ROUNDS: usize = 10_000;
/// Instants within a round at which tabs act, spread over nine tenths of the grace.
const SLOTS: usize = 4;
const SLOT: Duration = Duration::from_secs(3);

struct Tab {
    caller: Caller,
    storage: Arc<Mutex<Pair>>,
    /// What it had read when it woke.
    held: String,
    given: usize,
}

impl Tab {
    /// Refreshes, and writes only over what it had read, so that the storage never goes back.
    async fn refresh(mut self, looks_first: bool, loses_answer: bool) -> Self {
        if looks_first {
            self.load();
        }
        if loses_answer {
            let _lost = self.caller.refresh(&self.held).await;
        }
        let answer = self.caller.refresh(&self.held).await;
        assert_eq!(answer.status, 200, "refused: {answer:?}");
        self.given += 1;
        let mut storage = self.storage.lock().expect("no panic");
        if storage.refresh == self.held {
            *storage = answer.pair();
        }
        drop(storage);
        self
    }

    fn load(&mut self) {
        self.storage
            .lock()
            .expect("no panic")
            .refresh
            .clone_into(&mut self.held);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_tabs_that_share_a_storage_are_never_signed_out_nor_refused() {
    let real = SystemClock::new();
    let begun = real.now();
    let clock = stage::hand_clock();
    let served = Served::new(Arc::clone(&clock) as Arc<dyn Clock>, 12).await;
    let pair = served.connect().await.register("tabs").await;
    let storage = Arc::new(Mutex::new(pair));
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        tabs.push(Tab {
            caller: served.connect().await,
            storage: Arc::clone(&storage),
            held: String::new(),
            given: 0,
        });
    }
    let dice = Dice::new(12);
    let rounds = stage::often(TAB_ROUNDS);
    for _ in 0..rounds {
        tabs.iter_mut().for_each(Tab::load);
        let mut slots: [Vec<Tab>; SLOTS] = Default::default();
        for tab in tabs.drain(..) {
            slots[dice.below(SLOTS)].push(tab);
        }
        for slot in slots {
            let mut acting = JoinSet::new();
            for tab in slot {
                acting.spawn(tab.refresh(dice.below(4) == 0, dice.below(16) == 0));
            }
            while let Some(tab) = acting.join_next().await {
                tabs.push(tab.expect("nobody signed out"));
            }
            clock.advance(SLOT);
        }
        clock.advance(Duration::from_secs(30));
    }
    let token = storage.lock().expect("no panic").refresh.clone();
    let row = served.row(&token);
    assert_eq!(row.standing, Standing::Live);
    println!(
        "{rounds} rounds of {TABS} tabs: {} given, {} rotations, nobody refused, {:?}",
        tabs.iter().map(|tab| tab.given).sum::<usize>(),
        row.rotations(),
        real.now().since(begun)
    );
    drop(tabs);
    served.stop().await;
}

const PEOPLE: usize = 24;
const SIGN_INS: usize = 4;
const REFRESHES: usize = 8;

/// Asserts that a pair is this user's, of this session.
fn assert_mine(served: &Served, pair: &Pair, user: i64, session: Option<&str>) -> String {
    let refresh = served.claims(&pair.refresh);
    let now = SystemClock::new().now().wall;
    let access = served.tokens.read_access(&pair.access, now);
    let access = access.expect("ours");
    assert_eq!((refresh.user_id, access.user_id), (user, user));
    assert_eq!(refresh.sid, access.sid);
    assert!(session.is_none_or(|session| session == refresh.sid));
    refresh.sid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_sign_in_and_refresh_at_once_never_crosses() {
    let served = Arc::new(Served::new(Arc::new(SystemClock::new()), 6).await);
    let mut people = JoinSet::new();
    for person in 0..PEOPLE {
        let served = Arc::clone(&served);
        people.spawn(async move {
            let mut caller = connect(served.address).await;
            let name = format!("person{person}");
            let first = caller.register(&name).await;
            let user = served.claims(&first.refresh).user_id;
            let mut sessions = vec![assert_mine(&served, &first, user, None)];
            for _ in 0..SIGN_INS {
                let mut pair = caller.login(&name).await;
                let session = assert_mine(&served, &pair, user, None);
                for _ in 0..REFRESHES {
                    let answer = caller.refresh(&pair.refresh).await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    assert_eq!(answer.body["user"]["id"], user);
                    assert_eq!(answer.body["user"]["username"], name);
                    pair = answer.pair();
                    assert_mine(&served, &pair, user, Some(&session));
                }
                sessions.push(session);
            }
            sessions
        });
    }
    let mut sessions = Vec::new();
    while let Some(of_one) = people.join_next().await {
        sessions.extend(of_one.expect("no panic"));
    }
    sessions.sort();
    sessions.dedup();
    assert_eq!(sessions.len(), PEOPLE * (SIGN_INS + 1), "each its own");
    Arc::into_inner(served).expect("the last").stop().await;
}

//! A week of made-up people's sessions, played to the Hub with a clock that is moved by hand, and ending now.

use std::sync::Arc;
use std::time::Duration;

use rocket::futures::future::try_join_all;
use rocket::local::asynchronous::Client;

use crate::cli::dev::callers::{Callers, Held};
use crate::cli::dev::people::{
    ALICE_LAPTOP, ALICE_PHONE, BOB_DESK, BOB_HOME, BOB_PHONE, BOB_TABLET, CAROL_PHONE, DAVE_DESK,
    DAVE_SCRIPT, ERIN_HOME, ERIN_PHONE, PEOPLE, THIEF, number,
};
use crate::cli::dev::receiver;
use crate::cli::{Exit, Failure, Outcome};
use crate::config::Config;
use crate::crypto::hasher::{Comer, StoredHash};
use crate::features::admin::users::add_user::AddUser;
use crate::features::admin::users::set_active::SetActive;
use crate::features::admin::users::set_password::SetPassword;
use crate::features::admin::users::set_tier::SetTier;
use crate::features::sessions::end;
use crate::features::users::model::{FREE_TIER, NewUser};
use crate::hub::{self, Hub, Place};
use crate::store::{Change, Mode};
use crate::types::cause::{Actor, Cause};
use crate::types::email::Email;
use crate::types::entropy::SystemEntropy;
use crate::types::ids::WebhookId;
use crate::types::password::Password;
use crate::types::tier::Tier;
use crate::types::time::{Clock, HandClock, Timestamp};
use crate::types::username::Username;

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// How long the story is.
const DAYS: u32 = 7;
/// Its last hours are told hour by hour, as the charts show them.
const LAST_HOURS: u32 = 24;
/// When the thief comes, in hours before the end.
const THEFT: u32 = 4;
/// When somebody tries alice's password, in hours before the end.
const GUESSES: u32 = 3;
/// When she is helped, in hours before the end.
const RESCUE: u32 = 2;
/// How often they try: the last ones are told to wait.
const TRIES: usize = 7;

/// Makes the database in the configured directory and fills it.
///
/// # Errors
/// When the Hub cannot be opened, or does not answer as the story wants.
pub fn play(config: &Config, now: Timestamp) -> Outcome {
    // One of its own: whatever the site began in it ends with it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(odd)?;
    hub::make_directories(&Place::new(&config.data_dir))?;
    let clock = Arc::new(HandClock::at(now.minus(24 * HOUR * DAYS)));
    let hub = Hub::open(
        config.clone(),
        Mode::Server,
        clock.clone(),
        Arc::new(SystemEntropy),
    )?;
    let store = hub.store.clone();
    let told = runtime.block_on(async {
        let client = Client::untracked(crate::build(hub)).await.map_err(odd)?;
        let week = Story {
            callers: Callers::new(client),
            clock: &clock,
            end: now,
            steady: Vec::new(),
        };
        week.tell().await
    });
    // With it ends whatever delivers by itself, so that the tries of the week are those that are noted now.
    drop(runtime);
    let noted = told.and_then(|webhook| receiver::fail(&store, webhook, clock.now()));
    store.close();
    noted
}

/// The story so far.
struct Story<'clock> {
    callers: Callers,
    clock: &'clock HandClock,
    /// When it ends.
    end: Timestamp,
    /// Whose sessions are used as long as it lasts.
    steady: Vec<(&'static str, Held)>,
}

impl Story<'_> {
    /// Tells it; the webhook that was told of it, too.
    async fn tell(mut self) -> Result<WebhookId, Failure> {
        self.people().await?;
        let by = self.cause(Actor::User(number("admin")));
        let webhook = receiver::add(self.callers.hub()?, by).await?;
        self.first_day().await?;
        for day in 1..DAYS {
            self.day(day).await?;
        }
        let alice = self.callers.sign_in("alice", ALICE_LAPTOP).await?;
        self.last_hours(alice).await?;
        Ok(webhook)
    }

    /// Everybody gets their account.
    async fn people(&self) -> Outcome {
        for person in &PEOPLE {
            let user = NewUser {
                username: Username::parse(person.name).map_err(odd)?,
                email: Email::parse(&format!("{}@example.com", person.name)).map_err(odd)?,
                password_hash: self.password_of(person.name).await?,
                role: person.role,
            };
            let cause = self.cause(Actor::System);
            let user = self.apply(AddUser { user, cause }).await?.id;
            if person.tier != FREE_TIER {
                let tier = Tier::parse(person.tier).map_err(odd)?;
                let cause = self.cause(Actor::System);
                self.apply(SetTier { user, tier, cause }).await?;
            }
        }
        Ok(())
    }

    async fn password_of(&self, name: &str) -> Result<StoredHash, Failure> {
        let hashed = self
            .callers
            .hub()?
            .hasher
            .make(Password::new(name), Comer::Nameless)
            .await;
        hashed.map_err(odd)
    }

    /// Devices that are never seen again, and those that stay.
    async fn first_day(&mut self) -> Outcome {
        self.pass(HOUR);
        self.callers.sign_in("bob", BOB_TABLET).await?;
        self.callers.sign_in("erin", ERIN_HOME).await?;
        for (name, device) in [
            ("alice", ALICE_PHONE),
            ("bob", BOB_DESK),
            ("bob", BOB_HOME),
            ("bob", BOB_PHONE),
            ("dave", DAVE_SCRIPT),
        ] {
            self.pass(10 * MINUTE);
            let held = self.callers.sign_in(name, device).await?;
            self.steady.push((name, held));
        }
        Ok(())
    }

    /// Until the evening of a day: who is signed in stays so, dave comes and goes, carol is locked out at the end.
    async fn day(&mut self, day: u32) -> Outcome {
        let until = 24 * HOUR * (DAYS - day);
        self.pass_until(until + 8 * HOUR);
        self.refresh_all().await?;
        self.count().await?;
        let dave = self.callers.sign_in("dave", DAVE_DESK).await?;
        let carol = self.callers.sign_in("carol", CAROL_PHONE).await?;
        if day == DAYS - 3 {
            self.callers.sign_in("erin", ERIN_PHONE).await?;
        }
        self.pass_until(until);
        self.callers.sign_out(&dave).await?;
        if day.is_multiple_of(2) {
            self.callers.sign_out(&carol).await?;
        }
        self.refresh_all().await?;
        self.count().await?;
        if day == DAYS - 1 {
            let cause = self.cause(Actor::User(number("maria")));
            let change = SetActive {
                user: number("carol"),
                active: false,
                now: end::now(self.callers.hub()?, cause.at.wall),
                cause,
            };
            self.apply(change).await?;
        }
        Ok(())
    }

    /// The last day, hour by hour.
    async fn last_hours(&mut self, mut alice: Held) -> Outcome {
        for left in (1..=LAST_HOURS).rev() {
            self.pass_until(HOUR * (left - 1) + 40 * MINUTE);
            self.visits(left).await?;
            self.refresh_all().await?;
            match left {
                THEFT => self.theft(&alice).await?,
                left if left > THEFT => self.callers.refresh(&mut alice).await?,
                GUESSES => self.guesses().await?,
                RESCUE => self.rescue().await?,
                _ => {}
            }
            self.count().await?;
        }
        self.pass_until(Duration::ZERO);
        self.count().await
    }

    /// Whoever drops in during an hour: more by day than by night.
    async fn visits(&self, left: u32) -> Outcome {
        let count = [2, 4, 5, 3, 1, 0][usize::try_from(left).unwrap_or(0) / 2 % 6];
        let visitors = [
            ("dave", DAVE_DESK),
            ("bob", BOB_HOME),
            ("alice", ALICE_PHONE),
            ("dave", DAVE_SCRIPT),
            ("maria", DAVE_DESK),
        ];
        let visits = visitors
            .into_iter()
            .take(count)
            .map(|(name, device)| async move {
                let held = self.callers.sign_in(name, device).await?;
                self.callers.sign_out(&held).await
            });
        try_join_all(visits).await?;
        if left.is_multiple_of(5) {
            self.callers.guess("bob", BOB_PHONE).await?;
        }
        Ok(())
    }

    /// Somebody has a copy of alice's token and uses it before she does. When her laptop comes with it, two hold one token, and the session ends for both.
    async fn theft(&self, alice: &Held) -> Outcome {
        let mut stolen = alice.stolen_by(THIEF);
        self.callers.refresh(&mut stolen).await?;
        self.pass(4 * MINUTE);
        self.callers.refresh(&mut stolen).await?;
        self.pass(8 * MINUTE);
        self.callers.reuse(alice).await
    }

    /// Then they try her password.
    async fn guesses(&self) -> Outcome {
        for _ in 0..TRIES {
            self.pass(Duration::from_secs(2));
            self.callers.guess("alice", THIEF).await?;
        }
        Ok(())
    }

    /// An administrator sets alice's password anew, which ends all her sessions, and she signs in again.
    async fn rescue(&mut self) -> Outcome {
        let cause = self.cause(Actor::User(number("maria")));
        let hub = self.callers.hub()?;
        let change = SetPassword {
            user: number("alice"),
            password_hash: self.password_of("alice").await?,
            attempt_keys: Arc::clone(&hub.attempt_keys),
            now: end::now(hub, cause.at.wall),
            cause,
        };
        self.apply(change).await?;
        self.steady.retain(|(name, _)| *name != "alice");
        for device in [ALICE_LAPTOP, ALICE_PHONE] {
            self.pass(5 * MINUTE);
            let held = self.callers.sign_in("alice", device).await?;
            self.steady.push(("alice", held));
        }
        Ok(())
    }

    async fn refresh_all(&mut self) -> Outcome {
        let callers = &self.callers;
        let each = self
            .steady
            .iter_mut()
            .map(|(_, held)| callers.refresh(held));
        try_join_all(each).await.map(drop)
    }

    /// Puts the refreshes of the hour down.
    async fn count(&self) -> Outcome {
        let hub = self.callers.hub()?;
        let now = self.clock.now().wall;
        Ok(hub.activity.write(&hub.store, now).await?)
    }

    async fn apply<C: Change>(&self, change: C) -> Result<C::Outcome, Failure>
    where
        Failure: From<C::Error>,
    {
        Ok(self.callers.hub()?.store.write(change).await?)
    }

    fn cause(&self, actor: Actor) -> Cause {
        Cause::here(actor, self.clock.now())
    }

    fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Lets time pass until so much is left of the story.
    fn pass_until(&self, left: Duration) {
        let wanted = self.end.minus(left).micros();
        let missing = wanted.saturating_sub(self.clock.now().wall.micros());
        self.clock
            .advance(Duration::from_micros(missing.max(0).unsigned_abs()));
    }
}

/// What the story did not expect.
pub(super) fn odd(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error.to_string())
}

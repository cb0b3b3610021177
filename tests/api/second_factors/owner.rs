//! Somebody with a phone: signs in, adds a second factor, and reads codes off.

use hub::crypto::totp::{TotpSecret, step_at};
use hub::features::second_factors::check::{Check, Checked};
use hub::features::second_factors::confirm::{Confirm, Confirmed};
use hub::features::second_factors::enrol::{Enrol, Enrolled, Enrolment};
use hub::features::second_factors::model::{CodeText, Factor, Presented, RecoveryCodes};
use hub::features::second_factors::store as second_factors;
use hub::store::{Change, Db, StoreError};
use hub::types::cause::Cause;
use hub::types::ids::{SessionId, UserId};
use hub::types::time::Clock;

use crate::answer::session_of;
use crate::stage::{Pair, Stage};

pub struct Owner<'stage> {
    pub stage: &'stage Stage,
    pub user: UserId,
    pub session: SessionId,
    pub pair: Pair,
}

/// Six digits as they are typed.
pub fn code(text: &str) -> CodeText {
    match Presented::parse(text) {
        Ok(Presented::Code(code)) => code,
        other => panic!("{text}: {other:?}"),
    }
}

impl<'stage> Owner<'stage> {
    pub async fn register(stage: &'stage Stage, name: &str) -> Self {
        let pair = stage.register(name).await;
        let session = session_of(&pair.access).parse().expect("a session");
        let user = stage.number("SELECT max(id) FROM users");
        Self {
            stage,
            user: UserId(user),
            session,
            pair,
        }
    }

    /// Registers and adds a second factor; the recovery codes as they were shown.
    pub async fn with_phone(stage: &'stage Stage, name: &str) -> (Self, Vec<String>) {
        let owner = Self::register(stage, name).await;
        owner.enrol().await;
        let codes = owner.confirm_now().await;
        (owner, codes)
    }

    pub fn cause(&self) -> Cause {
        self.stage.cause().by_user(self.user)
    }

    pub async fn enrol(&self) -> Enrolled {
        let enrol = Enrol {
            session: self.session,
            enrolment: Enrolment::draw(self.stage.hub()),
            cause: self.cause(),
        };
        self.stage.apply(enrol).await
    }

    pub async fn confirm(&self, typed: &str) -> Confirmed {
        let (hub, session) = (self.stage.hub(), self.session);
        let confirm = Confirm::new(hub, session, code(typed), self.cause());
        self.stage.apply(confirm).await
    }

    /// Confirms with the present code.
    pub async fn confirm_now(&self) -> Vec<String> {
        match self.confirm(&self.code(0)).await {
            Confirmed::Now(codes) => {
                let codes = shown(&codes);
                let note = |code: &String| self.stage.watch.add("a recovery code", code);
                codes.iter().for_each(note);
                codes
            }
            other => panic!("{other:?}"),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> T {
        self.stage.store.read(read).expect("readable")
    }

    pub fn factor(&self) -> Option<Factor> {
        self.read(|db| second_factors::of_user(db, self.user))
    }

    pub fn has(&self) -> bool {
        self.read(|db| second_factors::has(db, self.user))
    }

    pub fn codes_left(&self) -> u32 {
        self.read(|db| second_factors::recovery_codes_left(db, self.user))
    }

    pub fn secret(&self) -> TotpSecret {
        let factor = self.factor().expect("a second factor");
        let keys = &self.stage.hub().second_factor_keys;
        let secret = keys.secret(factor.key_id, self.user, &factor.nonce);
        let secret = secret.expect("its key");
        let text = secret.reveal();
        self.stage
            .watch
            .add("a second factor's secret", text.as_str());
        secret
    }

    /// What the phone shows, this many steps from now.
    pub fn code(&self, steps: i64) -> String {
        let now = step_at(self.stage.clock.now().wall);
        self.secret().code(now + steps).to_string()
    }

    /// A code that counts at no step near now.
    pub fn wrong_code(&self) -> String {
        let near: Vec<String> = (-2..=2).map(|steps| self.code(steps)).collect();
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes
            .find(|code| !near.contains(code))
            .expect("one of a million")
    }

    pub async fn try_check(&self, typed: &str) -> Result<Checked, StoreError> {
        let presented = Presented::parse(typed).expect("a code");
        let check = Check::new(self.stage.hub(), self.user, presented, self.stage.cause());
        self.stage.store.write(check).await
    }

    pub async fn check(&self, typed: &str) -> Checked {
        self.try_check(typed).await.expect("judged")
    }

    /// An act of a session that is over.
    pub async fn fails<C: Change>(&self, change: C) -> C::Error {
        match self.stage.store.write(change).await {
            Ok(_) => panic!("it was done"),
            Err(error) => error,
        }
    }
}

pub fn shown(codes: &RecoveryCodes) -> Vec<String> {
    let codes = codes.reveal();
    codes.iter().map(|code| code.to_string()).collect()
}

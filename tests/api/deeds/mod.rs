//! Every deed: whatever a request can change, who may do it, and what it leaves in the audit; a table, held to every route there is.

mod strangers;
mod traces;

use hub::features::admin::setup::link;
use hub::types::role::Role;
use rocket::http::Method;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::answer::{Answer, session_of};
use crate::browsing::{Browser, encoded};
use crate::second_factors::owner::Owner;
use crate::stage::{Call, PASSWORD, Pair, SECOND, SEED, Stage};

/// What has to be given again before a deed, if the last time is more than five minutes ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    No,
    /// The password, on a page of its own.
    OnItsPage,
    /// The password, in the form itself.
    InTheForm,
}

/// One thing that a request can do.
pub struct Deed {
    pub method: Method,
    pub pattern: &'static str,
    /// Whose right it is; `nobody` needs none.
    pub who: &'static str,
    /// What fills the pattern's parameter.
    pub target: fn(&Scene<'_>) -> String,
    pub fields: fn(&Scene<'_>) -> Vec<(&'static str, String)>,
    /// The audit's rows of it, in order.
    pub leaves: &'static [&'static str],
    pub proof: Proof,
}

const NEW: &str = "another horse 8";

fn none(_: &Scene<'_>) -> Vec<(&'static str, String)> {
    Vec::new()
}

/// `alice`, whom most deeds are done to.
fn alice(_: &Scene<'_>) -> String {
    "2".to_owned()
}

fn phil(_: &Scene<'_>) -> String {
    "3".to_owned()
}

/// Her session that she does not ask from.
fn session(scene: &Scene<'_>) -> String {
    session_of(&scene.other.access)
}

fn new_password(names: [&'static str; 2]) -> Vec<(&'static str, String)> {
    names.map(|name| (name, NEW.to_owned())).to_vec()
}

macro_rules! deeds {
    ($($method:ident $pattern:literal $who:ident $target:ident $proof:ident $leaves:tt $fields:expr;)*) => {
        &[$(Deed {
            method: Method::$method,
            pattern: $pattern,
            who: stringify!($who),
            target: $target,
            fields: $fields,
            leaves: &$leaves,
            proof: Proof::$proof,
        },)*]
    };
}

/// Every deed there is.
pub const DEEDS: &[Deed] = deeds! {
    Post "/api/auth/login" nobody alice No ["session.start"] |_| vec![("username", "alice".into()), ("password", PASSWORD.into())];
    Post "/api/auth/logout" alice alice No ["session.end"] none;
    Post "/api/auth/logout-all" alice alice No ["session.end_many"] none;
    Patch "/api/auth/me" alice alice No ["user.update"] |_| vec![("bio", "changed".into())];
    Post "/api/auth/password" alice alice No ["password.change"]
        |_| vec![("current_password", PASSWORD.into()), ("new_password", NEW.into())];
    // A rotation is told in the lineage, and nowhere else.
    Post "/api/auth/refresh" nobody alice No [] |scene| vec![("refresh_token", scene.other.refresh.clone())];
    Post "/api/auth/register" nobody alice No ["user.register", "session.start"]
        |_| vec![("username", "newcomer".into()), ("email", "new@example.com".into()), ("password", PASSWORD.into())];
    Delete "/api/auth/sessions/<id>" alice session No ["session.end"] none;
    Post "/api/auth/validate" alice alice No [] none;
    Post "/account/password" alice alice No ["password.change"] |_| {
        let mut fields = new_password(["new_password", "new_password_again"]);
        fields.push(("current_password", PASSWORD.into()));
        fields
    };
    Post "/account/profile" alice alice No ["user.update"]
        |_| vec![("email", "alice@example.com".into()), ("bio", "changed".into())];
    // A secret that was only shown counts for nothing yet.
    Post "/account/second-factor" root alice InTheForm [] none;
    Post "/account/second-factor/confirm" alice alice No ["second_factor.add"] |scene| vec![("code", scene.alices_code())];
    Post "/account/second-factor/recovery-codes" phil alice InTheForm ["second_factor.recovery_renew"] none;
    Post "/account/second-factor/remove" phil alice InTheForm ["second_factor.remove"] none;
    Post "/account/sessions/<id>/revoke" alice session No ["session.end"] none;
    Post "/account/sessions/revoke-others" alice alice No ["session.end_many"] none;
    Post "/admin/audit/verify" root alice No [] none;
    Get "/admin/audit/export.csv" root alice OnItsPage ["audit.export"] none;
    Get "/admin/audit/export.json" root alice OnItsPage ["audit.export"] none;
    Get "/admin/sessions/export.csv" root alice OnItsPage ["session.export"] none;
    Get "/admin/sessions/export.json" root alice OnItsPage ["session.export"] none;
    Post "/admin/services/<id>/revoke" root shop No ["service.revoke"] none;
    Post "/admin/services/new" root alice OnItsPage ["service.add"] |_| vec![("name", "basket".into())];
    Post "/admin/webhooks/<id>/test" root hook No ["webhook.test"] none;
    Post "/admin/webhooks/<id>/disable" root hook No ["webhook.disable"] none;
    Post "/admin/webhooks/<id>/enable" root silent_hook No ["webhook.enable"] none;
    Post "/admin/webhooks/<id>/resend" root silent_hook No ["webhook.resend"] |_| vec![("delivery", "all".into())];
    Post "/admin/webhooks/<id>/secret" root hook OnItsPage ["webhook.secret"] none;
    Post "/admin/webhooks/<id>/delete" root hook No ["webhook.delete"] none;
    Post "/admin/webhooks/new" root alice OnItsPage ["webhook.add"]
        |_| vec![("name", "crm".into()), ("url", "https://nobody.invalid/".into()), ("events", "sign_in.failures".into())];
    Post "/admin/sessions/<id>/revoke" root session No ["session.end"] none;
    Post "/admin/sessions/revoke" root alice OnItsPage ["session.end_many"]
        |_| vec![("which", "all".into()), ("q", "user:alice".into()), ("shown", "100".into())];
    Post "/admin/settings/keys/rotate" root alice OnItsPage ["key.rotate"] |_| vec![("replaces", "1".into())];
    // Its copy lies beside the database.
    Post "/admin/settings/backups" root alice OnItsPage ["backup.make"] none;
    Get "/admin/settings/backups/<name>" root backup OnItsPage ["backup.download"] none;
    Post "/admin/sudo" root alice No ["proof.given"] |_| vec![("password", PASSWORD.into())];
    Post "/admin/users/<id>/delete" root alice OnItsPage ["user.delete"] |_| vec![("name", "alice".into())];
    Post "/admin/users/<id>/disable" root alice OnItsPage ["user.disable"] none;
    Post "/admin/users/<id>/enable" root disabled OnItsPage ["user.enable"] none;
    Post "/admin/users/<id>/password" root alice OnItsPage ["password.set"] |_| new_password(["password", "password_again"]);
    Post "/admin/users/<id>/role" root alice OnItsPage ["user.role"] |_| vec![("role", "ADMIN".into())];
    Post "/admin/users/<id>/second-factor" root phil OnItsPage ["second_factor.reset"] none;
    Post "/admin/users/<id>/sign-out" root alice OnItsPage ["session.end_many"] none;
    Post "/admin/users/<id>/tier" root alice No ["user.tier"] |_| vec![("tier", "GOLD".into())];
    Post "/admin/users/new" root alice OnItsPage ["user.add"] |_| {
        let mut fields = new_password(["password", "password_again"]);
        fields.extend([("username", "newcomer".into()), ("email", "new@example.com".into()), ("role", "ADMIN".into())]);
        fields
    };
    Post "/login" nobody alice No ["session.start"] |_| vec![("username", "alice".into()), ("password", PASSWORD.into())];
    Post "/login/second-factor" half alice No ["second_factor.recovery_used", "session.start"]
        |scene| vec![("code", scene.before.recovery.clone())];
    Post "/logout" root alice No ["session.end"] none;
    Post "/setup" setup alice No ["user.add", "setup.done", "session.start"] |scene| {
        let mut fields = new_password(["password", "password_again"]);
        fields.extend([("username", "first".into()), ("email", "first@example.com".into()), ("token", scene.setup.clone())]);
        fields
    };
    Post "/theme" nobody alice No [] |_| vec![("theme", "dark".into()), ("next", "/login".into())];
};

/// A copy that lies in the folder.
fn backup(scene: &Scene<'_>) -> String {
    let name = "hub-20250906T153045Z.db";
    let folder = scene.stage.hub().config.data_dir.join("backups");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), "a copy").expect("a copy");
    name.to_owned()
}

/// The service account that there is.
fn shop(_: &Scene<'_>) -> String {
    "1".to_owned()
}

/// A webhook that wants nothing. The key of its secret is not there, and the event of a new one is no deed's: nothing is delivered beside the deeds.
fn hook(_: &Scene<'_>) -> String {
    "1".to_owned()
}

/// One that is disabled, and has a dead letter.
fn silent_hook(_: &Scene<'_>) -> String {
    "2".to_owned()
}

fn disabled(_: &Scene<'_>) -> String {
    "5".to_owned()
}

/// A Hub with its people: `root` is 1, `alice` 2, `phil` (with a phone) 3, `mallory` 4, `dora` (disabled) 5.
pub struct Before {
    directory: TempDir,
    alice: Pair,
    other: Pair,
    recovery: String,
}

impl Before {
    pub async fn new() -> Self {
        let stage = Stage::new().await;
        stage.register_as("root", Role::SuperAdmin).await;
        let alice = Owner::register(&stage, "alice").await;
        alice.enrol().await;
        let (alice, other) = (alice.pair, stage.login("alice").await);
        let (_, recovery) = Owner::with_phone(&stage, "phil").await;
        stage.register("mallory").await;
        stage.register("dora").await;
        stage.sql("UPDATE users SET is_active = 0 WHERE username = 'dora'");
        stage.sql(
            "INSERT INTO service_accounts (name, name_key, salt, key, made_at)
             VALUES ('shop', 'shop', randomblob(16), 1, 0)",
        );
        stage.sql(
            "INSERT INTO webhooks (name, name_key, url, salt, key, made_at)
             VALUES ('hook', 'hook', 'https://nobody.invalid/', randomblob(16), 77, 0);
             INSERT INTO webhooks (name, name_key, url, salt, key, made_at, disabled_at, disabled_steady, disabled_boot, dead)
             VALUES ('silent', 'silent', 'https://nobody.invalid/', randomblob(16), 77, 0, 1, 1, 1, 1);
             INSERT INTO webhook_deliveries (webhook_id, state, kind, at, done_at, done_steady, done_boot)
             VALUES (2, 'dead', 'webhook.test', 0, 1, 1, 1)",
        );
        Self {
            directory: stage.close(),
            alice,
            other,
            recovery: recovery[0].clone(),
        }
    }

    /// The same Hub once more, with nothing done yet.
    pub async fn copy(&self) -> Stage {
        let copy = tempfile::tempdir().expect("a temporary directory");
        for name in ["hub.db", "secret.key"] {
            let from = self.directory.path().join(name);
            std::fs::copy(from, copy.path().join(name)).expect("copied");
        }
        Stage::on(copy, &[], SEED).await
    }
}

/// The people at their browsers.
pub struct Scene<'stage> {
    pub stage: &'stage Stage,
    pub before: &'stage Before,
    /// Her second session.
    pub other: Pair,
    setup: String,
    root: Browser<'stage>,
    alice: Browser<'stage>,
    phil: Browser<'stage>,
    half: Browser<'stage>,
    visitor: Browser<'stage>,
}

impl<'stage> Scene<'stage> {
    /// Everybody signs in, and so long ago.
    pub async fn of(stage: &'stage Stage, before: &'stage Before, seconds: u32) -> Self {
        let root = Browser::of(stage, "root").await;
        let phil = Browser::new(stage);
        phil.sign_in("phil", PASSWORD).await;
        let phone = Owner {
            stage,
            user: hub::types::ids::UserId(3),
            session: session_of(&before.alice.access).parse().expect("a session"),
            pair: before.alice.clone(),
        };
        // One step on: the code that set the phone up is used.
        let code = phone.code(1);
        phil.confirm("/login/second-factor", &[("code", &code)])
            .await;
        let alice = Browser::of(stage, "alice").await;
        stage.clock.advance(seconds * SECOND);
        let half = Browser::new(stage);
        half.sign_in("phil", PASSWORD).await;
        // What being seen leaves, it has left.
        root.get("/admin/sudo").await;
        for browser in [&root, &alice, &phil] {
            assert_eq!(browser.get("/account").await.status, 200);
        }
        Self {
            stage,
            before,
            other: before.other.clone(),
            setup: String::new(),
            root,
            alice,
            phil,
            half,
            visitor: Browser::new(stage),
        }
    }

    /// From here on there is no SUPERADMIN, and a link for the first one.
    pub fn wait_for_the_first(&mut self) {
        self.stage
            .sql("UPDATE users SET role = 'ADMIN' WHERE id = 1");
        let cause = self.stage.cause();
        let link = tokio::task::block_in_place(|| link::fresh(self.stage.hub(), cause));
        let link = link.expect("a link");
        link.rsplit('=')
            .next()
            .expect("a token")
            .clone_into(&mut self.setup);
    }

    fn alices_code(&self) -> String {
        let pair = self.before.alice.clone();
        let owner = Owner {
            stage: self.stage,
            user: hub::types::ids::UserId(2),
            session: session_of(&pair.access).parse().expect("a session"),
            pair,
        };
        owner.code(0)
    }

    fn browser(&self, who: &str) -> &Browser<'stage> {
        match who {
            "root" => &self.root,
            "alice" => &self.alice,
            "phil" => &self.phil,
            "half" => &self.half,
            _ => &self.visitor,
        }
    }

    /// Where `phil` has given the password and no code.
    pub fn half_signed_in(&self) -> &Browser<'stage> {
        &self.half
    }

    pub fn path(&self, deed: &Deed) -> String {
        let target = (deed.target)(self);
        deed.pattern
            .replace("<id>", &target)
            .replace("<name>", &target)
    }

    /// Does it, as whoever may.
    pub async fn perform(&self, deed: &Deed) -> Answer {
        let fields = (deed.fields)(self);
        if deed.pattern.starts_with("/api/") {
            let access = (deed.who == "alice").then_some(&*self.before.alice.access);
            return self.ask(deed, access, &fields).await;
        }
        self.send(deed, self.browser(deed.who), &fields).await
    }

    /// A request to the API.
    pub async fn ask(
        &self,
        deed: &Deed,
        access: Option<&str>,
        fields: &[(&'static str, String)],
    ) -> Answer {
        let body = fields.iter().map(|(name, value)| {
            let value = value
                .parse::<i64>()
                .map_or(value.as_str().into(), Value::from);
            ((*name).to_owned(), value)
        });
        let body = Value::Object(body.collect::<Map<_, _>>()).to_string();
        let call = self.stage.request(deed.method, &self.path(deed));
        let call = access.into_iter().fold(call, Call::bearer);
        call.json(body).send().await
    }

    /// A form, or a page, with the token that the browser's pages of that area have.
    pub async fn send(
        &self,
        deed: &Deed,
        browser: &Browser<'_>,
        fields: &[(&'static str, String)],
    ) -> Answer {
        let path = self.path(deed);
        if deed.method == Method::Get {
            return browser.get(&path).await;
        }
        let area = match path.split('/').nth(1) {
            Some("admin") => "/admin/sudo",
            Some("account") => "/account",
            _ => "/login",
        };
        browser.get(area).await;
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        browser.post(&path, &fields).await
    }

    /// The deed's path with its fields in the query, for a request without a body.
    pub fn as_query(&self, deed: &Deed) -> String {
        let mut fields = (deed.fields)(self);
        let token = self.browser(deed.who).token();
        fields.push(("form_token", token));
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        format!("{}?{}", self.path(deed), encoded(&fields))
    }

    pub fn cookies(&self, deed: &Deed) -> String {
        self.browser(deed.who).cookie_header()
    }
}

//! Every kind of credential at every place that takes one: each opens its own place and no other.

use std::fmt;

use hub::features::admin::setup::link;
use hub::types::role::Role;
use rocket::http::Method;
use serde_json::json;

use crate::browsing::{Browser, encoded};
use crate::second_factors::owner::Owner;
use crate::stage::{PASSWORD, Pair, SECOND, Stage};
use crate::state::{State, state_without_audit};

/// What somebody can hold. At each place exactly one kind is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AccessToken,
    RefreshToken,
    SessionCookie,
    AdminCookie,
    VisitorCookie,
    HalfSignInCookie,
    AdminFormToken,
    VisitorFormToken,
    SetupToken,
    Password,
    RecoveryCode,
}

const KINDS: [Kind; 11] = [
    Kind::AccessToken,
    Kind::RefreshToken,
    Kind::SessionCookie,
    Kind::AdminCookie,
    Kind::VisitorCookie,
    Kind::HalfSignInCookie,
    Kind::AdminFormToken,
    Kind::VisitorFormToken,
    Kind::SetupToken,
    Kind::Password,
    Kind::RecoveryCode,
];

/// Everything good at once, in the hands of one thief.
struct Loot {
    pair: Pair,
    session: String,
    admin: String,
    visitor: String,
    half: String,
    admin_form: String,
    visitor_form: String,
    setup: String,
    recovery: String,
}

// Not derived: a failing test shows the cell and no value.
impl fmt::Debug for Loot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Loot")
    }
}

impl Loot {
    /// `ann` is an administrator; `phil` has a phone and has given the password; `/setup` waits for the first SUPERADMIN.
    async fn of(stage: &Stage) -> Self {
        let (_phil, recovery) = Owner::with_phone(stage, "phil").await;
        stage.register_as("ann", Role::Admin).await;
        stage.clock.advance(60 * SECOND);
        let half = Browser::new(stage);
        half.sign_in("phil", PASSWORD).await;
        let visitor = Browser::new(stage);
        visitor.get("/login").await;
        let ann = Browser::of(stage, "ann").await;
        ann.get("/admin/sudo").await;
        let cause = stage.cause();
        let setup = tokio::task::block_in_place(|| link::fresh(stage.hub(), cause));
        let held = |browser: &Browser<'_>, name: &str| browser.cookie(name).expect("held");
        Self {
            pair: stage.login("ann").await,
            session: held(&ann, "hub_session"),
            admin: held(&ann, "hub_admin"),
            visitor: held(&visitor, "hub_visitor"),
            half: held(&half, "hub_half_sign_in"),
            admin_form: ann.token(),
            visitor_form: visitor.token(),
            setup: setup
                .expect("a link")
                .rsplit('=')
                .next()
                .expect("a token")
                .to_owned(),
            recovery: recovery.first().expect("ten codes").clone(),
        }
    }

    fn value(&self, kind: Kind) -> &str {
        match kind {
            Kind::AccessToken => &self.pair.access,
            Kind::RefreshToken => &self.pair.refresh,
            Kind::SessionCookie => &self.session,
            Kind::AdminCookie => &self.admin,
            Kind::VisitorCookie => &self.visitor,
            Kind::HalfSignInCookie => &self.half,
            Kind::AdminFormToken => &self.admin_form,
            Kind::VisitorFormToken => &self.visitor_form,
            Kind::SetupToken => &self.setup,
            Kind::Password => PASSWORD,
            Kind::RecoveryCode => &self.recovery,
        }
    }

    /// Shows a value at the place where `place` is the right kind; whether it is let in.
    async fn is_let_in(&self, stage: &Stage, place: Kind, value: &str) -> bool {
        let page = async |path: &str, cookies: String| {
            let call = stage.request(Method::Get, path);
            call.header("Cookie", &cookies).send().await.status
        };
        let form = async |path: &str, cookies: String, fields: &[(&str, &str)]| {
            stage
                .request(Method::Post, path)
                .header("Cookie", &cookies)
                .header("Sec-Fetch-Site", "same-origin")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(encoded(fields))
                .send()
                .await
        };
        let (admin, visitor) = (&self.admin, &self.visitor);
        // A form that is let in and has an empty field comes back with 422.
        match place {
            Kind::AccessToken => stage.me(value).await.status == 200,
            Kind::RefreshToken => stage.refresh(value).await.status == 200,
            Kind::SessionCookie => page("/account", format!("hub_session={value}")).await == 200,
            Kind::AdminCookie => page("/admin/sudo", format!("hub_admin={value}")).await == 200,
            Kind::VisitorCookie => {
                let fields = [("form_token", &*self.visitor_form)];
                let answer = form("/login", format!("hub_visitor={value}"), &fields).await;
                answer.status == 422
            }
            Kind::HalfSignInCookie => {
                let cookies = format!("hub_half_sign_in={value}");
                page("/login/second-factor", cookies).await == 200
            }
            Kind::AdminFormToken => {
                let fields = [("form_token", value)];
                let answer = form("/admin/sudo", format!("hub_admin={admin}"), &fields).await;
                answer.status == 422
            }
            Kind::VisitorFormToken => {
                let fields = [("form_token", value)];
                let answer = form("/login", format!("hub_visitor={visitor}"), &fields).await;
                answer.status == 422
            }
            Kind::SetupToken => page(&format!("/setup?token={value}"), String::new()).await == 200,
            Kind::Password => stage.login_with("ann", value).await.status == 200,
            Kind::RecoveryCode => {
                let cookies = format!("hub_half_sign_in={}; hub_visitor={visitor}", self.half);
                let fields = [("form_token", &*self.visitor_form), ("code", value)];
                let answer = form("/login/second-factor", cookies, &fields).await;
                answer.header("Location") == Some("/account")
            }
        }
    }
}

/// What a wrong credential may leave: nothing but the count of wrong codes.
fn untouched(stage: &Stage) -> State {
    let mut tables = state_without_audit(stage);
    for counts in ["second_factors", "browser_cookies"] {
        tables.remove(counts);
    }
    tables
}

#[rocket::async_test(flavor = "multi_thread")]
async fn each_kind_of_credential_opens_its_own_place_and_no_other() {
    let stage = Stage::without_limits().await;
    let loot = Loot::of(&stage).await;
    let earlier = untouched(&stage);
    for place in KINDS {
        for kind in KINDS.into_iter().filter(|kind| *kind != place) {
            let value = loot.value(kind);
            assert!(
                !loot.is_let_in(&stage, place, value).await,
                "{kind:?} passed for {place:?}"
            );
        }
        assert_eq!(untouched(&stage), earlier, "at the place of {place:?}");
    }
    // Each of them was good all the time.
    for kind in KINDS {
        let value = loot.value(kind);
        assert!(loot.is_let_in(&stage, kind, value).await, "{kind:?}");
    }
}

#[rocket::async_test]
async fn two_credentials_of_one_kind_at_once_count_as_none() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.register("alice").await, stage.register("bob").await);
    for [first, second] in [[&alice, &bob], [&bob, &alice]] {
        let call = stage.request(Method::Get, "/api/auth/me");
        let answer = call.bearer(&first.access).bearer(&second.access).send();
        assert_eq!(answer.await.status, 401);
        let (first, second) = (&first.refresh, &second.refresh);
        for body in [
            json!({"refresh_token": [first, second]}).to_string(),
            json!({"refresh_token": format!("{first},{second}")}).to_string(),
            json!({"refresh_token": format!("{first} {second}")}).to_string(),
        ] {
            let call = stage.request(Method::Post, "/api/auth/refresh");
            let status = call.json(body).send().await.status;
            assert!(matches!(status, 400 | 401), "{status}");
        }
    }
    assert_eq!(stage.number("SELECT max(generation) FROM sessions"), 1);
}

#[rocket::async_test]
async fn a_cookie_or_a_token_in_the_address_opens_nothing() {
    let stage = Stage::new().await;
    stage.register_as("ann", Role::SuperAdmin).await;
    let pair = stage.login("ann").await;
    let browser = Browser::of(&stage, "ann").await;
    let cookie = |name: &str| browser.cookie(name).expect("held");
    let values = [
        pair.access.clone(),
        pair.refresh.clone(),
        cookie("hub_session"),
        cookie("hub_admin"),
    ];
    for value in &values {
        for name in ["token", "access_token", "hub_session", "hub_admin"] {
            for (path, refused) in [
                ("/api/auth/me", 401),
                ("/api/auth/sessions", 401),
                ("/account", 303),
                ("/admin/users", 303),
            ] {
                let answer = stage.get(&format!("{path}?{name}={value}")).await;
                assert_eq!(answer.status, refused, "{path} {name}");
            }
        }
    }
    let query = format!("/api/auth/refresh?refresh_token={}", pair.refresh);
    let call = stage.request(Method::Post, &query);
    let answer = call.json("{}").send().await;
    answer.is_error(400, "Refresh token is required", "refresh_token_required");
    let call = stage.request(Method::Post, "/api/auth/refresh");
    let answer = call.bearer(&pair.refresh).json("{}").send().await;
    assert_eq!(answer.status, 400);
}

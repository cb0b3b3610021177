//! The body of a message, by the Standard Webhooks specification. What is sent and what the document of the API describes are the same types.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

use crate::features::sessions::model::EndReason;
use crate::features::webhooks::event::{Event, Facts};

/// A body.
#[derive(Serialize)]
pub(super) struct Body<'event> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: Data<'event>,
}

/// What is known of an event.
#[derive(Serialize)]
#[serde(untagged)]
enum Data<'event> {
    Session(SessionBody<'event>),
    Ended(EndedSessionBody<'event>),
    User(UserBody<'event>),
    Failures(FailuresBody<'event>),
    Test(TestBody),
}

/// A session and its user, as they were when it happened.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldSession)]
pub(super) struct SessionBody<'event> {
    /// The session: the same id as in tokens and in lists of sessions.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    sid: String,
    /// Whose it is.
    #[schema(minimum = 1)]
    user_id: i64,
    /// Their name; `null` where they were gone by then.
    #[schema(required)]
    username: Option<&'event str>,
    /// Whether it is one at the Hub's own pages.
    browser: bool,
    /// The address that it was last seen with; `null` where none is known.
    #[schema(required)]
    address: Option<String>,
    /// What its client called itself then.
    user_agent: &'event str,
}

/// A session that was ended, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldEndedSession)]
pub(super) struct EndedSessionBody<'event> {
    #[serde(flatten)]
    session: SessionBody<'event>,
    /// Why: the code that its client is answered with from then on.
    #[schema(schema_with = codes)]
    why: &'static str,
}

/// A user, as they were when it happened.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldUser)]
pub(super) struct UserBody<'event> {
    /// A number, given once.
    #[schema(minimum = 1)]
    user_id: i64,
    /// Their name.
    username: &'event str,
    /// Their address.
    email: &'event str,
    /// What they may do at the Hub itself: USER, ADMIN or SUPERADMIN.
    #[schema(pattern = "^(USER|ADMIN|SUPERADMIN)$")]
    role: &'event str,
}

/// Failures in a row at one account.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldFailures)]
pub(super) struct FailuresBody<'event> {
    /// Whose account; `null` where there is no such user: what was typed is never told.
    #[schema(required, minimum = 1)]
    user_id: Option<i64>,
    /// Their name; `null` likewise.
    #[schema(required)]
    username: Option<&'event str>,
    /// What was wrong: a `password`, or a code of the `second_factor`.
    #[schema(pattern = "^(password|second_factor)$")]
    what: &'event str,
    /// How many there were.
    #[schema(minimum = 2)]
    in_a_row: u32,
    /// The address that the last one came from; `null` where none is known.
    #[schema(required)]
    address: Option<String>,
}

/// Nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = ToldTest)]
pub(super) struct TestBody {}

/// Every code that an ended session may have.
fn codes() -> Object {
    let mut codes = EndReason::ALL.map(EndReason::code).to_vec();
    codes.sort_unstable();
    codes.dedup();
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .description(Some(
            "Why: the code that its client is answered with from then on.",
        ))
        .enum_values(Some(codes))
        .build()
}

impl<'event> Body<'event> {
    /// That of an event.
    pub(super) fn of(event: &'event Event) -> Self {
        Self {
            kind: event.kind().as_str(),
            timestamp: format!("{}Z", event.at),
            data: Data::of(&event.facts),
        }
    }
}

impl<'event> Data<'event> {
    fn of(facts: &'event Facts) -> Self {
        let text = |address: &Option<IpAddr>| address.map(|address| address.to_string());
        match facts {
            Facts::Session {
                kind: _,
                session,
                user,
                username,
                browser,
                address,
                agent,
                why,
            } => {
                let session = SessionBody {
                    sid: session.to_string(),
                    user_id: user.0,
                    username: username.as_deref(),
                    browser: *browser,
                    address: text(address),
                    user_agent: agent,
                };
                match why.map(EndReason::code) {
                    None => Self::Session(session),
                    Some(why) => Self::Ended(EndedSessionBody { session, why }),
                }
            }
            Facts::User {
                kind: _,
                user,
                username,
                email,
                role,
            } => Self::User(UserBody {
                user_id: user.0,
                username,
                email,
                role,
            }),
            Facts::Failures {
                user,
                username,
                what,
                failures,
                address,
            } => Self::Failures(FailuresBody {
                user_id: user.map(|user| user.0),
                username: username.as_deref(),
                what,
                in_a_row: *failures,
                address: text(address),
            }),
            Facts::Test => Self::Test(TestBody {}),
        }
    }
}

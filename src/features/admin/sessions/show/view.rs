//! What the page of one session shows, as plain values for its template.

use std::time::Duration;

use serde::Serialize;

use crate::features::admin::sessions::row::{self, Ending, ended_because};
use crate::features::admin::sessions::show::events::{Line, lines};
use crate::features::admin::sessions::show::picture::{Picture, draw};
use crate::features::revocations::model::Place;
use crate::features::sessions::end::now_with;
use crate::features::sessions::lineage::{Event, Kind};
use crate::features::sessions::model::{EndReason, Session, Standing};
use crate::features::sessions::verdict::comparison::{Difference, Holder};
use crate::features::sessions::verdict::{Alarm, Finding, judge, words};
use crate::http::shown_text::shown;
use crate::http::times::Shown;
use crate::types::ids::SessionId;
use crate::types::time::Timestamp;
use crate::types::user_agent::UserAgent;

/// All that the page is made from.
pub struct Material<'a> {
    /// The session.
    pub session: &'a Session,
    /// Its user's name, if they still exist.
    pub username: Option<&'a str>,
    /// Whether it is a browser's.
    pub is_browser: bool,
    /// Where it began.
    pub first: Holder<'a>,
    /// Its events, oldest first.
    pub events: &'a [Event],
    /// The session of the one who looks.
    pub own: SessionId,
    /// How long a refresh token lives.
    pub refresh_ttl: Duration,
    /// How long an access token lives.
    pub access_ttl: Duration,
    /// The present time.
    pub now: Timestamp,
    /// The place in the feed of revocations from which on its script listens.
    pub place: Place,
}

/// What the template shows.
#[derive(Debug, Serialize)]
pub struct View {
    session: Facts,
    place: String,
    endings: [Ending; EndReason::ALL.len()],
    findings: Vec<Said>,
    forgotten: Option<String>,
    picture: Picture,
    description: String,
    /// Which signs the picture has, so that only those are explained.
    legend: Vec<&'static str>,
    first: Client,
    last: Client,
    changes: Vec<String>,
    access: String,
    events: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Facts {
    id: String,
    user_id: i64,
    username: Option<String>,
    user_url: String,
    url: String,
    revoke_url: String,
    sign_out_url: Option<String>,
    is_current: bool,
    is_browser: bool,
    can_end: bool,
    kind: &'static str,
    status: &'static str,
    started: Shown,
    used: Shown,
    expires: Shown,
    ends: Shown,
    ended: Option<Shown>,
    end_reason: Option<&'static str>,
    rotations: i64,
    repeats: usize,
}

#[derive(Debug, Serialize)]
struct Said {
    tone: &'static str,
    icon: &'static str,
    title: String,
    seen: String,
    advice: &'static str,
    evidence: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct Client {
    address: String,
    device: String,
    user_agent: String,
}

impl View {
    /// Puts the page together.
    #[must_use]
    pub fn new(material: &Material<'_>) -> Self {
        let Material {
            session, events, ..
        } = *material;
        let verdict = judge(events);
        let is_live = matches!(status(material), "active" | "expiring");
        let picture = draw(events, is_live);
        let last = UserAgent::from_row(session.agent.text.clone());
        let last = Holder {
            address: session.address,
            user_agent: &last,
        };
        let (first_device, last_device) =
            (material.first.user_agent.device(), last.user_agent.device());
        Self {
            session: facts(material),
            place: material.place.to_string(),
            endings: Ending::all(),
            legend: legend(events, &picture),
            picture,
            description: description(events),
            changes: words::changes(
                Difference::between(material.first, last),
                &first_device,
                &last_device,
            ),
            first: Client::of(material.first),
            last: Client::of(last),
            access: access(material),
            events: lines(events, &evidence(&verdict.findings)),
            forgotten: (verdict.forgotten > 0).then(|| {
                format!(
                    "{} older events are no longer kept: the judgement rests on the last {}.",
                    verdict.forgotten,
                    events.len()
                )
            }),
            findings: verdict.findings.iter().map(said).collect(),
        }
    }
}

fn legend(events: &[Event], picture: &Picture) -> Vec<&'static str> {
    let has = |kind: Kind| events.iter().any(|event| event.kind == kind);
    let disputed = picture.nodes.iter().any(|node| node.kind == "disputed");
    [
        ("disputed", disputed),
        ("reuse", has(Kind::Reuse)),
        ("again", has(Kind::Retry)),
        ("late", has(Kind::Straggler)),
        ("lanes", !picture.lanes.is_empty()),
    ]
    .into_iter()
    .filter_map(|(sign, is_there)| is_there.then_some(sign))
    .collect()
}

fn evidence(findings: &[Finding<'_>]) -> Vec<i64> {
    findings.iter().flat_map(Finding::evidence).collect()
}

fn said(finding: &Finding<'_>) -> Said {
    let words = finding.words();
    let (tone, icon) = match finding.alarm() {
        Alarm::Theft => ("bad", "alert"),
        Alarm::Ask => ("warn", "alert"),
        Alarm::Notice => ("plain", "info"),
        Alarm::Quiet => ("good", "check"),
    };
    Said {
        tone,
        icon,
        title: words.title,
        seen: words.seen,
        advice: words.advice,
        evidence: newest(finding.evidence()),
    }
}

/// Enough to find the rest.
fn newest(mut evidence: Vec<i64>) -> Vec<i64> {
    const SHOWN: usize = 5;
    evidence.split_off(evidence.len().saturating_sub(SHOWN))
}

fn facts(material: &Material<'_>) -> Facts {
    let Material { session, now, .. } = *material;
    let id = session.id;
    let when = |at| Shown::new(at, now);
    let ended = match session.standing {
        Standing::Live => None,
        Standing::Ended { at, reason } => Some((when(at), ended_because(reason))),
    };
    let (ended, end_reason) = ended.unzip();
    let repeated = |event: &&Event| matches!(event.kind, Kind::Retry | Kind::Straggler);
    Facts {
        id: id.to_string(),
        user_id: session.user.0,
        username: material.username.map(shown),
        user_url: format!("/admin/users/{}", session.user),
        url: format!("/admin/sessions/{id}"),
        revoke_url: format!("/admin/sessions/{id}/revoke"),
        sign_out_url: material
            .username
            .map(|_| format!("/admin/users/{}/sign-out", session.user)),
        is_current: id == material.own,
        is_browser: material.is_browser,
        can_end: session.standing == Standing::Live,
        kind: if material.is_browser {
            "Browser: signed in at this Hub, without tokens"
        } else {
            "App: access and refresh tokens"
        },
        status: status(material),
        started: when(session.created_at),
        used: when(session.rotated.wall),
        expires: when(session.refresh_expires(material.refresh_ttl)),
        ends: when(session.ends_at),
        ended,
        end_reason,
        rotations: session.rotations(),
        repeats: material.events.iter().filter(repeated).count(),
    }
}

/// The badge's status.
fn status(material: &Material<'_>) -> &'static str {
    let Material { session, now, .. } = *material;
    let expires = session.refresh_expires(material.refresh_ttl);
    row::status(
        session.standing,
        expires,
        now_with(material.refresh_ttl, now),
    )
    .0
}

/// What becomes of the access tokens, which no list holds.
fn access(material: &Material<'_>) -> String {
    let Material {
        session, events, ..
    } = *material;
    if material.is_browser {
        return "There is none: a browser carries a cookie, which the Hub refuses from the moment on at which the session ends."
            .to_owned();
    }
    // Each answer carried one; the last answer's lives longest.
    let answered = |event: &&Event| {
        matches!(
            event.kind,
            Kind::Start | Kind::Rotate | Kind::Retry | Kind::Straggler
        )
    };
    let issued = events.iter().filter(answered).map(|event| event.at).max();
    let issued = issued.map_or(session.rotated.wall, |at| at.max(session.rotated.wall));
    let expires = issued.plus(material.access_ttl).min(session.ends_at);
    let at = Shown::new(expires, material.now).absolute;
    let over = expires <= material.now;
    match (session.standing, over) {
        (_, true) => format!("All of its access tokens have expired, the last one at {at}."),
        (Standing::Live, false) => format!(
            "When the session is ended, this Hub refuses its access tokens at once. An app that checks tokens by itself, without \
             asking the Hub, accepts the last one until it expires: at the latest at {at}."
        ),
        (Standing::Ended { .. }, false) => format!(
            "This Hub refuses its access tokens since the session was ended. An app that checks tokens by itself, without \
             asking the Hub, accepts the last one until it expires: at the latest at {at}."
        ),
    }
}

fn description(events: &[Event]) -> String {
    let of = |kind: Kind| events.iter().filter(|event| event.kind == kind).count();
    let ended = if of(Kind::End) > 0 {
        ", and its end"
    } else {
        ""
    };
    format!(
        "A timeline from left to right with {} rotations, {} retries, {} late older tokens and {} uses after the grace{ended}. \
         The list under \u{201c}Every event\u{201d} says the same in words.",
        of(Kind::Rotate),
        of(Kind::Retry),
        of(Kind::Straggler),
        of(Kind::Reuse)
    )
}

impl Client {
    fn of(holder: Holder<'_>) -> Self {
        Self {
            address: address(holder),
            device: holder.user_agent.device().into_owned(),
            user_agent: match holder.user_agent.as_str() {
                "" => "sent no name".to_owned(),
                text => text.to_owned(),
            },
        }
    }
}

/// A holder's address, or that it is not known.
#[must_use]
pub fn address(holder: Holder<'_>) -> String {
    holder.address.map_or_else(
        || "address unknown".to_owned(),
        |address| address.to_string(),
    )
}

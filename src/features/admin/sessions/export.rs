//! `GET /admin/sessions/export.csv` and `GET /admin/sessions/export.json`: all sessions that the list's filter lets pass, newest first.

use rocket::{State, get};
use serde::Serialize;

use crate::features::admin::sessions::asked::Asked;
use crate::features::admin::sessions::chosen::Chosen;
use crate::features::admin::sessions::lists::Lists;
use crate::features::admin::sessions::row;
use crate::features::browser::who::Administrator;
use crate::features::sessions::end;
use crate::features::sessions::model::{self, Standing};
use crate::features::sessions::store::many::order::{Place, Sort};
use crate::features::sessions::store::many::page;
use crate::features::sessions::store::many::{Filter, Listed, Now};
use crate::http::answer::JSON;
use crate::http::csv::{self, CSV};
use crate::http::download::Download;
use crate::http::refusal::{Away, Refusal};
use crate::http::shown_text::shown;
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Db, Store, StoreError, Tx};
use crate::types::cause::Cause;
use crate::types::time::Timestamp;

/// Rows a piece: a few hundred kilobytes.
const PIECE_ROWS: u32 = 1_000;

/// The names of the columns, in order: what a row of [`Exported`] has.
const COLUMNS: [&str; 14] = [
    "id",
    "user_id",
    "username",
    "status",
    "started_at",
    "last_used_at",
    "expires_at",
    "ended_at",
    "end_reason",
    "ip",
    "device",
    "user_agent",
    "rotations",
    "ends_at",
];

type Make = Box<dyn FnMut() -> Result<Option<Vec<u8>>, StoreError> + Send>;

/// As a table for spreadsheets.
///
/// # Errors
/// When the password was not given lately, or the search has a mistake.
#[get("/admin/sessions/export.csv")]
pub async fn as_csv(
    hub: &State<Hub>,
    lists: &State<Lists>,
    administrator: Administrator,
    asked: Asked,
) -> Result<Download<Make>, Refusal> {
    administrator.proven(&asked.at("/admin/sessions/export.csv"))?;
    let mut rows = begin(hub, lists, &administrator, &asked, "csv").await?;
    let mut is_first = true;
    let make = move || {
        let piece = rows.piece()?;
        let mut text = String::new();
        if std::mem::take(&mut is_first) {
            csv::row(&mut text, COLUMNS);
        }
        for session in piece.iter().flatten() {
            csv::row(&mut text, rows.exported(session).cells());
        }
        Ok((piece.is_some() || !text.is_empty()).then(|| text.into_bytes()))
    };
    Ok(Download {
        name: "sessions.csv".into(),
        media_type: CSV,
        make: Box::new(make),
    })
}

/// As an array of objects.
///
/// # Errors
/// As [`as_csv`].
#[get("/admin/sessions/export.json")]
pub async fn as_json(
    hub: &State<Hub>,
    lists: &State<Lists>,
    administrator: Administrator,
    asked: Asked,
) -> Result<Download<Make>, Refusal> {
    administrator.proven(&asked.at("/admin/sessions/export.json"))?;
    let mut rows = begin(hub, lists, &administrator, &asked, "json").await?;
    let mut separator = "[\n";
    let mut is_over = false;
    let make = move || {
        if is_over {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        if let Some(piece) = rows.piece()? {
            for session in &piece {
                bytes.extend_from_slice(separator.as_bytes());
                separator = ",\n";
                serde_json::to_writer(&mut bytes, &rows.exported(session))
                    .map_err(|error| StoreError::Broken(error.to_string()))?;
            }
        } else {
            is_over = true;
            // Of nothing there is still an array.
            bytes.extend_from_slice(if separator == "[\n" { b"[" } else { b"" });
            bytes.extend_from_slice(b"\n]\n");
        }
        Ok(Some(bytes))
    };
    Ok(Download {
        name: "sessions.json".into(),
        media_type: JSON,
        make: Box::new(make),
    })
}

/// Counts what is exported and writes that down, before the first row leaves.
async fn begin(
    hub: &Hub,
    lists: &Lists,
    administrator: &Administrator,
    asked: &Asked,
    format: &'static str,
) -> Result<Rows, Refusal> {
    let now = end::now(hub, hub.clock.now().wall);
    // The list itself says what is wrong.
    let mistaken = |_| Refusal::from(Away::to(asked.at("/admin/sessions")));
    let filter = asked.filter(now).map_err(mistaken)?;
    let counted = filter.clone();
    let total = lists
        .read(hub, move |db| page::total(db, &counted, now))
        .await?;
    let about = Chosen::Matching(asked.clone(), administrator.session).about();
    let exported = NoteExport {
        detail: format!("format={format} sessions={total} {about}"),
        cause: administrator.cause(hub),
    };
    hub.store.write(exported).await?;
    Ok(Rows {
        store: hub.store.clone(),
        refresh_ttl: hub.config.refresh_ttl,
        filter,
        now,
        behind: None,
        is_over: false,
    })
}

struct NoteExport {
    detail: String,
    cause: Cause,
}

impl Change for NoteExport {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        tx.audit(&self.cause, Action::SessionExport, None, Some(self.detail))
    }
}

/// The rows of an export, piece by piece. They are in the order of the sign-ins, which never changes, so that none is there twice and none is left out.
struct Rows {
    store: Store,
    refresh_ttl: std::time::Duration,
    filter: Filter,
    now: Now,
    /// Behind which place the next piece begins, if not at the beginning.
    behind: Option<Place>,
    /// Whether the last piece was read.
    is_over: bool,
}

impl Rows {
    fn piece(&mut self) -> Result<Option<Vec<Listed>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let read = |db: &Db<'_>| {
            let (filter, place) = (&self.filter, self.behind.as_ref());
            page::following(db, filter, self.now, Sort::Started, place, PIECE_ROWS)
        };
        let (rows, last) = self.store.read(read)?;
        self.is_over = last.is_none();
        self.behind = last;
        Ok(Some(rows))
    }

    fn exported(&self, session: &Listed) -> Exported {
        let expires =
            model::refresh_expires(session.last_used_at, self.refresh_ttl, session.ends_at);
        let (status, _) = row::status(session.standing, expires, self.now);
        let (ended_at, end_reason) = match session.standing {
            Standing::Live => (None, None),
            Standing::Ended { at, reason } => (Some(at), Some(reason.as_str())),
        };
        Exported {
            id: session.id.to_string(),
            user_id: session.user.0,
            username: session.username.as_deref().map(shown),
            status,
            started_at: zoned(session.created_at),
            last_used_at: zoned(session.last_used_at),
            expires_at: zoned(expires),
            ended_at: ended_at.map(zoned),
            end_reason,
            ip: session.address.map(|address| address.to_string()),
            device: session.user_agent.device().into_owned(),
            user_agent: shown(session.user_agent.as_str()),
            rotations: session.rotations,
            ends_at: zoned(session.ends_at),
        }
    }
}

fn zoned(at: Timestamp) -> String {
    format!("{at}Z")
}

/// A session as exports hold it. Neither its salt nor any part of a token is in it.
#[derive(Serialize)]
struct Exported {
    id: String,
    user_id: i64,
    username: Option<String>,
    status: &'static str,
    started_at: String,
    last_used_at: String,
    expires_at: String,
    ended_at: Option<String>,
    end_reason: Option<&'static str>,
    ip: Option<String>,
    device: String,
    user_agent: String,
    rotations: i64,
    ends_at: String,
}

impl Exported {
    fn cells(self) -> [String; 14] {
        [
            self.id,
            self.user_id.to_string(),
            self.username.unwrap_or_default(),
            self.status.to_owned(),
            self.started_at,
            self.last_used_at,
            self.expires_at,
            self.ended_at.unwrap_or_default(),
            self.end_reason.unwrap_or_default().to_owned(),
            self.ip.unwrap_or_default(),
            self.device,
            self.user_agent,
            self.rotations.to_string(),
            self.ends_at,
        ]
    }
}

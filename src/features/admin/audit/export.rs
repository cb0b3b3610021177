//! `GET /admin/audit/export.csv` and `GET /admin/audit/export.json`: every row that the filters let pass, as a file.

use rocket::State;
use rocket::get;
use rocket::tokio::task::spawn_blocking;

use crate::features::admin::audit::file::{File, Format};
use crate::features::admin::audit::search::{Place, Typed};
use crate::features::admin::audit::turns::Turns;
use crate::features::browser::who::Administrator;
use crate::http::answer::JSON;
use crate::http::csv;
use crate::http::download::Download;
use crate::http::problem::ApiError;
use crate::http::refusal::{Away, Refusal};
use crate::hub::Hub;
use crate::store::audit::Action;
use crate::store::{Change, Store, StoreError, Tx};
use crate::types::cause::Cause;

/// The file of a table.
///
/// # Errors
/// Without a fresh proof the password is asked for first; filters that cannot be lead back to the list, which says why.
#[get("/admin/audit/export.csv?<typed..>")]
pub async fn table(
    hub: &State<Hub>,
    turns: &State<Turns>,
    administrator: Administrator,
    typed: Typed,
) -> Result<Download<impl FnMut() -> Piece + Send + 'static>, Refusal> {
    let mut file = begin(hub, turns, &administrator, typed, Format::Csv).await?;
    let store = hub.store.clone();
    Ok(Download {
        name: "audit.csv".into(),
        media_type: csv::CSV,
        make: move || piece(&store, &mut file),
    })
}

/// The file of an array.
///
/// # Errors
/// As [`table`].
#[get("/admin/audit/export.json?<typed..>")]
pub async fn array(
    hub: &State<Hub>,
    turns: &State<Turns>,
    administrator: Administrator,
    typed: Typed,
) -> Result<Download<impl FnMut() -> Piece + Send + 'static>, Refusal> {
    let mut file = begin(hub, turns, &administrator, typed, Format::Json).await?;
    let store = hub.store.clone();
    Ok(Download {
        name: "audit.json".into(),
        media_type: JSON,
        make: move || piece(&store, &mut file),
    })
}

type Piece = Result<Option<Vec<u8>>, StoreError>;

fn piece(store: &Store, file: &mut File) -> Piece {
    store.read(|db| file.piece(db))
}

async fn begin(
    hub: &Hub,
    turns: &Turns,
    administrator: &Administrator,
    typed: Typed,
    format: Format,
) -> Result<File, Refusal> {
    let list = format!("/admin/audit{}", typed.query(Place::Newest));
    // Back to the list and not to the file: a browser that is handed one stays where it is, before the question for the password.
    administrator.proven(&list)?;
    let filters = typed.set().join(",");
    let store = hub.store.clone();
    let _turn = turns.take().await?;
    let file = spawn_blocking(move || {
        store.read(|db| {
            let search = typed.read(db)?.ok();
            search
                .map(|search| File::begin(db, search.filter, format))
                .transpose()
        })
    });
    let file = file.await.map_err(|_| ApiError::of_status(500))?;
    let file = file?.ok_or_else(|| Away::to(list))?;
    let change = Exported {
        format,
        rows: file.rows(),
        filters,
        cause: administrator.cause(hub),
    };
    hub.store.write(change).await?;
    Ok(file)
}

/// Notes that rows were taken out. It is written before the first of them is sent, and is none of them.
struct Exported {
    format: Format,
    rows: i64,
    /// The names of the filters that were set; their values stay out of the audit.
    filters: String,
    cause: Cause,
}

impl Change for Exported {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let mut detail = format!("format={} rows={}", self.format.as_str(), self.rows);
        if !self.filters.is_empty() {
            detail.push_str(" filters=");
            detail.push_str(&self.filters);
        }
        tx.audit(&self.cause, Action::AuditExport, None, Some(detail))
    }
}

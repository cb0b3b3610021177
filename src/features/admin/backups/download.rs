//! `GET /admin/settings/backups/{name}`: a copy of the database as a file, for whoever gave the password a moment ago.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rocket::tokio::task::spawn_blocking;
use rocket::{State, get};

use crate::features::browser::who::SuperAdministrator;
use crate::http::download::Download;
use crate::http::problem::ApiError;
use crate::http::refusal::Refusal;
use crate::hub::{Hub, Place};
use crate::store::audit::Action;
use crate::store::backup::Name;
use crate::store::{Change, StoreError, Tx};
use crate::types::cause::Cause;

/// What a file is read by.
const PIECE_BYTES: u64 = 256 * 1024;

/// Sends it.
///
/// # Errors
/// Without a fresh proof the password is asked for first; 404 for whatever is no copy that the Hub made.
#[get("/admin/settings/backups/<name>")]
pub async fn download(
    hub: &State<Hub>,
    administrator: SuperAdministrator,
    name: &str,
) -> Result<Download<impl FnMut() -> Piece + Send + 'static>, Refusal> {
    // Back to the page and not to the file: a browser that is handed one stays where it is, before the question for the password.
    administrator.proven("/admin/settings")?;
    // No name that the Hub would not give leads anywhere, so none leads out of the folder.
    let name = Name::parse(name).ok_or_else(|| ApiError::of_status(404))?;
    let path = Place::new(&hub.config.data_dir)
        .backups()
        .join(name.to_string());
    let opened = spawn_blocking(move || open(&path)).await;
    let opened = opened.map_err(|_| ApiError::of_status(500))?;
    let mut file = opened.ok_or_else(|| ApiError::of_status(404))?;
    let file_name = name.to_string();
    let cause = administrator.cause(hub);
    hub.store.write(TakenOut { name, cause }).await?;
    Ok(Download {
        name: file_name.into(),
        media_type: "application/vnd.sqlite3",
        make: move || piece(&mut file).map_err(|error| StoreError::Broken(error.to_string())),
    })
}

type Piece = Result<Option<Vec<u8>>, StoreError>;

/// A file of the folder itself: no link, and nothing that never ends.
fn open(path: &Path) -> Option<File> {
    let told = std::fs::symlink_metadata(path).ok()?;
    told.is_file().then(|| File::open(path).ok())?
}

fn piece(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(PIECE_BYTES).read_to_end(&mut bytes)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// Notes that a copy was taken out, before the first of it is sent.
struct TakenOut {
    name: Name,
    cause: Cause,
}

impl Change for TakenOut {
    type Outcome = ();
    type Error = StoreError;

    fn apply(self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let target = format!("backup:{}", self.name);
        tx.audit(&self.cause, Action::BackupDownload, Some(target), None)
    }
}

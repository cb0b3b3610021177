//! `hub user export`: all users as a file that `hub user import` takes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use crate::cli::database::Reading;
use crate::cli::user::import::field::Field;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::crypto::hasher::StoredHash;
use crate::features::users::model::User;
use crate::features::users::store::moving;
use crate::http::csv;
use crate::types::ids::UserId;

/// Users read at a time: readers come and go between the pages, so a long file never holds the log back.
const PAGE_USERS: u32 = 500;

/// Write all users to standard output, by number, as `hub user import` takes them.
#[derive(Debug, Args)]
pub struct Export {
    /// How the users are written
    #[arg(long, value_enum, default_value_t = Written::Csv)]
    format: Written,
    /// Write the password hashes too: whoever has them can try passwords for as long as they like
    #[arg(long)]
    with_hashes: bool,
    /// Write into this new file, which only its owner may read
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Written {
    /// A table whose first row names the columns
    Csv,
    /// An object on each line
    Json,
}

impl Export {
    /// Writes them.
    ///
    /// # Errors
    /// When the database cannot be read, hashes would land on a screen, or the file cannot be made.
    pub fn run(self, global: &Global) -> Outcome {
        if self.with_hashes && self.output.is_none() && io::stdout().is_terminal() {
            return Err(Failure::new(
                Exit::Usage,
                "password hashes are not shown on a terminal; name a new file with --output",
            ));
        }
        let database = Reading::open(global)?;
        let mut out = Out::open(self.output.as_deref())?;
        let columns = Field::ALL.iter().filter(|field| {
            field.is_exported() && (self.with_hashes || **field != Field::PasswordHash)
        });
        let columns: Vec<Field> = columns.copied().collect();
        let mut text = String::new();
        if self.format == Written::Csv {
            csv::row(&mut text, columns.iter().map(|field| field.name()));
        }
        let mut last = UserId(0);
        loop {
            let page = database.read(|db| Ok(moving::list_with_hashes(db, last, PAGE_USERS)?))?;
            for (user, hash) in &page {
                match self.format {
                    Written::Csv => row(&mut text, &columns, user, hash),
                    Written::Json => object(&mut text, &columns, user, hash),
                }
                last = user.id;
            }
            if !out.write(&text)? || page.is_empty() {
                return out.end();
            }
            text.clear();
        }
    }
}

fn row(out: &mut String, columns: &[Field], user: &User, hash: &StoredHash) {
    let cells = columns.iter().map(|field| {
        let cell = field.of(user, hash).unwrap_or_default();
        csv::guard_apostrophe(cell)
    });
    csv::row(out, cells);
}

fn object(out: &mut String, columns: &[Field], user: &User, hash: &StoredHash) {
    let told = columns.iter().filter_map(|field| {
        let text = field.of(user, hash)?;
        let value = match field {
            Field::EmailVerified | Field::IsActive => Value::Bool(text == "true"),
            _ => Value::String(text),
        };
        Some((field.name().to_owned(), value))
    });
    let object: Map<String, Value> = told.collect();
    out.push_str(&Value::Object(object).to_string());
    out.push('\n');
}

/// Where it goes.
enum Out<'path> {
    Standard,
    File(&'path Path, File),
}

impl<'path> Out<'path> {
    fn open(path: Option<&'path Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::Standard);
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        match options.open(path) {
            Ok(file) => Ok(Self::File(path, file)),
            Err(error) => Err(Failure::new(
                Exit::CannotCreate,
                format!(
                    "cannot make {}: {error}; name a file that is not there yet",
                    path.display()
                ),
            )),
        }
    }

    /// Whether anybody wants more.
    fn write(&mut self, text: &str) -> Result<bool, Failure> {
        let written = match self {
            Self::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            Self::File(_, file) => file.write_all(text.as_bytes()),
        };
        match written {
            Ok(()) => Ok(true),
            // Its reader has seen enough (`| head`): that is a quiet end.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn end(&mut self) -> Outcome {
        match self {
            Self::Standard => Ok(()),
            Self::File(_, file) => file.sync_all().map_err(|error| self.failed(&error)),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let place = match self {
            Self::Standard => "standard output".to_owned(),
            Self::File(path, _) => path.display().to_string(),
        };
        Failure::new(
            Exit::Failed,
            format!(
                "cannot write to {place}: {error}; check where it leads and what is left there"
            ),
        )
    }
}

//! `hub audit export`: the rows of the audit as a file, however many.

use std::io::{self, ErrorKind, Write};

use clap::{Args, ValueEnum};

use crate::cli::audit::filter::Filters;
use crate::cli::database::Reading;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::features::admin::audit::file::{File, Format};

/// Write the audit to standard output, newest first, as CSV or JSON.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    filters: Filters,
    /// How the rows are written
    #[arg(long, value_enum, default_value_t = Written::Csv)]
    format: Written,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Written {
    /// A table whose first row names the columns
    Csv,
    /// An array of objects, one on each line
    Json,
}

impl Export {
    /// Writes it.
    ///
    /// # Errors
    /// When the database cannot be read, or standard output takes no more.
    pub fn run(self, global: &Global) -> Outcome {
        let database = Reading::open(global)?;
        let format = if self.json || self.format == Written::Json {
            Format::Json
        } else {
            Format::Csv
        };
        let filter = self.filters.resolve(database.now.wall, 0);
        let mut file = database.read(|db| Ok(File::begin(db, filter, format)?))?;
        let mut out = io::stdout().lock();
        while let Some(piece) = database.read(|db| Ok(file.piece(db)?))? {
            match out.write_all(&piece).and_then(|()| out.flush()) {
                Ok(()) => {}
                // Its reader has seen enough (`| head`): that is a quiet end.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                Err(error) => {
                    return Err(Failure::new(
                        Exit::Failed,
                        format!("cannot write to standard output: {error}; check where it leads"),
                    ));
                }
            }
        }
        Ok(())
    }
}

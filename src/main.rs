//! Parses the arguments, runs the command; an error becomes a line and an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    hub::cli::run()
}

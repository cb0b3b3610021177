//! Reading a small text file without trusting it to be small.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The text of the file at `path`.
///
/// # Errors
/// What the system says, or that the file is larger than `max_bytes` or no UTF-8 text.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<String> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > max_bytes) {
        let fault = format!("it is larger than {max_bytes} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, fault));
    }
    // The bytes themselves stay out of the error: they may be a secret.
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

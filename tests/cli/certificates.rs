//! Certificates as a self-hoster has them: PEM files, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Valid whenever these tests run.
const ALWAYS: [&str; 2] = ["20200101000000Z", "20991231000000Z"];

/// The least that openssl wants to know for signing.
const AUTHORITY: &str = "[ca]\ndefault_ca = own\n[own]\ndefault_md = sha256\npolicy = any\n\
    copy_extensions = copy\nunique_subject = no\n[any]\ncommonName = supplied\n";

/// A certificate for this machine's loopback names, and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// A self-signed one.
pub fn make(directory: &Path, name: &str) -> Certificate {
    make_for(directory, name, ALWAYS)
}

/// One that is valid from the first of these moments to the second.
pub fn make_for(directory: &Path, name: &str, [from, to]: [&str; 2]) -> Certificate {
    let file = |end: &str| directory.join(format!("{name}.{end}"));
    let made = Certificate {
        cert: file("pem"),
        key: file("key"),
    };
    let (request, authority, index) = (file("csr"), file("cnf"), file("index"));
    let database = format!(
        "[own]\ndatabase = {}\nserial = {}\nnew_certs_dir = .\n",
        index.display(),
        file("serial").display()
    );
    fs::write(&authority, AUTHORITY.replace("[own]\n", &database)).expect("a file");
    fs::write(&index, "").expect("a file");
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hub \
         -addext subjectAltName=IP:127.0.0.1,DNS:localhost",
        &[("-keyout", &made.key), ("-out", &request)],
        directory,
    );
    openssl(
        &format!("ca -batch -selfsign -notext -create_serial -startdate {from} -enddate {to}"),
        &[
            ("-config", &authority),
            ("-keyfile", &made.key),
            ("-in", &request),
            ("-out", &made.cert),
        ],
        directory,
    );
    made
}

fn openssl(words: &str, files: &[(&str, &Path)], directory: &Path) {
    let mut command = Command::new("openssl");
    command
        .args(words.split_whitespace())
        .current_dir(directory);
    for (option, file) in files {
        command.arg(option).arg(file);
    }
    let done = command.output().expect("openssl, which tests/run installs");
    assert!(done.status.success(), "{command:?}: {done:?}");
}

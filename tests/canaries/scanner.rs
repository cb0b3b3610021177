//! Looks for secrets in what others may come to read, in every form that programs write them in. Says where one is, never what it is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// What is shorter is found by chance wherever there is text; six digits stand in half of all times.
pub const MIN_SECRET_BYTES: usize = 8;
/// Folders within folders at most: a link that leads back ends here.
const MAX_DEPTH: usize = 8;

/// The secrets that were given to a Hub or came from it, each with what kind of secret it is.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<Vec<u8>, &'static str>);

impl Secrets {
    /// Adds one; what is too short to be looked for is left out.
    pub fn add(&mut self, kind: &'static str, secret: impl AsRef<[u8]>) {
        let secret = secret.as_ref();
        if secret.len() >= MIN_SECRET_BYTES {
            self.0.entry(secret.to_vec()).or_insert(kind);
        }
    }

    /// Adds what makes a token one: its signature, and the `jti` that a refresh token is good by. Whoever has the whole text has both.
    pub fn add_token(&mut self, token: &str) {
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        self.add("a token's signature", signature);
        if let Ok(bytes) = BASE64URL_NOPAD.decode(signature.as_bytes()) {
            self.add("a token's signature", bytes);
        }
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes());
        let claims = claims.unwrap_or_default();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap_or_default();
        if let Some(jti) = claims["jti"].as_str() {
            self.add("a token's jti", jti);
            self.add("a token's jti", jti.replace('-', ""));
        }
    }

    /// Makes them ready to be looked for.
    pub fn scanner(&self) -> Scanner {
        let mut patterns = BTreeMap::new();
        for (secret, kind) in &self.0 {
            for (form, written) in forms(secret) {
                patterns.entry(written).or_insert((*kind, form));
            }
        }
        let automaton = AhoCorasick::new(patterns.keys()).expect("patterns of a few MiB at most");
        Scanner {
            automaton,
            told: patterns.into_values().collect(),
        }
    }
}

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub place: String,
    pub kind: &'static str,
    pub form: &'static str,
    /// The first of them.
    pub at: usize,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            kind,
            form,
            at,
        } = self;
        write!(formatter, "{place}, byte {at}: {kind}, {form}")
    }
}

/// All secrets in all forms, looked for in one pass.
pub struct Scanner {
    automaton: AhoCorasick,
    told: Vec<(&'static str, &'static str)>,
}

impl Scanner {
    /// What stands in these bytes, once for each kind and form.
    pub fn search(&self, place: &str, bytes: &[u8]) -> Vec<Finding> {
        let mut found = BTreeMap::new();
        for hit in self.automaton.find_iter(bytes) {
            let told = self.told[hit.pattern().as_usize()];
            found.entry(told).or_insert(hit.start());
        }
        let finding = |((kind, form), at)| Finding {
            place: place.to_owned(),
            kind,
            form,
            at,
        };
        found.into_iter().map(finding).collect()
    }

    /// What stands in the files of a folder and in their names; `homes` are the names of files that hold secrets by right.
    pub fn search_files(&self, folder: &Path, homes: &[&str]) -> Vec<Finding> {
        let mut found = Vec::new();
        self.collect(folder, homes, MAX_DEPTH, &mut found);
        found
    }

    fn collect(&self, folder: &Path, homes: &[&str], depth: usize, found: &mut Vec<Finding>) {
        assert!(depth > 0, "{} is too deep", folder.display());
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            found.extend(self.search("the name of a file", name.as_bytes()));
            if path.is_dir() {
                self.collect(&path, homes, depth - 1, found);
            } else if !homes.contains(&name.as_ref())
                // SQLite removes its log when the last connection closes: what stood in it is in the database then.
                && let Ok(bytes) = std::fs::read(&path)
            {
                found.extend(self.search(&path.display().to_string(), &bytes));
            }
        }
    }
}

/// Fails with every finding at once.
#[track_caller]
pub fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "secrets stand in\n{}", lines.join("\n"));
}

/// The forms of a secret, each with its name.
pub fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("as it is", secret.to_vec()),
        ("in hex", HEXLOWER.encode(secret).into_bytes()),
        ("in hex", HEXUPPER.encode(secret).into_bytes()),
    ];
    for before in 0..3 {
        forms.push(("in base64", base64(secret, before, false)));
        forms.push(("in base64", base64(secret, before, true)));
    }
    // As `Debug` and JSON print an array of bytes.
    let numbers: Vec<String> = secret.iter().map(ToString::to_string).collect();
    forms.push(("as numbers", numbers.join(", ").into_bytes()));
    forms.push(("as numbers", numbers.join(",").into_bytes()));
    let percent = |byte: u8| format!("%{byte:02X}");
    forms.push(("in percent signs", escaped(secret, percent)));
    let percent = |byte: u8| format!("%{byte:02x}");
    forms.push(("in percent signs", escaped(secret, percent)));
    let form = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    forms.push(("as a form's field", escaped(secret, form)));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::Value::from(text).to_string();
        forms.push(("in JSON", unquoted(&json).as_bytes().to_vec()));
        let debug = format!("{text:?}");
        forms.push(("escaped", unquoted(&debug).as_bytes().to_vec()));
        forms.push(("in HTML", html(text).into_bytes()));
    }
    forms
}

/// The digits that base64 has for a secret wherever it stands in a longer text, `before` bytes after a multiple of three: without those that its
/// neighbours have a part in.
fn base64(secret: &[u8], before: usize, for_urls: bool) -> Vec<u8> {
    let bytes = [&vec![0; before][..], secret].concat();
    let digits = if for_urls {
        BASE64URL_NOPAD.encode(&bytes)
    } else {
        BASE64_NOPAD.encode(&bytes)
    };
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    digits.as_bytes()[first..end].to_vec()
}

fn escaped(secret: &[u8], escape: impl Fn(u8) -> String) -> Vec<u8> {
    let mut written = Vec::new();
    for &byte in secret {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            written.push(byte);
        } else {
            written.extend(escape(byte).into_bytes());
        }
    }
    written
}

/// A text without the quotes around it; not without its own.
fn unquoted(text: &str) -> &str {
    &text[1..text.len() - 1]
}

/// As the templates write a text.
fn html(text: &str) -> String {
    let mut written = String::new();
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#x27;"),
            '/' => written.push_str("&#x2F;"),
            other => written.push(other),
        }
    }
    written
}

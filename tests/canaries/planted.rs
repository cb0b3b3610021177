//! The search finds what it is there to find, in every form and place, and tells of it without telling it.

use std::fs;

use data_encoding::BASE64;
use serde_json::json;

use crate::scanner::{MIN_SECRET_BYTES, Scanner, Secrets};

/// With a character for every kind of escape.
const SECRET: &str = "k7 \"q\"/ü&<é'\\%z";
const KIND: &str = "a password";

fn scanner(secret: impl AsRef<[u8]>) -> Scanner {
    let mut secrets = Secrets::default();
    secrets.add(KIND, secret);
    secrets.scanner()
}

#[track_caller]
fn assert_found(scanner: &Scanner, text: impl AsRef<[u8]>, form: &str) {
    let text = text.as_ref();
    let found = scanner.search("here", text);
    let forms: Vec<&str> = found.iter().map(|finding| finding.form).collect();
    assert!(
        forms.contains(&form),
        "{form}: {forms:?} in {}",
        String::from_utf8_lossy(text)
    );
    assert!(found.iter().all(|finding| finding.kind == KIND));
}

#[test]
fn a_secret_is_found_in_every_form() {
    let bytes = SECRET.as_bytes();
    let hex = bytes.iter().fold(String::new(), |written, byte| {
        format!("{written}{byte:02x}")
    });
    let percent: String = bytes
        .iter()
        .fold(String::new(), |written, byte| match byte {
            b'k' | b'7' | b'q' | b'z' => written + &char::from(*byte).to_string(),
            _ => written + &format!("%{byte:02X}"),
        });
    let scanner = scanner(SECRET);
    for (text, form) in [
        (format!("password={SECRET}\n"), "as it is"),
        (hex.to_uppercase(), "in hex"),
        (hex, "in hex"),
        (format!("{bytes:?}"), "as numbers"),
        (json!({ "password": bytes }).to_string(), "as numbers"),
        (format!("/login?next={percent}"), "in percent signs"),
        (percent.to_lowercase(), "in percent signs"),
        (percent.replace("%20", "+"), "as a form's field"),
        (json!({ "password": SECRET }).to_string(), "in JSON"),
        (
            "k7 &quot;q&quot;&#x2F;ü&amp;&lt;é&#x27;\\%z".to_owned(),
            "in HTML",
        ),
    ] {
        assert_found(&scanner, text, form);
    }
}

#[test]
fn a_secret_that_debug_escapes_in_its_own_way_is_found() {
    let secret = "k7\u{202e}canary\u{7}";
    let shown = format!("{:?}", Some(secret));
    assert!(shown.contains("\\u{202e}"));
    assert_found(&scanner(secret), shown, "escaped");
}

#[test]
fn base64_is_found_wherever_the_secret_stands_in_what_was_encoded() {
    for length in 8..40 {
        let secret: Vec<u8> = (0..length).map(|at| 251 - at * 5).collect();
        let scanner = scanner(&secret);
        for (before, after) in [
            ("", ""),
            ("u", "x"),
            ("us", "xy"),
            ("user", "xyz"),
            ("users", ""),
        ] {
            let whole = [before.as_bytes(), &secret, after.as_bytes()].concat();
            let standard = BASE64.encode(&whole);
            assert_found(&scanner, &standard, "in base64");
            let for_urls = standard.replace('+', "-").replace('/', "_");
            assert_found(&scanner, for_urls, "in base64");
        }
    }
}

#[test]
fn a_part_of_a_token_is_found_without_the_rest() {
    let claims = data_encoding::BASE64URL_NOPAD
        .encode(br#"{"user_id":1,"jti":"0b9d2c7e-1f34-4a5b-8c6d-7e8f90a1b2c3"}"#);
    let signature = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k";
    let mut secrets = Secrets::default();
    secrets.add_token(&format!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.{signature}"
    ));
    let scanner = secrets.scanner();
    for text in [
        signature,
        "signature=abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
        "0b9d2c7e-1f34-4a5b-8c6d-7e8f90a1b2c3",
        "0b9d2c7e1f344a5b8c6d7e8f90a1b2c3",
        &claims,
    ] {
        assert_eq!(scanner.search("here", text.as_bytes()).len(), 1, "{text}");
    }
    assert!(
        scanner
            .search("here", b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
            .is_empty()
    );
}

#[test]
fn what_was_found_is_told_by_place_kind_and_form_and_never_shown() {
    let found = scanner(SECRET).search("the log", format!("in: {SECRET}").as_bytes());
    let [finding] = found.as_slice() else {
        panic!("one")
    };
    assert_eq!(finding.to_string(), "the log, byte 4: a password, as it is");
    assert!(!format!("{finding:?}").contains(SECRET));
}

#[test]
fn files_are_searched_in_folders_too_and_by_their_names_but_for_the_homes_of_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "correct-horse-9";
    for (file, text) in [
        ("hub.db", [&[0, 255, 7], secret.as_bytes(), &[0]].concat()),
        ("backups/old/hub.db", secret.into()),
        ("backups/correct-horse-9", Vec::new()),
        ("secret.key", secret.into()),
        ("clean", b"correct horse 9".into()),
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut places: Vec<String> = scanner(secret)
        .search_files(folder.path(), &["secret.key"])
        .into_iter()
        .map(|finding| finding.place.replace(folder.path().to_str().unwrap(), ""))
        .collect();
    places.sort();
    assert_eq!(
        places,
        ["/backups/old/hub.db", "/hub.db", "the name of a file"]
    );
}

#[test]
fn what_is_too_short_is_not_looked_for() {
    for length in 0..MIN_SECRET_BYTES {
        let short = &SECRET.as_bytes()[..length];
        assert!(scanner(short).search("here", SECRET.as_bytes()).is_empty());
    }
}

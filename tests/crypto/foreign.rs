//! Hashes that other systems made: each fits its password and nothing else, and is renewed as ours; what would cost too much is not computed.
//!
//! They were made on 29 November 2026 by Python 3.12 with bcrypt 5.0.0, Werkzeug 3.1.9, Django 5.2.19 and argon2-cffi 25.1.0 (libargon2 20190702).
//! PHP's `$2y$` is the same function under another name. That of Firebase is the example that its own scrypt tool publishes.

use std::time::Duration;

use hub::crypto::firebase::FirebaseProject;
use hub::crypto::foreign::ForeignError;
use hub::crypto::hasher::{Comer, Comparison, HasherError, HasherSettings, StoredHash};

use crate::{CHEAP, FULL, hasher, password};

/// Patient, for some of these hashes are dear and the machine may be busy; and dearer than the cheapest of them, so that each is renewed.
const TODAY: HasherSettings = HasherSettings {
    memory_kib: 128,
    queue_wait: Duration::from_mins(5),
    ..CHEAP
};

const PASSWORD: &str = "correct horse 7";

const HASHES: [&str; 10] = [
    "$2b$10$EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3hH12",
    "$2a$04$k/HAriNQOeKBOHIFPHVpZeVRPKFZmvE0z1G22NmoLXECvJ87Rycpi",
    "$2y$10$WMeAohDPLL6sj5ySOsxRrepheTmOqXkN7vRAZEOC9i0dxQpL/upEK",
    "scrypt:32768:8:1$qUbWG8FZWfBYBPxV$d3d94abc2fa2ebcfb37e31ea47d297dc4bfca18fd13681bf449e827298e317872ba910111d09c9afdf52f21a5d0a14936f7cccf3f47a0fb9b81565340596e70d",
    "pbkdf2:sha256:1000000$rbI3JzDWW058THXb$008d1a8136448c4f2c618de271471371dac2a9b6e0cf82a8f1f45912894576ef",
    "pbkdf2_sha256$1000000$4e0VHDlPRCbBYcSLsp6riF$3iVn2b1XWB8dqFFrmQwhYxB9AobFUCDTe9JOuMJFafY=",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$UTFTMkd0S21rbnp4dGgxZXNiMDBFdA$b+/jIEtL6HUosJoxcGQiJtwRAnqga29PPofxvFWvTSg",
    "$argon2id$v=19$m=65536,t=3,p=4$plWl9nn2cfIZ0Zx9hlkQaw$81Ip9zhOqdHwcJYRMh09q5P7R1mPcl6gIuQS7XUwPL0",
    "$argon2i$v=19$m=65536,t=3,p=4$RIwDKUSlKlwCb3w+6ZINCQ$+MSUaBBitvsVSX0GmGujssf3ctgh18tUzaBkHOTruoo",
    SMALL_ARGON2,
];

const SMALL_ARGON2: &str = "$argon2id$v=19$m=64,t=1,p=1$JcK/C1Hf41bzZjI9gbqVkw$GimMJsCimjCjIDi3O1Eu/aqsl5GJSZWNEn/hDkdPkb4";

/// A project as the console of Firebase shows it.
const PROJECT: &str = "hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}";
const FIREBASE_HASH: &str =
    "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
const FIREBASE_SALT: &str = "42xEC+ixf3L2lw==";

fn imported(text: &str) -> StoredHash {
    StoredHash::imported(text, &CHEAP).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[tokio::test]
async fn a_hash_of_another_system_fits_its_password_and_is_renewed_as_ours() {
    let hasher = hasher(TODAY);
    let project = FirebaseProject::parse(PROJECT).expect("a project");
    let firebase =
        StoredHash::imported_from_firebase(&project, FIREBASE_HASH, FIREBASE_SALT).expect("a hash");
    let mut all: Vec<(StoredHash, &str)> = HASHES
        .iter()
        .map(|text| (imported(text), PASSWORD))
        .collect();
    all.push((firebase, "user1password"));
    for (stored, right) in all {
        let shown = stored.as_str().to_owned();
        for wrong in ["correct horse 8", "", "correct horse 7 ", "user1passwor"] {
            let found = hasher
                .compare(password(wrong), Some(stored.clone()), Comer::Nameless)
                .await;
            assert_eq!(found, Ok(Comparison::Different), "{shown} {wrong:?}");
        }
        let found = hasher
            .compare(password(right), Some(stored), Comer::Nameless)
            .await;
        let Ok(Comparison::Same {
            renewed: Some(renewed),
        }) = found
        else {
            panic!("{shown}: {found:?}")
        };
        let begins = "$argon2id$v=19$m=128,t=1,p=1$";
        assert!(renewed.as_str().starts_with(begins), "{shown}");
        let again = hasher
            .compare(password(right), Some(renewed), Comer::Nameless)
            .await;
        assert_eq!(again, Ok(Comparison::Same { renewed: None }), "{shown}");
    }
}

#[test]
fn the_signer_key_of_a_firebase_project_does_not_stay_with_the_hash() {
    let project = FirebaseProject::parse(PROJECT).expect("a project");
    let stored =
        StoredHash::imported_from_firebase(&project, FIREBASE_HASH, FIREBASE_SALT).expect("a hash");
    for secret in ["jxspr8Ki0RYycVU8zykb", &FIREBASE_HASH[..20]] {
        assert!(!stored.as_str().contains(secret));
    }
    assert_eq!(format!("{project:?}"), "FirebaseProject(redacted)");
    // What a Hub exports, another one takes.
    assert_eq!(imported(stored.as_str()), stored);
    let json = PROJECT
        .replace("hash_config {", "{\"hash_config\": {")
        .replace("base64_signer_key: ", "\"base64_signer_key\": \"")
        .replace("==,\n  base64_salt", "==\",\n  base64_salt");
    assert!(FirebaseProject::parse(&json).is_ok());
    for (line, wrong) in [
        ("algorithm: SCRYPT", "algorithm: BCRYPT"),
        ("rounds: 8", "rounds: 0"),
        ("mem_cost: 14", "mem_cost: 17"),
        ("mem_cost: 14", ""),
        ("separator: Bw==", "separator: B"),
        ("jxspr8Ki0RYycVU8", ""),
    ] {
        let text = PROJECT.replace(line, wrong);
        let error = FirebaseProject::parse(&text).expect_err(wrong).to_string();
        assert!(!error.contains("jxspr8Ki"), "{error}");
    }
}

/// Texts of every form, each asking for one thing too much.
fn too_dear() -> Vec<(String, &'static str)> {
    let argon2 = |cost: &str| SMALL_ARGON2.replace("m=64,t=1,p=1", cost);
    let scrypt = |cost: &str| HASHES[3].replace("32768:8:1", cost);
    vec![
        (HASHES[0].replace("$10$", "$15$"), "bcrypt cost of 15"),
        (scrypt("131072:8:1"), "scrypt memory in KiB of 131072"),
        (scrypt("32768:32:1"), "scrypt memory in KiB of 131072"),
        (scrypt("32768:8:6"), "scrypt parallelism of 6"),
        (
            scrypt("9223372036854775808:8:1"),
            "scrypt memory in KiB of 18446744073709551615",
        ),
        (
            HASHES[4].replace("1000000", "2000001"),
            "pbkdf2 iterations of 2000001",
        ),
        (
            HASHES[5].replace("1000000", "99999999999999999999"),
            "pbkdf2 iterations of 18446744073709551615",
        ),
        (argon2("m=131073,t=1,p=1"), "argon2 memory in KiB of 131073"),
        (
            argon2("m=131072,t=6,p=1"),
            "argon2 memory in KiB times passes of 786432",
        ),
        (
            argon2("m=8,t=81921,p=1"),
            "argon2 memory in KiB times passes of 655368",
        ),
        (argon2("m=1024,t=1,p=9"), "argon2 lanes of 9"),
    ]
}

#[tokio::test]
async fn a_foreign_hash_that_would_cost_too_much_is_neither_imported_nor_computed() {
    let hasher = hasher(CHEAP);
    for (text, problem) in too_dear() {
        let error = StoredHash::imported(&text, &CHEAP).expect_err(&text);
        assert!(
            matches!(error, ForeignError::TooDear { .. }),
            "{text}: {error}"
        );
        assert!(
            error
                .to_string()
                .starts_with(&format!("its {problem} is more than")),
            "{error}"
        );
        let begun = tokio::time::Instant::now();
        let stored = if text.starts_with("$argon2") {
            format!("argon2{text}")
        } else {
            text.clone()
        };
        let row = StoredHash::from_row(stored);
        let found = hasher
            .compare(password(PASSWORD), Some(row), Comer::Nameless)
            .await;
        assert_eq!(found, Err(HasherError::Unreadable), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(1), "{text}");
    }
}

#[test]
fn what_is_no_whole_hash_is_refused_without_being_repeated() {
    for text in HASHES {
        for cut in [text.len() - 1, text.len() / 2, 8] {
            let cut = &text[..cut];
            if let Err(error) = StoredHash::imported(cut, &CHEAP) {
                assert!(
                    !error.to_string().contains(&cut[8..]) || cut.len() < 12,
                    "{error}"
                );
            } else {
                panic!("{cut} is taken");
            }
        }
    }
    for unknown in [
        "hunter2",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$hash",
        "*",
        "!",
        "$argon2d$v=19$m=64,t=1,p=1$JcK/C1Hf41bzZjI9gbqVkw$GimMJsCimjCjIDi3O1Eu/aqsl5GJSZWNEn/hDkdPkb4",
        "pbkdf2_sha256$0$salt$3iVn2b1XWB8dqFFrmQwhYxB9AobFUCDTe9JOuMJFafY=",
        "scrypt:3:8:1$salt$00",
        "$2b$03$EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3hH12",
        "$2b$10$EieItNRuzyOj8e3LlKH2YuY4CtCF9Y.EDkRhnQIRtxxVcnXy3h\u{e9}2",
    ] {
        assert!(StoredHash::imported(unknown, &CHEAP).is_err(), "{unknown}");
    }
}

#[tokio::test]
async fn an_account_without_a_password_is_refused_whatever_is_typed() {
    let hasher = hasher(CHEAP);
    for typed in ["", "*", PASSWORD] {
        let found = hasher
            .compare(password(typed), Some(StoredHash::none()), Comer::Nameless)
            .await;
        assert_eq!(found, Ok(Comparison::Different), "{typed:?}");
    }
}

#[tokio::test]
async fn whoever_has_a_cheap_foreign_hash_or_none_is_not_refused_faster_than_nobody() {
    let hasher = hasher(HasherSettings {
        queue_wait: TODAY.queue_wait,
        ..FULL
    });
    // As it would be stored: far cheaper than ours.
    let cheap = StoredHash::from_row(format!("argon2{SMALL_ARGON2}"));
    let (mut nobody, mut foreign, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..9 {
        for (times, stored) in [
            (&mut nobody, None),
            (&mut foreign, Some(cheap.clone())),
            (&mut none, Some(StoredHash::none())),
        ] {
            let begun = tokio::time::Instant::now();
            let found = hasher
                .compare(password("another horse 8"), stored, Comer::Nameless)
                .await;
            times.push(begun.elapsed());
            assert_eq!(found, Ok(Comparison::Different));
        }
    }
    // The quickest of each: a busy machine makes some slower, and none faster.
    let quickest = |times: &[Duration]| times.iter().min().expect("tries").as_secs_f64();
    for times in [&foreign, &none] {
        let ratio = quickest(times) / quickest(&nobody);
        // Without our own hash beside it, it would be a hundredth.
        assert!(ratio > 0.5, "{ratio}");
    }
}

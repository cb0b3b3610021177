//! Nothing in the files of the database lets anybody make a code.

use std::path::Path;

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER, HEXUPPER};
use hub::features::second_factors::enrol::shown;
use hub::features::users::store as users;
use hub::types::time::Clock;

use super::owner::Owner;
use crate::stage::{SECOND, Stage};

/// Every file of a data directory but the key, as one run of bytes.
fn files(directory: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() && path.file_name() != Some("secret.key".as_ref()) {
            all.extend(std::fs::read(path).expect("readable"));
        }
    }
    all
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

#[rocket::async_test]
async fn neither_secret_nor_code_nor_recovery_code_is_in_any_file() {
    let stage = Stage::new().await;
    let owner = Owner::register(&stage, "alice").await;
    owner.enrol().await;
    let user = stage.store.read(|db| users::by_id(db, owner.user));
    let alice = user.expect("readable").expect("a user");
    let shown = shown(stage.hub(), &alice, stage.clock.now()).expect("readable");
    let shown = shown.expect("pending");
    assert_eq!(format!("{shown:?}"), "Shown(redacted)");
    let codes = owner.confirm_now().await;
    stage.clock.advance(60 * SECOND);
    let (code, wrong) = (owner.code(0), owner.wrong_code());
    owner.check(&wrong).await;
    owner.check(&code).await;
    owner.check(&code).await;
    owner.check(&codes[0]).await;
    let secret = owner.secret().reveal().to_string();
    let raw = BASE32_NOPAD.decode(secret.as_bytes()).expect("base32");
    let directory = stage.close();
    let all = files(directory.path());
    // What is there shows that the search finds what it looks for.
    assert!(contains(&all, b"second_factor.add"));
    let mut forbidden = vec![
        raw.clone(),
        secret.into_bytes(),
        shown.secret.into_bytes(),
        HEXLOWER.encode(&raw).into_bytes(),
        HEXUPPER.encode(&raw).into_bytes(),
        BASE64.encode(&raw).into_bytes(),
        b"otpauth".to_vec(),
        code.into_bytes(),
    ];
    for code in codes {
        let plain = code.replace('-', "");
        forbidden.push(BASE32_NOPAD.decode(plain.as_bytes()).expect("base32"));
        forbidden.push(plain.into_bytes());
        forbidden.push(code.into_bytes());
    }
    for (at, part) in forbidden.iter().enumerate() {
        assert!(
            !contains(&all, part),
            "{at}: {}",
            String::from_utf8_lossy(part)
        );
    }
}

//! Another key in the place of the present one, while people are signed in.

mod cuts;
mod lifetimes;
mod load;
pub mod older;
mod page;
mod retries;

use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use hub::crypto::key_file;
use hub::crypto::keyring::Purpose;
use hub::crypto::ring::KnownKey;
use hub::hub::keys::RotationError;
use hub::types::ids::KeyId;
use sha2::Sha256;

use crate::stage::Stage;

/// Rotates as a page does, on a thread that may wait.
async fn rotate_key_from(
    stage: &Stage,
    replaces: Option<KeyId>,
) -> Result<KnownKey, RotationError> {
    let (rotation, cause) = (stage.hub().rotation(), stage.cause());
    let rotated = tokio::task::spawn_blocking(move || rotation.run(replaces, &cause));
    rotated.await.expect("no panic")
}

/// A rotation that must succeed; gives the new key's number.
pub async fn rotate_key(stage: &Stage) -> i64 {
    let made = rotate_key_from(stage, None).await.expect("rotated");
    made.id.0
}

/// How many keys are in the file.
fn lines(directory: &Path) -> usize {
    let secrets = key_file::read(&directory.join("secret.key"));
    secrets.expect("readable").len()
}

/// The place in the file, from 1, of the key that signed a token.
fn signed_by(stage: &Stage, token: &str, purpose: Purpose) -> Option<usize> {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let secrets = key_file::read(&stage.place().secret_key()).expect("readable");
    let found = secrets.iter().position(|secret| {
        let key = secret.derive(purpose);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal()).expect("a key");
        mac.update(signed.as_bytes());
        BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()) == signature
    });
    found.map(|place| place + 1)
}

//! Access and refresh tokens: JWTs (RFC 7519) in compact form, signed with HS256, each kind with a key of its own.
//!
//! Times are judged by the caller, on the Hub's clock; here a token is only signed, or found authentic and well-formed.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::{Builder, Uuid};

use crate::crypto::hs256;
use crate::crypto::keyring::Purpose;
use crate::crypto::ring::{Pair, Ring, RingKey, SharedRing};
use crate::types::entropy::Entropy;
use crate::types::ids::{KeyId, SessionId, UserId};
use crate::types::salt::Salt;
use crate::types::time::Timestamp;
use crate::types::token::TokenText;

/// `iss` of every token. A name and not an address, so that moving the Hub to another address signs nobody out.
pub const ISSUER: &str = "regardingwork-hub";
/// `aud` of access tokens.
const ACCESS_AUDIENCE: &str = "regardingwork-hub/api";
/// `aud` of refresh tokens.
const REFRESH_AUDIENCE: &str = "regardingwork-hub/refresh";
/// `{"alg":"HS256","typ":"JWT"}`, the only header there is: whatever else a header says, it is not one of ours.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// Ours have 400 to 800 bytes; a longer text is refused before anything is decoded.
const MAX_TOKEN_BYTES: usize = 4_096;

/// What an access token says. Field order is the order in the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// Whose it is.
    pub user_id: i64,
    /// Their name when it was issued.
    pub username: String,
    /// Their address when it was issued.
    pub email: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Refused from this Unix second on.
    pub exp: i64,
    /// This token's own name.
    pub jti: String,
    /// `access`.
    r#type: String,
    /// The session it belongs to, 16 hex digits.
    pub sid: String,
    iss: String,
    aud: String,
}

/// What a refresh token says. Field order is the order in the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshClaims {
    /// Whose it is.
    pub user_id: i64,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Refused from this Unix second on.
    pub exp: i64,
    /// The part that cannot be guessed.
    pub jti: String,
    /// `refresh`.
    r#type: String,
    /// The session it belongs to, 16 hex digits.
    pub sid: String,
    /// Its place in the session's line, from 1.
    pub r#gen: i64,
    iss: String,
    aud: String,
    /// The key that it was signed with: found by trying, for the token does not say.
    #[serde(skip)]
    pub key: KeyId,
}

impl std::fmt::Debug for RefreshClaims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not `jti`: it is what cannot be guessed.
        formatter
            .debug_struct("RefreshClaims")
            .field("user_id", &self.user_id)
            .field("sid", &self.sid)
            .field("gen", &self.r#gen)
            .finish_non_exhaustive()
    }
}

/// Why a text is not one of our tokens. One reason for everything that a signature covers: a forger learns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not three parts.
    #[error("Not enough segments")]
    Segments,
    /// Not the one header that our tokens have.
    #[error("Invalid header")]
    Header,
    /// Too long to be ours, or not base64url.
    #[error("Invalid token encoding")]
    Encoding,
    /// Not signed with our key for this kind of token.
    #[error("Signature verification failed")]
    Signature,
    /// Signed with our key, but not what we sign.
    #[error("Invalid claims")]
    Claims,
}

/// What a refresh token is made of: the row's columns and nothing else, so that the same row gives the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct RefreshFacts<'row> {
    /// The session's key.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The session's 128 random bits.
    pub salt: &'row Salt,
    /// The generation.
    pub generation: i64,
    /// When the generation was made, Unix seconds.
    pub issued: i64,
    /// Until when it is good, Unix seconds.
    pub expires: i64,
    /// The key that the generation is made with.
    pub key: KeyId,
}

/// What an access token is made of.
#[derive(Clone, Copy, Debug)]
pub struct AccessFacts<'row> {
    /// The session's key.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Their name.
    pub username: &'row str,
    /// Their address.
    pub email: &'row str,
    /// Now, Unix seconds.
    pub issued: i64,
    /// Until when it is good, Unix seconds.
    pub expires: i64,
}

/// Signs and reads both kinds of tokens, with the keys that there are now.
pub struct Tokens(Arc<SharedRing>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(redacted)")
    }
}

impl Tokens {
    /// With the keys of this ring, and of those that take its place.
    #[must_use]
    pub fn new(ring: Arc<SharedRing>) -> Self {
        hs256::install();
        Self(ring)
    }

    /// The keys as they are now.
    #[must_use]
    pub fn ring(&self) -> Arc<Ring> {
        self.0.get()
    }

    /// From the next use on, these keys; unless a newer ring is here already.
    pub fn renew(&self, ring: Ring) {
        self.0.renew(ring);
    }

    /// Whether `claims` carries the unguessable part that its session's row demands. In constant time.
    #[must_use]
    pub fn proves(&self, claims: &RefreshClaims, session: SessionId, salt: &Salt) -> bool {
        let ring = self.ring();
        let wanted = ring
            .key(claims.key)
            .and_then(|key| refresh_jti(key, session, salt, claims.r#gen));
        wanted.is_some_and(|wanted| {
            let wanted = wanted.to_string();
            wanted.as_bytes().ct_eq(claims.jti.as_bytes()).into()
        })
    }

    /// The refresh token of a row: the same row, the same bytes.
    ///
    /// # Errors
    /// When its key is not held, or it cannot be signed, which is a bug.
    pub fn sign_refresh(&self, facts: &RefreshFacts<'_>) -> Result<TokenText, SigningFailed> {
        let ring = self.ring();
        let key = ring.key(facts.key).ok_or(SigningFailed)?;
        let jti = refresh_jti(key, facts.session, facts.salt, facts.generation);
        let claims = RefreshClaims {
            user_id: facts.user.0,
            iat: facts.issued,
            exp: facts.expires,
            jti: jti.ok_or(SigningFailed)?.to_string(),
            r#type: "refresh".to_owned(),
            sid: facts.session.to_string(),
            r#gen: facts.generation,
            iss: ISSUER.to_owned(),
            aud: REFRESH_AUDIENCE.to_owned(),
            key: facts.key,
        };
        sign(&claims, &key.refresh.sign)
    }

    /// An access token, made with the present key.
    ///
    /// # Errors
    /// When it cannot be signed, which is a bug.
    pub fn sign_access(
        &self,
        facts: &AccessFacts<'_>,
        entropy: &dyn Entropy,
    ) -> Result<TokenText, SigningFailed> {
        let mut jti = [0; 16];
        entropy.fill(&mut jti);
        let claims = AccessClaims {
            user_id: facts.user.0,
            username: facts.username.to_owned(),
            email: facts.email.to_owned(),
            iat: facts.issued,
            exp: facts.expires,
            jti: Builder::from_random_bytes(jti).into_uuid().to_string(),
            r#type: "access".to_owned(),
            sid: facts.session.to_string(),
            iss: ISSUER.to_owned(),
            aud: ACCESS_AUDIENCE.to_owned(),
        };
        let ring = self.ring();
        let key = ring.key(ring.present()).ok_or(SigningFailed)?;
        sign(&claims, &key.access.sign)
    }

    /// The claims of an authentic access token. Whether it still counts, its `exp` and the database say.
    ///
    /// # Errors
    /// Why the text is not one of our access tokens.
    pub fn read_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenFault> {
        let ring = self.ring();
        let (claims, key): (AccessClaims, _) = read(token, &ring, |key| &key.access, now)?;
        let ours =
            claims.r#type == "access" && claims.iss == ISSUER && claims.aud == ACCESS_AUDIENCE;
        if !ours {
            return Err(TokenFault::Claims);
        }
        in_its_keys_time(&ring, key, Purpose::Access, claims.exp, now)?;
        Ok(claims)
    }

    /// The claims of an authentic refresh token. Whether it still counts, its `exp` and the database say.
    ///
    /// # Errors
    /// Why the text is not one of our refresh tokens.
    pub fn read_refresh(&self, token: &str, now: Timestamp) -> Result<RefreshClaims, TokenFault> {
        let ring = self.ring();
        let (mut claims, key): (RefreshClaims, _) = read(token, &ring, |key| &key.refresh, now)?;
        let ours =
            claims.r#type == "refresh" && claims.iss == ISSUER && claims.aud == REFRESH_AUDIENCE;
        if !ours {
            return Err(TokenFault::Claims);
        }
        in_its_keys_time(&ring, key, Purpose::Refresh, claims.exp, now)?;
        claims.key = key.known.id;
        Ok(claims)
    }
}

/// The unguessable part of a session's refresh token of one generation: 122 bits of HMAC-SHA256(key, sid ‖ salt ‖ generation), written in the
/// form of a UUID v4.
fn refresh_jti(key: &RingKey, session: SessionId, salt: &Salt, generation: i64) -> Option<Uuid> {
    let mut mac = key.jti()?;
    mac.update(&session.get().to_be_bytes());
    mac.update(salt.reveal());
    mac.update(&generation.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    Some(Builder::from_random_bytes(bytes).into_uuid())
}

/// A replaced key speaks for nothing that outlives what it could have made. What is past its own time already may still be told so: its bearer
/// is to renew it, not to wonder who signed it.
fn in_its_keys_time(
    ring: &Ring,
    key: &RingKey,
    purpose: Purpose,
    expires: i64,
    now: Timestamp,
) -> Result<(), TokenFault> {
    if ring.verifies(key, purpose, now) || expires <= now.seconds() {
        Ok(())
    } else {
        Err(TokenFault::Signature)
    }
}

/// The claims of a token that was signed with a key in use, and which.
///
/// The library verifies the signature and we take the parts apart: its own `decode` would obey the header where ours has one value only,
/// read the system's clock, allow a minute past the end, and check issuer and audience only where present.
fn read<'ring, C: DeserializeOwned>(
    token: &str,
    ring: &'ring Ring,
    pair: fn(&RingKey) -> &Pair,
    now: Timestamp,
) -> Result<(C, &'ring RingKey), TokenFault> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenFault::Encoding);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenFault::Segments)?;
    let (header, claims) = message.split_once('.').ok_or(TokenFault::Segments)?;
    if claims.contains('.') {
        return Err(TokenFault::Segments);
    }
    if header != HEADER {
        return Err(TokenFault::Header);
    }
    let key = signer(message, signature, ring.keys_in_use(now), pair)?;
    let claims = BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .map_err(|_| TokenFault::Encoding)?;
    // The library would take the bare values in a row for the object that they stand in.
    if claims.first() != Some(&b'{') {
        return Err(TokenFault::Claims);
    }
    let claims = serde_json::from_slice(&claims).map_err(|_| TokenFault::Claims)?;
    Ok((claims, key))
}

/// The key that made a signature.
fn signer<'ring>(
    message: &str,
    signature: &str,
    keys: impl Iterator<Item = &'ring RingKey>,
    pair: fn(&RingKey) -> &Pair,
) -> Result<&'ring RingKey, TokenFault> {
    for key in keys {
        let verify = &pair(key).verify;
        // One token has one spelling: no padding, no loose bits at the end. What cannot be decoded is no signature.
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), verify, Algorithm::HS256)
        {
            Ok(true) => return Ok(key),
            Ok(false) => {}
            Err(_) => return Err(TokenFault::Encoding),
        }
    }
    Err(TokenFault::Signature)
}

/// A token could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SigningFailed;

/// The library signs and we put the parts together: its own `encode` would write the header's fields in another order.
fn sign(claims: &impl Serialize, key: &EncodingKey) -> Result<TokenText, SigningFailed> {
    let claims = serde_json::to_vec(claims).map_err(|_| SigningFailed)?;
    let mut token = format!("{HEADER}.{}", BASE64URL_NOPAD.encode(&claims));
    let signature = jsonwebtoken::crypto::sign(token.as_bytes(), key, Algorithm::HS256)
        .map_err(|_| SigningFailed)?;
    token.push('.');
    token.push_str(&signature);
    Ok(TokenText::new(token))
}

#[cfg(test)]
mod tests;

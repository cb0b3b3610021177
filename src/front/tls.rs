//! The certificate and its key: read from PEM files at the start, and anew while the server runs.
//!
//! TLS 1.2 and 1.3 only. A session is resumed by a ticket that the client keeps, so that idle clients cost no memory; the
//! keys of tickets live in this process only and change by themselves every few hours, and with every new certificate.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, ParsedCertificate};
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, Error, InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::types::time::Timestamp;

/// A long chain with comments takes 16 KiB; what is longer is some other file.
const MAX_PEM_FILE_BYTES: u64 = 256 * 1024;
/// Read and written by everyone: a key like that is no secret. A group may read it, as those of certificates' tools do.
const EVERYONE: u32 = 0o006;
/// What is spoken inside: browsers would like to speak HTTP/2.
const INSIDE: &[u8] = b"http/1.1";

/// Why a pair of files cannot be used. Each says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {cause}; name a PEM file that this user may read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Everyone can read the key.
    #[error("{0} can be read or written by everyone (mode {1:04o}); run: chmod 640 {0}", path.display(), mode)]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file does not hold what it should.
    #[error("{} holds no {wanted}; name a PEM file that does", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The key is another certificate's.
    #[error(
        "the key in {} does not belong to the certificate in {}; name two files that were made together",
        key.display(),
        cert.display()
    )]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The TLS library does not take them.
    #[error("cannot use {} with {}: {cause}; have them made anew", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the library says.
        cause: Error,
    },
}

/// The present certificate with its key. Clones share it.
#[derive(Clone)]
pub struct Tls {
    present: Arc<RwLock<Pair>>,
}

#[derive(Clone)]
struct Pair {
    path: PathBuf,
    certificate: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// When they cannot be read, or not used together, or everyone can read the key.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let present = Arc::new(RwLock::new(Pair::read(cert, key)?));
        Ok(Self { present })
    }

    /// Reads both files anew: connections from now on get the new certificate, those that are open keep what they have.
    ///
    /// # Errors
    /// As [`Self::load`]; then the old pair stays.
    pub fn reload(&self, cert: &Path, key: &Path) -> Result<(), TlsError> {
        let new = Pair::read(cert, key)?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What is wrong with the certificate's time, if anything is: browsers will say so, but the Hub serves.
    #[must_use]
    pub fn out_of_time(&self, now: Timestamp) -> Option<String> {
        let pair = self.present().clone();
        let parsed = ParsedCertificate::try_from(&pair.certificate).ok()?;
        let since = |time: UnixTime| {
            Timestamp::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
        };
        let at = UnixTime::since_unix_epoch(Duration::from_secs(now.seconds().unsigned_abs()));
        // Nobody vouches for it here, so this fails; but a certificate out of its time fails for that, before anything else.
        let nobody = RootCertStore::empty();
        let algorithms = default_provider().signature_verification_algorithms;
        let judged =
            verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], at, algorithms.all);
        let path = pair.path.display();
        match judged {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after, ..
            })) => Some(format!(
                "the certificate in {path} has expired at {}; renew it, then send HUP",
                since(not_after)
            )),
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                not_before,
                ..
            })) => Some(format!(
                "the certificate in {path} is not valid before {}; check the clock of this machine",
                since(not_before)
            )),
            _ => None,
        }
    }

    /// What the next handshake is made with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.present().config).into()
    }

    fn present(&self) -> RwLockReadGuard<'_, Pair> {
        self.present.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pair {
    fn read(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let malformed = |path: &Path, wanted| TlsError::Malformed {
            path: path.to_owned(),
            wanted,
        };
        let text = read(cert, 0)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|_| malformed(cert, "certificate"))?;
        let certificate = chain
            .first()
            .cloned()
            .ok_or_else(|| malformed(cert, "certificate"))?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key, EVERYONE)?)
            .map_err(|_| malformed(key, "private key without a password"))?;
        let config = config(chain, secret).map_err(|cause| {
            let (cert, key) = (cert.to_owned(), key.to_owned());
            match cause {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    TlsError::Mismatch { cert, key }
                }
                cause => TlsError::Unusable { cert, key, cause },
            }
        })?;
        Ok(Self {
            path: cert.to_owned(),
            certificate,
            config: Arc::new(config),
        })
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    secret: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    config.alpn_protocols = vec![INSIDE.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Ticketer::new()?;
    Ok(config)
}

/// The file, unless a permission of `forbidden` is given; wiped after use.
fn read(path: &Path, forbidden: u32) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |cause| TlsError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, not of the path: nobody can swap it in between.
    let mode = file.metadata().map_err(unreadable)?.mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(TlsError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(MAX_PEM_FILE_BYTES)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    Ok(text)
}

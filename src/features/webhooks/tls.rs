//! TLS with receivers: made for the first try that needs it, and let go when nobody is told anything any more. A Hub without webhooks has none of it in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::crypto::ring::default_provider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, Error, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::config::Authorities;

/// How the settings are made.
type Make = fn(Option<&Authorities>) -> Result<ClientConfig, Error>;

/// TLS that is there once it is asked for.
pub(super) struct Tls {
    authorities: Option<Authorities>,
    make: Make,
    made: Mutex<Option<Arc<ClientConfig>>>,
}

impl Tls {
    /// One that believes these authorities beside the public ones.
    pub(super) fn new(authorities: Option<Authorities>) -> Self {
        if let Some(authorities) = &authorities {
            tell_of_what_is_no_authority(authorities);
        }
        Self::made_by(settings, authorities)
    }

    /// One whose settings are made so.
    pub(super) fn made_by(make: Make, authorities: Option<Authorities>) -> Self {
        Self {
            authorities,
            make,
            made: Mutex::default(),
        }
    }

    /// It, made now if it is not there.
    ///
    /// # Errors
    /// When the TLS library takes no settings at all.
    pub(super) fn connector(&self) -> Result<TlsConnector, Error> {
        let mut made = self.made();
        let settings = match &*made {
            Some(settings) => settings,
            None => made.insert(Arc::new((self.make)(self.authorities.as_ref())?)),
        };
        Ok(Arc::clone(settings).into())
    }

    /// Whether it is there.
    pub(super) fn is_made(&self) -> bool {
        self.made().is_some()
    }

    /// Lets it go. A try that is under way keeps its own.
    pub(super) fn let_go(&self) {
        *self.made() = None;
    }

    fn made(&self) -> MutexGuard<'_, Option<Arc<ClientConfig>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn settings(authorities: Option<&Authorities>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(authorities) = authorities {
        roots.add_parsable_certificates(authorities.certificates.iter().cloned());
    }
    // The library asks the wall clock whether a certificate is in its time, as every client does.
    let mut settings = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(settings)
}

/// Said at the start, for whoever wrote the setting reads the log then.
fn tell_of_what_is_no_authority(authorities: &Authorities) {
    let certificates = authorities.certificates.iter().cloned();
    let (taken, left) = RootCertStore::empty().add_parsable_certificates(certificates);
    if left > 0 {
        tracing::warn!(
            taken,
            left,
            "some certificates of webhooks.authorities are no authority's"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Tls;

    #[test]
    fn it_is_made_when_it_is_first_asked_for_kept_and_let_go() {
        let tls = Tls::new(None);
        assert!(!tls.is_made());
        let kept = || {
            tls.connector().expect("settings");
            tls.made().as_ref().map(Arc::as_ptr)
        };
        assert_eq!(kept(), kept());
        tls.let_go();
        assert!(!tls.is_made());
        assert!(tls.connector().is_ok() && tls.is_made());
    }
}

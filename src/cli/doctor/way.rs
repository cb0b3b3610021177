//! The way from browsers to the server: whether TLS ends somewhere, and whether the clients' own addresses arrive.

use std::net::IpAddr;

use crate::cli::doctor::Patient;
use crate::cli::doctor::finding::{Check, Finding};
use crate::config::Bind;
use crate::store::audit::{self, Action};
use crate::store::{Db, StoreError};

/// The last sign-ins that are looked at, and the fewest that say something.
const SIGN_INS: u32 = 50;
const TELLING: usize = 10;

pub(super) fn look(patient: &Patient<'_>) -> Vec<Finding> {
    let config = patient.config;
    let is_https = config.public_url.is_https();
    let has_tls = config.tls.files().is_some();
    let is_local = config.public_url.host().is_loopback();
    let mut findings = Vec::new();
    if is_https && !has_tls && config.trusted_proxies.is_empty() {
        findings.push(Finding::new(
            Check::Way,
            format!(
                "people come to {} but this server speaks plain HTTP and trusts no proxy, so every client has the proxy's address",
                config.public_url
            ),
            "name the proxy in HUB_TRUSTED_PROXIES, or give the server a certificate with HUB_TLS__CERT and HUB_TLS__KEY",
        ));
    }
    if !is_https && !is_local {
        findings.push(Finding::hint(
            Check::Way,
            format!(
                "people come to {} without TLS, so browsers get no cookies and whoever listens reads along",
                config.public_url
            ),
            "set HUB_PUBLIC_URL to an https address, behind a proxy or with HUB_TLS__CERT",
        ));
    }
    // Through a Unix socket nobody has an address, and on one machine everybody has this one.
    let is_behind = is_https && !is_local && !matches!(config.bind, Bind::Unix(_));
    if is_behind && let Some(address) = only_address(patient) {
        findings.push(Finding::hint(
            Check::Way,
            format!("the last sign-ins all came from {address}, which is no address of the internet"),
            "if that is a proxy, name it in HUB_TRUSTED_PROXIES and let it send X-Forwarded-For; limits on tries count all its clients as one",
        ));
    }
    findings
}

/// The address that all of the last sign-ins came from, if it is one that only a proxy or a neighbour can have.
fn only_address(patient: &Patient<'_>) -> Option<IpAddr> {
    let last = audit::Filter {
        action: Some(Action::SessionStart.as_str().to_owned()),
        limit: SIGN_INS,
        ..audit::Filter::default()
    };
    let read = |db: &Db<'_>| audit::list(db, &last);
    let rows = patient.store.as_ref()?.read::<_, StoreError>(read).ok()?;
    let addresses: Vec<IpAddr> = rows
        .iter()
        .filter_map(|row| row.address.as_deref()?.parse().ok())
        .collect();
    let first = *addresses.first()?;
    let is_alone = addresses.len() >= TELLING && addresses.iter().all(|other| *other == first);
    let is_near = match first.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    (is_alone && is_near).then_some(first)
}

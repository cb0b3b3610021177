//! Where the server listens, which proxies in front of it are believed, and which networks no limit counts.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserializer;

use super::reading::{list, parsed, quoted};
use super::settings::Setting;
use crate::types::network::canonical;
use crate::types::proxies::TrustedProxies;

// Loopback: a server that nobody has set up yet is not for the network.
pub(super) const BIND: Setting = Setting::plain(
    "bind",
    "HUB_BIND",
    "127.0.0.1:8000",
    "Address and port to listen on (an IP address, not a name), unix:/path of a socket, or systemd for the sockets that it hands over.",
);

// Nobody: `X-Forwarded-For` can be written by any client.
pub(super) const TRUSTED_PROXIES: Setting = Setting::plain(
    "trusted_proxies",
    "HUB_TRUSTED_PROXIES",
    "",
    "Networks or addresses of the proxies whose X-Forwarded-For is believed; unix for those at a Unix socket.",
);

// Nobody: whoever is not counted may guess as fast as the machine hashes.
pub(super) const THROTTLE_EXEMPT: Setting = Setting::plain(
    "throttle_exempt",
    "HUB_THROTTLE_EXEMPT",
    "",
    "Networks or addresses whose tries no limit counts, such as a load test's.",
);

/// What a path of a Unix socket begins with.
const UNIX: &str = "unix:";
/// What stands for sockets from systemd.
const SYSTEMD: &str = "systemd";
/// The word for whoever connects through a Unix socket.
const UNIX_PEERS: &str = "unix";
/// The longest path that fits into a socket's address, which ends with a zero.
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// On a TCP port.
    Address(SocketAddr),
    /// On a Unix socket at this path.
    Unix(PathBuf),
    /// On what systemd has opened for it.
    Systemd,
}

/// As it is written in the configuration.
impl fmt::Display for Bind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "{UNIX}{}", path.display()),
            Self::Systemd => out.write_str(SYSTEMD),
        }
    }
}

impl Bind {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text == SYSTEMD {
            return Ok(Self::Systemd);
        }
        if let Some(path) = text.strip_prefix(UNIX) {
            let fits = path.len() <= MAX_SOCKET_PATH_BYTES && !path.contains('\0');
            return if fits && path.starts_with('/') && !path.ends_with('/') {
                Ok(Self::Unix(path.into()))
            } else {
                Err(format!(
                    "{} is not the whole path of a socket, of {MAX_SOCKET_PATH_BYTES} bytes at most; write it like unix:/run/hub/hub.sock",
                    quoted(text)
                ))
            };
        }
        text.parse().map(Self::Address).map_err(|_| {
            format!(
                "{} is not an IP address and a port; write it like 127.0.0.1:8000, [::1]:8000, unix:/path or systemd",
                quoted(text)
            )
        })
    }
}

pub(super) fn bind<'de, D: Deserializer<'de>>(given: D) -> Result<Bind, D::Error> {
    parsed(given, Bind::parse)
}

pub(super) fn networks<'de, D: Deserializer<'de>>(given: D) -> Result<Vec<IpNet>, D::Error> {
    list(given, |entry| {
        network(entry).ok_or_else(|| {
            format!(
                "{} is not a network; write it like 10.0.0.0/8 or ::1",
                quoted(entry)
            )
        })
    })
}

pub(super) fn trusted_proxies<'de, D: Deserializer<'de>>(
    given: D,
) -> Result<TrustedProxies, D::Error> {
    let entries = list(given, |entry| {
        if entry == UNIX_PEERS {
            return Ok(None);
        }
        network(entry).map(Some).ok_or_else(|| {
            format!(
                "{} is not a network; write it like 10.0.0.0/8 or ::1, or unix for those at a Unix socket",
                quoted(entry)
            )
        })
    })?;
    let unix = entries.iter().any(Option::is_none);
    Ok(TrustedProxies::new(
        entries.into_iter().flatten().collect(),
        unix,
    ))
}

/// A network, or an address as the network of it alone.
fn network(entry: &str) -> Option<IpNet> {
    let address = entry.parse::<IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| entry.parse::<IpNet>());
    network.ok().map(canonical)
}

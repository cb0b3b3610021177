//! Where the server listens, which proxies in front of it are believed, and which networks no limit counts.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::Deserializer;

use super::reading::{list, parsed, quoted};
use super::settings::Setting;
use crate::types::network::canonical;

// Loopback: a server that nobody has set up yet is not for the network.
pub(super) const BIND: Setting = Setting::plain(
    "bind",
    "HUB_BIND",
    "127.0.0.1:8000",
    "Address and port to listen on: an IP address, not a name.",
);

// Nobody: `X-Forwarded-For` can be written by any client.
pub(super) const TRUSTED_PROXIES: Setting = Setting::plain(
    "trusted_proxies",
    "HUB_TRUSTED_PROXIES",
    "",
    "Networks or addresses of the proxies whose X-Forwarded-For is believed.",
);

// Nobody: whoever is not counted may guess as fast as the machine hashes.
pub(super) const THROTTLE_EXEMPT: Setting = Setting::plain(
    "throttle_exempt",
    "HUB_THROTTLE_EXEMPT",
    "",
    "Networks or addresses whose tries no limit counts, such as a load test's.",
);

pub(super) fn bind<'de, D: Deserializer<'de>>(given: D) -> Result<SocketAddr, D::Error> {
    parsed(given, |text| {
        text.parse().map_err(|_| {
            format!(
                "{} is not an IP address and a port; write it like 127.0.0.1:8000 or [::1]:8000",
                quoted(text)
            )
        })
    })
}

pub(super) fn networks<'de, D: Deserializer<'de>>(given: D) -> Result<Vec<IpNet>, D::Error> {
    list(given, |entry| {
        let address = entry.parse::<IpAddr>().map(IpNet::from);
        address
            .or_else(|_| entry.parse::<IpNet>())
            .map(canonical)
            .map_err(|_| {
                format!(
                    "{} is not a network; write it like 10.0.0.0/8 or ::1",
                    quoted(entry)
                )
            })
    })
}

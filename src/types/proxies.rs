//! Which proxies in front of the Hub are believed when they say for whom they speak.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks of proxies, and whether whoever connects through a Unix socket is one. Nobody is one by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    unix: bool,
}

impl TrustedProxies {
    /// The proxies in these networks, and those at a Unix socket if `unix`.
    #[must_use]
    pub fn new(networks: Vec<IpNet>, unix: bool) -> Self {
        Self { networks, unix }
    }

    /// The networks.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Whether a peer is a proxy that is believed; one without an address has come through a Unix socket.
    #[must_use]
    pub fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            Some(address) => {
                let address = address.to_canonical();
                self.networks
                    .iter()
                    .any(|network| network.contains(&address))
            }
            None => self.unix,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TrustedProxies;

    #[test]
    fn a_peer_is_trusted_by_its_network_and_without_an_address_by_the_word_for_it() {
        let networks = vec!["10.0.0.0/8".parse().expect("a network")];
        for unix in [false, true] {
            let proxies = TrustedProxies::new(networks.clone(), unix);
            for (peer, trusted) in [
                (Some("10.1.2.3"), true),
                (Some("::ffff:10.1.2.3"), true),
                (Some("192.0.2.1"), false),
                (None, unix),
            ] {
                let peer = peer.map(|peer| peer.parse().expect("an address"));
                assert_eq!(proxies.trusts(peer), trusted, "{peer:?}");
            }
        }
        assert!(!TrustedProxies::new(Vec::new(), true).is_empty());
        assert!(TrustedProxies::default().is_empty());
    }
}

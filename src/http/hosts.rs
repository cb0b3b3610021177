//! Which hosts a request may name. A page of a stranger's can let its own name lead to this machine (DNS rebinding) and would then be of one
//! origin with the Hub: but its requests still name the stranger's host.

use crate::config::Config;
use crate::types::host::HostName;

/// The hosts that the Hub answers for.
///
/// A name counts with any port: rebinding changes names, a port says only by which socket a request came, and proxies drop or change it (nginx's
/// `$host` has none). Names of this machine are known to everybody and lead nowhere else; probes and proxies use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHosts {
    names: Vec<HostName>,
    others: Others,
}

/// What counts beside the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// Loopback.
    Loopback,
    /// Any address: nobody has said yet where browsers reach the Hub, and an address is looked up by nobody.
    Addresses,
    /// Everything.
    All,
}

impl KnownHosts {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut names = config.allowed_hosts.clone();
        names.push(config.public_url.host().clone());
        let others = if config.has_public_url() {
            Others::Loopback
        } else {
            Others::Addresses
        };
        Self { names, others }
    }

    /// Whatever there is: for a site that is not the Hub's.
    #[must_use]
    pub fn all() -> Self {
        Self {
            names: Vec::new(),
            others: Others::All,
        }
    }

    /// Whether a host, without its port, is one of them. One dot at the end means the same host.
    #[must_use]
    pub fn know(&self, host: &str) -> bool {
        if self.others == Others::All {
            return true;
        }
        let Some(host) = HostName::parse(host.strip_suffix('.').unwrap_or(host)) else {
            return false;
        };
        let is_address = matches!(host, HostName::Address(_));
        host.is_loopback()
            || (is_address && self.others == Others::Addresses)
            || self.names.contains(&host)
    }
}

#[cfg(test)]
mod tests {
    use super::{HostName, KnownHosts, Others};

    fn known(names: &[&str], others: Others) -> KnownHosts {
        let names = names.iter().map(|name| HostName::parse(name).expect(name));
        KnownHosts {
            names: names.collect(),
            others,
        }
    }

    #[test]
    fn a_name_is_known_however_it_is_written_and_no_other_is() {
        let hosts = known(
            &["hub.example.com", "xn--bcher-kva.example"],
            Others::Loopback,
        );
        for host in [
            "hub.example.com",
            "HUB.Example.com",
            "hub.example.com.",
            "XN--bcher-KVA.example",
            "localhost",
            "localhost.",
            "127.8.8.8",
            "[::1]",
        ] {
            assert!(hosts.know(host), "{host}");
        }
        for host in [
            "evil.example",
            "hub.example.com.evil.example",
            "evil-hub.example.com",
            "x.hub.example.com",
            "example.com",
            "hub.example.com..",
            ".hub.example.com",
            "hub%2eexample.com",
            "hub.example.co",
            "a.localhost",
            "127.1",
            "2130706433",
            "192.0.2.1",
            "[2001:db8::1]",
            "",
        ] {
            assert!(!hosts.know(host), "{host}");
        }
    }

    #[test]
    fn until_a_public_address_is_set_any_address_is_known_but_no_name() {
        let hosts = known(&["0.0.0.0"], Others::Addresses);
        for host in ["0.0.0.0", "192.0.2.1", "[2001:db8::1]", "localhost"] {
            assert!(hosts.know(host), "{host}");
        }
        assert!(!hosts.know("nas.local"));
        assert!(known(&[], Others::All).know("whatever"));
    }
}

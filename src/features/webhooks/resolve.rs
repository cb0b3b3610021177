//! From a name to the addresses that may be connected to: asked once, judged, and kept for the one try.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use rocket::tokio::sync::Semaphore;
use rocket::tokio::task::spawn_blocking;
use rocket::tokio::time::timeout;

use crate::features::webhooks::address::judge;
use crate::features::webhooks::problem::Problem;
use crate::types::host::HostName;
use crate::types::target_url::TargetUrl;

/// A resolver that has not answered by then will hardly.
const LONGEST: Duration = Duration::from_secs(5);
/// Questions at once, those included that nobody waits for any more: the system's resolver holds a thread for each, for as long as it likes.
pub const MAX_LOOK_UPS: usize = 16;
/// Addresses of a name that are looked at: a receiver has a handful.
const MAX_ADDRESSES: usize = 16;

/// Asks the system what names mean.
pub struct Resolver {
    places: Arc<Semaphore>,
    allowed: Vec<IpNet>,
}

impl Resolver {
    /// One that lets these networks in beside the internet.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_LOOK_UPS)),
            allowed,
        }
    }

    /// The addresses of a target that may be connected to; never none.
    ///
    /// # Errors
    /// When the name means nothing, or nothing that may be connected to.
    pub async fn addresses(&self, url: &TargetUrl) -> Result<Vec<SocketAddr>, Problem> {
        let found = match url.host() {
            HostName::Address(address) => vec![*address],
            HostName::Name(name) => timeout(LONGEST, self.look_up(name.clone(), url.port()))
                .await
                .unwrap_or(Err(Problem::NameUnanswered))?,
        };
        let mut refused = None;
        let mut good = Vec::new();
        for address in found {
            match judge(address, url.is_https(), &self.allowed) {
                Ok(()) => good.push(SocketAddr::new(address.to_canonical(), url.port())),
                Err(because) => refused = Some(because),
            }
        }
        match refused {
            Some(because) if good.is_empty() => Err(Problem::Refused(because)),
            _ if good.is_empty() => Err(Problem::NameUnknown),
            _ => Ok(good),
        }
    }

    async fn look_up(&self, name: String, port: u16) -> Result<Vec<IpAddr>, Problem> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| Problem::NameUnanswered)?;
        let looked_up = spawn_blocking(move || {
            let found = (name.as_str(), port).to_socket_addrs();
            drop(place);
            found.map(|found| {
                found
                    .map(|address| address.ip())
                    .take(MAX_ADDRESSES)
                    .collect()
            })
        });
        match looked_up.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(_)) => Err(Problem::NameUnknown),
            Err(_) => Err(Problem::NameUnanswered),
        }
    }
}

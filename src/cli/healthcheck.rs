//! `hub healthcheck`: asks the server of the same configuration whether it lives. For containers, which know 0 and 1 only.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;

use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome};

/// How long the whole question may take: a server that lives answers in milliseconds, and orchestrators wait 30 s at most.
const LIMIT: Duration = Duration::from_secs(3);
/// What a server that lives begins its answer with.
const ALIVE: &[u8] = b"HTTP/1.1 200 ";

/// Ask the running server whether it lives: exit code 0 or 1.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Ask at this address, if the server was started with --bind
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
}

impl Healthcheck {
    /// Asks.
    ///
    /// # Errors
    /// When the server does not answer well within the limit.
    pub fn run(self, global: &Global) -> Outcome {
        let flags = self.bind.map(|bind| ("bind".to_owned(), bind));
        let loaded = global.load(flags.into_iter().collect());
        let bind = loaded
            .map_err(|failure| Failure::new(Exit::Failed, failure.text))?
            .config
            .bind;
        let address = reachable(bind);
        let (tell, told) = mpsc::channel();
        // On its own thread, so that the limit holds for the whole exchange and not for each of its bytes.
        std::thread::spawn(move || tell.send(ask(address)));
        let problem = match told.recv_timeout(LIMIT) {
            Ok(Ok(true)) => return print(&format!("alive at {address}")),
            Ok(Ok(false)) => "it does not answer 200".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
        };
        let text = format!(
            "no healthy server at {address}: {problem}; look at its log, or name its address with --bind"
        );
        Err(Failure::new(Exit::Failed, text))
    }
}

fn ask(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; ALIVE.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer == *ALIVE)
}

/// A server that listens on every address is asked on loopback.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_server_on_every_address_is_asked_on_loopback() {
        for (bind, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:8000", "192.0.2.1:8000"),
        ] {
            let bind = bind.parse().expect("an address");
            assert_eq!(reachable(bind).to_string(), asked);
        }
    }
}

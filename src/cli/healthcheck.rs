//! `hub healthcheck`: asks the server of the same configuration whether it lives. For containers, which know 0 and 1 only.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::cli::output::print;
use crate::cli::{Exit, Failure, Global, Outcome};
use crate::config::{Bind, Config};

/// How long the whole question may take: a server that lives answers in milliseconds, and orchestrators wait 30 s at most.
const LIMIT: Duration = Duration::from_secs(3);
/// What a server that lives begins its answer with.
const ALIVE: &[u8] = b"HTTP/1.1 200 ";

/// What a proxy says that connects for nobody, where connections begin with its word.
const FOR_ITSELF: &[u8] = b"PROXY UNKNOWN\r\n";

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
        let failed = |text| Failure::new(Exit::Failed, text);
        let flags = self.bind.map(|bind| ("bind".to_owned(), bind));
        let loaded = global.load(flags.into_iter().collect());
        let config = loaded.map_err(|failure| failed(failure.text))?.config;
        match ask(&config) {
            Ok(place) => print(&format!("alive at {place}")),
            Err(problem) => Err(failed(problem)),
        }
    }
}

/// Asks the server where the configuration says that it is; gives back where that was.
///
/// # Errors
/// Why it does not answer well within the limit.
pub(super) fn ask(config: &Config) -> Result<Bind, String> {
    let place = match &config.bind {
        Bind::Address(address) => Bind::Address(reachable(*address)),
        Bind::Unix(path) => Bind::Unix(path.clone()),
        Bind::Systemd => {
            return Err(
                "only systemd knows the sockets of its units; name one with --bind".to_owned(),
            );
        }
    };
    let question = Question {
        place: place.clone(),
        tls: config.tls.files().is_some(),
        proxy_protocol: config.front.proxy_protocol,
    };
    let (tell, told) = mpsc::channel();
    // On its own thread, so that the limit holds for the whole exchange and not for each of its bytes.
    std::thread::spawn(move || tell.send(question.ask()));
    let problem = match told.recv_timeout(LIMIT) {
        Ok(Ok(true)) => return Ok(place),
        Ok(Ok(false)) => "it does not answer 200".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    Err(format!(
        "no healthy server at {place}: {problem}; look at its log, or name its address with --bind"
    ))
}

/// How a server is asked.
struct Question {
    place: Bind,
    tls: bool,
    proxy_protocol: bool,
}

impl Question {
    fn ask(&self) -> io::Result<bool> {
        match &self.place {
            Bind::Address(address) => {
                let stream = TcpStream::connect_timeout(address, LIMIT)?;
                stream.set_read_timeout(Some(LIMIT))?;
                stream.set_write_timeout(Some(LIMIT))?;
                self.ask_through(stream, self.tls.then(|| address.ip()))
            }
            Bind::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(LIMIT))?;
                stream.set_write_timeout(Some(LIMIT))?;
                self.ask_through(stream, None)
            }
            Bind::Systemd => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// In TLS with the server at an address, if there is one.
    fn ask_through(&self, mut stream: impl Read + Write, tls: Option<IpAddr>) -> io::Result<bool> {
        if self.proxy_protocol {
            stream.write_all(FOR_ITSELF)?;
        }
        match tls {
            None => exchange(stream),
            Some(address) => {
                let server = ServerName::from(address);
                let client = ClientConnection::new(client_config()?, server);
                let client = client.map_err(io::Error::other)?;
                exchange(StreamOwned::new(client, stream))
            }
        }
    }
}

fn exchange(mut stream: impl Read + Write) -> io::Result<bool> {
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = [0; ALIVE.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer == *ALIVE)
}

fn client_config() -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(default_provider());
    let any = Arc::new(AnyCertificate(Arc::clone(&provider)));
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(any)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Takes any certificate: the question holds no secret, and whether browsers like the certificate is another one.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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

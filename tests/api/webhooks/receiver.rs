//! A receiver on this machine, which keeps what it is told and answers as the test wants.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificate;

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub line: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }
}

/// What a receiver does with a message.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// These bytes, and the end.
    Raw(String),
    /// A head, and a body without an end.
    Endless(u16),
    /// Nothing, for good.
    Nothing,
    /// A status, after a while.
    Late(Duration, u16),
}

type Script = dyn Fn(&Received, usize) -> Reply + Send + Sync;

pub struct Receiver {
    pub address: SocketAddr,
    scheme: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    listens: AbortHandle,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

impl Receiver {
    /// One that answers what the script says of a message and how many came before it.
    pub async fn new(script: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(None, Arc::new(script)).await
    }

    /// One that takes everything.
    pub async fn good() -> Self {
        Self::new(|_, _| Reply::Status(204)).await
    }

    /// One that takes everything, over TLS with this certificate.
    pub async fn with_tls(certificate: &Certificate) -> Self {
        let chain = CertificateDer::pem_file_iter(&certificate.cert).expect("a file");
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        let tls = Some(Arc::new(config).into());
        Self::listening(tls, Arc::new(|_, _| Reply::Status(200))).await
    }

    async fn listening(tls: Option<TlsAcceptor>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = Arc::clone(&received);
        let listens = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, script) = (Arc::clone(&kept), Arc::clone(&script));
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &kept, &*script).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => answer(stream, &kept, &*script).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self {
            address,
            scheme,
            received,
            listens: listens.abort_handle(),
        }
    }

    pub fn url(&self) -> String {
        format!("{}://{}/hook", self.scheme, self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.received().iter().map(Received::kind).collect()
    }

    /// Waits for so many messages, and gives all there are.
    pub async fn has(&self, count: usize) -> Vec<Received> {
        super::until(&format!("{count} messages"), || {
            self.received().len() >= count
        })
        .await;
        self.received()
    }
}

/// Reads one message, keeps it, answers it.
async fn answer<S>(mut stream: S, kept: &Mutex<Vec<Received>>, script: &Script) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).expect("UTF-8");
    let mut lines = text.lines();
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let message = Received {
        line,
        headers,
        body: String::from_utf8(bytes[head + 4..].to_vec()).expect("UTF-8"),
    };
    let before = {
        let mut kept = kept.lock().expect("no panic");
        kept.push(message.clone());
        kept.len() - 1
    };
    let status = |status| format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
    let text = match script(&message, before) {
        Reply::Status(code) => status(code),
        Reply::Raw(text) => text,
        Reply::Late(wait, code) => {
            tokio::time::sleep(wait).await;
            status(code)
        }
        Reply::Nothing => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            return None;
        }
        Reply::Endless(code) => {
            let head = format!("HTTP/1.1 {code} x\r\nContent-Type: text/plain\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            loop {
                stream.write_all(&[b'x'; 4_096]).await.ok()?;
            }
        }
    };
    let mut text = Cursor::new(text);
    tokio::io::copy(&mut text, &mut stream).await.ok()?;
    stream.shutdown().await.ok()
}

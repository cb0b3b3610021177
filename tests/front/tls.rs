//! TLS at the door.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hub::front::{Drained, Limits, Listening, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::{self, Certificate};
use super::stage::{Caller, PATIENCE, Stage, header};

/// Short enough for a test, long enough for a handshake on a busy machine.
const SHORT: Duration = Duration::from_millis(800);

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// A door that speaks TLS, and what its clients need.
pub struct TlsStage {
    pub stage: Stage,
    connector: TlsConnector,
    certificate: Certificate,
    tls: Tls,
    directory: tempfile::TempDir,
}

impl TlsStage {
    pub async fn with(limits: Limits) -> Self {
        Self::behind(limits, |listening| listening).await
    }

    pub async fn behind(limits: Limits, more: impl FnOnce(Listening) -> Listening) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let certificate = certificates::make(directory.path(), "first");
        let tls = Tls::load(&certificate.cert, &certificate.key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listening = more(Listening::from(listener).with_tls(tls.clone()));
        Self {
            stage: Stage::behind(listening, address, limits),
            connector: connector(&[&certificate], &[&TLS13, &TLS12]),
            certificate,
            tls,
            directory,
        }
    }

    pub async fn connect(&self) -> Caller<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.stage.address).await.unwrap();
        Caller::over(self.shake_hands(stream).await)
    }

    pub async fn shake_hands(&self, stream: TcpStream) -> TlsStream<TcpStream> {
        connect(&self.connector, stream).await.unwrap()
    }
}

fn connector(
    trusted: &[&Certificate],
    versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        let certificate = CertificateDer::from_pem_file(&certificate.cert).unwrap();
        roots.add(certificate).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config).into()
}

async fn connect(
    connector: &TlsConnector,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    let server = ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]));
    timeout(PATIENCE, connector.connect(server, stream))
        .await
        .unwrap()
}

#[rocket::async_test]
async fn both_versions_are_spoken_with_http_1_1_inside_and_tickets_resume() {
    let hub = TlsStage::with(Limits::default()).await;
    for version in [&TLS12, &TLS13] {
        let connector = connector(&[&hub.certificate], &[version]);
        for resumed in [false, true] {
            let stream = TcpStream::connect(hub.stage.address).await.unwrap();
            let mut caller = Caller::over(connect(&connector, stream).await.unwrap());
            caller.send(HELLO).await;
            assert_eq!(caller.answer().await.text(), "hello");
            let session = caller.stream.get_ref().1;
            assert_eq!(session.protocol_version(), Some(version.version));
            assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
            let kind = session.handshake_kind().unwrap();
            assert_eq!(kind == rustls::HandshakeKind::Resumed, resumed, "{kind:?}");
            // Longer than a record, and than what TLS keeps to itself.
            caller.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
            assert_eq!(caller.answer().await.body.len(), 32 << 20);
        }
    }
}

#[rocket::async_test]
async fn what_the_client_is_asked_by_name_must_be_https() {
    let hub = TlsStage::with(Limits::default()).await;
    for (target, status) in [("https://a/hello", 200), ("http://a/hello", 400)] {
        let mut caller = hub.connect().await;
        caller
            .send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
            .await;
        assert_eq!(caller.answer().await.status, status, "{target}");
    }
}

#[rocket::async_test]
async fn a_new_certificate_is_for_new_connections_and_a_bad_one_changes_nothing() {
    let hub = TlsStage::with(Limits::default()).await;
    let second = certificates::make(hub.directory.path(), "second");
    let mut old = hub.connect().await;
    let only_second = connector(&[&second], &[&TLS13]);
    let refuses = async || {
        let stream = TcpStream::connect(hub.stage.address).await.unwrap();
        connect(&only_second, stream).await.is_err()
    };
    assert!(refuses().await);
    let mixed = hub.tls.reload(&second.cert, &hub.certificate.key);
    assert!(
        mixed
            .unwrap_err()
            .to_string()
            .contains("does not belong to")
    );
    assert!(refuses().await);
    hub.tls.reload(&second.cert, &second.key).unwrap();
    assert!(!refuses().await);
    old.send(HELLO).await;
    assert_eq!(old.answer().await.text(), "hello");
}

#[rocket::async_test]
async fn half_a_handshake_is_closed_in_time_and_a_whole_one_buys_none() {
    let hub = TlsStage::with(Limits {
        header_deadline: SHORT,
        ..Limits::default()
    })
    .await;
    let begun = Instant::now();
    let mut silent = hub.stage.connect().await;
    let mut half = hub.stage.connect().await;
    half.send(&[22, 3, 1, 2, 0, 1, 0]).await;
    let mut late = hub.connect().await;
    sleep(SHORT / 2).await;
    late.send(b"GET /hello HTTP/1.1\r\n").await;
    assert_eq!(silent.rest().await, "");
    assert_eq!(half.rest().await, "");
    assert_eq!(late.rest().await, "");
    let took = begun.elapsed();
    assert!(took >= SHORT && took < SHORT * 3, "{took:?}");
}

#[rocket::async_test]
async fn who_takes_nothing_of_an_answer_in_tls_is_closed_and_who_is_slow_is_not() {
    let hub = TlsStage::with(Limits {
        write_stall_deadline: SHORT,
        ..Limits::default()
    })
    .await;
    let mut stalled = hub.connect().await;
    let mut slow = hub.connect().await;
    for caller in [&mut stalled, &mut slow] {
        caller.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
    }
    // Within every deadline so much that the kernel tells the door of it, and longer than a deadline in all.
    let mut taken = 0;
    let mut piece = vec![0; 1 << 20];
    let begun = Instant::now();
    while taken <= 32 << 20 {
        let enough = taken + (2 << 20);
        while taken < enough && taken <= 32 << 20 {
            let read = timeout(PATIENCE, slow.stream.read(&mut piece)).await;
            let read = read.unwrap().unwrap();
            assert!(read > 0, "the slow one got {taken} bytes");
            taken += read;
        }
        sleep(SHORT / 8).await;
    }
    assert!(begun.elapsed() > SHORT);
    let got = stalled.rest().await.len();
    assert!(got < 32 << 20, "the stalled one got all {got} bytes");
}

#[rocket::async_test]
async fn plain_http_is_told_to_use_https() {
    let hub = TlsStage::with(Limits::default()).await;
    let long = [b"POST / HTTP/1.1\r\nX: ".to_vec(), vec![b'x'; 100_000]].concat();
    for request in [HELLO, &long] {
        let answer = hub.stage.say(request).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(
            body,
            r#"{"error":"This port speaks HTTPS: use https:// in place of http://","code":"https_required"}"#
        );
        assert_eq!(
            header(head, "content-length"),
            Some(&*body.len().to_string())
        );
        assert_eq!(header(head, "connection"), Some("close"));
    }
    // Neither is answered: they are not HTTP.
    for noise in [&b"\0\0\0\0"[..], &[0x80, 0x2e, 1, 3, 0]] {
        let answer = hub.stage.say(noise).await;
        assert!(!answer.contains("HTTP"), "{answer}");
    }
}

#[rocket::async_test]
async fn a_request_that_was_sent_before_the_stop_gets_its_answer_in_tls_too() {
    for _ in 0..5 {
        let hub = TlsStage::with(Limits::default()).await;
        let mut callers = Vec::new();
        for _ in 0..20 {
            let mut caller = hub.connect().await;
            caller.send(HELLO).await;
            assert_eq!(caller.answer().await.text(), "hello");
            callers.push(caller);
        }
        for _ in 0..5 {
            callers.push(hub.connect().await);
        }
        for caller in &mut callers {
            caller
                .send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlast")
                .await;
        }
        let served = hub.stage.stop();
        for caller in &mut callers {
            assert_eq!(caller.answer().await.text(), "last");
            assert_eq!(caller.rest().await, "");
        }
        assert_eq!(served.await.unwrap(), Drained { cut: 0 });
    }
}

#[rocket::async_test]
async fn a_record_that_was_begun_before_the_stop_may_be_completed() {
    let hub = TlsStage::with(Limits::default()).await;
    let mut caller = hub.connect().await;
    caller.send(HELLO).await;
    assert_eq!(caller.answer().await.text(), "hello");
    let (mut socket, mut session) = caller.stream.into_inner();
    session.writer().write_all(HELLO).unwrap();
    let mut record = Vec::new();
    session.write_tls(&mut record).unwrap();
    socket.write_all(&record[..20]).await.unwrap();
    // The door has read it, and the kernel has nothing more to tell.
    sleep(Duration::from_millis(50)).await;
    let served = hub.stage.stop();
    sleep(Duration::from_millis(50)).await;
    socket.write_all(&record[20..]).await.unwrap();
    let mut answer = Vec::new();
    let mut bytes = vec![0; 4096];
    while !answer.ends_with(b"hello") {
        let read = timeout(PATIENCE, socket.read(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        assert!(read > 0, "closed before an answer");
        let mut rest = &bytes[..read];
        while !rest.is_empty() {
            session.read_tls(&mut rest).unwrap();
            session.process_new_packets().unwrap();
        }
        let mut text = vec![0; 4096];
        if let Ok(read) = session.reader().read(&mut text) {
            answer.extend_from_slice(&text[..read]);
        }
    }
    drop(socket);
    assert_eq!(served.await.unwrap(), Drained { cut: 0 });
}

#[rocket::async_test]
async fn idle_connections_are_closed_at_once_with_a_farewell() {
    let hub = TlsStage::with(Limits::default()).await;
    let address: SocketAddr = hub.stage.address;
    let mut used = hub.connect().await;
    used.send(HELLO).await;
    assert_eq!(used.answer().await.text(), "hello");
    let mut unused = hub.connect().await;
    let mut silent = hub.stage.connect().await;
    let begun = Instant::now();
    let served = hub.stage.stop();
    // A missing farewell (`close_notify`) would be an error here.
    let mut rest = Vec::new();
    for caller in [&mut used, &mut unused] {
        let read = timeout(PATIENCE, caller.stream.read_to_end(&mut rest)).await;
        assert_eq!(read.unwrap().unwrap(), 0);
    }
    assert_eq!(silent.rest().await, "");
    assert_eq!(served.await.unwrap(), Drained { cut: 0 });
    assert!(begun.elapsed() < Limits::default().drain);
    assert!(TcpStream::connect(address).await.is_err());
}

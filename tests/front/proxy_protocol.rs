//! The PROXY protocol at the door.

use std::time::Duration;

use hub::front::{Drained, Limits, Listener, Listening, Trusts};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Caller, PATIENCE, Stage};
use super::tls::TlsStage;

const SHORT: Duration = Duration::from_millis(500);

const FIRST_VERSION: &[u8] = b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n";
const SECOND_VERSION: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\x7f\x00\x00\x01\x12\x67\x00\x50";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";
const UNKNOWN: &[u8] = b"PROXY UNKNOWN\r\n";

/// Two requests: whatever a header takes too much or too little breaks one of them.
const TWICE: &[u8] = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET /who HTTP/1.1\r\nHost: a\r\n\r\n";

/// Trusts everybody on this machine, those at a Unix socket only if told so.
fn loopback(unix: bool) -> Trusts {
    Box::new(move |peer| peer.map_or(unix, |peer| peer.is_loopback()))
}

async fn stage(limits: Limits, trusts: Trusts) -> Stage {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listening = Listening::from(listener).with_proxy_protocol(trusts);
    Stage::behind(listening, address, limits)
}

/// What the second of [`TWICE`] says of its sender.
async fn sender(mut caller: Caller<impl AsyncRead + AsyncWrite + Unpin>) -> String {
    assert_eq!(caller.answer().await.text(), "body");
    let seen = caller.answer().await;
    seen.text().split(' ').next().unwrap().to_owned()
}

#[rocket::async_test]
async fn the_client_is_whom_the_header_names() {
    let stage = stage(Limits::default(), loopback(false)).await;
    for (header, client) in [
        (FIRST_VERSION, "198.51.100.7"),
        (SECOND_VERSION, "198.51.100.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "2001:db8::7"),
        (LOCAL, "127.0.0.1"),
        (UNKNOWN, "127.0.0.1"),
    ] {
        let mut caller = stage.connect().await;
        caller.send(&[header, TWICE].concat()).await;
        assert_eq!(sender(caller).await, format!("remote=Some({client})"));
    }
}

#[rocket::async_test]
async fn a_header_may_come_byte_by_byte_and_no_byte_of_what_follows_is_lost() {
    let stage = stage(Limits::default(), loopback(false)).await;
    for header in [FIRST_VERSION, SECOND_VERSION] {
        let mut caller = stage.connect().await;
        caller.stream.set_nodelay(true).unwrap();
        for byte in [header, TWICE].concat() {
            caller.send(&[byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(sender(caller).await, "remote=Some(198.51.100.7)");
        // And cut at every place once.
        for cut in 1..header.len() {
            let mut caller = stage.connect().await;
            caller.stream.set_nodelay(true).unwrap();
            caller.send(&header[..cut]).await;
            sleep(Duration::from_millis(1)).await;
            caller.send(&[&header[cut..], TWICE].concat()).await;
            assert_eq!(sender(caller).await, "remote=Some(198.51.100.7)");
        }
    }
}

#[rocket::async_test]
async fn without_a_good_header_the_connection_is_closed_without_an_answer() {
    let stage = stage(Limits::default(), loopback(false)).await;
    let fields = vec![0; 65_535];
    let too_long = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"[..], &fields, TWICE].concat();
    let longer_line = [&b"PROXY UNKNOWN "[..], &[b'x'; 5_000]].concat();
    for wrong in [
        TWICE,
        b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 eighty\r\n",
        b"proxy TCP4 198.51.100.7 127.0.0.1 4711 80\r\n",
        b"\x16\x03\x01\x00\x05hello",
        &too_long,
        &longer_line,
    ] {
        let mut caller = stage.connect().await;
        // It may be closed before all is sent.
        let _reset = caller.stream.write_all(wrong).await;
        assert_eq!(caller.rest().await, "", "{:?}", &wrong[..20]);
    }
}

#[rocket::async_test]
async fn a_stranger_is_closed_whatever_it_sends() {
    let stage = stage(Limits::default(), Box::new(|_| false)).await;
    for bytes in [FIRST_VERSION, TWICE, LOCAL] {
        let mut caller = stage.connect().await;
        let _reset = caller.stream.write_all(&[bytes, TWICE].concat()).await;
        assert_eq!(caller.rest().await, "");
    }
}

#[rocket::async_test]
async fn a_header_that_does_not_end_is_closed_in_time() {
    let limits = Limits {
        header_deadline: SHORT,
        ..Limits::default()
    };
    let stage = stage(limits, loopback(false)).await;
    let begun = Instant::now();
    let mut callers = Vec::new();
    for cut in [0, 1, FIRST_VERSION.len() - 1] {
        let mut caller = stage.connect().await;
        caller.send(&FIRST_VERSION[..cut]).await;
        callers.push(caller);
    }
    // A whole header buys no more time either.
    let mut late = stage.connect().await;
    late.send(FIRST_VERSION).await;
    callers.push(late);
    for caller in &mut callers {
        assert_eq!(caller.rest().await, "");
    }
    let took = begun.elapsed();
    assert!(took >= SHORT && took < SHORT * 4, "{took:?}");
}

#[rocket::async_test]
async fn it_comes_before_the_handshake() {
    let trusts = loopback(false);
    let hub = TlsStage::behind(Limits::default(), |listening| {
        listening.with_proxy_protocol(trusts)
    })
    .await;
    for header in [FIRST_VERSION, SECOND_VERSION] {
        let mut stream = TcpStream::connect(hub.stage.address).await.unwrap();
        stream.write_all(header).await.unwrap();
        let mut caller = Caller::over(hub.shake_hands(stream).await);
        caller.send(TWICE).await;
        assert_eq!(sender(caller).await, "remote=Some(198.51.100.7)");
    }
}

#[rocket::async_test]
async fn a_unix_sockets_peers_are_trusted_by_their_own_word() {
    for trusted in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hub.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let listening =
            Listening::on(vec![Listener::Unix(listener)]).with_proxy_protocol(loopback(trusted));
        let nowhere = ([127, 0, 0, 1], 0).into();
        let stage = Stage::behind(listening, nowhere, Limits::default());
        for (header, client) in [
            (SECOND_VERSION, "remote=Some(198.51.100.7)"),
            (LOCAL, "remote=None"),
        ] {
            let mut caller = Caller::over(UnixStream::connect(&path).await.unwrap());
            let _reset = caller.stream.write_all(&[header, TWICE].concat()).await;
            if trusted {
                assert_eq!(sender(caller).await, client);
            } else {
                assert_eq!(caller.rest().await, "");
            }
        }
        let mut silent = Caller::over(UnixStream::connect(&path).await.unwrap());
        let served = stage.stop();
        assert_eq!(silent.rest().await, "");
        let drained = timeout(PATIENCE, served).await.unwrap().unwrap();
        assert_eq!(drained, Drained { cut: 0 });
    }
}

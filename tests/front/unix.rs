//! Unix sockets at the door, alone and beside others.

use std::net::SocketAddr;
use std::path::PathBuf;

use hub::front::{Drained, Limits, Listener, Listening};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::stage::{Caller, Stage};

const WHO: &[u8] = b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n";

/// A door on two ports and a Unix socket.
async fn everywhere() -> (Stage, SocketAddr, PathBuf, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hub.sock");
    let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, other) = (first.local_addr().unwrap(), second.local_addr().unwrap());
    let listening = Listening::on(vec![
        Listener::Tcp(first),
        Listener::Unix(UnixListener::bind(&path).unwrap()),
        Listener::Tcp(second),
    ]);
    let stage = Stage::behind(listening, address, Limits::default());
    (stage, other, path, directory)
}

async fn dial(path: &PathBuf) -> Caller<UnixStream> {
    Caller::over(UnixStream::connect(path).await.unwrap())
}

#[rocket::async_test]
async fn several_sockets_are_served_at_once_and_only_ports_have_peers() {
    let (stage, other, path, _directory) = everywhere().await;
    for _ in 0..3 {
        let mut unix = dial(&path).await;
        unix.send(WHO).await;
        let seen = unix.answer().await;
        assert!(seen.text().starts_with("remote=None host=Some"), "{seen:?}");
        for address in [stage.address, other] {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let mut caller = Caller::over(stream);
            caller.send(WHO).await;
            let seen = caller.answer().await;
            assert!(
                seen.text().starts_with("remote=Some(127.0.0.1)"),
                "{seen:?}"
            );
        }
    }
}

#[rocket::async_test]
async fn a_request_that_was_sent_before_the_stop_gets_its_answer_on_every_socket() {
    for _ in 0..10 {
        let (stage, _, path, _directory) = everywhere().await;
        let mut callers = Vec::new();
        for number in 0..30 {
            let mut caller = dial(&path).await;
            // Some have had an answer, some are not even accepted when the door is told to stop.
            if number < 20 {
                caller.send(WHO).await;
                assert_eq!(caller.answer().await.status, 200);
            }
            callers.push(caller);
        }
        let mut over_tcp = stage.connect().await;
        let last = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nlast";
        for caller in &mut callers {
            caller.send(last).await;
        }
        over_tcp.send(last).await;
        let mut idle = dial(&path).await;
        let served = stage.stop();
        for caller in &mut callers {
            assert_eq!(caller.answer().await.text(), "last");
        }
        assert_eq!(over_tcp.answer().await.text(), "last");
        assert_eq!(idle.rest().await, "");
        assert_eq!(served.await.unwrap(), Drained { cut: 0 });
    }
}

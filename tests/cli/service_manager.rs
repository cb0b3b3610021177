//! What a service manager hears of the server, as systemd listens for it with `Type=notify`.

use std::fs;
use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;

use crate::stage::{PATIENCE, Stage};

/// A server and the socket that it tells its manager through.
fn managed() -> (Stage, UnixDatagram) {
    let mut stage = Stage::empty();
    let path = stage.place().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    stage.environment.push(("NOTIFY_SOCKET", path));
    (stage, socket)
}

/// The next thing that was told.
fn told(socket: &UnixDatagram) -> String {
    let mut message = [0; 512];
    let length = socket.recv(&mut message).expect("a message in time");
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn a_service_manager_hears_when_the_server_serves_reads_anew_and_stops() {
    let (stage, socket) = managed();
    let server = stage.serve();
    assert_eq!(told(&socket), "READY=1\n");
    let bind = server.address.to_string();
    stage.run(&["healthcheck", "--bind", &bind]).good();
    // It serves as before also when what it reads is wrong.
    for text in ["log = \"info\"\n", "log = \"loud\"\n"] {
        fs::write(stage.data().join("hub.toml"), text).unwrap();
        server.signal(Signal::HUP);
        let reload = told(&socket);
        let time = reload.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
        let time = time.unwrap_or_else(|| panic!("{reload}")).trim_end();
        assert!(time.parse::<u64>().unwrap() > 0, "{reload}");
        assert_eq!(told(&socket), "READY=1\n");
    }
    assert_eq!(server.stop().0, 0);
    assert_eq!(told(&socket), "STOPPING=1\n");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 512]).is_err(), "nothing after the end");
}

#[test]
fn a_server_that_does_not_start_never_says_that_it_serves() {
    let (stage, socket) = managed();
    let running = stage.serve();
    assert_eq!(told(&socket), "READY=1\n");
    let serve = ["serve", "--bind", "127.0.0.1:0"];
    let line = stage.run(&serve).failed(75);
    assert!(line.contains("is in use by another server"), "{line}");
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 512]).is_err(), "it said something");
    assert_eq!(running.stop().0, 0);
}

#[test]
fn a_service_manager_that_is_gone_is_logged_and_stops_nobody() {
    let (stage, socket) = managed();
    drop(socket);
    fs::remove_file(stage.place().join("notify.sock")).unwrap();
    let server = stage.serve();
    server.until_logged("the service manager could not be told", 1);
    let bind = server.address.to_string();
    stage.run(&["healthcheck", "--bind", &bind]).good();
    assert_eq!(server.stop().0, 0);
}

//! What `hub serve` listens on: a port, a Unix socket of its own, or what systemd hands over.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};
use rustix::process::umask;
use tokio::runtime::Runtime;

use crate::cli::{Exit, Failure};
use crate::config::Bind;
use crate::front::Listener;

/// Connections that the kernel keeps until they are taken: as many as tokio asks for.
const BACKLOG: i32 = 1_024;
/// Sockets taken from systemd at most: more than anybody writes into a unit, and far fewer than descriptors.
const MAX_INHERITED: usize = 64;
/// A Unix socket is for its owner and its group: the proxy's user belongs into that.
const NOT_FOR_OTHERS: u32 = 0o117;
/// Whose sockets they are, as systemd says.
const LISTEN_PID: &str = "LISTEN_PID";

/// What was opened before there are threads and a runtime. When it is dropped, a socket's file goes with it.
pub(super) struct Bound {
    tcp: Vec<TcpListener>,
    unix: Vec<UnixListener>,
    file: Option<SocketFile>,
}

/// The sockets that this process was started with. Called before there are threads: the claim is taken out of the
/// environment, so that no child takes it for its own.
///
/// # Errors
/// When there are none, or one is no socket to listen on.
pub(super) fn inherited() -> Result<Bound, Failure> {
    let lacking = "have the service started by its .socket unit, or name an address with --bind";
    let meant = std::env::var(LISTEN_PID).is_ok_and(|pid| pid == std::process::id().to_string());
    let mut handed = if meant {
        ListenFd::from_env()
    } else {
        ListenFd::empty()
    };
    if handed.len() == 0 || handed.len() > MAX_INHERITED {
        let text = format!(
            "systemd has handed over {} sockets (1 to {MAX_INHERITED} are taken); {lacking}",
            handed.len()
        );
        return Err(Failure::new(Exit::Unavailable, text));
    }
    let mut bound = Bound::nothing();
    for at in 0..handed.len() {
        let strange = |error: io::Error| {
            let text = format!(
                "socket {} from systemd is neither a TCP nor a Unix stream socket: {error}; use ListenStream= in the .socket unit",
                at + 1
            );
            Failure::new(Exit::Configuration, text)
        };
        match handed.take_unix_listener(at) {
            Ok(listener) => bound.unix.extend(listener),
            Err(_) => bound
                .tcp
                .extend(handed.take_tcp_listener(at).map_err(strange)?),
        }
    }
    bound.only_listening()?;
    Ok(bound)
}

/// Opens what is configured; `inherited` for sockets of systemd.
///
/// # Errors
/// Why that cannot be listened on, with the exit code of its kind.
pub(super) fn open(bind: &Bind, inherited: Option<Bound>) -> Result<Bound, Failure> {
    match (bind, inherited) {
        (_, Some(inherited)) => Ok(inherited),
        (Bind::Address(address), None) => tcp(*address, "--bind"),
        (Bind::Unix(path), None) => unix(path),
        (Bind::Systemd, None) => self::inherited(),
    }
}

impl Bound {
    fn nothing() -> Self {
        Self {
            tcp: Vec::new(),
            unix: Vec::new(),
            file: None,
        }
    }

    /// The first address among them.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.tcp.first()?.local_addr().ok()
    }

    /// The sockets within the runtime, and what has to be kept until the end.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn into_listeners(
        self,
        runtime: &Runtime,
    ) -> Result<(Vec<Listener>, Option<SocketFile>), Failure> {
        let listeners = runtime.block_on(async { self.listeners() });
        listeners.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }

    fn listeners(self) -> io::Result<(Vec<Listener>, Option<SocketFile>)> {
        let mut listeners = Vec::new();
        for listener in self.tcp {
            listener.set_nonblocking(true)?;
            listeners.push(Listener::Tcp(tokio::net::TcpListener::from_std(listener)?));
        }
        for listener in self.unix {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::UnixListener::from_std(listener)?;
            listeners.push(Listener::Unix(listener));
        }
        Ok((listeners, self.file))
    }

    /// A socket of a service with `Accept=yes` is a connection already.
    fn only_listening(&self) -> Result<(), Failure> {
        use rustix::net::sockopt::socket_acceptconn;

        let tcp = self.tcp.iter().map(socket_acceptconn);
        let unix = self.unix.iter().map(socket_acceptconn);
        if tcp.chain(unix).all(|listens| listens == Ok(true)) {
            return Ok(());
        }
        let text = "a socket from systemd does not listen; use Accept=no in the .socket unit";
        Err(Failure::new(Exit::Configuration, text))
    }
}

/// Opens a port; `chosen_by` is the flag or the variable that names another.
///
/// # Errors
/// Why it cannot be listened on, with the exit code of its kind.
pub(super) fn tcp(address: SocketAddr, chosen_by: &str) -> Result<Bound, Failure> {
    let listener = TcpListener::bind(address).map_err(|error| {
        let (exit, mend) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                Exit::TryAgain,
                format!("stop what listens there, or choose another with {chosen_by}"),
            ),
            io::ErrorKind::PermissionDenied => (
                Exit::Permission,
                format!("choose a port from 1024 up with {chosen_by}, and put a proxy before it"),
            ),
            _ => (
                Exit::Unavailable,
                format!("choose an address of this machine with {chosen_by}"),
            ),
        };
        Failure::new(exit, format!("cannot listen on {address}: {error}; {mend}"))
    })?;
    // Asked for once more: the standard library's queue is short.
    rustix::net::listen(&listener, BACKLOG).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot listen on {address}: {error}"))
    })?;
    Ok(Bound {
        tcp: vec![listener],
        ..Bound::nothing()
    })
}

fn unix(path: &Path) -> Result<Bound, Failure> {
    remove_stale(path)?;
    let failed = |error: Errno| {
        let exit = match error {
            Errno::ADDRINUSE => Exit::TryAgain,
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Exit::Permission,
            _ => Exit::CannotCreate,
        };
        let text = format!(
            "cannot listen on unix:{}: {error}; its directory must exist and be writable for this user",
            path.display()
        );
        Failure::new(exit, text)
    };
    let socket = stream_socket().map_err(failed)?;
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    // With the right permissions from its first moment. Nothing else makes files now: the server has not begun.
    let before = umask(Mode::from_bits_truncate(NOT_FOR_OTHERS));
    let made = rustix::net::bind(&socket, &address);
    umask(before);
    made.map_err(failed)?;
    let file = SocketFile::of(path);
    rustix::net::listen(&socket, BACKLOG).map_err(failed)?;
    Ok(Bound {
        unix: vec![UnixListener::from(socket)],
        file,
        ..Bound::nothing()
    })
}

/// Removes the socket of a server that is gone. Everything else that lies there stays, and is an error.
fn remove_stale(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            let text = format!("cannot look at {shown}: {error}; check the directory's owner");
            return Err(Failure::new(Exit::Permission, text));
        }
    };
    if !kind.is_socket() {
        let text = format!(
            "{shown} is there already and is no socket; move it away, or choose another path with --bind"
        );
        return Err(Failure::new(Exit::CannotCreate, text));
    }
    let asked = SocketAddrUnix::new(path)
        .and_then(|address| rustix::net::connect(stream_socket()?, &address));
    match asked {
        Err(Errno::CONNREFUSED) => fs::remove_file(path).map_err(|error| {
            let text = format!("cannot remove the old socket {shown}: {error}; remove it by hand");
            Failure::new(Exit::Permission, text)
        }),
        // Gone meanwhile.
        Err(Errno::NOENT) => Ok(()),
        // A full queue is a sign of life, too.
        Ok(()) | Err(Errno::AGAIN) => {
            let text = format!(
                "another server listens on unix:{shown}; stop that one, or choose another path with --bind"
            );
            Err(Failure::new(Exit::TryAgain, text))
        }
        Err(error) => {
            let text = format!(
                "cannot see whether a server listens on unix:{shown}: {error}; remove it if none does"
            );
            Err(Failure::new(Exit::Permission, text))
        }
    }
}

/// It never waits: a server whose queue is full would keep the caller.
fn stream_socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// A socket's file, removed when this is dropped, if it is that one still.
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

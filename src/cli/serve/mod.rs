//! `hub serve`: the server.

pub(super) mod signals;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use clap::Args;
use rocket::{Build, Rocket};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::cli::descriptors;
use crate::cli::listening::Bound;
use crate::cli::logs::{self, Log};
use crate::cli::metrics::Apart;
use crate::cli::{Exit, Failure, Global, Outcome, listening, metrics, service_manager};
use crate::config::{Bind, Config, Front, Loaded, WebAddress};
use crate::features::admin::setup::link::{self, LinkError};
use crate::front::{self, Limits, Listener, Listening, Tls};
use crate::hub::{self, Hub, Place};
use crate::store::{Mode, OpenError, Store};
use crate::types::cause::{Actor, Cause};
use crate::types::entropy::SystemEntropy;
use crate::types::time::{Clock, SystemClock, Timestamp};
use signals::{Renewed, Signals};

/// Run the server: makes the data directory and what belongs in it, migrates, listens.
#[derive(Debug, Args)]
pub struct Serve {
    /// Listen on this address and port, on a Unix socket (unix:PATH), or on those that systemd hands over (systemd)
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// The address that people's browsers use
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Serve {
    fn flags(&self) -> Vec<(String, String)> {
        [("bind", &self.bind), ("public_url", &self.public_url)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
            .collect()
    }

    /// Serves until TERM or INT.
    ///
    /// # Errors
    /// Why the server could not start, with the exit code of its kind.
    pub fn run(&self, global: &Global) -> Outcome {
        let loaded = global.load(self.flags())?;
        let config = &loaded.config;
        // Before there are threads: what systemd says stands in the environment.
        let inherited = match config.bind {
            Bind::Systemd => Some(listening::inherited()?),
            Bind::Address(_) | Bind::Unix(_) => None,
        };
        let log = logs::begin(config)?;
        let reserve = descriptors::reserve(config);
        let max_connections = descriptors::share_out(config.front.max_connections, reserve)?;
        let place = Place::new(&config.data_dir);
        hub::make_directories(&place)?;
        let mut locked = lock(&place)?;
        if locked.had_database && !place.holds_database() {
            return Err(OpenError::Lost(place.database()).into());
        }
        let clock = Arc::new(SystemClock::new());
        let tls = load_tls(config, clock.now().wall)?;
        let runtime = runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::new(Exit::Failed, format!("cannot start threads: {error}"))
            })?;
        // Before anything says that the server is there: whoever hears that may end it at once.
        let signals = runtime.block_on(async { Signals::await_all() })?;
        let bound = listening::open(&config.bind, inherited)?;
        let metrics = metrics::open(config)?;
        let metrics_address = metrics.as_ref().and_then(Bound::address);
        let config = with_address(&loaded, bound.address());
        let (listeners, _socket_file) = bound.into_listeners(&runtime)?;
        let metrics = metrics
            .map(|bound| bound.into_listeners(&runtime))
            .transpose()?;
        // Outside the runtime: opening the database waits for its writer.
        let hub = Hub::open(config, Mode::Server, clock, Arc::new(SystemEntropy))?;
        locked.note_database()?;
        greet(&hub, metrics_address)?;
        let opened = Opened {
            runtime: &runtime,
            log: &log,
            signals,
            listeners,
            metrics: metrics.map_or_else(Vec::new, |(listeners, _)| listeners),
            tls,
            max_connections,
            reload: || global.load(self.flags()),
        };
        opened.serve(hub, |site| site)
    }
}

/// What a server has in hand when its database is open: the rest is the same for each.
pub(super) struct Opened<'a, Reload> {
    pub(super) runtime: &'a Runtime,
    pub(super) log: &'a Log,
    pub(super) signals: Signals,
    pub(super) listeners: Vec<Listener>,
    /// Those of the metrics, where they have a port of their own.
    pub(super) metrics: Vec<Listener>,
    pub(super) tls: Option<Tls>,
    pub(super) max_connections: usize,
    /// Reads the configuration anew.
    pub(super) reload: Reload,
}

impl<Reload: Fn() -> Result<Loaded, Failure>> Opened<'_, Reload> {
    /// Serves a Hub until a signal ends it or its database is lost, and closes the database.
    pub(super) fn serve(
        self,
        hub: Hub,
        dress: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Outcome {
        let store = hub.store.clone();
        let renewed = Renewed {
            log: self.log,
            trust: hub.trust(),
            clock: Arc::clone(&hub.clock),
            tls: self.tls.clone(),
            reload: self.reload,
        };
        let listening = listening(self.listeners, self.tls, &hub);
        let apart = Apart::of(&hub, self.metrics);
        let limits = limits(&hub.config.front, self.max_connections);
        // The sockets listen already: whoever comes before the next line is run waits there.
        service_manager::serving();
        let site = dress(crate::build(hub));
        let served = self.runtime.block_on(serve(
            site,
            apart,
            &store,
            listening,
            limits,
            self.signals,
            &renewed,
        ));
        store.close();
        served?;
        match store.lost() {
            None => Ok(()),
            Some(why) => Err(Failure::new(
                Exit::Failed,
                format!("stopped, because the database can no longer be relied on: {why}"),
            )),
        }
    }
}

/// The certificate and the key, if the server is to speak TLS; a warning when browsers will not like the certificate.
fn load_tls(config: &Config, now: Timestamp) -> Result<Option<Tls>, Failure> {
    let Some((cert, key)) = config.tls.files() else {
        return Ok(None);
    };
    let tls = Tls::load(cert, key)?;
    warn_of(&tls, now);
    Ok(Some(tls))
}

fn warn_of(tls: &Tls, now: Timestamp) {
    if let Some(problem) = tls.out_of_time(now) {
        tracing::warn!("{problem}");
    }
}

/// The configuration, with the address that is really listened on: the port may have been left to the system.
pub(super) fn with_address(loaded: &Loaded, address: Option<SocketAddr>) -> Config {
    let mut config = loaded.config.clone();
    if !config.has_public_url() {
        let https = config.tls.files().is_some();
        config.public_url = WebAddress::listening_on(address, https);
        for origin in &mut config.origins {
            if origin.key == "public_url" {
                origin.value = config.public_url.to_string();
            }
        }
    }
    config
}

fn listening(listeners: Vec<Listener>, tls: Option<Tls>, hub: &Hub) -> Listening {
    let mut listening = Listening::on(listeners);
    if let Some(tls) = tls {
        listening = listening.with_tls(tls);
    }
    if hub.config.front.proxy_protocol {
        let trust = hub.trust();
        listening =
            listening.with_proxy_protocol(Box::new(move |peer| trust.present().trusts(peer)));
    }
    listening
}

/// Serves a site until a signal ends it, or its database is lost.
async fn serve(
    site: Rocket<Build>,
    apart: Apart,
    store: &Store,
    listening: Listening,
    limits: Limits,
    signals: Signals,
    renewed: &Renewed<'_, impl Fn() -> Result<Loaded, Failure>>,
) -> Outcome {
    let stop = async move {
        tokio::select! {
            () = signals.stop(renewed) => {}
            why = store.when_lost() => tracing::error!(problem = why, "stopping"),
        }
        service_manager::stopping();
    };
    // The metrics are told for as long as there is something to tell.
    let (over, when_over) = oneshot::channel::<()>();
    let main = async {
        let drained = front::serve(listening, site, limits, stop).await;
        drop(over);
        drained.map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    };
    let apart = apart.serve(async move {
        let _dropped = when_over.await;
    });
    let (drained, apart) = tokio::join!(main, apart);
    tracing::info!(cut = drained?.cut, "stopped");
    apart
}

fn limits(front: &Front, max_connections: usize) -> Limits {
    Limits {
        header_deadline: front.header_deadline,
        body_deadline: front.body_deadline,
        idle_timeout: front.idle_timeout,
        drain: front.drain,
        max_connections,
        max_connections_per_network: front.max_connections_per_network,
        ..Limits::default()
    }
}

/// The lock of a data directory; it is free again when the process ends, however that comes.
pub(super) struct Lock {
    file: File,
    place: Place,
    /// Whether a server before this one had a database here.
    pub(super) had_database: bool,
}

/// More than a lock file ever holds.
const MAX_LOCK_BYTES: u64 = 1_024;
/// What stands below the process's number once there is a database.
const HAD_DATABASE: &str = "hub.db";

impl Lock {
    /// From here on, a start without the database is refused: it would begin anew, and everybody would be gone.
    pub(super) fn note_database(&mut self) -> Outcome {
        if self.had_database {
            return Ok(());
        }
        self.had_database = true;
        self.write()
            .map_err(|error| cannot_lock(&self.place, &error))
    }

    fn write(&mut self) -> io::Result<()> {
        let mark = if self.had_database { HAD_DATABASE } else { "" };
        let text = format!("{}\n{mark}\n", std::process::id());
        // Not emptied first: a full disk leaves what stood there.
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }
}

fn cannot_lock(place: &Place, error: &io::Error) -> Failure {
    let path = place.lock();
    Failure::new(
        Exit::CannotCreate,
        format!("cannot lock {}: {error}; check its owner", path.display()),
    )
}

/// One server a data directory: whoever finds the lock held is told by whom.
pub(super) fn lock(place: &Place) -> Result<Lock, Failure> {
    let failed = |error: io::Error| cannot_lock(place, &error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(place.lock())
        .map_err(failed)?;
    let taken = file.try_lock();
    let mut text = String::new();
    // Whoever holds it, and whatever it says, the directory is taken or free.
    let _unreadable = (&mut file).take(MAX_LOCK_BYTES).read_to_string(&mut text);
    let mut lines = text.lines();
    let holder = lines.next().unwrap_or_default().trim();
    match taken {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Failure::new(
                Exit::TryAgain,
                format!(
                    "{} is in use by another server (process {holder}); stop that one, or name another directory with --data-dir",
                    place.directory.display(),
                ),
            ));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let mut lock = Lock {
        had_database: lines.any(|line| line == HAD_DATABASE),
        place: place.clone(),
        file,
    };
    lock.write().map_err(failed)?;
    Ok(lock)
}

/// What a person sees first: at most 12 lines.
fn greet(hub: &Hub, metrics: Option<SocketAddr>) -> Outcome {
    let config = &hub.config;
    let mut lines = vec![
        format!("RegardingWork Hub {}", env!("CARGO_PKG_VERSION")),
        format!("  address   {}", config.public_url),
        format!("  data      {}", config.data_dir.display()),
    ];
    match config.bind {
        Bind::Address(_) => {}
        // Its address is another's, the proxy's or the .socket unit's.
        Bind::Unix(_) | Bind::Systemd => lines.push(format!("  listens   {}", config.bind)),
    }
    lines.extend(metrics.map(metrics::line));
    if let Some(link) = setup_link(hub)? {
        lines.push(
            "  setup     make the first administrator here (once, within 24 hours):".to_owned(),
        );
        lines.push(format!("            {link}"));
    }
    lines.push("  stop      Ctrl-C, or TERM: running requests are finished".to_owned());
    lines.push("  help      hub --help, hub man, README.md".to_owned());
    // Where standard output is closed there is nobody to greet.
    let _closed = writeln!(io::stdout(), "{}", lines.join("\n"));
    Ok(())
}

/// The link that makes the first administrator, as long as there is none.
fn setup_link(hub: &Hub) -> Result<Option<String>, Failure> {
    let cause = Cause::here(Actor::System, hub.clock.now());
    link::at_start(hub, cause).map_err(|error| match error {
        LinkError::Store(error) => Failure::from(error),
        LinkError::CannotWrite { .. } => Failure::new(Exit::CannotCreate, error.to_string()),
    })
}

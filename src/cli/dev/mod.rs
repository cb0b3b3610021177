//! `hub dev`: the same server on a throw-away data directory, with made-up people and a week of their sessions, so that one sees in a minute what the
//! Hub is for. Loopback only: everybody's password is their name.

mod callers;
mod directory;
mod history;
mod people;
mod receiver;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::cli::serve;
use crate::cli::serve::signals::Signals;
use crate::cli::{Exit, Failure, Global, Outcome, descriptors, listening, logs};
use crate::config::{Config, Loaded, Sources, WebAddress};
use crate::http::pages::Development;
use crate::hub::{Hub, Place};
use crate::store::Mode;
use crate::types::entropy::SystemEntropy;
use crate::types::time::{Clock, SystemClock};
use directory::Directory;
use people::PEOPLE;

/// Where it listens if nobody says otherwise: as `hub serve`.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);
/// Where templates are read from, if they are there: the sources of the Hub.
const TEMPLATES: &str = "templates";

/// Try the Hub: a server on a throw-away directory, with made-up people, a week of sessions, one stolen token, and a webhook.
///
/// Everybody's password is their name. Neither hub.toml nor a variable is read. Where there is a folder `templates`, each page is made from what
/// stands there now.
#[derive(Debug, Args)]
pub struct Dev {
    /// Listen on this address and port, which must be of this machine alone, as 127.0.0.1 is
    #[arg(long, value_name = "ADDRESS", default_value_t = ADDRESS)]
    bind: SocketAddr,
    /// Make the data directory here, and leave it when the server ends
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
}

impl Dev {
    /// Serves until TERM or INT, and then removes the directory.
    ///
    /// # Errors
    /// When others could reach the address, or the server cannot start.
    pub fn run(&self, global: &Global) -> Outcome {
        if !self.bind.ip().is_loopback() {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{} can be reached by others, and everybody's password is their name here; use 127.0.0.1 or ::1, or `hub serve`",
                    self.bind
                ),
            ));
        }
        if global.data_dir.is_some() || global.config.is_some() {
            let text = "hub dev has a directory and settings of its own; --keep DIRECTORY says where, and hub serve takes yours";
            return Err(Failure::new(Exit::Usage, text));
        }
        let failed = |error: io::Error| Failure::new(Exit::Failed, error.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        // Before there is anything to remove.
        let signals = runtime.block_on(async { Signals::await_all() })?;
        let directory = Directory::make(self.keep.as_deref(), &SystemEntropy)?;
        let loaded = self.load(directory.path())?;
        let reserve = descriptors::reserve(&loaded.config);
        let max_connections = descriptors::share_out(loaded.config.front.max_connections, reserve)?;
        let bound = listening::open(&loaded.config.bind, None)?;
        let config = serve::with_address(&loaded, bound.address());
        let place = Place::new(&config.data_dir);
        let mut locked = serve::lock(&place)?;
        let clock = Arc::new(SystemClock::new());
        history::play(&config, clock.now().wall)?;
        let log = logs::begin(&config)?;
        let (listeners, _socket_file) = bound.into_listeners(&runtime)?;
        let hub = Hub::open(config, Mode::Server, clock, Arc::new(SystemEntropy))?;
        locked.note_database()?;
        greet(&hub.config.public_url, &directory);
        let opened = serve::Opened {
            runtime: &runtime,
            log: &log,
            signals,
            listeners,
            metrics: Vec::new(),
            tls: None,
            max_connections,
            reload: || self.load(directory.path()),
        };
        let templates = templates();
        let served = opened.serve(hub, |site| site.manage(Development { templates }));
        // Whoever still writes is done before the directory goes.
        drop(runtime);
        served
    }

    fn load(&self, directory: &Path) -> Result<Loaded, Failure> {
        let directory_text = directory.to_str().ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "the directory's name is not UTF-8 text; use another one",
            )
        })?;
        let bind = self.bind.to_string();
        let flags = [
            ("data_dir", directory_text),
            ("bind", &bind),
            // Nobody's password is worth more here, and a week is played in a second.
            ("hashing.memory_kib", "64"),
            ("hashing.passes", "1"),
            // So that the week has sessions which are past their time, and some that soon will be.
            ("refresh_ttl", "4d"),
            ("session_max_age", "30d"),
            ("backup.every", "0s"),
            // So that one may see a webhook at work, and the one that is there already: on this machine only.
            ("webhooks.allowed_networks", "127.0.0.0/8"),
            // As often as somebody tries alice's password before they are told to wait.
            ("webhooks.sign_in_failures", "5"),
            ("log", "warn"),
        ];
        let sources = Sources {
            flags: flags
                .map(|(key, text)| (key.to_owned(), text.to_owned()))
                .into(),
            system_data_dir: directory.to_owned(),
            ..Sources::default()
        };
        Ok(Config::load(&sources)?)
    }
}

fn templates() -> Option<PathBuf> {
    let folder = PathBuf::from(TEMPLATES);
    folder.join("layout.html").is_file().then_some(folder)
}

/// What a person sees first.
fn greet(address: &WebAddress, directory: &Directory) {
    let end = if directory.is_kept() {
        "stays"
    } else {
        "goes when the server ends"
    };
    let mut lines = vec![
        format!(
            "RegardingWork Hub {}, DEV: nothing here is real",
            env!("CARGO_PKG_VERSION")
        ),
        format!("  address   {address}"),
        format!("  data      {} ({end})", directory.path().display()),
        "  sign in   name and password are the same:".to_owned(),
    ];
    lines.extend(
        PEOPLE
            .iter()
            .map(|person| format!("            {:<7} {}", person.name, person.about)),
    );
    lines.push(format!(
        "  look at   {address}/admin/sessions?status=reused, as admin: a stolen token"
    ));
    lines.push(format!(
        "            {address}/admin/webhooks/1: a receiver that is not there"
    ));
    lines.push("  stop      Ctrl-C, or TERM".to_owned());
    // Where standard output is closed there is nobody to greet.
    let _closed = writeln!(io::stdout(), "{}", lines.join("\n"));
}

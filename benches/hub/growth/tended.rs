//! The Hub as it is, served by this program: `SIGUSR1` begins a run of its housekeeping, which else begins by the hour, and `SIGUSR2` breaks it off.

use std::sync::Arc;

use anyhow::bail;
use hub::config::{Bind, Config, Sources};
use hub::features::housekeeping::run::Housekeeping;
use hub::front::{self, Limits};
use hub::hub::Hub;
use hub::store::Mode;
use hub::types::entropy::SystemEntropy;
use hub::types::time::SystemClock;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::progress;

/// Serves as the environment says, until TERM.
pub fn serve() -> anyhow::Result<()> {
    let config = Config::load(&Sources::from_process()?)?.config;
    let Bind::Address(address) = config.bind else {
        bail!("an address and a port to listen on are needed");
    };
    let clock = Arc::new(SystemClock::new());
    let hub = Hub::open(config, Mode::Server, clock, Arc::new(SystemEntropy))?;
    let store = hub.store.clone();
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        tokio::spawn(tend(Housekeeping::of(&hub)));
        let listener = TcpListener::bind(address).await?;
        let mut terminate = signal(SignalKind::terminate())?;
        let stop = async move {
            terminate.recv().await;
        };
        front::serve(listener, hub::build(hub), Limits::default(), stop).await?;
        anyhow::Ok(())
    });
    store.close();
    served
}

async fn tend(housekeeping: Housekeeping) -> anyhow::Result<()> {
    let mut begin = signal(SignalKind::user_defined1())?;
    let mut end = signal(SignalKind::user_defined2())?;
    while begin.recv().await.is_some() {
        tokio::select! {
            told = housekeeping.run() => {
                if let Err(error) = told {
                    progress(&format!("the housekeeping was cut off: {error}"));
                }
            }
            _ = end.recv() => {}
        }
    }
    Ok(())
}

//! `throughline run`: pulls when schedules say so, links, builds and releases what came, and answers for its health.
//!
//! The keeper decides: told the time and what ended, it says what to begin, and its memory is the catalog. The loop
//! around it waits, begins work on threads of its own, and hears signals. Slots are only triggers: what to pull comes
//! from cursors, so a missed slot loses nothing.
mod due;
mod health;
mod keeper;
mod lock;
mod metrics;
mod notify;
mod outlook;
mod signals;
#[cfg(test)]
mod tests;
mod turn;
mod work;

pub use keeper::{End, Keeper, Order, Slot};
pub use lock::{AtWork, at_work};
pub use outlook::{Outlook, outlook};
pub use turn::{Ended, Reload};
pub use work::{Pipeline, Work};

use crate::{
    catalog::{Catalog, CatalogFault},
    config::Settings,
    pipeline::{Site, SiteFault, Stop},
    telemetry::{self, Event},
};
use chrono::{DateTime, Utc};
use health::Health;
use lock::DaemonLock;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
};
use turn::Turning;

/// What tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Why a daemon could not begin.
#[derive(Debug, thiserror::Error)]
pub enum DaemonFault {
    /// The data folder, the key or the definitions.
    #[error(transparent)]
    Site(#[from] SiteFault),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogFault),
    /// Another daemon has the data folder.
    #[error("a daemon is at work on this data folder already{}", .0.as_ref().map_or_else(String::new, |held| format!(": process {}", held.pid)))]
    AtWork(Option<AtWork>),
    /// Nobody can be answered at the address.
    #[error("nothing can listen at {0}: {1}; name another address in [daemon] listen, or \"never\"")]
    Listen(SocketAddr, io::Error),
    /// The system refused.
    #[error("the daemon could not begin: {0}")]
    System(#[from] io::Error),
}

/// Works until a signal says to go. Blocks; begins threads of its own.
pub fn run(settings: Settings, reload: &mut Reload<'_>) -> Result<Ended, DaemonFault> {
    // Everything that a pull will need is opened once, so that a bad key is told now and not at five in the morning.
    drop(Site::open(settings.clone())?);
    let mut lock = DaemonLock::take(&settings.data_dir)?.map_err(DaemonFault::AtWork)?;
    let settings = Arc::new(settings);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let catalog = Catalog::open(&settings.data_dir.join("catalog.sqlite"))?;
    let keeper = Keeper::open(catalog, Arc::clone(&settings), clock.now())?;
    let health = Arc::new(Health::new(Arc::clone(&settings)));
    let (sender, inbox) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listening = runtime.block_on(async {
        signals::hear(sender.clone())?;
        let Some(address) = settings.daemon.listen else { return Ok(None) };
        let listener = TcpListener::bind(address).map_err(|error| DaemonFault::Listen(address, error))?;
        let listening = listener.local_addr()?;
        health::serve(listener, Arc::clone(&health))?;
        Ok::<_, DaemonFault>(Some(listening))
    })?;
    lock.sign(listening)?;
    let scheduled = settings.sources.iter().filter(|source| source.schedule.is_some()).count();
    telemetry::emit(Event::DaemonStarted { scheduled, listening });
    notify::ready();
    let stop = Stop::default();
    let work: Arc<dyn Work> = Arc::new(Pipeline);
    let ended = Turning { keeper, clock, work, health, stop, sender, swept: None, reload }.run(&inbox);
    runtime.shutdown_background();
    Ok(ended)
}

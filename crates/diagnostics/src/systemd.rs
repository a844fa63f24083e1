//! Where observations come from: systemd, over the system bus.
//!
//! ```text
//! connect → choose units → subscribe to them → read them all → take in what changes
//!    ↑           a call fails or takes too long, units were reloaded, the bus is gone           │
//!    └──────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! One task owns the connection and the [`Model`]; everybody else reads. No call is without a time limit. While systemd can't be
//! asked, the model says so, and the task tries again, at most [`MAX_PAUSE`] apart. Changes arrive as they happen; a sign of
//! life is asked for in between, and everything is read again now and then, so that nothing depends on no signal ever being
//! lost.

mod bus;
mod choose;
mod path;
mod properties;
mod session;
mod signals;
mod wants;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::watch;
use tokio::time::sleep;

pub use self::bus::BusError;
use crate::clock::Clock;
use crate::model::Model;
use crate::selection::Selection;

/// Pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two tries to reach systemd.
pub const MAX_PAUSE: Duration = Duration::from_secs(15);

/// What is asked of systemd, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Address of the bus; `None` is the machine's system bus.
    pub bus: Option<String>,
    /// Which units.
    pub selection: Selection,
    /// Where the folders of units are, the first before the others.
    pub unit_path: Vec<PathBuf>,
    /// How long a call may take.
    pub timeout: Duration,
    /// How often a sign of life is asked for.
    pub probe: Duration,
    /// How often everything is read again.
    pub read: Duration,
}

impl Setup {
    /// What systemd said longer ago than this is not believed: a few signs of life are missing.
    pub fn stale(&self) -> Duration {
        (self.probe + self.timeout)
            .saturating_mul(3)
            .saturating_add(MAX_PAUSE)
    }
}

/// What the task did. Each is a handle: what is counted through a clone is counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Its signs of life.
    pub rounds: Counter,
    /// Connections that were begun.
    pub sessions: Counter,
    /// Connections that failed, or ended.
    pub failures: Counter,
    /// Changes of units.
    pub changes: Counter,
}

/// Keeps the model as systemd says, for ever.
pub async fn watch(setup: Setup, model: watch::Sender<Model>, counts: Counts, clock: Arc<dyn Clock>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let before = model.borrow().taken();
        counts.rounds.inc();
        counts.sessions.inc();
        let Err(error) = session::run(&setup, &model, &counts, &*clock).await else {
            continue;
        };
        counts.failures.inc();
        // It had worked: begin with the short pause.
        if model.borrow().taken() != before {
            pause = FIRST_PAUSE;
        }
        model.send_modify(|model| model.lose(error.to_string()));
        sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Reads every unit once: what is known without having watched.
///
/// # Errors
/// When systemd can't be asked.
pub async fn read_once(setup: &Setup, clock: &dyn Clock) -> Result<Model, BusError> {
    let (sender, receiver) = watch::channel(Model::default());
    session::read(setup, &sender, clock).await?;
    drop(sender);
    Ok(receiver.borrow().clone())
}

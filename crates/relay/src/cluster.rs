//! The cluster that the relay stands in: signal's configuration, read anew so that a word in it counts without a restart, and
//! signal's gate.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use heliograph_signal::cause;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::Cycle;
use heliograph_signal::environment::Environment;
use heliograph_signal::gate::Decision;
use jiff::Timestamp;

use crate::clock::{Dates, Stopwatch};

/// How long an answer of the gate is believed where nothing is kept by it.
pub const BELIEVED: Duration = Duration::from_secs(1);

/// The cluster.
pub struct Cluster {
    config: Option<PathBuf>,
    environment: Environment,
    dates: Dates,
    stop: AtomicBool,
    last: Mutex<Option<(Stopwatch, bool)>>,
    said: Mutex<Option<String>>,
}

impl Cluster {
    /// With signal's configuration of this file, or of its usual place.
    pub fn new(config: Option<PathBuf>, environment: Environment, dates: Dates) -> Cluster {
        Cluster {
            config,
            environment,
            dates,
            stop: AtomicBool::new(false),
            last: Mutex::default(),
            said: Mutex::default(),
        }
    }

    /// Reads signal's configuration.
    ///
    /// # Errors
    /// There is none, or it can't be used.
    pub fn config(&self) -> Result<Config, config::Error> {
        config::load(self.config.as_deref(), &self.environment, Vec::new()).map(|loaded| loaded.config)
    }

    /// Signal, with this configuration.
    pub fn signal<'a>(&'a self, config: &'a Config) -> Cycle<'a> {
        Cycle {
            config,
            environment: &self.environment,
            clock: (self.dates)(),
            stop: &self.stop,
        }
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.dates)().wall()
    }

    /// Whether messages of browsers may be kept, by what is said at this moment.
    pub fn is_on_now(&self) -> bool {
        let (on, why) = match self.config() {
            Ok(config) => self.ask(&config),
            // What can't be read may say "off".
            Err(error) => (false, cause::chain(&error)),
        };
        self.say(on, &why);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Stopwatch::start(), on));
        on
    }

    /// The same, or what it was a moment ago.
    pub fn is_on(&self) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some((asked, on)) if asked.elapsed() < BELIEVED => on,
            _ => self.is_on_now(),
        }
    }

    /// Deletes what is kept if telemetry was switched off.
    pub fn forsake(&self) {
        let Ok(config) = self.config() else { return };
        if let Err(error) = self.signal(&config).forsake_if_off() {
            tracing::error!("{}", cause::chain(&error));
        }
    }

    fn ask(&self, config: &Config) -> (bool, String) {
        let signal = self.signal(config);
        match signal.decide() {
            Ok(Decision::On(_)) if !config.selection.admits_ui() => {
                (false, "`level` or `omit` leaves the UI out".to_owned())
            }
            Ok(Decision::On(why)) => (true, why.to_string()),
            Ok(Decision::Off(why) | Decision::NotUnderstood(why)) => (false, why.to_string()),
            Ok(Decision::Notice { .. }) => (false, "the notice period has not passed".to_owned()),
            Err(error) => (false, cause::chain(&error)),
        }
    }

    /// Once for each change.
    fn say(&self, on: bool, why: &str) {
        let line = format!(
            "{}: {why}",
            if on {
                "messages are taken"
            } else {
                "nothing is taken"
            }
        );
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.as_ref() != Some(&line) {
            tracing::info!("{line}");
            *said = Some(line);
        }
    }
}

//! A preview without a process of its own, for the tests that need thousands. It is the whole walk, from the configuration's
//! text to the JSON; only the command line and the log are left out.

use std::sync::atomic::AtomicBool;

use heliograph_signal::clock::Clock;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::Cycle;
use heliograph_signal::environment::Environment;
use serde_json::Value;

use crate::cluster::Cluster;

/// A cluster's configuration, read.
pub(crate) struct InProcess {
    config: Config,
    environment: Environment,
}

impl InProcess {
    /// Reads the configuration that a cluster has now.
    pub(crate) fn of(cluster: &Cluster) -> InProcess {
        let environment = Environment::default();
        let texts = [("signal.toml".into(), cluster.config_toml())];
        let (config, _) = config::from_texts(&texts, &environment, vec![]).unwrap();
        InProcess { config, environment }
    }

    /// What `preview` prints, and the exit code.
    pub(crate) fn preview(&self) -> (Option<Value>, i32) {
        let cycle = Cycle {
            config: &self.config,
            environment: &self.environment,
            clock: Clock::new(None),
            stop: &AtomicBool::new(false),
        };
        let (text, exit) = cycle.preview().unwrap();
        (text.map(|text| serde_json::from_str(&text).unwrap()), exit as i32)
    }
}

//! Signal, in this process: a reporter of the seed's cluster, with a state directory of its own.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use heliograph_fleet::{Documents, Emulation};
use heliograph_signal::clock::Clock;
use heliograph_signal::command;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use heliograph_wire::id::Hour;
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

pub(crate) const CLUSTER: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";

pub(crate) struct Reporter {
    _cluster: Emulation,
    pub(crate) state: TempDir,
    pub(crate) config: Config,
}

impl Reporter {
    pub(crate) fn new(sink: &str, key: &str) -> Reporter {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dcos-1.8");
        let cluster = Emulation::builder(Documents::from_dir(fixtures).unwrap())
            .start()
            .unwrap();
        let state = TempDir::new().unwrap();
        let text = json!({
            "enabled": true, "sink": sink, "write_key": key, "state_dir": state.path(), "cluster_id": CLUSTER,
            "gen_provider": "aws", "environment_version": "1.8",
            "diagnostics_urls": [cluster.diagnostics_url()], "cosmos_urls": [cluster.cosmos_url()],
            "mesos_urls": [cluster.metrics_url(), cluster.frameworks_url()],
        });
        let texts = [("signal.json".into(), text.to_string())];
        let (config, _) = config::from_texts(&texts, &Environment::default(), vec![]).unwrap();
        Reporter {
            _cluster: cluster,
            state,
            config,
        }
    }

    pub(crate) fn cycle<T>(&self, now: Timestamp, of: impl FnOnce(&Cycle<'_>) -> T) -> T {
        let environment = Environment::default();
        let stop = AtomicBool::new(false);
        of(&Cycle {
            config: &self.config,
            environment: &environment,
            clock: Clock::new(Some(now)),
            stop: &stop,
        })
    }

    pub(crate) fn report(&self, now: Timestamp) {
        let exit = self.cycle(now, |cycle| cycle.report(Asked::ByHand).unwrap());
        assert_eq!(exit, Exit::Done);
    }

    /// Reports that find nobody to take them.
    pub(crate) fn report_in_vain(&mut self, now: Timestamp) {
        let sink = std::mem::replace(&mut self.config.sink, "http://127.0.0.1:1".parse().unwrap());
        let timeout = std::mem::replace(&mut self.config.delivery_timeout, Duration::from_millis(20));
        self.report(now);
        self.config.delivery_timeout = timeout;
        self.config.sink = sink;
    }

    pub(crate) fn forget(&self) -> Result<String, String> {
        let mut out = Vec::new();
        self.cycle(hour(0), |cycle| command::forget::forget(cycle, &mut out))
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    pub(crate) fn bundle(&self, file: &Path) {
        let mut out = Vec::new();
        self.cycle(hour(0), |cycle| command::bundle::write(cycle, file, &mut out))
            .unwrap();
        assert!(file.exists(), "{}", String::from_utf8_lossy(&out));
    }

    /// Whether the ledger is sound, and what is said of it.
    pub(crate) fn verify(&self) -> (bool, String) {
        let mut out = Vec::new();
        let sound = self
            .cycle(hour(0), |cycle| command::log::check(cycle, &mut out))
            .unwrap();
        (sound, String::from_utf8(out).unwrap())
    }
}

/// The hours of November 2026, from their first.
pub(crate) fn hour(number: u64) -> Timestamp {
    Hour::of("2026-11-01T00:30:00Z".parse().unwrap()).start() + Duration::from_secs(3600 * number)
}

//! The collector within the test, with a clock and an entropy of the test's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use heliograph_collector::clock::Clock;
use heliograph_collector::config::Config;
use heliograph_collector::entropy::{Entropy, NoEntropy};
use heliograph_collector::server::{Collector, Sources};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::client::{Answer, Client};
use crate::collector;

/// A collector on a runtime of its own.
pub(crate) struct InProcess {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) data: PathBuf,
    runtime: Runtime,
    config: Config,
    collector: Mutex<Option<Collector>>,
    address: Mutex<SocketAddr>,
    _dir: TempDir,
}

/// A clock that is moved by hand.
pub(crate) struct HandClock(AtomicI64);

/// Gives 1, 2, 3, … and so on.
struct Counting(AtomicU8);

impl InProcess {
    /// Starts one at a time of day; `adjust` changes the configuration.
    pub(crate) fn start(now: &str, adjust: impl FnOnce(&mut Config)) -> InProcess {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let mut config = Config {
            listen: "127.0.0.1:0".to_owned(),
            data: data.clone(),
            id_window_memory: 0,
            ..Config::default()
        };
        adjust(&mut config);
        let collector = InProcess {
            clock: Arc::new(HandClock(AtomicI64::new(milliseconds(now)))),
            data,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            config,
            collector: Mutex::new(None),
            address: Mutex::new(SocketAddr::from(([127, 0, 0, 1], 0))),
            _dir: dir,
        };
        collector.restart();
        collector
    }

    /// Stops it, if it runs, and starts it.
    pub(crate) fn restart(&self) {
        let mut running = self.collector.lock().unwrap();
        if let Some(collector) = running.take() {
            self.runtime.block_on(collector.stop());
        }
        let sources = Sources {
            clock: self.clock.clone(),
            entropy: Arc::new(Counting(AtomicU8::new(0))),
        };
        let started = self
            .runtime
            .block_on(Collector::start(&self.config, sources))
            .unwrap();
        *self.address.lock().unwrap() = started.address().unwrap();
        *running = Some(started);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.address.lock().unwrap()
    }

    /// The link for the first user.
    pub(crate) fn invitation(&self) -> Option<String> {
        let running = self.collector.lock().unwrap();
        running.as_ref().unwrap().invitation().map(str::to_owned)
    }

    pub(crate) fn metrics_address(&self) -> SocketAddr {
        let running = self.collector.lock().unwrap();
        running.as_ref().unwrap().metrics_address().unwrap()
    }

    pub(crate) fn batch(&self, key: &str, body: &Value) -> Answer {
        Client::to(self.address()).unwrap().batch(key, body).unwrap()
    }

    pub(crate) fn key(&self, kind: &str) -> String {
        collector::key(&self.data, kind)
    }

    /// Transactions and requests so far.
    pub(crate) fn counters(&self) -> (u64, u64) {
        let running = self.collector.lock().unwrap();
        running.as_ref().unwrap().metrics().written()
    }
}

impl HandClock {
    pub(crate) fn set(&self, now: &str) {
        self.0.store(milliseconds(now), Ordering::Relaxed);
    }
}

fn milliseconds(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_millisecond()
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(())
    }
}

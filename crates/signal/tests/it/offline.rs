//! A month without network: the disk holds no more than the bound, the log a handful of lines, and then everything kept arrives
//! once, oldest first.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use heliograph_signal::clock::Clock;
use heliograph_signal::config::{self, Config};
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use heliograph_wire::segment::{MAX_BATCH, MAX_BATCH_MESSAGES};
use jiff::Timestamp;
use serde_json::json;

use crate::cluster::{Cluster, recorded};
use crate::{kept, small};

/// Hours of a month.
const MONTH: u64 = 31 * 24;
/// Hours after which a small spool is full many times over.
const DAYS: u64 = 10 * 24;

/// A place for what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Runs something whose log is written here, as the binary would write it.
    fn of<T>(&self, does: impl FnOnce() -> T) -> T {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, does)
    }
}

/// A cluster and its reporter, whose hours a test counts.
pub(crate) struct Month {
    pub(crate) cluster: Cluster,
    pub(crate) config: Config,
    pub(crate) start: Timestamp,
}

impl Month {
    pub(crate) fn of(cluster: Cluster) -> Month {
        // One source is enough, and four times as quick.
        let cluster = cluster
            .set("delivery_timeout", "1ms")
            .set("cosmos_urls", json!([]))
            .set("mesos_urls", json!([]));
        let texts = [("signal.toml".into(), cluster.config_toml())];
        let (config, _) = config::from_texts(&texts, &Environment::default(), vec![]).unwrap();
        // A parcel's age counts from when its file was written, which is now.
        let start = Timestamp::now();
        Month {
            cluster,
            config,
            start,
        }
    }

    fn report(&self, hour: u64) {
        self.report_at(self.start + Duration::from_secs(hour * 3600));
    }

    pub(crate) fn report_at(&self, now: Timestamp) {
        let cycle = Cycle {
            config: &self.config,
            environment: &Environment::default(),
            clock: Clock::standing(now),
            stop: &AtomicBool::new(false),
        };
        assert_eq!(cycle.report(Asked::ByTimer).unwrap(), Exit::Done, "at {now}");
    }

    /// Lets it be without network.
    fn without_network(&self, hours: u64) -> Vec<String> {
        self.cluster.sink.refuse(true).unwrap();
        let log = Log::default();
        log.of(|| (0..hours).for_each(|hour| self.report(hour)));
        log.lines()
    }

    /// Lets the network come back for the report of an hour.
    fn with_network(&mut self, hour: u64) -> Vec<String> {
        self.cluster.sink.refuse(false).unwrap();
        self.config.delivery_timeout = Duration::from_secs(60);
        let log = Log::default();
        log.of(|| self.report(hour));
        log.lines()
    }

    fn used(&self) -> u64 {
        let names = kept::parcels(&self.cluster);
        let bytes = |name: String| {
            std::fs::metadata(kept::spool(&self.cluster).join(name))
                .unwrap()
                .len()
        };
        names.into_iter().map(bytes).sum()
    }
}

#[test]
fn a_month_without_network_loses_nothing() {
    let mut month = Month::of(Cluster::of(small::short_documents()));
    let log = month.without_network(MONTH);
    assert!(log.len() <= 5, "{} lines in a month: {log:#?}", log.len());
    assert!(
        log.iter().any(|line| line.contains("not delivered, kept")),
        "{log:#?}"
    );
    assert!(
        log.iter()
            .any(|line| line.contains("one parcel is tried at a time")),
        "{log:#?}"
    );
    assert!(month.used() <= month.config.spool.bytes);
    let mut expected = kept::ids(&month.cluster);
    assert_eq!(expected.len() as u64, MONTH);

    let log = month.with_network(MONTH);
    assert!(
        log.iter().any(|line| line.contains("delivered again")),
        "{log:#?}"
    );
    assert!(log.len() <= 3, "{log:#?}");
    let messages = month.cluster.sink.messages();
    let arrived: BTreeSet<_> = messages.iter().map(kept::id).collect();
    assert_eq!(arrived.len(), messages.len(), "each once");
    assert_eq!(arrived.len() as u64, MONTH + 1);
    let new: BTreeSet<_> = arrived.difference(&expected).cloned().collect();
    assert_eq!(new.len(), 1, "the last hour's");
    expected.extend(new);
    assert_eq!(arrived, expected);
    assert_eq!(kept::parcels(&month.cluster), Vec::<String>::new());

    let times: Vec<_> = messages
        .iter()
        .map(|message| message["timestamp"].to_string())
        .collect();
    assert!(times.is_sorted(), "the oldest first");
    let requests = month.cluster.sink.requests();
    assert_eq!(requests[0].messages().len(), 1, "the first try is one parcel");
    for request in &requests {
        assert!(request.body.len() <= MAX_BATCH, "{} bytes", request.body.len());
        assert!(request.messages().len() <= MAX_BATCH_MESSAGES);
    }
    let fewest = 1 + messages.len() / 100;
    assert!(
        requests.len() <= fewest,
        "{} requests are no batches",
        requests.len()
    );
}

#[test]
fn a_small_spool_drops_the_oldest_and_counts_them() {
    const BOUND: u64 = 512 << 10;
    let mut month = Month::of(Cluster::of(recorded("dcos-1.8")).set("spool_max_bytes", json!(BOUND)));
    let log = month.without_network(DAYS);
    assert!(log.len() <= 5, "{log:#?}");
    let parcels = kept::parcels(&month.cluster);
    let used = month.used();
    assert!(
        used <= BOUND && used > BOUND / 2,
        "{used} bytes are used of {BOUND}"
    );
    let counts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(kept::spool(&month.cluster).join("counts.json")).unwrap())
            .unwrap();
    assert_eq!(
        counts["dropped_for_space"],
        DAYS - parcels.len() as u64,
        "{counts}"
    );
    assert_eq!(counts["dropped_for_age"], 0);
    let status = month.cluster.run(&["status"]).exits(0).stdout;
    let expected = format!(
        "dropped        {} for space, 0 for age",
        counts["dropped_for_space"]
    );
    assert!(status.contains(&expected), "{status}");

    let kept = kept::ids(&month.cluster);
    month.with_network(DAYS);
    let messages = month.cluster.sink.messages();
    let arrived: BTreeSet<_> = messages.iter().map(kept::id).collect();
    assert_eq!(arrived.len(), messages.len(), "each once");
    let missing: Vec<_> = kept.difference(&arrived).collect();
    // The last hour's report needed room, too.
    assert!(missing.len() <= 2, "kept and did not arrive: {missing:?}");
    let last = month.start + Duration::from_secs(DAYS * 3600);
    let newest = messages.last().unwrap()["timestamp"].as_str().unwrap();
    assert_eq!(
        newest[..13],
        last.to_string()[..13],
        "the newest are what is kept"
    );
}

#[test]
fn what_is_too_old_is_dropped_and_counted() {
    let month = Month::of(Cluster::of(small::short_documents()).set("spool_max_age", "100h"));
    month.cluster.sink.refuse(true).unwrap();
    month.report(0);
    month.report(50);
    assert_eq!(kept::parcels(&month.cluster).len(), 2);
    month.report(101);
    assert_eq!(
        kept::parcels(&month.cluster).len(),
        1,
        "both were written at the start"
    );
    let status = month.cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("0 for space, 2 for age"), "{status}");
}

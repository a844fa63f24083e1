//! What is counted while the collector runs, for Prometheus. Aggregates only: no label names an installation, a key or a client.
//!
//! Counters begin at 0 with the process; the outcomes of all time are in the store.

mod connections;
mod forwarded;
mod webhook;

use std::borrow::Cow;
use std::time::Duration;

use jiff::SignedDuration;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::drift;
use crate::ingest::outcome::Outcome;
use crate::ingest::violation::Violation;
use crate::key::KeyKind;
use crate::quota::Measure;

pub use self::connections::{Connections, Late};
pub use self::forwarded::Forwarded;
pub use self::webhook::Webhook;

/// What every name begins with.
pub const PREFIX: &str = "heliograph_collector";
/// Requests of a commit.
const GROUP_SIZES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
/// Seconds that a commit takes, its sync included.
const COMMIT_TIMES: [f64; 11] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

type Label<V = &'static str> = (&'static str, V);
/// A counter for each set of labels.
pub type Counters<const LABELS: usize> = Family<[Label; LABELS], Counter>;
/// A histogram for each set of labels.
type Histograms<const LABELS: usize> = Family<[Label; LABELS], Histogram, fn() -> Histogram>;

/// Who asks too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fast {
    /// A client.
    Client,
    /// The holders of a key.
    Key,
}

impl Fast {
    /// All of them.
    pub const ALL: [Fast; 2] = [Fast::Client, Fast::Key];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Fast::Client => "client",
            Fast::Key => "key",
        }
    }
}

/// How a look among old messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedBack {
    /// It is known of each message whether it was taken.
    Done,
    /// Not in time, or too many wait: the request was told to come again.
    Busy,
    /// The database could not be read.
    Failed,
}

impl LookedBack {
    /// All of them.
    pub const ALL: [LookedBack; 3] = [LookedBack::Done, LookedBack::Busy, LookedBack::Failed];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            LookedBack::Done => "done",
            LookedBack::Busy => "busy",
            LookedBack::Failed => "failed",
        }
    }
}

/// The numbers. Each is a handle: what is counted through a clone is counted.
#[derive(Debug)]
pub struct Metrics {
    /// All of them, under their names.
    registry: Registry,
    messages: Counters<2>,
    violations: Counters<2>,
    over_quota: Counters<2>,
    requests: Family<[Label<Cow<'static, str>>; 2], Counter>,
    too_fast: Counters<1>,
    lookbacks: Counters<1>,
    body_bytes: Counter,
    commits: Counter,
    written: Counter,
    commits_failed: Counter,
    group_sizes: Histogram,
    commit_times: Histogram,
    drift: Histograms<1>,
    /// Connections of those who send.
    pub connections: Connections,
    /// What is forwarded.
    pub forwarded: Forwarded,
    /// Requests that wait for the writer.
    pub queue_length: Gauge,
    /// Ids in the window.
    pub window_ids: Gauge,
    /// What the webhook is told.
    pub webhook: Webhook,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix(PREFIX),
            messages: Counters::default(),
            violations: Counters::default(),
            over_quota: Counters::default(),
            requests: Family::default(),
            too_fast: Counters::default(),
            lookbacks: Counters::default(),
            body_bytes: Counter::default(),
            commits: Counter::default(),
            written: Counter::default(),
            commits_failed: Counter::default(),
            group_sizes: Histogram::new(GROUP_SIZES),
            commit_times: Histogram::new(COMMIT_TIMES),
            drift: Histograms::new_with_constructor(|| {
                #[expect(clippy::cast_precision_loss, reason = "bounds of some years in seconds")]
                let bounds = drift::BOUNDS.map(|seconds| seconds as f64);
                Histogram::new(bounds)
            }),
            connections: Connections::default(),
            forwarded: Forwarded::default(),
            queue_length: Gauge::default(),
            window_ids: Gauge::default(),
            webhook: Webhook::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        // A counter that is first seen at 1 can't be seen to have risen: all begin at 0.
        for key in KeyKind::ALL {
            for outcome in Outcome::ALL {
                let _ = self.messages.get_or_create(&message_labels(key, outcome));
            }
            for measure in Measure::ALL {
                let _ = self.over_quota.get_or_create(&quota_labels(key, measure));
            }
            for violation in Violation::ALL {
                let _ = self.violations.get_or_create(&violation_labels(key, violation));
            }
        }
        for who in Fast::ALL {
            let _ = self.too_fast.get_or_create(&[("by", who.name())]);
        }
        for sender in [AHEAD, BEHIND] {
            let _ = self.drift.get_or_create(&[("sender", sender)]);
        }
        let registry = &mut self.registry;
        registry.register(
            "messages",
            "Messages by what became of them and by the kind of the key that they came with",
            self.messages.clone(),
        );
        registry.register(
            "violations",
            "Messages that are kept and differ from the plan, by how they do",
            self.violations.clone(),
        );
        registry.register(
            "over_quota",
            "Requests that were told to come again, since what their key may send in a day is used up",
            self.over_quota.clone(),
        );
        registry.register(
            "requests",
            "Requests by path and class of the answer",
            self.requests.clone(),
        );
        registry.register(
            "rate_limited",
            "Requests that were refused because a client, or the holders of a key, sent too much at once",
            self.too_fast.clone(),
        );
        self.connections.register(registry);
        for how in LookedBack::ALL {
            let _ = self.lookbacks.get_or_create(&[("outcome", how.name())]);
        }
        registry.register(
            "lookbacks",
            "Requests with messages that were looked for on disk, since they may be older than the ids in memory",
            self.lookbacks.clone(),
        );
        registry.register_with_unit(
            "body",
            "Bytes of bodies, as they came",
            Unit::Bytes,
            self.body_bytes.clone(),
        );
        registry.register("commits", "Transactions that are on disk", self.commits.clone());
        registry.register(
            "commits_failed",
            "Transactions that failed",
            self.commits_failed.clone(),
        );
        registry.register(
            "written_requests",
            "Requests that are on disk",
            self.written.clone(),
        );
        registry.register(
            "commit_requests",
            "Requests that one commit wrote",
            self.group_sizes.clone(),
        );
        registry.register_with_unit(
            "commit",
            "How long a commit took, its sync included",
            Unit::Seconds,
            self.commit_times.clone(),
        );
        registry.register_with_unit(
            "sender_clock_drift",
            "How far the clocks of senders are off, the journey included; a request that says when it was sent counts once",
            Unit::Seconds,
            self.drift.clone(),
        );
        registry.register(
            "queue_length",
            "Requests that wait for the writer",
            self.queue_length.clone(),
        );
        self.forwarded.register(registry);
        registry.register("window_ids", "Ids of messages in memory", self.window_ids.clone());
        self.webhook.register(registry);
    }

    /// All of them, to be shown.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// To be called when messages are on disk, or refused, with what became of them.
    pub fn messages(&self, key: KeyKind, outcome: Outcome, count: u64) {
        self.messages
            .get_or_create(&message_labels(key, outcome))
            .inc_by(count);
    }

    /// Messages that differ from the plan are on disk.
    pub fn violations(&self, key: KeyKind, violation: Violation, count: u64) {
        self.violations
            .get_or_create(&violation_labels(key, violation))
            .inc_by(count);
    }

    /// A request was refused, since its key's quota is used up.
    pub fn over_quota(&self, key: KeyKind, measure: Measure) {
        self.over_quota.get_or_create(&quota_labels(key, measure)).inc();
    }

    /// A request was answered; `path` is the template that it matched.
    pub fn request(&self, path: Cow<'static, str>, class: &'static str) {
        let labels = [("path", path), ("status", Cow::Borrowed(class))];
        self.requests.get_or_create(&labels).inc();
    }

    /// A request was refused because somebody asks too fast.
    pub fn too_fast(&self, who: Fast) {
        self.too_fast.get_or_create(&[("by", who.name())]).inc();
    }

    /// Messages of a request were looked for on disk.
    pub fn looked_back(&self, how: LookedBack) {
        self.lookbacks.get_or_create(&[("outcome", how.name())]).inc();
    }

    /// A body was read.
    pub fn body(&self, bytes: usize) {
        self.body_bytes.inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// A request said when it was sent: so far is the sender's clock behind ours.
    pub fn drift(&self, drift: SignedDuration) {
        let sender = if drift.is_negative() { AHEAD } else { BEHIND };
        let histogram = self.drift.get_or_create(&[("sender", sender)]);
        histogram.observe(drift.as_secs_f64().abs());
    }

    /// A commit is on disk.
    pub fn committed(&self, requests: usize, took: Duration) {
        self.commits.inc();
        self.written.inc_by(u64::try_from(requests).unwrap_or(u64::MAX));
        // A group has few.
        self.group_sizes
            .observe(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
        self.commit_times.observe(took.as_secs_f64());
    }

    /// A commit failed.
    pub fn commit_failed(&self) {
        self.commits_failed.inc();
    }

    /// Transactions and requests that are on disk.
    pub fn written(&self) -> (u64, u64) {
        (self.commits.get(), self.written.get())
    }
}

const AHEAD: &str = "ahead";
const BEHIND: &str = "behind";

fn message_labels(key: KeyKind, outcome: Outcome) -> [Label; 2] {
    [("outcome", outcome.name()), ("key", key.name())]
}

fn violation_labels(key: KeyKind, violation: Violation) -> [Label; 2] {
    [("violation", violation.name()), ("key", key.name())]
}

fn quota_labels(key: KeyKind, measure: Measure) -> [Label; 2] {
    [("quota", measure.name()), ("key", key.name())]
}

//! What is counted while the daemon runs, for Prometheus. What can be looked up when somebody asks is not counted: see
//! `http/metrics.rs`. No label comes from outside.

use std::borrow::Cow;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::systemd::Counts;

/// What every name begins with.
pub const PREFIX: &str = "heliograph_diagnostics";

type Label<V> = (&'static str, V);

/// The numbers. Each is a handle: what is counted through a clone is counted.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Of the task that asks systemd.
    pub systemd: Counts,
    requests: Family<[Label<Cow<'static, str>>; 2], Counter>,
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, path: Cow<'static, str>, class: &'static str) {
        self.requests
            .get_or_create(&[("path", path), ("class", Cow::Borrowed(class))])
            .inc();
    }

    /// Adds all of them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let Counts {
            rounds,
            sessions,
            failures,
            changes,
        } = &self.systemd;
        for (name, help, counter) in [
            (
                "systemd_rounds",
                "Signs of life of the task that asks systemd",
                rounds,
            ),
            (
                "systemd_sessions",
                "Connections to systemd that were begun",
                sessions,
            ),
            ("systemd_failures", "Connections to systemd that failed", failures),
            ("systemd_changes", "Changes of units that systemd told", changes),
        ] {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "requests",
            "Requests, by the path that they matched and the class of their answer",
            self.requests.clone(),
        );
    }
}

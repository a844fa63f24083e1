//! What the webhook is told of changed verdicts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The webhook's numbers.
#[derive(Debug, Clone, Default)]
pub struct Webhook {
    /// Changes that it has not taken.
    pub pending: Gauge,
    /// Seconds since the earliest of them was noticed.
    pub oldest: Gauge,
    /// Whether it said that it is gone.
    pub gone: Gauge,
    /// Changes that it took.
    pub told: Counter,
    /// Attempts that it did not take.
    pub failures: Counter,
    /// Changes that were given up.
    pub lost: Counter,
}

impl Webhook {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "webhook_pending",
            "Changed verdicts that the webhook has not taken yet",
            self.pending.clone(),
        );
        registry.register_with_unit(
            "webhook_oldest",
            "How long the earliest of them has been waiting",
            Unit::Seconds,
            self.oldest.clone(),
        );
        registry.register(
            "webhook_gone",
            "1 where the webhook answered 410: nothing is sent there any more",
            self.gone.clone(),
        );
        registry.register(
            "webhook_told",
            "Changed verdicts that the webhook took",
            self.told.clone(),
        );
        registry.register(
            "webhook_failures",
            "Attempts that the webhook did not take",
            self.failures.clone(),
        );
        registry.register(
            "webhook_lost",
            "Changed verdicts that were given up, since the webhook took nothing for days",
            self.lost.clone(),
        );
    }
}

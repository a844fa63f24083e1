//! What is forwarded.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Counters;

/// What is forwarded.
#[derive(Debug, Clone, Default)]
pub struct Forwarded {
    messages: Counters<1>,
    orders: Counter,
    failures: Counter,
    pending: Gauge,
    lag: Gauge,
}

impl Forwarded {
    /// What becomes of messages that are to be forwarded.
    const OUTCOMES: [&str; 5] = ["taken", "refused", "withheld", "without_key", "lost"];

    /// So many were taken.
    pub fn taken(&self, count: u64) {
        self.count("taken", count);
    }

    /// So many are refused for good.
    pub fn refused(&self, count: usize) {
        self.count("refused", u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// So many are about somebody who is forgotten.
    pub fn withheld(&self, count: u64) {
        self.count("withheld", count);
    }

    /// So many came with a key that the target has none for.
    pub fn without_key(&self, count: u64) {
        self.count("without_key", count);
    }

    /// So many were dropped by age before.
    pub fn lost(&self, count: u64) {
        self.count("lost", count);
    }

    /// An order was passed on.
    pub fn order(&self) {
        self.orders.inc();
    }

    /// It did not work.
    pub fn failure(&self) {
        self.failures.inc();
    }

    /// So many batches wait, the first of them for so many seconds.
    pub fn behind(&self, pending: i64, lag: i64) {
        self.pending.set(pending);
        self.lag.set(lag);
    }

    fn count(&self, outcome: &'static str, count: u64) {
        self.messages.get_or_create(&[("outcome", outcome)]).inc_by(count);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        for outcome in Forwarded::OUTCOMES {
            let _ = self.messages.get_or_create(&[("outcome", outcome)]);
        }
        registry.register(
            "forward_messages",
            "Messages that were to be forwarded, by what became of them",
            self.messages.clone(),
        );
        registry.register(
            "forward_orders",
            "Orders to forget somebody that were passed on",
            self.orders.clone(),
        );
        registry.register(
            "forward_failures",
            "Times that forwarding did not work and was tried again",
            self.failures.clone(),
        );
        registry.register(
            "forward_pending_batches",
            "Batches that wait to be forwarded",
            self.pending.clone(),
        );
        registry.register_with_unit(
            "forward_lag",
            "For how long the first of them has waited",
            Unit::Seconds,
            self.lag.clone(),
        );
    }
}

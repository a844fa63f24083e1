//! Connections, and what their clients did not do in time.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Counters;

/// Connections of one socket, or of several that are counted together.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    /// That are open.
    pub open: Gauge,
    /// That were accepted.
    pub accepted: Counter,
    /// That were refused, since their client had too many.
    pub refused: Counter,
    /// That were ended by this side, by what their client did not do in time.
    pub cut: Counters<1>,
}

/// What a client did not do in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// A TLS handshake.
    Handshake,
    /// The head of a request.
    Head,
    /// Reading an answer.
    Reading,
    /// Anything.
    Idle,
}

impl Late {
    /// All of them.
    pub const ALL: [Late; 4] = [Late::Handshake, Late::Head, Late::Reading, Late::Idle];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Late::Handshake => "handshake",
            Late::Head => "head",
            Late::Reading => "reading",
            Late::Idle => "idle",
        }
    }
}

impl Connections {
    /// One was ended.
    pub fn late(&self, late: Late) {
        self.cut.get_or_create(&[("by", late.name())]).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections that are open", self.open.clone());
        registry.register(
            "connections_accepted",
            "Connections that were accepted",
            self.accepted.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections that were refused, since their client had too many",
            self.refused.clone(),
        );
        for late in Late::ALL {
            let _ = self.cut.get_or_create(&[("by", late.name())]);
        }
        registry.register(
            "connections_cut",
            "Connections that were ended, by what their client did not do in time",
            self.cut.clone(),
        );
    }
}

//! The one place that asks what time it is. Everything else takes time as an argument, or a [`Clock`].

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Tells the time; a test passes one of its own.
pub trait Clock: Send + Sync {
    /// The time of day, UTC.
    fn now(&self) -> Timestamp;

    /// The time since the machine started, by the clock that systemd's `…TimestampMonotonic` are of; it never jumps.
    fn uptime(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one clock of diagnostics")]
        Timestamp::now()
    }

    fn uptime(&self) -> Duration {
        // Neither is negative since the machine started.
        Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
    }
}

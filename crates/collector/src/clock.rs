//! The one place that asks what time it is. Everything else takes time as an argument, or a [`Clock`].

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the time of day; a test passes one of its own.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the collector's one clock")]
        Timestamp::now()
    }
}

/// How long something takes, by a clock that never jumps.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        #[expect(clippy::disallowed_methods, reason = "this is the collector's one clock")]
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

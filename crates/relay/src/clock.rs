//! The one clock of the crate; everything else is told what time it is. Dates are told by signal's clock.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks for the time"
)]

use std::time::{Duration, Instant};

use heliograph_signal::clock::Clock;

/// Tells signal's clock of the moment; a test passes one of its own.
pub type Dates = Box<dyn Fn() -> Clock + Send + Sync>;

/// The machine's clock.
pub fn dates() -> Dates {
    Box::new(|| Clock::new(None))
}

/// Time since it was made; it never jumps.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// How long ago that was.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

//! The one clock of the crate; everything else is told what time it is. Dates come from signal's clock.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks for the time"
)]

use std::time::{Duration, Instant};

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

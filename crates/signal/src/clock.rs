//! The one clock of the crate. Everything else is told what time it is.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks for the time"
)]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where time comes from: the machine, or the operator's `--now`, which only stamps messages.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    now: Option<Timestamp>,
    wall: Option<Timestamp>,
}

impl Clock {
    /// The machine's clock, or one that stands still at `now`.
    pub fn new(now: Option<Timestamp>) -> Clock {
        Clock { now, wall: None }
    }

    /// A clock that stands still at `now` in all that it is asked: for whoever lives through a month in a minute.
    pub fn standing(now: Timestamp) -> Clock {
        Clock {
            now: Some(now),
            wall: Some(now),
        }
    }

    /// The time that messages are stamped with, and whose hour they belong to.
    pub fn now(self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// The machine's clock, whatever `--now` says: consent, age, back-off and the ledger follow it.
    pub fn wall(self) -> Timestamp {
        self.wall.unwrap_or_else(Timestamp::now)
    }
}

/// How much of a span of time is left. Runs on the monotonic clock: it neither stops nor jumps.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    ends: Instant,
}

impl Deadline {
    /// Starts a span.
    pub fn after(span: Duration) -> Deadline {
        Deadline {
            ends: Instant::now() + span,
        }
    }

    /// What is left of it.
    pub fn left(self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }
}

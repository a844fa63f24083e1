//! What the writer does between commits: slices of a few milliseconds, one after each commit while there is something to do.

use std::time::Duration;

use crate::clock::Stopwatch;

/// How often it looks whether there is something to do.
const LOOK: Duration = Duration::from_secs(10);

/// When the writer looks for them.
#[derive(Default)]
pub(super) struct Chores {
    last: Option<Stopwatch>,
    more: bool,
}

impl Chores {
    /// Whether to do a slice now.
    pub(super) fn due(&self) -> bool {
        self.more || self.last.is_none_or(|last| last.elapsed() >= LOOK)
    }

    /// A slice is done; `more` if there was something to do.
    pub(super) fn done(&mut self, more: bool) {
        self.more = more;
        self.last = Some(Stopwatch::start());
    }
}

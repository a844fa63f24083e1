//! What the writer does between commits: slices of a few milliseconds, one after each commit while there is something to do, and
//! one after the other while nobody waits.

use std::time::Duration;

use crate::clock::Stopwatch;

/// How often it looks whether there is something to do.
const LOOK: Duration = Duration::from_secs(1);
/// How soon it tries again what others kept it from.
const AGAIN: Duration = Duration::from_millis(500);
/// How long it waits for requests between two slices.
pub(super) const BETWEEN: Duration = Duration::from_millis(1);

/// What there is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// Nothing that is known of.
    Nothing,
    /// Something, in a while.
    Later,
    /// Something.
    More,
}

/// When the writer looks for them.
pub(super) struct Chores {
    last: Option<Stopwatch>,
    left: Left,
}

impl Default for Chores {
    fn default() -> Chores {
        Chores {
            last: None,
            // What an earlier process left undone.
            left: Left::More,
        }
    }
}

impl Chores {
    /// Whether to do a slice now.
    pub(super) fn due(&self) -> bool {
        let after = match self.left {
            Left::More => return true,
            Left::Later => AGAIN,
            Left::Nothing => LOOK,
        };
        self.last.is_none_or(|last| last.elapsed() >= after)
    }

    /// Whether there is something to do at once.
    pub(super) fn more(&self) -> bool {
        self.left == Left::More
    }

    /// A slice is done.
    pub(super) fn done(&mut self, left: Left) {
        self.left = left;
        self.last = Some(Stopwatch::start());
    }

    /// There may be something new to do.
    pub(super) fn look(&mut self) {
        self.left = Left::More;
    }
}

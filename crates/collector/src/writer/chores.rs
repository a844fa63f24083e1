//! What the writer does between commits: slices of a few milliseconds, after each commit while there is something to do, and one
//! after the other while nobody waits.

use std::time::Duration;

use crate::clock::Stopwatch;

/// How often it looks whether there is something to do.
const LOOK: Duration = Duration::from_secs(1);
/// How soon it tries again what others kept it from.
const AGAIN: Duration = Duration::from_millis(500);
/// How long it waits for requests between two slices.
pub(super) const BETWEEN: Duration = Duration::from_millis(1);
/// Time after which no further slice is begun while requests may be waiting.
pub(super) const ENOUGH: Duration = Duration::from_millis(4);

/// The chores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chore {
    /// Merging the ids of an hour.
    Merge,
    /// Dropping what is too old, and names that it alone used; judging who is in doubt.
    Drop,
    /// Deleting those who are to be forgotten.
    Delete,
}

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

/// When the writer does which of them.
pub(super) struct Chores {
    last: Option<Stopwatch>,
    left: [Left; CHORES.len()],
    /// The one that is done first the next time.
    turn: usize,
}

const CHORES: [Chore; 3] = [Chore::Merge, Chore::Drop, Chore::Delete];

impl Default for Chores {
    fn default() -> Chores {
        Chores {
            last: None,
            // What an earlier process left undone.
            left: [Left::More; CHORES.len()],
            turn: 0,
        }
    }
}

impl Chores {
    /// Whether to do some now.
    pub(super) fn due(&self) -> bool {
        let after = match self.most() {
            Left::More => return true,
            Left::Later => AGAIN,
            Left::Nothing => LOOK,
        };
        self.last.is_none_or(|last| last.elapsed() >= after)
    }

    /// Whether there is something to do at once.
    pub(super) fn more(&self) -> bool {
        self.most() == Left::More
    }

    /// All of them, each in its turn first.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = Chore> + use<> {
        let turn = self.turn;
        CHORES.into_iter().cycle().skip(turn).take(CHORES.len())
    }

    /// A slice is done.
    pub(super) fn done(&mut self, chore: Chore, left: Left) {
        if let Some(at) = CHORES.iter().position(|known| *known == chore) {
            self.turn = (at + 1) % CHORES.len();
            self.left = std::array::from_fn(|other| if other == at { left } else { self.left[other] });
        }
        self.last = Some(Stopwatch::start());
    }

    /// There may be something new to do.
    pub(super) fn look(&mut self) {
        self.left = [Left::More; CHORES.len()];
    }

    fn most(&self) -> Left {
        self.left.into_iter().max().unwrap_or(Left::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_turn_and_is_asked_for_until_it_is_done() {
        let mut chores = Chores::default();
        assert!(chores.due() && chores.more());
        let first = |chores: &Chores| chores.in_turn().next();
        assert_eq!(first(&chores), Some(Chore::Merge));
        chores.done(Chore::Merge, Left::Nothing);
        assert_eq!(first(&chores), Some(Chore::Drop));
        chores.done(Chore::Drop, Left::Nothing);
        assert!(chores.more(), "the third was never looked at");
        chores.done(Chore::Delete, Left::More);
        assert_eq!(first(&chores), Some(Chore::Merge));
        assert!(chores.more());
        chores.done(Chore::Delete, Left::Later);
        assert!(!chores.more() && !chores.due());
        chores.look();
        assert!(chores.due());
    }
}

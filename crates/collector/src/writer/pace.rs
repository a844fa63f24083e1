//! The pace of commits: the first request after a pause is written at once; under load commits begin a pace apart, so that each
//! takes in what has come meanwhile and one sync serves many. While only few are there and more keep coming, they are waited for,
//! a few paces at most: what a commit costs whatever is in it (the sync, the counters, pages that are written again and again) is
//! then shared by more. Who sends alone waits for nobody.

use std::time::Duration;

/// So many requests share a commit well enough.
const ENOUGH: i64 = 48;
/// Paces after which a commit begins however few have come.
const PATIENCE: u32 = 4;

/// How long to wait before looking again whether the next commit begins; `None` when it does now. `since_last` is how long ago
/// the last one began, `waiting` how many requests are there, `before` how many there were at the last look.
pub(super) fn wait(
    pace: Duration,
    since_last: Option<Duration>,
    waiting: i64,
    before: i64,
) -> Option<Duration> {
    let since = since_last?;
    let first = pace.saturating_sub(since);
    if !first.is_zero() {
        return Some(first);
    }
    let left = (pace * PATIENCE).saturating_sub(since);
    let more_to_come = waiting > before && waiting < ENOUGH;
    (more_to_come && !left.is_zero()).then_some(left.min(pace))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_goes_at_once() {
        assert_eq!(wait(2 * MS, None, 1, 0), None);
        assert_eq!(wait(2 * MS, Some(500 * MS), 1, 0), None);
        assert_eq!(wait(Duration::ZERO, Some(Duration::ZERO), 1, 0), None);
    }

    #[test]
    fn a_pace_is_waited_for_and_more_only_while_more_come() {
        assert_eq!(wait(2 * MS, Some(MS / 2), 1, 0), Some(MS * 3 / 2));
        assert_eq!(wait(2 * MS, Some(MS / 2), ENOUGH, 0), Some(MS * 3 / 2));
        assert_eq!(wait(2 * MS, Some(2 * MS), ENOUGH, 0), None);
        assert_eq!(wait(2 * MS, Some(2 * MS), 1, 1), None);
        assert_eq!(wait(2 * MS, Some(2 * MS), 2, 1), Some(2 * MS));
        assert_eq!(wait(2 * MS, Some(7 * MS), 3, 2), Some(MS));
        assert_eq!(wait(2 * MS, Some(8 * MS), 3, 2), None);
    }
}

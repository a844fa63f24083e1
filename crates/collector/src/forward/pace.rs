//! When to try again after a failure. Pure.

use std::time::Duration;

/// The wait that doubles with each failure, and its longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(120);
/// The longest that a target's Retry-After is obeyed for.
const MOST_ASKED: Duration = Duration::from_secs(3600);

/// How long to wait after so many failures in a row: a random part of a span that doubles, so that those who lost the same target do
/// not come back together; never less than the target asks for. `jitter` is from 0 to 1.
pub(super) fn wait(failures: u32, jitter: f64, asked: Option<Duration>) -> Duration {
    let span = FIRST
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(LONGEST);
    // Half of it at least: nothing is asked again at once.
    let part = span.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    part.max(asked.unwrap_or_default().min(MOST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_the_target_s_wish_is_a_lower_bound() {
        let seconds = |failures| wait(failures, 1.0, None).as_secs();
        assert_eq!([1, 2, 3, 8, 40].map(seconds), [1, 2, 4, 120, 120]);
        assert_eq!(wait(3, 0.0, None), Duration::from_secs(2));
        assert_eq!(
            wait(1, 0.0, Some(Duration::from_secs(30))),
            Duration::from_secs(30)
        );
        assert_eq!(wait(1, 0.0, Some(Duration::MAX)), MOST_ASKED);
    }
}

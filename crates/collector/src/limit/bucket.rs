//! A token bucket: it holds so many tokens, is filled at a rate, and lets pass while there is one in it. What passes may cost more
//! than there is: then nothing passes until the debt is paid. So a single large thing is never refused for good.
//!
//! All that is kept is the time at which the bucket would be full again.

use std::time::Duration;

/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;

/// How fast a bucket is filled, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens a second.
    pub per_second: u64,
    /// Tokens that it holds.
    pub burst: u64,
}

/// What was taken from a bucket. The default is a full one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spent {
    /// Full again, in nanoseconds of the clock.
    full_at: u64,
}

impl Rate {
    /// A rate; `None` for one that lets nothing pass.
    pub fn new(per_second: u64, burst: u64) -> Option<Rate> {
        (per_second > 0 && burst > 0).then_some(Rate { per_second, burst })
    }

    /// How long it takes to fill in so many tokens.
    fn time(self, tokens: u64) -> u64 {
        let time = u128::from(tokens) * SECOND / u128::from(self.per_second.max(1));
        u64::try_from(time).unwrap_or(u64::MAX)
    }
}

impl Spent {
    /// `None` when something may pass now; else how long it may not.
    pub(super) fn wait(self, rate: Rate, now: Duration) -> Option<Duration> {
        let missing = self.full_at.saturating_sub(nanoseconds(now));
        let missing_with_one = missing.saturating_add(rate.time(1));
        let wait = missing_with_one.saturating_sub(rate.time(rate.burst));
        (wait > 0).then(|| Duration::from_nanos(wait))
    }

    /// Takes tokens out.
    pub(super) fn charge(&mut self, rate: Rate, tokens: u64, now: Duration) {
        let from = self.full_at.max(nanoseconds(now));
        self.full_at = from.saturating_add(rate.time(tokens));
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Reads `rate/s burst size`.
    pub(in crate::limit) fn count(text: &str) -> Option<Rate> {
        let (rate, burst) = text.split_once("/s burst ")?;
        Rate::new(rate.parse().ok()?, burst.parse().ok()?)
    }

    #[test]
    fn what_passes_when() {
        // Rate, then what is asked for at which millisecond and whether it passes.
        for (rate, asked) in [
            // A burst, and then the rate.
            (
                "2/s burst 3",
                &[
                    (0, 1, true),
                    (0, 1, true),
                    (0, 1, true),
                    (0, 1, false),
                    (499, 1, false),
                    (501, 1, true),
                    (502, 1, false),
                    (1002, 1, true),
                ][..],
            ),
            // It holds no more than it holds.
            (
                "2/s burst 3",
                &[
                    (3_600_000, 1, true),
                    (3_600_000, 1, true),
                    (3_600_000, 1, true),
                    (3_600_000, 1, false),
                ],
            ),
            // Something larger than the bucket passes once, and is paid for.
            (
                "10/s burst 10",
                &[
                    (0, 30, true),
                    (0, 1, false),
                    (2099, 1, false),
                    (2100, 1, true),
                    (2101, 1, false),
                ],
            ),
            // Nothing is paid for what is refused, however often it is tried.
            (
                "1/s burst 1",
                &[
                    (0, 1, true),
                    (100, 9, false),
                    (200, 9, false),
                    (999, 9, false),
                    (1001, 1, true),
                ],
            ),
            // Fast ones.
            (
                "1000000000/s burst 4000000000",
                &[
                    (0, 4_000_000_000, true),
                    (0, 1, false),
                    (1, 1_000_000, true),
                    (1, 1, false),
                ],
            ),
        ] {
            let rate = count(rate).unwrap();
            let mut spent = Spent::default();
            for (at, tokens, passes) in asked {
                let now = Duration::from_millis(*at);
                assert_eq!(
                    spent.wait(rate, now).is_none(),
                    *passes,
                    "{rate:?}: {tokens} at {at} ms"
                );
                if *passes {
                    spent.charge(rate, *tokens, now);
                }
            }
        }
    }

    #[test]
    fn the_wait_is_as_long_as_it_is_said() {
        let rate = count("3/s burst 7").unwrap();
        let mut spent = Spent::default();
        let now = Duration::from_millis(1234);
        spent.charge(rate, 20, now);
        let wait = spent.wait(rate, now).unwrap();
        assert!(spent.wait(rate, now + wait - Duration::from_nanos(1)).is_some());
        assert_eq!(spent.wait(rate, now + wait), None);
    }

    #[test]
    fn extremes_neither_overflow_nor_let_through() {
        let slowest = Rate::new(1, 1).unwrap();
        let mut spent = Spent::default();
        spent.charge(slowest, u64::MAX, Duration::MAX);
        assert!(spent.wait(slowest, Duration::ZERO).is_some());
        let fastest = Rate::new(u64::MAX, u64::MAX).unwrap();
        let mut spent = Spent::default();
        spent.charge(fastest, u64::MAX / 2, Duration::ZERO);
        assert_eq!(spent.wait(fastest, Duration::ZERO), None);
        assert_eq!((Rate::new(0, 1), Rate::new(1, 0)), (None, None));
    }
}

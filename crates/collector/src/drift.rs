//! How far a sender's clock is off, coarsely: it tells a zone set wrong from a clock that drifts.

use jiff::SignedDuration;

/// What a drift is told by: the least of these that it does not exceed, in seconds.
pub const BOUNDS: [i64; 7] = [1, 10, 60, 600, 3600, 86_400, 31_536_000];

/// A drift: at most so many seconds, behind our clock, or ahead of it where they are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Drift(pub i64);

impl Drift {
    /// The drift of a sender whose clock is so far behind ours.
    pub fn of(behind: SignedDuration) -> Drift {
        let off = behind.abs();
        let bound = BOUNDS
            .into_iter()
            .find(|bound| off <= SignedDuration::from_secs(*bound));
        let bound = bound.unwrap_or(i64::MAX);
        Drift(if behind.is_negative() && bound > 1 {
            -bound
        } else {
            bound
        })
    }

    /// What it is called.
    pub fn name(self) -> String {
        let (side, bound) = match self.0 {
            ..=-1 => ("ahead", self.0.checked_neg()),
            _ => ("behind", Some(self.0)),
        };
        let (count, unit) = match bound {
            Some(1) => return "at most 1 s".to_owned(),
            Some(seconds @ ..60) => (seconds, "s"),
            Some(seconds @ ..3600) => (seconds / 60, "min"),
            Some(seconds @ ..86_400) => (seconds / 3600, "h"),
            Some(seconds @ ..=31_536_000) => (seconds / 86_400, "d"),
            _ => return format!("{side} by more than 365 d"),
        };
        format!("{side} by at most {count} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drifts_are_told_by_their_bound() {
        for (milliseconds, name) in [
            (0, "at most 1 s"),
            (-1000, "at most 1 s"),
            (1001, "behind by at most 10 s"),
            (-59_000, "ahead by at most 1 min"),
            (3_600_000, "behind by at most 1 h"),
            (-7_200_000, "ahead by at most 1 d"),
            (86_400_001, "behind by at most 365 d"),
            (i64::MAX, "behind by more than 365 d"),
            (i64::MIN, "ahead by more than 365 d"),
        ] {
            let drift = Drift::of(SignedDuration::from_millis(milliseconds));
            assert_eq!(drift.name(), name, "{milliseconds} {drift:?}");
        }
    }
}

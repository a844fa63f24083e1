//! How long what is stored is kept. Pure.
//!
//! Two ages: of what was received as it came (raw batches, and what is remembered of single messages), and of what it adds up to (the
//! sums of clusters' days, the time line, counted outcomes). The ids that repeats are recognised by are kept as long as the sums that
//! they guard, so that nothing counts twice in a sum that is still there. Write keys, suppressions, receipts of deletions and the
//! checksums of bundles are kept for ever.

use std::time::Duration;

use heliograph_wire::id::Hour;
use jiff::{SignedDuration, Timestamp};

use crate::delta::Day;

/// An age; `None` is for ever.
pub type Age = Option<Duration>;

/// How long what is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Messages as they came.
    pub raw: Age,
    /// What they add up to.
    pub rollups: Age,
}

/// What is too old by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cutoffs {
    /// Of what was received before, no messages are kept.
    pub raw: Option<Timestamp>,
    /// Of the days before this one, no sums.
    pub day: Option<Day>,
    /// Of the hours before this one, no time line and no ids.
    pub hour: Option<Hour>,
}

impl Retention {
    /// What is too old at a time. Days and hours go when all of them is.
    pub fn cutoffs(&self, now: Timestamp) -> Cutoffs {
        let before = |age: Age| {
            let age = SignedDuration::try_from(age?).ok()?;
            now.checked_sub(age).ok()
        };
        let rollups = before(self.rollups);
        Cutoffs {
            raw: before(self.raw),
            day: rollups.map(Day::of),
            hour: rollups.map(Hour::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wholly_too_old_goes() {
        let now: Timestamp = "2026-11-22T11:30:00Z".parse().unwrap();
        let day = Some(Duration::from_hours(24));
        let cutoffs = Retention {
            raw: None,
            rollups: day,
        }
        .cutoffs(now);
        assert_eq!(cutoffs.raw, None);
        // A part of the 21st is less than a day old.
        let kept: Timestamp = "2026-11-21T11:30:00Z".parse().unwrap();
        assert_eq!(
            (cutoffs.day, cutoffs.hour),
            (Some(Day::of(kept)), Some(Hour::of(kept)))
        );
        let cutoffs = Retention {
            raw: day,
            rollups: None,
        }
        .cutoffs(now);
        assert_eq!((cutoffs.raw, cutoffs.day), (Some(kept), None));
        // Longer than time goes back is for ever.
        let ages = Retention {
            raw: Some(Duration::MAX),
            rollups: Some(Duration::from_hours(u64::MAX / 3600)),
        };
        assert_eq!(ages.cutoffs(now), Cutoffs::default());
    }
}

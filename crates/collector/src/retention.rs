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

/// How far a clock may jump before it is not believed at once.
const JUMP: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long nothing is dropped then, for somebody to see it.
const HOLD: Duration = Duration::from_hours(24);

/// Whether the clock is to be believed when it says that something is too old: a wrong date must not cost what is kept. One that jumps
/// is believed after a day, in which it is told of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steadiness {
    /// The time at the last look, and for how long this process had run then.
    last: Option<(Timestamp, Duration)>,
    /// For how long it has to have run until anything is dropped.
    held: Option<Duration>,
}

/// What was seen of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It runs as ever.
    Steady,
    /// It has just jumped.
    Jumped,
    /// It has jumped not long ago.
    Held,
}

impl Steadiness {
    /// At a start; `newest` is when the newest message was received.
    pub fn begin(newest: Option<Timestamp>) -> Steadiness {
        Steadiness {
            last: newest.map(|newest| (newest, Duration::ZERO)),
            held: None,
        }
    }

    /// Looks at the clock; `up` is for how long this process has run.
    pub fn look(&mut self, now: Timestamp, up: Duration) -> Look {
        let last = self.last.replace((now, up));
        let jumped = last.is_some_and(|(then, up_then)| {
            let passed = SignedDuration::try_from(up.saturating_sub(up_then)).unwrap_or_default();
            let off = now.duration_since(then) - passed;
            off > JUMP || off < -JUMP
        });
        if jumped {
            self.held = Some(up.saturating_add(HOLD));
            return Look::Jumped;
        }
        match self.held {
            Some(until) if up < until => Look::Held,
            _ => {
                self.held = None;
                Look::Steady
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_is_not_believed_for_a_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let hours = Duration::from_hours;
        let mut clock = Steadiness::begin(Some(at("2026-11-21T00:00:00Z")));
        assert_eq!(clock.look(at("2026-11-22T00:00:00Z"), hours(0)), Look::Steady);
        assert_eq!(clock.look(at("2026-11-22T01:00:00Z"), hours(1)), Look::Steady);
        assert_eq!(clock.look(at("2027-11-22T02:00:00Z"), hours(2)), Look::Jumped);
        assert_eq!(clock.look(at("2027-11-22T03:00:00Z"), hours(3)), Look::Held);
        assert_eq!(clock.look(at("2026-11-22T04:00:00Z"), hours(4)), Look::Jumped);
        assert_eq!(clock.look(at("2026-11-23T03:00:00Z"), hours(27)), Look::Held);
        assert_eq!(clock.look(at("2026-11-23T04:00:00Z"), hours(28)), Look::Steady);
        // As with a start after a long time, whichever of the two is wrong.
        let mut clock = Steadiness::begin(Some(at("2026-11-21T00:00:00Z")));
        assert_eq!(clock.look(at("2027-11-22T00:00:00Z"), hours(0)), Look::Jumped);
        assert_eq!(
            Steadiness::begin(None).look(at("2027-11-22T00:00:00Z"), hours(0)),
            Look::Steady
        );
    }

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

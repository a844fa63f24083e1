//! What follows from an answer: pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::store::Waiting;

/// How long after the first failure it is tried again; each time twice as long, up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_hours(6);
/// Doublings after which it is as long as it gets.
const DOUBLINGS: u32 = 13;
/// Share of a delay that is drawn by lot, so that what failed together is not tried again together.
const JITTER: f64 = 0.25;
/// Longest time that a receiver may ask for.
const PATIENCE: Duration = Duration::from_hours(24);
/// What could not be told for so long is given up.
pub(super) const GIVEN_UP_AFTER: Duration = Duration::from_hours(5 * 24);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An answer: its status, and how long it asks to wait.
    Status(u16, Option<Duration>),
    /// None; why.
    Nothing(String),
}

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It was taken.
    Taken,
    /// It is tried again then.
    Again(Timestamp),
    /// It is not tried any more.
    GivenUp,
    /// Nothing is sent any more.
    Gone,
}

impl Heard {
    /// Whether it was taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Heard::Status(200..=299, _))
    }
}

/// Rules, with a lot from 0 to 1.
pub(super) fn rule(heard: &Heard, waiting: &Waiting, now: Timestamp, lot: f64) -> Ruling {
    let asked = match heard {
        _ if heard.is_taken() => return Ruling::Taken,
        Heard::Status(410, _) => return Ruling::Gone,
        Heard::Status(_, asked) => asked.map(|asked| asked.min(PATIENCE)),
        Heard::Nothing(_) => None,
    };
    let delay = FIRST
        .saturating_mul(1 << waiting.tries.min(DOUBLINGS))
        .min(LONGEST);
    let delay = delay.mul_f64(1.0 + JITTER * (2.0 * lot.clamp(0.0, 1.0) - 1.0));
    let next = later(now, delay.max(asked.unwrap_or_default()));
    if next > later(waiting.change.noticed, GIVEN_UP_AFTER) {
        return Ruling::GivenUp;
    }
    Ruling::Again(next)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::Day;
    use crate::store::VerdictChange;

    const NOTICED: Timestamp = Timestamp::UNIX_EPOCH;

    fn waiting(tries: u32) -> Waiting {
        Waiting {
            change: VerdictChange {
                id: 1,
                uuid: uuid::Uuid::nil(),
                noticed: NOTICED,
                day: Day(0),
                version: String::new(),
                unit: String::new(),
                before: String::new(),
                after: String::new(),
                numbers: String::new(),
            },
            tries,
            due: NOTICED,
        }
    }

    fn seconds(tries: u32, heard: &Heard, lot: f64) -> Option<f64> {
        match rule(heard, &waiting(tries), NOTICED, lot) {
            Ruling::Again(then) => Some(then.duration_since(NOTICED).as_secs_f64()),
            _ => None,
        }
    }

    #[test]
    fn it_is_tried_again_ever_later_and_not_for_ever() {
        let down = Heard::Status(500, None);
        assert_eq!(seconds(0, &down, 0.5), Some(5.0));
        assert_eq!(seconds(3, &down, 0.5), Some(40.0));
        assert_eq!(seconds(0, &down, 0.0), Some(3.75));
        assert_eq!(seconds(u32::MAX, &down, 0.5), Some(6.0 * 3600.0));
        for other in [
            Heard::Status(302, None),
            Heard::Status(404, None),
            Heard::Nothing(String::new()),
        ] {
            assert_eq!(seconds(0, &other, 1.0), Some(6.25));
        }
        // As long as the receiver asks for, within reason.
        let busy = |asked| Heard::Status(429, Some(Duration::from_secs(asked)));
        assert_eq!(seconds(0, &busy(100), 0.5), Some(100.0));
        assert_eq!(seconds(5, &busy(1), 0.5), Some(160.0));
        assert_eq!(seconds(0, &busy(u64::MAX), 0.5), Some(86400.0));

        let late = later(NOTICED, GIVEN_UP_AFTER);
        assert_eq!(rule(&down, &waiting(0), late, 0.5), Ruling::GivenUp);
        for taken in [200, 202, 204] {
            assert_eq!(
                rule(&Heard::Status(taken, None), &waiting(9), late, 0.5),
                Ruling::Taken
            );
        }
        assert_eq!(
            rule(&Heard::Status(410, None), &waiting(0), NOTICED, 0.5),
            Ruling::Gone
        );
    }
}

//! When to try the sink: back-off over cycles, and the breaker. Pure; what it must remember is kept in `pace.json`.
//!
//! After a cycle that could not deliver, the next try waits a random part of a span that doubles with each failure (full
//! jitter), and at least as long as the sink asked for. After [`OPENS_AFTER`] failures in a row the breaker is open: a try is one
//! parcel, once. One line is logged per change of state, none per failed try.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Failed cycles in a row that open the breaker.
pub const OPENS_AFTER: u32 = 3;
/// The span that doubles.
pub const FIRST_SPAN: Duration = Duration::from_secs(60);
/// The longest span: a sink that is back is noticed within the hour.
pub const LONGEST_SPAN: Duration = Duration::from_secs(3600);

/// What is remembered between cycles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// Failed cycles in a row.
    pub failures: u32,
    /// Since when nothing was delivered.
    pub failing_since: Option<Timestamp>,
    /// Not before.
    pub not_before: Option<Timestamp>,
    /// What was wrong the last time.
    pub problem: Option<String>,
}

/// How much may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// All there is.
    All,
    /// One parcel, once.
    Probe,
    /// Nothing before this.
    NotBefore(Timestamp),
}

/// What changed, if anything: what the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Delivery began to fail.
    Failing,
    /// It failed so often that only probes are sent.
    Opened,
    /// It works again.
    Recovered,
}

impl Pace {
    /// How much may be tried now. A clock that was set back does not hold anything up for longer than the longest span.
    pub fn allowed(&self, now: Timestamp) -> Allowed {
        match self.not_before {
            Some(until) if now < until && until.duration_since(now).unsigned_abs() <= MAX_ASKED => {
                Allowed::NotBefore(until)
            }
            _ if self.failures >= OPENS_AFTER => Allowed::Probe,
            _ => Allowed::All,
        }
    }

    /// A cycle delivered.
    pub fn succeeded(&mut self) -> Change {
        let before = std::mem::take(self);
        if before.failures > 0 {
            Change::Recovered
        } else {
            Change::None
        }
    }

    /// A cycle could not deliver. `jitter` is a random number from 0 to 1, `asked` the wait that the sink asked for.
    pub fn failed(&mut self, now: Timestamp, jitter: f64, asked: Option<Duration>, problem: &str) -> Change {
        self.failures = self.failures.saturating_add(1);
        let span = FIRST_SPAN
            .saturating_mul(1 << (self.failures - 1).min(10))
            .min(LONGEST_SPAN);
        let wait = span
            .mul_f64(jitter.clamp(0.0, 1.0))
            .max(asked.unwrap_or_default().min(MAX_ASKED));
        self.not_before = now.checked_add(wait).ok();
        self.failing_since.get_or_insert(now);
        self.problem = Some(problem.to_owned());
        match self.failures {
            1 => Change::Failing,
            OPENS_AFTER => Change::Opened,
            _ => Change::None,
        }
    }
}

/// The longest wait that a sink's `Retry-After` may ask for.
const MAX_ASKED: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T11:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_backs_off_opens_and_recovers() {
        let mut pace = Pace::default();
        assert_eq!(pace.allowed(now()), Allowed::All);
        let mut waits = Vec::new();
        let mut changes = Vec::new();
        for _ in 0..9 {
            changes.push(pace.failed(now(), 1.0, None, "refused"));
            waits.push(pace.not_before.unwrap().duration_since(now()).as_secs());
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(
            changes[..4],
            [Change::Failing, Change::None, Change::Opened, Change::None]
        );
        assert_eq!(
            pace.allowed(now()),
            Allowed::NotBefore(now() + Duration::from_secs(3600))
        );
        assert_eq!(pace.allowed(now() + Duration::from_secs(3600)), Allowed::Probe);
        assert_eq!(pace.failing_since, Some(now()));
        assert_eq!(
            (pace.succeeded(), pace.allowed(now())),
            (Change::Recovered, Allowed::All)
        );
        assert_eq!(pace.succeeded(), Change::None);
    }

    #[test]
    fn the_sinks_wish_is_a_lower_bound() {
        let mut pace = Pace::default();
        pace.failed(now(), 0.0, Some(Duration::from_secs(90)), "429");
        assert_eq!(
            pace.allowed(now()),
            Allowed::NotBefore(now() + Duration::from_secs(90))
        );
        pace.failed(now(), 0.0, Some(Duration::from_secs(u64::MAX)), "429");
        assert_eq!(pace.allowed(now()), Allowed::NotBefore(now() + MAX_ASKED));
    }

    #[test]
    fn a_clock_set_back_holds_nothing_up() {
        let mut pace = Pace::default();
        pace.failed(now() + Duration::from_secs(400 * 24 * 3600), 1.0, None, "x");
        assert_eq!(pace.allowed(now()), Allowed::All);
    }
}

//! Quotas: how much may be kept of what comes with one key on one UTC day. Other keys are not held back.
//!
//! What is counted is what is kept, so a repeat costs nothing. A request is let in as long as less than the quota is kept; those
//! that are under way by then are still written, so a quota is overrun by them. What was kept is counted in the transaction that
//! keeps it, and survives a restart. What the collector's owner imports by hand is not counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::delta::Day;
use crate::key::KeyId;

/// Longest time after which a sender is told to try again: SDKs wait no longer.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Bytes of records.
    Bytes,
    /// Messages.
    Messages,
}

/// A limit as it is set for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// What is configured.
    #[default]
    Default,
    /// None.
    Unlimited,
    /// At most so much.
    Most(u64),
}

/// The limits of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes a day.
    pub bytes: Limit,
    /// Messages a day.
    pub messages: Limit,
}

/// The limits of keys that have none of their own; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Defaults {
    /// Bytes a day.
    pub bytes: Option<u64>,
    /// Messages a day.
    pub messages: Option<u64>,
}

/// What was kept on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Bytes of records.
    pub bytes: u64,
    /// Messages.
    pub messages: u64,
}

/// A key's quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// Of what.
    pub measure: Measure,
    /// When to try again.
    pub retry_after: Duration,
}

/// What was kept today, by key.
#[derive(Debug, Default)]
pub struct Quotas {
    defaults: Defaults,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: Day,
    used: HashMap<KeyId, Used>,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 2] = [Measure::Bytes, Measure::Messages];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Bytes => "bytes",
            Measure::Messages => "messages",
        }
    }
}

impl Limit {
    /// How much that is; `None` is no limit.
    pub fn or(self, default: Option<u64>) -> Option<u64> {
        match self {
            Limit::Default => default,
            Limit::Unlimited => None,
            Limit::Most(most) => Some(most),
        }
    }
}

impl Used {
    /// Adds more.
    pub fn add(&mut self, more: Used) {
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.messages = self.messages.saturating_add(more.messages);
    }

    fn exceeds(self, limits: Limits, defaults: Defaults) -> Option<Measure> {
        let reached = |used, limit: Option<u64>| limit.is_some_and(|limit| used >= limit);
        if reached(self.messages, limits.messages.or(defaults.messages)) {
            return Some(Measure::Messages);
        }
        reached(self.bytes, limits.bytes.or(defaults.bytes)).then_some(Measure::Bytes)
    }
}

impl Quotas {
    /// Goes on from what was kept on a day.
    pub fn new(defaults: Defaults, day: Day, used: HashMap<KeyId, Used>) -> Quotas {
        Quotas {
            defaults,
            today: Mutex::new(Today { day, used }),
        }
    }

    /// Lets a request in, or not.
    ///
    /// # Errors
    /// When what its key may send today is used up.
    pub fn admit(&self, key: KeyId, limits: Limits, now: Timestamp) -> Result<(), Exceeded> {
        let today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != Day::of(now) {
            return Ok(());
        }
        let used = today.used.get(&key).copied().unwrap_or_default();
        drop(today);
        let exceeded = used.exceeds(limits, self.defaults);
        exceeded.map_or(Ok(()), |measure| {
            Err(Exceeded {
                measure,
                retry_after: until_tomorrow(now).clamp(Duration::from_secs(1), LONGEST_WAIT),
            })
        })
    }

    /// To be called when more is kept, on a day.
    pub fn add(&self, day: Day, used: impl IntoIterator<Item = (KeyId, Used)>) {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if day != today.day {
            // A clock that was set back begins its day again.
            *today = Today {
                day,
                used: HashMap::new(),
            };
        }
        for (key, used) in used {
            today.used.entry(key).or_default().add(used);
        }
    }
}

fn until_tomorrow(now: Timestamp) -> Duration {
    let tomorrow = Day(Day::of(now).0 + 1).start();
    let left = tomorrow.duration_since(now).as_millis();
    Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_key_is_held_back_and_no_other() {
        let defaults = Defaults {
            bytes: Some(1000),
            messages: None,
        };
        let noon = at("2026-11-22T12:00:00Z");
        let quotas = Quotas::new(defaults, Day::of(noon), HashMap::new());
        let used = |bytes, messages| Used { bytes, messages };
        let of = |bytes, messages| Limits { bytes, messages };
        quotas.add(
            Day::of(noon),
            [(KeyId(1), used(600, 10)), (KeyId(2), used(10, 1))],
        );
        quotas.add(Day::of(noon), [(KeyId(1), used(400, 10))]);
        for (key, limits, expected) in [
            (1, Limits::default(), Some(Measure::Bytes)),
            (2, Limits::default(), None),
            (3, Limits::default(), None),
            (1, of(Limit::Unlimited, Limit::Default), None),
            (1, of(Limit::Most(1001), Limit::Default), None),
            (1, of(Limit::Most(1001), Limit::Most(21)), None),
            (1, of(Limit::Most(1001), Limit::Most(20)), Some(Measure::Messages)),
            (3, of(Limit::Most(0), Limit::Default), Some(Measure::Bytes)),
        ] {
            let exceeded = quotas.admit(KeyId(key), limits, noon).err();
            assert_eq!(
                exceeded.map(|exceeded| exceeded.measure),
                expected,
                "{key} {limits:?}"
            );
        }
    }

    #[test]
    fn tomorrow_is_another_day() {
        let defaults = Defaults {
            bytes: None,
            messages: Some(1),
        };
        let (noon, late) = (at("2026-11-22T12:00:00Z"), at("2026-11-22T23:59:30Z"));
        let day = Day::of(noon);
        let quotas = Quotas::new(
            defaults,
            day,
            [(
                KeyId(1),
                Used {
                    bytes: 0,
                    messages: 1,
                },
            )]
            .into(),
        );
        let wait = |now| {
            let admitted = quotas.admit(KeyId(1), Limits::default(), now);
            admitted.err().map(|exceeded| exceeded.retry_after.as_secs())
        };
        assert_eq!((wait(noon), wait(late)), (Some(300), Some(30)));
        assert_eq!(wait(at("2026-11-22T23:59:59.999Z")), Some(1));
        let next = at("2026-11-23T00:00:00Z");
        assert_eq!(wait(next), None);
        quotas.add(
            Day::of(next),
            [(
                KeyId(2),
                Used {
                    bytes: 0,
                    messages: 1,
                },
            )],
        );
        assert_eq!(wait(next), None);
        quotas.add(
            Day::of(next),
            [(
                KeyId(1),
                Used {
                    bytes: 0,
                    messages: 1,
                },
            )],
        );
        assert_eq!(wait(next), Some(300));
    }
}

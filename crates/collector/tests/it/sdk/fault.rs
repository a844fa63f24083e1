//! What befalls requests on the way, by a fixed script: the same messages meet the same faults in every run.

use std::collections::HashMap;

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// The connection is closed, and the request goes nowhere.
    Closed,
    /// 503 from something in between.
    Unavailable,
    /// 503 with `Retry-After`, as the collector itself says it.
    Busy,
    /// 429 with `Retry-After`.
    TooMany,
    /// The collector takes it, and the answer is lost.
    Lost,
    /// The collector takes it, and the answer ends in the middle of its head.
    Cut,
    /// The collector is killed while it takes it, and started again.
    KilledWithin,
    /// The collector takes it, is killed before the answer is out, and started again.
    KilledAfter,
}

use Fault::{Busy, Closed, Cut, KilledAfter, KilledWithin, Lost, TooMany, Unavailable};

pub(crate) const FAULTS: [Fault; 8] = [
    Closed,
    Unavailable,
    Busy,
    TooMany,
    Lost,
    Cut,
    KilledWithin,
    KilledAfter,
];

/// What befalls a delivery, one attempt after the other, before one is let through. There are fewer than the SDKs of a test have
/// deliveries.
const FATES: [&[Fault]; 17] = [
    &[Lost],
    &[],
    &[Unavailable],
    &[KilledAfter],
    &[],
    &[Closed, Lost],
    &[TooMany],
    &[Cut],
    &[],
    &[KilledWithin],
    &[Busy],
    &[Unavailable, Cut],
    &[],
    &[Lost, Lost],
    &[KilledAfter, Unavailable],
    &[Closed],
    &[],
];

/// How far the script has come. A delivery is recognised by its first message, as SDKs may put messages together anew before
/// they try again.
#[derive(Debug, Default)]
pub(crate) struct Script {
    deliveries: usize,
    /// By message id: the fate, and how much of it is over.
    known: HashMap<String, (usize, usize)>,
}

impl Script {
    /// What befalls a request with these messages.
    pub(crate) fn next(&mut self, ids: &[String]) -> Option<Fault> {
        let first = ids.first()?;
        if !self.known.contains_key(first) {
            let fate = self.deliveries % FATES.len();
            self.deliveries += 1;
            for id in ids {
                self.known.entry(id.clone()).or_insert((fate, 0));
            }
        }
        let (fate, attempts) = self.known.get_mut(first)?;
        let fault = FATES[*fate].get(*attempts).copied();
        *attempts += 1;
        fault
    }
}

#[test]
fn every_fault_is_in_the_script() {
    let missing: Vec<_> = FAULTS
        .iter()
        .filter(|fault| !FATES.iter().any(|fate| fate.contains(fault)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

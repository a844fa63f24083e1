//! Which messages are remembered beside their counters: of each reason the first ones, and then a few a second. So a sender that
//! makes nothing but mistakes costs next to nothing, and still leaves enough to see what it does.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::fold::Fate;
use crate::ingest::outcome::Outcome;
use crate::ingest::request::Request;
use crate::ingest::sample::{Reason, Sample};
use crate::ingest::subject::SubjectKey;
use crate::key::Key;

/// So many of a reason are remembered at once.
const BURST: u32 = 20;
/// Milliseconds after which one more may be.
const EVERY: i64 = 500;
/// Most that one commit remembers.
const PER_COMMIT: usize = 32;

/// How many may still be remembered, by reason.
#[derive(Debug, Default)]
pub(super) struct Sampler(BTreeMap<Reason, Allowance>);

#[derive(Debug)]
struct Allowance {
    left: u32,
    /// When the last one was added.
    since: Timestamp,
}

impl Sampler {
    /// Adds what is to be remembered of a request, given the fates of its messages, to what is remembered of its commit.
    pub(super) fn take(
        &mut self,
        request: &Request,
        fates: &[Fate],
        key: &SubjectKey,
        now: Timestamp,
        samples: &mut Vec<(Key, Sample)>,
    ) {
        for sample in &request.samples {
            if samples.len() < PER_COMMIT && self.allows(sample.reason, now) {
                samples.push((request.key, sample.clone()));
            }
        }
        for (message, fate) in request.messages.iter().zip(fates) {
            let outcome = fate.outcome();
            let kept = matches!(fate, Fate::Counts(_) | Fate::Beside { .. });
            let violations = message.violations.iter().filter(|_| kept);
            let violations = violations.flat_map(|violations| violations.kinds());
            let violations =
                violations.map(|(violation, name)| (Reason::Violation(violation), name.unwrap_or_default()));
            let remembered = !matches!(outcome, Outcome::Accepted | Outcome::Suppressed(_));
            let reasons = remembered.then_some((Reason::Outcome(outcome), ""));
            for (reason, hint) in reasons.into_iter().chain(violations) {
                if samples.len() < PER_COMMIT && self.allows(reason, now) {
                    let sample = Sample::of_record(request.record(message), reason, hint, key);
                    samples.extend(sample.map(|sample| (request.key, sample)));
                }
            }
        }
    }

    fn allows(&mut self, reason: Reason, now: Timestamp) -> bool {
        let allowance = self.0.entry(reason).or_insert(Allowance {
            left: BURST,
            since: now,
        });
        let passed = now.as_millisecond() - allowance.since.as_millisecond();
        // A clock that was set back gives nothing, and starts anew.
        if !(0..EVERY).contains(&passed) {
            let more = u32::try_from(passed / EVERY).unwrap_or_default();
            allowance.left = allowance.left.saturating_add(more).min(BURST);
            allowance.since = now;
        }
        let allowed = allowance.left > 0;
        allowance.left = allowance.left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::violation::Violation;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn of_a_flood_the_first_are_remembered_and_then_a_few() {
        let mut sampler = Sampler::default();
        let flood = Reason::Outcome(Outcome::Duplicate);
        let mut remembered = Vec::new();
        for millisecond in 0..10_000 {
            if sampler.allows(flood, at(millisecond)) {
                remembered.push(millisecond);
            }
        }
        assert_eq!(remembered.len(), 20 + 19);
        assert!(remembered[..20].iter().eq(&(0..20).collect::<Vec<_>>()));
        // Others are not held back by it.
        assert!(sampler.allows(Reason::Violation(Violation::UnplannedEvent), at(9999)));
        // After a pause there is a burst again, and not more.
        let after = (0..100).filter(|_| sampler.allows(flood, at(3_600_000))).count();
        assert_eq!(after, 20);
        // A clock that is set back stops nothing for long.
        assert!(!sampler.allows(flood, at(0)));
        assert!(sampler.allows(flood, at(500)));
    }
}

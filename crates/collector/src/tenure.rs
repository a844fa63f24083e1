//! Which of a cluster's reporters counts. Pure.
//!
//! A cluster is bound to the first reporter that spoke for it. As long as that one reports, its reports count and those of others
//! are kept beside them, whoever comes first: several masters are counted as one, always as the same, and to know a write key and
//! a cluster's id is not enough to speak for it. When it has been silent for a day about an event, the next that reports takes
//! its place for that event, and keeps it until it is silent for a day itself or the first one is back.
//!
//! A cluster whose first reporter did not say who it is is bound to nobody: of its reporters the first in each slot counts.

use heliograph_wire::id::{Hour, ReporterId};

use crate::store::Claimant;

/// Hours without a report after which a reporter's place is free.
const SILENCE: i64 = 24;
/// How many hours ahead of ours the clock of another reporter may be.
const AHEAD: i64 = 1;

/// A report for a slot in which none counts yet.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Who reports.
    pub reporter: Option<&'a ReporterId>,
    /// Whom the cluster is bound to; nobody, where that one did not say who it is, or this is the first that speaks for it.
    pub bound: Option<&'a ReporterId>,
    /// The hour of the slot.
    pub hour: Hour,
    /// The hour in which the report came.
    pub now: Hour,
}

impl Candidate<'_> {
    /// Whether it counts. `claimants` tells who has reported for the same slot of another hour.
    ///
    /// # Errors
    /// As `claimants` says.
    pub fn counts<E>(self, mut claimants: impl FnMut(Hour) -> Result<Vec<Claimant>, E>) -> Result<bool, E> {
        let Some(bound) = self.bound.filter(|bound| self.reporter != Some(bound)) else {
            return Ok(true);
        };
        let (hour, now) = (self.hour.number(), self.now.number());
        // Nobody takes slots of hours to come from the one whom they belong to.
        if hour > now + AHEAD {
            return Ok(false);
        }
        let mut last = None;
        for hour in (hour - SILENCE + 1..=hour).rev() {
            let found = claimants_of(hour, &mut claimants)?;
            if found
                .iter()
                .any(|claimant| claimant.reporter.as_ref() == Some(bound))
            {
                return Ok(false);
            }
            last = last.or_else(|| found.into_iter().find(|claimant| claimant.counts));
        }
        // Late reports don't count either while the bound one is there.
        for hour in (hour.max(now - SILENCE) + 1..=now + AHEAD).rev() {
            let found = claimants_of(hour, &mut claimants)?;
            if found
                .iter()
                .any(|claimant| claimant.reporter.as_ref() == Some(bound))
            {
                return Ok(false);
            }
        }
        Ok(last.is_none_or(|last| last.reporter.as_ref() == self.reporter))
    }
}

fn claimants_of<E>(
    hour: i64,
    claimants: &mut impl FnMut(Hour) -> Result<Vec<Claimant>, E>,
) -> Result<Vec<Claimant>, E> {
    Hour::from_number(hour).map_or_else(|| Ok(Vec::new()), claimants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::slot::PropertiesDigest;
    use std::convert::Infallible;

    fn reporter(name: char) -> Option<ReporterId> {
        (name != '-').then(|| ReporterId::of_secret(name.to_string().as_bytes()))
    }

    /// `now` and `slot` are hours; `line` says who has reported when: `a` in lower case beside another, in upper case counted.
    fn counts(who: char, bound: char, slot: i64, now: i64, line: &[(i64, &str)]) -> (bool, usize) {
        let (reporter_id, bound_id) = (reporter(who), reporter(bound));
        let candidate = Candidate {
            reporter: reporter_id.as_ref(),
            bound: bound_id.as_ref(),
            hour: Hour::from_number(slot).unwrap(),
            now: Hour::from_number(now).unwrap(),
        };
        let mut asked = 0;
        let counts = candidate.counts(|hour| -> Result<_, Infallible> {
            asked += 1;
            let here = line.iter().filter(|(at, _)| *at == hour.number());
            let names = here.flat_map(|(_, names)| names.chars());
            Ok(names
                .map(|name| Claimant {
                    reporter: reporter(name.to_ascii_lowercase()),
                    digest: PropertiesDigest(0),
                    nodes: None,
                    counts: name.is_uppercase(),
                })
                .collect())
        });
        (counts.unwrap(), asked)
    }

    #[test]
    fn the_bound_one_counts_and_others_once_it_has_been_silent_for_a_day() {
        for (who, bound, slot, now, line, expected) in [
            // Nobody is bound yet, or somebody who does not say who it is.
            ('b', '-', 100, 100, &[][..], true),
            ('b', '-', 100, 100, &[(99, "C")], true),
            // The bound one, at any time.
            ('a', 'a', 100, 100, &[(99, "B")], true),
            ('a', 'a', 500, 100, &[], true),
            ('a', 'a', 10, 100, &[(100, "A")], true),
            // Another one, while the bound one reports, this hour or up to a day before.
            ('b', 'a', 100, 100, &[(100, "A")], false),
            ('b', 'a', 100, 100, &[(99, "A")], false),
            ('b', 'a', 100, 100, &[(77, "A"), (78, "b")], false),
            ('-', 'a', 100, 100, &[(99, "A")], false),
            // A day of silence.
            ('b', 'a', 100, 100, &[(76, "A")], true),
            ('b', 'a', 100, 100, &[(76, "A"), (99, "B")], true),
            ('b', 'a', 101, 100, &[(76, "A")], true),
            // A third one waits for the second as that waited for the first.
            ('c', 'a', 100, 100, &[(70, "A"), (99, "Bc")], false),
            ('c', 'a', 100, 100, &[(70, "A"), (77, "B"), (99, "c")], false),
            ('c', 'a', 100, 100, &[(70, "A"), (76, "B"), (99, "c")], true),
            // The first one is back.
            ('b', 'a', 100, 100, &[(97, "B"), (98, "B"), (99, "A")], false),
            // Hours to come are nobody else's, and neither is the past while the bound one is there.
            ('b', 'a', 102, 100, &[], false),
            ('b', 'a', 50, 100, &[(99, "A")], false),
            ('b', 'a', 50, 100, &[(70, "A")], true),
            ('b', 'a', 50, 100, &[(40, "A")], false),
        ] {
            let (counted, _) = counts(who, bound, slot, now, line);
            assert_eq!(counted, expected, "{who} {bound} {slot} {now} {line:?}");
        }
    }

    #[test]
    fn looking_costs_little_while_all_is_well() {
        assert_eq!(counts('a', 'a', 100, 100, &[]).1, 0);
        assert_eq!(counts('b', 'a', 100, 100, &[(99, "A")]).1, 2);
        assert!(counts('b', 'a', 100, 100, &[]).1 <= 26);
        assert!(counts('b', 'a', 10, 100, &[]).1 <= 50);
    }
}

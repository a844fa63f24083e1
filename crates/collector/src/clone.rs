//! Two clusters that go by one id: a copied disk, a template with a cluster id in it. Pure.
//!
//! Each of them says how many nodes it has, and each keeps to its own number: what is told goes back and forth, hour by hour. When
//! a cluster grows or shrinks, or its masters are replaced one by one, two reporters may disagree for an hour or for many, but
//! what they tell moves on in one direction. So a clone is who goes back and forth in three or more hours on end.
//!
//! Copies whose state directory was copied too are one reporter that speaks twice in an hour; which of them is first is chance.

use std::collections::BTreeMap;

use heliograph_wire::id::ReporterId;

/// Two numbers of one hour.
type Range = (i64, i64);

/// Hours on end in which what is told must go back and forth.
const HOURS: usize = 3;

/// What was told of a cluster's size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// In which hour.
    pub hour: i64,
    /// By whom.
    pub reporter: Option<ReporterId>,
    /// Its size.
    pub nodes: i64,
}

/// Whether what was told on a day was told by two clusters.
pub fn is_clone(claims: &[Claim]) -> bool {
    let mut said: BTreeMap<&Option<ReporterId>, BTreeMap<i64, Range>> = BTreeMap::new();
    for claim in claims {
        let by_hour = said.entry(&claim.reporter).or_default();
        let range = by_hour.entry(claim.hour).or_insert((claim.nodes, claim.nodes));
        *range = (range.0.min(claim.nodes), range.1.max(claim.nodes));
    }
    // Who said less has nothing to go back to.
    let said: Vec<_> = said.into_values().filter(|hours| hours.len() >= HOURS).collect();
    let twice = said
        .iter()
        .any(|hours| goes_back_and_forth(hours.values().copied()));
    twice || {
        let mut pairs = said.iter().enumerate().flat_map(|(at, one)| {
            let others = said.iter().skip(at + 1);
            others.map(move |other| (one, other))
        });
        pairs.any(|(one, other)| {
            goes_back_and_forth(both(one, other)) || goes_back_and_forth(both(other, one))
        })
    }
}

/// What two said, in the hours in which both did.
fn both(one: &BTreeMap<i64, Range>, other: &BTreeMap<i64, Range>) -> impl Iterator<Item = Range> {
    let shared = one
        .iter()
        .filter_map(|(hour, said)| Some((said, other.get(hour)?)));
    shared.map(|((one, _), (other, _))| (*one, *other))
}

/// Whether there are so many hours on end in which the second says more than the first, and after each of which the first goes
/// back below what the second said, and the second above what the first said.
fn goes_back_and_forth(hours: impl Iterator<Item = Range>) -> bool {
    let mut run = 0;
    let mut before: Option<Range> = None;
    for (low, high) in hours {
        let apart = low < high;
        let back = before.is_none_or(|before| low < before.1 && high > before.0);
        run = match (apart, back) {
            (true, true) => run + 1,
            (true, false) => 1,
            (false, _) => 0,
        };
        if run >= HOURS {
            return true;
        }
        before = apart.then_some((low, high));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two reporters say by hour; `None` where one is silent.
    fn two(line: &[(Option<i64>, Option<i64>)]) -> bool {
        let mut claims = Vec::new();
        for (hour, (a, b)) in (0..).zip(line) {
            for (name, nodes) in [(b"a", a), (b"b", b)] {
                claims.extend(nodes.map(|nodes| Claim {
                    hour,
                    reporter: Some(ReporterId::of_secret(name)),
                    nodes,
                }));
            }
        }
        // Neither the order of arrival matters nor who is called first.
        let forwards = is_clone(&claims);
        claims.reverse();
        assert_eq!(is_clone(&claims), forwards);
        forwards
    }

    fn both(line: &[(i64, i64)]) -> bool {
        let line: Vec<_> = line.iter().map(|(a, b)| (Some(*a), Some(*b))).collect();
        two(&line)
    }

    #[test]
    fn two_that_keep_to_their_own_are_clones() {
        for line in [
            &[(3, 5), (3, 5), (3, 5)][..],
            &[(5, 3), (5, 3), (5, 3)],
            // From the fourth hour on.
            &[(3, 3), (3, 3), (3, 3), (3, 9), (3, 9), (3, 9)],
            // Each grows on its own.
            &[(3, 10), (3, 11), (4, 11), (5, 12)],
            // One agrees for an hour, and then for three hours on end they don't.
            &[(3, 5), (3, 5), (4, 4), (3, 5), (3, 5), (3, 5)],
        ] {
            assert!(both(line), "{line:?}");
        }
        let some = |a, b| (Some(a), Some(b));
        assert!(two(&[
            some(3, 5),
            (Some(3), None),
            some(3, 5),
            (None, Some(5)),
            some(3, 5)
        ]));
    }

    #[test]
    fn who_moves_on_is_no_clone() {
        for line in [
            &[][..],
            &[(3, 3), (3, 3), (3, 3), (3, 3)],
            // Two hours are not enough.
            &[(3, 3), (3, 5), (3, 5), (5, 5)],
            &[(3, 5), (3, 5), (4, 4), (3, 5), (3, 5)],
            // A scale-up, at once, slowly, fast, and with a reporter that is an hour behind.
            &[(3, 3), (3, 9), (9, 9), (9, 9)],
            &[(3, 4), (4, 5), (5, 6), (6, 7), (7, 8)],
            &[(3, 5), (7, 9), (11, 13), (15, 17)],
            &[(4, 3), (5, 4), (6, 5), (7, 6)],
            // A scale-down, and both in a day.
            &[(9, 7), (7, 5), (5, 3), (3, 1)],
            &[(3, 4), (4, 5), (5, 6), (6, 5), (5, 4), (4, 3)],
            // Sides change: a node comes and goes.
            &[(5, 4), (4, 5), (5, 4), (4, 5), (5, 4)],
        ] {
            assert!(!both(line), "{line:?}");
        }
        // A roll-out: a master goes, another one comes.
        assert!(!two(&[
            (Some(3), None),
            (Some(3), Some(4)),
            (None, Some(4)),
            (None, Some(4)),
            (None, Some(4))
        ]));
    }

    #[test]
    fn copies_with_one_secret_are_told_by_what_they_say_twice() {
        let said = |line: &[&[i64]]| {
            let claims: Vec<_> = (0..)
                .zip(line)
                .flat_map(|(hour, said)| {
                    said.iter().map(move |nodes| Claim {
                        hour,
                        reporter: None,
                        nodes: *nodes,
                    })
                })
                .collect();
            is_clone(&claims)
        };
        assert!(said(&[&[3, 5], &[5, 3], &[3, 5]]));
        assert!(!said(&[&[3, 5], &[5, 3], &[3], &[3, 5]]));
        assert!(!said(&[&[3, 4], &[4, 5], &[5, 6], &[6, 7]]));
        assert!(!said(&[&[3], &[5], &[3], &[5], &[3]]));
    }
}

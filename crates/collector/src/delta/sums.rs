//! Sums: a sparse vector of whole numbers, the group in which days are added up.

use std::cmp::Ordering;

use super::{Facet, KeyForm};

/// The amounts at one coordinate; what they are is the facet's to say. They wrap where they no longer fit, so that what was added
/// can be taken away again whatever it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts(pub [i64; 3]);

/// Where something is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Coordinate {
    /// Number of the edition.
    pub edition: u64,
    /// What is summed.
    pub facet: Facet,
    /// Number of the name, or the hour.
    pub key: u64,
}

/// A sparse vector: no coordinate whose amounts are all nought, each once, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(Vec<(Coordinate, Amounts)>);

/// Hours of a key that is a name and an hour.
const HOURS: u64 = 32;

impl Coordinate {
    /// The key of a name at an hour of the day.
    pub fn at_hour(name: u64, hour: u64) -> u64 {
        name.wrapping_mul(HOURS).wrapping_add(hour % HOURS)
    }

    /// The number of the name that it is of, if it is of one.
    pub fn name(self) -> Option<u64> {
        match self.facet.key_form() {
            KeyForm::Name => Some(self.key),
            KeyForm::NameAndHour => Some(self.key / HOURS),
            KeyForm::Number => None,
        }
    }

    /// The hour of the day that it is of, if it is of one.
    pub fn hour(self) -> Option<u64> {
        match self.facet {
            Facet::Hour => Some(self.key),
            Facet::UnhealthyHour => Some(self.key % HOURS),
            _ => None,
        }
    }
}

impl Amounts {
    /// Nought everywhere.
    pub fn is_zero(self) -> bool {
        self.0 == [0; 3]
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Amounts) -> Amounts {
        let ([a, b, c], [x, y, z]) = (self.0, other.0);
        Amounts([a.wrapping_add(x), b.wrapping_add(y), c.wrapping_add(z)])
    }

    /// The inverse.
    #[must_use]
    pub fn negated(self) -> Amounts {
        Amounts(self.0.map(i64::wrapping_neg))
    }
}

impl Sums {
    /// Of parts in any order, any number of them at one coordinate.
    pub fn of(mut parts: Vec<(Coordinate, Amounts)>) -> Sums {
        // Mostly they are a few sorted runs, and this one merges them.
        parts.sort_by_key(|(coordinate, _)| *coordinate);
        parts.dedup_by(|next, sum| {
            let same = next.0 == sum.0;
            if same {
                sum.1 = sum.1.plus(next.1);
            }
            same
        });
        parts.retain(|(_, amounts)| !amounts.is_zero());
        Sums(parts)
    }

    /// Of parts that are sorted already, as they are stored; `None` where they are not.
    pub(super) fn of_sorted(parts: Vec<(Coordinate, Amounts)>) -> Option<Sums> {
        let sorted = parts.is_sorted_by(|(a, _), (b, _)| a < b);
        (sorted && parts.iter().all(|(_, amounts)| !amounts.is_zero())).then_some(Sums(parts))
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(&self, other: &Sums) -> Sums {
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        let mut sum = Vec::with_capacity(left.len() + right.len());
        while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
            match a.0.cmp(&b.0) {
                Ordering::Less => {
                    sum.push(*a);
                    left = left_rest;
                }
                Ordering::Greater => {
                    sum.push(*b);
                    right = right_rest;
                }
                Ordering::Equal => {
                    let both = a.1.plus(b.1);
                    if !both.is_zero() {
                        sum.push((a.0, both));
                    }
                    (left, right) = (left_rest, right_rest);
                }
            }
        }
        sum.extend_from_slice(left);
        sum.extend_from_slice(right);
        Sums(sum)
    }

    /// Adds parts in any order. Most are where something is already, and come in the order of the sums.
    pub fn add(&mut self, parts: Vec<(Coordinate, Amounts)>) {
        let (mut fresh, mut any_zero, mut next) = (Vec::new(), false, 0);
        for (coordinate, amounts) in parts {
            let at = match self.0.get(next) {
                Some((known, _)) if *known == coordinate => Ok(next),
                _ => self.0.binary_search_by_key(&coordinate, |(known, _)| *known),
            };
            match at.ok().and_then(|at| Some((at, self.0.get_mut(at)?))) {
                Some((at, (_, sum))) => {
                    *sum = sum.plus(amounts);
                    any_zero |= sum.is_zero();
                    next = at + 1;
                }
                None => fresh.push((coordinate, amounts)),
            }
        }
        if any_zero {
            self.0.retain(|(_, amounts)| !amounts.is_zero());
        }
        if !fresh.is_empty() {
            *self = self.plus(&Sums::of(fresh));
        }
    }

    /// The inverse: added to these, nothing is left.
    #[must_use]
    pub fn negated(mut self) -> Sums {
        for (_, amounts) in &mut self.0 {
            *amounts = amounts.negated();
        }
        self
    }

    /// The same, as they are kept.
    pub(super) fn as_slice(&self) -> &[(Coordinate, Amounts)] {
        &self.0
    }

    /// All coordinates that are not nought.
    pub fn iter(&self) -> impl Iterator<Item = (Coordinate, Amounts)> {
        self.0.iter().copied()
    }

    /// The amounts at a coordinate.
    pub fn at(&self, coordinate: Coordinate) -> Amounts {
        let found = self.0.binary_search_by(|(known, _)| known.cmp(&coordinate));
        let found = found.ok().and_then(|at| self.0.get(at));
        found.map_or_else(Amounts::default, |(_, amounts)| *amounts)
    }

    /// How many coordinates are not nought.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sums of few coordinates, so that they meet, of any size.
    pub(in crate::delta) fn sums() -> impl Strategy<Value = Sums> {
        let amount = prop_oneof![Just(0), -3_i64..100, Just(i64::MAX), Just(i64::MIN), any::<i64>()];
        let key = prop_oneof![0_u64..6, any::<u64>()];
        let facet = prop::sample::select(Facet::ALL.to_vec());
        let part = (0_u64..3, facet, key, prop::array::uniform3(amount));
        prop::collection::vec(part, 0..24).prop_map(|parts| {
            let part = |(edition, facet, key, amounts)| {
                let coordinate = Coordinate { edition, facet, key };
                (coordinate, Amounts(amounts))
            };
            Sums::of(parts.into_iter().map(part).collect())
        })
    }

    proptest! {
        #[test]
        fn sums_are_a_commutative_group(a in sums(), b in sums(), c in sums()) {
            prop_assert_eq!(a.plus(&b).plus(&c), a.plus(&b.plus(&c)));
            prop_assert_eq!(a.plus(&b), b.plus(&a));
            prop_assert_eq!(&a.plus(&Sums::default()), &a);
            prop_assert!(a.plus(&a.clone().negated()).is_empty());
            // What a cluster added is taken away again, and the others are as if it had never been.
            prop_assert_eq!(b.plus(&a).plus(&c).plus(&a.clone().negated()), b.plus(&c));
        }

        #[test]
        fn a_sum_is_that_of_its_parts_in_any_order(a in sums(), b in sums(), c in sums()) {
            let parts: Vec<_> = a.iter().chain(b.iter()).collect();
            prop_assert_eq!(Sums::of(parts.iter().rev().copied().collect()), a.plus(&b));
            let mut sums = c.clone();
            sums.add(parts.clone());
            prop_assert_eq!(&sums, &c.plus(&a).plus(&b));
            sums.add(parts.iter().rev().map(|(at, amounts)| (*at, amounts.negated())).collect());
            prop_assert_eq!(sums, c);
            for (coordinate, _) in parts {
                prop_assert_eq!(a.plus(&b).at(coordinate), a.at(coordinate).plus(b.at(coordinate)));
            }
        }
    }
}

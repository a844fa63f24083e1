//! A set of clusters, by number.

use fixedbitset::FixedBitSet;

/// Clusters of a set that are listed; of more than these there is a bit for each number up to the greatest.
///
/// Senders choose how many names there are, and most of what only one names is named by one.
const FEW: usize = 16;

/// A set of clusters. What is of no cluster (0) is never in it.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    /// In no order; empty where there are bits.
    few: Vec<u32>,
    bits: FixedBitSet,
}

impl Clusters {
    /// Puts one in.
    #[inline]
    pub fn insert(&mut self, cluster: i64) {
        self.insert_all(&[cluster]);
    }

    /// Puts several in.
    pub fn insert_all(&mut self, clusters: &[i64]) {
        for cluster in clusters {
            let Ok(number @ 1..) = u32::try_from(*cluster) else {
                continue;
            };
            if self.bits.is_empty() {
                if self.few.contains(&number) {
                    continue;
                }
                if self.few.len() < FEW {
                    self.few.push(number);
                    continue;
                }
                self.spread();
            }
            self.set(number);
        }
    }

    /// From a list to bits.
    fn spread(&mut self) {
        for number in std::mem::take(&mut self.few) {
            self.set(number);
        }
    }

    fn set(&mut self, number: u32) {
        let number = number as usize;
        if number >= self.bits.len() {
            // Not a little at a time.
            self.bits.grow((number + 1).next_power_of_two());
        }
        self.bits.insert(number);
    }

    /// Whether one is in.
    #[inline]
    pub fn contains(&self, cluster: i64) -> bool {
        u32::try_from(cluster).is_ok_and(|number| match self.bits.is_empty() {
            true => self.few.contains(&number),
            false => self.bits.contains(number as usize),
        })
    }

    /// How many.
    pub fn len(&self) -> u64 {
        (self.few.len() + self.bits.count_ones(..)) as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts all of another in.
    pub fn add(&mut self, other: &Clusters) {
        if !other.bits.is_empty() {
            self.spread();
            self.bits.union_with(&other.bits);
        }
        for number in &other.few {
            self.insert((*number).into());
        }
    }

    /// Those of it that are in another one as well.
    pub fn common(&self, other: &Clusters) -> u64 {
        match self.bits.is_empty() || other.bits.is_empty() {
            true => self.iter().filter(|cluster| other.contains(*cluster)).count() as u64,
            false => self.bits.intersection_count(&other.bits) as u64,
        }
    }

    /// All of them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let mut few = self.few.clone();
        few.sort_unstable();
        let bits = self.bits.ones().filter_map(|number| i64::try_from(number).ok());
        few.into_iter().map(i64::from).chain(bits)
    }
}

impl PartialEq for Clusters {
    fn eq(&self, other: &Clusters) -> bool {
        // However much room each has.
        self.iter().eq(other.iter())
    }
}

impl Eq for Clusters {}

impl FromIterator<i64> for Clusters {
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Clusters {
        let mut clusters = Clusters::default();
        for number in numbers {
            clusters.insert(number);
        }
        clusters
    }
}

/// Something of each cluster, by number; of those that nothing was told of, the default.
#[derive(Debug, Clone, Default)]
pub(super) struct PerCluster<T>(Vec<T>);

impl<T: Clone + Default> PerCluster<T> {
    /// That of a cluster; `None` of what is of no cluster.
    #[inline]
    pub(super) fn at(&mut self, cluster: i64) -> Option<&mut T> {
        let index = usize::try_from(cluster).ok()?.checked_sub(1)?;
        if index >= self.0.len() {
            self.0.resize(index + 1, T::default());
        }
        self.0.get_mut(index)
    }

    /// That of a cluster, where anything was told of it or of a later one.
    pub(super) fn get(&self, cluster: i64) -> Option<&T> {
        self.0.get(usize::try_from(cluster).ok()?.checked_sub(1)?)
    }

    /// That of all, with their numbers, in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &T)> {
        (1..).zip(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_or_many_it_is_a_set(
            one in prop::collection::vec(-2..60_i64, 0..40), other in prop::collection::vec(0..400_i64, 0..40)
        ) {
            let plain = |numbers: &[i64]| numbers.iter().copied().filter(|number| *number > 0).collect::<BTreeSet<_>>();
            let (mut set, others): (Clusters, Clusters) = (one.iter().copied().collect(), other.iter().copied().collect());
            let (mut expected, more) = (plain(&one), plain(&other));
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.common(&others), expected.intersection(&more).count() as u64);
            set.add(&others);
            expected.extend(&more);
            prop_assert_eq!((set.len(), set.is_empty()), (expected.len() as u64, expected.is_empty()));
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.iter().copied().collect::<Vec<_>>());
            for number in -2..400 {
                prop_assert_eq!(set.contains(number), expected.contains(&number));
            }
        }
    }

    #[test]
    fn something_of_each_is_found_by_number() {
        let mut counts = PerCluster::<u32>::default();
        for cluster in [3, 1, 3, 0, -4] {
            if let Some(count) = counts.at(cluster) {
                *count += 1;
            }
        }
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(1, &1), (2, &0), (3, &2)]);
    }

    #[test]
    fn a_set_holds_each_once_and_none_that_is_no_cluster() {
        let mut set: Clusters = [3, 200, 3, 0, -1].into_iter().collect();
        assert_eq!(
            (set.len(), set.contains(200), set.contains(0), set.contains(9999)),
            (2, true, false, false)
        );
        set.add(&[7].into_iter().collect());
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 7, 200]);
        let mut many = Clusters::default();
        for some in [&[0, -3][..], &[], &[7, 0, 200, 7, -1, 3]] {
            many.insert_all(some);
        }
        assert_eq!(many, set);
        assert_eq!(set.common(&[7, 8, 200].into_iter().collect()), 2);
        assert!(!set.is_empty() && Clusters::default().is_empty());
    }
}

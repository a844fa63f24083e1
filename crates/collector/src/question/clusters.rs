//! A set of clusters, by number.

use fixedbitset::FixedBitSet;

/// A set of clusters; a bit for each number up to the greatest. What is of no cluster (0) is never in it.
#[derive(Debug, Clone, Default)]
pub struct Clusters(FixedBitSet);

impl Clusters {
    /// Puts one in.
    #[inline]
    pub fn insert(&mut self, cluster: i64) {
        if let Ok(number @ 1..) = usize::try_from(cluster) {
            self.0.grow_and_insert(number);
        }
    }

    /// Puts several in.
    pub fn insert_all(&mut self, clusters: &[i64]) {
        for cluster in clusters {
            let Ok(number @ 1..) = usize::try_from(*cluster) else {
                continue;
            };
            if number >= self.0.len() {
                // Not a little at a time.
                self.0.grow((number + 1).next_power_of_two());
            }
            self.0.insert(number);
        }
    }

    /// Whether one is in.
    #[inline]
    pub fn contains(&self, cluster: i64) -> bool {
        usize::try_from(cluster).is_ok_and(|number| self.0.contains(number))
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.0.count_ones(..) as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_clear()
    }

    /// Puts all of another in.
    pub fn add(&mut self, other: &Clusters) {
        self.0.union_with(&other.0);
    }

    /// Those of it that are in another one as well.
    pub fn common(&self, other: &Clusters) -> u64 {
        self.0.intersection_count(&other.0) as u64
    }

    /// All of them, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        self.0.ones().filter_map(|number| i64::try_from(number).ok())
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

//! Who was heard of on a day.

use std::cmp::Reverse;

use crate::delta::Damaged;
use crate::varint::{push, push_signed, take, take_signed};

/// Hours of a day, a bit each, midnight's the lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hours(pub u32);

/// A cluster in one edition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Line {
    /// Number of the cluster; 0 stands for messages of no cluster.
    pub cluster: i64,
    /// Number of the edition.
    pub edition: u64,
    /// Whether any of its reports counts on this day.
    pub reported: bool,
    /// Hours of which a health report counts.
    pub observed: Hours,
    /// Those of them in which anything was unhealthy.
    pub unhealthy: Hours,
    /// Nodes: the most that any unit was told of, in the mean of the hours; 0 where no health report counts.
    pub nodes: u32,
}

/// A cluster of which a report counts on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Presence {
    /// Number of the cluster.
    pub cluster: i64,
    /// Its nodes, at most; 0 where no health report counts.
    pub nodes: u32,
}

/// All lines, in the order of the columns' places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster(pub Vec<Line>);

impl Hours {
    /// Adds an hour.
    pub fn insert(&mut self, hour: u64) {
        if hour < 24 {
            self.0 |= 1 << hour;
        }
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The last of them.
    pub fn last(self) -> Option<u32> {
        self.0.checked_ilog2()
    }

    /// The hours, the earliest first.
    pub fn iter(self) -> impl Iterator<Item = i64> {
        (0..24).filter(move |hour| self.0 >> hour & 1 == 1)
    }
}

impl Roster {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 10 * self.0.len());
        push(self.0.len() as u64, &mut out);
        let (mut cluster, mut edition) = (0, 0_u64);
        for line in &self.0 {
            push_signed(line.cluster.wrapping_sub(cluster), &mut out);
            push_signed(line.edition.wrapping_sub(edition).cast_signed(), &mut out);
            (cluster, edition) = (line.cluster, line.edition);
            // Mostly all hours and none: complements of them are small.
            let missed = !line.observed.0 & ALL;
            push(u64::from(missed) << 1 | u64::from(line.reported), &mut out);
            push(u64::from(line.unhealthy.0), &mut out);
            push(u64::from(line.nodes), &mut out);
        }
        out
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn decode(mut bytes: &[u8]) -> Result<Roster, Damaged> {
        let bytes = &mut bytes;
        let count = take(bytes)?;
        // A line takes five bytes or more.
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= bytes.len() / 5)
            .ok_or(Damaged)?;
        let mut lines = Vec::with_capacity(count);
        let (mut cluster, mut edition) = (0_i64, 0_u64);
        for _ in 0..count {
            cluster = cluster.wrapping_add(take_signed(bytes)?);
            edition = edition.wrapping_add(take_signed(bytes)?.cast_unsigned());
            let marks = take(bytes)?;
            let missed = u32::try_from(marks >> 1).map_err(|_| Damaged)?;
            let unhealthy = u32::try_from(take(bytes)?).map_err(|_| Damaged)?;
            let nodes = u32::try_from(take(bytes)?).map_err(|_| Damaged)?;
            lines.push(Line {
                cluster,
                edition,
                reported: marks & 1 == 1,
                observed: Hours(!missed & ALL),
                unhealthy: Hours(unhealthy & ALL),
                nodes,
            });
        }
        if bytes.is_empty() {
            Ok(Roster(lines))
        } else {
            Err(Damaged)
        }
    }

    /// The clusters of which a report counts, each once, sorted.
    pub fn reporting(&self) -> Vec<Presence> {
        let reporting = self.0.iter().filter(|line| line.reported && line.cluster != 0);
        let mut present: Vec<Presence> = reporting
            .map(|line| Presence {
                cluster: line.cluster,
                nodes: line.nodes,
            })
            .collect();
        // Of two editions the one with more nodes stays.
        present.sort_unstable_by_key(|one| (one.cluster, Reverse(one.nodes)));
        present.dedup_by_key(|one| one.cluster);
        present
    }
}

/// Who reported on a day, sorted, as bytes.
pub(crate) fn encode_present(present: &[Presence]) -> Vec<u8> {
    let mut out = Vec::with_capacity(3 * present.len());
    let mut last = 0;
    for one in present {
        push_signed(one.cluster.wrapping_sub(last), &mut out);
        push(u64::from(one.nodes), &mut out);
        last = one.cluster;
    }
    out
}

/// Reads them back.
///
/// # Errors
/// When they are damaged.
pub(crate) fn decode_present(mut bytes: &[u8]) -> Result<Vec<Presence>, Damaged> {
    let bytes = &mut bytes;
    let mut present = Vec::with_capacity(bytes.len() / 2);
    let mut cluster = 0_i64;
    while !bytes.is_empty() {
        cluster = cluster.wrapping_add(take_signed(bytes)?);
        let nodes = u32::try_from(take(bytes)?).map_err(|_| Damaged)?;
        present.push(Presence { cluster, nodes });
    }
    Ok(present)
}

/// All hours of a day.
const ALL: u32 = (1 << 24) - 1;

impl From<crate::varint::NoNumber> for Damaged {
    fn from(_: crate::varint::NoNumber) -> Damaged {
        Damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line() -> impl Strategy<Value = Line> {
        (
            0..i64::MAX,
            any::<u64>(),
            any::<bool>(),
            0..=ALL,
            0..=ALL,
            any::<u32>(),
        )
            .prop_map(|(cluster, edition, reported, observed, unhealthy, nodes)| Line {
                cluster,
                edition,
                reported,
                observed: Hours(observed),
                unhealthy: Hours(unhealthy),
                nodes,
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(lines in prop::collection::vec(line(), 0..20)) {
            let roster = Roster(lines);
            prop_assert_eq!(Roster::decode(&roster.encode()), Ok(roster.clone()));
            let present = roster.reporting();
            prop_assert_eq!(decode_present(&encode_present(&present)), Ok(present));
        }

        #[test]
        fn damage_is_an_error_or_another_roster(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Roster::decode(&bytes);
            let _ = decode_present(&bytes);
        }
    }
}

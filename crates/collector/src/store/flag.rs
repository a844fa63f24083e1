//! Clusters that may be two under one id, by day, and the repeats that tell.

use std::collections::{BTreeSet, HashSet, VecDeque};

use heliograph_wire::id::ClusterId;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use super::report::{Names, bytes_of, reporter_of, told_by};
use super::shelf::Who;
use super::time_line::{self, ClusterHour};
use crate::clone::{Claim, is_clone};
use crate::delta::Day;
use crate::ingest::slot::Report;

/// Hours of a day.
const HOURS: i64 = 24;
/// Two clusters go by one id.
const CLONE: &str = "clone";

/// Most days of clusters that wait for being judged; beyond that none is taken in. Who is in doubt reports again in an hour.
const MAX_WAITING: usize = 10_000;
/// Days of clusters that one commit judges.
const AT_ONCE: usize = 8;

/// Days of clusters on which there is doubt whether they are one, in the order in which it came up.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    waiting: VecDeque<(ClusterId, Day)>,
    known: HashSet<(ClusterId, Day)>,
}

/// A cluster that is flagged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flagged {
    /// On which day.
    pub day: Day,
    /// Its id.
    pub cluster: String,
    /// As what: `clone`.
    pub flag: String,
}

/// Notes what a reporter said of a cluster's size when it spoke again. The first time counts.
pub(super) fn note_repeat(
    connection: &Connection,
    names: &mut Names,
    repeat: &Report,
) -> Result<(), StoreError> {
    let Some(cluster) = names.cluster(connection, &repeat.slot.cluster)? else {
        return Ok(());
    };
    let reporter = bytes_of(repeat.reporter.as_ref());
    connection
        .prepare_cached(
            "INSERT INTO report_repeat (hour, cluster, reporter, nodes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| {
            statement.execute((repeat.slot.hour.number(), cluster, reporter, repeat.nodes))
        })
        .doing("note a repeat")?;
    Ok(())
}

impl Doubts {
    pub(super) fn add(&mut self, doubts: &BTreeSet<(ClusterId, Day)>) {
        for doubt in doubts {
            if self.waiting.len() < MAX_WAITING && self.known.insert(doubt.clone()) {
                self.waiting.push_back(doubt.clone());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Judges the first of them; returns how many.
    pub(super) fn judge_some(&self, connection: &Connection, names: &mut Names) -> Result<usize, StoreError> {
        let some = self.waiting.iter().take(AT_ONCE);
        let mut judged = 0;
        for (cluster, day) in some {
            judge(connection, names, cluster, *day)?;
            judged += 1;
        }
        Ok(judged)
    }

    /// To be called when the first are judged, and that is on disk.
    pub(super) fn done(&mut self, judged: usize) {
        for doubt in self.waiting.drain(..judged.min(self.waiting.len())) {
            self.known.remove(&doubt);
        }
    }
}

/// Flags a cluster if what was told on a day was told by two.
fn judge(
    connection: &Connection,
    names: &mut Names,
    cluster: &ClusterId,
    day: Day,
) -> Result<(), StoreError> {
    let Some(cluster) = names.cluster(connection, cluster)? else {
        return Ok(());
    };
    if !is_flagged(connection, cluster, day)? && is_clone(&claims(connection, cluster, day)?) {
        connection
            .prepare_cached("INSERT INTO cluster_flag (day, cluster, flag) VALUES (?, ?, ?)")
            .and_then(|mut statement| statement.execute((day.0, cluster, CLONE)))
            .doing("flag a cluster as two")?;
    }
    Ok(())
}

/// To be called when a report was deleted: what its reporter said again goes, and the flag, unless what is left tells it.
pub(super) fn take_back(
    connection: &Connection,
    (hour, cluster): ClusterHour,
    reporter: Who,
) -> Result<(), StoreError> {
    const DOING: &str = "look whether a cluster is two still";
    let told = time_line::of_hour(connection, (hour, cluster))?;
    if !told
        .iter()
        .any(|report| report.reporter == reporter && report.nodes.is_some())
    {
        connection
            .prepare_cached("DELETE FROM report_repeat WHERE hour = ? AND cluster = ? AND reporter = ?")
            .and_then(|mut statement| statement.execute((hour, cluster, told_by(&reporter))))
            .doing(DOING)?;
    }
    let day = Day(hour.div_euclid(HOURS));
    if is_flagged(connection, cluster, day)? && !is_clone(&claims(connection, cluster, day)?) {
        connection
            .prepare_cached("DELETE FROM cluster_flag WHERE day = ? AND cluster = ? AND flag = ?")
            .and_then(|mut statement| statement.execute((day.0, cluster, CLONE)))
            .doing(DOING)?;
    }
    Ok(())
}

fn is_flagged(connection: &Connection, cluster: i64, day: Day) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM cluster_flag WHERE day = ? AND cluster = ? AND flag = ?")
        .and_then(|mut statement| statement.exists((day.0, cluster, CLONE)))
        .doing("look whether a cluster is flagged")
}

/// What was told of a cluster's size on a day.
fn claims(connection: &Connection, cluster: i64, day: Day) -> Result<Vec<Claim>, StoreError> {
    let mut claims = Vec::new();
    for hour in day.0 * HOURS..(day.0 + 1) * HOURS {
        let told = time_line::of_hour(connection, (hour, cluster))?;
        let sized = told
            .into_iter()
            .filter_map(|report| Some((report.reporter, report.nodes?)));
        let sized = sized.map(|(reporter, nodes)| (told_by(&reporter).to_vec(), nodes));
        let repeated = repeats(connection, (hour, cluster)).doing("read what was told again")?;
        claims.extend(sized.chain(repeated).map(|(reporter, nodes)| Claim {
            hour,
            reporter: reporter_of(&reporter),
            nodes,
        }));
    }
    Ok(claims)
}

fn repeats(connection: &Connection, at: ClusterHour) -> rusqlite::Result<Vec<(Vec<u8>, i64)>> {
    connection
        .prepare_cached("SELECT reporter, nodes FROM report_repeat WHERE hour = ? AND cluster = ?")?
        .query_map(at, |row| row.try_into())?
        .collect()
}

/// Forgets the flags of a cluster and what they were found by.
pub(super) fn forget(connection: &Connection, cluster: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM cluster_flag WHERE cluster = ?",
        "DELETE FROM report_repeat WHERE cluster = ?",
    ] {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([cluster]))
            .doing("forget the flags of a cluster")?;
    }
    Ok(())
}

/// Those that are flagged, since a day, the latest first.
pub(super) fn list(connection: &Connection, since: Day) -> Result<Vec<Flagged>, StoreError> {
    let read = || -> rusqlite::Result<Vec<Flagged>> {
        connection
            .prepare_cached(
                "SELECT day, name, flag FROM cluster_flag JOIN cluster ON cluster.id = cluster_flag.cluster
                 WHERE day >= ? ORDER BY day DESC, name, flag",
            )?
            .query_map([since.0], |row| {
                Ok(Flagged {
                    day: Day(row.get(0)?),
                    cluster: row.get(1)?,
                    flag: row.get(2)?,
                })
            })?
            .collect()
    };
    read().doing("read which clusters are flagged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_in_doubt_has_its_turn() {
        let mut doubts = Doubts::default();
        let of = |name: &str, day| (name.parse::<ClusterId>().unwrap(), Day(day));
        // The same ones come first in every commit.
        let always: BTreeSet<_> = (0..AT_ONCE + 1)
            .map(|number| of(&format!("a{number}"), 1))
            .collect();
        doubts.add(&always);
        doubts.add(&BTreeSet::from([of("z", 1)]));
        doubts.add(&always);
        assert_eq!(doubts.waiting.len(), AT_ONCE + 2);
        doubts.done(AT_ONCE);
        doubts.add(&always);
        let next: Vec<_> = doubts.waiting.iter().take(AT_ONCE).collect();
        assert!(next.contains(&&of("z", 1)));
        doubts.done(usize::MAX);
        assert!(doubts.is_empty() && doubts.known.is_empty());
        let many: BTreeSet<_> = (0..20_000).map(|day| of("c", day)).collect();
        doubts.add(&many);
        assert_eq!(doubts.waiting.len(), MAX_WAITING);
    }
}

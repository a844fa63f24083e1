//! Clusters that may be two under one id, by day, and the repeats that tell.

use std::collections::{BTreeSet, HashSet, VecDeque};

use heliograph_wire::id::ClusterId;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use super::report::{Names, bytes_of, reporter_of};
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
    let judge = || -> rusqlite::Result<()> {
        if !is_flagged(connection, cluster, day)? && is_clone(&claims(connection, cluster, day)?) {
            connection
                .prepare_cached("INSERT INTO cluster_flag (day, cluster, flag) VALUES (?, ?, ?)")?
                .execute((day.0, cluster, CLONE))?;
        }
        Ok(())
    };
    judge().doing("look whether a cluster is two")
}

/// To be called when a report was deleted: what its reporter said again goes, and the flag, unless what is left tells it.
pub(super) fn take_back(
    connection: &Connection,
    (hour, cluster): (i64, i64),
    reporter: &[u8],
) -> Result<(), StoreError> {
    let take_back = || -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "DELETE FROM report_repeat WHERE hour = ?1 AND cluster = ?2 AND reporter = ?3 AND NOT EXISTS (
                     SELECT 1 FROM report WHERE hour = ?1 AND cluster = ?2 AND reporter = ?3 AND nodes IS NOT NULL)",
            )?
            .execute((hour, cluster, reporter))?;
        let day = Day(hour.div_euclid(HOURS));
        if is_flagged(connection, cluster, day)? && !is_clone(&claims(connection, cluster, day)?) {
            connection
                .prepare_cached("DELETE FROM cluster_flag WHERE day = ? AND cluster = ? AND flag = ?")?
                .execute((day.0, cluster, CLONE))?;
        }
        Ok(())
    };
    take_back().doing("look whether a cluster is two still")
}

fn is_flagged(connection: &Connection, cluster: i64, day: Day) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM cluster_flag WHERE day = ? AND cluster = ? AND flag = ?")?
        .exists((day.0, cluster, CLONE))
}

/// What was told of a cluster's size on a day.
fn claims(connection: &Connection, cluster: i64, day: Day) -> rusqlite::Result<Vec<Claim>> {
    let mut statement = connection.prepare_cached(
        "SELECT reporter, nodes FROM report WHERE hour = ?1 AND cluster = ?2 AND nodes IS NOT NULL
         UNION ALL SELECT reporter, nodes FROM report_repeat WHERE hour = ?1 AND cluster = ?2",
    )?;
    let mut claims = Vec::new();
    for hour in day.0 * HOURS..(day.0 + 1) * HOURS {
        let rows = statement.query_map((hour, cluster), |row| {
            Ok(Claim {
                hour,
                reporter: reporter_of(&row.get::<_, Vec<u8>>(0)?),
                nodes: row.get(1)?,
            })
        })?;
        for claim in rows {
            claims.push(claim?);
        }
    }
    Ok(claims)
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

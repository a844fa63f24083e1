//! Clusters that may be two under one id, by day, and the repeats that tell.

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

/// Flags a cluster if what was told on a day was told by two.
pub(super) fn judge(
    connection: &Connection,
    names: &mut Names,
    cluster: &ClusterId,
    day: Day,
) -> Result<(), StoreError> {
    let Some(cluster) = names.cluster(connection, cluster)? else {
        return Ok(());
    };
    let judge = || -> rusqlite::Result<()> {
        let flagged: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM cluster_flag WHERE day = ? AND cluster = ? AND flag = ?)",
            )?
            .query_row((day.0, cluster, CLONE), |row| row.get(0))?;
        if !flagged && is_clone(&claims(connection, cluster, day)?) {
            connection
                .prepare_cached("INSERT INTO cluster_flag (day, cluster, flag) VALUES (?, ?, ?)")?
                .execute((day.0, cluster, CLONE))?;
        }
        Ok(())
    };
    judge().doing("look whether a cluster is two")
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

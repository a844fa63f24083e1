//! Whom a run is about: read while it lasts, and cleared at its end.

use rusqlite::Connection;

use super::reach_of;
use crate::forget::hunt::Target;
use crate::forget::reach::Reach;
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;
use crate::store::error::{Doing as _, StoreError};

/// All who are deleted together.
pub(super) fn targets(connection: &Connection) -> rusqlite::Result<Vec<Target>> {
    let mut statement = connection.prepare(
        "SELECT id, kind, subject, reporter, through, source, petition FROM deletion
         WHERE state = 'running' AND subject IS NOT NULL",
    )?;
    let mut rows = statement.query(())?;
    let mut targets = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, reporter): (String, Option<String>) = (row.get(1)?, row.get(3)?);
        if let Some(kind) = Kind::of(&kind) {
            targets.push(Target {
                deletion: row.get(0)?,
                kind,
                id: row.get(2)?,
                reporter: reporter.and_then(|reporter| reporter.parse().ok()),
                through: row.get(4)?,
                reach: reach_of(row)?,
            });
        }
    }
    Ok(targets)
}

/// The same as hashes.
pub(super) fn hashes(connection: &Connection) -> rusqlite::Result<Vec<(Subject, Reach)>> {
    connection
        .prepare_cached(
            "SELECT hash, source, petition FROM deletion WHERE state = 'running' AND length(hash) = 16",
        )?
        .query_map((), |row| Ok((Subject(row.get(0)?), reach_of(row)?)))?
        .collect()
}

/// Whether it has rows of its own, since it is a cluster, may be one, or speaks for one.
pub(super) fn has_rows(target: &Target) -> bool {
    let may_be = matches!(target.kind, Kind::Cluster | Kind::Anonymous | Kind::Reporter);
    may_be && target.reach.covers_all_reports()
}

/// Whether all that a cluster reported is deleted.
pub(super) fn is_cluster(target: &Target) -> bool {
    has_rows(target) && target.reporter.is_none()
}

/// Clears whom the run was about; from here on there is nothing more to find.
pub(super) fn forget(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute(
            "UPDATE deletion SET subject = NULL, reporter = NULL WHERE state = 'running'",
            (),
        )
        .doing("clear whom a deletion was about")
        .map(|_| ())
}

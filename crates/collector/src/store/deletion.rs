//! What is to be deleted, what is being deleted, and what was.

mod aged;
mod ending;
mod keys;
mod pass;
mod raw;
mod rewrite;
mod rows;
mod run;
mod settle;
mod trace;
mod whom;

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

pub(super) use self::keys::Keys;
pub(super) use self::run::Run;
pub use self::run::Slice;
use super::error::{Doing as _, StoreError};
use super::time;
use crate::forget::reach::Reach;
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;
use crate::key::KeyId;

/// A deletion as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDeletion {
    /// Its number.
    pub id: i64,
    /// Of what kind that is which is deleted: [`Kind::name`].
    pub kind: String,
    /// Whose id, as long as it is kept.
    pub subject: Option<String>,
    /// `queued`, `running` or `done`
    pub state: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// Messages that it has deleted.
    pub messages: i64,
    /// When it was done.
    pub finished: Option<Timestamp>,
    /// Of one that is running: the batch that was looked into last, and the last that will be.
    pub progress: Option<(i64, i64)>,
}

/// What is queued.
pub(super) struct Queued<'a> {
    pub(super) kind: Kind,
    pub(super) id: &'a str,
    pub(super) reporter: Option<&'a ReporterId>,
    pub(super) hash: Subject,
    pub(super) reach: Reach,
    pub(super) regulation: Option<i64>,
}

/// Queues the deletion of what there is of somebody by now.
pub(super) fn queue(
    transaction: &Transaction<'_>,
    queued: &Queued<'_>,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    let source = match queued.reach {
        Reach::Key(key) => Some(key.0),
        Reach::All | Reach::Clusters => None,
    };
    transaction
        .prepare_cached(
            "INSERT INTO deletion (kind, subject, reporter, hash, source, petition, regulation, through, asked, state)
             VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM batch), ?, 'queued')",
        )?
        .insert((
            queued.kind.name(),
            queued.id,
            queued.reporter.map(ReporterId::as_str),
            queued.hash.0,
            source,
            queued.reach == Reach::Clusters,
            queued.regulation,
            now.as_millisecond(),
        ))
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedDeletion>, StoreError> {
    let read = || -> rusqlite::Result<Vec<_>> {
        connection
            .prepare(
                "SELECT deletion.id, kind, subject, state, asked, messages, finished, position, through
                 FROM deletion LEFT JOIN deletion_run ON state = 'running' ORDER BY deletion.id",
            )?
            .query_map((), |row| {
                Ok(ListedDeletion {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    subject: row.get(2)?,
                    state: row.get(3)?,
                    asked: time(row.get(4)?),
                    messages: row.get(5)?,
                    finished: row.get::<_, Option<i64>>(6)?.map(time),
                    progress: row.get::<_, Option<i64>>(7)?.zip(row.get(8)?),
                })
            })?
            .collect()
    };
    read().doing("list deletions")
}

/// The receipt of a deletion that is done; `None` within where it is not, `None` where there is no such deletion.
pub(super) fn receipt(connection: &Connection, id: i64) -> Result<Option<Option<String>>, StoreError> {
    connection
        .query_row("SELECT receipt FROM deletion WHERE id = ?", [id], |row| {
            row.get(0)
        })
        .optional()
        .doing("read a receipt")
}

/// Which messages a deletion reaches, by its columns `source` and `petition`.
pub(super) fn reach_of(row: &Row<'_>) -> rusqlite::Result<Reach> {
    let source: Option<i64> = row.get("source")?;
    Ok(match (source, row.get("petition")?) {
        (Some(key), _) => Reach::Key(KeyId(key)),
        (None, true) => Reach::Clusters,
        (None, false) => Reach::All,
    })
}

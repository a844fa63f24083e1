//! What is to be deleted, what is being deleted, and what was.

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::error::{Doing as _, StoreError};
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;

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
}

/// Queues the deletion of what there is of somebody by now.
pub(super) fn queue(
    transaction: &Transaction<'_>,
    kind: Kind,
    id: &str,
    reporter: Option<&ReporterId>,
    hash: Subject,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO deletion (kind, subject, reporter, hash, through, asked, state)
             VALUES (?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM batch), ?, 'queued')",
        )?
        .insert((
            kind.name(),
            id,
            reporter.map(ReporterId::as_str),
            hash.0,
            now.as_millisecond(),
        ))
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedDeletion>, StoreError> {
    let read = || -> rusqlite::Result<Vec<_>> {
        connection
            .prepare("SELECT id, kind, subject, state, asked, messages, finished FROM deletion ORDER BY id")?
            .query_map((), |row| {
                Ok(ListedDeletion {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    subject: row.get(2)?,
                    state: row.get(3)?,
                    asked: time(row.get(4)?),
                    messages: row.get(5)?,
                    finished: row.get::<_, Option<i64>>(6)?.map(time),
                })
            })?
            .collect()
    };
    read().doing("list deletions")
}

pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

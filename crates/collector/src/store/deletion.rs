//! What is to be deleted, what is being deleted, and what was.

mod rewrite;
mod run;
mod settle;
mod trace;

use heliograph_wire::id::ReporterId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction};

pub(super) use self::run::Run;
pub use self::run::Slice;
use super::error::{Doing as _, StoreError};
use crate::forget::receipt::DeletionReceipt;
use crate::ingest::mention::Kind;
use crate::ingest::subject::Subject;
use crate::key::KeyId;
use crate::receipt_key::ReceiptKey;

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
    pub(super) source: Option<KeyId>,
    pub(super) regulation: Option<i64>,
}

/// Queues the deletion of what there is of somebody by now.
pub(super) fn queue(
    transaction: &Transaction<'_>,
    queued: &Queued<'_>,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO deletion (kind, subject, reporter, hash, source, regulation, through, asked, state)
             VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM batch), ?, 'queued')",
        )?
        .insert((
            queued.kind.name(),
            queued.id,
            queued.reporter.map(ReporterId::as_str),
            queued.hash.0,
            queued.source.map(|source| source.0),
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

/// Ends the deletions that are running, each with a receipt.
fn finish(transaction: &Transaction<'_>, now: Timestamp, key: &ReceiptKey) -> Result<(), StoreError> {
    let finish = || -> rusqlite::Result<()> {
        let mut running = transaction.prepare_cached(
            "SELECT id, kind, hash, asked, messages, reports, batches, source FROM deletion WHERE state = 'running'",
        )?;
        let mut rows = running.query(())?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            let hash: Vec<u8> = row.get(2)?;
            let receipt = DeletionReceipt {
                id,
                kind: row.get(1)?,
                subject: heliograph_wire::id::hex(&hash),
                source: row.get::<_, Option<i64>>(7)?.map(KeyId),
                asked: time(row.get(3)?),
                finished: now,
                messages: row.get(4)?,
                reports: row.get(5)?,
                batches: row.get(6)?,
            };
            transaction
                .prepare_cached("UPDATE deletion SET state = 'done', finished = ?, receipt = ? WHERE id = ?")?
                .execute((now.as_millisecond(), receipt.signed_json(key), id))?;
        }
        Ok(())
    };
    finish().doing("end a deletion")
}

pub(super) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

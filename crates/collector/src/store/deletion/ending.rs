//! The end of a run: the write-ahead log is emptied, and each deletion gets its receipt.

use jiff::Timestamp;
use rusqlite::Transaction;

use super::reach_of;
use crate::forget::receipt::DeletionReceipt;
use crate::receipt_key::ReceiptKey;
use crate::store::error::{Doing as _, StoreError};
use crate::store::{Store, connection, time};

const DOING: &str = "end a deletion";

/// Ends the run; `false` where others are reading still what has to be emptied.
pub(super) fn end(store: &mut Store, now: Timestamp, key: &ReceiptKey) -> Result<bool, StoreError> {
    if !connection::empty_log(&store.connection)? {
        return Ok(false);
    }
    let transaction = store.connection.transaction().doing(DOING)?;
    sign(&transaction, now, key)?;
    transaction
        .execute("DELETE FROM deletion_run", ())
        .and_then(|_| transaction.commit())
        .doing(DOING)?;
    Ok(true)
}

/// Ends the deletions that are running, each with a receipt.
fn sign(transaction: &Transaction<'_>, now: Timestamp, key: &ReceiptKey) -> Result<(), StoreError> {
    let sign = || -> rusqlite::Result<()> {
        let mut running = transaction.prepare_cached(
            "SELECT id, kind, hash, asked, messages, reports, batches, source, petition FROM deletion
             WHERE state = 'running'",
        )?;
        let mut rows = running.query(())?;
        while let Some(row) = rows.next()? {
            let id = row.get("id")?;
            let hash: Vec<u8> = row.get("hash")?;
            let receipt = DeletionReceipt {
                id,
                kind: row.get("kind")?,
                subject: heliograph_wire::id::hex(&hash),
                reach: reach_of(row)?,
                asked: time(row.get("asked")?),
                finished: now,
                messages: row.get("messages")?,
                reports: row.get("reports")?,
                batches: row.get("batches")?,
            };
            transaction
                .prepare_cached("UPDATE deletion SET state = 'done', finished = ?, receipt = ? WHERE id = ?")?
                .execute((now.as_millisecond(), receipt.signed_json(key), id))?;
        }
        Ok(())
    };
    sign().doing(DOING)
}

//! Raw batches, one by one: the next that a run looks into, and what is left of it.

use rusqlite::{Connection, OptionalExtension as _};

use super::rewrite::Row;
use crate::store::error::{Doing as _, StoreError};

const DOING: &str = "rewrite messages";

/// The batch behind another one, up to the last that is looked into.
pub(super) fn next(connection: &Connection, after: i64, through: i64) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT min(id) FROM batch WHERE id > ? AND id <= ?")
        .and_then(|mut statement| statement.query_row((after, through), |row| row.get(0)))
        .doing(DOING)
}

/// A batch's row, and its compressed records.
pub(super) fn read(connection: &Connection, id: i64) -> Result<Option<(Row, Vec<u8>)>, StoreError> {
    connection
        .prepare_cached("SELECT messages, size, records FROM batch WHERE id = ?")
        .and_then(|mut statement| {
            statement
                .query_row([id], |row| {
                    let records: Vec<u8> = row.get(2)?;
                    let row = Row {
                        id,
                        messages: row.get(0)?,
                        size: row.get(1)?,
                        packed: records.len(),
                    };
                    Ok((row, records))
                })
                .optional()
        })
        .doing(DOING)
}

/// Writes what is left of a batch. One of which nothing is left goes; not the last one, whose number would be given out again.
pub(super) fn write(connection: &Connection, row: &Row, records: &[u8]) -> Result<(), StoreError> {
    let write = || -> rusqlite::Result<usize> {
        if row.messages == 0 {
            let gone = connection
                .prepare_cached("DELETE FROM batch WHERE id = ?1 AND id < (SELECT max(id) FROM batch)")?
                .execute([row.id])?;
            if gone > 0 {
                return Ok(gone);
            }
        }
        connection
            .prepare_cached("UPDATE batch SET messages = ?, size = ?, records = ? WHERE id = ?")?
            .execute((row.messages, row.size, records, row.id))
    };
    write().doing(DOING).map(|_| ())
}

//! The bundles that were imported, by checksum, for ever: also when their messages are long gone.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::{Doing as _, StoreError};
use super::time;

/// When a bundle was imported, if it was.
pub(super) fn imported(connection: &Connection, sha256: &str) -> Result<Option<Timestamp>, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT imported FROM bundle WHERE sha256 = ?")
        .and_then(|mut statement| statement.query_row([sha256], |row| row.get(0)).optional())
        .doing("look up a bundle")?;
    Ok(found.map(time))
}

/// Notes that all of a bundle is imported.
pub(super) fn insert(
    connection: &Connection,
    sha256: &str,
    messages: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let messages = i64::try_from(messages).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO bundle (sha256, imported, messages) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| statement.execute((sha256, now.as_millisecond(), messages)))
        .doing("note a bundle")?;
    Ok(())
}

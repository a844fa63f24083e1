//! What was kept of what came with each key, by day of receipt: what quotas are measured by.

use std::collections::HashMap;

use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use crate::delta::Day;
use crate::key::KeyId;
use crate::quota::Used;

/// Adds what is kept.
pub(super) fn add(connection: &Connection, day: Day, key: KeyId, used: Used) -> Result<(), StoreError> {
    let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO key_usage (day, key, bytes, messages) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, messages = messages + excluded.messages",
        )
        .and_then(|mut statement| {
            statement.execute((day.0, key.0, number(used.bytes), number(used.messages)))
        })
        .doing("count what is kept of a key")?;
    Ok(())
}

/// What was kept on a day.
pub(super) fn of_day(connection: &Connection, day: Day) -> Result<HashMap<KeyId, Used>, StoreError> {
    let read = || -> rusqlite::Result<HashMap<KeyId, Used>> {
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        connection
            .prepare_cached("SELECT key, bytes, messages FROM key_usage WHERE day = ?")?
            .query_map([day.0], |row| {
                let used = Used {
                    bytes: number(row.get(1)?),
                    messages: number(row.get(2)?),
                };
                Ok((KeyId(row.get(0)?), used))
            })?
            .collect()
    };
    read().doing("read what was kept of keys")
}

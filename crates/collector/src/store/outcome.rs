//! Outcomes, counted by day of receipt and key.

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use crate::ingest::outcome::Outcome;
use crate::ingest::violation::Violation;
use crate::key::KeyId;

const DAY: i64 = 24 * 60 * 60;

/// Adds to a counter.
pub(super) fn add(
    connection: &Connection,
    received: Timestamp,
    key: KeyId,
    outcome: Outcome,
    count: u64,
) -> Result<(), StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO outcome (day, key, name, count) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )
        .and_then(|mut statement| statement.execute((day_of(received), key.0, outcome.name(), count)))
        .doing("count outcomes")?;
    Ok(())
}

/// Adds to a counter of violations.
pub(super) fn add_violation(
    connection: &Connection,
    received: Timestamp,
    key: KeyId,
    violation: Violation,
    count: u64,
) -> Result<(), StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO violation (day, key, name, count) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )
        .and_then(|mut statement| statement.execute((day_of(received), key.0, violation.name(), count)))
        .doing("count violations")?;
    Ok(())
}

fn day_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY)
}

/// All outcomes that occurred, by name.
pub(super) fn totals(connection: &Connection) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT name, sum(count) FROM outcome GROUP BY name ORDER BY name")
        .doing("read outcomes")?;
    let rows = statement.query_map((), |row| {
        let count: i64 = row.get(1)?;
        Ok((row.get(0)?, u64::try_from(count).unwrap_or_default()))
    });
    rows.and_then(Iterator::collect).doing("read outcomes")
}

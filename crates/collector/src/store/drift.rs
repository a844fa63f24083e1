//! How far senders' clocks are off, by day of receipt.

use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use crate::delta::Day;
use crate::drift::Drift;

/// Adds to a counter.
pub(super) fn add(connection: &Connection, day: Day, drift: Drift, requests: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO drift (day, seconds, requests) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
        )
        .and_then(|mut statement| statement.execute((day.0, drift.0, requests.cast_signed())))
        .doing("count drifts")?;
    Ok(())
}

/// By day, from the first to the last, both included.
pub(super) fn by_day(
    connection: &Connection,
    from: Day,
    to: Day,
) -> Result<Vec<(Day, Drift, u64)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT day, seconds, requests FROM drift WHERE day BETWEEN ? AND ? ORDER BY day, seconds",
        )
        .and_then(|mut statement| {
            let rows = statement.query_map((from.0, to.0), |row| {
                let requests: i64 = row.get(2)?;
                Ok((Day(row.get(0)?), Drift(row.get(1)?), requests.cast_unsigned()))
            })?;
            rows.collect()
        })
        .doing("read drifts")
}

//! Dropping what is too old, a few milliseconds at a time.
//!
//! What goes is overwritten, in pages that become free, too: of what was dropped by age nobody can be forgotten any more.

use rusqlite::{Connection, ToSql, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use super::{connection, sweep};
use crate::delta::Day;
use crate::retention::Cutoffs;

/// What one slice drops at most: bytes of raw batches beyond the first, and rows.
const BYTES: i64 = 512 * 1024;
const BATCHES: i64 = 16;
const ROWS: i64 = 400;
/// Rows that hold a page or more each.
const LARGE_ROWS: i64 = 32;
/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;
/// How much longer batches are kept that wait to be forwarded: a target that is out of reach for longer must not fill the disk.
const HELD: i64 = 7 * DAY;
const DOING: &str = "drop what is too old";

/// Rows that grow old: by which column, and what they are known by.
struct Aged {
    table: &'static str,
    age: &'static str,
    key: &'static str,
    most: i64,
}

/// By day.
const DAYS: [Aged; 10] = [
    Aged::of("cluster_day", "day", "day, cluster"),
    Aged::of("day_change", "day", "day"),
    Aged {
        most: LARGE_ROWS,
        ..Aged::of("sheet", "day", "day")
    },
    Aged {
        most: LARGE_ROWS,
        ..Aged::of("sheet_column", "day", "day, facet, key")
    },
    Aged {
        most: LARGE_ROWS,
        ..Aged::of("judgement", "first", "last")
    },
    Aged::of("outcome", "day", "day, key, name"),
    Aged::of("violation", "day", "day, key, name"),
    Aged::of("drift", "day", "day, seconds"),
    Aged::of("key_usage", "day", "day, key"),
    Aged::of("cluster_flag", "day", "day, cluster, flag"),
];
/// By hour.
const HOURS: [Aged; 4] = [
    Aged::of("time_line", "hour", "hour, cluster, shelf"),
    Aged::of("report_repeat", "hour", "hour, cluster, reporter"),
    Aged {
        most: LARGE_ROWS,
        ..Aged::of("fresh_ids", "hour", "batch")
    },
    Aged {
        most: LARGE_ROWS,
        ..Aged::of("id_block", "hour", "id")
    },
];
/// By the time of receipt.
const SAMPLES: Aged = Aged::of("outcome_sample", "received", "reason, place");
/// By the last one.
const LOOK_UPS: Aged = Aged::of("look_up", "last", "id");

/// Drops some of what is too old; says whether there was anything.
pub(super) fn slice(connection: &mut Connection, cutoffs: Cutoffs) -> Result<bool, StoreError> {
    // Only then is anything to be written.
    if !any(connection, cutoffs).doing(DOING)? {
        return Ok(false);
    }
    connection::erase_thoroughly(connection, true)?;
    let dropped = drop_some(connection, cutoffs).doing(DOING);
    connection::erase_thoroughly(connection, false)?;
    dropped.map(|()| true)
}

/// The last day of which messages may have been dropped by age; `None` as long as none was.
pub(super) fn incomplete_through(connection: &Connection) -> rusqlite::Result<Option<Day>> {
    let dropped: i64 = connection
        .prepare_cached("SELECT value FROM gauge WHERE name = 'dropped'")?
        .query_row((), |row| row.get(0))?;
    // A message counts at most some minutes after its arrival.
    Ok((dropped != 0).then(|| Day(dropped.div_euclid(DAY) + 1)))
}

fn any(connection: &Connection, cutoffs: Cutoffs) -> rusqlite::Result<bool> {
    if let Some(before) = cutoffs.raw.map(|before| before.as_millisecond())
        && (!old_batches(connection, before)?.is_empty()
            || SAMPLES.any(connection, before)?
            || LOOK_UPS.any(connection, before)?)
    {
        return Ok(true);
    }
    for (aged, before) in rollups(cutoffs) {
        if aged.any(connection, before)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn drop_some(connection: &mut Connection, cutoffs: Cutoffs) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(before) = cutoffs.raw.map(|before| before.as_millisecond()) {
        for (id, received) in old_batches(&transaction, before)? {
            transaction
                .prepare_cached(
                    "UPDATE forward SET lost = lost + (SELECT messages FROM batch WHERE id = ?1) WHERE active = 1 AND batch < ?1",
                )?
                .execute([id])?;
            transaction
                .prepare_cached("DELETE FROM batch WHERE id = ?")?
                .execute([id])?;
            transaction
                .prepare_cached("UPDATE gauge SET value = max(value, ?) WHERE name = 'dropped'")?
                .execute([received])?;
        }
        SAMPLES.drop_some(&transaction, before)?;
        LOOK_UPS.drop_some(&transaction, before)?;
    }
    let mut dropped = 0;
    for (aged, before) in rollups(cutoffs) {
        dropped += aged.drop_some(&transaction, before)?;
    }
    if dropped > 0 {
        sweep::announce(&transaction)?;
    }
    transaction.commit()
}

/// Number and time of receipt of the oldest batches that are too old. Batches lie in the order of their receipt; those that a clock
/// has dated ahead wait for their date. The last one stays, so that its number is not given out
/// again; and so do those that wait to be forwarded, for [`HELD`] longer.
fn old_batches(connection: &Connection, before: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, received, length(records) FROM (SELECT * FROM batch ORDER BY id LIMIT ?2)
         WHERE received < ?1 AND id < (SELECT max(id) FROM batch)
           AND (received < ?3 OR id <= (SELECT coalesce(min(batch), 9223372036854775807) FROM forward WHERE active = 1))",
    )?;
    let mut rows = statement.query((before, BATCHES, before - HELD))?;
    let (mut old, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, i64>(2)?;
        if bytes > BYTES && !old.is_empty() {
            break;
        }
        old.push((row.get(0)?, row.get(1)?));
    }
    Ok(old)
}

fn rollups(cutoffs: Cutoffs) -> impl Iterator<Item = (&'static Aged, i64)> {
    let days = cutoffs
        .day
        .into_iter()
        .flat_map(|day| DAYS.iter().map(move |aged| (aged, day.0)));
    let hours = cutoffs
        .hour
        .into_iter()
        .flat_map(|hour| HOURS.iter().map(move |aged| (aged, hour.number())));
    days.chain(hours)
}

impl Aged {
    const fn of(table: &'static str, age: &'static str, key: &'static str) -> Aged {
        Aged {
            table,
            age,
            key,
            most: ROWS,
        }
    }

    fn any(&self, connection: &Connection, before: i64) -> rusqlite::Result<bool> {
        let Aged { table, age, .. } = self;
        connection
            .prepare_cached(&format!("SELECT 1 FROM {table} WHERE {age} < ? LIMIT 1"))?
            .exists([before])
    }

    fn drop_some(&self, connection: &Connection, before: i64) -> rusqlite::Result<usize> {
        let Aged {
            table,
            age,
            key,
            most,
        } = self;
        let values: [&dyn ToSql; 2] = [&before, most];
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {age} < ? LIMIT ?)"
            ))?
            .execute(values)
    }
}

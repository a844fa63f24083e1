//! Dropping what is too old, a few milliseconds at a time.

use rusqlite::{Connection, ToSql, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use crate::retention::Cutoffs;

/// What one slice drops at most, of what is large and of what is small.
const LARGE: i64 = 8;
const SMALL: i64 = 400;

/// Drops some of what is too old; says whether there was anything.
pub(super) fn slice(connection: &mut Connection, cutoffs: Cutoffs) -> Result<bool, StoreError> {
    const DOING: &str = "drop what is too old";
    if cutoffs == Cutoffs::default() {
        return Ok(false);
    }
    let mut drop_some = || -> rusqlite::Result<usize> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let dropped = raw(&transaction, cutoffs)? + rollups(&transaction, cutoffs)?;
        // What changes nothing need not be synced.
        if dropped > 0 {
            transaction.commit()?;
        }
        Ok(dropped)
    };
    drop_some().map(|dropped| dropped > 0).doing(DOING)
}

fn raw(connection: &Connection, cutoffs: Cutoffs) -> rusqlite::Result<usize> {
    let Some(before) = cutoffs.raw.map(|before| before.as_millisecond()) else {
        return Ok(0);
    };
    let batches = run(
        connection,
        // Batches lie in the order of their receipt. The last one stays, so that its number is not given out again.
        "DELETE FROM batch WHERE id IN (SELECT id FROM (SELECT id, received FROM batch ORDER BY id LIMIT ?2)
         WHERE received < ?1 AND id < (SELECT max(id) FROM batch))",
        before,
        LARGE,
    )?;
    let samples = "DELETE FROM outcome_sample WHERE received < ?1 AND ?2";
    Ok(batches + run(connection, samples, before, 1)?)
}

fn rollups(connection: &Connection, cutoffs: Cutoffs) -> rusqlite::Result<usize> {
    let (Some(day), Some(hour)) = (cutoffs.day, cutoffs.hour) else {
        return Ok(0);
    };
    let mut dropped = 0;
    for sql in [
        "DELETE FROM cluster_day WHERE (day, cluster) IN (SELECT day, cluster FROM cluster_day WHERE day < ?1 LIMIT ?2)",
        "DELETE FROM outcome WHERE (day, key, name) IN (SELECT day, key, name FROM outcome WHERE day < ?1 LIMIT ?2)",
        "DELETE FROM violation WHERE (day, key, name) IN (SELECT day, key, name FROM violation WHERE day < ?1 LIMIT ?2)",
        "DELETE FROM key_usage WHERE (day, key) IN (SELECT day, key FROM key_usage WHERE day < ?1 LIMIT ?2)",
        "DELETE FROM cluster_flag WHERE (day, cluster, flag) IN (SELECT day, cluster, flag FROM cluster_flag WHERE day < ?1 LIMIT ?2)",
    ] {
        dropped += run(connection, sql, day.0, SMALL)?;
    }
    for (sql, most) in [
        (
            "DELETE FROM report WHERE (hour, cluster, event, part, reporter) IN
             (SELECT hour, cluster, event, part, reporter FROM report WHERE hour < ?1 LIMIT ?2)",
            SMALL,
        ),
        (
            "DELETE FROM report_repeat WHERE (hour, cluster, reporter) IN
             (SELECT hour, cluster, reporter FROM report_repeat WHERE hour < ?1 LIMIT ?2)",
            SMALL,
        ),
        (
            "DELETE FROM fresh_ids WHERE batch IN (SELECT batch FROM fresh_ids WHERE hour < ?1 LIMIT ?2)",
            LARGE,
        ),
        (
            "DELETE FROM id_block WHERE id IN (SELECT id FROM id_block WHERE hour < ?1 ORDER BY hour LIMIT ?2)",
            LARGE * 4,
        ),
    ] {
        dropped += run(connection, sql, hour.number(), most)?;
    }
    Ok(dropped)
}

fn run(connection: &Connection, sql: &str, before: i64, most: i64) -> rusqlite::Result<usize> {
    let values: [&dyn ToSql; 2] = [&before, &most];
    connection.prepare_cached(sql)?.execute(values)
}

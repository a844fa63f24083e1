//! The ids of all messages that were taken, beside the batches: sorted, by hour of receipt.
//!
//! A commit writes one small sorted list. When an hour is over its lists are merged, a slice at a time, into *runs*: sorted
//! blocks that do not overlap, so that looking an id up in an hour costs one short read a run.

use heliograph_wire::id::Hour;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use crate::ingest::message::MessageKey;

/// Bytes of an id.
const WIDTH: usize = 16;
/// Ids of a block: 4 KiB, a page.
const BLOCK: usize = 256;
/// Most lists that one slice of merging takes: a slice lasts a few milliseconds.
const SLICE_LISTS: i64 = 1000;
/// Ids after which a slice takes no further list.
const SLICE_IDS: usize = 20_000;

/// Writes the ids of a commit; they must be sorted.
pub(super) fn insert(
    connection: &Connection,
    batch: i64,
    hour: Hour,
    ids: &[MessageKey],
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO fresh_ids (batch, hour, ids) VALUES (?, ?, ?)")
        .and_then(|mut statement| statement.execute((batch, hour.number(), to_bytes(ids))))
        .doing("write ids")?;
    Ok(())
}

/// The latest hour before another in which ids were written.
pub(super) fn hour_before(connection: &Connection, before: Hour) -> Result<Option<Hour>, StoreError> {
    let latest = |sql| -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached(sql)?
            .query_row([before.number()], |row| row.get(0))
    };
    let merged = latest("SELECT max(hour) FROM id_block WHERE hour < ?");
    let fresh = latest("SELECT max(hour) FROM fresh_ids WHERE hour < ?");
    let hour = merged
        .and_then(|merged| Ok(merged.max(fresh?)))
        .doing("look for ids")?;
    Ok(hour.and_then(Hour::from_number))
}

/// Hands all ids of an hour to `each`, as long as that says to go on.
pub(super) fn of_hour(
    connection: &Connection,
    hour: Hour,
    mut each: impl FnMut(MessageKey) -> bool,
) -> Result<(), StoreError> {
    for sql in [
        "SELECT ids FROM fresh_ids WHERE hour = ?",
        "SELECT ids FROM id_block WHERE hour = ?",
    ] {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([hour.number()])?;
            while let Some(row) = rows.next()? {
                if !of_bytes(row.get_ref(0)?.as_blob()?).all(&mut each) {
                    break;
                }
            }
            Ok(())
        };
        read().doing("read ids")?;
    }
    Ok(())
}

/// Those of some sorted ids that were written in these hours, both included; sorted.
pub(super) fn find(
    connection: &Connection,
    ids: &[MessageKey],
    from: Hour,
    to: Hour,
) -> Result<Vec<MessageKey>, StoreError> {
    let mut found = Vec::new();
    find_fresh(connection, ids, from, to, &mut found)
        .and_then(|()| find_in_runs(connection, ids, from, to, &mut found))
        .doing("look up ids")?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn find_fresh(
    connection: &Connection,
    ids: &[MessageKey],
    from: Hour,
    to: Hour,
    found: &mut Vec<MessageKey>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("SELECT ids FROM fresh_ids WHERE hour BETWEEN ? AND ?")?;
    let mut rows = statement.query((from.number(), to.number()))?;
    while let Some(row) = rows.next()? {
        let list = row.get_ref(0)?.as_blob()?;
        found.extend(ids.iter().filter(|id| holds(list, **id)));
    }
    Ok(())
}

/// Goes through the runs one after the other, and through the ids in step with a run's blocks: no block is read twice.
fn find_in_runs(
    connection: &Connection,
    ids: &[MessageKey],
    from: Hour,
    to: Hour,
    found: &mut Vec<MessageKey>,
) -> rusqlite::Result<()> {
    let mut next_run = connection.prepare_cached(
        "SELECT hour, run, first FROM id_block WHERE (hour, run) > (?, ?) AND hour <= ? ORDER BY hour, run, first LIMIT 1",
    )?;
    let mut block = connection.prepare_cached(
        "SELECT ids FROM id_block WHERE hour = ? AND run = ? AND first <= ? ORDER BY first DESC LIMIT 1",
    )?;
    let mut behind = (from.number(), -1_i64);
    while let Some((hour, run, first)) = next_run
        .query_row((behind.0, behind.1, to.number()), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, [u8; WIDTH]>(2)?))
        })
        .optional()?
    {
        behind = (hour, run);
        let first = MessageKey(u128::from_be_bytes(first));
        let mut left = &ids[ids.partition_point(|id| *id < first)..];
        while let Some(id) = left.first() {
            let (within, holding) = block.query_row((hour, run, id.0.to_be_bytes()), |row| {
                let list = row.get_ref(0)?.as_blob()?;
                let last = of_bytes(list).next_back();
                // At least the one that was looked for, even where it lies between two blocks.
                let within = left.partition_point(|id| Some(*id) <= last).max(1);
                let holding: Vec<_> = left[..within]
                    .iter()
                    .copied()
                    .filter(|id| holds(list, *id))
                    .collect();
                Ok((within, holding))
            })?;
            found.extend(holding);
            left = &left[within..];
        }
    }
    Ok(())
}

/// Merges some lists of the oldest hour before another into a run; says whether there was anything to merge.
pub(super) fn merge_slice(connection: &mut Connection, before: Hour) -> Result<bool, StoreError> {
    let mut merge = || -> rusqlite::Result<bool> {
        let oldest: Option<i64> = connection
            .prepare_cached("SELECT min(hour) FROM fresh_ids")?
            .query_row((), |row| row.get(0))?;
        let Some(hour) = oldest.filter(|hour| *hour < before.number()) else {
            return Ok(false);
        };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (ids, last) = slice(&transaction, hour)?;
        let run: i64 = transaction
            .prepare_cached("SELECT coalesce(max(run), -1) + 1 FROM id_block WHERE hour = ?")?
            .query_row([hour], |row| row.get(0))?;
        for block in ids.chunks(BLOCK) {
            let bytes = to_bytes(block);
            let first = bytes.get(..WIDTH).unwrap_or_default();
            transaction
                .prepare_cached("INSERT INTO id_block (hour, run, first, ids) VALUES (?, ?, ?, ?)")?
                .execute((hour, run, first, &bytes))?;
        }
        transaction
            .prepare_cached("DELETE FROM fresh_ids WHERE hour = ? AND batch <= ?")?
            .execute((hour, last))?;
        transaction.commit()?;
        Ok(true)
    };
    merge().doing("merge ids")
}

/// The ids of the first lists of an hour, sorted, and the number of the last of these lists.
fn slice(connection: &Connection, hour: i64) -> rusqlite::Result<(Vec<MessageKey>, i64)> {
    let mut statement = connection
        .prepare_cached("SELECT batch, ids FROM fresh_ids WHERE hour = ? ORDER BY batch LIMIT ?")?;
    let mut rows = statement.query((hour, SLICE_LISTS))?;
    let (mut ids, mut last) = (Vec::new(), i64::MIN);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        ids.extend(of_bytes(row.get_ref(1)?.as_blob()?));
        if ids.len() >= SLICE_IDS {
            break;
        }
    }
    ids.sort_unstable();
    Ok((ids, last))
}

fn to_bytes(ids: &[MessageKey]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.0.to_be_bytes()).collect()
}

fn of_bytes(bytes: &[u8]) -> impl DoubleEndedIterator<Item = MessageKey> {
    let (ids, _) = bytes.as_chunks::<WIDTH>();
    ids.iter().map(|id| MessageKey(u128::from_be_bytes(*id)))
}

/// Whether a sorted list holds an id.
fn holds(bytes: &[u8], id: MessageKey) -> bool {
    let (ids, _) = bytes.as_chunks::<WIDTH>();
    ids.binary_search(&id.0.to_be_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn hour(number: i64) -> Hour {
        Hour::from_number(number).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn ids_are_found_in_their_hour_before_and_after_merging(
            lists in prop::collection::vec((0_i64..4, prop::collection::btree_set(0_u128..3000, 0..700)), 0..12),
            merged_before in 0_i64..5,
            step in 1_usize..40,
        ) {
            let mut connection = Connection::open_in_memory().unwrap();
            schema::migrate(&mut connection).unwrap();
            for (batch, (at, ids)) in lists.iter().enumerate() {
                let ids: Vec<_> = ids.iter().map(|id| MessageKey(*id)).collect();
                insert(&connection, i64::try_from(batch).unwrap(), hour(*at), &ids).unwrap();
            }
            while merge_slice(&mut connection, hour(merged_before)).unwrap() {}
            let written = |from: i64, to: i64| -> BTreeSet<u128> {
                lists.iter().filter(|(at, _)| (from..=to).contains(at)).flat_map(|(_, ids)| ids.clone()).collect()
            };
            for (from, to) in [(0, 3), (1, 2), (2, 2)] {
                let expected = written(from, to);
                let sought: Vec<_> = (0..3000).step_by(step).map(MessageKey).collect();
                let found: BTreeSet<_> = find(&connection, &sought, hour(from), hour(to)).unwrap().iter().map(|id| id.0).collect();
                let expected: BTreeSet<_> = sought.iter().map(|id| id.0).filter(|id| expected.contains(id)).collect();
                prop_assert_eq!(found, expected);
            }
            let mut read = BTreeSet::new();
            of_hour(&connection, hour(1), |id| {
                read.insert(id.0);
                true
            })
            .unwrap();
            prop_assert_eq!(read, written(1, 1));
            let latest = lists.iter().map(|(at, _)| *at).filter(|at| *at < 3).max();
            let found = hour_before(&connection, hour(3)).unwrap().map(Hour::number);
            // A list without ids leaves nothing behind once it is merged.
            prop_assert!(found <= latest);
        }
    }
}

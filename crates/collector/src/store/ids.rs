//! The ids of all messages that were taken, beside the batches: sorted, by hour of receipt.
//!
//! A commit writes one small sorted list. When an hour is over its lists are merged, a slice at a time, into *runs*: sorted
//! blocks that do not overlap, so that looking an id up in an hour costs one short read a run. A look-up over many hours can be
//! interrupted, and taken up again where it was.

use std::ops::Range;

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::error::{Doing as _, StoreError};
use crate::ingest::message::MessageKey;
use crate::window::Floor;

/// The block of a run that an id lies in, if it lies in any.
const BLOCK_OF: &str =
    "SELECT ids FROM id_block WHERE hour = ? AND run = ? AND first <= ? ORDER BY first DESC LIMIT 1";
/// Bytes of an id.
const WIDTH: usize = 16;
/// Ids of a block: 4 KiB, a page.
const BLOCK: usize = 256;
/// Lists after which a look-up may be interrupted.
const LISTS: i64 = 256;
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

/// What may have been taken that is not in a window: lists of these batches, and runs, of hours of which both are included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The first hour.
    pub from: Hour,
    /// The last one.
    pub to: Hour,
    /// The batches.
    pub batches: Range<i64>,
}

/// A look-up of some ids in some hours.
///
/// First the lists are looked through, in their order, and then the runs by hour. Lists become runs meanwhile, never the other way:
/// what has been looked through is done with.
#[derive(Debug, Clone)]
pub struct LookUp {
    /// Sorted.
    ids: Vec<MessageKey>,
    stretch: Stretch,
    found: Vec<MessageKey>,
    /// Batch of the list that is next.
    list: i64,
    lists_done: bool,
    /// The hour of runs that is next.
    next: i64,
}

impl Stretch {
    /// What was taken at this time or later, of what is not in the window that begins at `floor`.
    pub fn since(time: Timestamp, floor: Floor) -> Stretch {
        Stretch {
            from: Hour::of(time),
            to: Hour::of(floor.at),
            batches: i64::MIN..floor.batch,
        }
    }

    /// What has left the window since it began at `before`.
    pub fn between(before: Floor, floor: Floor) -> Stretch {
        let stretch = Stretch::since(before.at, floor);
        match before.batch {
            i64::MAX => stretch,
            first => Stretch {
                batches: first..floor.batch,
                ..stretch
            },
        }
    }
}

impl LookUp {
    /// Of these ids, in this stretch.
    pub fn new(mut ids: Vec<MessageKey>, stretch: Stretch) -> LookUp {
        ids.sort_unstable();
        ids.dedup();
        LookUp {
            ids,
            found: Vec::new(),
            list: stretch.batches.start,
            lists_done: false,
            next: stretch.from.number(),
            stretch,
        }
    }

    /// Whether it can be gone on with in place of another one: it looks for the same, at least as early, to the same hour.
    pub fn serves(&self, other: &LookUp) -> bool {
        let (own, others) = (&self.stretch, &other.stretch);
        own.from <= others.from
            && own.to == others.to
            && own.batches.start <= others.batches.start
            && self.ids == other.ids
    }

    /// Goes on, at least a little, as long as `more` says so; says whether it is done.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(super) fn go_on(
        &mut self,
        connection: &Connection,
        mut more: impl FnMut() -> bool,
    ) -> Result<bool, StoreError> {
        let mut look = || -> rusqlite::Result<bool> {
            Ok(self.look_through_lists(connection, &mut more)?
                && self.look_through_runs(connection, &mut more)?)
        };
        look().doing("look up ids")
    }

    /// Those that were written; sorted.
    pub fn found(mut self) -> Vec<MessageKey> {
        self.found.sort_unstable();
        self.found.dedup();
        self.found
    }

    fn look_through_lists(
        &mut self,
        connection: &Connection,
        more: &mut impl FnMut() -> bool,
    ) -> rusqlite::Result<bool> {
        let mut lists = connection.prepare_cached(
            "SELECT batch, hour, ids FROM fresh_ids WHERE batch >= ? AND batch < ? ORDER BY batch LIMIT ?",
        )?;
        let Stretch { from, to, batches } = &self.stretch;
        let hours = from.number()..=to.number();
        while !self.lists_done {
            let mut rows = lists.query((self.list, batches.end, LISTS))?;
            let mut read = 0;
            while let Some(row) = rows.next()? {
                read += 1;
                self.list = row.get::<_, i64>(0)?.saturating_add(1);
                if hours.contains(&row.get(1)?) {
                    self.found.extend(common(row.get_ref(2)?.as_blob()?, &self.ids));
                }
            }
            self.lists_done = read < LISTS;
            if !self.lists_done && !more() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn look_through_runs(
        &mut self,
        connection: &Connection,
        more: &mut impl FnMut() -> bool,
    ) -> rusqlite::Result<bool> {
        let mut next_run = connection.prepare_cached(
            "SELECT hour, run, first FROM id_block WHERE (hour, run) > (?, ?) AND hour <= ? ORDER BY hour, run, first LIMIT 1",
        )?;
        let mut behind = (self.next, -1_i64);
        while let Some((hour, run, first)) = next_run
            .query_row((behind.0, behind.1, self.stretch.to.number()), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, [u8; WIDTH]>(2)?))
            })
            .optional()?
        {
            if hour > self.next {
                // At the hour from which it is taken up again, it goes on.
                let before = std::mem::replace(&mut self.next, hour);
                if before != self.stretch.from.number() && !more() {
                    return Ok(false);
                }
            }
            behind = (hour, run);
            self.look_through_run(connection, (hour, run), MessageKey(u128::from_be_bytes(first)))?;
        }
        Ok(true)
    }

    /// Goes through the ids in step with a run's blocks: no block is read twice, nor anything behind the last id.
    fn look_through_run(
        &mut self,
        connection: &Connection,
        (hour, run): (i64, i64),
        first: MessageKey,
    ) -> rusqlite::Result<()> {
        let mut block = connection.prepare_cached(BLOCK_OF)?;
        let mut next_block = connection.prepare_cached(
            "SELECT first FROM id_block WHERE hour = ? AND run = ? AND first > ? ORDER BY first LIMIT 1",
        )?;
        let mut left = &self.ids[self.ids.partition_point(|id| *id < first)..];
        while let Some(id) = left.first() {
            let (within, holding) = block.query_row((hour, run, id.0.to_be_bytes()), |row| {
                let list = row.get_ref(0)?.as_blob()?;
                let last = of_bytes(list).next_back();
                let within = left.partition_point(|id| Some(*id) <= last);
                let holding: Vec<_> = common(list, &left[..within]).collect();
                Ok((within, holding))
            })?;
            self.found.extend(holding);
            left = &left[within..];
            // What follows lies in a later block, between two, or behind the last one.
            let next: Option<[u8; WIDTH]> = next_block
                .query_row((hour, run, id.0.to_be_bytes()), |row| row.get(0))
                .optional()?;
            let Some(next) = next else { break };
            let next = MessageKey(u128::from_be_bytes(next));
            left = &left[left.partition_point(|id| *id < next)..];
        }
        Ok(())
    }
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

/// The ids that two sorted lists have in common; the shorter one is gone through.
fn common<'a>(bytes: &'a [u8], ids: &'a [MessageKey]) -> impl Iterator<Item = MessageKey> {
    let (list, _) = bytes.as_chunks::<WIDTH>();
    let listed_is_shorter = list.len() < ids.len();
    let (listed, sought) = match listed_is_shorter {
        true => (list, &[][..]),
        false => (&[][..], ids),
    };
    let listed = listed.iter().map(|id| MessageKey(u128::from_be_bytes(*id)));
    let listed = listed.filter(move |id| ids.binary_search(id).is_ok());
    let sought = sought.iter().copied();
    listed.chain(sought.filter(move |id| list.binary_search(&id.0.to_be_bytes()).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use proptest::prelude::*;
    use rusqlite::StatementStatus;
    use std::collections::BTreeSet;

    fn hour(number: i64) -> Hour {
        Hour::from_number(number).unwrap()
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch::since(hour(from).start(), Floor::at(hour(to).start()))
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
                let mut look_up = LookUp::new(sought.clone(), stretch(from, to));
                // Interrupted whenever it may be.
                let mut turns = 0;
                while !look_up.go_on(&connection, || false).unwrap() {
                    turns += 1;
                    prop_assert!(turns <= 8);
                }
                let found: BTreeSet<_> = look_up.found().iter().map(|id| id.0).collect();
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
            // Lists that become runs while it is interrupted are not missed.
            let sought: Vec<_> = (0..3000).step_by(step).map(MessageKey).collect();
            let mut look_up = LookUp::new(sought.clone(), stretch(0, 3));
            while !look_up.go_on(&connection, || false).unwrap() {
                merge_slice(&mut connection, hour(5)).unwrap();
            }
            let expected = written(0, 3);
            let expected: Vec<_> = sought.into_iter().filter(|id| expected.contains(&id.0)).collect();
            prop_assert_eq!(look_up.found(), expected);
            let latest = lists.iter().map(|(at, _)| *at).filter(|at| *at < 3).max();
            let found = hour_before(&connection, hour(3)).unwrap().map(Hour::number);
            // A list without ids leaves nothing behind once it is merged.
            prop_assert!(found <= latest);
        }
    }

    #[test]
    fn no_list_is_read_of_what_was_looked_through_or_is_in_the_window() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        for batch in 1..=9 {
            insert(
                &connection,
                batch,
                hour(7),
                &[MessageKey(u128::try_from(batch).unwrap())],
            )
            .unwrap();
        }
        let floor = |batch| Floor {
            at: hour(7).start(),
            batch,
        };
        let found = |stretch| {
            let mut look_up = LookUp::new((1..=9).map(MessageKey).collect(), stretch);
            assert!(look_up.go_on(&connection, || true).unwrap());
            look_up.found().iter().map(|id| id.0).collect::<Vec<_>>()
        };
        let since = hour(6).start();
        assert_eq!(found(Stretch::since(since, floor(4))), [1, 2, 3]);
        assert_eq!(found(Stretch::between(floor(4), floor(7))), [4, 5, 6]);
        // Where one is not known, all is.
        assert_eq!(found(Stretch::between(Floor::at(since), floor(4))), [1, 2, 3]);
        assert_eq!(found(Stretch::since(since, floor(i64::MAX))).len(), 9);
        assert_eq!(
            found(Stretch::since(hour(8).start(), Floor::at(hour(9).start()))),
            []
        );
    }

    #[test]
    fn no_more_is_read_than_holds_what_is_sought() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let ids: Vec<_> = (0..2560).map(|id| MessageKey(10 * id)).collect();
        insert(&connection, 1, hour(7), &ids).unwrap();
        while merge_slice(&mut connection, hour(8)).unwrap() {}
        let reads = |sought: &mut dyn Iterator<Item = u128>| {
            connection.flush_prepared_statement_cache();
            let sought = sought.map(MessageKey).collect();
            let mut look_up = LookUp::new(sought, stretch(0, 9));
            assert!(look_up.go_on(&connection, || true).unwrap());
            let block = connection.prepare_cached(BLOCK_OF).unwrap();
            (block.get_status(StatementStatus::Run), look_up.found().len())
        };
        // All of it; behind the last and before the first; one in each of two blocks, and many between and behind.
        assert_eq!(reads(&mut (0..25_600)), (10, 2560));
        assert_eq!(reads(&mut (25_591..40_000)), (1, 0));
        assert_eq!(reads(&mut [].into_iter()), (0, 0));
        assert_eq!(reads(&mut (0..9).chain(2551..2560).chain(25_591..30_000)), (2, 1));
    }
}

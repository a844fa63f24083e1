//! What a record means to the other tables: the one way by which a message leaves them, and by which a report that stood beside
//! another one begins to count.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::trace::{Name, Trace};
use crate::delta::{ClusterDay, Manner, Share};
use crate::forget::hunt::Hunt;
use crate::ingest::record::Kept;
use crate::ingest::slot::{self, Slot};
use crate::store::error::{Doing as _, StoreError};
use crate::store::report::{self, bytes_of};
use crate::store::shelf::{Place, Who};
use crate::store::time_line::{self, Numbers};
use crate::store::{Commit, flag};

const DOING: &str = "delete a message";

/// Takes a message out of the sums of its day and out of the time line; says whether it was a report. `of_cluster` says whether its
/// key speaks for clusters.
pub(super) fn take_out(
    commit: &mut Commit<'_>,
    kept: &Kept<'_>,
    of_cluster: bool,
    hunt: &Hunt,
    trace: &mut Trace,
) -> Result<bool, StoreError> {
    if let Some(share) = Share::of_kept(kept.message, of_cluster, &kept.basis()) {
        let share = share.in_manner(kept.manner());
        if kept.counts() {
            commit.take_from_day(&share)?;
        }
        trace.share(commit, &share)?;
    }
    let report = slot::of_kept(kept.message).filter(|_| of_cluster);
    let Some((slot, reporter)) = report else {
        return Ok(false);
    };
    let Some(numbers) = numbers(commit, &slot)? else {
        return Ok(false);
    };
    let reporter = report::who(&bytes_of(reporter.as_ref()));
    let counted = remove(&commit.transaction, numbers, reporter)?;
    trace.add(&commit.transaction, Name::Event, numbers.place.event)?;
    if counted == Some(true) {
        succeed(&commit.transaction, numbers, |batch| {
            !hunt.takes_all_of(slot.cluster.as_str(), batch)
        })?;
    }
    Ok(counted.is_some())
}

/// Whether a report that stood beside another one has to be folded when it is let count. `promised` is what others take of their
/// days that are let count together with it.
pub(super) fn must_fold(
    commit: &mut Commit<'_>,
    kept: &Kept<'_>,
    of_cluster: bool,
    promised: &mut HashMap<ClusterDay, usize>,
) -> Result<bool, StoreError> {
    let Some(share) = Share::of_kept(kept.message, of_cluster, &kept.basis()) else {
        return Ok(false);
    };
    let promised = promised.entry(share.to.clone()).or_default();
    // Records from before there was a remark for it count in whole.
    let folded = kept.manner().folded && !commit.day_takes(&share, *promised)?;
    *promised += share.delta.len();
    Ok(folded)
}

/// Lets a report count that stood beside another one.
pub(super) fn let_count(
    commit: &mut Commit<'_>,
    kept: &Kept<'_>,
    of_cluster: bool,
    folded: bool,
) -> Result<(), StoreError> {
    if let Some(share) = Share::of_kept(kept.message, of_cluster, &kept.basis()) {
        let manner = Manner { apart: false, folded };
        commit.add_to_day(&share.in_manner(manner))?;
    }
    let Some((slot, reporter)) = slot::of_kept(kept.message) else {
        return Ok(());
    };
    match numbers(commit, &slot)? {
        Some(numbers) => {
            let reporter = report::who(&bytes_of(reporter.as_ref()));
            count(&commit.transaction, numbers, reporter)
        }
        None => Ok(()),
    }
}

/// The slot's numbers, where it has any.
pub(super) fn numbers(commit: &mut Commit<'_>, slot: &Slot) -> Result<Option<Numbers>, StoreError> {
    report::numbers(&commit.transaction, commit.names, slot)
}

/// Removes a report from the time line; says whether it was there, and counted.
pub(super) fn remove(
    connection: &Connection,
    slot: Numbers,
    reporter: Who,
) -> Result<Option<bool>, StoreError> {
    let mut counted = None;
    time_line::change(connection, slot, |report| {
        let found = report.reporter == reporter;
        if found {
            counted = Some(report.counts);
        }
        !found
    })?;
    if counted.is_some() {
        flag::take_back(connection, slot.at, reporter)?;
    }
    Ok(counted)
}

/// Notes that the first of the reports that are left in a slot is to count, of those that do not go, too.
pub(super) fn succeed(
    connection: &Connection,
    slot: Numbers,
    stays: impl Fn(i64) -> bool,
) -> Result<(), StoreError> {
    let left = time_line::of_slot(connection, slot)?;
    let batches = left.into_iter().map(|report| report.batch);
    let Some(batch) = batches.filter(|batch| stays(*batch)).min() else {
        return Ok(());
    };
    let Numbers {
        at: (hour, cluster),
        place: Place { event, part },
    } = slot;
    connection
        .prepare_cached("INSERT INTO deletion_recount VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| statement.execute((batch, hour, cluster, event, part)))
        .doing(DOING)
        .map(|_| ())
}

/// The slots of which the first report in a batch is to count.
pub(super) fn to_count(connection: &Connection, batch: i64) -> Result<HashSet<Numbers>, StoreError> {
    let read = || -> rusqlite::Result<HashSet<Numbers>> {
        connection
            .prepare_cached("SELECT hour, cluster, event, part FROM deletion_recount WHERE batch = ?")?
            .query_map([batch], |row| {
                Ok(Numbers {
                    at: (row.get(0)?, row.get(1)?),
                    place: Place {
                        event: row.get(2)?,
                        part: row.get(3)?,
                    },
                })
            })?
            .collect()
    };
    read().doing(DOING)
}

/// The first batch in which a report is to count.
pub(super) fn next_to_count(connection: &Connection) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT min(batch) FROM deletion_recount")
        .and_then(|mut statement| statement.query_row((), |row| row.get(0)))
        .doing(DOING)
}

/// To be called before a batch is looked into for what is to count in it.
pub(super) fn begin_count(connection: &Connection, batch: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM deletion_recount WHERE batch = ?")
        .and_then(|mut statement| statement.execute([batch]))
        .doing(DOING)
        .map(|_| ())
}

/// To be called when a batch was looked into for what was to count in it. Of a slot in which nothing counts now, since that was
/// deleted, too, another report is sought; where only the text is gone, by age, the time line alone says who counts.
pub(super) fn end_count(
    connection: &Connection,
    batch: i64,
    slots: HashSet<Numbers>,
) -> Result<(), StoreError> {
    for slot in slots {
        let left = time_line::of_slot(connection, slot)?;
        if left.iter().any(|report| report.counts) {
            continue;
        }
        let without_text = left.iter().filter(|report| report.batch == batch);
        match without_text.map(|report| report.reporter).min() {
            Some(first) => count(connection, slot, first)?,
            None => succeed(connection, slot, |_| true)?,
        }
    }
    Ok(())
}

/// Notes that the report of a reporter is the one that counts in a slot.
fn count(connection: &Connection, slot: Numbers, reporter: Who) -> Result<(), StoreError> {
    time_line::change(connection, slot, |report| {
        report.counts |= report.reporter == reporter;
        true
    })
}

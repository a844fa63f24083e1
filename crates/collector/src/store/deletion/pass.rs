//! One raw batch on its way through a run: looked into a step at a time, and then settled with the other tables.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rewrite::{Change, Rewrite};
use super::settle;
use super::trace::Trace;
use super::{keys::Keys, raw};
use crate::delta::ClusterDay;
use crate::forget::hunt::Hunt;
use crate::ingest::mention::Mentions;
use crate::ingest::record::Kept;
use crate::ingest::slot;
use crate::store::Commit;
use crate::store::error::{Doing as _, StoreError};
use crate::store::time_line::Numbers;

/// A batch that is looked into.
pub(super) struct Pass {
    rewrite: Rewrite,
    /// Whether it is on the way through all batches, and not only to let something in it count.
    in_turn: bool,
    /// What is to count in it.
    to_count: HashSet<Numbers>,
    /// How many coordinates of which days that takes, as far as it was found.
    promised: HashMap<ClusterDay, usize>,
}

/// A batch that is settled.
pub(super) struct Settled {
    /// Its number, where it was on the way through all batches.
    pub(super) position: Option<i64>,
    /// Whether anything was changed.
    pub(super) changed: bool,
}

impl Pass {
    /// Begins with a batch; `None` where its text is gone, by age: then what is to count in it does.
    pub(super) fn begin(commit: &Commit<'_>, batch: i64, in_turn: bool) -> Result<Option<Pass>, StoreError> {
        let to_count = settle::to_count(&commit.transaction, batch)?;
        match raw::read(&commit.transaction, batch)? {
            Some((row, records)) => Ok(Some(Pass {
                rewrite: Rewrite::begin(row, records)?,
                in_turn,
                to_count,
                promised: HashMap::new(),
            })),
            None => {
                settle::begin_count(&commit.transaction, batch)?;
                settle::end_count(&commit.transaction, batch, to_count)?;
                Ok(None)
            }
        }
    }

    /// Goes a step on; says whether all of it was looked into.
    pub(super) fn step(
        &mut self,
        commit: &mut Commit<'_>,
        hunt: &Hunt,
        keys: &mut Keys,
    ) -> Result<bool, StoreError> {
        let batch = self.rewrite.row.id;
        let (to_count, promised) = (&mut self.to_count, &mut self.promised);
        let mut failed = None;
        let done = self.rewrite.step(|line| {
            if to_count.is_empty() && !hunt.may_be_about(line.as_bytes()) {
                return None;
            }
            let kept = Kept::of(line)?;
            let mentions = Mentions::of(kept.message)?;
            let sender = keys
                .sender(&commit.transaction, &kept)
                .map_err(|error| failed = Some(error))
                .ok()?;
            let deletions = hunt.deletions_of(&mentions, sender, batch);
            if !deletions.is_empty() {
                return Some(Change::Cut(deletions));
            }
            if to_count.is_empty() || kept.counts() {
                return None;
            }
            let (slot, _) = slot::of_kept(kept.message)?;
            let numbers = settle::numbers(commit, &slot)
                .map_err(|error| failed = Some(error))
                .ok()??;
            if !to_count.remove(&numbers) {
                return None;
            }
            let folded = keys
                .speaks_for_clusters(&commit.transaction, kept.key())
                .and_then(|of_cluster| settle::must_fold(commit, &kept, of_cluster, promised))
                .map_err(|error| failed = Some(error))
                .ok()?;
            Some(Change::Count { folded })
        })?;
        failed.map_or(Ok(done), Err)
    }

    /// Does to the other tables and to the batch what was found to be done.
    pub(super) fn settle(
        self,
        commit: &mut Commit<'_>,
        hunt: &Hunt,
        keys: &mut Keys,
        trace: &mut Trace,
    ) -> Result<Settled, StoreError> {
        let work = self.rewrite;
        let batch = work.row.id;
        let waited = settle::to_count(&commit.transaction, batch)?;
        if !waited.is_empty() {
            settle::begin_count(&commit.transaction, batch)?;
        }
        let mut tolls = BTreeMap::<i64, (i64, i64)>::new();
        for (line, change) in work.edits() {
            let Some(kept) = Kept::of(line) else { continue };
            let of_cluster = keys.speaks_for_clusters(&commit.transaction, kept.key())?;
            match change {
                Change::Count { folded } => settle::let_count(commit, &kept, of_cluster, *folded)?,
                Change::Cut(deletions) => {
                    let report = settle::take_out(commit, &kept, of_cluster, hunt, trace)?;
                    for deletion in deletions {
                        let (messages, reports) = tolls.entry(*deletion).or_default();
                        *messages += 1;
                        *reports += i64::from(report);
                    }
                }
            }
        }
        for (deletion, (messages, reports)) in tolls {
            commit
                .transaction
                .prepare_cached(
                    "UPDATE deletion SET messages = messages + ?, reports = reports + ?, batches = batches + 1
                     WHERE id = ?",
                )
                .and_then(|mut statement| statement.execute((messages, reports, deletion)))
                .doing("count what is deleted")?;
        }
        let rewritten = work.into_row();
        let changed = rewritten.is_some() || !waited.is_empty();
        settle::end_count(&commit.transaction, batch, waited)?;
        if let Some((row, records)) = rewritten {
            raw::write(&commit.transaction, &row, &records)?;
        }
        Ok(Settled {
            position: self.in_turn.then_some(batch),
            changed,
        })
    }
}

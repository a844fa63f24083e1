//! A commit: what is written of a group of requests, all of it or nothing.

use std::collections::HashSet;

use heliograph_wire::id::{ClusterId, Hour, ReporterId};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::cluster_day::Way;
use super::error::{Doing as _, StoreError};
use super::ids::{LookUp, Stretch};
use super::judgement::{self, Judgement};
use super::keep::{self, Kept, Part};
use super::report::Claimant;
use super::webhook::{self, Posted};
use super::{
    batch, bundle, cluster_day, drift, flag, ids, outcome, regulation, report, suppression, time_line, usage,
};
use crate::delta::{ClusterDay, Day, Share};
use crate::fold::Written;
use crate::forget::order::{Order, Placed, Withdrawn};
use crate::forget::{Petition, Verdict};
use crate::ingest::message::{MessageKey, Speaker};
use crate::ingest::slot::Slot;
use crate::ingest::subject::{Subject, SubjectKey};

/// What is written together.
pub struct Commit<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) names: &'a mut report::Names,
    pub(super) terms: &'a mut cluster_day::Terms,
    pub(super) days: cluster_day::Days,
    pub(super) line: time_line::Pending,
    pub(super) samples: &'a mut outcome::Places,
    pub(super) compressor: &'a mut batch::Compressor,
    pub(super) doubts: &'a mut flag::Doubts,
    /// How many of these are judged.
    pub(super) judged: usize,
}

impl Commit<'_> {
    /// A number that is another one after every change of who is suppressed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppression_generation(&self) -> Result<i64, StoreError> {
        suppression::generation(&self.transaction)
    }

    /// All who are suppressed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn suppressed(&self) -> Result<HashSet<Subject>, StoreError> {
        suppression::subjects(&self.transaction)
    }

    /// Does what is asked for by who wants to be forgotten, as far as that may be; says, too, whether that changed anything.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn forget(
        &mut self,
        key: &SubjectKey,
        petition: &Petition,
        now: Timestamp,
    ) -> Result<(Verdict, bool), StoreError> {
        suppression::petition(&self.transaction, key, petition, now)
    }

    /// Notes what an administrator orders, as a regulation.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn regulate(
        &mut self,
        key: &SubjectKey,
        order: &Order,
        now: Timestamp,
    ) -> Result<Placed, StoreError> {
        let regulation = regulation::insert(&self.transaction, order, now).doing("note a regulation")?;
        suppression::obey(&self.transaction, key, order, Some(regulation), now)
    }

    /// Takes a regulation back of which nothing has been deleted yet.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn withdraw(&mut self, regulation: i64) -> Result<Withdrawn, StoreError> {
        regulation::withdraw(&self.transaction, regulation)
    }

    /// Notes that all of a bundle is imported.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn note_bundle(&mut self, sha256: &str, messages: u64, now: Timestamp) -> Result<(), StoreError> {
        bundle::insert(&self.transaction, sha256, messages, now)
    }

    /// Who has reported for a slot.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn claimants(&mut self, slot: &Slot) -> Result<Vec<Claimant>, StoreError> {
        report::claimants(&self.transaction, self.names, &mut self.line, slot)
    }

    /// The reporter that first spoke for a cluster, if any has; `Some(None)` when that did not say who it is.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn bound(&mut self, cluster: &ClusterId) -> Result<Option<Option<ReporterId>>, StoreError> {
        report::bound(&self.transaction, self.names, cluster)
    }

    /// Whether a day takes a share as it is, or only folded; `promised` coordinates are counted in that others will take there.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn day_takes(&mut self, share: &Share, promised: usize) -> Result<bool, StoreError> {
        let Some(cluster) = cluster_number(&self.transaction, self.names, &share.to)? else {
            return Ok(true);
        };
        let at = ((share.to.day, cluster), &share.delta);
        self.days.takes(&self.transaction, self.terms, at, promised)
    }

    /// Adds what a message adds to its day. Of a cluster, that must have a number by then.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn add_to_day(&mut self, share: &Share) -> Result<(), StoreError> {
        self.change_day(share, Way::Add)
    }

    /// Takes away what a message added to its day.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn take_from_day(&mut self, share: &Share) -> Result<(), StoreError> {
        self.change_day(share, Way::TakeAway)
    }

    fn change_day(&mut self, share: &Share, way: Way) -> Result<(), StoreError> {
        let Some(cluster) = cluster_number(&self.transaction, self.names, &share.to)? else {
            return Ok(());
        };
        let at = ((share.to.day, cluster), &share.delta);
        self.days.apply(&self.transaction, self.terms, at, way)
    }

    /// Binds a cluster that nobody has spoken for yet to the reporter that does now, and gives it a number.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn bind(&mut self, first: &Speaker, now: Timestamp) -> Result<(), StoreError> {
        report::speak(&self.transaction, self.names, first, now)
    }

    /// Whether a message was taken in a stretch.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn has_taken(&self, id: MessageKey, stretch: Stretch) -> Result<bool, StoreError> {
        let mut look_up = LookUp::new(vec![id], stretch);
        while !look_up.go_on(&self.transaction, || true)? {}
        Ok(!look_up.found().is_empty())
    }

    /// Writes what was made of a group of requests, received about `now`; returns the number of the batch, if there is one.
    ///
    /// # Errors
    /// When it can't be written; the whole commit is void then.
    pub fn write(&mut self, written: &Written, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let mut written_as = None;
        if written.messages > 0 {
            let compressed = self.compressor.compress(&written.records)?;
            let size = written.records.len();
            let batch = batch::insert(&self.transaction, now, written.messages, size, &compressed)?;
            written_as = Some(batch);
            if !written.ids.is_empty() {
                ids::insert(&self.transaction, batch, Hour::of(now), &written.ids)?;
            }
            for (report, counts) in &written.reports {
                report::insert(
                    &self.transaction,
                    self.names,
                    &mut self.line,
                    report,
                    *counts,
                    batch,
                    now,
                )?;
            }
            self.line.write(&self.transaction)?;
        }
        for repeat in &written.repeats {
            flag::note_repeat(&self.transaction, self.names, repeat)?;
        }
        self.doubts.add(&written.doubts);
        self.judge_some()?;
        for speaker in &written.speakers {
            report::speak(&self.transaction, self.names, speaker, now)?;
        }
        for ((key, outcome), count) in &written.outcomes {
            outcome::add(&self.transaction, now, key.id, *outcome, *count)?;
        }
        for ((key, violation), count) in &written.violations {
            outcome::add_violation(&self.transaction, now, key.id, *violation, *count)?;
        }
        for (drift, requests) in &written.drifts {
            drift::add(&self.transaction, Day::of(now), *drift, *requests)?;
        }
        for (key, used) in &written.usage {
            usage::add(&self.transaction, Day::of(now), *key, *used)?;
        }
        for (key, sample) in &written.samples {
            self.samples.insert(&self.transaction, now, key.id, sample)?;
        }
        Ok(written_as)
    }

    /// Keeps a part of the sheet of a day, unless the rows have changed since it was made.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn keep_part(&mut self, part: &Part) -> Result<Kept, StoreError> {
        keep::keep(&self.transaction, part)
    }

    /// Keeps what was judged, unless any of its days has changed since; notes what differs from what was said before.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn keep_judgement(&mut self, judgement: &Judgement, now: Timestamp) -> Result<Kept, StoreError> {
        judgement::keep(&self.transaction, judgement, now)
    }

    /// Notes what became of an attempt to tell the webhook.
    ///
    /// # Errors
    /// When the database can't be written.
    pub fn note_posted(&mut self, posted: &Posted) -> Result<(), StoreError> {
        webhook::note(&self.transaction, posted)
    }

    /// Looks whether some of those who are in doubt are one.
    pub(super) fn judge_some(&mut self) -> Result<(), StoreError> {
        self.judged = self.doubts.judge_some(&self.transaction, self.names)?;
        Ok(())
    }

    /// Writes a number, only to see whether writing works.
    ///
    /// # Errors
    /// When it does not.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached("UPDATE gauge SET value = value + 1 WHERE name = 'probe'")
            .and_then(|mut statement| statement.execute(()))
            .doing("write a number")?;
        Ok(())
    }

    /// Returns when all of it is on disk.
    ///
    /// # Errors
    /// When it is not; then nothing of it is.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.days.write(&self.transaction)?;
        self.transaction.commit().doing("commit")?;
        self.doubts.done(self.judged);
        Ok(())
    }
}

/// The number of a day's cluster, if that is known.
pub(super) fn cluster_number(
    connection: &Connection,
    names: &mut report::Names,
    to: &ClusterDay,
) -> Result<Option<i64>, StoreError> {
    match &to.cluster {
        Some(cluster) => names.cluster(connection, cluster),
        None => Ok(Some(cluster_day::NO_CLUSTER)),
    }
}

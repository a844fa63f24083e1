//! What days of which messages were dropped by age hold of those who are deleted. The rows of a cluster are its own, and go. In the
//! rows of others stand the hashes of ids: what these added can't be told from what others did any more, but whoever has the database
//! could try ids on the hashes.
//!
//! First the days are looked through. Where any holds one of these, the batches that are kept are read for what messages that
//! stay add to it: of who came back since, or of another kind of the same id. That is left, so that it can be taken away in its turn;
//! all else goes. It begins again after a restart, and finds what is left to do.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::keys::Keys;
use super::raw;
use super::rewrite::Rewrite;
use super::rows::Did;
use super::whom;
use crate::delta::{Amounts, Coordinate, Day, Facet, Share, Sums};
use crate::forget::hunt::Hunt;
use crate::ingest::record::Kept;
use crate::store::cluster_day::{self, Place};
use crate::store::error::{Doing as _, StoreError};
use crate::store::{Commit, cluster_number, keep, report, retention};

/// What one step looks through at most: rows, and bytes of them beyond the first.
const ROWS: i64 = 32;
const BYTES: usize = 128 * 1024;
const DOING: &str = "delete what days without messages hold";

/// How far that is.
pub(super) struct Aged {
    wanted: HashSet<(Facet, u64)>,
    /// The clusters that are deleted.
    clusters: HashSet<i64>,
    /// The last batch that holds nothing of these any more.
    through: i64,
    /// The last day of which messages may have been dropped.
    last: Day,
    /// The row that was looked through last; `None` when all were.
    looked: Option<(i64, i64)>,
    /// The rows that hold any of it.
    found: Vec<Place>,
    /// The batch that was read last, and the one that is being read.
    read: i64,
    reading: Option<Rewrite>,
    /// What messages add that stay.
    stays: HashMap<(Place, Coordinate), Amounts>,
}

impl Aged {
    /// Begins, where there may be any.
    pub(super) fn begin(connection: &Connection, hunt: &Hunt) -> Result<Option<Aged>, StoreError> {
        let wanted: HashSet<_> = hunt.targets().flat_map(|target| target.hashes()).collect();
        let last = retention::incomplete_through(connection).doing(DOING)?;
        let (mut clusters, mut through) = (HashSet::new(), i64::MAX);
        for target in hunt.targets().filter(|target| whom::is_cluster(target)) {
            let number = report::cluster_of(connection, &target.id)?;
            clusters.extend(number);
            through = through.min(target.through);
        }
        let any = !wanted.is_empty() || !clusters.is_empty();
        Ok(last.filter(|_| any).map(|last| Aged {
            wanted,
            clusters,
            through,
            last,
            looked: Some((i64::MIN, i64::MIN)),
            found: Vec::new(),
            read: 0,
            reading: None,
            stays: HashMap::new(),
        }))
    }

    /// Removes some.
    pub(super) fn step(
        &mut self,
        commit: &mut Commit<'_>,
        hunt: &Hunt,
        keys: &mut Keys,
    ) -> Result<Did, StoreError> {
        if let Some(after) = self.looked {
            // What waits to be written belongs to the rows.
            commit.days.write(&commit.transaction)?;
            self.look(&commit.transaction, after)?;
            return Ok(Did::Nothing);
        }
        if self.found.is_empty() {
            return Ok(Did::End);
        }
        if self.reading.is_some() {
            self.go_on_reading(commit, hunt, keys)?;
            return Ok(Did::Nothing);
        }
        // Those that came meanwhile, too: their messages are in the rows.
        if let Some(batch) = raw::next(&commit.transaction, self.read, i64::MAX)? {
            self.read = batch;
            self.reading = match raw::read(&commit.transaction, batch)? {
                Some((row, records)) => Some(Rewrite::begin(row, records)?),
                None => None,
            };
            return Ok(Did::Nothing);
        }
        self.strip_one(commit).map(Did::from)
    }

    /// Looks for rows that hold any of the hashes.
    fn look(&mut self, connection: &Connection, after: (i64, i64)) -> Result<(), StoreError> {
        let mut statement = connection
            .prepare_cached(
                "SELECT day, cluster, sums FROM cluster_day WHERE (day, cluster) > (?, ?) AND day <= ?
                 ORDER BY day, cluster LIMIT ?",
            )
            .doing(DOING)?;
        let mut rows = statement
            .query((after.0, after.1, self.last.0, ROWS))
            .doing(DOING)?;
        let mut bytes = 0;
        self.looked = None;
        while bytes < BYTES
            && let Some(row) = rows.next().doing(DOING)?
        {
            let (day, cluster) = (row.get(0).doing(DOING)?, row.get(1).doing(DOING)?);
            let encoded = row.get_ref(2).doing(DOING)?.as_blob().unwrap_or_default();
            let sums = Sums::decode(encoded).map_err(|error| StoreError::damaged(DOING, error))?;
            let place = (Day(day), cluster);
            if sums.iter().any(|(at, _)| self.is_wanted(place, at)) {
                self.found.push(place);
            }
            bytes += encoded.len();
            self.looked = Some((day, cluster));
        }
        // Of a cluster nothing is left but what came later.
        if self.looked.is_none()
            && self
                .found
                .iter()
                .all(|(_, cluster)| self.clusters.contains(cluster))
        {
            self.read = self.through;
        }
        Ok(())
    }

    fn is_wanted(&self, (_, cluster): Place, at: Coordinate) -> bool {
        self.clusters.contains(&cluster) || self.wanted.contains(&(at.facet, at.key))
    }

    /// Reads some of a batch for what stays.
    fn go_on_reading(
        &mut self,
        commit: &mut Commit<'_>,
        hunt: &Hunt,
        keys: &mut Keys,
    ) -> Result<(), StoreError> {
        let Some(mut reading) = self.reading.take() else {
            return Ok(());
        };
        let mut failed = None;
        let done = reading.step(|line| {
            if failed.is_none()
                && hunt.may_be_about(line.as_bytes())
                && let Some(kept) = Kept::of(line)
            {
                failed = self.add(commit, &kept, keys).err();
            }
            None
        })?;
        if !done {
            self.reading = Some(reading);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Adds what a message that stays has added.
    fn add(&mut self, commit: &mut Commit<'_>, kept: &Kept<'_>, keys: &mut Keys) -> Result<(), StoreError> {
        let in_time = kept.timestamp().is_some_and(|at| Day::of(at) <= self.last);
        if !in_time || !kept.counts() {
            return Ok(());
        }
        let connection = &commit.transaction;
        let of_cluster = keys.speaks_for_clusters(connection, kept.key())?;
        let Some(share) = Share::of_kept(kept.message, of_cluster, &kept.basis()) else {
            return Ok(());
        };
        let share = share.in_manner(kept.manner());
        let Some(cluster) = cluster_number(connection, commit.names, &share.to)? else {
            return Ok(());
        };
        // What has no number is in no row.
        let parts = commit.terms.look_up(connection, &share.delta, false)?;
        let place = (share.to.day, cluster);
        for (at, amounts) in parts.unwrap_or_default() {
            if self.is_wanted(place, at) {
                let stays = self.stays.entry((place, at)).or_default();
                *stays = stays.plus(amounts);
            }
        }
        Ok(())
    }

    /// Removes it from a row, but for what stays; says whether there was any.
    fn strip_one(&mut self, commit: &mut Commit<'_>) -> Result<bool, StoreError> {
        let Some(place) = self.found.pop() else {
            return Ok(false);
        };
        commit.days.write(&commit.transaction)?;
        let connection = &commit.transaction;
        let sums = cluster_day::read(connection, place)?;
        let wanted = sums.iter().filter(|(at, _)| self.is_wanted(place, *at));
        let parts = wanted.map(|(at, amounts)| {
            let stays = self.stays.get(&(place, at)).copied().unwrap_or_default();
            (at, stays.plus(amounts.negated()))
        });
        let change = Sums::of(parts.collect());
        if change.is_empty() {
            return Ok(false);
        }
        cluster_day::put(connection, [(place, &sums.plus(&change))])?;
        keep::changed(connection, place.0, true)?;
        Ok(true)
    }
}

//! What the time line, the sums and the samples hold of those who are deleted beyond the raw batches: of messages whose text was
//! dropped by age, who has spoken, and the hashes of their ids.

use heliograph_wire::id::ReporterId;
use rusqlite::Connection;

use super::aged::Aged;
use super::keys::Keys;
use super::settle;
use super::trace::{Name, Trace};
use super::whom;
use crate::forget::hunt::{Hunt, Target};
use crate::forget::reach::Reach;
use crate::ingest::subject::Subject;
use crate::store::error::{Doing as _, StoreError};
use crate::store::report::{self, bytes_of};
use crate::store::shelf::Who;
use crate::store::time_line::{self, ClusterHour, Numbers};
use crate::store::{Commit, flag, outcome};

/// Of so many the samples are looked through in one step.
const SAMPLES: usize = 16;
const DOING: &str = "delete what was dropped by age";

/// How far the rows of clusters and the samples are looked through.
pub(super) struct Rows {
    targets: Vec<Target>,
    hour: Option<i64>,
    aged: Option<Aged>,
    samples: Vec<(Subject, Reach)>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// It went on; something was changed.
    Change,
    /// It went on; there was nothing to change.
    Nothing,
    /// There is nothing more to look through.
    End,
}

impl From<bool> for Did {
    fn from(changed: bool) -> Did {
        if changed { Did::Change } else { Did::Nothing }
    }
}

impl Rows {
    /// Begins.
    pub(super) fn begin(connection: &Connection, hunt: &Hunt) -> Result<Rows, StoreError> {
        let targets = hunt.targets().filter(|target| whom::has_rows(target));
        Ok(Rows {
            targets: targets.cloned().collect(),
            hour: None,
            aged: Aged::begin(connection, hunt)?,
            samples: whom::hashes(connection).doing(DOING)?,
        })
    }

    /// Removes some of it.
    pub(super) fn step(
        &mut self,
        commit: &mut Commit<'_>,
        hunt: &Hunt,
        keys: &mut Keys,
        trace: &mut Trace,
    ) -> Result<Did, StoreError> {
        let Some(target) = self.targets.last().cloned() else {
            // Only now, since a report that is let count instead of another one adds hashes, too.
            if let Some(aged) = &mut self.aged {
                let did = aged.step(commit, hunt, keys)?;
                if did != Did::End {
                    return Ok(did);
                }
                self.aged = None;
            }
            let connection = &commit.transaction;
            let rest = self.samples.len().saturating_sub(SAMPLES);
            let some = self.samples.split_off(rest);
            if some.is_empty() {
                return Ok(Did::End);
            }
            return Ok((outcome::forget(connection, &some)? > 0).into());
        };
        let connection = &commit.transaction;
        let Some(cluster) = report::cluster_of(connection, &target.id)? else {
            self.targets.pop();
            return Ok(Did::Nothing);
        };
        let after = self.hour.unwrap_or(i64::MIN);
        if let Some(hour) = time_line::hour_after(connection, after)? {
            self.hour = Some(hour);
            return remove_reports(connection, hunt, trace, &target, (hour, cluster)).map(Did::from);
        }
        self.targets.pop();
        self.hour = None;
        trace.add(connection, Name::Cluster, cluster)?;
        match &target.reporter {
            Some(reporter) => forget_speaker(connection, cluster, reporter)?,
            None => flag::forget(connection, cluster)?,
        }
        Ok(Did::Change)
    }
}

/// Removes the rows of a cluster in an hour; says whether there were any.
fn remove_reports(
    connection: &Connection,
    hunt: &Hunt,
    trace: &mut Trace,
    target: &Target,
    at: ClusterHour,
) -> Result<bool, StoreError> {
    let wanted = |reporter: Who| {
        target.reporter.is_none() || report::reporter_of(report::told_by(&reporter)) == target.reporter
    };
    let mut changed = false;
    for report in time_line::of_hour(connection, at)? {
        if report.batch > target.through || !wanted(report.reporter) {
            continue;
        }
        let place = report.place;
        let slot = Numbers { at, place };
        let counted = settle::remove(connection, slot, report.reporter)?;
        changed |= counted.is_some();
        trace.add(connection, Name::Event, place.event)?;
        if counted == Some(true) {
            settle::succeed(connection, slot, |batch| !hunt.takes_all_of(&target.id, batch))?;
        }
    }
    Ok(changed)
}

/// A reporter that is deleted has not spoken; the cluster is bound to the first of the others.
fn forget_speaker(connection: &Connection, cluster: i64, reporter: &ReporterId) -> Result<(), StoreError> {
    let bytes = bytes_of(Some(reporter));
    let forget = || -> rusqlite::Result<()> {
        connection
            .prepare_cached("DELETE FROM cluster_reporter WHERE cluster = ? AND reporter = ?")?
            .execute((cluster, &bytes))?;
        connection
            .prepare_cached("DELETE FROM report_repeat WHERE cluster = ? AND reporter = ?")?
            .execute((cluster, &bytes))?;
        connection
            .prepare_cached(
                "UPDATE cluster SET reporter = (SELECT reporter FROM cluster_reporter WHERE cluster = ?1 ORDER BY created LIMIT 1)
                 WHERE id = ?1 AND reporter = ?2 AND EXISTS (SELECT 1 FROM cluster_reporter WHERE cluster = ?1)",
            )?
            .execute((cluster, &bytes))?;
        Ok(())
    };
    forget().doing(DOING)
}

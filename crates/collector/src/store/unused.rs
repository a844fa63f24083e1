//! Names that nothing uses any more: clusters, events, terms and editions. Whether anything does is looked up a step at a time; what
//! comes meanwhile is watched for (`interned`). The look begins again after a restart.

use std::collections::HashSet;

use rusqlite::Connection;

use super::cluster_day::Terms;
use super::error::{Doing as _, StoreError};
use super::time_line::{self, ClusterHour};
use super::{Commit, flag, report};
use crate::delta::Sums;

const DOING: &str = "look for names that nothing uses";
/// Rows of the time line, and of days, that one step reads.
const SHELVES: i64 = 1000;
const DAYS: i64 = 32;
const END_OF_TIME_LINE: (ClusterHour, i64) = ((i64::MAX, i64::MAX), i64::MAX);
const END_OF_DAYS: (i64, i64) = (i64::MAX, i64::MAX);

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) clusters: HashSet<i64>,
    pub(super) events: HashSet<i64>,
    pub(super) terms: HashSet<i64>,
    pub(super) editions: HashSet<i64>,
}

/// A look for those of some names that nothing uses.
#[derive(Debug)]
pub(super) struct Search {
    clusters: Vec<i64>,
    /// The cluster that is looked for, and where: a day, or an hour of the time line.
    place: Place,
    /// Clusters that nothing is left of.
    gone: Vec<i64>,
    events: HashSet<i64>,
    terms: HashSet<i64>,
    editions: HashSet<i64>,
    shelf: Option<(ClusterHour, i64)>,
    day: Option<(i64, i64)>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Day(i64),
    Hour(i64),
}

impl Search {
    /// Begins with names that may be unused; from now on it is watched what is used.
    pub(super) fn begin(candidates: Names, known: &mut report::Names, terms: &mut Terms) -> Search {
        known.forget();
        terms.forget();
        known.clusters.watch(candidates.clusters.clone());
        known.events.watch(candidates.events.clone());
        terms.names.watch(candidates.terms.clone());
        terms.editions.watch(candidates.editions.clone());
        Search {
            clusters: candidates.clusters.into_iter().collect(),
            place: Place::Day(i64::MAX),
            gone: Vec::new(),
            events: candidates.events,
            terms: candidates.terms,
            editions: candidates.editions,
            shelf: None,
            day: None,
        }
    }

    /// Goes a step on; says whether it is done.
    pub(super) fn step(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        if let Some(cluster) = self.clusters.last().copied() {
            self.look_for(connection, cluster).doing(DOING)?;
        } else if !self.events.is_empty() && self.shelf != Some(END_OF_TIME_LINE) {
            self.look_into_time_line(connection)?;
        } else if !(self.terms.is_empty() && self.editions.is_empty()) && self.day != Some(END_OF_DAYS) {
            self.look_into_days(connection)?;
        } else {
            return Ok(true);
        }
        Ok(false)
    }

    /// Ends: removes the names that nothing uses, unless something has begun to.
    pub(super) fn end(self, commit: &mut Commit<'_>) -> Result<(), StoreError> {
        let connection = &commit.transaction;
        let clusters = commit.names.clusters.unused();
        let events = commit.names.events.unused();
        let terms = commit.terms.names.unused();
        let editions = commit.terms.editions.unused();
        let gone = self.gone.into_iter().filter(|cluster| clusters.contains(cluster));
        let remove = |sql: &str, number: i64| -> Result<(), StoreError> {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([number]))
                .doing("remove a name that nothing uses")
                .map(|_| ())
        };
        for cluster in gone {
            remove("DELETE FROM cluster_reporter WHERE cluster = ?", cluster)?;
            flag::forget(connection, cluster)?;
            remove("DELETE FROM cluster WHERE id = ?", cluster)?;
        }
        for event in self.events.intersection(&events) {
            remove("DELETE FROM event WHERE id = ?", *event)?;
        }
        for term in self.terms.intersection(&terms) {
            remove("DELETE FROM term WHERE id = ?", *term)?;
        }
        for edition in self.editions.intersection(&editions) {
            remove("DELETE FROM edition WHERE id = ?", *edition)?;
        }
        Ok(())
    }

    /// Looks on one day, or in one hour, whether there is anything of a cluster; from the latest backwards.
    fn look_for(&mut self, connection: &Connection, cluster: i64) -> rusqlite::Result<()> {
        let (before, found, last) = match self.place {
            Place::Day(before) => (
                before,
                "SELECT max(day) FROM cluster_day WHERE day < ?",
                "SELECT 1 FROM cluster_day WHERE day = ? AND cluster = ?",
            ),
            Place::Hour(before) => (
                before,
                "SELECT max(hour) FROM time_line WHERE hour < ?",
                "SELECT 1 FROM time_line WHERE hour = ? AND cluster = ? LIMIT 1",
            ),
        };
        let next: Option<i64> = connection
            .prepare_cached(found)?
            .query_row([before], |row| row.get(0))?;
        let Some(next) = next else {
            self.place = match self.place {
                Place::Day(_) => Place::Hour(i64::MAX),
                Place::Hour(_) => {
                    self.clusters.pop();
                    self.gone.push(cluster);
                    Place::Day(i64::MAX)
                }
            };
            return Ok(());
        };
        let there = connection.prepare_cached(last)?.exists((next, cluster))?;
        if there {
            self.clusters.pop();
        }
        self.place = match self.place {
            _ if there => Place::Day(i64::MAX),
            Place::Day(_) => Place::Day(next),
            Place::Hour(_) => Place::Hour(next),
        };
        Ok(())
    }

    fn look_into_time_line(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let from = self.shelf.unwrap_or(((i64::MIN, i64::MIN), i64::MIN));
        let shelves = time_line::after(connection, from, SHELVES)?;
        let full = i64::try_from(shelves.len()).is_ok_and(|read| read == SHELVES);
        let last = shelves.last().filter(|_| full);
        self.shelf = Some(last.map_or(END_OF_TIME_LINE, |(at, shelf, _)| (*at, *shelf)));
        for report in shelves.iter().flat_map(|(_, _, reports)| reports) {
            self.events.remove(&report.place.event);
        }
        Ok(())
    }

    fn look_into_days(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let from = self.day.unwrap_or((i64::MIN, i64::MIN));
        let read = || -> rusqlite::Result<Vec<(i64, i64, Vec<u8>)>> {
            connection
                .prepare_cached(
                    "SELECT day, cluster, sums FROM cluster_day WHERE (day, cluster) > (?, ?)
                     ORDER BY day, cluster LIMIT ?",
                )?
                .query_map((from.0, from.1, DAYS), |row| row.try_into())?
                .collect()
        };
        let rows = read().doing(DOING)?;
        let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == DAYS);
        let last = rows.last().filter(|_| full);
        self.day = Some(last.map_or(END_OF_DAYS, |(day, cluster, _)| (*day, *cluster)));
        for (_, _, sums) in rows {
            let sums = Sums::decode(&sums).map_err(|error| StoreError::damaged(DOING, error))?;
            for (at, _) in sums.iter() {
                self.editions.remove(&at.edition.cast_signed());
                if let Some(name) = at.name() {
                    self.terms.remove(&name.cast_signed());
                }
            }
        }
        Ok(())
    }
}

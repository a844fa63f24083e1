//! The time line's table: a row for each [`shelf`] of a cluster's hour. By hour first, so that what arrives together lies together
//! and what grows old together is dropped together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::quality::RandomState;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::error::{Doing as _, StoreError};
use super::shelf::{self, Place, Reported};

const DOING_READ: &str = "read the time line";
const DOING_WRITE: &str = "write the time line";
/// Shelves that are remembered within a commit.
const MAX_REMEMBERED: usize = 4096;

/// An hour, the number of a cluster.
pub(super) type ClusterHour = (i64, i64);

/// A slot by the numbers of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Numbers {
    pub(super) at: ClusterHour,
    pub(super) place: Place,
}

/// What a commit has read of the time line, and what it writes: each shelf once.
#[derive(Debug, Default)]
pub(super) struct Pending {
    shelves: HashMap<(ClusterHour, i64), Shelf, RandomState>,
    any_changed: bool,
}

#[derive(Debug)]
struct Shelf {
    reports: Vec<Reported>,
    changed: bool,
}

impl Pending {
    /// The reports of a slot.
    pub(super) fn slot(
        &mut self,
        connection: &Connection,
        slot: Numbers,
    ) -> Result<impl Iterator<Item = &Reported>, StoreError> {
        let shelf = self.shelf(connection, slot)?;
        Ok(shelf
            .reports
            .iter()
            .filter(move |report| report.place == slot.place))
    }

    /// Adds a report. It is written by [`Pending::write`].
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        at: ClusterHour,
        report: Reported,
    ) -> Result<(), StoreError> {
        let place = report.place;
        self.any_changed = true;
        let shelf = self.shelf(connection, Numbers { at, place })?;
        shelf.reports.push(report);
        shelf.changed = true;
        Ok(())
    }

    /// Writes what was added.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.any_changed = false;
        let mut changed: Vec<_> = self.shelves.drain().filter(|(_, shelf)| shelf.changed).collect();
        // In the order in which they lie.
        changed.sort_unstable_by_key(|(at, _)| *at);
        let shelves = changed
            .iter_mut()
            .map(|((at, number), shelf)| (*at, *number, shelf.reports.as_mut_slice()));
        write(connection, shelves)
    }

    fn shelf(&mut self, connection: &Connection, slot: Numbers) -> Result<&mut Shelf, StoreError> {
        if self.shelves.len() >= MAX_REMEMBERED && !self.any_changed {
            self.shelves.clear();
        }
        let number = slot.place.shelf();
        Ok(match self.shelves.entry((slot.at, number)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Shelf {
                reports: read(connection, slot.at, number)?,
                changed: false,
            }),
        })
    }
}

/// All reports of a cluster's hour.
pub(super) fn of_hour(
    connection: &Connection,
    (hour, cluster): ClusterHour,
) -> Result<Vec<Reported>, StoreError> {
    rows(
        connection,
        "SELECT hour, cluster, shelf, reports FROM time_line WHERE hour = ? AND cluster = ?",
        (hour, cluster),
    )
    .map(|rows| rows.into_iter().flat_map(|(_, _, reports)| reports).collect())
}

/// The reports of a slot.
pub(super) fn of_slot(connection: &Connection, slot: Numbers) -> Result<Vec<Reported>, StoreError> {
    let mut reports = read(connection, slot.at, slot.place.shelf())?;
    reports.retain(|report| report.place == slot.place);
    Ok(reports)
}

/// Changes the reports of a slot: `change` is called with each, and says whether it stays.
pub(super) fn change(
    connection: &Connection,
    slot: Numbers,
    mut change: impl FnMut(&mut Reported) -> bool,
) -> Result<(), StoreError> {
    let shelf = slot.place.shelf();
    let mut reports = read(connection, slot.at, shelf)?;
    reports.retain_mut(|report| report.place != slot.place || change(report));
    write(connection, [(slot.at, shelf, reports.as_mut_slice())])
}

/// The first hour after another in which anybody has reported.
pub(super) fn hour_after(connection: &Connection, hour: i64) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT min(hour) FROM time_line WHERE hour > ?")
        .and_then(|mut statement| statement.query_row([hour], |row| row.get(0)))
        .doing(DOING_READ)
}

/// A cluster's hour, the number of a shelf, what is on it.
pub(super) type Full = (ClusterHour, i64, Vec<Reported>);

/// Some shelves behind one.
pub(super) fn after(
    connection: &Connection,
    ((hour, cluster), shelf): (ClusterHour, i64),
    most: i64,
) -> Result<Vec<Full>, StoreError> {
    rows(
        connection,
        "SELECT hour, cluster, shelf, reports FROM time_line WHERE (hour, cluster, shelf) > (?, ?, ?)
         ORDER BY hour, cluster, shelf LIMIT ?",
        (hour, cluster, shelf, most),
    )
}

fn rows(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<Full>, StoreError> {
    let decoded = |row: &Row<'_>| -> rusqlite::Result<Result<Full, StoreError>> {
        let (at, shelf) = ((row.get(0)?, row.get(1)?), row.get(2)?);
        let reports = decode(shelf, row.get_ref(3)?.as_blob()?);
        Ok(reports.map(|reports| (at, shelf, reports)))
    };
    let read = || -> rusqlite::Result<Result<Vec<Full>, StoreError>> {
        connection
            .prepare_cached(sql)?
            .query_map(values, decoded)?
            .collect()
    };
    read().doing(DOING_READ)?
}

fn read(
    connection: &Connection,
    (hour, cluster): ClusterHour,
    shelf: i64,
) -> Result<Vec<Reported>, StoreError> {
    let found = connection
        .prepare_cached("SELECT reports FROM time_line WHERE hour = ? AND cluster = ? AND shelf = ?")
        .and_then(|mut statement| {
            statement
                .query_row((hour, cluster, shelf), |row| {
                    Ok(decode(shelf, row.get_ref(0)?.as_blob()?))
                })
                .optional()
        })
        .doing(DOING_READ)?;
    found.unwrap_or_else(|| Ok(Vec::new()))
}

fn decode(shelf: i64, bytes: &[u8]) -> Result<Vec<Reported>, StoreError> {
    shelf::decode(shelf, bytes).map_err(|error| StoreError::damaged(DOING_READ, error))
}

/// Writes shelves as they are to be; one with nothing on it goes.
fn write<'a>(
    connection: &Connection,
    shelves: impl IntoIterator<Item = (ClusterHour, i64, &'a mut [Reported])>,
) -> Result<(), StoreError> {
    let write = || -> rusqlite::Result<()> {
        let mut delete = connection
            .prepare_cached("DELETE FROM time_line WHERE hour = ? AND cluster = ? AND shelf = ?")?;
        let mut write = connection.prepare_cached(
            "INSERT INTO time_line (hour, cluster, shelf, reports) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET reports = excluded.reports",
        )?;
        for ((hour, cluster), shelf, reports) in shelves {
            if reports.is_empty() {
                delete.execute((hour, cluster, shelf))?;
            } else {
                write.execute((hour, cluster, shelf, shelf::encode(reports)))?;
            }
        }
        Ok(())
    };
    write().doing(DOING_WRITE)
}

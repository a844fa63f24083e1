//! Sweeping up the names that nothing uses since what did was dropped by age: once a day, where something was dropped, a few
//! milliseconds at a time.
//!
//! A cluster, and who has spoken for it, is kept as long as there may be messages of it: otherwise it could not have them deleted.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use super::unused::{Names, Search};
use super::{Store, connection};
use crate::clock::Stopwatch;
use crate::delta::Day;

/// Time after which a slice begins nothing new.
const SLICE: Duration = Duration::from_millis(4);
/// Names of each kind that are looked for at once: what is in memory.
const AT_ONCE: usize = 50_000;
const DOING: &str = "look for names that nothing uses";

/// A sweep that is under way.
pub(super) struct Sweep {
    search: Search,
    /// The last names of those that are looked for.
    at: Places,
    /// Whether there are others behind them.
    more: bool,
    /// How often something was dropped by when it began.
    dropped: i64,
}

/// Numbers of names: of a cluster, an event, a term and an edition.
#[derive(Debug, Clone, Copy, Default)]
struct Places([i64; 4]);

impl Store {
    /// Removes some of the names that nothing uses any more; says whether there is more to do. Takes a few milliseconds.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub fn sweep_names(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        if self.run.is_some() {
            return Ok(false);
        }
        let today = Day::of(now);
        let mut sweep = match self.sweep.take() {
            Some(sweep) => sweep,
            None => match due(&self.connection, today)? {
                Some(dropped) => self.next(Places::default(), dropped)?,
                None => return Ok(false),
            },
        };
        let time = Stopwatch::start();
        while time.elapsed() < SLICE {
            if sweep.search.step(&self.connection)? {
                connection::erase_thoroughly(&self.connection, true)?;
                let ended = self.end(sweep, today);
                connection::erase_thoroughly(&self.connection, false)?;
                self.forget_names();
                self.sweep = ended?;
                return Ok(self.sweep.is_some());
            }
        }
        self.sweep = Some(sweep);
        Ok(true)
    }

    /// Begins with the names behind some places.
    fn next(&mut self, after: Places, dropped: i64) -> Result<Sweep, StoreError> {
        let (names, at, more) = candidates(&self.connection, after).doing(DOING)?;
        Ok(Sweep {
            search: Search::begin(names, &mut self.names, &mut self.terms),
            at,
            more,
            dropped,
        })
    }

    /// Removes what was found; returns what follows.
    fn end(&mut self, sweep: Sweep, today: Day) -> Result<Option<Sweep>, StoreError> {
        let Sweep {
            search,
            at,
            more,
            dropped,
        } = sweep;
        let mut commit = self.begin()?;
        search.end(&mut commit)?;
        if !more {
            let note = |sql: &str, value: i64| -> rusqlite::Result<usize> {
                commit.transaction.prepare_cached(sql)?.execute([value])
            };
            // What was dropped meanwhile is for the next one.
            note(
                "UPDATE gauge SET value = value - ? WHERE name = 'unswept'",
                dropped,
            )
            .doing(DOING)?;
            note("UPDATE gauge SET value = ? WHERE name = 'swept'", today.0).doing(DOING)?;
        }
        commit.finish()?;
        if more {
            self.next(at, dropped).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// To be called where something was dropped that may have been the last to use a name.
pub(super) fn announce(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE gauge SET value = value + 1 WHERE name = 'unswept'")?
        .execute(())
        .map(|_| ())
}

/// Whether it is time to sweep: how often something was dropped since the last time.
fn due(connection: &Connection, today: Day) -> Result<Option<i64>, StoreError> {
    let gauge = |name: &str| -> rusqlite::Result<i64> {
        connection
            .prepare_cached("SELECT value FROM gauge WHERE name = ?")?
            .query_row([name], |row| row.get(0))
    };
    let read = || -> rusqlite::Result<Option<i64>> {
        let dropped = gauge("unswept")?;
        Ok((dropped > 0 && gauge("swept")? != today.0).then_some(dropped))
    };
    read().doing(DOING)
}

/// The names behind some places, the places of the last of them, and whether there are more.
fn candidates(connection: &Connection, after: Places) -> rusqlite::Result<(Names, Places, bool)> {
    // A cluster that was silent since before the oldest message that is kept, and a day of mistrust of clocks.
    const CLUSTERS: &str = "SELECT id FROM cluster WHERE id > ? AND spoke < (
        SELECT coalesce((SELECT received / 86400000 FROM batch ORDER BY id LIMIT 1) - 1, 9223372036854775807)) ORDER BY id LIMIT ?";
    let sqls = [
        CLUSTERS,
        "SELECT id FROM event WHERE id > ? ORDER BY id LIMIT ?",
        "SELECT id FROM term WHERE id > ? ORDER BY id LIMIT ?",
        "SELECT id FROM edition WHERE id > ? ORDER BY id LIMIT ?",
    ];
    let (mut at, mut more) = (after, false);
    let mut read = |kind: usize| -> rusqlite::Result<HashSet<i64>> {
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let numbers: HashSet<i64> = connection
            .prepare_cached(sqls[kind])?
            .query_map((after.0[kind], most), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        at.0[kind] = numbers.iter().copied().max().unwrap_or(after.0[kind]);
        more |= numbers.len() == AT_ONCE;
        Ok(numbers)
    };
    let names = Names {
        clusters: read(0)?,
        events: read(1)?,
        terms: read(2)?,
        editions: read(3)?,
    };
    Ok((names, at, more))
}

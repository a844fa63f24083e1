//! Sheets of days: kept where the rows of a day have come to rest, made of the rows where they have not.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::drift;
use super::error::{Doing as _, StoreError};
use super::keep::Ready;
use super::memory::Memory;
use super::outcome::{self, Counted};
use crate::delta::{self, Day, Facet, Sums};
use crate::drift::Drift;
use crate::question::Patience;
use crate::sheet::{Column, Presence, Roster, Sheet, Transposer, Wanted, decode_holders, decode_present};

const READ: &str = "read the sheet of a day";

/// What an edition is called: version, provider and variant, as messages state them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EditionName {
    /// `environmentVersion`
    pub version: String,
    /// `provider`
    pub provider: String,
    /// `variant`
    pub variant: String,
}

/// The sums as they were at one moment, whatever is written meanwhile.
pub struct Snapshot<'a> {
    transaction: Transaction<'a>,
    patience: Patience,
    memory: Option<Memory>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn begin(connection: &'a Connection) -> Result<Snapshot<'a>, StoreError> {
        let transaction =
            Transaction::new_unchecked(connection, TransactionBehavior::Deferred).doing("begin to read")?;
        Ok(Snapshot {
            transaction,
            patience: Patience::default(),
            memory: None,
        })
    }

    /// What it reads by.
    pub(super) fn connection(&self) -> &Connection {
        &self.transaction
    }

    /// To be read for so long: reading a day fails when that is over.
    #[must_use]
    pub fn within(self, patience: Patience) -> Snapshot<'a> {
        Snapshot { patience, ..self }
    }

    /// To be asked several questions: what one of them has read of a day, the next need not read again.
    #[must_use]
    pub fn remembering(self) -> Snapshot<'a> {
        Snapshot {
            memory: Some(Memory::default()),
            ..self
        }
    }

    /// Fails where the reader's time is over.
    pub(crate) fn wait_on(&self) -> Result<(), StoreError> {
        if self.patience.is_lost() {
            return Err(StoreError::too_long(READ));
        }
        Ok(())
    }

    /// The days of which anything is known, from the first to the last, both included; sorted.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn days(&self, from: Day, to: Day) -> Result<Vec<Day>, StoreError> {
        self.transaction
            .prepare_cached("SELECT day FROM day_change WHERE day BETWEEN ? AND ? ORDER BY day")
            .and_then(|mut statement| {
                statement
                    .query_map((from.0, to.0), |row| row.get(0).map(Day))?
                    .collect()
            })
            .doing(READ)
    }

    /// The sheet of a day, with the columns that are wanted.
    ///
    /// # Errors
    /// When the database can't be read, or is damaged.
    pub fn sheet(&self, day: Day, wanted: &Wanted) -> Result<Sheet, StoreError> {
        self.wait_on()?;
        let Some(roster) = self.roster(day)? else {
            return self.made(day, wanted);
        };
        let mut columns = Vec::new();
        for facet in wanted.facets() {
            self.columns(day, *facet, wanted.keys(), roster.0.len(), &mut columns)?;
        }
        let mut holders = Vec::new();
        if wanted.holders() {
            let kept = self.kept("holders", day)?.unwrap_or_default();
            holders = decode_holders(&kept).map_err(|error| StoreError::damaged(READ, error))?;
        }
        Ok(Sheet {
            day,
            roster,
            columns,
            holders,
        })
    }

    /// Who was heard of on a day; `None` where no sheet is kept as the rows are now.
    fn roster(&self, day: Day) -> Result<Option<Arc<Roster>>, StoreError> {
        if let Some(known) = self.memory.as_ref().and_then(|memory| memory.roster(day)) {
            return Ok(Some(known));
        }
        if self
            .memory
            .as_ref()
            .is_some_and(|memory| memory.sheet(day).is_some())
        {
            return Ok(None);
        }
        let Some(lines) = self.kept("lines", day)? else {
            return Ok(None);
        };
        let roster = Roster::decode(&lines).map_err(|error| StoreError::damaged(READ, error))?;
        let roster = Arc::new(roster);
        if let Some(memory) = &self.memory {
            memory.keep_roster(day, &roster);
        }
        Ok(Some(roster))
    }

    /// The sheet of a day of which none is kept.
    fn made(&self, day: Day, wanted: &Wanted) -> Result<Sheet, StoreError> {
        let Some(memory) = &self.memory else {
            return Ok(self.transpose(day)?.sheet(wanted));
        };
        let whole = match memory.sheet(day) {
            Some(known) => known,
            None => {
                let made = Arc::new(self.transpose(day)?.sheet(&Wanted::all()));
                memory.keep_sheet(&made);
                made
            }
        };
        Ok(whole.part(wanted))
    }

    /// The same of some clusters alone, made of their rows: no others are looked at.
    ///
    /// # Errors
    /// When the database can't be read, or is damaged.
    pub fn sheet_of(
        &self,
        day: Day,
        clusters: impl IntoIterator<Item = i64>,
        wanted: &Wanted,
    ) -> Result<Sheet, StoreError> {
        self.wait_on()?;
        let mut transposer = self.transposer(day)?;
        let mut statement = self
            .transaction
            .prepare_cached("SELECT sums FROM cluster_day WHERE day = ? AND cluster = ?")
            .doing(READ)?;
        for cluster in clusters {
            let mut rows = statement.query((day.0, cluster)).doing(READ)?;
            if let Some(row) = rows.next().doing(READ)? {
                let sums = row.get_ref(0).doing(READ)?.as_blob().unwrap_or_default();
                transposer
                    .take(cluster, sums)
                    .map_err(|error| StoreError::damaged(READ, error))?;
            }
        }
        Ok(transposer.sheet(wanted))
    }

    /// The clusters of which a report counts on a day, sorted.
    ///
    /// # Errors
    /// When the database can't be read, or is damaged.
    pub fn reporting(&self, day: Day) -> Result<Vec<Presence>, StoreError> {
        self.wait_on()?;
        match self.kept("reporting", day)? {
            Some(present) => decode_present(&present).map_err(|error| StoreError::damaged(READ, error)),
            None => Ok(self.made(day, &Wanted::default())?.roster.reporting()),
        }
    }

    /// All editions, by number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn editions(&self) -> Result<HashMap<u64, EditionName>, StoreError> {
        self.transaction
            .prepare_cached("SELECT id, version, provider, variant FROM edition")
            .and_then(|mut statement| {
                let editions = statement.query_map((), |row| {
                    let name = EditionName {
                        version: row.get(1)?,
                        provider: row.get(2)?,
                        variant: row.get(3)?,
                    };
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), name))
                })?;
                editions.collect()
            })
            .doing("read the editions")
    }

    /// The number of a cluster, where it is known.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cluster(&self, id: &str) -> Result<Option<i64>, StoreError> {
        self.transaction
            .prepare_cached("SELECT id FROM cluster WHERE name = ?")
            .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
            .doing("look up a cluster")
    }

    /// The id of a cluster, where there is one of this number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cluster_name(&self, number: i64) -> Result<Option<String>, StoreError> {
        self.transaction
            .prepare_cached("SELECT name FROM cluster WHERE id = ?")
            .and_then(|mut statement| statement.query_row([number], |row| row.get(0)).optional())
            .doing("look up a cluster")
    }

    /// The ids of all clusters, each told with its number.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn each_cluster(&self, mut tell: impl FnMut(i64, &str)) -> Result<(), StoreError> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.transaction.prepare_cached("SELECT id, name FROM cluster")?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                tell(row.get(0)?, row.get_ref(1)?.as_str()?);
            }
            Ok(())
        };
        read().doing("read the clusters")
    }

    /// What the messages of a cluster that count on a day add up to, where there are any.
    ///
    /// # Errors
    /// When the database can't be read, or is damaged.
    pub fn sums(&self, day: Day, cluster: i64) -> Result<Option<Sums>, StoreError> {
        const DOING: &str = "read the sums of a day";
        let sums: Option<Vec<u8>> = self
            .transaction
            .prepare_cached("SELECT sums FROM cluster_day WHERE day = ? AND cluster = ?")
            .and_then(|mut statement| statement.query_row((day.0, cluster), |row| row.get(0)).optional())
            .doing(DOING)?;
        let sums = sums.map(|sums| Sums::decode(&sums)).transpose();
        sums.map_err(|error| StoreError::damaged(DOING, error))
    }

    /// What is flagged of a cluster, by day.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn flags(&self, cluster: i64) -> Result<Vec<(Day, String)>, StoreError> {
        self.transaction
            .prepare_cached("SELECT day, flag FROM cluster_flag WHERE cluster = ? ORDER BY day, flag")
            .and_then(|mut statement| {
                statement
                    .query_map([cluster], |row| Ok((Day(row.get(0)?), row.get(1)?)))?
                    .collect()
            })
            .doing("read what is flagged")
    }

    /// The clusters that are flagged as something, on any day from the first to the last.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn flagged(&self, flag: &str, from: Day, to: Day) -> Result<Vec<i64>, StoreError> {
        self.transaction
            .prepare_cached(
                "SELECT DISTINCT cluster FROM cluster_flag WHERE day BETWEEN ? AND ? AND flag = ?",
            )
            .and_then(|mut statement| {
                statement
                    .query_map((from.0, to.0, flag), |row| row.get(0))?
                    .collect()
            })
            .doing("read what is flagged")
    }

    /// How many messages had which outcome, and how many differ in which way from the plan, by day of receipt.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn outcomes(&self, from: Day, to: Day) -> Result<Vec<Counted>, StoreError> {
        outcome::by_day(&self.transaction, from, to)
    }

    /// How many requests came from clocks that are how far off, by day of receipt.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn drifts(&self, from: Day, to: Day) -> Result<Vec<(Day, Drift, u64)>, StoreError> {
        drift::by_day(&self.transaction, from, to)
    }

    /// The number of a name, where it is used.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn number(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let number: Option<i64> = self
            .transaction
            .prepare_cached("SELECT id FROM term WHERE text = ?")
            .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
            .doing("look up a name")?;
        Ok(number.map(i64::cast_unsigned))
    }

    /// The name of a number; empty where there is none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn name(&self, number: u64) -> Result<String, StoreError> {
        let name: Option<String> = self
            .transaction
            .prepare_cached("SELECT text FROM term WHERE id = ?")
            .and_then(|mut statement| {
                statement
                    .query_row([number.cast_signed()], |row| row.get(0))
                    .optional()
            })
            .doing("look up a name")?;
        Ok(name.unwrap_or_default())
    }

    /// The days before another of which no sheet is kept as they are now, with how often they have changed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn stale(&self, before: Day) -> Result<Vec<(Day, i64)>, StoreError> {
        self.transaction
            .prepare_cached(
                "SELECT day, day_change.change FROM day_change LEFT JOIN sheet USING (day)
                 WHERE day < ? AND day_change.change IS NOT sheet.change ORDER BY day",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([before.0], |row| Ok((Day(row.get(0)?), row.get(1)?)))?
                    .collect()
            })
            .doing(READ)
    }

    /// Makes the sheet of a day, to be kept.
    ///
    /// # Errors
    /// When the database can't be read, or is damaged.
    pub fn make(&self, day: Day, change: i64) -> Result<Ready, StoreError> {
        let sheet = self.transpose(day)?.sheet(&Wanted::all());
        Ok(Ready::of(&sheet, change))
    }

    /// A column of a sheet that is kept as the rows are now.
    fn kept(&self, what: &str, day: Day) -> Result<Option<Vec<u8>>, StoreError> {
        self.transaction
            .prepare_cached(&format!(
                "SELECT {what} FROM sheet JOIN day_change USING (day, change) WHERE day = ?"
            ))
            .and_then(|mut statement| statement.query_row([day.0], |row| row.get(0)).optional())
            .doing(READ)
    }

    fn columns(
        &self,
        day: Day,
        facet: Facet,
        keys: Option<&[u64]>,
        lines: usize,
        columns: &mut Vec<Column>,
    ) -> Result<(), StoreError> {
        let mut read = |key: u64, cells: &[u8]| match Column::decode(facet, key, lines, cells) {
            Ok(column) => {
                columns.push(column);
                Ok(())
            }
            Err(error) => Err(StoreError::damaged(READ, error)),
        };
        let Some(keys) = keys else {
            let mut statement = self
                .transaction
                .prepare_cached(
                    "SELECT key, cells FROM sheet_column WHERE day = ? AND facet = ? ORDER BY key",
                )
                .doing(READ)?;
            let mut rows = statement.query((day.0, facet.number())).doing(READ)?;
            while let Some(row) = rows.next().doing(READ)? {
                let key: i64 = row.get(0).doing(READ)?;
                let cells = row.get_ref(1).doing(READ)?.as_blob().unwrap_or_default();
                read(key.cast_unsigned(), cells)?;
            }
            return Ok(());
        };
        let mut statement = self
            .transaction
            .prepare_cached("SELECT cells FROM sheet_column WHERE day = ? AND facet = ? AND key = ?")
            .doing(READ)?;
        for key in keys {
            let mut rows = statement
                .query((day.0, facet.number(), key.cast_signed()))
                .doing(READ)?;
            if let Some(row) = rows.next().doing(READ)? {
                read(*key, row.get_ref(0).doing(READ)?.as_blob().unwrap_or_default())?;
            }
        }
        Ok(())
    }

    fn transposer(&self, day: Day) -> Result<Transposer, StoreError> {
        let mut reports = Vec::new();
        for event in delta::reports() {
            reports.extend(self.number(event)?);
        }
        Ok(Transposer::new(day, reports))
    }

    fn transpose(&self, day: Day) -> Result<Transposer, StoreError> {
        let mut transposer = self.transposer(day)?;
        let mut statement = self
            .transaction
            .prepare_cached("SELECT cluster, sums FROM cluster_day WHERE day = ?")
            .doing(READ)?;
        let mut rows = statement.query([day.0]).doing(READ)?;
        while let Some(row) = rows.next().doing(READ)? {
            self.wait_on()?;
            let sums = row.get_ref(1).doing(READ)?.as_blob().unwrap_or_default();
            transposer
                .take(row.get(0).doing(READ)?, sums)
                .map_err(|error| StoreError::damaged(READ, error))?;
        }
        Ok(transposer)
    }
}

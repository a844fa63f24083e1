//! What each cluster's messages add up to, by the day on which they count.
//!
//! Names are interned: a row holds numbers. A commit reads each row that it changes once and writes it once.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::error::{Doing as _, StoreError};
use super::interned::Interned;
use super::sheet;
use crate::delta::{Amounts, ClusterDay, Coordinate, Day, Delta, Edition, Share, Sums};

/// Most coordinates of a row. Beyond that it takes nothing more: a sender chooses the names, and a row is read and written whole.
const MAX_COORDINATES: usize = 20_000;
/// Parts that wait to be added to a row until they are.
const MAX_PENDING: usize = 4096;
/// The cluster of messages that have none.
pub(super) const NO_CLUSTER: i64 = 0;

/// Numbers of names and editions, as far as they are remembered. Forgotten when a transaction fails, since it may have given out
/// the numbers.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) names: Interned,
    pub(super) editions: Interned,
}

/// The rows that a commit changes.
#[derive(Debug, Default)]
pub(super) struct Days(HashMap<ClusterDay, Row>);

#[derive(Debug, Default)]
struct Row {
    sums: Sums,
    pending: Vec<(Coordinate, Amounts)>,
    /// Whether anything is taken away.
    lessened: bool,
}

/// Whether something is added or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Add,
    TakeAway,
}

impl Terms {
    pub(super) fn forget(&mut self) {
        self.names.forget();
        self.editions.forget();
    }

    fn name(&mut self, connection: &Connection, name: &str) -> Result<u64, StoreError> {
        if let Some(number) = self.names.get(name) {
            return Ok(number.cast_unsigned());
        }
        let find = "SELECT id FROM term WHERE text = ?";
        let make = "INSERT INTO term (text) VALUES (?)";
        let number = intern(connection, find, make, [name])?;
        self.names.remember(name.to_owned(), number);
        Ok(number.cast_unsigned())
    }

    fn edition(&mut self, connection: &Connection, edition: Edition<'_>) -> Result<u64, StoreError> {
        let Edition {
            version,
            provider,
            variant,
        } = edition;
        // Lengths in front, so that two editions never look alike.
        let joined = format!(
            "{} {} {version}{provider}{variant}",
            version.len(),
            provider.len()
        );
        if let Some(number) = self.editions.get(&joined) {
            return Ok(number.cast_unsigned());
        }
        let find = "SELECT id FROM edition WHERE version = ? AND provider = ? AND variant = ?";
        let make = "INSERT INTO edition (version, provider, variant) VALUES (?, ?, ?)";
        let number = intern(connection, find, make, [version, provider, variant])?;
        self.editions.remember(joined, number);
        Ok(number.cast_unsigned())
    }

    pub(super) fn numbered(
        &mut self,
        connection: &Connection,
        delta: &Delta,
    ) -> Result<Vec<(Coordinate, Amounts)>, StoreError> {
        let edition = self.edition(connection, delta.edition())?;
        delta.numbered(edition, |name| self.name(connection, name))
    }
}

impl Days {
    /// Whether a day takes something more; `cluster` is the number of its cluster, if that is known.
    pub(super) fn takes_more(
        &mut self,
        connection: &Connection,
        to: &ClusterDay,
        cluster: Option<i64>,
    ) -> Result<bool, StoreError> {
        let row = self.row(connection, to, cluster)?;
        Ok(row.sums.len() < MAX_COORDINATES)
    }

    /// Adds a share to its day, or takes it away.
    pub(super) fn apply(
        &mut self,
        connection: &Connection,
        terms: &mut Terms,
        share: &Share,
        cluster: Option<i64>,
        way: Way,
    ) -> Result<(), StoreError> {
        let parts = terms.numbered(connection, &share.delta)?;
        let row = self.row(connection, &share.to, cluster)?;
        row.lessened |= way == Way::TakeAway;
        row.pending
            .extend(parts.into_iter().map(|(at, amounts)| match way {
                Way::Add => (at, amounts),
                Way::TakeAway => (at, amounts.negated()),
            }));
        if row.pending.len() >= MAX_PENDING {
            row.settle();
        }
        Ok(())
    }

    /// Writes the rows; `number` gives the number of a cluster.
    pub(super) fn write(
        self,
        connection: &Connection,
        mut number: impl FnMut(&ClusterDay) -> Result<Option<i64>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut changed: BTreeMap<Day, bool> = BTreeMap::new();
        for (to, mut row) in self.0 {
            if row.pending.is_empty() {
                continue;
            }
            row.settle();
            let Some(cluster) = number(&to)? else { continue };
            if row.sums.is_empty() {
                connection
                    .prepare_cached("DELETE FROM cluster_day WHERE day = ? AND cluster = ?")
                    .and_then(|mut statement| statement.execute((to.day.0, cluster)))
            } else {
                connection
                    .prepare_cached(
                        "INSERT INTO cluster_day (day, cluster, sums) VALUES (?, ?, ?)
                         ON CONFLICT DO UPDATE SET sums = excluded.sums",
                    )
                    .and_then(|mut statement| statement.execute((to.day.0, cluster, row.sums.encode())))
            }
            .doing("write the sums of a day")?;
            *changed.entry(to.day).or_default() |= row.lessened;
        }
        for (day, lessened) in changed {
            sheet::changed(connection, day, lessened)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        connection: &Connection,
        to: &ClusterDay,
        cluster: Option<i64>,
    ) -> Result<&mut Row, StoreError> {
        if !self.0.contains_key(to) {
            let sums = match cluster {
                Some(cluster) => read(connection, to, cluster)?,
                None => Sums::default(),
            };
            let row = Row {
                sums,
                ..Row::default()
            };
            self.0.insert(to.clone(), row);
        }
        Ok(self.0.entry(to.clone()).or_default())
    }
}

impl Row {
    fn settle(&mut self) {
        let pending = Sums::of(std::mem::take(&mut self.pending));
        self.sums = self.sums.plus(&pending);
    }
}

fn read(connection: &Connection, to: &ClusterDay, cluster: i64) -> Result<Sums, StoreError> {
    const DOING: &str = "read the sums of a day";
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sums FROM cluster_day WHERE day = ? AND cluster = ?")
        .and_then(|mut statement| {
            statement
                .query_row((to.day.0, cluster), |row| row.get(0))
                .optional()
        })
        .doing(DOING)?;
    match bytes {
        Some(bytes) => Sums::decode(&bytes).map_err(|error| StoreError::damaged(DOING, error)),
        None => Ok(Sums::default()),
    }
}

fn intern<const N: usize>(
    connection: &Connection,
    find: &str,
    make: &str,
    text: [&str; N],
) -> Result<i64, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached(find)
        .and_then(|mut statement| {
            statement
                .query_row(params_from_iter(text), |row| row.get(0))
                .optional()
        })
        .doing("look up a name")?;
    let number = match found {
        Some(number) => number,
        None => connection
            .prepare_cached(make)
            .and_then(|mut statement| statement.insert(params_from_iter(text)))
            .doing("give a name a number")?,
    };
    Ok(number)
}

//! What each cluster's messages add up to, by the day on which they count.
//!
//! Names are interned: a row holds numbers. A commit reads each row that it changes once and writes it once, unless it changes so
//! many that they are written in between.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use foldhash::quality::RandomState;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::error::{Doing as _, StoreError};
use super::interned::Interned;
use super::keep;
use super::recent::Recent;
use crate::delta::{Amounts, Coordinate, Day, Delta, Edition, Sums};

/// Coordinates of a row from which on it takes nothing that would add another one: a sender chooses the names, and a row is read
/// and written whole. What comes then is to be folded.
const MAX_COORDINATES: usize = 20_000;
/// Parts that wait to be added to a row until they are.
const MAX_PENDING: usize = 4096;
/// Coordinates that a commit holds in memory, of all its rows together, until it writes them: some 10 MB.
const MAX_HELD: usize = 200_000;
/// The cluster of messages that have none.
pub(super) const NO_CLUSTER: i64 = 0;

/// Numbers of names and editions, as far as they are remembered. Forgotten when a transaction fails, since it may have given out
/// the numbers.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) names: Interned,
    pub(super) editions: Interned,
    /// Memory for the text that an edition is remembered by.
    joined: String,
    recent: Recent,
}

/// A row: a day, and the number of a cluster.
pub(super) type Place = (Day, i64);

/// The rows that a commit changes.
#[derive(Debug, Default)]
pub(super) struct Days {
    rows: HashMap<Place, Row, RandomState>,
    /// Coordinates of all of them, and parts that wait.
    held: usize,
}

#[derive(Debug, Default)]
struct Row {
    sums: Sums,
    pending: Vec<(Coordinate, Amounts)>,
    /// Whether it is another one than what is written.
    changed: bool,
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
        self.recent.forget();
    }

    /// The number of a name, if it has one; it is given one where `give` says so.
    fn name(&mut self, connection: &Connection, name: &str, give: bool) -> Result<Option<u64>, StoreError> {
        if let Some(number) = self.names.get(name) {
            return Ok(Some(number.cast_unsigned()));
        }
        let find = "SELECT id FROM term WHERE text = ?";
        let make = give.then_some("INSERT INTO term (text) VALUES (?)");
        let Some(number) = intern(connection, find, make, [name])? else {
            return Ok(None);
        };
        self.names.remember(name.to_owned(), number);
        Ok(Some(number.cast_unsigned()))
    }

    fn edition(
        &mut self,
        connection: &Connection,
        edition: Edition<'_>,
        give: bool,
    ) -> Result<Option<u64>, StoreError> {
        let Edition {
            version,
            provider,
            variant,
        } = edition;
        // Lengths in front, so that two editions never look alike.
        self.joined.clear();
        for name in [version, provider] {
            // No name is so long that its length is no character.
            let length = u32::try_from(name.len()).ok().and_then(char::from_u32);
            self.joined.push(length.unwrap_or_default());
        }
        for name in [version, provider, variant] {
            self.joined.push_str(name);
        }
        if let Some(number) = self.editions.get(&self.joined) {
            return Ok(Some(number.cast_unsigned()));
        }
        let find = "SELECT id FROM edition WHERE version = ? AND provider = ? AND variant = ?";
        let make = give.then_some("INSERT INTO edition (version, provider, variant) VALUES (?, ?, ?)");
        let Some(number) = intern(connection, find, make, [version, provider, variant])? else {
            return Ok(None);
        };
        self.editions.remember(self.joined.clone(), number);
        Ok(Some(number.cast_unsigned()))
    }

    /// A delta by numbers; names that have none are given one.
    pub(super) fn numbered(
        &mut self,
        connection: &Connection,
        delta: &Delta,
    ) -> Result<Vec<(Coordinate, Amounts)>, StoreError> {
        if let Some(known) = self.recent.get(delta) {
            let mut names = known.names.iter();
            // As many as it names.
            let next = |_: &str| Ok::<_, Infallible>(names.next().copied().unwrap_or_default());
            let Ok(numbered) = delta.numbered(known.edition, next);
            return Ok(numbered);
        }
        // A number for each: nothing is left out where numbers are given.
        let Some(edition) = self.edition(connection, delta.edition(), true)? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        let numbered = delta.numbered(edition, |name| {
            let number = self.name(connection, name, true)?.unwrap_or_default();
            names.push(number);
            Ok::<_, StoreError>(number)
        })?;
        self.recent.remember(delta, edition, names);
        Ok(numbered)
    }

    /// A delta by numbers; `None` where a name has none and is given none.
    pub(super) fn look_up(
        &mut self,
        connection: &Connection,
        delta: &Delta,
        give: bool,
    ) -> Result<Option<Vec<(Coordinate, Amounts)>>, StoreError> {
        let Some(edition) = self.edition(connection, delta.edition(), give)? else {
            return Ok(None);
        };
        let numbered = delta.numbered(edition, |name| match self.name(connection, name, give) {
            Ok(Some(number)) => Ok(number),
            Ok(None) => Err(None),
            Err(error) => Err(Some(error)),
        });
        match numbered {
            Ok(numbered) => Ok(Some(numbered)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }
}

impl Days {
    /// Whether a row takes a delta as it is: it holds few coordinates, `promised` ones counted in, or all of the delta's.
    pub(super) fn takes(
        &mut self,
        connection: &Connection,
        terms: &mut Terms,
        (place, delta): (Place, &Delta),
        promised: usize,
    ) -> Result<bool, StoreError> {
        if self.row(connection, place)?.sums.len() + promised < MAX_COORDINATES {
            return Ok(true);
        }
        let Some(parts) = terms.look_up(connection, delta, false)? else {
            return Ok(false);
        };
        let sums = &self.row(connection, place)?.sums;
        Ok(parts.iter().all(|(at, _)| !sums.at(*at).is_zero()))
    }

    /// Adds a delta to a row, or takes it away.
    pub(super) fn apply(
        &mut self,
        connection: &Connection,
        terms: &mut Terms,
        (place, delta): (Place, &Delta),
        way: Way,
    ) -> Result<(), StoreError> {
        let parts = terms.numbered(connection, delta)?;
        let row = self.row(connection, place)?;
        let before = row.held();
        row.changed = true;
        row.lessened |= way == Way::TakeAway;
        row.pending
            .extend(parts.into_iter().map(|(at, amounts)| match way {
                Way::Add => (at, amounts),
                Way::TakeAway => (at, amounts.negated()),
            }));
        if row.pending.len() >= MAX_PENDING {
            row.settle();
        }
        let after = row.held();
        self.held = self.held + after - before;
        if self.held > MAX_HELD {
            self.write(connection)?;
        }
        Ok(())
    }

    /// Writes the rows, and holds none any more.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.held = 0;
        let mut changed: BTreeMap<Day, bool> = BTreeMap::new();
        let mut rows: Vec<_> = self.rows.drain().filter(|(_, row)| row.changed).collect();
        // In the order in which they lie.
        rows.sort_unstable_by_key(|(place, _)| *place);
        for ((day, _), row) in &mut rows {
            row.settle();
            *changed.entry(*day).or_default() |= row.lessened;
        }
        put(connection, rows.iter().map(|(place, row)| (*place, &row.sums)))?;
        for (day, lessened) in changed {
            keep::changed(connection, day, lessened)?;
        }
        Ok(())
    }

    fn row(&mut self, connection: &Connection, place: Place) -> Result<&mut Row, StoreError> {
        if self.held > MAX_HELD && !self.rows.contains_key(&place) {
            self.write(connection)?;
        }
        match self.rows.entry(place) {
            Entry::Occupied(row) => Ok(row.into_mut()),
            Entry::Vacant(vacant) => {
                let sums = read(connection, place)?;
                self.held += sums.len();
                Ok(vacant.insert(Row {
                    sums,
                    ..Row::default()
                }))
            }
        }
    }
}

impl Row {
    fn held(&self) -> usize {
        self.sums.len() + self.pending.len()
    }

    fn settle(&mut self) {
        self.sums.add(std::mem::take(&mut self.pending));
    }
}

/// Writes rows as they are to be; one of nothing goes.
pub(super) fn put<'a>(
    connection: &Connection,
    rows: impl IntoIterator<Item = (Place, &'a Sums)>,
) -> Result<(), StoreError> {
    let put = || -> rusqlite::Result<()> {
        let mut delete =
            connection.prepare_cached("DELETE FROM cluster_day WHERE day = ? AND cluster = ?")?;
        let mut write = connection.prepare_cached(
            "INSERT INTO cluster_day (day, cluster, sums) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET sums = excluded.sums",
        )?;
        for ((day, cluster), sums) in rows {
            if sums.is_empty() {
                delete.execute((day.0, cluster))?;
            } else {
                write.execute((day.0, cluster, sums.encode()))?;
            }
        }
        Ok(())
    };
    put().doing("write the sums of a day")
}

/// Reads a row; of one that is not there, nothing.
pub(super) fn read(connection: &Connection, (day, cluster): Place) -> Result<Sums, StoreError> {
    const DOING: &str = "read the sums of a day";
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sums FROM cluster_day WHERE day = ? AND cluster = ?")
        .and_then(|mut statement| statement.query_row((day.0, cluster), |row| row.get(0)).optional())
        .doing(DOING)?;
    match bytes {
        Some(bytes) => Sums::decode(&bytes).map_err(|error| StoreError::damaged(DOING, error)),
        None => Ok(Sums::default()),
    }
}

fn intern<const N: usize>(
    connection: &Connection,
    find: &str,
    make: Option<&str>,
    text: [&str; N],
) -> Result<Option<i64>, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached(find)
        .and_then(|mut statement| {
            statement
                .query_row(params_from_iter(text), |row| row.get(0))
                .optional()
        })
        .doing("look up a name")?;
    let (None, Some(make)) = (found, make) else {
        return Ok(found);
    };
    connection
        .prepare_cached(make)
        .and_then(|mut statement| statement.insert(params_from_iter(text)))
        .doing("give a name a number")
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{Message, RULES, Share};
    use crate::ingest::members::Members;
    use crate::store::schema;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        connection
    }

    /// A list of so many packages, named by a letter and a number.
    fn packages(letter: char, count: usize) -> Delta {
        let named = (0..count).map(|number| format!(r#"{{"name":"{letter}{number}"}}"#));
        let json = format!(r#"{{"package_list":[{}]}}"#, named.collect::<Vec<_>>().join(","));
        let properties = Members::of(serde_json::from_str(&json).unwrap()).unwrap();
        let message = Message {
            kind: "track",
            event: Some("package_list"),
            name: None,
            user: None,
            properties: &properties,
            timestamp: jiff::Timestamp::UNIX_EPOCH,
            part: 1,
            of_cluster: true,
            rules: RULES,
            breakdown: &[],
        };
        Share::of(&message, None).delta
    }

    fn place(cluster: i64) -> Place {
        (Day(1), cluster)
    }

    fn names(connection: &Connection) -> i64 {
        let count = connection.query_row("SELECT count(*) FROM term", (), |row| row.get(0));
        count.unwrap()
    }

    #[test]
    fn what_is_added_is_written_however_much_waits() {
        let (connection, mut terms) = (database(), Terms::default());
        // The last of them is the one with which what waits is added up.
        for count in [1, MAX_PENDING - 1, MAX_PENDING, MAX_PENDING + 1, 10_000] {
            let delta = packages('a', count - 1);
            let mut days = Days::default();
            days.apply(&connection, &mut terms, (place(7), &delta), Way::Add)
                .unwrap();
            days.write(&connection).unwrap();
            assert_eq!(read(&connection, place(7)).unwrap().len(), count);
            days.apply(&connection, &mut terms, (place(7), &delta), Way::TakeAway)
                .unwrap();
            days.write(&connection).unwrap();
            let rows: i64 = connection
                .query_row("SELECT count(*) FROM cluster_day", (), |row| row.get(0))
                .unwrap();
            assert_eq!(rows, 0);
        }
    }

    #[test]
    fn a_full_row_takes_only_what_it_knows() {
        let (connection, mut terms, mut days) = (database(), Terms::default(), Days::default());
        let (known, new) = (packages('a', 2000), packages('z', 1));
        let mut takes = |days: &mut Days, delta: &Delta, promised| {
            days.takes(&connection, &mut terms, (place(7), delta), promised)
                .unwrap()
        };
        assert!(takes(&mut days, &new, 0) && !takes(&mut days, &new, MAX_COORDINATES));
        for letter in 'a'..='j' {
            let delta = packages(letter, 2000);
            let mut terms = Terms::default();
            days.apply(&connection, &mut terms, (place(7), &delta), Way::Add)
                .unwrap();
        }
        days.write(&connection).unwrap();
        let all = names(&connection);
        assert!(takes(&mut days, &known, 0) && takes(&mut days, &known, 1_000_000));
        assert!(!takes(&mut days, &new, 0));
        assert_eq!(
            names(&connection),
            all,
            "what is not taken leaves no names behind"
        );
        // Another day, or another cluster's.
        let other = |days: &mut Days, place| {
            days.takes(&connection, &mut Terms::default(), (place, &new), 0)
                .unwrap()
        };
        assert!(other(&mut days, (Day(2), 7)) && other(&mut days, place(8)));
    }

    #[test]
    fn what_is_folded_takes_little_room_and_is_taken_away_again() {
        let (connection, mut terms, mut days) = (database(), Terms::default(), Days::default());
        for letter in 'a'..='z' {
            let folded = packages(letter, 100).folded();
            days.apply(&connection, &mut terms, (place(7), &folded), Way::Add)
                .unwrap();
        }
        days.write(&connection).unwrap();
        let sums = read(&connection, place(7)).unwrap();
        let amounts: Vec<_> = sums
            .iter()
            .map(|(at, amounts)| (at.facet, amounts.0[0]))
            .collect();
        assert_eq!(
            amounts,
            [
                (crate::delta::Facet::Package, 2600),
                (crate::delta::Facet::Event, 26)
            ]
        );
        assert_eq!(names(&connection), 2, "that one, and the event");
        for letter in 'a'..='z' {
            let folded = packages(letter, 100).folded();
            days.apply(&connection, &mut terms, (place(7), &folded), Way::TakeAway)
                .unwrap();
        }
        days.write(&connection).unwrap();
        assert!(read(&connection, place(7)).unwrap().is_empty());
    }

    #[test]
    fn a_commit_holds_no_more_than_its_bound() {
        let (connection, mut terms, mut days) = (database(), Terms::default(), Days::default());
        let large = packages('a', 9_999);
        for round in 1..=2 {
            for cluster in 1..=25 {
                days.apply(&connection, &mut terms, (place(cluster), &large), Way::Add)
                    .unwrap();
                let held: usize = days.rows.values().map(Row::held).sum();
                assert!(held == days.held && held <= MAX_HELD, "{held}");
            }
            // To look is not to hold, either.
            for cluster in 1..=25 {
                days.takes(&connection, &mut terms, (place(cluster), &large), 0)
                    .unwrap();
                assert!(days.held <= MAX_HELD + 10_000);
            }
            days.write(&connection).unwrap();
            for cluster in 1..=25 {
                let sums = read(&connection, place(cluster)).unwrap();
                assert!(sums.len() == 10_000 && sums.iter().all(|(_, amounts)| amounts.0[0] == round));
            }
        }
    }
}

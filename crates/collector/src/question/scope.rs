//! What a question looks at.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};

use std::rc::Rc;

use super::clusters::Clusters;
use super::fared::FaredDay;
use super::filter::Filter;
use super::group::{Group, Groups};
use super::sitting::Sitting;
use super::tier::Standings;
use super::view::View;
use crate::delta::{Day, Facet};
use crate::sheet::{Line, Wanted};
use crate::store::{EditionName, Snapshot, StoreError};

/// Most rows of an answer: they are all made, whichever of them are shown. Senders choose how many names there are on a day.
const MOST_ROWS: usize = 500_000;
/// Clusters that are named of which a day is made of their own rows, rather than picked out of the whole fleet's.
const FEW: u64 = 16;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What it needs to be told was not.
    #[error("{0}")]
    Missing(&'static str),
    /// There is no such cluster, nor a customer or licence on these days.
    #[error("no cluster of these days has this id, customer key or licence id")]
    Nobody,
    /// It has too many rows.
    #[error("the answer has more than {MOST_ROWS} rows: ask about fewer days, or take them together")]
    TooMany,
    /// One was to be found.
    #[error("{0} clusters are found: {1}; say which, by `cluster`")]
    Several(u64, String),
}

/// The days that a question is about, as far as a filter leaves them.
pub struct Scope<'a> {
    /// The sums, as they were when it was asked.
    pub snapshot: &'a Snapshot<'a>,
    /// What it is restricted to.
    pub filter: &'a Filter,
    /// All editions.
    pub editions: HashMap<u64, EditionName>,
    days: Vec<Day>,
    /// Those of the editions that are left.
    chosen: HashSet<u64>,
    /// Numbers of the packages that it is restricted to.
    packages: Option<Vec<u64>>,
    /// The clusters that it is restricted to.
    clusters: Option<Clusters>,
    /// Where installations stand as of the last day that was asked about.
    standings: Rc<OnceCell<Standings>>,
    /// Those that it is restricted to by tier and flag.
    counted: Option<Rc<Clusters>>,
    /// Those that this left out, of the days that were looked at so far.
    left_out: RefCell<Clusters>,
    sitting: Sitting,
    rows: Cell<usize>,
}

impl<'a> Scope<'a> {
    /// What a filter leaves of what is known.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn new(snapshot: &'a Snapshot<'a>, filter: &'a Filter) -> Result<Scope<'a>, StoreError> {
        Scope::at(snapshot, filter, &Sitting::default())
    }

    /// The same at a sitting, all of which is of this snapshot.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn at(
        snapshot: &'a Snapshot<'a>,
        filter: &'a Filter,
        sitting: &Sitting,
    ) -> Result<Scope<'a>, StoreError> {
        let mut scope = Scope {
            standings: sitting.standings(filter),
            sitting: sitting.clone(),
            ..Scope::without_standings(snapshot, filter)?
        };
        if filter.chooses_standings() {
            scope.counted = Some(Rc::new(scope.standings()?.counted(filter)));
        }
        Ok(scope)
    }

    fn without_standings(snapshot: &'a Snapshot<'a>, filter: &'a Filter) -> Result<Scope<'a>, StoreError> {
        let packages = numbers(snapshot, filter.packages.iter())?;
        let mut clusters = None;
        if !filter.clusters.is_empty() {
            let mut set = Clusters::default();
            for name in &filter.clusters {
                if let Some(number) = snapshot.cluster(name)? {
                    set.insert(number);
                }
            }
            clusters = Some(set);
        }
        let editions = snapshot.editions()?;
        let within = |set: &BTreeSet<String>, name: &String| set.is_empty() || set.contains(name);
        let chosen = editions.iter().filter(|(_, edition)| {
            within(&filter.versions, &edition.version)
                && within(&filter.providers, &edition.provider)
                && within(&filter.variants, &edition.variant)
        });
        Ok(Scope {
            snapshot,
            filter,
            chosen: chosen.map(|(number, _)| *number).collect(),
            editions,
            days: snapshot.days(filter.from.0, filter.to.0)?,
            packages: (!filter.packages.is_empty()).then_some(packages),
            clusters,
            standings: Rc::default(),
            counted: None,
            left_out: RefCell::default(),
            sitting: Sitting::default(),
            rows: Cell::default(),
        })
    }

    /// The same of other days: of the installations that are in the tiers as of the days of this one.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn with<'b>(&self, filter: &'b Filter) -> Result<Scope<'b>, StoreError>
    where
        'a: 'b,
    {
        Ok(Scope {
            standings: Rc::clone(&self.standings),
            counted: self.counted.clone(),
            ..Scope::without_standings(self.snapshot, filter)?
        })
    }

    /// To be told of rows before they are made.
    ///
    /// # Errors
    /// When they are more, with those that were told of before, than an answer may have.
    pub fn make_rows(&self, rows: usize) -> Result<(), AskError> {
        let rows = self.rows.get().saturating_add(rows);
        self.rows.set(rows);
        if rows > MOST_ROWS {
            Err(AskError::TooMany)
        } else {
            Ok(())
        }
    }

    /// Whether the filter leaves an edition.
    pub fn leaves(&self, edition: u64) -> bool {
        self.chosen.contains(&edition)
    }

    /// Where installations stand as of the last day.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn standings(&self) -> Result<&Standings, StoreError> {
        if let Some(known) = self.standings.get() {
            return Ok(known);
        }
        let read = Standings::read(self.snapshot, self.filter)?;
        Ok(self.standings.get_or_init(|| read))
    }

    /// Whether tier and flags leave an installation; one that they do not is counted among those that are left out.
    pub fn counts(&self, cluster: i64) -> bool {
        let counts = self
            .counted
            .as_ref()
            .is_none_or(|counted| counted.contains(cluster));
        if !counts {
            self.left_out.borrow_mut().insert(cluster);
        }
        counts
    }

    /// How many installations that reported on the days that were looked at, and that the filter leaves otherwise, are not counted for
    /// their tier or flags.
    pub fn left_out(&self) -> u64 {
        self.left_out.borrow().len()
    }

    /// The days of which anything is known, the earliest first.
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The groups of a kind, or those that the filter names.
    pub fn groups(&self, usual: Group) -> Groups {
        self.filter.group.unwrap_or(usual).of(&self.editions)
    }

    /// Numbers of the units that it is restricted to; `None` where it is to none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn units(&self) -> Result<Option<Vec<u64>>, StoreError> {
        let units = numbers(self.snapshot, self.filter.units.iter())?;
        Ok((!self.filter.units.is_empty()).then_some(units))
    }

    /// A day, with the columns of some facets.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn view(&self, day: Day, wanted: &Wanted) -> Result<View, StoreError> {
        let (view, left_out) = self.look(day, wanted)?;
        self.left_out.borrow_mut().add(&left_out);
        Ok(view)
    }

    /// How the units that it is restricted to fared on a day.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(super) fn fared(&self, day: Day, units: &Wanted) -> Result<Rc<FaredDay>, StoreError> {
        let find_out = || {
            let (view, left_out) = self.look(day, units)?;
            Ok(FaredDay::of(&view, left_out))
        };
        let fared = self.sitting.fared(self.filter, day, find_out)?;
        self.left_out.borrow_mut().add(&fared.left_out);
        Ok(fared)
    }

    /// A day, and who is left out of it for tier or flags.
    fn look(&self, day: Day, wanted: &Wanted) -> Result<(View, Clusters), StoreError> {
        let sheet = match &self.clusters {
            Some(few) if few.len() <= FEW => self.snapshot.sheet_of(day, few.iter(), wanted)?,
            _ => self.snapshot.sheet(day, wanted)?,
        };
        let with_package = match &self.packages {
            Some(packages) => Some(self.with_packages(day, packages)?),
            None => None,
        };
        let within = |set: &Option<Clusters>, cluster| set.as_ref().is_none_or(|set| set.contains(cluster));
        let mut left_out = Clusters::default();
        // Lines of an edition stand together.
        let mut last = None;
        let chosen = |line: &Line| {
            let leaves = match last {
                Some((edition, leaves)) if edition == line.edition => leaves,
                _ => self.leaves(line.edition),
            };
            last = Some((line.edition, leaves));
            if !leaves || !within(&self.clusters, line.cluster) || !within(&with_package, line.cluster) {
                return false;
            }
            let counts = self
                .counted
                .as_ref()
                .is_none_or(|counted| counted.contains(line.cluster));
            if !counts && line.reported {
                left_out.insert(line.cluster);
            }
            counts
        };
        let view = View::new(day, sheet, chosen);
        Ok((view, left_out))
    }

    fn with_packages(&self, day: Day, packages: &[u64]) -> Result<Clusters, StoreError> {
        let wanted = Wanted::of(&[Facet::Package]).named(packages.to_vec());
        let sheet = self.snapshot.sheet(day, &wanted)?;
        let places = sheet
            .columns
            .iter()
            .flat_map(|column| column.runs(0))
            .flat_map(|run| run.places());
        Ok(places
            .filter_map(|place| Some(sheet.roster.0.get(place)?.cluster))
            .collect())
    }
}

/// The numbers of names, those that are known.
fn numbers<'n>(
    snapshot: &Snapshot<'_>,
    names: impl Iterator<Item = &'n String>,
) -> Result<Vec<u64>, StoreError> {
    let mut numbers = Vec::new();
    for name in names {
        numbers.extend(snapshot.number(name)?);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Reader, Store};

    #[test]
    fn an_answer_has_so_many_rows_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let reader = Reader::open(dir.path()).unwrap();
        let (snapshot, filter) = (reader.snapshot().unwrap(), Filter::default());
        let scope = Scope::new(&snapshot, &filter).unwrap();
        assert!(scope.make_rows(MOST_ROWS - 1).is_ok() && scope.make_rows(1).is_ok());
        assert!(matches!(scope.make_rows(1), Err(AskError::TooMany)));
        assert!(matches!(scope.make_rows(usize::MAX), Err(AskError::TooMany)));
    }
}

//! A day of the whole fleet, the other way round: what [`cluster_day`](crate::delta) rows hold by cluster stands here by coordinate,
//! so that a question reads the columns it needs and nothing else. Pure.
//!
//! A [`Sheet`] is a [`Roster`], the clusters that were heard of on that day, and [`Column`]s: for each facet and name, what every
//! line of the roster adds. A line is a cluster in one edition; one that was upgraded has two. Lines of a like shape stand together, so
//! that columns are few runs of equal amounts: a day of 10,000 clusters takes about 30 bytes a cluster.
//!
//! Sheets are made of the rows of a day and of nothing else, so they need not be kept in step with them: one that is older than its
//! rows is made again.

mod column;
mod holder;
mod roster;
mod transpose;

use std::sync::Arc;

pub use self::column::{Column, Run};
pub(crate) use self::holder::{decode_holders, encode_holders};
pub use self::roster::{Hours, Line, Presence, Roster};
pub(crate) use self::roster::{decode_present, encode_present};
pub use self::transpose::{Transposer, Wanted};
use crate::delta::{Day, Facet};

/// A day of all clusters, or those of its columns that were wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The day.
    pub day: Day,
    /// Who was heard of.
    pub roster: Arc<Roster>,
    /// What they add up to, by facet and key. Of users of the UI there is one column for all, under the key 0: how many there were,
    /// and how often they did something.
    pub columns: Vec<Column>,
    /// The hashes of customer keys and licence ids, with the clusters that named them; sorted.
    pub holders: Vec<(u64, i64)>,
}

impl Sheet {
    /// The same with no more columns than are wanted.
    pub fn part(&self, wanted: &Wanted) -> Sheet {
        let mut columns = Vec::new();
        for facet in wanted.facets() {
            match wanted.keys() {
                Some(keys) => {
                    columns.extend(keys.iter().filter_map(|key| self.column(*facet, *key)).cloned())
                }
                None => columns.extend(self.of(*facet).cloned()),
            }
        }
        let holders = wanted.holders().then(|| self.holders.clone());
        Sheet {
            day: self.day,
            roster: Arc::clone(&self.roster),
            columns,
            holders: holders.unwrap_or_default(),
        }
    }

    /// The columns of a facet.
    pub fn of(&self, facet: Facet) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |column| column.facet == facet)
    }

    /// The column of a name.
    pub fn column(&self, facet: Facet, key: u64) -> Option<&Column> {
        self.of(facet).find(|column| column.key == key)
    }
}

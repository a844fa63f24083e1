//! The names that something deleted has used. What nothing else uses is found, and removed, at the end of a run.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::delta::Share;
use crate::store::cluster_day::NO_CLUSTER;
use crate::store::error::{Doing as _, StoreError};
use crate::store::unused::Names;
use crate::store::{Commit, cluster_number};

const DOING: &str = "note the names of what is deleted";

/// Kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Cluster,
    Event,
    Term,
    Edition,
}

/// The names that were noted since the run began or was taken up again.
#[derive(Debug, Default)]
pub(super) struct Trace(HashSet<(Name, i64)>);

impl Name {
    const fn name(self) -> &'static str {
        match self {
            Name::Cluster => "cluster",
            Name::Event => "event",
            Name::Term => "term",
            Name::Edition => "edition",
        }
    }
}

impl Trace {
    pub(super) fn add(&mut self, connection: &Connection, name: Name, number: i64) -> Result<(), StoreError> {
        if self.0.insert((name, number)) {
            connection
                .prepare_cached("INSERT INTO deletion_trace VALUES (?, ?) ON CONFLICT DO NOTHING")
                .and_then(|mut statement| statement.execute((name.name(), number)))
                .doing(DOING)?;
        }
        Ok(())
    }

    /// Notes the names of a message's share, and its cluster.
    pub(super) fn share(&mut self, commit: &mut Commit<'_>, share: &Share) -> Result<(), StoreError> {
        let connection = &commit.transaction;
        for (at, _) in commit.terms.numbered(connection, &share.delta)? {
            self.add(connection, Name::Edition, at.edition.cast_signed())?;
            if let Some(name) = at.name() {
                self.add(connection, Name::Term, name.cast_signed())?;
            }
        }
        let cluster = cluster_number(connection, commit.names, &share.to)?;
        match cluster.filter(|cluster| *cluster != NO_CLUSTER) {
            Some(cluster) => self.add(connection, Name::Cluster, cluster),
            None => Ok(()),
        }
    }
}

/// All that were noted since the run began, over restarts.
pub(super) fn noted(connection: &Connection) -> Result<Names, StoreError> {
    let read = |name: Name| -> rusqlite::Result<HashSet<i64>> {
        connection
            .prepare_cached("SELECT number FROM deletion_trace WHERE name = ?")?
            .query_map([name.name()], |row| row.get(0))?
            .collect()
    };
    let read = || -> rusqlite::Result<Names> {
        Ok(Names {
            clusters: read(Name::Cluster)?,
            events: read(Name::Event)?,
            terms: read(Name::Term)?,
            editions: read(Name::Edition)?,
        })
    };
    read().doing(DOING)
}

/// To be called at the end of a run.
pub(super) fn clear(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute("DELETE FROM deletion_trace", ())
        .doing(DOING)
        .map(|_| ())
}

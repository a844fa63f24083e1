//! Reports: which were received for which slot, and who speaks for a cluster.

use std::collections::HashMap;

use foldhash::quality::RandomState;
use heliograph_wire::id::{ClusterId, ReporterId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::error::{Doing as _, StoreError};
use super::interned::Interned;
use super::shelf::{Place, Reported, Who};
use super::time_line::{Numbers, Pending};
use crate::delta::Day;
use crate::ingest::message::Speaker;
use crate::ingest::slot::{PropertiesDigest, Report, Slot};

/// Most clusters of which it is remembered who speaks for them; beyond that all are forgotten. Clusters report in turn, so that one
/// more than fit would be as bad as none remembered: 250,000 take some 60 MB, their names included.
const REMEMBERED: usize = 250_000;
const FIND_EVENT: &str = "SELECT id FROM event WHERE name = ?";
const FIND_CLUSTER: &str = "SELECT id FROM cluster WHERE name = ?";

/// Who has reported for a slot, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// Who.
    pub reporter: Option<ReporterId>,
    /// What.
    pub digest: PropertiesDigest,
    /// How large it said that the cluster is.
    pub nodes: Option<i64>,
    /// Whether it is the one that counts.
    pub counts: bool,
}

/// Numbers of clusters' and events' names, as far as they are remembered. Forgotten when a transaction fails, since it may have
/// given out the numbers.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) clusters: Interned,
    pub(super) events: Interned,
    speakers: HashMap<i64, Speakers, RandomState>,
}

/// Who speaks for a cluster, as far as it is remembered.
#[derive(Debug, Clone, Copy, Default)]
struct Speakers {
    /// The one that it is bound to.
    bound: Option<Who>,
    /// The last one, and the day: that is noted.
    last: Option<(Day, Who)>,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            clusters: Interned::holding(REMEMBERED),
            events: Interned::default(),
            speakers: HashMap::default(),
        }
    }
}

impl Names {
    pub(super) fn forget(&mut self) {
        self.clusters.forget();
        self.events.forget();
        self.speakers.clear();
    }

    fn speakers(&mut self, cluster: i64) -> &mut Speakers {
        if self.speakers.len() >= REMEMBERED && !self.speakers.contains_key(&cluster) {
            self.speakers.clear();
        }
        self.speakers.entry(cluster).or_default()
    }

    /// The number of a cluster, if it is known.
    pub(super) fn cluster(
        &mut self,
        connection: &Connection,
        cluster: &ClusterId,
    ) -> Result<Option<i64>, StoreError> {
        number(connection, &mut self.clusters, FIND_CLUSTER, cluster.as_str())
    }

    /// The number of an event of reports, if it is known.
    pub(super) fn event(&mut self, connection: &Connection, event: &str) -> Result<Option<i64>, StoreError> {
        number(connection, &mut self.events, FIND_EVENT, event)
    }
}

/// The number of a cluster, if it has one, without remembering it.
pub(super) fn cluster_of(connection: &Connection, id: &str) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached(FIND_CLUSTER)
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .doing("look up a cluster")
}

/// The reporter that first spoke for a cluster, if any has; `Some(None)` when that did not say who it is.
pub(super) fn bound(
    connection: &Connection,
    names: &mut Names,
    cluster: &ClusterId,
) -> Result<Option<Option<ReporterId>>, StoreError> {
    let Some(number) = names.cluster(connection, cluster)? else {
        return Ok(None);
    };
    if let Some(bound) = names.speakers(number).bound {
        return Ok(Some(bound.and_then(|bytes| reporter_of(&bytes))));
    }
    let bytes: Vec<u8> = connection
        .prepare_cached("SELECT reporter FROM cluster WHERE id = ?")
        .and_then(|mut statement| statement.query_row([number], |row| row.get(0)))
        .doing("look up a cluster's reporter")?;
    names.speakers(number).bound = Some(who(&bytes));
    Ok(Some(reporter_of(&bytes)))
}

/// Who has reported for a slot.
pub(super) fn claimants(
    connection: &Connection,
    names: &mut Names,
    line: &mut Pending,
    slot: &Slot,
) -> Result<Vec<Claimant>, StoreError> {
    let Some(slot) = numbers(connection, names, slot)? else {
        return Ok(Vec::new());
    };
    let claimant = |report: &Reported| Claimant {
        reporter: reporter_of(told_by(&report.reporter)),
        digest: PropertiesDigest(report.digest),
        counts: report.counts,
        nodes: report.nodes,
    };
    Ok(line.slot(connection, slot)?.map(claimant).collect())
}

/// The slot by the numbers of its names, where it has any.
pub(super) fn numbers(
    connection: &Connection,
    names: &mut Names,
    slot: &Slot,
) -> Result<Option<Numbers>, StoreError> {
    let cluster = names.cluster(connection, &slot.cluster)?;
    let event = names.event(connection, &slot.event)?;
    Ok(cluster.zip(event).map(|(cluster, event)| Numbers {
        at: (slot.hour.number(), cluster),
        place: Place {
            event,
            part: i64::from(slot.part),
        },
    }))
}

/// Adds a report to the time line; `batch` is where its record is.
pub(super) fn insert(
    connection: &Connection,
    names: &mut Names,
    line: &mut Pending,
    report: &Report,
    counts: bool,
    batch: i64,
    received: Timestamp,
) -> Result<(), StoreError> {
    let slot = &report.slot;
    let reporter = bytes_of(report.reporter.as_ref());
    let cluster = bind(connection, names, &slot.cluster, &reporter, received)?;
    let event = match names.event(connection, &slot.event)? {
        Some(event) => event,
        None => connection
            .prepare_cached("INSERT INTO event (name) VALUES (?)")
            .and_then(|mut statement| statement.insert([&slot.event]))
            .doing("write the name of an event")?,
    };
    let reported = Reported {
        reporter: who(&reporter),
        batch,
        place: Place {
            event,
            part: i64::from(slot.part),
        },
        counts,
        digest: report.digest.0,
        nodes: report.nodes,
    };
    line.add(connection, (slot.hour.number(), cluster), reported)
}

/// Remembers who has spoken for a cluster, which is bound to the first that does.
pub(super) fn speak(
    connection: &Connection,
    names: &mut Names,
    speaker: &Speaker,
    received: Timestamp,
) -> Result<(), StoreError> {
    let reporter = bytes_of(speaker.reporter.as_ref());
    bind(connection, names, &speaker.cluster, &reporter, received).map(|_| ())
}

/// Returns the cluster's number.
fn bind(
    connection: &Connection,
    names: &mut Names,
    cluster: &ClusterId,
    reporter: &[u8],
    received: Timestamp,
) -> Result<i64, StoreError> {
    const DOING: &str = "bind a cluster";
    let at = received.as_millisecond();
    let number = match names.cluster(connection, cluster)? {
        Some(number) => number,
        None => connection
            .prepare_cached("INSERT INTO cluster (name, reporter, created) VALUES (?, ?, ?)")
            .and_then(|mut statement| statement.insert((cluster.as_str(), reporter, at)))
            .doing(DOING)?,
    };
    let now = (Day::of(received), who(reporter));
    let before = names.speakers(number).last.replace(now);
    if before.map(|(day, _)| day) != Some(now.0) {
        connection
            .prepare_cached("UPDATE cluster SET spoke = ? WHERE id = ?")
            .and_then(|mut statement| statement.execute((now.0.0, number)))
            .doing(DOING)?;
    }
    if before != Some(now) {
        connection
            .prepare_cached(
                "INSERT INTO cluster_reporter (cluster, reporter, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut statement| statement.execute((number, reporter, at)))
            .doing(DOING)?;
    }
    Ok(number)
}

fn number(
    connection: &Connection,
    remembered: &mut Interned,
    lookup: &str,
    name: &str,
) -> Result<Option<i64>, StoreError> {
    if let Some(number) = remembered.get(name) {
        return Ok(Some(number));
    }
    let number = connection
        .prepare_cached(lookup)
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
        .doing("look up a name")?;
    if let Some(number) = number {
        remembered.remember(name.to_owned(), number);
    }
    Ok(number)
}

/// A reporter's 16 bytes; of one that does not say who it is, none.
pub(super) fn bytes_of(reporter: Option<&ReporterId>) -> Vec<u8> {
    reporter.map_or_else(Vec::new, |reporter| reporter.bytes().to_vec())
}

/// Who that is, by its bytes; and the bytes of whom it is.
pub(super) fn who(bytes: &[u8]) -> Who {
    bytes.try_into().ok()
}

pub(super) fn told_by(who: &Who) -> &[u8] {
    who.as_ref().map_or(&[], <[u8; 16]>::as_slice)
}

pub(super) fn reporter_of(bytes: &[u8]) -> Option<ReporterId> {
    who(bytes).map(ReporterId::of_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reporters_are_kept_as_bytes() {
        let reporter = ReporterId::of_secret(b"s");
        let bytes = bytes_of(Some(&reporter));
        assert_eq!(bytes.len(), 16);
        assert_eq!(reporter_of(&bytes), Some(reporter));
        assert_eq!(reporter_of(&bytes_of(None)), None);
    }
}

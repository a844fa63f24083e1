//! Installations, one by one: to find a customer's cluster.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::{Clusters, PerCluster};
use super::day::Date;
use super::filter::Filter;
use super::scope::{AskError, Scope};
use crate::delta::{Day, Facet, hash};
use crate::sheet::Wanted;
use crate::store::StoreError;

/// Most clusters that are named where one was to be found.
const NAMED: usize = 10;

/// An installation, as the days that are asked about tell.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its cluster id.
    pub cluster: String,
    /// The version that it ran last.
    pub version: String,
    /// Its provider.
    pub provider: String,
    /// `open` or `enterprise`.
    pub variant: String,
    /// The first of these days on which a report of it counts.
    pub first: Date,
    /// The last.
    pub last: Date,
    /// On how many.
    pub days: u64,
    /// Hours of which a health report counts.
    pub reports: u64,
    /// Those in which anything was unhealthy.
    pub unhealthy: u64,
    /// Its nodes on the last of these days; absent where no health report counts.
    pub nodes: Option<u32>,
    /// Its tier as of the last day that is asked about: `new`, `recurring`, `confirmed` or `silent`.
    pub tier: &'static str,
    /// Its flags, `ci` and `clone`, separated by a blank.
    pub flags: String,
}

/// Of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Installations.
    pub installations: u64,
    /// Hours of which a health report counts.
    pub reports: u64,
    /// Those in which anything was unhealthy.
    pub unhealthy: u64,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    edition: (Day, u32, u64),
    first: Day,
    last: Day,
    days: u64,
    reports: u64,
    unhealthy: u64,
    nodes: u32,
}

/// Asks it: of all that the filter leaves, or those that are found by a cluster id, a customer key or a licence id. The one that was
/// heard of last comes first.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let found = match &scope.filter.search {
        Some(search) => Some(find(scope, search)?),
        None => None,
    };
    let mut seen: PerCluster<Seen> = PerCluster::default();
    for day in scope.days() {
        let view = scope.view(*day, &Wanted::default())?;
        let lines = view.lines().map(|(_, line)| line).filter(|line| line.reported);
        for line in lines.filter(|line| found.as_ref().is_none_or(|found| found.contains(line.cluster))) {
            let Some(seen) = seen.at(line.cluster) else {
                continue;
            };
            if seen.days == 0 {
                seen.first = *day;
            }
            if seen.days == 0 || seen.last != *day {
                seen.days += 1;
            }
            seen.last = *day;
            seen.reports += u64::from(line.observed.count());
            seen.unhealthy += u64::from(line.unhealthy.count());
            // Of two editions of a day, the one whose last report is the later.
            let edition = (*day, line.observed.0, line.edition);
            if edition > seen.edition {
                seen.edition = edition;
                seen.nodes = if line.nodes > 0 { line.nodes } else { seen.nodes };
            }
        }
    }
    let standings = scope.standings()?;
    let mut rows = Vec::new();
    for (number, seen) in seen.iter().filter(|(_, seen)| seen.days > 0) {
        let edition = scope.editions.get(&seen.edition.2).cloned().unwrap_or_default();
        let standing = standings.of(number);
        rows.push(Row {
            cluster: scope.snapshot.cluster_name(number)?.unwrap_or_default(),
            version: edition.version,
            provider: edition.provider,
            variant: edition.variant,
            first: Date(seen.first),
            last: Date(seen.last),
            days: seen.days,
            reports: seen.reports,
            unhealthy: seen.unhealthy,
            nodes: (seen.nodes > 0).then_some(seen.nodes),
            tier: standing
                .as_ref()
                .map(|standing| standing.tier.name())
                .unwrap_or_default(),
            flags: standing.map(|standing| standing.flags()).unwrap_or_default(),
        });
    }
    rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.cluster.cmp(&b.cluster)));
    let installations = rows.len() as u64;
    let total = Total {
        installations,
        reports: rows.iter().map(|row| row.reports).sum(),
        unhealthy: rows.iter().map(|row| row.unhealthy).sum(),
    };
    Ok(Answer::new(scope, installations, total, rows))
}

/// The clusters that are known by an id, or that named a customer key or a licence on the days that are asked about.
fn find(scope: &Scope<'_>, search: &str) -> Result<Clusters, StoreError> {
    let mut found = Clusters::default();
    if let Some(cluster) = scope.snapshot.cluster(search)? {
        found.insert(cluster);
        return Ok(found);
    }
    let hashes = ["customerKey", "licenseId"].map(|kind| hash(kind, search));
    let wanted = Wanted::of(&[Facet::Customer, Facet::License]).named(hashes.to_vec());
    for day in scope.days() {
        for (hash, cluster) in scope.snapshot.sheet(*day, &wanted)?.holders {
            if hashes.contains(&hash) {
                found.insert(cluster);
            }
        }
    }
    Ok(found)
}

/// The one cluster that a filter names, by number and id.
pub(super) fn one(scope: &Scope<'_>) -> Result<(i64, String), AskError> {
    let Filter { search, clusters, .. } = scope.filter;
    let mut found = Clusters::default();
    for cluster in clusters {
        if let Some(number) = scope.snapshot.cluster(cluster)? {
            found.insert(number);
        }
    }
    if let Some(search) = search {
        found.add(&find(scope, search)?);
    }
    if clusters.is_empty() && search.is_none() {
        return Err(AskError::Missing("say which cluster: `cluster` or `search`"));
    }
    let mut names = Vec::new();
    for number in found.iter().take(NAMED) {
        if let Some(name) = scope.snapshot.cluster_name(number)? {
            names.push((number, name));
        }
    }
    match names.as_slice() {
        [one] if found.len() == 1 => Ok(one.clone()),
        [] => Err(AskError::Nobody),
        several => {
            let names: Vec<_> = several.iter().map(|(_, name)| name.as_str()).collect();
            Err(AskError::Several(found.len(), names.join(", ")))
        }
    }
}

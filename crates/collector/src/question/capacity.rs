//! Capacity and use: agents, CPUs, memory, disk, tasks; how much there is in all, and how large installations are.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::{Clusters, PerCluster};
use super::day::{Date, Span};
use super::exact::ExactSum;
use super::group::Group;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use super::view::View;
use crate::delta::Facet;
use crate::sheet::Wanted;

/// A measure in a span of days, of a group. Of each installation the mean of what its reports told counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// First day of the span.
    pub start: Date,
    /// Version, provider or variant; empty where they are not kept apart.
    pub group: String,
    /// What is measured: a property of `mesos_track` or `health`, such as `cpu_total`; its unit is in the data dictionary.
    pub measure: String,
    /// Installations that told it.
    pub installations: u64,
    /// Of all of them together.
    pub sum: f64,
    /// Half of them have at most so much.
    pub median: f64,
    /// Nine of ten have at most so much.
    pub p90: f64,
    /// The largest has so much.
    pub max: f64,
}

/// Of all days: the means of the installations, added up. Absent where nobody told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// Agents that are active.
    pub agents: Option<f64>,
    /// CPUs.
    pub cpus: Option<f64>,
    /// Allocated CPUs of all, from 0 to 1, of installations that told both.
    pub cpu_use: Option<f64>,
    /// Memory in MB.
    pub memory: Option<f64>,
    /// Allocated memory of all, from 0 to 1.
    pub memory_use: Option<f64>,
    /// Disk space in MB.
    pub disk: Option<f64>,
    /// Allocated disk space of all, from 0 to 1.
    pub disk_use: Option<f64>,
}

/// The measures that the total is made of.
const IN_TOTAL: [&str; 7] = [
    "agents_active",
    "cpu_total",
    "cpu_used",
    "mem_total",
    "mem_used",
    "disk_total",
    "disk_used",
];
/// The place of who is not left by the filter, or is no cluster.
const NOBODY: usize = usize::MAX;

/// How many reports told a number, and what they add up to in thousandths.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    reports: i64,
    sum: i64,
}

/// What installations told in a span, by measure and by the place of who told it.
#[derive(Debug, Default)]
struct Measures {
    tellers: Tellers,
    told: BTreeMap<u64, Vec<Told>>,
}

/// Installations, each with the group that it told something in; one that changed its group is there in both.
#[derive(Debug, Default)]
struct Tellers {
    list: Vec<Teller>,
    /// The groups that there are; each stands in the list by its place here.
    groups: Vec<usize>,
    /// For each cluster the place of the last in the list that is it, counted from 1.
    last: PerCluster<u32>,
}

/// An installation in a group.
#[derive(Debug, Clone, Copy)]
struct Teller {
    cluster: i64,
    group: usize,
    /// The place of the one before that is the same cluster, counted from 1; 0 where there is none.
    before: u32,
}

/// A place that is counted from 1.
fn place_of(counted: u32) -> Option<usize> {
    usize::try_from(counted).ok()?.checked_sub(1)
}

impl Tellers {
    /// The place of a group.
    fn group(&mut self, group: usize) -> usize {
        let known = self.groups.iter().position(|known| *known == group);
        known.unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        })
    }

    fn place(&mut self, cluster: i64, group: usize) -> Option<usize> {
        let last = self.last.at(cluster)?;
        let mut at = *last;
        while let Some(place) = place_of(at) {
            let known = self.list.get(place)?;
            if known.group == group {
                return Some(place);
            }
            at = known.before;
        }
        let new = self.list.len();
        self.list.push(Teller {
            cluster,
            group,
            before: *last,
        });
        *last = u32::try_from(new + 1).ok()?;
        Some(new)
    }
}

impl Told {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a mean of what was told as floating point"
    )]
    fn mean(self) -> Option<f64> {
        (self.reports > 0).then(|| self.sum as f64 / self.reports as f64 / 1000.0)
    }

    fn add(&mut self, other: Told) {
        self.reports = self.reports.wrapping_add(other.reports);
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// Asks it; over all days and groups where nothing else is said. By time, group and measure.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::None);
    let wanted = Wanted::of(&[Facet::Number]);
    let mut all: HashMap<u64, PerCluster<Told>> = HashMap::new();
    let mut behind = Clusters::default();
    let mut names: HashMap<u64, String> = HashMap::new();
    let mut rows = Vec::new();
    let each = |Measures { tellers, told }: &mut Measures, view: &View| {
        let mut places = vec![NOBODY; view.len()];
        let mut last = None;
        for (place, line) in view.lines() {
            // Lines of an edition stand together.
            let group = match last.filter(|(edition, _)| *edition == line.edition) {
                Some((_, group)) => group,
                None => groups.of(line.edition).map(|group| tellers.group(group)),
            };
            last = Some((line.edition, group));
            let teller = group.and_then(|group| tellers.place(line.cluster, group));
            if let Some((at, teller)) = places.get_mut(place).zip(teller) {
                *at = teller;
            }
        }
        for column in view.columns(Facet::Number) {
            let of_measure = told.entry(column.key).or_default();
            of_measure.resize(tellers.list.len(), Told::default());
            for amount in 0..2 {
                for piece in view.pieces(column, amount) {
                    for place in places.get(piece.places).unwrap_or_default() {
                        match of_measure.get_mut(*place) {
                            Some(told) if amount == 0 => {
                                told.reports = told.reports.wrapping_add(piece.amount);
                            }
                            Some(told) => told.sum = told.sum.wrapping_add(piece.amount),
                            None => {}
                        }
                    }
                }
            }
        }
    };
    by_span(
        scope,
        Span::All,
        &wanted,
        each,
        |start, Measures { tellers, told }| {
            let mut of_span: Vec<(usize, Row)> = Vec::new();
            let mut tells = vec![false; tellers.list.len()];
            for (measure, told) in told {
                let name = match names.entry(measure) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(scope.snapshot.name(measure)?),
                };
                if IN_TOTAL.contains(&name.as_str()) {
                    let of_all = all.entry(measure).or_default();
                    for (teller, told) in tellers.list.iter().zip(&told) {
                        if let Some(sum) = of_all.at(teller.cluster) {
                            sum.add(*told);
                        }
                    }
                }
                let mut means: Vec<Vec<f64>> = vec![Vec::new(); tellers.groups.len()];
                for ((teller, told), tells) in tellers.list.iter().zip(&told).zip(&mut tells) {
                    if let (Some(mean), Some(means)) = (told.mean(), means.get_mut(teller.group)) {
                        means.push(mean);
                        *tells = true;
                    }
                }
                for (place, means) in tellers.groups.iter().copied().zip(means) {
                    let group = groups.names.get(place).map(String::as_str).unwrap_or_default();
                    of_span.extend(row(Date(start), group, name.clone(), means).map(|row| (place, row)));
                }
            }
            let telling = tellers.list.iter().zip(&tells).filter(|(_, tells)| **tells);
            telling.for_each(|(teller, _)| behind.insert(teller.cluster));
            scope.make_rows(of_span.len())?;
            of_span.sort_by(|(group, a), (other, b)| (group, &a.measure).cmp(&(other, &b.measure)));
            rows.extend(of_span.into_iter().map(|(_, row)| row));
            Ok(())
        },
    )?;
    let by_name: HashMap<&str, &PerCluster<Told>> = names
        .iter()
        .filter_map(|(measure, name)| Some((name.as_str(), all.get(measure)?)))
        .collect();
    Ok(Answer::new(scope, behind.len(), total(&by_name), rows))
}

fn row(start: Date, group: &str, measure: String, mut means: Vec<f64>) -> Option<Row> {
    let max = means.iter().copied().max_by(f64::total_cmp)?;
    // Of the smallest that at least so many tenths are not above.
    let place = |tenths: usize| (means.len() * tenths).div_ceil(10).saturating_sub(1);
    let sum = means.iter().copied().collect::<ExactSum>().value();
    // The median is among those that are not above nine tenths.
    let (at_median, at_p90) = (place(5), place(9));
    let p90 = *means.select_nth_unstable_by(at_p90, f64::total_cmp).1;
    let below = means.get_mut(..=at_p90)?;
    let median = *below.select_nth_unstable_by(at_median, f64::total_cmp).1;
    Some(Row {
        start,
        group: group.to_owned(),
        measure,
        installations: means.len() as u64,
        sum,
        p90,
        median,
        max,
    })
}

fn total(measures: &HashMap<&str, &PerCluster<Told>>) -> Total {
    let sum = |measure: &str| -> Option<f64> {
        let means = measures.get(measure)?.iter().filter_map(|(_, told)| told.mean());
        Some(means.collect::<ExactSum>().value())
    };
    let usage = |used: &str, of: &str| -> Option<f64> {
        let (used, of) = (measures.get(used)?.iter(), measures.get(of)?.iter());
        let both = used
            .zip(of)
            .filter_map(|((_, used), (_, of))| Some((used.mean()?, of.mean()?)));
        let (used, of): (ExactSum, ExactSum) = both.fold(Default::default(), |(mut used, mut of), both| {
            used.add(both.0);
            of.add(both.1);
            (used, of)
        });
        let (used, of) = (used.value(), of.value());
        (of > 0.0).then(|| used / of)
    };
    Total {
        agents: sum("agents_active"),
        cpus: sum("cpu_total"),
        cpu_use: usage("cpu_used", "cpu_total"),
        memory: sum("mem_total"),
        memory_use: usage("mem_used", "mem_total"),
        disk: sum("disk_total"),
        disk_use: usage("disk_used", "disk_total"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten clusters: the first has one, the tenth ten, or a share of that.
    fn ten(share: i64) -> PerCluster<Told> {
        let mut clusters = PerCluster::default();
        for cluster in 1..=10 {
            let sum = cluster * 2000 / share;
            *clusters.at(cluster).unwrap() = Told { reports: 2, sum };
        }
        clusters
    }

    #[test]
    fn means_are_ranked() {
        let (of, used) = (ten(1), ten(2));
        let means = |clusters: &PerCluster<Told>| {
            let means = clusters.iter().filter_map(|(_, told)| told.mean());
            means.collect::<Vec<_>>()
        };
        let row = super::row(Date::default(), "", "cpu_total".to_owned(), means(&of)).unwrap();
        let expected = (10, 55.0, 5.0, 9.0, 10.0);
        assert_eq!(
            (row.installations, row.sum, row.median, row.p90, row.max),
            expected
        );
        let total = super::total(&HashMap::from([("cpu_total", &of), ("cpu_used", &used)]));
        assert_eq!(
            (total.cpus, total.cpu_use, total.disk),
            (Some(55.0), Some(0.5), None)
        );
        // Nobody told: no row, rather than nought.
        assert!(super::row(Date::default(), "", String::new(), means(&PerCluster::default())).is_none());
    }
}

//! Capacity and use: agents, CPUs, memory, disk, tasks; how much there is in all, and how large installations are.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::{Clusters, PerCluster};
use super::day::{Date, Span};
use super::group::Group;
use super::scope::{AskError, Scope};
use super::spans::by_span;
use crate::delta::Facet;
use crate::sheet::{Line, Wanted};

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

/// How many reports told a number, and what they add up to in thousandths.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    reports: i64,
    sum: i64,
}

/// By measure and group.
type Measures = HashMap<u64, Vec<PerCluster<Told>>>;

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
    let spans = by_span(scope, Span::All, &wanted, |measures: &mut Measures, view| {
        for column in view.columns(Facet::Number) {
            let by_group = measures
                .entry(column.key)
                .or_insert_with(|| vec![PerCluster::default(); groups.len()]);
            let mut add = |line: &Line, told: Told| {
                let clusters = groups.of(line.edition).and_then(|group| by_group.get_mut(group));
                if let Some(of_cluster) = clusters.and_then(|clusters| clusters.at(line.cluster)) {
                    of_cluster.add(told);
                }
            };
            for (_, line, reports) in view.amounts(column, 0) {
                add(line, Told { reports, sum: 0 });
            }
            for (_, line, sum) in view.amounts(column, 1) {
                add(line, Told { reports: 0, sum });
            }
        }
    })?;
    let mut all: HashMap<u64, PerCluster<Told>> = HashMap::new();
    for (measure, by_group) in spans.values().flatten() {
        let of_all = all.entry(*measure).or_default();
        for (cluster, told) in by_group.iter().flat_map(PerCluster::iter) {
            if let Some(sum) = of_all.at(cluster) {
                sum.add(*told);
            }
        }
    }
    let mut names = HashMap::new();
    for measure in all.keys() {
        names.insert(*measure, scope.snapshot.name(*measure)?);
    }
    let mut rows = Vec::new();
    for (start, measures) in spans {
        let mut of_span: Vec<(usize, Row)> = Vec::new();
        for (measure, by_group) in &measures {
            let Some(name) = names.get(measure) else { continue };
            for (place, (group, clusters)) in groups.names.iter().zip(by_group).enumerate() {
                let row = row(Date(start), group, name.clone(), clusters);
                of_span.extend(row.map(|row| (place, row)));
            }
        }
        of_span.sort_by(|(group, a), (other, b)| (group, &a.measure).cmp(&(other, &b.measure)));
        rows.extend(of_span.into_iter().map(|(_, row)| row));
    }
    let mut behind = Clusters::default();
    for clusters in all.values() {
        let told = clusters.iter().filter(|(_, told)| told.reports > 0);
        told.for_each(|(cluster, _)| behind.insert(cluster));
    }
    let by_name: HashMap<&str, &PerCluster<Told>> = names
        .iter()
        .filter_map(|(measure, name)| Some((name.as_str(), all.get(measure)?)))
        .collect();
    Ok(Answer::new(scope.filter, behind.len(), total(&by_name), rows))
}

fn row(start: Date, group: &str, measure: String, clusters: &PerCluster<Told>) -> Option<Row> {
    let mut means: Vec<f64> = clusters.iter().filter_map(|(_, told)| told.mean()).collect();
    means.sort_by(f64::total_cmp);
    // The smallest that at least this share is not above.
    let quantile = |tenths: usize| {
        means
            .get((means.len() * tenths).div_ceil(10).saturating_sub(1))
            .copied()
    };
    Some(Row {
        start,
        group: group.to_owned(),
        measure,
        installations: means.len() as u64,
        sum: means.iter().sum(),
        median: quantile(5)?,
        p90: quantile(9)?,
        max: *means.last()?,
    })
}

fn total(measures: &HashMap<&str, &PerCluster<Told>>) -> Total {
    let sum = |measure: &str| -> Option<f64> {
        let means = measures.get(measure)?.iter().filter_map(|(_, told)| told.mean());
        Some(means.sum())
    };
    let usage = |used: &str, of: &str| -> Option<f64> {
        let (used, of) = (measures.get(used)?.iter(), measures.get(of)?.iter());
        let both = used
            .zip(of)
            .filter_map(|((_, used), (_, of))| Some((used.mean()?, of.mean()?)));
        let (used, of) = both.fold((0.0, 0.0), |(used, of), both| (used + both.0, of + both.1));
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
        let row = super::row(Date::default(), "", "cpu_total".to_owned(), &of).unwrap();
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
        assert!(super::row(Date::default(), "", String::new(), &PerCluster::default()).is_none());
    }
}

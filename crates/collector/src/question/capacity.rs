//! Capacity and use: agents, CPUs, memory, disk, tasks; how much there is in all, and how large installations are.

mod told;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::{Clusters, PerCluster};
use super::day::{Date, Span};
use super::exact::ExactSum;
use super::group::{Group, Groups};
use super::scope::{AskError, Scope};
use super::spans::Spans;
use super::view::View;
use crate::delta::{Day, Facet};
use crate::sheet::Wanted;
use told::{Measures, Told};

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
/// A measure in a span of days, of all installations together.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// First day of the span.
    pub start: Date,
    /// What is measured.
    pub measure: String,
    /// Installations that told it.
    pub installations: u64,
    /// Of all of them together.
    pub sum: f64,
}

/// Asks it; over all days and groups where nothing else is said. By time, group and measure.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    let groups = scope.groups(Group::None);
    let span = scope.filter.span.unwrap_or_default();
    let mut asking = Asking::new(scope, &groups, span);
    for_each_day(scope, |view| asking.take(view))?;
    asking.answer()
}

/// Asks it for all days, and for the sums of each span: the days are read once.
///
/// # Errors
/// When the database can't be read.
pub fn ask_with_sums(scope: &Scope<'_>, span: Span) -> Result<(Answer<Row, Total>, Vec<Sum>), AskError> {
    let groups = scope.groups(Group::None);
    let mut asking = Asking::new(scope, &groups, Span::All);
    let mut adding = Adding::new(scope, &groups, span);
    for_each_day(scope, |view| {
        asking.take(view)?;
        adding.take(view)
    })?;
    Ok((asking.answer()?, adding.sums()?))
}

fn for_each_day(
    scope: &Scope<'_>,
    mut take: impl FnMut(&View) -> Result<(), AskError>,
) -> Result<(), AskError> {
    let wanted = Wanted::of(&[Facet::Number]);
    scope
        .days()
        .iter()
        .try_for_each(|day| take(&scope.view(*day, &wanted)?))
}

/// Names of measures by number, each looked up once.
#[derive(Default)]
struct Names(HashMap<u64, String>);

impl Names {
    fn of(&mut self, scope: &Scope<'_>, measure: u64) -> Result<&str, AskError> {
        Ok(match self.0.entry(measure) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(scope.snapshot.name(measure)?),
        })
    }
}

/// Sums in the making.
struct Adding<'s> {
    scope: &'s Scope<'s>,
    groups: &'s Groups,
    spans: Spans<Measures>,
    names: Names,
    sums: Vec<Sum>,
}

impl<'s> Adding<'s> {
    fn new(scope: &'s Scope<'_>, groups: &'s Groups, span: Span) -> Adding<'s> {
        Adding {
            scope,
            groups,
            spans: Spans::new(span, scope.filter.from.0),
            names: Names::default(),
            sums: Vec::new(),
        }
    }

    fn take(&mut self, view: &View) -> Result<(), AskError> {
        let (measures, over) = self.spans.go_on(view.day);
        measures.add(view, self.groups);
        over.map_or(Ok(()), |over| self.finish(over))
    }

    fn finish(&mut self, (start, measures): (Day, Measures)) -> Result<(), AskError> {
        self.scope.make_rows(measures.told.len())?;
        for (measure, told) in measures.told {
            let (mut installations, mut sum) = (0, ExactSum::default());
            for mean in told.into_iter().filter_map(Told::mean) {
                installations += 1;
                sum.add(mean);
            }
            if installations > 0 {
                self.sums.push(Sum {
                    start: Date(start),
                    measure: self.names.of(self.scope, measure)?.to_owned(),
                    installations,
                    sum: sum.value(),
                });
            }
        }
        Ok(())
    }

    fn sums(mut self) -> Result<Vec<Sum>, AskError> {
        self.spans.end().map_or(Ok(()), |over| self.finish(over))?;
        Ok(self.sums)
    }
}

/// An answer in the making.
struct Asking<'s> {
    scope: &'s Scope<'s>,
    groups: &'s Groups,
    spans: Spans<Measures>,
    all: HashMap<u64, PerCluster<Told>>,
    behind: Clusters,
    names: Names,
    rows: Vec<Row>,
}

impl<'s> Asking<'s> {
    fn new(scope: &'s Scope<'_>, groups: &'s Groups, span: Span) -> Asking<'s> {
        Asking {
            scope,
            groups,
            spans: Spans::new(span, scope.filter.from.0),
            all: HashMap::new(),
            behind: Clusters::default(),
            names: Names::default(),
            rows: Vec::new(),
        }
    }

    fn take(&mut self, view: &View) -> Result<(), AskError> {
        let (measures, over) = self.spans.go_on(view.day);
        measures.add(view, self.groups);
        over.map_or(Ok(()), |over| self.finish(over))
    }

    fn finish(&mut self, (start, Measures { tellers, told }): (Day, Measures)) -> Result<(), AskError> {
        let mut of_span: Vec<(usize, Row)> = Vec::new();
        let mut tells = vec![false; tellers.list.len()];
        for (measure, told) in told {
            let name = self.names.of(self.scope, measure)?;
            if IN_TOTAL.contains(&name) {
                let of_all = self.all.entry(measure).or_default();
                for (teller, told) in tellers.list.iter().zip(&told) {
                    if let Some(sum) = of_all.at(teller.cluster) {
                        sum.add(*told);
                    }
                }
            }
            let mut means: Vec<Vec<f64>> = vec![Vec::new(); tellers.groups.len()];
            if let [means] = means.as_mut_slice() {
                means.reserve_exact(told.len());
            }
            for ((teller, told), tells) in tellers.list.iter().zip(&told).zip(&mut tells) {
                if let (Some(mean), Some(means)) = (told.mean(), means.get_mut(teller.group)) {
                    means.push(mean);
                    *tells = true;
                }
            }
            for (place, means) in tellers.groups.iter().copied().zip(means) {
                let group = self
                    .groups
                    .names
                    .get(place)
                    .map(String::as_str)
                    .unwrap_or_default();
                of_span.extend(row(Date(start), group, name.to_owned(), means).map(|row| (place, row)));
            }
        }
        let telling = tellers.list.iter().zip(&tells).filter(|(_, tells)| **tells);
        telling.for_each(|(teller, _)| self.behind.insert(teller.cluster));
        self.scope.make_rows(of_span.len())?;
        of_span.sort_by(|(group, a), (other, b)| (group, &a.measure).cmp(&(other, &b.measure)));
        self.rows.extend(of_span.into_iter().map(|(_, row)| row));
        Ok(())
    }

    fn answer(mut self) -> Result<Answer<Row, Total>, AskError> {
        self.spans.end().map_or(Ok(()), |over| self.finish(over))?;
        let by_name: HashMap<&str, &PerCluster<Told>> = self
            .names
            .0
            .iter()
            .filter_map(|(measure, name)| Some((name.as_str(), self.all.get(measure)?)))
            .collect();
        let total = total(&by_name);
        Ok(Answer::new(self.scope, self.behind.len(), total, self.rows))
    }
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

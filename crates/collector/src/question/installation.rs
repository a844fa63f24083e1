//! Installation reliability: of how many installations all units were healthy within a day of the first report, and of each change of
//! version.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::clusters::{Clusters, PerCluster};
use super::filter::Filter;
use super::group::Group;
use super::ratio::ratio;
use super::scope::{AskError, Scope};
use super::tier::{HOURS, SILENCE};
use super::version::Version;
use crate::delta::{Day, Facet, value_name};
use crate::sheet::{Hours, Line, Wanted};

/// Hours in which an installation is to become healthy.
const PATIENCE: i64 = 24;

/// What began on an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Beginning {
    /// It reported for the first time ever.
    First,
    /// It changed to a later version.
    Upgrade,
    /// It changed to an earlier one.
    Downgrade,
}

/// The installations on which a version began to run in one way, within the days that are asked about. An installation counts as
/// often as it began.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The version that they came to.
    pub version: String,
    /// `first`: with the first report ever; `upgrade` or `downgrade` from another version.
    pub beginning: &'static str,
    /// How often that happened.
    pub begun: u64,
    /// Of these, how many were seen long enough to be judged: they became healthy, or a day has passed.
    pub judged: u64,
    /// All units were healthy at once, by some report within 24 hours.
    pub healthy: u64,
    /// `healthy` of `judged`, from 0 to 1.
    pub share: f64,
    /// Of those judged, no report up to the end, or up to the next change of version, was without an unhealthy unit.
    pub never_healthy: u64,
    /// The next change of version led back to the version before.
    pub rolled_back: u64,
    /// Nothing was heard any more: three reports or more are missing at the end.
    pub silent: u64,
}

/// Of all versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// How often a version began to run.
    pub begun: u64,
    /// Of these, how many were seen long enough to be judged.
    pub judged: u64,
    /// Those that were healthy within 24 hours.
    pub healthy: u64,
    /// `healthy` of `judged`, from 0 to 1.
    pub share: f64,
    /// Installation events, where they are sent: begun.
    pub events_started: u64,
    /// Installation events: succeeded.
    pub events_succeeded: u64,
    /// Installation events: failed.
    pub events_failed: u64,
}

/// A stretch of time in which an installation ran one version.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    version: usize,
    /// The version before; `None` at the first report ever, and the version itself where it ran already when the days begin.
    before: Option<usize>,
    start: i64,
    /// The first hour without anything unhealthy.
    healthy: Option<i64>,
    last: i64,
}

/// Asks it. By version, the latest first.
///
/// # Errors
/// When the database can't be read.
pub fn ask(scope: &Scope<'_>) -> Result<Answer<Row, Total>, AskError> {
    // Where it came from and what came next may be other versions.
    let filter = Filter {
        versions: std::collections::BTreeSet::new(),
        ..scope.filter.clone()
    };
    let all = scope.with(&filter)?;
    let groups = Group::Version.of(&all.editions);
    let known = known_before(scope)?;
    let mut stretches: PerCluster<Vec<Stretch>> = PerCluster::default();
    let end = scope.filter.end();
    let wanted = Wanted::of(&[Facet::Value]).named(outcomes(scope)?.to_vec());
    let mut events = [0_u64; 3];
    for day in all.days() {
        let view = all.view(*day, &wanted)?;
        for (sum, outcome) in events.iter_mut().zip(outcomes(scope)?) {
            for column in view.columns(Facet::Value).filter(|column| column.key == outcome) {
                *sum += view
                    .pieces(column, 0)
                    .filter(|piece| scope.leaves(piece.edition))
                    .map(|piece| piece.sum().cast_unsigned())
                    .sum::<u64>();
            }
        }
        let mut lines: Vec<&Line> = view
            .lines()
            .map(|(_, line)| line)
            .filter(|line| line.observed.count() > 0)
            .collect();
        lines.sort_by_key(|line| line.cluster);
        for lines in lines.chunk_by(|one, next| one.cluster == next.cluster) {
            for line in in_order(lines) {
                let Some(version) = groups.of(line.edition) else {
                    continue;
                };
                if let Some(of_cluster) = stretches.at(line.cluster) {
                    let known = known.contains(line.cluster);
                    follow(of_cluster, *day, &line, version, known);
                }
            }
        }
    }
    let wanted = |version: usize| {
        let name = groups.names.get(version);
        name.is_some_and(|name| scope.filter.versions.is_empty() || scope.filter.versions.contains(name))
    };
    let mut behind = Clusters::default();
    let mut rows: HashMap<(usize, Beginning), Row> = HashMap::new();
    for (cluster, of_cluster) in stretches.iter() {
        for (place, stretch) in of_cluster.iter().enumerate() {
            let Some(beginning) = stretch.beginning().filter(|_| wanted(stretch.version)) else {
                continue;
            };
            behind.insert(cluster);
            let row = rows.entry((stretch.version, beginning)).or_insert_with(|| Row {
                version: groups.names.get(stretch.version).cloned().unwrap_or_default(),
                beginning: beginning.name(),
                begun: 0,
                judged: 0,
                healthy: 0,
                share: 0.0,
                never_healthy: 0,
                rolled_back: 0,
                silent: 0,
            });
            stretch.count(of_cluster.get(place + 1), end, row);
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    for row in &mut rows {
        row.share = ratio(row.healthy, row.judged);
    }
    rows.sort_by(|a, b| {
        let version = |row: &Row| Version(row.version.clone());
        version(b)
            .cmp(&version(a))
            .then_with(|| a.beginning.cmp(b.beginning))
    });
    let sum = |count: fn(&Row) -> u64| rows.iter().map(count).sum::<u64>();
    let (judged, healthy) = (sum(|row| row.judged), sum(|row| row.healthy));
    let [events_started, events_succeeded, events_failed] = events;
    let total = Total {
        begun: sum(|row| row.begun),
        judged,
        healthy,
        share: ratio(healthy, judged),
        events_started,
        events_succeeded,
        events_failed,
    };
    Ok(Answer::new(&all, behind.len(), total, rows))
}

/// Numbers of the outcomes of installations; of one that was never sent, one that nothing has.
fn outcomes(scope: &Scope<'_>) -> Result<[u64; 3], AskError> {
    let mut numbers = [u64::MAX; 3];
    for (number, outcome) in numbers.iter_mut().zip(["started", "succeeded", "failed"]) {
        let name = value_name("installation", "outcome", outcome);
        *number = scope.snapshot.number(&name)?.unwrap_or(u64::MAX);
    }
    Ok(numbers)
}

/// The clusters that had reported before the days that are asked about.
fn known_before(scope: &Scope<'_>) -> Result<Clusters, AskError> {
    let mut known = Clusters::default();
    let before = Day(scope.filter.from.0.0 - 1);
    for day in scope.snapshot.days(Day(i64::MIN), before)? {
        for present in scope.snapshot.reporting(day)? {
            known.insert(present.cluster);
        }
    }
    Ok(known)
}

/// What an installation ran on a day, in the order in which it did: a version that it came back to is there twice.
fn in_order(lines: &[&Line]) -> Vec<Line> {
    if let [line] = lines {
        return vec![**line];
    }
    let mut ran: Vec<Line> = Vec::new();
    for hour in 0..24 {
        let here = |hours: Hours| Hours(hours.0 & 1 << hour);
        for line in lines.iter().filter(|line| here(line.observed).count() > 0) {
            let (observed, unhealthy) = (here(line.observed), here(line.unhealthy));
            match ran.last_mut().filter(|last| last.edition == line.edition) {
                Some(last) => {
                    last.observed.0 |= observed.0;
                    last.unhealthy.0 |= unhealthy.0;
                }
                None => ran.push(Line {
                    observed,
                    unhealthy,
                    ..**line
                }),
            }
        }
    }
    ran
}

/// Goes on with what a day tells of an installation.
fn follow(stretches: &mut Vec<Stretch>, day: Day, line: &Line, version: usize, known: bool) {
    let at = |hours: u32| day.0 * HOURS + i64::from(hours);
    let first = at(line.observed.0.trailing_zeros());
    let last = at(31_u32.saturating_sub(line.observed.0.leading_zeros()));
    let well = line.observed.0 & !line.unhealthy.0;
    let healthy = (well != 0).then(|| at(well.trailing_zeros()));
    match stretches.last_mut() {
        Some(stretch) if stretch.version == version => {
            stretch.last = stretch.last.max(last);
            stretch.healthy = stretch.healthy.or(healthy);
        }
        before => {
            let before = before.map(|stretch| stretch.version);
            let stretch = Stretch {
                version,
                before: before.or(known.then_some(version)),
                start: first,
                healthy,
                last,
            };
            stretches.push(stretch);
        }
    }
}

impl Beginning {
    const fn name(self) -> &'static str {
        match self {
            Beginning::First => "first",
            Beginning::Upgrade => "upgrade",
            Beginning::Downgrade => "downgrade",
        }
    }
}

impl Stretch {
    /// How it began; `None` where it had before.
    fn beginning(&self) -> Option<Beginning> {
        // Versions are numbered in their order.
        match self.before {
            None => Some(Beginning::First),
            Some(before) if before < self.version => Some(Beginning::Upgrade),
            Some(before) if before > self.version => Some(Beginning::Downgrade),
            Some(_) => None,
        }
    }

    fn count(&self, next: Option<&Stretch>, end: i64, row: &mut Row) {
        let until = self.start + PATIENCE;
        let healthy = self.healthy.is_some_and(|hour| hour < until);
        // One that left the version within its first day was long enough on it to be judged.
        let judged = healthy || until <= end || next.is_some();
        row.begun += 1;
        row.judged += u64::from(judged);
        row.healthy += u64::from(healthy);
        row.never_healthy += u64::from(judged && self.healthy.is_none());
        row.rolled_back += u64::from(next.is_some_and(|next| Some(next.version) == self.before));
        row.silent += u64::from(next.is_none() && self.last + 1 + SILENCE <= end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of a cluster: version, and for each hour `.` not observed, `x` unhealthy, `o` healthy.
    fn stretches(days: &[(i64, usize, &str)], known: bool) -> (Vec<Stretch>, i64) {
        let (mut stretches, mut end) = (Vec::new(), i64::MIN);
        for (day, version, hours) in days {
            let mut line = Line::default();
            for (hour, told) in (0..).zip(hours.chars()) {
                if told != '.' {
                    line.observed.insert(hour);
                }
                if told == 'x' {
                    line.unhealthy.insert(hour);
                }
            }
            assert_ne!(line.observed, Hours(0));
            follow(&mut stretches, Day(*day), &line, *version, known);
            // The hour behind the last report.
            let last = line.observed.last().unwrap();
            end = end.max(day * HOURS + i64::from(last) + 1);
        }
        (stretches, end)
    }

    /// Begun, judged, healthy, never healthy, rolled back, silent; of the stretch at a place.
    fn counted(days: &[(i64, usize, &str)], place: usize, end: Option<i64>) -> Option<(Beginning, [u64; 6])> {
        let (stretches, last) = stretches(days, false);
        let mut row = Row {
            version: String::new(),
            beginning: "",
            begun: 0,
            judged: 0,
            healthy: 0,
            share: 0.0,
            never_healthy: 0,
            rolled_back: 0,
            silent: 0,
        };
        let stretch = &stretches[place];
        stretch.count(stretches.get(place + 1), end.unwrap_or(last), &mut row);
        let counts = [
            row.begun,
            row.judged,
            row.healthy,
            row.never_healthy,
            row.rolled_back,
            row.silent,
        ];
        Some((stretch.beginning()?, counts))
    }

    #[test]
    fn versions_of_a_day_are_in_their_order() {
        let line = |edition, observed, unhealthy| Line {
            cluster: 1,
            edition,
            reported: true,
            observed: Hours(observed),
            unhealthy: Hours(unhealthy),
            nodes: 3,
        };
        // There and back again; a gap ends nothing.
        let (old, new) = (
            line(1, 0b1100_0001, 0b1000_0001),
            line(2, 0b0001_0110, 0b0000_0010),
        );
        let expected = [
            line(1, 1, 1),
            line(2, 0b1_0110, 0b10),
            line(1, 0b1100_0000, 0b1000_0000),
        ];
        for lines in [[&old, &new], [&new, &old]] {
            assert_eq!(in_order(&lines), expected);
        }
        assert_eq!(in_order(&[&old]), [old]);
    }

    #[test]
    fn an_installation_is_healthy_within_a_day_or_not() {
        use Beginning::{Downgrade, First, Upgrade};

        let full = "xxxxxxxxxxxxxxxxxxxxxxxx";
        for (days, place, end, expected) in [
            (&[(0, 1, "..xxo")][..], 0, None, Some((First, [1, 1, 1, 0, 0, 0]))),
            // Not long enough to tell.
            (&[(0, 1, "..xxx")], 0, None, Some((First, [1, 0, 0, 0, 0, 0]))),
            (&[(0, 1, full)], 0, None, Some((First, [1, 1, 0, 1, 0, 0]))),
            // Too late; the 24th hour is the last.
            (
                &[(0, 1, full), (1, 1, "o")],
                0,
                None,
                Some((First, [1, 1, 0, 0, 0, 0])),
            ),
            (
                &[(0, 1, ".xxxxxxxxxxxxxxxxxxxxxxx"), (1, 1, "o")],
                0,
                None,
                Some((First, [1, 1, 1, 0, 0, 0])),
            ),
            // Three reports are missing at the end.
            (&[(0, 1, "o")], 0, Some(4), Some((First, [1, 1, 1, 0, 0, 1]))),
            (&[(0, 1, "o")], 0, Some(3), Some((First, [1, 1, 1, 0, 0, 0]))),
            // There and back.
            (
                &[(0, 1, "oo"), (0, 2, "..xx"), (1, 1, "o")],
                1,
                None,
                Some((Upgrade, [1, 1, 0, 1, 1, 0])),
            ),
            (
                &[(0, 1, "oo"), (0, 2, "..xx"), (1, 1, "o")],
                2,
                None,
                Some((Downgrade, [1, 1, 1, 0, 0, 0])),
            ),
            (
                &[(0, 1, "oo"), (0, 2, "..oo"), (1, 3, "o")],
                1,
                None,
                Some((Upgrade, [1, 1, 1, 0, 0, 0])),
            ),
        ] {
            assert_eq!(counted(days, place, end), expected, "{days:?} {place}");
        }
        let (known, _) = stretches(&[(0, 1, "o"), (1, 2, "o")], true);
        assert_eq!(
            [known[0].beginning(), known[1].beginning()],
            [None, Some(Upgrade)]
        );
    }
}

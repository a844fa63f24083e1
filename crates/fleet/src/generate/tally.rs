//! What reports add up to, by plain counting.

use std::collections::BTreeMap;

use super::calendar::DAY;
use super::installation::Installation;
use super::report::{NUMBERS, Report};
use super::shelf::{self, PACKAGES};
use super::truth::{
    CapacityTruth, ClusterTruth, FleetTruth, Kind, Messages, SettlingTruth, Span, StartTruth, UnitTruth,
    VersionTruth,
};
use super::world::World;

/// What health reports tell as a number, where there are any.
const UNREACHABLE: &str = "nodes-unreachable";
/// Numbers that are told: those of Mesos, and the above.
const MEASURES: usize = NUMBERS.len() + 1;
/// Hours of silence after which an installation counts as silent.
const SILENCE: u32 = 3;

/// What is counted of a unit.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    observed: u64,
    unhealthy: u64,
    unknown: u64,
    installations: u64,
    affected: u64,
}

/// What is counted of a day, or of all of them.
#[derive(Clone, Debug, Default)]
struct Sheet {
    installations: u64,
    versions: Vec<u64>,
    providers: BTreeMap<&'static str, u64>,
    variants: BTreeMap<&'static str, u64>,
    packages: [u64; PACKAGES.len()],
    told_packages: u64,
    frameworks: BTreeMap<&'static str, u64>,
    told_frameworks: u64,
    /// By release, and behind them all together.
    cells: Vec<Vec<Cell>>,
    /// Installations, and the sum of what each told in the mean.
    numbers: [(u64, f64); MEASURES],
}

/// Units that were seen with a release; the number behind the last release stands for all.
#[derive(Clone, Copy, Debug)]
struct Seen {
    version: usize,
    units: u64,
    affected: u64,
}

/// What was seen of an installation on a day, or on all of them.
#[derive(Clone, Debug, Default)]
struct Traces {
    versions: u64,
    seen: Vec<Seen>,
    /// Packages that were told of.
    packages: Option<u64>,
    /// Packages whose frameworks were told of.
    with_frameworks: Option<u64>,
    /// Sum in thousandths, and how many times it was told.
    numbers: [(i64, i64); MEASURES],
}

/// What is remembered of an installation.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary {
    day: Option<u32>,
    of_day: Traces,
    of_life: Traces,
    first: Option<u32>,
    last: u32,
    messages: u64,
    reporting_days: u32,
    hours: u32,
    unhealthy_hours: u32,
    rolled_back: bool,
    /// Release, first hour, hours.
    versions: Vec<(usize, u32, u32)>,
    /// Release, hour, hours until all was well.
    starts: Vec<(usize, u32, Option<u32>)>,
    /// Hours by day and release, where they are listed.
    by_day: BTreeMap<(u32, usize), u32>,
}

/// Counts.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) messages: Messages,
    days: Vec<Sheet>,
    window: Sheet,
    kinds: BTreeMap<Kind, u64>,
    rolled_back: u64,
    silent: u64,
    /// By release and whether it is the first: starts, healthy within a day, never.
    settling: BTreeMap<(usize, bool), [u64; 3]>,
    clusters: Vec<ClusterTruth>,
}

impl Traces {
    fn seen(&mut self, version: usize) -> &mut Seen {
        let place = self.seen.iter().position(|seen| seen.version == version);
        let place = place.unwrap_or_else(|| {
            self.seen.push(Seen {
                version,
                units: 0,
                affected: 0,
            });
            self.seen.len() - 1
        });
        &mut self.seen[place]
    }

    fn add(&mut self, report: &Report) {
        self.versions |= 1 << report.version;
        let and = |before: Option<u64>| Some(before.unwrap_or_default() | report.packages);
        if report.events.packages {
            self.packages = and(self.packages);
        }
        let (mesos, unreachable) = self.numbers.split_at_mut(NUMBERS.len());
        if report.events.mesos {
            self.with_frameworks = and(self.with_frameworks);
            for ((sum, count), number) in mesos.iter_mut().zip(report.numbers) {
                (*sum, *count) = (*sum + number, *count + 1);
            }
        }
        if report.events.health && report.unreachable > 0 {
            for (sum, count) in unreachable {
                (*sum, *count) = (*sum + 1000 * i64::from(report.unreachable), *count + 1);
            }
        }
    }
}

impl Sheet {
    fn new(world: &World) -> Self {
        Self {
            versions: vec![0; world.releases.len()],
            cells: vec![vec![Cell::default(); world.units.len()]; world.releases.len() + 1],
            ..Self::default()
        }
    }

    /// Counts an installation by what was seen of it.
    #[expect(clippy::cast_precision_loss, reason = "sums are below 2^53")]
    fn add(&mut self, of: &Installation, traces: &Traces) {
        self.installations += 1;
        for version in (0..self.versions.len()).filter(|version| traces.versions >> version & 1 == 1) {
            self.versions[version] += 1;
        }
        *self.providers.entry(of.provider).or_default() += 1;
        *self.variants.entry(of.variant()).or_default() += 1;
        self.told_packages += u64::from(traces.packages.is_some());
        for (package, _) in traces.packages.into_iter().flat_map(shelf::packages) {
            self.packages[package] += 1;
        }
        self.told_frameworks += u64::from(traces.with_frameworks.is_some());
        for name in traces.with_frameworks.into_iter().flat_map(shelf::frameworks) {
            *self.frameworks.entry(name).or_default() += 1;
        }
        for ((installations, means), (sum, count)) in self.numbers.iter_mut().zip(traces.numbers) {
            if count > 0 {
                *installations += 1;
                *means += sum as f64 / 1000.0 / count as f64;
            }
        }
        for seen in &traces.seen {
            for (unit, cell) in self.cells[seen.version].iter_mut().enumerate() {
                cell.installations += seen.units >> unit & 1;
                cell.affected += seen.affected >> unit & 1;
            }
        }
    }

    fn span(&self, start: String, world: &World) -> Span {
        let versions = || world.releases.iter().map(|release| release.version).chain([""]);
        let units = self.cells.iter().zip(versions()).flat_map(|(cells, version)| {
            let known = cells.iter().zip(&world.units);
            let known = known.filter(|(cell, _)| cell.observed + cell.unknown > 0);
            known.map(move |(cell, unit)| UnitTruth {
                unit: unit.name.clone(),
                version: version.to_owned(),
                observed: cell.observed,
                unhealthy: cell.unhealthy,
                unknown: cell.unknown,
                installations: cell.installations,
                affected: cell.affected,
            })
        });
        let numbers = NUMBERS
            .iter()
            .chain([&UNREACHABLE])
            .zip(self.numbers)
            .filter(|(_, (count, _))| *count > 0);
        Span {
            start,
            installations: self.installations,
            versions: counted(versions().zip(self.versions.iter().copied())),
            providers: counted(self.providers.iter().map(|(name, count)| (*name, *count))),
            variants: counted(self.variants.iter().map(|(name, count)| (*name, *count))),
            packages: counted(PACKAGES.iter().map(|package| package.name).zip(self.packages)),
            frameworks: counted(self.frameworks.iter().map(|(name, count)| (*name, *count))),
            told_packages: self.told_packages,
            told_frameworks: self.told_frameworks,
            units: units.collect(),
            capacity: numbers
                .map(|(name, (installations, sum))| {
                    ((*name).to_owned(), CapacityTruth { installations, sum })
                })
                .collect(),
        }
    }
}

fn counted<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<String, u64> {
    let known = counts.filter(|(_, count)| *count > 0);
    known.map(|(name, count)| (name.to_owned(), count)).collect()
}

impl Tally {
    pub(super) fn new(world: &World) -> Self {
        Self {
            messages: Messages::default(),
            days: (0..world.calendar.days).map(|_| Sheet::new(world)).collect(),
            window: Sheet::new(world),
            kinds: BTreeMap::new(),
            rolled_back: 0,
            silent: 0,
            settling: BTreeMap::new(),
            clusters: Vec::new(),
        }
    }

    /// Counts a report that was collected. Those of an installation come in the order of their hours.
    pub(super) fn collected(&mut self, world: &World, of: &Installation, diary: &mut Diary, report: &Report) {
        if !of.counts {
            return;
        }
        let day = report.hour / DAY;
        if diary.day != Some(day) {
            self.close_day(of, diary);
            diary.day = Some(day);
            diary.reporting_days += 1;
        }
        diary.first.get_or_insert(report.hour);
        diary.last = report.hour;
        diary.messages += report.events.count();
        diary.of_day.add(report);
        diary.of_life.add(report);
        if report.events.health {
            let anything = self.units(world, of, diary, report);
            diary.health(world, report, anything);
        }
    }

    /// Whether anything is unhealthy.
    fn units(&mut self, world: &World, of: &Installation, diary: &mut Diary, report: &Report) -> bool {
        let (mut units, mut affected) = (0_u64, 0_u64);
        let day = usize::try_from(report.hour / DAY).unwrap_or_default();
        let cells = &mut self.days[day].cells[report.version];
        for (number, (unit, cell)) in world.units.iter().zip(cells).enumerate() {
            let (known, unknown) = world.nodes(of, report, unit);
            let unhealthy = report.unhealthy(number, known);
            cell.observed += u64::from(known);
            cell.unhealthy += u64::from(unhealthy);
            cell.unknown += u64::from(unknown);
            units |= u64::from(known > 0) << number;
            affected |= u64::from(unhealthy > 0) << number;
        }
        for traces in [&mut diary.of_day, &mut diary.of_life] {
            for version in [report.version, world.releases.len()] {
                let seen = traces.seen(version);
                seen.units |= units;
                seen.affected |= affected;
            }
        }
        affected > 0
    }

    fn close_day(&mut self, of: &Installation, diary: &mut Diary) {
        let traces = std::mem::take(&mut diary.of_day);
        let day = diary.day.take().and_then(|day| usize::try_from(day).ok());
        if let Some(sheet) = day.and_then(|day| self.days.get_mut(day)) {
            sheet.add(of, &traces);
        }
    }

    /// Counts an installation that is over.
    pub(super) fn close(&mut self, world: &World, of: &Installation, mut diary: Diary) {
        self.close_day(of, &mut diary);
        let Some(first) = diary.first else { return };
        self.window.add(of, &diary.of_life);
        *self.kinds.entry(of.kind).or_default() += 1;
        self.rolled_back += u64::from(diary.rolled_back);
        let silent = diary.last + SILENCE < world.calendar.hours();
        self.silent += u64::from(silent);
        self.messages.counted += diary.messages;
        for (place, (version, _, healthy)) in diary.starts.iter().enumerate() {
            let [starts, soon, never] = self.settling.entry((*version, place == 0)).or_default();
            *starts += 1;
            *soon += u64::from(healthy.is_some_and(|hours| hours < DAY));
            *never += u64::from(healthy.is_none());
        }
        if world.settings.list_clusters {
            self.clusters.push(diary.tell(world, of, first, silent));
        }
    }

    pub(super) fn truth(mut self, world: &World) -> FleetTruth {
        let all = world.releases.len();
        for day in &mut self.days {
            let (by_version, together) = day.cells.split_at_mut(all);
            for cells in by_version {
                add_cells(together.first_mut(), cells);
            }
            for (sum, cells) in self.window.cells.iter_mut().zip(&day.cells) {
                add_cells(Some(sum), cells);
            }
        }
        let day_text = |day| world.calendar.day_text(day);
        self.clusters.sort_by(|a, b| a.id.cmp(&b.id));
        FleetTruth {
            seed: world.settings.seed,
            from: day_text(0),
            to: day_text(world.calendar.days.saturating_sub(1)),
            messages: self.messages,
            kinds: self.kinds,
            rolled_back: self.rolled_back,
            silent: self.silent,
            changes: world.settings.changes.clone(),
            window: self.window.span(day_text(0), world),
            days: (0..)
                .zip(&self.days)
                .map(|(day, sheet)| sheet.span(day_text(day), world))
                .collect(),
            settling: self
                .settling
                .into_iter()
                .map(|((version, first), [starts, soon, never])| SettlingTruth {
                    version: world.releases[version].version.to_owned(),
                    first,
                    starts,
                    healthy_within_a_day: soon,
                    never_healthy: never,
                })
                .collect(),
            clusters: self.clusters,
        }
    }
}

/// Adds node-hours; installations are not added, since one may be in both.
fn add_cells(sums: Option<&mut Vec<Cell>>, cells: &[Cell]) {
    for (sum, cell) in sums.into_iter().flatten().zip(cells) {
        sum.observed += cell.observed;
        sum.unhealthy += cell.unhealthy;
        sum.unknown += cell.unknown;
    }
}

impl Diary {
    fn health(&mut self, world: &World, report: &Report, anything_unhealthy: bool) {
        self.hours += 1;
        self.unhealthy_hours += u32::from(anything_unhealthy);
        match self.versions.last_mut() {
            Some((version, _, hours)) if *version == report.version => *hours += 1,
            last => {
                self.rolled_back |= last.is_some_and(|(version, ..)| *version > report.version);
                self.versions.push((report.version, report.hour, 1));
                self.starts.push((report.version, report.hour, None));
            }
        }
        if !anything_unhealthy {
            for (_, hour, healthy) in self.starts.iter_mut().rev() {
                if healthy.is_some() {
                    break;
                }
                *healthy = Some(report.hour - *hour);
            }
        }
        if world.settings.list_clusters {
            *self
                .by_day
                .entry((report.hour / DAY, report.version))
                .or_default() += 1;
        }
    }

    fn tell(self, world: &World, of: &Installation, first: u32, silent: bool) -> ClusterTruth {
        let version = |number: usize| world.releases[number].version.to_owned();
        let hour = |hour| world.calendar.hour_text(hour);
        let mut days: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        for ((day, number), hours) in self.by_day {
            let of_day = days.entry(world.calendar.day_text(day)).or_default();
            of_day.insert(version(number), hours);
        }
        ClusterTruth {
            id: of.id.clone(),
            kind: of.kind,
            customer_key: of.customer_key.clone(),
            license_id: of.license_id.clone(),
            provider: of.provider.to_owned(),
            variant: of.variant().to_owned(),
            nodes: of.nodes(),
            first: hour(first),
            last: hour(self.last),
            messages: self.messages,
            reporting_days: self.reporting_days,
            hours: self.hours,
            missing: self.last - first + 1 - self.hours,
            unhealthy_hours: self.unhealthy_hours,
            silent,
            rolled_back: self.rolled_back,
            versions: self
                .versions
                .into_iter()
                .map(|(number, since, hours)| VersionTruth {
                    version: version(number),
                    since: hour(since),
                    hours,
                })
                .collect(),
            days,
            starts: self
                .starts
                .into_iter()
                .map(|(number, since, healthy)| StartTruth {
                    version: version(number),
                    hour: hour(since),
                    healthy_after: healthy,
                })
                .collect(),
        }
    }
}

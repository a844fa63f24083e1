//! What reports add up to, by plain counting.

mod diary;
mod sheet;
mod traces;

use std::collections::BTreeMap;

use self::sheet::{Sheet, add_cells};
use super::calendar::DAY;
use super::installation::Installation;
use super::report::Report;
use super::truth::{ClusterTruth, FleetTruth, Kind, Messages, SettlingTruth};
use super::world::World;

pub(super) use self::diary::Diary;

/// Hours of silence after which an installation counts as silent.
const SILENCE: u32 = 3;

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

//! What is remembered of an installation: its versions, its hours, when all was well.

use std::collections::BTreeMap;

use super::super::calendar::DAY;
use super::super::installation::Installation;
use super::super::report::Report;
use super::super::truth::{ClusterTruth, StartTruth, VersionTruth};
use super::super::world::World;
use super::traces::Traces;

/// What is remembered of an installation.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Diary {
    pub(super) day: Option<u32>,
    pub(super) of_day: Traces,
    pub(super) of_life: Traces,
    pub(super) first: Option<u32>,
    pub(super) last: u32,
    pub(super) messages: u64,
    pub(super) reporting_days: u32,
    pub(super) hours: u32,
    pub(super) unhealthy_hours: u32,
    pub(super) rolled_back: bool,
    /// Release, first hour, hours.
    pub(super) versions: Vec<(usize, u32, u32)>,
    /// Release, hour, hours until all was well.
    pub(super) starts: Vec<(usize, u32, Option<u32>)>,
    /// Hours by day and release, where they are listed.
    pub(super) by_day: BTreeMap<(u32, usize), u32>,
}

impl Diary {
    pub(super) fn health(&mut self, world: &World, report: &Report, anything_unhealthy: bool) {
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

    pub(super) fn tell(self, world: &World, of: &Installation, first: u32, silent: bool) -> ClusterTruth {
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

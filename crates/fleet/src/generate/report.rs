//! What an installation tells in an hour, before it is text.

use super::shelf;

/// Names of the numbers that `mesos_track` tells, sorted.
pub(super) const NUMBERS: [&str; 10] = [
    "agents_active",
    "agents_connected",
    "cpu_total",
    "cpu_used",
    "disk_total",
    "disk_used",
    "framework_count",
    "mem_total",
    "mem_used",
    "task_count",
];

/// Which of a report's messages there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) health: bool,
    pub(super) packages: bool,
    pub(super) mesos: bool,
}

/// A report.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// When it was collected.
    pub(super) hour: u32,
    /// Number of the release.
    pub(super) version: usize,
    /// Private agents.
    pub(super) agents: u32,
    /// Those of them that can't be reached.
    pub(super) unreachable: u32,
    /// Units that fail, on how many nodes: by number of the unit.
    pub(super) failing: Vec<(usize, u32)>,
    /// The set of packages.
    pub(super) packages: u64,
    /// The numbers, in thousandths.
    pub(super) numbers: [i64; NUMBERS.len()],
    pub(super) events: Events,
}

impl Events {
    pub(super) const fn count(self) -> u64 {
        self.health as u64 + self.packages as u64 + self.mesos as u64
    }
}

impl Report {
    /// On how many of the nodes on which a unit's state is known it fails.
    pub(super) fn unhealthy(&self, unit: usize, known: u32) -> u32 {
        let failing = self.failing.iter().find(|(of, _)| *of == unit);
        failing.map_or(0, |(_, nodes)| (*nodes).min(known))
    }

    pub(super) fn frameworks(&self) -> impl Iterator<Item = &'static str> {
        shelf::frameworks(self.packages)
    }
}

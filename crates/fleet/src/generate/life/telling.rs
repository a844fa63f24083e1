//! What an installation tells in an hour.

use super::super::draw::{chance, normal, whole};
use super::super::report::{Events, NUMBERS, Report};
use super::super::truth::Kind;
use super::super::world::World;
use super::Life;

/// Memory and disk of an agent by core, in MB.
const MEMORY: u32 = 3504;
const DISK: u32 = 8894;
/// Tasks by used core.
const TASKS: f64 = 1.7;
const THOUSAND: i64 = 1000;

impl Life {
    /// `None` where no source says anything.
    pub(super) fn report(&mut self, hour: u32, world: &World) -> Option<Report> {
        self.load += 0.1 * (self.usual_load - self.load) + 0.03 * normal(&mut self.rng);
        self.load = self.load.clamp(0.02, 0.97);
        // The first report of all tells everything, and so do those of copies and of their originals.
        let mute = match self.installation.kind {
            Kind::Clone => 0.0,
            _ if hour == self.installation.birth => 0.0,
            _ => world.settings.mute,
        };
        let mut says = || !chance(&mut self.rng, mute);
        let events = Events {
            health: says(),
            packages: says(),
            mesos: says(),
        };
        if events.count() == 0 {
            return None;
        }
        let failing = (0..)
            .zip(&self.conditions)
            .filter(|(_, condition)| condition.nodes > 0);
        let mut report = Report {
            hour,
            version: self.version,
            agents: self.agents,
            unreachable: self.unreachable,
            failing: failing.map(|(unit, condition)| (unit, condition.nodes)).collect(),
            packages: self.packages,
            numbers: [0; NUMBERS.len()],
            events,
        };
        report.numbers = self.numbers(report.frameworks().count());
        Some(report)
    }

    /// In thousandths, in the order of their names.
    fn numbers(&self, frameworks: usize) -> [i64; NUMBERS.len()] {
        let connected = self.agents - self.unreachable + self.installation.public_agents;
        let cores = connected * self.installation.cores;
        let (memory, disk) = (cores * MEMORY, cores * DISK);
        let used = |total: u32, share: f64| i64::from(whole(f64::from(total) * share));
        let agents = i64::from(connected) * THOUSAND;
        [
            agents,
            agents,
            i64::from(cores) * THOUSAND,
            // Tenths.
            used(cores * 10, self.load) * 100,
            i64::from(disk) * THOUSAND,
            used(disk, 0.1 + 0.3 * self.load) * THOUSAND,
            i64::try_from(frameworks).unwrap_or_default() * THOUSAND,
            i64::from(memory) * THOUSAND,
            used(memory, 0.05 + 0.9 * self.load) * THOUSAND,
            used(cores, self.load * TASKS) * THOUSAND,
        ]
    }
}

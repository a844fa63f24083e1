//! How the units of an installation fail and recover.

use super::super::draw::{chance, wait};
use super::super::world::World;
use super::Life;

/// The share of hours in which a unit can be bad.
const WORST: f64 = 0.9;
/// The probability that one more node of a unit is bad.
const ONE_MORE: f64 = 0.15;

/// A unit's state: on how many nodes it fails, and up to which hour it stays like that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) nodes: u32,
    pub(super) until: u32,
}

impl Life {
    /// Lets a unit that it runs on a master fail on a node.
    pub(super) fn fail_any(&mut self, until: u32, world: &World) {
        let first = self.rng.usize(..self.conditions.len());
        let generation = world.releases.get(self.version).map(|release| release.generation);
        let runs = |unit: usize| {
            let unit = world.units.get(unit);
            unit.zip(generation).is_some_and(|(unit, generation)| {
                unit.roles(generation).master && (self.installation.enterprise || !unit.enterprise)
            })
        };
        let all = self.conditions.len();
        let unit = (0..all).map(|step| (first + step) % all).find(|unit| runs(*unit));
        if let Some(condition) = unit.and_then(|unit| self.conditions.get_mut(unit)) {
            *condition = Condition { nodes: 1, until };
        }
    }

    /// Changes the states of units whose time is over.
    pub(super) fn turn(&mut self, hour: u32, world: &World) {
        for unit in 0..self.conditions.len() {
            let Some(condition) = self.conditions.get(unit).copied().filter(|one| one.until <= hour) else {
                continue;
            };
            if condition.nodes > 0 {
                self.begin_good(unit, hour, world);
            } else {
                self.begin_bad(unit, hour, world);
            }
        }
    }

    pub(super) fn begin_good(&mut self, unit: usize, hour: u32, world: &World) {
        let share = self.share(unit, world);
        let until = hour.saturating_add(wait(&mut self.rng, share * (1.0 - world.settings.correlation)));
        if let Some(condition) = self.conditions.get_mut(unit) {
            *condition = Condition { nodes: 0, until };
        }
    }

    fn begin_bad(&mut self, unit: usize, hour: u32, world: &World) {
        let share = self.share(unit, world);
        let until = hour + wait(&mut self.rng, (1.0 - share) * (1.0 - world.settings.correlation));
        let mut nodes = 1;
        while chance(&mut self.rng, ONE_MORE) {
            nodes += 1;
        }
        if let Some(condition) = self.conditions.get_mut(unit) {
            *condition = Condition { nodes, until };
        }
    }

    /// The share of hours in which a unit fails on any node.
    fn share(&self, unit: usize, world: &World) -> f64 {
        let release = world.releases.get(self.version);
        let (Some(unit), Some(release), factor) = (
            world.units.get(unit),
            release,
            release.and_then(|release| release.factors.get(unit)),
        ) else {
            return 0.0;
        };
        let roles = unit.roles(release.generation);
        let nodes = u32::from(roles.master) * self.installation.masters
            + u32::from(roles.agent) * self.agents
            + u32::from(roles.public) * self.installation.public_agents;
        let rate =
            unit.rate * factor.copied().unwrap_or(1.0) * world.settings.failures * self.installation.weakness;
        (rate * f64::from(nodes)).min(WORST)
    }
}

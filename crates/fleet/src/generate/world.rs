//! What all installations of a fleet share.

use super::calendar::{Calendar, DAY};
use super::installation::Installation;
use super::release::{self, Release};
use super::report::Report;
use super::settings::Settings;
use super::unit::{self, Unit};

/// What all installations share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) calendar: Calendar,
    pub(super) units: Vec<Unit>,
    pub(super) releases: Vec<Release>,
}

impl World {
    pub(super) fn new(settings: &Settings) -> Self {
        let units = unit::units(settings.seed);
        Self {
            calendar: Calendar::new(settings.days, settings.until),
            releases: release::releases(settings, &units),
            units,
            settings: settings.clone(),
        }
    }

    /// The first hour of a release, where it lies within the fleet's time.
    pub(super) fn hour_of(&self, release: &Release) -> Option<u32> {
        let out = release.out?;
        Some(super::draw::whole(out * f64::from(self.calendar.days)) * DAY + 9)
    }

    /// On how many nodes of an installation a unit's state is known, and unknown, at the time of a report.
    pub(super) fn nodes(&self, of: &Installation, report: &Report, unit: &Unit) -> (u32, u32) {
        let Some(release) = self
            .releases
            .get(report.version)
            .filter(|_| of.enterprise || !unit.enterprise)
        else {
            return (0, 0);
        };
        let roles = unit.roles(release.generation);
        let count = |runs: bool, nodes: u32| if runs { nodes } else { 0 };
        let known = count(roles.master, of.masters)
            + count(roles.agent, report.agents - report.unreachable)
            + count(roles.public, of.public_agents);
        (known, count(roles.agent, report.unreachable))
    }
}

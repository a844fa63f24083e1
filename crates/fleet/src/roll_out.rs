//! Fleets in which a version rolls out, with what units did on each day and nothing else: for simulations of many runs.
//!
//! A node's unit is a chain of two states with a rate of bad hours and a correlation from one hour to the next. Bad hours are rare, so
//! what is drawn are the waits between them; a day of an installation is their sum over its nodes. Installations have fixed levels, which
//! their rates are multiplied by, for all units alike: sick sites are sick all over.

mod grid;
mod unit;
mod world;

pub use self::grid::{Cell, Expected, Place, grid};
pub use self::world::World;

/// Days before the release, and daily looks since.
pub const HISTORY: u16 = 42;
/// Looks, a day each, from the day of the release on.
pub const LOOKS: u16 = 60;
/// All days.
pub const DAYS: u16 = HISTORY + LOOKS;
/// The version that everybody ran before.
pub const OLD: u16 = 1;
/// The one that rolls out.
pub const NEW: u16 = 2;

/// Who upgrades first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum First {
    /// Anybody.
    #[default]
    Anybody,
    /// Those with the lowest fixed levels, in that order.
    Healthier,
    /// Those with the highest.
    Sicker,
}

/// Who falls silent for good.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Silence {
    /// Nobody.
    #[default]
    Nobody,
    /// Half of the 30 in 100 with the highest levels, at any time within 40 days of the release.
    Sick,
    /// On the day after one on which unit 0 was bad, with this chance.
    AfterBad(f64),
}

/// A week in which the whole fleet fares worse, from the day of the release on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Outage {
    /// None.
    #[default]
    None,
    /// All rates are multiplied by this.
    Times(f64),
    /// All rates rise by this.
    Plus(f64),
}

/// What a fleet is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Installations.
    pub installations: usize,
    /// Units, all with the same rate.
    pub units: usize,
    /// Rate of bad node-hours of an installation of level 1.
    pub rate: f64,
    /// Shape of the gamma distribution of levels; infinite for no spread.
    pub spread: f64,
    /// Correlation of a node's unit from one hour to the next.
    pub correlation: f64,
    /// The share of installations that upgrade.
    pub upgraded: f64,
    /// Days over which they do.
    pub over: u16,
    /// In waves instead, which end with nearly all: 1, 10, 40, 70 and 95 in 100.
    pub waves: bool,
    /// Who is first.
    pub first: First,
    /// On the day after one on which unit 0 was bad, with this chance, within the days of the roll-out.
    pub upgraded_after_bad: f64,
    /// The fleet-wide outage.
    pub outage: Outage,
    /// Who falls silent.
    pub silence: Silence,
    /// The share of days without a report.
    pub missing: f64,
    /// What the new version multiplies the rate of unit 0 by.
    pub factor: f64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            installations: 400,
            units: 60,
            rate: 0.002,
            spread: 0.3,
            correlation: 0.9,
            upgraded: 0.5,
            over: 14,
            waves: false,
            first: First::Anybody,
            upgraded_after_bad: 0.0,
            outage: Outage::None,
            silence: Silence::Nobody,
            missing: 0.0,
            factor: 1.0,
        }
    }
}

/// A day of an installation's unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Day {
    /// Node-hours in which it was bad.
    pub unhealthy: f32,
    /// Node-hours observed; none on a day without a report.
    pub observed: f32,
    /// Nodes.
    pub nodes: f32,
}

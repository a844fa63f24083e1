//! An installation's way through the hours.

mod condition;
mod telling;

use fastrand::Rng;

use self::condition::Condition;
use super::calendar::DAY;
use super::draw::{NEVER, chance, exponential, whole};
use super::installation::Installation;
use super::report::Report;
use super::shelf::PACKAGES;
use super::tally::Diary;
use super::truth::Kind;
use super::world::World;

/// Mean hours during which nothing is collected, or an agent can't be reached.
const DOWN: f64 = 24.0;
const UNREACHABLE: f64 = 4.0;
/// Most hours during which nothing is delivered.
const OFFLINE: u32 = 72;
/// The probability that a new installation, or one after an upgrade, has a unit in trouble; for how many hours in the mean.
const TROUBLE: (f64, f64, f64) = (0.12, 0.06, 12.0);
/// The probability that an installation has a unit that never works.
const CHRONIC: f64 = 0.006;
/// The probability that the number of agents changes on a day, and to which share of what it was.
const SCALING: (f64, f64, f64) = (0.02, 0.8, 1.3);

/// An installation at some hour.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) installation: Installation,
    pub(super) diary: Diary,
    rng: Rng,
    /// Upgrades so far, the first release included.
    upgraded: usize,
    version: usize,
    agents: u32,
    unreachable: u32,
    unreachable_until: u32,
    conditions: Vec<Condition>,
    /// It has a package when a larger share of installations has.
    reluctance: [f64; PACKAGES.len()],
    packages: u64,
    load: f64,
    usual_load: f64,
    down_until: u32,
    offline_until: u32,
    /// Collected, not delivered.
    spool: Vec<Report>,
    /// Delivered, and to be delivered again.
    again: Option<Report>,
}

/// What is delivered in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    Fresh,
    Late,
    Again,
}

impl Life {
    /// From the installation's first hour on.
    pub(super) fn begin(installation: Installation, world: &World) -> Self {
        let mut rng = installation.rng.clone();
        let usual_load = 0.15 + 0.6 * rng.f64();
        let mut life = Self {
            agents: installation.agents,
            unreachable: 0,
            unreachable_until: 0,
            version: 0,
            upgraded: 0,
            conditions: vec![
                Condition {
                    nodes: 0,
                    until: NEVER
                };
                world.units.len()
            ],
            reluctance: std::array::from_fn(|_| rng.f64()),
            packages: 0,
            load: usual_load,
            usual_load,
            down_until: 0,
            offline_until: 0,
            spool: Vec::new(),
            again: None,
            diary: Diary::default(),
            rng,
            installation,
        };
        life.install(life.installation.birth, world);
        life
    }

    /// Whether it ends before this hour.
    pub(super) const fn is_over(&self, hour: u32) -> bool {
        hour >= self.installation.death
    }

    /// Passes an hour: what is collected is told to `collected`, what is delivered to `delivered`.
    pub(super) fn pass<E>(
        &mut self,
        hour: u32,
        world: &World,
        mut collected: impl FnMut(&Installation, &mut Diary, &Report),
        mut delivered: impl FnMut(&Installation, &Report, Arrival) -> Result<(), E>,
    ) -> Result<(), E> {
        self.upgrade(hour, world);
        self.turn(hour, world);
        if hour % DAY == self.installation.offset % DAY {
            self.install(hour, world);
            self.scale();
        }
        self.reach(hour, world);
        let goes_on = !self.is_over(hour + 1);
        let settings = &world.settings;
        let steady = self.installation.kind != Kind::Usual;
        if !steady {
            if hour >= self.down_until && chance(&mut self.rng, settings.down) {
                self.down_until = hour + 1 + whole(exponential(&mut self.rng, DOWN));
            }
            if hour >= self.offline_until && chance(&mut self.rng, settings.offline) {
                self.offline_until = hour + self.rng.u32(1..OFFLINE);
            }
        }
        // Its first hour is never missing: that is when it begins.
        let misses = !steady
            && hour > self.installation.birth
            && (hour < self.down_until || chance(&mut self.rng, settings.missing));
        let report = if misses { None } else { self.report(hour, world) };
        if let Some(report) = &report {
            collected(&self.installation, &mut self.diary, report);
        }
        if hour < self.offline_until && goes_on {
            self.spool.extend(report);
            return Ok(());
        }
        for report in self.spool.drain(..) {
            delivered(&self.installation, &report, Arrival::Late)?;
        }
        let again = self.again.take();
        if let Some(report) = report {
            delivered(&self.installation, &report, Arrival::Fresh)?;
            if chance(&mut self.rng, settings.twice) {
                self.again = Some(report);
            }
        }
        if let Some(report) = again {
            delivered(&self.installation, &report, Arrival::Again)?;
        }
        match self.again.take_if(|_| !goes_on) {
            Some(report) => delivered(&self.installation, &report, Arrival::Again),
            None => Ok(()),
        }
    }

    fn upgrade(&mut self, hour: u32, world: &World) {
        while let Some((from, version)) = self.installation.upgrades.get(self.upgraded).copied() {
            if from > hour {
                return;
            }
            self.version = version;
            let is_first = self.upgraded == 0;
            self.upgraded += 1;
            for unit in 0..self.conditions.len() {
                // Bad hours go on; how long the good ones last is drawn anew.
                if self
                    .conditions
                    .get(unit)
                    .is_some_and(|condition| condition.nodes == 0)
                {
                    self.begin_good(unit, hour, world);
                }
            }
            let (first, later, mean) = TROUBLE;
            let is_new = is_first && self.installation.birth > 0;
            let probability = match (is_first, is_new) {
                (true, false) => 0.0,
                (true, true) => first,
                _ => later,
            };
            if chance(&mut self.rng, probability) {
                let until = hour + 1 + whole(exponential(&mut self.rng, mean));
                self.fail_any(until, world);
            }
            if is_first && chance(&mut self.rng, CHRONIC) {
                self.fail_any(NEVER, world);
            }
        }
    }

    /// Installs and removes packages.
    fn install(&mut self, hour: u32, world: &World) {
        if self.installation.kind == Kind::Ci {
            return;
        }
        let passed = f64::from(hour) / f64::from(world.calendar.hours());
        let with_shares = PACKAGES.iter().zip(self.reluctance).enumerate();
        self.packages = with_shares
            .filter(|(_, (package, reluctance))| *reluctance < package.share(passed))
            .fold(0, |set, (number, _)| set | 1 << number);
    }

    fn scale(&mut self) {
        let (probability, least, most) = SCALING;
        if self.installation.kind == Kind::Usual && chance(&mut self.rng, probability) {
            let factor = least + (most - least) * self.rng.f64();
            self.agents = whole(f64::from(self.agents) * factor).max(1);
            self.unreachable = self.unreachable.min(self.agents.saturating_sub(1));
        }
    }

    fn reach(&mut self, hour: u32, world: &World) {
        if hour >= self.unreachable_until {
            self.unreachable = 0;
        }
        let probability = world.settings.unreachable * f64::from(self.agents);
        if self.unreachable == 0 && self.agents > 1 && chance(&mut self.rng, probability) {
            self.unreachable = 1 + self.rng.u32(..self.agents.div_ceil(8)).min(self.agents - 2);
            self.unreachable_until = hour + 1 + whole(exponential(&mut self.rng, UNREACHABLE));
        }
    }
}

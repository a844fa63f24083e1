//! A fleet of a setting: who there is, and who runs what when.

use fastrand::Rng;

use super::{DAYS, Day, First, HISTORY, NEW, OLD, Outage, Setting, Silence, unit};
use crate::generate::draw::{gamma, heavy, rng};

/// Kinds of generators.
const SITE: u64 = 0x726f_6c6c;
const UNIT: u64 = 0x756e_6974;
const FATE: u64 = 0x6661_7465;
/// Masters and public agents; how many agents there are at least, how the tail of the larger ones falls off, and the most.
const OTHERS: u32 = 3;
const AGENTS: (f64, f64) = (1.6, 1.1);
const MOST_AGENTS: f64 = 1500.0;
/// How long the outage lasts.
const OUTAGE: u16 = 7;
/// Within how many days the sick fall silent, and which share of installations is healthier.
const SILENCE: u16 = 40;
const HEALTHY: f64 = 0.7;
/// Shares of installations and the day of the release's roll-out on which they have been reached.
const WAVES: [(f64, u16); 5] = [(0.01, 0), (0.1, 4), (0.4, 10), (0.7, 17), (0.95, 24)];

/// A fleet.
#[derive(Debug, Clone)]
pub struct World {
    setting: Setting,
    seed: u64,
    sites: Vec<Site>,
}

#[derive(Debug, Clone)]
struct Site {
    order: u64,
    nodes: u32,
    level: f64,
    upgrade: Option<u16>,
    /// The first day of silence.
    silent: u16,
    /// Days without a report, a bit each.
    missing: u128,
}

impl World {
    /// Draws one.
    #[must_use]
    pub fn new(setting: &Setting, seed: u64) -> Self {
        let mut rng = rng(seed, SITE, 0);
        let sites = (0..setting.installations).map(|_| Site {
            order: rng.u64(..),
            nodes: OTHERS + agents(&mut rng),
            level: gamma(&mut rng, setting.spread),
            upgrade: None,
            silent: DAYS,
            missing: missing(setting.missing, &mut rng),
        });
        let sites = sites.collect();
        let mut world = Self {
            setting: *setting,
            seed,
            sites,
        };
        world.roll_out(&mut rng);
        world.fall_silent(&mut rng);
        world.suffer();
        world
    }

    fn roll_out(&mut self, rng: &mut Rng) {
        let Setting {
            first,
            upgraded,
            over,
            waves,
            ..
        } = self.setting;
        let mut rank: Vec<usize> = (0..self.sites.len()).collect();
        rng.shuffle(&mut rank);
        let level = |place: &usize| self.sites[*place].level;
        match first {
            First::Anybody => {}
            First::Healthier => rank.sort_by(|a, b| level(a).total_cmp(&level(b))),
            First::Sicker => rank.sort_by(|a, b| level(b).total_cmp(&level(a))),
        }
        let all = self.sites.len() as f64;
        for (at, place) in rank.into_iter().enumerate() {
            let share = at as f64 / all;
            self.sites[place].upgrade = if waves {
                WAVES
                    .iter()
                    .find(|(until, _)| share < *until)
                    .map(|(_, day)| HISTORY + day)
            } else if share < upgraded {
                let at = if first == First::Anybody {
                    rng.f64()
                } else {
                    share / upgraded
                };
                Some(HISTORY + days(at * f64::from(over)))
            } else {
                None
            };
        }
    }

    fn fall_silent(&mut self, rng: &mut Rng) {
        if self.setting.silence != Silence::Sick {
            return;
        }
        let mut levels: Vec<f64> = self.sites.iter().map(|site| site.level).collect();
        levels.sort_by(f64::total_cmp);
        let healthy = levels.partition_point(|level| *level < quantile(&levels, HEALTHY));
        let bound = levels.get(healthy).copied().unwrap_or(f64::INFINITY);
        for site in self.sites.iter_mut().filter(|site| site.level >= bound) {
            if rng.bool() {
                site.silent = HISTORY + rng.u16(0..SILENCE);
            }
        }
    }

    /// What becomes of those on which unit 0 was bad.
    fn suffer(&mut self) {
        let silenced = match self.setting.silence {
            Silence::AfterBad(chance) => chance,
            Silence::Nobody | Silence::Sick => 0.0,
        };
        let moved = self.setting.upgraded_after_bad;
        if silenced <= 0.0 && moved <= 0.0 {
            return;
        }
        let mut cells = vec![Day::default(); self.sites.len() * usize::from(DAYS)];
        if moved > 0.0 {
            self.sites.iter_mut().for_each(|site| site.upgrade = None);
        }
        self.unit(0, &mut cells);
        let mut rng = rng(self.seed, FATE, 0);
        for (site, cells) in self.sites.iter_mut().zip(cells.chunks_exact(DAYS.into())) {
            for (day, cell) in (0_u16..).zip(cells).skip(HISTORY.into()) {
                if cell.unhealthy <= 0.0 {
                    continue;
                }
                if rng.f64() < silenced {
                    site.silent = site.silent.min(day + 1);
                }
                if day < HISTORY + self.setting.over && site.upgrade.is_none() && rng.f64() < moved {
                    site.upgrade = Some(day + 1);
                }
            }
        }
    }

    /// Of each installation a number that decides its order, and the versions that it reported by day; 0 for no report.
    pub fn versions(&self) -> impl Iterator<Item = (u64, Vec<u16>)> {
        self.sites.iter().map(|site| {
            let version = |day: u16| match site.upgrade {
                _ if !site.reports(day) => 0,
                Some(upgrade) if day >= upgrade => NEW,
                _ => OLD,
            };
            (site.order, (0..DAYS).map(version).collect())
        })
    }

    /// Writes the days of a unit: of each installation all days, one installation after the other.
    pub fn unit(&self, unit: u64, cells: &mut [Day]) {
        let setting = &self.setting;
        let factor = if unit == 0 { setting.factor } else { 1.0 };
        let mut rng = rng(self.seed, UNIT, unit);
        for (site, cells) in self.sites.iter().zip(cells.chunks_exact_mut(DAYS.into())) {
            cells.fill(Day::default());
            let rate = |day: u16| {
                let changed = site.upgrade.is_some_and(|upgrade| day >= upgrade);
                let rate = setting.rate * site.level * if changed { factor } else { 1.0 };
                match setting.outage {
                    Outage::Times(by) if (HISTORY..HISTORY + OUTAGE).contains(&day) => rate * by,
                    Outage::Plus(more) if (HISTORY..HISTORY + OUTAGE).contains(&day) => rate + more,
                    _ => rate,
                }
            };
            unit::draw(&mut rng, site.nodes, setting.correlation, rate, cells);
            for (day, cell) in (0_u16..).zip(cells) {
                if site.reports(day) {
                    cell.nodes = nodes(site.nodes);
                    cell.observed = cell.nodes * 24.0;
                } else {
                    *cell = Day::default();
                }
            }
        }
    }
}

impl Site {
    fn reports(&self, day: u16) -> bool {
        day < self.silent && self.missing >> day & 1 == 0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
fn agents(rng: &mut Rng) -> u32 {
    heavy(rng, AGENTS.0, AGENTS.1).min(MOST_AGENTS).round() as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float saturates"
)]
fn days(number: f64) -> u16 {
    number.floor() as u16
}

fn nodes(count: u32) -> f32 {
    // No more than thousands.
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

fn missing(share: f64, rng: &mut Rng) -> u128 {
    if share <= 0.0 {
        return 0;
    }
    (0..DAYS)
        .filter(|_| rng.f64() < share)
        .fold(0, |set, day| set | 1 << day)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at).copied().unwrap_or(f64::INFINITY)
}

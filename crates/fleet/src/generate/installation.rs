//! An installation: what it is, when it begins and ends, when it upgrades. All of it is drawn before its first hour.

use fastrand::Rng;

use super::draw::{chance, exponential, gamma, heavy, rng, weighted, whole};
use super::truth::Kind;
use super::world::World;

/// Kind of the generators that decide about installations.
const KIND: u64 = 0x7369_7465;
const CI_KIND: u64 = 0x6369;
/// Most private agents of an installation.
const MOST_AGENTS: u32 = 1500;
/// How many agents there are at least, and how the tail of the larger ones falls off.
const AGENTS: (f64, f64) = (1.6, 1.1);
/// Hours in which most upgrades to a release happen, as a share of all.
const ADOPTION: f64 = 0.13;
/// Most hours until an upgrade is taken back.
const REGRET: u32 = 72;
/// The share of those that begin with the newest release.
const NEWEST: f64 = 0.8;
/// What less is liked than this is no release that somebody begins with.
const LIKED: f64 = 0.2;
const MILLISECONDS: u32 = 3_600_000;
/// Reports stay clear of the hour's edges by this.
const EDGE: u32 = 120_000;

const PROVIDERS: [(&str, u32); 9] = [
    ("aws", 34),
    ("on-prem", 27),
    ("azure", 14),
    ("gcp", 9),
    ("vsphere", 7),
    ("openstack", 3),
    ("digitalocean", 2),
    ("other", 2),
    ("ibm", 2),
];
const MASTERS: [(u32, u32); 3] = [(1, 30), (3, 55), (5, 15)];
const CORES: [(u32, u32); 5] = [(2, 10), (4, 30), (8, 30), (16, 20), (48, 10)];

/// An installation.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    /// What tells its reports apart from other installations'; a copy has that of the original.
    pub(super) lane: u32,
    pub(super) kind: Kind,
    /// Whether its reports count: those of a copy do not.
    pub(super) counts: bool,
    pub(super) id: String,
    pub(super) reporter: String,
    pub(super) provider: &'static str,
    pub(super) enterprise: bool,
    pub(super) customer_key: String,
    pub(super) license_id: String,
    pub(super) masters: u32,
    pub(super) agents: u32,
    pub(super) public_agents: u32,
    /// Cores of an agent.
    pub(super) cores: u32,
    /// When in the hour it reports, in milliseconds.
    pub(super) offset: u32,
    /// Its first hour.
    pub(super) birth: u32,
    /// The hour after its last.
    pub(super) death: u32,
    /// Releases, and from which hour on it has them; the first from its birth.
    pub(super) upgrades: Vec<(u32, usize)>,
    /// What its rates of failure are multiplied by.
    pub(super) weakness: f64,
    pub(super) rng: Rng,
}

impl Installation {
    pub(super) const fn variant(&self) -> &'static str {
        if self.enterprise { "enterprise" } else { "open" }
    }

    pub(super) const fn nodes(&self) -> u32 {
        self.masters + self.agents + self.public_agents
    }
}

/// All installations of a fleet, those of CI and copies too, in no particular order.
pub(super) fn all(world: &World) -> Vec<Installation> {
    let settings = &world.settings;
    let mut all = Vec::new();
    for number in 0..settings.installations {
        let mut installation = usual(world, number);
        if installation.kind == Kind::Clone {
            let copy = copy(&installation);
            if copy.birth < copy.death {
                all.push(copy);
            } else {
                installation.kind = Kind::Usual;
            }
        }
        all.push(installation);
    }
    let ci = whole(settings.ci * f64::from(settings.days));
    all.extend((0..ci).map(|number| of_ci(world, number)));
    all
}

fn usual(world: &World, number: u32) -> Installation {
    let settings = &world.settings;
    let hours = world.calendar.hours();
    let mut rng = rng(settings.seed, KIND, number.into());
    let is_clone = chance(&mut rng, settings.clones);
    let birth = if chance(&mut rng, settings.newcomers) {
        rng.u32(..hours)
    } else {
        0
    };
    let silent = chance(&mut rng, settings.silent);
    let death = if silent { rng.u32(birth + 1..=hours) } else { hours };
    let enterprise = chance(&mut rng, settings.enterprise);
    let mut installation = Installation {
        lane: number,
        kind: if is_clone { Kind::Clone } else { Kind::Usual },
        counts: true,
        id: uuid(&mut rng),
        reporter: format!("{:032x}", rng.u128(..)),
        provider: weighted(&mut rng, &PROVIDERS).copied().unwrap_or_default(),
        enterprise,
        customer_key: String::new(),
        license_id: String::new(),
        masters: weighted(&mut rng, &MASTERS).copied().unwrap_or(1),
        agents: whole(heavy(&mut rng, AGENTS.0, AGENTS.1)).min(MOST_AGENTS),
        public_agents: rng.u32(..3),
        cores: weighted(&mut rng, &CORES).copied().unwrap_or(4),
        offset: rng.u32(EDGE..MILLISECONDS - EDGE),
        birth,
        death,
        upgrades: Vec::new(),
        weakness: gamma(&mut rng, settings.spread),
        rng: rng.fork(),
    };
    if enterprise {
        installation.customer_key = uuid(&mut rng);
        installation.license_id = format!("dcos-{}-{:06}", rng.u32(2016..2019), rng.u32(..1_000_000));
    }
    let first = if birth > 0 {
        newest(world, birth, &mut rng)
    } else {
        let held: Vec<(usize, u32)> = world
            .releases
            .iter()
            .map(|release| release.weight)
            .enumerate()
            .collect();
        weighted(&mut rng, &held).copied().unwrap_or_default()
    };
    installation.upgrades = upgrades(world, birth, first, &mut rng);
    installation
}

/// A copy of a disk, switched on some hours after the original, of another size. It never misses an hour, and neither does the
/// original: which of two reporters counts is decided by who is silent.
fn copy(original: &Installation) -> Installation {
    let mut rng = original.rng.clone();
    Installation {
        counts: false,
        reporter: format!("{:032x}", rng.u128(..)),
        birth: original.birth + rng.u32(2..72),
        death: original.death,
        agents: original.agents + rng.u32(1..4),
        offset: rng.u32(EDGE..MILLISECONDS - EDGE),
        rng: rng.fork(),
        ..original.clone()
    }
}

/// One node, some hours, the newest release.
fn of_ci(world: &World, number: u32) -> Installation {
    let settings = &world.settings;
    let hours = world.calendar.hours();
    let mut rng = rng(settings.seed, CI_KIND, number.into());
    let birth = rng.u32(..hours);
    Installation {
        lane: settings.installations + number,
        kind: Kind::Ci,
        counts: true,
        id: uuid(&mut rng),
        reporter: format!("{:032x}", rng.u128(..)),
        provider: if chance(&mut rng, 0.8) { "aws" } else { "vagrant" },
        enterprise: chance(&mut rng, 0.3),
        customer_key: String::new(),
        license_id: String::new(),
        masters: 1,
        agents: 0,
        public_agents: 0,
        cores: 4,
        offset: rng.u32(EDGE..MILLISECONDS - EDGE),
        birth,
        death: (birth + rng.u32(1..8)).min(hours),
        upgrades: vec![(birth, newest(world, birth, &mut rng))],
        weakness: gamma(&mut rng, settings.spread),
        rng: rng.fork(),
    }
}

/// The release that somebody begins with at this hour.
fn newest(world: &World, hour: u32, rng: &mut Rng) -> usize {
    let out = world
        .releases
        .iter()
        .enumerate()
        .filter(|(_, release)| match release.out {
            Some(_) => release.liked > LIKED && world.hour_of(release).is_some_and(|out| out <= hour),
            None => true,
        });
    let out: Vec<usize> = out.map(|(number, _)| number).rev().collect();
    let before = usize::from(!chance(rng, NEWEST));
    out.get(before).or(out.first()).copied().unwrap_or_default()
}

/// What it has from when on: each release that came out since is liked or not, and waited for.
fn upgrades(world: &World, birth: u32, first: usize, rng: &mut Rng) -> Vec<(u32, usize)> {
    let hours = f64::from(world.calendar.hours());
    let patience = exponential(rng, 0.5) + 0.5;
    let mut wanted: Vec<(u32, usize)> = Vec::new();
    for (number, release) in world.releases.iter().enumerate() {
        let Some(out) = world.hour_of(release) else {
            continue;
        };
        let likes = chance(rng, release.liked);
        let delay = whole(exponential(rng, ADOPTION * hours * patience));
        if likes && out + delay > birth {
            wanted.push((out + delay, number));
        }
    }
    wanted.sort_unstable();
    let mut plan = vec![(birth, first)];
    for (at, (hour, number)) in wanted.iter().enumerate() {
        let (last, current) = plan.last().copied().unwrap_or((birth, first));
        if *number <= current || *hour <= last {
            continue;
        }
        plan.push((*hour, *number));
        let next = wanted.get(at + 1).map_or(u32::MAX, |(hour, _)| *hour);
        let regret = hour + rng.u32(3..REGRET);
        if chance(rng, world.settings.rollbacks) && regret < next {
            plan.push((regret, current));
        }
    }
    plan
}

fn uuid(rng: &mut Rng) -> String {
    // Version 4, variant 1 (RFC 9562).
    let bits = rng.u128(..) & !(0xf << 76 | 3 << 62) | 4 << 76 | 2 << 62;
    let mut id = format!("{bits:032x}");
    for at in [8, 13, 18, 23] {
        id.insert(at, '-');
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Settings;
    use crate::generate::calendar::DAY;
    use std::collections::BTreeSet;

    #[test]
    fn installations_are_as_many_and_of_the_kinds_that_were_asked_for() {
        let world = World::new(&Settings {
            clones: 0.05,
            ..Settings::default()
        });
        let all = all(&world);
        let count = |kind| all.iter().filter(|one| one.kind == kind && one.counts).count();
        assert_eq!(count(Kind::Usual) + count(Kind::Clone), 1000);
        assert_eq!(count(Kind::Ci), 900);
        let copies: Vec<_> = all.iter().filter(|one| !one.counts).collect();
        assert!(copies.len() > 20 && copies.len() == count(Kind::Clone));
        let ids: BTreeSet<_> = all.iter().map(|one| &one.id).collect();
        assert_eq!(ids.len() + copies.len(), all.len());
        let reporters: BTreeSet<_> = all.iter().map(|one| &one.reporter).collect();
        assert_eq!(reporters.len(), all.len());
        let large = all.iter().filter(|one| one.agents > 100).count();
        let median = {
            let mut agents: Vec<_> = all
                .iter()
                .filter(|one| one.kind == Kind::Usual)
                .map(|one| one.agents)
                .collect();
            agents.sort_unstable();
            agents[agents.len() / 2]
        };
        assert!(median < 6 && large > 3, "a heavy tail: {median} {large}");
    }

    #[test]
    fn upgrades_spread_and_some_are_taken_back() {
        let world = World::new(&Settings {
            rollbacks: 0.3,
            ..Settings::default()
        });
        let all = all(&world);
        let new = world
            .releases
            .iter()
            .position(|release| release.version == "1.11.0")
            .unwrap();
        let has = |one: &Installation, hour| {
            let held = one.upgrades.iter().rev().find(|(from, _)| *from <= hour);
            held.is_some_and(|(_, number)| *number == new)
        };
        let share = |day: u32| {
            all.iter()
                .filter(|one| one.kind == Kind::Usual && has(one, day * DAY))
                .count()
        };
        assert_eq!(share(15), 0);
        assert!(share(17) > 10 && share(20) > share(17) + 20 && share(27) > share(20) + 20);
        let back = |one: &&Installation| one.upgrades.is_sorted_by_key(|(_, number)| *number);
        assert!(all.iter().filter(|one| !back(one)).count() > 50);
        assert!(
            all.iter()
                .all(|one| one.upgrades.is_sorted_by_key(|(hour, _)| *hour))
        );
    }
}

//! The units that a fleet runs: those of the catalogue, and those of DC/OS Enterprise.

use super::draw;
use super::release::Generation;
use crate::catalogue;
use crate::spec::{Release, Role};

/// Kind of the generators that decide about units.
const KIND: u64 = 0x75_6e69_7473;
/// Rates of failure lie between these: unhealthy node-hours per node-hour.
const RATES: (f64, f64) = (1e-5, 2e-3);
/// Units of DC/OS Enterprise; they run on masters.
const ENTERPRISE: [&str; 8] = [
    "dcos-backup-master.service",
    "dcos-backup-master.socket",
    "dcos-bouncer.service",
    "dcos-ca.service",
    "dcos-licensing.service",
    "dcos-networking_api.service",
    "dcos-secrets.service",
    "dcos-vault.service",
];

/// Which nodes run it: masters, private agents, public agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) master: bool,
    pub(super) agent: bool,
    pub(super) public: bool,
}

/// A unit.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// As in the properties: `dcos-cosmos-service`.
    pub(super) name: String,
    /// Up to the last word of its properties' names: `,"health-unit-dcos-cosmos-service-`.
    pub(super) property: String,
    /// Whether it is of DC/OS Enterprise alone.
    pub(super) enterprise: bool,
    /// Who runs it, by generation.
    roles: [Roles; 2],
    /// Unhealthy node-hours per node-hour.
    pub(super) rate: f64,
}

impl Unit {
    pub(super) const fn roles(&self, generation: Generation) -> Roles {
        self.roles[generation as usize]
    }

    fn new(name: &str, enterprise: bool, roles: [Roles; 2], seed: u64) -> Self {
        let property = name.replace('.', "-");
        let number = property
            .bytes()
            .fold(0, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte));
        let (least, most) = RATES;
        let mut rng = draw::rng(seed, KIND, number);
        // What only starts others fails less often.
        let kind = if name.ends_with(".service") { 1.0 } else { 0.2 };
        Self {
            rate: least * (most / least).powf(rng.f64()) * kind,
            property: format!(",\"health-unit-{property}-"),
            name: property,
            enterprise,
            roles,
        }
    }
}

/// All units, by name. At most 64: sets of them are words.
pub(super) fn units(seed: u64) -> Vec<Unit> {
    let catalogue = catalogue::all().iter().map(|unit| {
        let roles = [Release::V1_8, Release::V1_10].map(|release| Roles {
            master: unit.runs_on(release, Role::Master),
            agent: unit.runs_on(release, Role::Agent),
            public: unit.runs_on(release, Role::AgentPublic),
        });
        Unit::new(unit.name, false, roles, seed)
    });
    let masters = Roles {
        master: true,
        ..Roles::default()
    };
    let enterprise = ENTERPRISE
        .iter()
        .map(|name| Unit::new(name, true, [masters; 2], seed));
    let mut all: Vec<Unit> = catalogue.chain(enterprise).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_sorted_as_their_properties_are_and_fit_into_a_word() {
        let units = units(1);
        assert!(units.len() > 50 && units.len() <= 64);
        let properties: Vec<_> = units
            .iter()
            .flat_map(|unit| {
                ["total", "unhealthy", "unknown"].map(|amount| format!("{}{amount}", unit.property))
            })
            .collect();
        assert!(properties.is_sorted());
        assert!(units.iter().all(|unit| unit.rate > 0.0 && unit.rate < 0.01));
    }
}

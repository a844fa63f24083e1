//! Packages: how many installations have each, from the first day to the last. Some of them register a framework of their name.

/// A package.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package {
    pub(super) name: &'static str,
    /// Whether it registers with Mesos.
    pub(super) framework: bool,
    /// The share of installations that have it at the beginning, and at the end.
    shares: (f64, f64),
}

/// Frameworks that every installation has.
pub(super) const FRAMEWORKS: [&str; 2] = ["marathon", "metronome"];

const fn package(name: &'static str, framework: bool, first: f64, last: f64) -> Package {
    Package {
        name,
        framework,
        shares: (first, last),
    }
}

/// All packages, by name. At most 64: sets of them are words.
pub(super) const PACKAGES: [Package; 24] = [
    package("artifactory", false, 0.06, 0.06),
    package("cassandra", true, 0.17, 0.15),
    package("confluent-kafka", true, 0.05, 0.07),
    package("datadog", false, 0.08, 0.11),
    package("dcos-monitoring", false, 0.0, 0.18),
    package("edge-lb", true, 0.02, 0.22),
    package("elastic", true, 0.12, 0.16),
    package("gitlab", false, 0.09, 0.08),
    package("grafana", false, 0.1, 0.16),
    package("hdfs", true, 0.14, 0.11),
    package("jenkins", true, 0.33, 0.27),
    package("kafka", true, 0.24, 0.28),
    package("kibana", false, 0.08, 0.12),
    package("kubernetes", true, 0.03, 0.24),
    package("marathon-lb", false, 0.52, 0.46),
    package("mysql", false, 0.12, 0.12),
    package("nginx", false, 0.15, 0.15),
    package("other", false, 0.2, 0.22),
    package("postgresql", false, 0.09, 0.1),
    package("prometheus", false, 0.11, 0.18),
    package("redis", false, 0.1, 0.1),
    package("spark", true, 0.22, 0.2),
    package("storm", true, 0.03, 0.01),
    package("zeppelin", false, 0.05, 0.04),
];

impl Package {
    /// The share of installations that have it, when this share of the days has passed.
    pub(super) fn share(&self, passed: f64) -> f64 {
        let (first, last) = self.shares;
        // Slow, fast, slow.
        let done = passed * passed * (3.0 - 2.0 * passed);
        first + (last - first) * done
    }
}

/// The packages of a set.
pub(super) fn packages(set: u64) -> impl Iterator<Item = (usize, &'static Package)> {
    let numbered = PACKAGES.iter().enumerate();
    numbered.filter(move |(number, _)| set >> number & 1 == 1)
}

/// The names of the frameworks of who has a set of packages, in no particular order.
pub(super) fn frameworks(set: u64) -> impl Iterator<Item = &'static str> {
    let of_packages = packages(set).filter(|(_, package)| package.framework);
    FRAMEWORKS
        .into_iter()
        .chain(of_packages.map(|(_, package)| package.name))
}

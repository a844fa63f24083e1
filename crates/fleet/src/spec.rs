//! What a cluster is to be like. From the same spec come the same documents and the same truth.

use std::fmt;
use std::str::FromStr;

use crate::catalogue;

/// A DC/OS release, which decides the units that nodes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Release {
    /// DC/OS 1.8.
    V1_8,
    /// DC/OS 1.10.
    #[default]
    V1_10,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_8 => "1.8",
            Self::V1_10 => "1.10",
        })
    }
}

/// A text that names no release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRelease(String);

impl fmt::Display for UnknownRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the units of release `{}` are not known: use 1.8 or 1.10",
            self.0
        )
    }
}

impl std::error::Error for UnknownRelease {}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1.8" => Ok(Self::V1_8),
            "1.10" => Ok(Self::V1_10),
            _ => Err(UnknownRelease(text.to_owned())),
        }
    }
}

/// What a node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A master.
    Master,
    /// A private agent.
    Agent,
    /// A public agent.
    AgentPublic,
}

impl Role {
    /// The name in health reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Agent => "agent",
            Self::AgentPublic => "agent_public",
        }
    }
}

/// Which units fail.
#[derive(Clone, Debug, PartialEq)]
pub enum FailingSpec {
    /// This share of all nodes (0.02: 2 %, rounded to whole nodes) has one failing unit each. Which nodes and
    /// which of their units, the seed decides. Unreachable nodes are not among them.
    Share(f64),
    /// Exactly these. One of a node that does not exist or can't be reached has no effect.
    Exact(Vec<Failure>),
}

/// One failing unit of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which node, counted from 0: first the masters, then the agents, then the public agents.
    pub node: usize,
    /// The unit's name. One that the node's role has not is run by that node besides its others.
    pub unit: String,
}

/// What the agents of a cluster have together, as Mesos tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// Processor cores.
    pub cpus: f64,
    /// Memory in MiB.
    pub mem: f64,
    /// Disk in MiB.
    pub disk: f64,
}

impl Totals {
    /// What one agent has where a spec has no totals.
    pub const AGENT: Self = Self {
        cpus: 4.0,
        mem: 14_018.0,
        disk: 35_577.0,
    };

    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            cpus: self.cpus * factor,
            mem: self.mem * factor,
            disk: self.disk * factor,
        }
    }

    /// This share of each, in whole eighths: numbers that every reader of decimals gets exactly.
    pub(crate) fn share(self, share: f64) -> Self {
        let eighths = |total: f64| (total * share * 8.0).floor() / 8.0;
        Self {
            cpus: eighths(self.cpus),
            mem: eighths(self.mem),
            disk: eighths(self.disk),
        }
    }
}

/// What a cluster is to be like.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSpec {
    /// Decides all that the other fields leave open.
    pub seed: u64,
    /// The release.
    pub release: Release,
    /// Masters; the first one leads.
    pub masters: usize,
    /// Private agents.
    pub agents: usize,
    /// Public agents.
    pub public_agents: usize,
    /// Which units fail.
    pub failing: FailingSpec,
    /// How many nodes are down: the aggregator can't reach them, and Mesos has lost those of them that are
    /// agents. The leading master is never one.
    pub unreachable: usize,
    /// Journal lines in the output of a failing unit.
    pub journal_lines: usize,
    /// Names of the installed packages.
    pub packages: Vec<String>,
    /// Names of the active frameworks.
    pub frameworks: Vec<String>,
    /// What the reachable agents have together; [`Totals::AGENT`] each for `None`.
    pub totals: Option<Totals>,
    /// The share of the totals that is in use, from 0 to 1 (rounded down to eighths of a core or MiB).
    pub used: f64,
    /// Running tasks.
    pub tasks: u32,
}

impl Default for ClusterSpec {
    /// Three healthy nodes of 1.10, one of each role, with two packages and two frameworks.
    fn default() -> Self {
        Self {
            seed: 1,
            release: Release::V1_10,
            masters: 1,
            agents: 1,
            public_agents: 1,
            failing: FailingSpec::Share(0.0),
            unreachable: 0,
            journal_lines: 50,
            packages: Self::package_names(2),
            frameworks: Self::framework_names(2),
            totals: None,
            used: 0.0,
            tasks: 0,
        }
    }
}

impl ClusterSpec {
    /// A cluster of this many nodes as the benchmarks use it: the default one for up to 3, else 3 masters and 2
    /// public agents (5 and 10 from 100 nodes up), one failing unit on 2 % of the nodes, 20 packages and
    /// 40 frameworks.
    #[must_use]
    pub fn sized(nodes: usize) -> Self {
        if nodes <= 3 {
            return Self::default();
        }
        let (masters, public_agents) = if nodes < 100 { (3, 2) } else { (5, 10) };
        Self {
            masters,
            public_agents: public_agents.min(nodes.saturating_sub(masters)),
            agents: nodes.saturating_sub(masters + public_agents),
            failing: FailingSpec::Share(0.02),
            packages: Self::package_names(20),
            frameworks: Self::framework_names(40),
            used: 0.5,
            tasks: 120,
            ..Self::default()
        }
    }

    /// As many names of packages as asked for.
    #[must_use]
    pub fn package_names(count: usize) -> Vec<String> {
        catalogue::packages(count)
    }

    /// As many names of frameworks as asked for: Marathon, Metronome, then others.
    #[must_use]
    pub fn framework_names(count: usize) -> Vec<String> {
        catalogue::frameworks(count)
    }

    /// How many nodes there are, reachable or not.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.masters + self.agents + self.public_agents
    }
}

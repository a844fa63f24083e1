//! What is true of a generated cluster: told from its spec, never from its documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::spec::{ClusterSpec, Role};

/// The numbers and names that a reader of the four documents must come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// All nodes, reachable or not.
    pub nodes: usize,
    /// Masters among them.
    pub masters: usize,
    /// Private agents among them.
    pub agents: usize,
    /// Public agents among them.
    pub public_agents: usize,
    /// Nodes that the aggregator could not reach. Their units are not known, and so not in `units`.
    pub nodes_unreachable: usize,
    /// Reachable nodes with at least one failing unit.
    pub nodes_unhealthy: usize,
    /// Each unit that a reachable node runs, by its full name (`dcos-cosmos.service`).
    pub units: BTreeMap<String, UnitTruth>,
    /// The installed packages, in the order of the document.
    pub packages: Vec<PackageTruth>,
    /// The names of the active frameworks, in the order of the document.
    pub frameworks: Vec<String>,
    /// Mesos' numbers.
    pub mesos: MesosTruth,
}

/// On how many reachable nodes a unit runs and fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitTruth {
    /// Nodes that run it.
    pub total: usize,
    /// Nodes on which it fails.
    pub unhealthy: usize,
}

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageTruth {
    /// The Marathon app.
    pub app_id: String,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Mesos' numbers, under the names that signal reports them by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MesosTruth {
    /// Cores of all connected agents.
    pub cpu_total: f64,
    /// Cores in use.
    pub cpu_used: f64,
    /// Memory of all connected agents, in MiB.
    pub mem_total: f64,
    /// Memory in use, in MiB.
    pub mem_used: f64,
    /// Disk of all connected agents, in MiB.
    pub disk_total: f64,
    /// Disk in use, in MiB.
    pub disk_used: f64,
    /// Running tasks.
    pub task_count: u32,
    /// Active frameworks.
    pub framework_count: usize,
    /// Agents of both kinds that Mesos is connected to.
    pub agents_connected: usize,
    /// Agents that may be offered: the connected ones.
    pub agents_active: usize,
}

impl Truth {
    /// The truth of the cluster whose documents [`crate::Documents::generate`] makes of the same spec.
    #[must_use]
    pub fn of(spec: &ClusterSpec) -> Self {
        Self::told(&Cluster::plan(spec))
    }

    pub(crate) fn told(cluster: &Cluster) -> Self {
        let role = |role| cluster.nodes.iter().filter(|node| node.role == role).count();
        let mut units: BTreeMap<String, UnitTruth> = BTreeMap::new();
        for unit in cluster
            .nodes
            .iter()
            .filter(|node| node.reachable)
            .flat_map(|node| &node.units)
        {
            let truth = match units.get_mut(unit.name.as_ref()) {
                Some(truth) => truth,
                None => units.entry(unit.name.to_string()).or_default(),
            };
            truth.total += 1;
            truth.unhealthy += usize::from(unit.failing);
        }
        let package = |package: &crate::cluster::Package| PackageTruth {
            app_id: package.app_id.clone(),
            name: package.name.clone(),
            version: package.version.clone(),
        };
        let (_, connected) = cluster.agents();
        Self {
            nodes: cluster.nodes.len(),
            masters: role(Role::Master),
            agents: role(Role::Agent),
            public_agents: role(Role::AgentPublic),
            nodes_unreachable: cluster.nodes.iter().filter(|node| !node.reachable).count(),
            nodes_unhealthy: cluster
                .nodes
                .iter()
                .filter(|node| node.reachable && node.failing())
                .count(),
            units,
            packages: cluster.packages.iter().map(package).collect(),
            frameworks: cluster.frameworks.clone(),
            mesos: MesosTruth {
                cpu_total: cluster.totals.cpus,
                cpu_used: cluster.used.cpus,
                mem_total: cluster.totals.mem,
                mem_used: cluster.used.mem,
                disk_total: cluster.totals.disk,
                disk_used: cluster.used.disk,
                task_count: cluster.tasks,
                framework_count: cluster.frameworks.len(),
                agents_connected: connected,
                agents_active: connected,
            },
        }
    }
}

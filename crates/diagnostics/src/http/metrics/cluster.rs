//! The cluster's part, on the nodes that look at it. Units are not told apart: their names come from other machines.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use crate::cluster::Cluster;
use crate::cluster::view::{ClusterView, Counts};
use crate::node::Role;
use crate::unit::Health;

/// The role of a node that neither its list nor the node tells.
const NO_ROLE: &str = "unknown";

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Adds it.
pub(super) fn register(cluster: &Cluster, registry: &mut Registry) {
    let seen = cluster.seen();
    for (name, help, count) in [
        (
            "pulls_answered",
            "How often members were asked and answered",
            seen.pulls.answered,
        ),
        (
            "pulls_failed",
            "How often members were asked and did not",
            seen.pulls.failed,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(count));
    }
    registry.register(
        "lists_readable",
        "Whether all lists of members could be read the last time",
        ConstGauge::new(i64::from(seen.problem.is_empty())),
    );
    let view = cluster.view();
    registry.register(
        "cluster_seen",
        "Whether there is a view of the cluster that can be believed",
        ConstGauge::new(i64::from(view.is_ok())),
    );
    if let Ok(view) = view {
        let age = view.age(cluster.now().uptime);
        registry.register_with_unit(
            "cluster_age",
            "Age of the oldest state of a node that is held for known",
            Unit::Seconds,
            ConstGauge::new(age.as_secs_f64()),
        );
        register_counts(&view, registry);
    }
}

fn register_counts(view: &ClusterView, registry: &mut Registry) {
    let nodes: Family<Labels<2>, Gauge> = Family::default();
    let unreachable = Gauge::<i64>::default();
    for named in view.nodes() {
        let role = named.node.role().map_or(NO_ROLE, Role::word);
        let health = named.node.health();
        nodes
            .get_or_create(&[("role", role), ("health", health.word())])
            .inc();
        unreachable.inc_by(i64::from(!named.node.is_reached()));
    }
    registry.register(
        "cluster_nodes",
        "Members of the cluster, by role and by how they are",
        nodes,
    );
    registry.register(
        "cluster_nodes_unreachable",
        "Members that did not answer the last time",
        unreachable,
    );
    let mut sum = Counts::default();
    for unit in view.units() {
        let counts = unit.counts();
        sum.total += counts.total;
        sum.unhealthy += counts.unhealthy;
        sum.unknown += counts.unknown;
    }
    let units: Family<Labels<1>, Gauge> = Family::default();
    for (health, count) in [
        (Health::Healthy, sum.total - sum.unhealthy),
        (Health::Unhealthy, sum.unhealthy),
        (Health::Unknown, sum.unknown),
    ] {
        units
            .get_or_create(&[("health", health.word())])
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register(
        "cluster_units",
        "Units of all members, each counted on each of them, by how they are",
        units,
    );
}

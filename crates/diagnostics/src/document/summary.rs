//! The cluster in numbers: `GET /system/health/v1/report`, asked for by [`CONTENT_TYPE`](heliograph_wire::summary::CONTENT_TYPE).

use std::collections::BTreeMap;
use std::time::Duration;

use heliograph_wire::summary::{NodeCounts, Summary, UnitCounts};

use crate::cluster::view::{ClusterView, Counts};
use crate::node::Role;
use crate::unit::Health;

/// The role of a node that neither its list nor the node tells.
const NO_ROLE: &str = "unknown";

/// The summary of this view; `uptime` is now.
pub fn of(view: &ClusterView, uptime: Duration) -> Summary {
    let units = view.units().map(|unit| {
        let Counts {
            total,
            unhealthy,
            unknown,
        } = unit.counts();
        let counts = UnitCounts {
            total,
            unhealthy,
            unknown,
        };
        (unit.name().to_string(), counts)
    });
    let mut nodes: BTreeMap<String, NodeCounts> = BTreeMap::new();
    for named in view.nodes() {
        let role = named.node.role().map_or(NO_ROLE, Role::word);
        let counts = nodes.entry(role.to_owned()).or_default();
        match named.node.health() {
            Health::Healthy => counts.healthy += 1,
            Health::Unhealthy => counts.unhealthy += 1,
            Health::Unknown => {
                counts.unknown += 1;
                counts.unreachable += u64::from(!named.node.is_reached());
            }
        }
    }
    Summary {
        units: units.collect(),
        nodes,
        updated: view.taken.at,
        age_ms: u64::try_from(view.age(uptime).as_millis()).unwrap_or(u64::MAX),
    }
}

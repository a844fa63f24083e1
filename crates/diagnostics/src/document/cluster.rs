//! The cluster's units and nodes, and each of the one on each of the other: `GET /system/health/v1/units…` and `…/nodes…`.
//!
//! ```text
//! /units                    { "units": [ { "id", "name", "health", "description" } ] }
//! /units/<u>                { "id", "name", "health", "description" }
//! /units/<u>/nodes          { "nodes": [ { "host_ip", "health", "role", + "last_health", … } ] }       of the unit there
//! /units/<u>/nodes/<ip>     { "host_ip", "health", "role", "output", "help", + "last_health", … }      of the unit there
//! /nodes                    { "nodes": [ { "host_ip", "health", "role", + … } ] }
//! /nodes/<ip>               { "host_ip", "health", "role", + … }
//! /nodes/<ip>/units         { "units": [ { "id", "name", "health", "description", + "last_health" } ] }
//! /nodes/<ip>/units/<u>     { "id", "health", "output", "description", "help", "name", + "last_health", … }
//! … = "reason", "seen", "age_ms", "listed"
//! ```
//!
//! What stands after a `+` is Heliograph's: why it is not known how a node is, when its units were last seen, how long ago that
//! is, and how a unit was then that is unknown now; and `"listed": false` of a member that its list no longer names. In the original the health under `/units/<u>/nodes` is that of the whole
//! node; here it is the unit's there. Lists are sorted, and empty ones are `[]`.

use jiff::Timestamp;
use serde::Serialize;

use crate::cluster::node::{ClusterNode, ClusterUnit};
use crate::cluster::view::{ClusterView, Named, UnitView};
use crate::consumer::Consumer;
use crate::node::{Role, Taken};
use crate::unit::Health;

/// Units, by name.
#[derive(Debug, Serialize)]
pub struct Units<'a> {
    /// The list.
    pub units: Vec<Unit<'a>>,
}

/// A unit, across the cluster or of a node.
#[derive(Debug, Serialize)]
pub struct Unit<'a> {
    id: &'a str,
    name: &'a str,
    health: Health,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_health: Option<Health>,
}

/// Nodes, by address.
#[derive(Debug, Serialize)]
pub struct Nodes<'a> {
    /// The list.
    pub nodes: Vec<Node<'a>>,
}

/// A node, or a unit there.
#[derive(Debug, Serialize)]
pub struct Node<'a> {
    host_ip: &'a str,
    health: Health,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_health: Option<Health>,
    #[serde(flatten)]
    seen: Seen<'a>,
}

/// A unit on a node, in full.
#[derive(Debug, Serialize)]
pub struct NodeDetail<'a> {
    #[serde(flatten)]
    node: Node<'a>,
    output: String,
    help: String,
}

/// A node's unit, in full.
#[derive(Debug, Serialize)]
pub struct UnitDetail<'a> {
    id: &'a str,
    health: Health,
    output: String,
    description: &'a str,
    help: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_health: Option<Health>,
    #[serde(flatten)]
    seen: Seen<'a>,
}

/// How well a node is known.
#[derive(Debug, Serialize)]
struct Seen<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<bool>,
}

impl<'a> Units<'a> {
    /// All units of the cluster.
    pub fn of_cluster(view: &'a ClusterView) -> Units<'a> {
        Units {
            units: view.units().map(Unit::across).collect(),
        }
    }

    /// All units of a node.
    pub fn of_node(node: &'a ClusterNode) -> Units<'a> {
        let unit = |unit: &'a ClusterUnit| Unit {
            id: unit.name.as_str(),
            name: &unit.title,
            health: node.health_of(unit),
            description: &unit.description,
            last_health: last_health(node, unit),
        };
        Units {
            units: node.units.iter().map(unit).collect(),
        }
    }
}

impl<'a> Unit<'a> {
    /// A unit across the cluster.
    pub fn across(unit: UnitView<'a>) -> Unit<'a> {
        Unit {
            id: unit.name().as_str(),
            name: unit.title(),
            health: unit.health(),
            description: unit.description(),
            last_health: None,
        }
    }
}

impl<'a> Nodes<'a> {
    /// All nodes of the cluster. `now` is now.
    pub fn of_cluster(view: &'a ClusterView, now: Taken) -> Nodes<'a> {
        Nodes {
            nodes: view.nodes().iter().map(|named| Node::whole(named, now)).collect(),
        }
    }

    /// The nodes that have a unit.
    pub fn of_unit(unit: UnitView<'a>, now: Taken) -> Nodes<'a> {
        Nodes {
            nodes: unit
                .nodes()
                .map(|(named, unit)| Node::of_unit(named, unit, now))
                .collect(),
        }
    }
}

impl<'a> Node<'a> {
    /// A node.
    pub fn whole(named: &'a Named, now: Taken) -> Node<'a> {
        Node {
            host_ip: &named.id,
            health: named.node.health(),
            role: role(&named.node),
            last_health: None,
            seen: Seen::of(&named.node, now),
        }
    }

    fn of_unit(named: &'a Named, unit: &ClusterUnit, now: Taken) -> Node<'a> {
        Node {
            health: named.node.health_of(unit),
            last_health: last_health(&named.node, unit),
            ..Node::whole(named, now)
        }
    }
}

impl<'a> NodeDetail<'a> {
    /// A unit on a node, for that consumer.
    pub fn new(named: &'a Named, unit: &ClusterUnit, consumer: &Consumer, now: Taken) -> NodeDetail<'a> {
        NodeDetail {
            node: Node::of_unit(named, unit, now),
            output: output(&named.node, unit, consumer),
            help: help(&named.node, unit),
        }
    }
}

impl<'a> UnitDetail<'a> {
    /// A node's unit, for that consumer.
    pub fn new(
        node: &'a ClusterNode,
        unit: &'a ClusterUnit,
        consumer: &Consumer,
        now: Taken,
    ) -> UnitDetail<'a> {
        UnitDetail {
            id: unit.name.as_str(),
            health: node.health_of(unit),
            output: output(node, unit, consumer),
            description: &unit.description,
            help: help(node, unit),
            name: &unit.title,
            last_health: last_health(node, unit),
            seen: Seen::of(node, now),
        }
    }
}

impl<'a> Seen<'a> {
    fn of(node: &'a ClusterNode, now: Taken) -> Seen<'a> {
        let age = node
            .seen
            .map(|seen| now.uptime.saturating_sub(seen.uptime).as_millis());
        Seen {
            reason: node.doubt.as_ref().map(|doubt| doubt.reason.as_str()),
            seen: node.seen.map(|seen| seen.at),
            age_ms: age.map(|age| u64::try_from(age).unwrap_or(u64::MAX)),
            listed: (!node.listed.named).then_some(false),
        }
    }
}

/// A role, as documents have it; empty when it is not known.
pub(crate) fn role(node: &ClusterNode) -> &'static str {
    node.role().map_or("", Role::word)
}

/// What a unit says of itself, for that consumer; empty only when it is healthy, since to readers of the original that is what
/// an empty output means.
pub(crate) fn said<'a>(unit: &'a ClusterUnit, consumer: &Consumer) -> &'a str {
    let said = if consumer.journal {
        &unit.output
    } else {
        &unit.reason
    };
    match unit.health {
        Health::Healthy => "",
        health if said.trim().is_empty() => health.word(),
        _ => said,
    }
}

fn output(node: &ClusterNode, unit: &ClusterUnit, consumer: &Consumer) -> String {
    let said = said(unit, consumer);
    match (&node.doubt, node.seen) {
        (None, _) => said.to_owned(),
        (Some(doubt), None) => doubt.reason.clone(),
        (Some(doubt), Some(seen)) => {
            let last = format!("{}\nLast seen {}: {}", doubt.reason, seen.at, unit.health.word());
            if said.is_empty() {
                last
            } else {
                format!("{last}\n{said}")
            }
        }
    }
}

/// How a unit was that is unknown now.
fn last_health(node: &ClusterNode, unit: &ClusterUnit) -> Option<Health> {
    (node.doubt.is_some() && unit.health != Health::Unknown).then_some(unit.health)
}

fn help(node: &ClusterNode, unit: &ClusterUnit) -> String {
    let there = match node.mesos_id.as_str() {
        "" => "There".to_owned(),
        id => format!("Log in with `dcos node ssh --mesos-id={id}`; there"),
    };
    format!(
        "{there} `systemctl status {0}` and `journalctl --unit {0}` tell more.",
        unit.name
    )
}

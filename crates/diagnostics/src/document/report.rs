//! The whole cluster: `GET /system/health/v1/report`.
//!
//! ```text
//! { "Units": { <id>: { "UnitName", "Nodes": [ Node… ], + "Unknown": [ Node… ], "Health", "Title", "Timestamp", "PrettyName" } },
//!   "Nodes": { <ip>: { "Leader", "Role", "IP", "Host", "Health", "Output": { <id>: text },
//!                      "Units": [ { "UnitName", "Health", "Title", "Timestamp", "PrettyName" } ], "MesosID" } },
//!   "UpdatedTime": RFC 3339 }
//! Node = { "Leader", "Role", "IP", "Host", "Health", "Output": { <id>: text }, "MesosID", + "Reached", "Reason", "Seen" }
//! ```
//!
//! What stands after a `+` is Heliograph's. A node on which the unit's state is not known stands in `Unknown`: readers of the
//! original's reports take what is in `Nodes` and has no output for healthy. A `Health` in a `Node` is the node's. `Output` holds
//! texts only, never empty ones, and within a unit only that unit's; the nodes of a node's own units, which the original repeats
//! there, are left out. So the report grows with nodes times units, and with what is wrong.
//!
//! It is written piece by piece while it is read: of a report of any size only [`PIECE`] bytes and one entry are in memory.

use std::sync::Arc;

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::cluster::{role, said};
use crate::cluster::node::{ClusterNode, ClusterUnit};
use crate::cluster::view::{ClusterView, Named, UnitView};
use crate::consumer::Consumer;
use crate::unit::Health;

/// About how long a piece is, in bytes.
pub const PIECE: usize = 64 * 1024;

/// A report in pieces.
#[derive(Debug)]
pub struct Report {
    view: Arc<ClusterView>,
    consumer: Consumer,
    next: Step,
}

/// What is written next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Unit {
        unit: usize,
    },
    OnNode {
        unit: usize,
        place: usize,
        known: bool,
        first: bool,
    },
    UnitEnd {
        unit: usize,
    },
    Node {
        node: usize,
    },
    End,
    Nothing,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnitEnd<'a> {
    health: Health,
    title: &'a str,
    timestamp: Timestamp,
    pretty_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeEntry<'a> {
    leader: bool,
    role: &'static str,
    #[serde(rename = "IP")]
    ip: &'a str,
    host: &'a str,
    health: Health,
    output: Output<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Vec<UnitEntry<'a>>>,
    #[serde(rename = "MesosID")]
    mesos_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnitEntry<'a> {
    unit_name: &'a str,
    health: Health,
    title: &'a str,
    timestamp: Timestamp,
    pretty_name: &'a str,
}

/// What these units say, those that say something.
struct Output<'a> {
    units: &'a [ClusterUnit],
    consumer: &'a Consumer,
}

impl Report {
    /// The report of this view for that consumer.
    pub fn new(view: Arc<ClusterView>, consumer: Consumer) -> Report {
        Report {
            view,
            consumer,
            next: Step::Unit { unit: 0 },
        }
    }

    fn write(&self, step: Step, out: &mut Vec<u8>) -> Step {
        match step {
            Step::Unit { unit } => {
                if unit == 0 {
                    out.extend(b"{\"Units\":{");
                }
                let Some(view) = self.view.unit_at(unit) else {
                    out.extend(b"},\"Nodes\":{");
                    return Step::Node { node: 0 };
                };
                comma(unit, out);
                put(&view.name().as_str(), out);
                out.extend(b":{\"UnitName\":");
                put(&view.name().as_str(), out);
                out.extend(b",\"Nodes\":[");
                Step::OnNode {
                    unit,
                    place: 0,
                    known: true,
                    first: true,
                }
            }
            Step::OnNode {
                unit,
                place,
                known,
                first,
            } => {
                let found = self.view.unit_at(unit).and_then(|unit| unit.node_at(place));
                let Some((named, on_node)) = found else {
                    if !known {
                        return Step::UnitEnd { unit };
                    }
                    out.extend(b"],\"Unknown\":[");
                    return Step::OnNode {
                        unit,
                        place: 0,
                        known: false,
                        first: true,
                    };
                };
                let is_known = named.node.health_of(on_node) != Health::Unknown;
                if is_known == known {
                    comma(usize::from(!first), out);
                    put(&self.on_node(named, on_node), out);
                }
                Step::OnNode {
                    unit,
                    place: place + 1,
                    known,
                    first: first && is_known != known,
                }
            }
            Step::UnitEnd { unit } => {
                out.extend(b"],");
                if let Some(view) = self.view.unit_at(unit) {
                    let mut end = Vec::new();
                    put(&self.unit_end(view), &mut end);
                    // The rest of an object that is open already.
                    out.extend(end.get(1..).unwrap_or_default());
                }
                Step::Unit { unit: unit + 1 }
            }
            Step::Node { node } => {
                let Some(named) = self.view.nodes().get(node) else {
                    return Step::End;
                };
                comma(node, out);
                put(&named.id, out);
                out.push(b':');
                put(&self.node(named), out);
                Step::Node { node: node + 1 }
            }
            Step::End => {
                out.extend(b"},\"UpdatedTime\":");
                put(&self.view.taken.at, out);
                out.extend(b"}\n");
                Step::Nothing
            }
            Step::Nothing => Step::Nothing,
        }
    }

    fn unit_end<'a>(&self, unit: UnitView<'a>) -> UnitEnd<'a> {
        UnitEnd {
            health: unit.health(),
            title: unit.description(),
            timestamp: self.view.taken.at,
            pretty_name: unit.title(),
        }
    }

    fn on_node<'a>(&'a self, named: &'a Named, unit: &'a ClusterUnit) -> NodeEntry<'a> {
        self.entry(named, std::slice::from_ref(unit))
    }

    fn node<'a>(&'a self, named: &'a Named) -> NodeEntry<'a> {
        let node = &named.node;
        let unit = |unit: &'a ClusterUnit| UnitEntry {
            unit_name: unit.name.as_str(),
            health: node.health_of(unit),
            title: &unit.description,
            timestamp: node.seen.map_or(self.view.taken.at, |seen| seen.at),
            pretty_name: &unit.title,
        };
        NodeEntry {
            units: Some(node.units.iter().map(unit).collect()),
            ..self.entry(named, &node.units)
        }
    }

    fn entry<'a>(&'a self, named: &'a Named, units: &'a [ClusterUnit]) -> NodeEntry<'a> {
        let node: &ClusterNode = &named.node;
        let unknown = node.health() == Health::Unknown;
        NodeEntry {
            leader: node.listed.member.leader,
            role: role(node),
            ip: &named.id,
            host: &node.hostname,
            health: node.health(),
            output: Output {
                // What a node said before it fell silent may no longer be so.
                units: if node.doubt.is_some() { &[] } else { units },
                consumer: &self.consumer,
            },
            units: None,
            mesos_id: &node.mesos_id,
            reached: unknown.then(|| node.is_reached()),
            reason: node.doubt.as_ref().map(|doubt| doubt.reason.as_str()),
            seen: node.seen.filter(|_| unknown).map(|seen| seen.at),
        }
    }
}

impl Iterator for Report {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        while out.len() < PIECE && !matches!(self.next, Step::Nothing) {
            self.next = self.write(self.next, &mut out);
        }
        (!out.is_empty()).then_some(out)
    }
}

impl Serialize for Output<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = self
            .units
            .iter()
            .map(|unit| (unit.name.as_str(), said(unit, self.consumer)));
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in texts.filter(|(_, text)| !text.is_empty()) {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

fn comma(position: usize, out: &mut Vec<u8>) {
    if position > 0 {
        out.push(b',');
    }
}

fn put(value: &impl Serialize, out: &mut Vec<u8>) {
    // Memory takes everything, and all keys are texts: there is nothing that could fail.
    let _ = serde_json::to_writer(out, value);
}

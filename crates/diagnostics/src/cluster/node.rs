//! A node as the cluster sees it: what it said last, when, and why that may no longer be so. A node that can't be asked keeps its
//! last state with its age, and is unknown.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::membership::Listed;
use crate::document::node::{NodeDocument, UnitDocument};
use crate::node::{Role, Taken};
use crate::unit::{Health, UnitName};

/// Most units of a node; further ones are left out, and counted.
pub const MAX_UNITS: usize = 2048;
/// Longest text beside an output, in bytes.
const MAX_TEXT: usize = 512;

/// A node, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// How its lists have it.
    pub listed: Listed,
    /// What it calls itself.
    pub hostname: String,
    /// Mesos' id of it, or empty.
    pub mesos_id: String,
    /// What it says it is.
    pub said_role: Option<Role>,
    /// How it said that it is as a whole.
    pub said_health: Health,
    /// Its units, by name, as they were when it last spoke of them.
    pub units: Arc<[ClusterUnit]>,
    /// When its units were as they stand here; `None` when it never said.
    pub seen: Option<Taken>,
    /// Why it is not known how it is now.
    pub doubt: Option<Doubt>,
}

/// Why it is not known how a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// In a few words.
    pub reason: String,
    /// Whether it answered: then it could not tell itself.
    pub reached: bool,
}

/// A unit of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterUnit {
    /// Its name.
    pub name: UnitName,
    /// What it is called for people.
    pub title: String,
    /// What it is.
    pub description: String,
    /// How it was when its node last spoke of it.
    pub health: Health,
    /// Why, without the journal.
    pub reason: String,
    /// Why, with what the node gave of the journal.
    pub output: String,
}

impl ClusterNode {
    /// A node that was not asked yet.
    pub fn new(listed: Listed) -> ClusterNode {
        ClusterNode {
            listed,
            hostname: String::new(),
            mesos_id: String::new(),
            said_role: None,
            said_health: Health::Unknown,
            units: Arc::from([]),
            seen: None,
            doubt: Some(Doubt {
                reason: "it was not asked yet".to_owned(),
                reached: false,
            }),
        }
    }

    /// The node after it answered. `allowance` is how many bytes of output are kept of it.
    pub fn answered(&self, said: NodeDocument, now: Taken, allowance: usize) -> ClusterNode {
        let ours = said.said.is_some();
        let said_health = said.health();
        let doubt = match said.problem {
            Some(problem) => Some(clip(problem)),
            // The original writes no units where it could not find out which there are; ours says so.
            None if said.units.is_empty() && !ours => Some("it names no units".to_owned()),
            None => None,
        };
        let mut node = ClusterNode {
            listed: self.listed.clone(),
            hostname: known(said.hostname, &self.hostname),
            mesos_id: known(said.mesos_id, &self.mesos_id),
            said_role: said.node_role.parse().ok().or(self.said_role),
            said_health,
            units: Arc::from([]),
            seen: self.seen,
            doubt: doubt.map(|reason| Doubt {
                reason,
                reached: true,
            }),
        };
        let units = units(said.units, allowance);
        if node.doubt.is_none() {
            // Most often all is as it was: then an old view that somebody still reads costs no second copy of it.
            node.units = match *units == *self.units {
                true => Arc::clone(&self.units),
                false => units.into(),
            };
            let age = Duration::from_millis(said.age_ms.unwrap_or(0));
            node.seen = Some(before(now, age));
        } else {
            // What was known of its units stays; those that it can only name are added.
            let mut known = self.units.to_vec();
            for unit in units {
                if let Err(place) = known.binary_search_by(|other| other.name.cmp(&unit.name)) {
                    let health = Health::Unknown;
                    known.insert(place, ClusterUnit { health, ..unit });
                }
            }
            node.units = known.into();
        }
        node
    }

    /// The node after it could not be asked, for this reason.
    pub fn failed(&self, reason: String) -> ClusterNode {
        ClusterNode {
            doubt: Some(Doubt {
                reason,
                reached: false,
            }),
            ..self.clone()
        }
    }

    /// What it is: as its list says, else as it says itself.
    pub fn role(&self) -> Option<Role> {
        self.listed.member.role.or(self.said_role)
    }

    /// How it is now.
    pub fn health(&self) -> Health {
        match self.doubt {
            Some(_) => Health::Unknown,
            None => self.said_health,
        }
    }

    /// How one of its units is now.
    pub fn health_of(&self, unit: &ClusterUnit) -> Health {
        match self.doubt {
            Some(_) => Health::Unknown,
            None => unit.health,
        }
    }

    /// Whether it answered when it was last asked.
    pub fn is_reached(&self) -> bool {
        self.doubt.as_ref().is_none_or(|doubt| doubt.reached)
    }

    /// One of its units.
    pub fn unit(&self, name: &str) -> Option<&ClusterUnit> {
        let found = self.units.binary_search_by(|unit| unit.name.as_str().cmp(name));
        found.ok().and_then(|place| self.units.get(place))
    }
}

/// The same moment, so much earlier.
fn before(now: Taken, age: Duration) -> Taken {
    Taken {
        at: now.at.checked_sub(age).unwrap_or(now.at),
        uptime: now.uptime.saturating_sub(age),
    }
}

/// The units that a document names, by name, within bounds. Of a name that stands there twice the first counts; what is no
/// unit's name is left out.
fn units(documents: Vec<UnitDocument>, allowance: usize) -> Vec<ClusterUnit> {
    let mut units: HashMap<UnitName, ClusterUnit> = HashMap::new();
    let mut left = allowance;
    for document in documents {
        let Ok(name) = document.id.parse::<UnitName>() else {
            continue;
        };
        if units.len() >= MAX_UNITS || units.contains_key(&name) {
            continue;
        }
        let unit = ClusterUnit::new(name.clone(), document, left);
        left = left.saturating_sub(unit.output.len());
        units.insert(name, unit);
    }
    let mut units: Vec<_> = units.into_values().collect();
    units.sort_by(|a, b| a.name.cmp(&b.name));
    units
}

impl ClusterUnit {
    fn new(name: UnitName, said: UnitDocument, allowance: usize) -> ClusterUnit {
        // The original has no reason apart: it is the first line of the output.
        let reason = if said.reason.is_empty() {
            said.output.lines().next().unwrap_or_default().to_owned()
        } else {
            said.reason
        };
        let reason = clip(reason);
        ClusterUnit {
            name,
            title: clip(said.name),
            description: clip(said.description),
            health: said.health,
            output: shorten(said.output, &reason, allowance),
            reason,
        }
    }
}

/// What is said now, else what was known.
fn known(said: String, known: &str) -> String {
    if said.is_empty() {
        known.to_owned()
    } else {
        clip(said)
    }
}

fn clip(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

/// An output within that many bytes: the reason, and of what follows it as many of the last lines as there is room for.
fn shorten(output: String, reason: &str, allowance: usize) -> String {
    if output.len() <= allowance {
        return output;
    }
    let room = allowance.saturating_sub(reason.len() + 1);
    let tail = output
        .get(output.ceil_char_boundary(output.len() - room)..)
        .unwrap_or_default();
    match tail.split_once('\n') {
        Some((_, lines)) if !lines.is_empty() => format!("{reason}\n{lines}"),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::member::{Defaults, Entry};
    use Health::{Healthy, Unhealthy, Unknown};

    const ALLOWANCE: usize = 1000;

    fn node() -> ClusterNode {
        let entry: Entry = "10.0.0.1".parse().unwrap();
        let defaults = Defaults {
            master_port: 1,
            agent_port: 1,
        };
        ClusterNode::new(Listed {
            member: defaults.member(entry),
            named: true,
        })
    }

    fn at(seconds: i64) -> Taken {
        Taken {
            at: jiff::Timestamp::from_second(1_800_000_000 + seconds).unwrap(),
            uptime: Duration::from_secs(seconds.unsigned_abs()),
        }
    }

    /// A document of the original, or with `ours` of ours.
    fn document(units: &Value, ours: &Value) -> NodeDocument {
        let mut document = json!({"units": units, "hostname": "a1", "ip": "10.0.0.1", "dcos_version": "", "node_role": "agent",
            "mesos_id": "S1", "dcos_diagnostics_version": "0.4.0"});
        for (key, value) in ours.as_object().unwrap() {
            document[key] = value.clone();
        }
        serde_json::from_value(document).unwrap()
    }

    fn unit(name: &str, health: u8) -> Value {
        json!({"id": name, "health": health, "output": if health == 1 { "it failed\nline" } else { "" },
            "description": "d", "help": "", "name": "n"})
    }

    /// Health now, and of each unit: last known, and now.
    fn shown(node: &ClusterNode) -> (Health, Vec<(&str, Health, Health)>) {
        let units = node.units.iter();
        (
            node.health(),
            units
                .map(|unit| (unit.name.as_str(), unit.health, node.health_of(unit)))
                .collect(),
        )
    }

    #[test]
    fn what_a_node_says_counts_and_stays_when_it_falls_silent() {
        let node = node();
        assert_eq!(shown(&node), (Unknown, vec![]));
        assert!(!node.is_reached());

        let bad = json!([unit("b.service", 1), unit("a.service", 0)]);
        let node = node.answered(document(&bad, &json!({})), at(10), ALLOWANCE);
        assert_eq!(
            shown(&node),
            (
                Unhealthy,
                vec![
                    ("a.service", Healthy, Healthy),
                    ("b.service", Unhealthy, Unhealthy)
                ]
            )
        );
        assert_eq!(
            (node.role(), node.seen, node.is_reached()),
            (Some(Role::Agent), Some(at(10)), true)
        );
        let b = node.unit("b.service").unwrap();
        assert_eq!(
            (b.reason.as_str(), b.output.as_str()),
            ("it failed", "it failed\nline")
        );

        let node = node.failed("refused".to_owned());
        assert_eq!(
            shown(&node),
            (
                Unknown,
                vec![("a.service", Healthy, Unknown), ("b.service", Unhealthy, Unknown)]
            )
        );
        assert_eq!((node.seen, node.is_reached()), (Some(at(10)), false));

        let node = node.answered(
            document(&json!([unit("a.service", 0)]), &json!({})),
            at(20),
            ALLOWANCE,
        );
        assert_eq!(shown(&node), (Healthy, vec![("a.service", Healthy, Healthy)]));
    }

    #[test]
    fn a_node_that_cannot_tell_is_unknown_and_keeps_what_was_known() {
        let well = node().answered(
            document(&json!([unit("a.service", 0)]), &json!({})),
            at(10),
            ALLOWANCE,
        );
        let stuck = json!({"health": 3, "problem": "systemd does not answer", "age_ms": 5000});
        for (units, ours, reason) in [
            (json!(null), json!({}), "it names no units"),
            (json!([]), json!({}), "it names no units"),
            (json!([]), stuck.clone(), "systemd does not answer"),
            (
                json!([unit("a.service", 3)]),
                stuck.clone(),
                "systemd does not answer",
            ),
        ] {
            let node = well.answered(document(&units, &ours), at(20), ALLOWANCE);
            assert_eq!(
                shown(&node),
                (Unknown, vec![("a.service", Healthy, Unknown)]),
                "{units}"
            );
            assert_eq!(
                node.doubt,
                Some(Doubt {
                    reason: reason.to_owned(),
                    reached: true
                })
            );
            assert_eq!(node.seen, Some(at(10)));
        }
        // Units that only the stuck node named are unknown, never healthy.
        let node = node().answered(
            document(&json!([unit("a.service", 0)]), &stuck),
            at(20),
            ALLOWANCE,
        );
        assert_eq!(shown(&node), (Unknown, vec![("a.service", Unknown, Unknown)]));
        assert_eq!(node.seen, None);
    }

    #[test]
    fn what_is_as_it_was_is_kept_once() {
        let answer = |node: &ClusterNode, health| {
            node.answered(
                document(&json!([unit("a.service", health)]), &json!({})),
                at(10),
                ALLOWANCE,
            )
        };
        let first = answer(&node(), 1);
        let same = answer(&first, 1);
        assert!(Arc::ptr_eq(&first.units, &same.units));
        assert_eq!(answer(&same, 0).units[0].health, Healthy);
    }

    #[test]
    fn a_node_of_ours_may_have_no_units() {
        let well = node().answered(
            document(&json!([unit("a.service", 0)]), &json!({})),
            at(10),
            ALLOWANCE,
        );
        let node = well.answered(
            document(&json!([]), &json!({"health": 3, "age_ms": 500})),
            at(20),
            ALLOWANCE,
        );
        assert_eq!(shown(&node), (Unknown, vec![]));
        assert_eq!(
            (node.is_reached(), node.seen),
            (true, Some(before(at(20), Duration::from_millis(500))))
        );
    }

    #[test]
    fn what_a_node_says_is_bounded() {
        let units: Vec<_> = (0..MAX_UNITS + 10)
            .map(|i| unit(&format!("u{i}.service"), 0))
            .collect();
        let node = node().answered(document(&json!(units), &json!({})), at(1), ALLOWANCE);
        assert_eq!(node.units.len(), MAX_UNITS);

        let units = json!([
            unit("a.service", 0),
            unit("a.service", 1),
            unit("../etc", 1),
            unit("a b", 1)
        ]);
        let node = node.answered(document(&units, &json!({})), at(1), ALLOWANCE);
        assert_eq!(shown(&node).1, [("a.service", Healthy, Healthy)]);

        let mut long = unit("a.service", 1);
        long["output"] = format!("it failed\n{}last lines\nö\n", "line\n".repeat(1000)).into();
        for (allowance, output) in [
            (37, "it failed\nline\nline\nlast lines\nö\n"),
            (28, "it failed\nlast lines\nö\n"),
            (13, "it failed"),
            (0, "it failed"),
        ] {
            let node = node.answered(document(&json!([long]), &json!({})), at(1), allowance);
            assert_eq!(node.units[0].output, output, "{allowance}");
        }
    }
}

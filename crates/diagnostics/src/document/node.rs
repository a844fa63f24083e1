//! One node's health: `GET /system/health/v1`.
//!
//! ```text
//! { "units": [ { "id", "health", "output", "description", "help", "name", + "reason", "load_state", "active_state",
//!                "sub_state", "since", "restarts" } ],
//!   "hostname", "ip", "dcos_version", "node_role", "mesos_id", "dcos_diagnostics_version",
//!   + "health", "updated", "age_ms", "problem" }
//! ```
//!
//! What stands after a `+` is Heliograph's; the original's documents are read without it. A node whose units were never read
//! answers with the same document, a `problem` and the status 503.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::consumer::Consumer;
use crate::node::{Facts, Snapshot, UnitHealth};
use crate::unit::Health;

/// Where a node answers with its document.
pub const PATH: &str = "/system/health/v1";

/// What stands in `dcos_diagnostics_version`.
pub const VERSION: &str = concat!("heliograph-", env!("CARGO_PKG_VERSION"));

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeDocument {
    /// Its units, by name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub units: Vec<UnitDocument>,
    /// The machine's name.
    #[serde(default)]
    pub hostname: String,
    /// The node's address; empty when it does not know.
    #[serde(default)]
    pub ip: String,
    /// The version of DC/OS, or empty.
    #[serde(default)]
    pub dcos_version: String,
    /// `master`, `agent` or `agent_public`.
    #[serde(default)]
    pub node_role: String,
    /// Mesos' id of the node, or empty.
    #[serde(default)]
    pub mesos_id: String,
    /// The version of the program that answers.
    #[serde(default)]
    pub dcos_diagnostics_version: String,
    /// How the node is; the original does not say, see [`NodeDocument::health`].
    #[serde(default, rename = "health", skip_serializing_if = "Option::is_none")]
    pub said: Option<Health>,
    /// When systemd last said how all units are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// How long ago that was, in milliseconds, by the node's own clock that never jumps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// Why systemd can't be asked now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A unit of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitDocument {
    /// Its full name, such as `dcos-net.service`.
    pub id: String,
    /// How it is.
    pub health: Health,
    /// Why it is not healthy, and the last lines of the journal about it; empty when it is healthy.
    #[serde(default)]
    pub output: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Empty; the original fills it on other paths.
    #[serde(default)]
    pub help: String,
    /// What it is called for people.
    #[serde(default)]
    pub name: String,
    /// Why it is as it is, without the journal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether its file could be read, in systemd's word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub load_state: String,
    /// What it does now, in systemd's word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub active_state: String,
    /// The same in the words of its type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub_state: String,
    /// Since when it is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// How often systemd restarted it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
}

impl NodeDocument {
    /// The document of this node for that consumer. `uptime` is now.
    pub fn new(facts: &Facts, snapshot: &Snapshot, consumer: &Consumer, uptime: Duration) -> NodeDocument {
        let age = |taken: Duration| uptime.saturating_sub(taken).as_millis();
        NodeDocument {
            units: snapshot
                .units
                .iter()
                .map(|unit| UnitDocument::new(unit, consumer))
                .collect(),
            hostname: facts.hostname.clone(),
            ip: facts.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            dcos_version: facts.dcos_version.clone(),
            node_role: facts.role.word().to_owned(),
            mesos_id: facts.mesos_id.clone(),
            dcos_diagnostics_version: VERSION.to_owned(),
            said: Some(snapshot.health()),
            updated: snapshot.taken.map(|taken| taken.at),
            age_ms: snapshot
                .taken
                .map(|taken| u64::try_from(age(taken.uptime)).unwrap_or(u64::MAX)),
            problem: snapshot.problem.clone(),
        }
    }

    /// Whether it is of this program, not of the original.
    pub fn is_ours(&self) -> bool {
        self.said.is_some()
    }

    /// How the node is: what it says, else, for the original's documents, as its worst unit. A node with no units is
    /// unknown.
    pub fn health(&self) -> Health {
        self.said
            .unwrap_or_else(|| Health::of_all(self.units.iter().map(|unit| unit.health)))
    }
}

impl UnitDocument {
    /// The document of this unit for that consumer.
    pub fn new(unit: &UnitHealth, consumer: &Consumer) -> UnitDocument {
        let reason = &unit.verdict.reason;
        let output = match unit.verdict.health {
            Health::Healthy => String::new(),
            _ if consumer.journal && !unit.journal.is_empty() => format!("{reason}\n{}", unit.journal),
            _ => reason.clone(),
        };
        UnitDocument {
            id: unit.name.to_string(),
            health: unit.verdict.health,
            output,
            description: unit.description.clone(),
            help: String::new(),
            name: unit.title.clone(),
            reason: reason.clone(),
            load_state: unit.state.load.word().to_owned(),
            active_state: unit.state.active.word().to_owned(),
            sub_state: unit.state.sub.clone(),
            since: unit.since,
            restarts: unit.restarts,
        }
    }
}

/// The original writes `null` for an empty list.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::node::{Role, Taken};
    use crate::unit::{ActiveState, LoadState, UnitState, Verdict};

    fn facts() -> Facts {
        Facts {
            hostname: "a1".to_owned(),
            ip: Some([10, 0, 0, 1].into()),
            role: Role::AgentPublic,
            mesos_id: "S1".to_owned(),
            dcos_version: "1.10".to_owned(),
        }
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            units: vec![UnitHealth {
                name: "dcos-bar.service".parse().unwrap(),
                title: "Bar".to_owned(),
                description: "a failed service".to_owned(),
                verdict: Verdict::unhealthy("it failed"),
                state: UnitState {
                    load: LoadState::Loaded,
                    active: ActiveState::Failed,
                    sub: "failed".to_owned(),
                },
                since: Some("2026-11-22T11:42:21Z".parse().unwrap()),
                restarts: Some(2),
                journal_of: Vec::new(),
                journal: Arc::from("one\ntwo\n"),
            }],
            taken: Some(Taken {
                at: "2026-11-22T11:42:22Z".parse().unwrap(),
                uptime: Duration::from_secs(5),
            }),
            problem: None,
        }
    }

    #[test]
    fn has_the_originals_names_and_types() {
        let consumer = Consumer { journal: true };
        let document = NodeDocument::new(&facts(), &snapshot(), &consumer, Duration::from_millis(5250));
        assert_eq!(
            serde_json::to_value(&document).unwrap(),
            json!({
                "units": [{
                    "id": "dcos-bar.service",
                    "health": 1,
                    "output": "it failed\none\ntwo\n",
                    "description": "a failed service",
                    "help": "",
                    "name": "Bar",
                    "reason": "it failed",
                    "load_state": "loaded",
                    "active_state": "failed",
                    "sub_state": "failed",
                    "since": "2026-11-22T11:42:21Z",
                    "restarts": 2,
                }],
                "hostname": "a1",
                "ip": "10.0.0.1",
                "dcos_version": "1.10",
                "node_role": "agent_public",
                "mesos_id": "S1",
                "dcos_diagnostics_version": VERSION,
                "health": 1,
                "updated": "2026-11-22T11:42:22Z",
                "age_ms": 250,
            })
        );
    }

    #[test]
    fn the_journal_is_for_those_who_may_read_it() {
        let consumer = Consumer { journal: false };
        let document = NodeDocument::new(&facts(), &snapshot(), &consumer, Duration::from_secs(5));
        assert_eq!(document.units[0].output, "it failed");
        assert!(!serde_json::to_string(&document).unwrap().contains("two"));
    }

    #[test]
    fn reads_the_originals_documents() {
        let of = |units: &str| -> NodeDocument {
            let text = format!(
                r#"{{"units":{units},"hostname":"a1","ip":"10.0.0.1","dcos_version":"1.8","node_role":"agent",
                     "mesos_id":"","dcos_diagnostics_version":"0.4.0"}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let unit = r#"[{"id":"a.service","health":0,"output":"","description":"A","help":"","name":"A"}]"#;
        assert_eq!(of(unit).health(), Health::Healthy);
        assert_eq!(of(&unit.replace(":0", ":1")).health(), Health::Unhealthy);
        assert_eq!(of("null").health(), Health::Unknown);
        assert_eq!(of("[]").health(), Health::Unknown);
    }

    #[test]
    fn a_node_that_cannot_ask_systemd_is_unknown() {
        let consumer = Consumer { journal: true };
        let snapshot = Snapshot::nothing("systemd does not answer");
        let document = NodeDocument::new(&facts(), &snapshot, &consumer, Duration::ZERO);
        let value = serde_json::to_value(&document).unwrap();
        assert_eq!(
            (&value["health"], &value["units"], &value["problem"]),
            (&json!(3), &json!([]), &json!("systemd does not answer"))
        );
        let read: NodeDocument = serde_json::from_value(value).unwrap();
        assert_eq!(read, document);
        assert_eq!(read.health(), Health::Unknown);
    }
}

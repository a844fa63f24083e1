//! What is known of this node's units at one moment.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::unit::{Health, UnitName, UnitState, Verdict};

/// What a node is in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It runs the cluster.
    Master,
    /// It runs the work.
    Agent,
    /// It runs work that the outside can reach.
    AgentPublic,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 3] = [Role::Master, Role::Agent, Role::AgentPublic];

    /// As in documents: `master`, `agent`, `agent_public`.
    pub fn word(self) -> &'static str {
        match self {
            Role::Master => "master",
            Role::Agent => "agent",
            Role::AgentPublic => "agent_public",
        }
    }
}

/// This is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of \"master\", \"agent\", \"agent_public\"")]
pub struct RoleError;

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Role, RoleError> {
        let found = Role::ALL.into_iter().find(|role| role.word() == text);
        found.ok_or(RoleError)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What does not change while the daemon runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The machine's name.
    pub hostname: String,
    /// The address under which its cluster knows it; `None` when it can't be found out.
    pub ip: Option<IpAddr>,
    /// What it is in its cluster.
    pub role: Role,
    /// Mesos' id of it, empty where there is none.
    pub mesos_id: String,
    /// The version of DC/OS, empty where there is none.
    pub dcos_version: String,
}

/// A unit, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitHealth {
    /// Its name.
    pub name: UnitName,
    /// What it is called for people: the part of its description before a colon, or its name.
    pub title: String,
    /// What it is, in the words of its file.
    pub description: String,
    /// How it is, and why.
    pub verdict: Verdict,
    /// Its states when they were last read.
    pub state: UnitState,
    /// Since when it is in this state, where systemd says so.
    pub since: Option<Timestamp>,
    /// How often systemd has restarted it by itself, where it does that.
    pub restarts: Option<u32>,
    /// The units whose journal tells about it: itself, and those that it starts.
    pub journal_of: Vec<UnitName>,
    /// The last lines of the journal about it, each with its line end, where they were asked for.
    pub journal: Arc<str>,
}

/// What is known of this node's units at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The units, by name. Never read: empty, and there is a problem.
    pub units: Vec<UnitHealth>,
    /// When systemd last said how all of them are.
    pub taken: Option<Taken>,
    /// Why systemd can't be asked now; every unit is then unknown.
    pub problem: Option<String>,
}

/// A moment, by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The time of day.
    pub at: Timestamp,
    /// The time since the machine started, which never jumps.
    pub uptime: Duration,
}

impl Snapshot {
    /// Nothing is known, for this reason.
    pub fn nothing(problem: impl Into<String>) -> Snapshot {
        Snapshot {
            units: Vec::new(),
            taken: None,
            problem: Some(problem.into()),
        }
    }

    /// How the node is: as its worst unit; unknown while systemd can't be asked.
    pub fn health(&self) -> Health {
        match self.problem {
            Some(_) => Health::Unknown,
            None => Health::of_all(self.units.iter().map(|unit| unit.verdict.health)),
        }
    }
}

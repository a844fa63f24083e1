//! What is true of a fleet: what questions about it must be answered with.
//!
//! It is counted from what the installations told, never from the text of messages. A report *counts* unless a copy of the
//! installation made it; one that was delivered twice, or late, counts once, on the day on which it was collected. Days and hours
//! are those of UTC. Names of units and numbers are those of the properties (`dcos-cosmos-service`, `cpu_total`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settings::Change;

/// What is true of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetTruth {
    /// What decided it.
    pub seed: u64,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Messages.
    pub messages: Messages,
    /// Clusters of which any report counts, by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Installations that went back to an earlier version.
    pub rolled_back: u64,
    /// Installations of which no report counts in the last three hours or longer, those of CI among them.
    pub silent: u64,
    /// What releases make of units.
    pub changes: Vec<Change>,
    /// All days together.
    pub window: Span,
    /// Each day.
    pub days: Vec<Span>,
    /// First reports, and changes of version.
    pub settling: Vec<SettlingTruth>,
    /// Each cluster, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ClusterTruth>,
}

/// How many messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Messages {
    /// In all, as they are sent.
    pub sent: u64,
    /// That count.
    pub counted: u64,
    /// That are those of a copy of an installation, and stand beside.
    pub beside: u64,
    /// That were sent before, to the letter.
    pub again: u64,
    /// That were collected an hour or more before they are sent, and are sent for the first time.
    pub late: u64,
}

/// What a cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// An installation.
    Usual,
    /// One of which a copy reports under the same id.
    Clone,
    /// One of CI: one node, some hours.
    Ci,
}

/// A day, or all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Its first day.
    pub start: String,
    /// Installations of which any report counts.
    pub installations: u64,
    /// The same by version. One that changed it is in both.
    pub versions: BTreeMap<String, u64>,
    /// The same by provider.
    pub providers: BTreeMap<String, u64>,
    /// The same by variant.
    pub variants: BTreeMap<String, u64>,
    /// Installations that named a package.
    pub packages: BTreeMap<String, u64>,
    /// Installations that named a framework.
    pub frameworks: BTreeMap<String, u64>,
    /// Installations that told which packages they have.
    pub told_packages: u64,
    /// Installations that told which frameworks they have.
    pub told_frameworks: u64,
    /// Units, by version and all versions together.
    pub units: Vec<UnitTruth>,
    /// Numbers of `mesos_track`, and `nodes-unreachable`.
    pub capacity: BTreeMap<String, CapacityTruth>,
}

/// A unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnitTruth {
    /// Which.
    pub unit: String,
    /// Of this version; of all of them where it is empty.
    pub version: String,
    /// Nodes times hours in which its state was known.
    pub observed: u64,
    /// Those of them in which it was unhealthy.
    pub unhealthy: u64,
    /// Nodes times hours in which its state was not known.
    pub unknown: u64,
    /// Installations on which it was observed.
    pub installations: u64,
    /// Those of them on which it was unhealthy at least once.
    pub affected: u64,
}

/// A number that installations tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityTruth {
    /// Installations that told it.
    pub installations: u64,
    /// Sum over them of the mean of what each told.
    pub sum: f64,
}

/// How installations fared after their first report, or after they came to a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettlingTruth {
    /// The version that they began with or came to.
    pub version: String,
    /// Whether it is that of the first report.
    pub first: bool,
    /// How many times.
    pub starts: u64,
    /// Of those, how many times a health report told of nothing unhealthy in the same hour or one of the 23 after it.
    pub healthy_within_a_day: u64,
    /// How many times none did until the end.
    pub never_healthy: u64,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterTruth {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// The customer's key; empty where there is none.
    pub customer_key: String,
    /// The licence; empty where there is none.
    pub license_id: String,
    /// `provider`
    pub provider: String,
    /// `variant`
    pub variant: String,
    /// Nodes at the beginning.
    pub nodes: u32,
    /// Hour of the first report that counts: `2026-11-22T11Z`.
    pub first: String,
    /// Hour of the last.
    pub last: String,
    /// Messages that count.
    pub messages: u64,
    /// Days on which any of them was collected.
    pub reporting_days: u32,
    /// Hours of which a health report counts.
    pub hours: u32,
    /// Hours from the first to the last of which none does.
    pub missing: u32,
    /// Hours of which a health report told of anything unhealthy.
    pub unhealthy_hours: u32,
    /// Whether none of its reports counts in the last three hours or longer.
    pub silent: bool,
    /// Whether it went back to an earlier version.
    pub rolled_back: bool,
    /// Versions one after the other.
    pub versions: Vec<VersionTruth>,
    /// Hours of which a health report counts, by day and version.
    pub days: BTreeMap<String, BTreeMap<String, u32>>,
    /// The first report, and each change of version.
    pub starts: Vec<StartTruth>,
}

/// A version of a cluster, until the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionTruth {
    /// Which.
    pub version: String,
    /// Hour of the first health report with it.
    pub since: String,
    /// Hours of which a health report counts.
    pub hours: u32,
}

/// The first health report, or the first with another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartTruth {
    /// The version.
    pub version: String,
    /// Its hour.
    pub hour: String,
    /// Hours until a health report told of nothing unhealthy: 0 for at once, `null` for never.
    pub healthy_after: Option<u32>,
}

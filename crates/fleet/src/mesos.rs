//! The Mesos master's answers: `/frameworks` and `/metrics/snapshot`.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use crate::cluster::{Cluster, count, uuid};
use crate::spec::Totals;

const SALT: u64 = 0x006d_6573_6f73;

#[derive(Serialize)]
struct Frameworks {
    frameworks: Vec<Framework>,
    completed_frameworks: [Value; 0],
    unregistered_frameworks: [Value; 0],
}

#[derive(Serialize)]
struct Framework {
    id: String,
    name: String,
    pid: String,
    used_resources: Resources,
    offered_resources: Resources,
    capabilities: [&'static str; 2],
    hostname: String,
    webui_url: String,
    active: bool,
    connected: bool,
    recovered: bool,
    user: &'static str,
    failover_timeout: f64,
    checkpoint: bool,
    registered_time: f64,
    unregistered_time: f64,
    principal: String,
    role: &'static str,
    resources: Resources,
    tasks: [Value; 0],
    unreachable_tasks: [Value; 0],
    completed_tasks: [Value; 0],
    offers: [Value; 0],
    executors: [Value; 0],
}

#[derive(Clone, Copy, Serialize)]
struct Resources {
    disk: f64,
    mem: f64,
    gpus: f64,
    cpus: f64,
    ports: &'static str,
}

impl From<Totals> for Resources {
    fn from(totals: Totals) -> Self {
        Self {
            disk: totals.disk,
            mem: totals.mem,
            gpus: 0.0,
            cpus: totals.cpus,
            ports: "[31000-31999]",
        }
    }
}

/// Renders `/frameworks`. The first one uses all that is used.
pub(crate) fn frameworks(cluster: &Cluster) -> Vec<u8> {
    let mut rng = Rng::with_seed(cluster.seed ^ SALT);
    let none = Totals {
        cpus: 0.0,
        mem: 0.0,
        disk: 0.0,
    };
    let (ip, host) = cluster
        .nodes
        .first()
        .map_or(("127.0.0.1", "localhost"), |leader| {
            (leader.ip.as_str(), leader.host.as_str())
        });
    let framework = |(index, name): (usize, &String)| {
        let used = Resources::from(if index == 0 { cluster.used } else { none });
        Framework {
            id: format!("{}-{index:04}", cluster.mesos_id),
            name: name.clone(),
            pid: format!("scheduler-{}@{ip}:15101", uuid(&mut rng)),
            used_resources: used,
            offered_resources: none.into(),
            capabilities: ["TASK_KILLING_STATE", "PARTITION_AWARE"],
            hostname: host.to_owned(),
            webui_url: format!("https://{ip}:8443"),
            active: true,
            connected: true,
            recovered: false,
            user: "root",
            failover_timeout: 604_800.0,
            checkpoint: true,
            registered_time: 1_504_553_599.875,
            unregistered_time: 0.0,
            principal: format!("dcos_{index}"),
            role: if index == 0 { "slave_public" } else { "*" },
            resources: used,
            tasks: [],
            unreachable_tasks: [],
            completed_tasks: [],
            offers: [],
            executors: [],
        }
    };
    let frameworks = cluster.frameworks.iter().enumerate().map(framework).collect();
    let answer = Frameworks {
        frameworks,
        completed_frameworks: [],
        unregistered_frameworks: [],
    };
    // Only maps with keys that are no strings can't be written.
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// Renders `/metrics/snapshot`.
pub(crate) fn metrics(cluster: &Cluster) -> Vec<u8> {
    let mut rng = Rng::with_seed(cluster.seed ^ SALT);
    let (agents, connected) = cluster.agents();
    let (frameworks, agents, connected) = (count(cluster.frameworks.len()), count(agents), count(connected));
    let Totals { cpus, mem, disk } = cluster.totals;
    let metrics = BTreeMap::from([
        ("allocator/event_queue_dispatches", 0.0),
        (
            "master/cpus_percent",
            if cpus > 0.0 { cluster.used.cpus / cpus } else { 0.0 },
        ),
        ("master/cpus_revocable_total", 0.0),
        ("master/cpus_total", cpus),
        ("master/cpus_used", cluster.used.cpus),
        ("master/disk_total", disk),
        ("master/disk_used", cluster.used.disk),
        ("master/dropped_messages", 8.0),
        ("master/elected", 1.0),
        ("master/event_queue_messages", 0.0),
        ("master/frameworks_active", frameworks),
        ("master/frameworks_connected", frameworks),
        ("master/frameworks_disconnected", 0.0),
        ("master/frameworks_inactive", 0.0),
        ("master/gpus_total", 0.0),
        ("master/mem_total", mem),
        ("master/mem_used", cluster.used.mem),
        ("master/messages_register_framework", 2.0),
        ("master/outstanding_offers", 0.0),
        ("master/slave_registrations", agents),
        ("master/slaves_active", connected),
        ("master/slaves_connected", connected),
        ("master/slaves_disconnected", 0.0),
        ("master/slaves_inactive", 0.0),
        ("master/slaves_unreachable", agents - connected),
        ("master/tasks_error", 0.0),
        ("master/tasks_failed", 3.0),
        ("master/tasks_finished", 11.0),
        ("master/tasks_running", f64::from(cluster.tasks)),
        ("master/tasks_staging", 0.0),
        ("master/uptime_secs", 86_412.374_963_2),
        ("registrar/log/recovered", 1.0),
        ("registrar/state_fetch_ms", 12.907_008),
        ("system/cpus_total", 4.0),
        ("system/load_1min", f64::from(rng.u8(..100)) / 100.0),
        ("system/mem_total_bytes", 15_766_216_704.0),
    ]);
    // As above.
    serde_json::to_vec(&metrics).unwrap_or_default()
}

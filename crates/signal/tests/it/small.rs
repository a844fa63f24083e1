//! A cluster of three nodes, small enough to be asked thousands of times, and what is to be told of it.
//!
//! `dcos-a.service` comes first in the report and stands in no node's own list, so that what a fault does to it shows;
//! the other units are told twice, as in real reports. Each document is longer than a source that drips a byte a
//! millisecond can tell within the longest time-out of these tests.

use heliograph_fleet::{Documents, Source};
use serde_json::{Map, Value, json};

use crate::cluster::CLUSTER_ID;

/// The customer key that goes with it.
pub(crate) const CUSTOMER_KEY: &str = "customer-key-of-the-tests";

/// Texts in the documents that must stay where they are: they are in no log and in no message.
pub(crate) const SECRETS: [&str; 8] = [
    "journal-text",
    "10.66.0.",
    "node-host",
    "mesos-id",
    "app-id",
    "description-text",
    "framework-id",
    "framework-host",
];

/// Its documents.
pub(crate) fn documents() -> Documents {
    padded(100)
}

/// Its documents, with less of what nobody tells.
pub(crate) fn short_documents() -> Documents {
    padded(1)
}

fn padded(padding: usize) -> Documents {
    let bytes = |value: Value| serde_json::to_vec(&value).unwrap().into();
    Documents {
        health: bytes(health(padding)),
        cosmos: bytes(cosmos(padding)),
        frameworks: bytes(frameworks(padding)),
        metrics: bytes(metrics(padding)),
    }
}

fn health(padding: usize) -> Value {
    let journal = |unit: &str| format!("{unit} is failing\n{}", "journal-text ".repeat(padding));
    let first = json!({"dcos-a.service": "", "dcos-b.service": journal("dcos-b.service")});
    let second =
        json!({"dcos-a.service": journal("dcos-a.service"), "dcos-b.service": "", "dcos-c.timer": ""});
    let node = |number: u8, health: u8, output: &Value| {
        json!({"Leader": number == 1, "Role": "master", "IP": format!("10.66.0.{number}"), "Host": format!("node-host-{number}"),
            "Health": health, "Output": output, "MesosID": format!("mesos-id-{number}")})
    };
    let unit = |name: &str, health: u8, nodes: Value| {
        json!({"UnitName": name, "Nodes": nodes, "Health": health, "Title": "title", "Timestamp": "2017-09-05T19:33:20Z",
            "PrettyName": name})
    };
    let with_units = |mut node: Value, units: Value| {
        node["Units"] = units;
        node
    };
    let (one, two) = (node(1, 1, &first), node(2, 1, &second));
    let lost = json!({"Leader": false, "Role": "agent", "IP": "10.66.0.3", "Host": "", "Health": 3, "Output": null, "MesosID": ""});
    json!({
        "Units": {
            "dcos-a.service": unit("dcos-a.service", 1, json!([one, two])),
            "dcos-b.service": unit("dcos-b.service", 1, json!([one, two])),
            "dcos-c.timer": unit("dcos-c.timer", 0, json!([two])),
        },
        "Nodes": {
            "10.66.0.1": with_units(one.clone(), json!([unit("dcos-b.service", 1, json!([one]))])),
            "10.66.0.2": with_units(node(2, 0, &second), json!([unit("dcos-b.service", 0, json!([two])), unit("dcos-c.timer", 0, json!([two]))])),
            "10.66.0.3": lost,
        },
        "UpdatedTime": "2017-09-05T19:33:20.1Z",
    })
}

fn cosmos(padding: usize) -> Value {
    let package = |name: &str| {
        json!({"appId": format!("/app-id/{name}"), "packageInformation": {
            "packageDefinition": {"name": name, "version": "1.2.3", "description": "description-text ".repeat(2 * padding)},
            "resourceDefinition": {"images": {"icon-small": "s.png"}},
        }})
    };
    json!({"packages": [package("cassandra"), package("kafka"), package("kafka")]})
}

fn frameworks(padding: usize) -> Value {
    let framework = |name: &str| {
        json!({"id": format!("framework-id-{name}"), "name": name, "hostname": "framework-host", "active": true,
            "tasks": vec![json!({"state": "TASK_RUNNING", "framework_id": "framework-id"}); padding]})
    };
    json!({"completed_frameworks": [], "frameworks": [framework("marathon"), framework("metronome")]})
}

fn metrics(padding: usize) -> Value {
    let mut metrics: Map<String, Value> = (0..3 * padding)
        .map(|n| (format!("allocator/event_{n:03}"), json!(0.5)))
        .collect();
    let counted = [
        ("cpus_total", 8.0),
        ("cpus_used", 1.5),
        ("disk_total", 71154.0),
        ("disk_used", 64.0),
        ("frameworks_active", 2.0),
        ("mem_total", 28036.0),
        ("mem_used", 1024.25),
        ("slaves_active", 1.0),
        ("slaves_connected", 2.0),
        ("tasks_running", 3.0),
    ];
    metrics.extend(counted.map(|(name, value)| (format!("master/{name}"), json!(value))));
    Value::Object(metrics)
}

/// What a source has to tell: its event's properties, but for the common ones.
pub(crate) fn told(source: Source) -> Map<String, Value> {
    let told = match source {
        Source::Diagnostics => json!({
            "health-unit-dcos-a-service-total": 2, "health-unit-dcos-a-service-unhealthy": 1,
            "health-unit-dcos-b-service-total": 2, "health-unit-dcos-b-service-unhealthy": 1,
            "health-unit-dcos-c-timer-total": 1, "health-unit-dcos-c-timer-unhealthy": 0,
            "nodes-unreachable": 1,
        }),
        Source::Cosmos => {
            json!({"package_list": [{"name": "cassandra"}, {"name": "kafka"}, {"name": "kafka"}]})
        }
        Source::Frameworks => json!({"frameworks": [{"name": "marathon"}, {"name": "metronome"}]}),
        Source::Metrics => json!({
            "agents_active": 1, "agents_connected": 2, "cpu_total": 8, "cpu_used": 1.5, "disk_total": 71154, "disk_used": 64,
            "framework_count": 2, "mem_total": 28036, "mem_used": 1024.25, "task_count": 3,
        }),
    };
    told.as_object().unwrap().clone()
}

/// The preview when each source told this, or nothing.
pub(crate) fn preview(said: &[(Source, Option<Map<String, Value>>)]) -> Value {
    let of = |source| {
        let (_, told) = said.iter().find(|(one, _)| *one == source)?;
        told.clone()
    };
    let mesos = match (of(Source::Frameworks), of(Source::Metrics)) {
        (None, None) => None,
        (frameworks, metrics) => Some(
            frameworks
                .into_iter()
                .flatten()
                .chain(metrics.into_iter().flatten())
                .collect(),
        ),
    };
    json!({
        "cosmos": track("package_list", of(Source::Cosmos)),
        "diagnostics": track("health", of(Source::Diagnostics)),
        "mesos": track("mesos_track", mesos),
    })
}

fn track(event: &str, own: Option<Map<String, Value>>) -> Option<Value> {
    let mut properties = json!({
        "clusterId": CLUSTER_ID, "customerKey": CUSTOMER_KEY, "environmentVersion": "1.8", "provider": "aws", "source": "cluster",
        "variant": "open",
    });
    properties.as_object_mut().unwrap().extend(own?);
    Some(json!({"properties": properties, "anonymousId": CLUSTER_ID, "userId": CUSTOMER_KEY, "event": event}))
}

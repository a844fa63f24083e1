//! People in the clusters' user interfaces, as the clusters' relays tell of them.

use std::time::Duration;

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use heliograph_fleet::generate::{ClusterTruth, FleetTruth};
use serde_json::{Value, json};

/// Routes with how often each is viewed, and how many of a thousand views fail.
const ROUTES: [(&str, u32, u32); 9] = [
    ("/", 30, 1),
    ("/nodes", 22, 2),
    ("/services", 20, 4),
    ("/services/:id", 16, 9),
    ("/nodes/:id", 12, 3),
    ("/packages", 9, 24),
    ("/jobs", 5, 2),
    ("/settings", 3, 6),
    ("/system/components", 4, 55),
];
/// Kinds of errors.
const KINDS: [&str; 3] = ["TypeError", "RangeError", "other"];
/// Of ten people, so many log in twice a day.
const AGAIN: u8 = 3;
/// Clusters whose user interface tells.
const CLUSTERS: usize = 40;
/// Messages of a batch.
const BATCH: usize = 400;
/// Longest that a batch may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// People of some clusters log in and look around, on each day.
pub(super) fn visit(
    url: &str,
    key: &str,
    clusters: &[&ClusterTruth],
    truth: &FleetTruth,
) -> anyhow::Result<()> {
    let mut random = Rng::with_seed(truth.seed);
    let mut messages = Vec::new();
    for (number, day) in truth.days.iter().enumerate() {
        // The first of them is a Tuesday in nobody's mind; weeks have quiet days all the same.
        let quiet = number % 7 >= 5;
        for (place, cluster) in clusters.iter().take(CLUSTERS).enumerate() {
            let people = random.u32(0..=if quiet { 1 } else { 4 });
            for person in 0..people {
                session(&mut random, &mut messages, cluster, place, person, &day.start);
            }
        }
    }
    for batch in messages.chunks(BATCH) {
        post(url, key, &json!({ "batch": batch }))?;
    }
    Ok(())
}

/// A log-in, and what is looked at then.
fn session(
    random: &mut Rng,
    messages: &mut Vec<Value>,
    cluster: &ClusterTruth,
    place: usize,
    person: u32,
    day: &str,
) {
    let version = cluster
        .versions
        .last()
        .map_or("", |version| version.version.as_str());
    let common = json!({
        "clusterId": cluster.id, "environmentVersion": version, "provider": cluster.provider, "variant": cluster.variant,
    });
    let visitor = format!("visitor-{place}-{person}");
    let minute = random.u32(0..60);
    let mut add = |number: u32, own: Value, more: Value| {
        let mut message = json!({
            "messageId": format!("{visitor}-{day}-{number}"), "anonymousId": visitor, "userId": format!("h-{visitor}"),
            "timestamp": format!("{day}T00:{minute:02}:{:02}Z", number % 60),
            "context": {"reporter": format!("{place:032x}"), "library": {"name": "heliograph-tracker", "version": "0.1.0"}},
        });
        let mut told = common.clone();
        merge(&mut told, more);
        merge(&mut message, own);
        let field = if message["type"] == "identify" {
            "traits"
        } else {
            "properties"
        };
        message[field] = told;
        messages.push(message);
    };
    add(0, json!({"type": "identify"}), json!({}));
    if random.u8(0..10) < AGAIN {
        add(99, json!({"type": "identify"}), json!({}));
    }
    for number in 0..random.u32(2..9) {
        let (route, failing) = choose(random);
        add(number * 2 + 1, json!({"type": "page", "name": route}), json!({}));
        if random.u32(0..1000) < failing {
            let kind = KINDS[random.usize(0..KINDS.len())];
            let told = json!({"route": route, "kind": kind});
            add(
                number * 2 + 2,
                json!({"type": "track", "event": "ui_error"}),
                told,
            );
        }
    }
}

/// A route, and how many of a thousand of its views fail.
fn choose(random: &mut Rng) -> (&'static str, u32) {
    let mut left = random.u32(0..ROUTES.iter().map(|(_, often, _)| often).sum());
    for (route, often, failing) in ROUTES {
        if left < often {
            return (route, failing);
        }
        left -= often;
    }
    ("/", 0)
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// Posts a batch; whatever becomes of its messages.
pub(super) fn post(url: &str, key: &str, batch: &Value) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    let answer = agent
        .post(format!("{url}/v1/batch"))
        .header(
            "authorization",
            format!("Basic {}", STANDARD.encode(format!("{key}:"))),
        )
        .header("content-type", "application/json")
        .send(batch.to_string())?;
    if answer.status() != 200 && answer.status() != 400 {
        bail!("the collector answers {} to messages", answer.status());
    }
    Ok(())
}

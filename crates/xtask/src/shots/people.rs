//! People in the clusters' user interfaces, as the clusters' relays tell of them.

use std::time::Duration;

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use heliograph_fleet::generate::{ClusterTruth, FleetTruth};
use serde_json::{Value, json};

use crate::visit::Visit;

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
            let version = cluster.versions.last();
            let common = json!({
                "clusterId": cluster.id, "environmentVersion": version.map_or("", |version| version.version.as_str()),
                "provider": cluster.provider, "variant": cluster.variant,
            });
            let people = random.u32(0..=if quiet { 1 } else { 4 });
            for person in 0..people {
                let visit = Visit {
                    visitor: &format!("{place}-{person}"),
                    hour: &format!("{}T00", day.start),
                    common: &common,
                    reporter: &format!("{place:032x}"),
                    worse: None,
                };
                messages.extend(visit.messages(&mut random));
            }
        }
    }
    for batch in messages.chunks(BATCH) {
        post(url, key, &json!({ "batch": batch }))?;
    }
    Ok(())
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

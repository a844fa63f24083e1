//! Hourly reports as signal makes them: of emulated clusters, taken from a sink.

use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, ensure};
use heliograph_fleet::spec::FailingSpec;
use heliograph_fleet::{ClusterSpec, Documents, Emulation, Sink};
use heliograph_signal::clock::Clock;
use heliograph_signal::config;
use heliograph_signal::cycle::{Asked, Cycle, Exit};
use heliograph_signal::environment::Environment;
use heliograph_wire::id::Hour;
use heliograph_wire::time::rfc3339;
use serde_json::{Value, json};

use super::template::{Field, Template};
use super::track::SENT;

/// Clusters of different size and health.
const VARIANTS: usize = 16;
const CLUSTER: &str = "70b28f00-e38f-41b2-a723-aab344f535b9";
/// Any hour.
const HOUR: i64 = 500_000;

/// The reports as requests.
pub(super) fn templates(head: &str) -> anyhow::Result<Vec<Template>> {
    (0..VARIANTS).map(|variant| template(head, variant)).collect()
}

fn template(head: &str, variant: usize) -> anyhow::Result<Template> {
    let hour = Hour::from_number(HOUR).context("an hour")?;
    let body = report(variant, hour)?;
    let value: Value = serde_json::from_str(&body)?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a message of signal");
    let reporter = text(&value["batch"][0]["context"]["reporter"])?;
    // The last text in it is when it left, which a clock that was set says to be when it was collected.
    let (before, after) = body
        .rsplit_once(&text(&value["sentAt"])?)
        .context("a message of signal")?;
    let body = [before, SENT, after].concat();
    let collected = rfc3339(hour.start());
    let hour = hour.to_string();
    let shown = [
        (CLUSTER, Field::Cluster),
        (&*reporter, Field::Reporter),
        (&*hour, Field::Hour),
        (&*collected, Field::Collected),
        (SENT, Field::Sent),
    ];
    Ok(Template::new(head, &body, &shown))
}

/// The body of the request by which signal reports a cluster.
fn report(variant: usize, hour: Hour) -> anyhow::Result<String> {
    let agents = 1 + 3 * variant;
    let documents = Documents::generate(&ClusterSpec {
        seed: u64::try_from(variant)?,
        masters: if agents < 10 { 1 } else { 3 },
        agents,
        failing: FailingSpec::Share(0.05),
        packages: ClusterSpec::package_names(2 + variant / 2),
        frameworks: ClusterSpec::framework_names(2 + variant / 2),
        used: 0.3,
        tasks: 40,
        ..ClusterSpec::default()
    });
    let cluster = Emulation::builder(documents).start()?;
    let sink = Sink::start()?;
    let state = tempfile::tempdir()?;
    let settings = json!({
        "enabled": true, "sink": sink.url(), "write_key": "key", "state_dir": state.path(), "cluster_id": CLUSTER,
        "gen_provider": (["aws", "azure", "onprem"][variant % 3]), "environment_version": (["1.10", "1.11"][variant % 2]),
        "diagnostics_urls": [cluster.diagnostics_url()], "cosmos_urls": [cluster.cosmos_url()],
        "mesos_urls": [cluster.metrics_url(), cluster.frameworks_url()],
    });
    let environment = Environment::default();
    let texts = [("signal.json".into(), settings.to_string())];
    let (config, _) = config::from_texts(&texts, &environment, vec![])?;
    let cycle = Cycle {
        config: &config,
        environment: &environment,
        clock: Clock::new(Some(hour.start())),
        stop: &AtomicBool::new(false),
    };
    ensure!(
        matches!(cycle.report(Asked::ByHand), Ok(Exit::Done)),
        "signal could not report"
    );
    let request = sink.requests().pop().context("signal sent nothing")?;
    Ok(String::from_utf8(request.body)?)
}

//! `GET /metrics`: what was counted, and how everything is now, as OpenMetrics text; and the counting of requests.

mod cluster;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use crate::metrics::PREFIX;
use crate::unit::Health;

/// Its path.
pub(super) const PATH: &str = "/metrics";
const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// Stands for all paths that there are not.
const NO_PATH: &str = "other";

/// Shows them.
pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    match page(&app) {
        Ok(page) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Counts a request by the path that it matched and by its answer.
pub(super) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let path = path.map_or(Cow::Borrowed(NO_PATH), |path| {
        Cow::Owned(path.as_str().to_owned())
    });
    app.metrics.request(path, class(response.status()));
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

fn page(app: &App) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program", version);
    app.metrics.register(&mut registry);
    let (snapshot, age) = app.node.snapshot_and_age();

    let units: Family<[(&'static str, String); 1], Gauge> = Family::default();
    let totals: Family<[(&'static str, &'static str); 1], Gauge> = Family::default();
    for health in [Health::Healthy, Health::Unhealthy, Health::Unknown] {
        totals.get_or_create(&[("health", health.word())]).set(0);
    }
    for unit in &snapshot.units {
        let health = unit.verdict.health;
        units
            .get_or_create(&[("unit", unit.name.to_string())])
            .set(i64::from(health.number()));
        totals.get_or_create(&[("health", health.word())]).inc();
    }
    registry.register(
        "unit_health",
        "How a unit of this node is: 0 healthy, 1 unhealthy, 3 unknown",
        units,
    );
    registry.register("units", "Units of this node, by how they are", totals);
    registry.register(
        "node_health",
        "How this node is: 0 healthy, 1 unhealthy, 3 unknown",
        ConstGauge::new(i64::from(snapshot.health().number())),
    );
    registry.register(
        "systemd_answers",
        "Whether systemd can be asked",
        ConstGauge::new(i64::from(snapshot.problem.is_none())),
    );
    if let Some(age) = age {
        registry.register_with_unit(
            "systemd_age",
            "Time since systemd's last sign of life",
            Unit::Seconds,
            ConstGauge::new(age.as_secs_f64()),
        );
    }
    if let Some(cluster) = &app.cluster {
        cluster::register(cluster, &mut registry);
    }
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(page)
}

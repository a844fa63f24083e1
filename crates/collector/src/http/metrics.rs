//! `GET /metrics`: what is counted and what is looked up when somebody asks, as OpenMetrics text; and the counting of requests.
//!
//! Nothing in it names an installation, but how much a vendor receives is nobody else's business. With `metrics_listen` it is
//! shown there and nowhere else. Without, it is shown on the main port to this machine alone: to a peer on the loopback interface,
//! unless its request says that it was passed on by a proxy.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use super::door::Local;
use super::problem::problem;
use crate::metrics::PREFIX;
use crate::store::{self, Fault};

/// Its path.
pub(super) const PATH: &str = "/metrics";
const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// What proxies say of those whose requests they pass on.
const PASSED_ON: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];
/// Stands for all paths that there are not.
const NO_PATH: &str = "other";

/// Shown to this machine.
pub(super) async fn get_local(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    if app.metrics_apart {
        return super::problem::not_found().await;
    }
    let is_here = request.extensions().get::<Local>().is_some();
    if !(is_here && speaks_for_itself(request.headers())) {
        return problem(
            StatusCode::FORBIDDEN,
            "not_local",
            "metrics are shown to the collector's own machine only; elsewhere set metrics_listen",
        );
    }
    show(&app)
}

/// Shown to whoever may connect.
pub(super) async fn get(State(app): State<Arc<App>>) -> Response {
    show(&app)
}

/// Counts a request by the path that it matched and by its answer.
pub(super) async fn count(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let path = path.map_or(Cow::Borrowed(NO_PATH), |path| {
        Cow::Owned(path.as_str().to_owned())
    });
    app.queue.metrics().request(path, class(response.status()));
    response
}

fn speaks_for_itself(headers: &HeaderMap) -> bool {
    !PASSED_ON.iter().any(|name| headers.contains_key(*name))
}

/// The class of an answer, in the metrics.
pub(super) fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

fn show(app: &App) -> Response {
    match write(app) {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
            response
        }
        Err(fmt::Error) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the metrics can't be written",
        ),
    }
}

fn write(app: &App) -> Result<String, fmt::Error> {
    let mut text = String::new();
    text::encode_registry(&mut text, app.queue.metrics().registry())?;
    text::encode_registry(&mut text, &looked_up(app))?;
    text::encode_eof(&mut text)?;
    Ok(text)
}

/// What is not counted but looked up.
fn looked_up(app: &App) -> Registry {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register(
        "build",
        "The release that runs",
        Info::new([("version", env!("CARGO_PKG_VERSION"))]),
    );
    registry.register_with_unit(
        "request_memory",
        "Memory of the requests under way",
        Unit::Bytes,
        ConstGauge::new(number(app.budget.used())),
    );
    let floor = app.queue.floor().borrow().at;
    // From the beginning of time: nothing has left the window yet.
    if floor > Timestamp::MIN {
        let age = app.clock.now().duration_since(floor).as_secs();
        registry.register_with_unit(
            "window_floor_age",
            "How far back the ids in memory reach; absent as long as all are there",
            Unit::Seconds,
            ConstGauge::new(age),
        );
    }
    registry.register(
        "store_condition",
        "1 for what the last attempt to write met",
        condition(app.queue.condition().fault()),
    );
    registry.register_with_unit(
        "database",
        "Size of the database and of its write-ahead log",
        Unit::Bytes,
        sizes(&app.data),
    );
    registry
}

fn condition(fault: Option<Fault>) -> Family<[(&'static str, &'static str); 1], Gauge> {
    let family = Family::default();
    let gauge = |name, of| {
        let gauge: &Gauge = &family.get_or_create(&[("condition", name)]);
        gauge.set(i64::from(fault == of));
    };
    gauge("well", None);
    for of in Fault::ALL {
        gauge(of.name(), Some(of));
    }
    family
}

fn sizes(directory: &Path) -> Family<[(&'static str, &'static str); 1], Gauge> {
    let family = Family::default();
    for (name, size) in store::sizes(directory) {
        let gauge: &Gauge = &family.get_or_create(&[("file", name)]);
        gauge.set(i64::try_from(size).unwrap_or(i64::MAX));
    }
    family
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_speaks_for_this_machine() {
        for (header, expected) in [
            (None, true),
            (Some("accept"), true),
            (Some("x-forwarded-for"), false),
            (Some("forwarded"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(name, HeaderValue::from_static("x"));
            }
            assert_eq!(speaks_for_itself(&headers), expected, "{header:?}");
        }
    }
}

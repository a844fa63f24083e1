//! What browsers ask before they send: whether tracking is on, where to, and the tracker itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::{App, answer};

/// The key that pages may name: it opens nothing, here or anywhere.
const KEY: &str = "relay";
const CLASSIC: &str = include_str!("../../../../web/tracker/dist/tracker.js");
const MODULE: &str = include_str!("../../../../web/tracker/dist/tracker.mjs");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// `{"tracking": {"enabled": …, "errors": …}, "host": …, "writeKey": …}`
pub(super) async fn ui_config(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let config = json!({
        "tracking": {"enabled": app.is_wanted(&headers), "errors": app.config.errors},
        "host": app.config.prefix,
        "writeKey": KEY,
    });
    answer::json(StatusCode::OK, config.to_string())
}

/// The tracker as a classic script.
pub(super) async fn classic() -> Response {
    tracker(CLASSIC)
}

/// The tracker as an ES module.
pub(super) async fn module() -> Response {
    tracker(MODULE)
}

fn tracker(text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let script = HeaderValue::from_static("text/javascript; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, script);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    response
}

/// What analytics-next asks for: where to send, and nothing else to load or to tell. Where nothing is wanted there are none, and it
/// sends nothing: without this destination it would fall back to Segment's own.
pub(super) async fn of_analytics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if !app.is_wanted(&headers) {
        return answer::error(StatusCode::NOT_FOUND, "off", "telemetry is off");
    }
    let Some((protocol, host)) = reached(&app, &headers) else {
        return answer::error(
            StatusCode::BAD_REQUEST,
            "no_host",
            "the request names no host; set `public_url`",
        );
    };
    let settings = json!({
        "integrations": {"Segment.io": {
            "apiKey": KEY,
            "apiHost": format!("{host}{}/v1", app.config.prefix),
            "protocol": protocol,
            "addBundledMetadata": false,
        }},
        "metrics": {"sampleRate": 0},
        "enabledMiddleware": {},
        "remotePlugins": [],
    });
    answer::json(StatusCode::OK, settings.to_string())
}

/// Protocol and host by which browsers reach the cluster. What no browser would send is no host.
fn reached(app: &App, headers: &HeaderMap) -> Option<(&'static str, String)> {
    if let Some(url) = &app.config.public_url {
        let (scheme, host) = url.split_once("://")?;
        return Some((if scheme == "https" { "https" } else { "http" }, host.to_owned()));
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    let https = headers.get(FORWARDED_PROTO).is_some_and(|proto| proto == "https");
    let protocol = if https { "https" } else { "http" };
    (!host.is_empty() && host.bytes().all(plain)).then(|| (protocol, host.to_owned()))
}

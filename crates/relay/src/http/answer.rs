//! Answers, in the form of Segment's API.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) fn json(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Response {
    json(status, json!({"code": code, "message": message}).to_string())
}

pub(super) fn taken() -> Response {
    json(StatusCode::OK, json!({"success": true}).to_string())
}

/// Telemetry is off, for this browser or for all.
pub(super) fn off() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

pub(super) async fn well() -> &'static str {
    "ok\n"
}

pub(super) async fn nowhere() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}

pub(super) fn foreign() -> Response {
    error(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "this page is of another origin; list it in `origins`",
    )
}

pub(super) fn too_fast(seconds: u64) -> Response {
    let mut response = error(
        StatusCode::TOO_MANY_REQUESTS,
        "too_fast",
        "requests come too fast",
    );
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

pub(super) fn not_now() -> Response {
    let mut response = error(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_kept",
        "it can't be kept now",
    );
    response.headers_mut().insert(header::RETRY_AFTER, 30_u64.into());
    response
}

/// What pages of a listed origin may send; of the cluster's own nobody asks.
pub(super) fn preflight(listed: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if listed {
        let headers = response.headers_mut();
        let methods = HeaderValue::from_static("GET, POST, OPTIONS");
        let named = HeaderValue::from_static("authorization, content-type, content-encoding, x-retry-count");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, named);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    }
    response
}

/// Says which origin may read the answer.
pub(super) fn granted(mut response: Response, origin: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("Retry-After");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

//! What analytics-next asks for before anything else, and the script that its HTML snippet loads.
//!
//! `GET /v1/projects/{writeKey}/settings` says where events go: to this collector, by the name under which the browser reached it,
//! or by `public_url`. It names no plug-ins, no middleware and no metrics, so that nothing more is loaded from anywhere. A key that
//! is not for browsers has no settings.
//!
//! `GET /analytics.js/v1/{writeKey}/analytics.min.js` is not ours to serve: the answer says what to do instead.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::App;
use super::answer::{Refused, json};
use crate::config::PublicUrl;
use crate::key::{KeyKind, WriteKey};

/// Where settings are: under `/v1`, and without it for those who call the base of the API their CDN.
pub(super) const PATHS: [&str; 2] = ["/v1/projects/{key}/settings", "/projects/{key}/settings"];
/// Where the snippet looks for its script.
pub(super) const SCRIPT_PATHS: [&str; 2] = [
    "/analytics.js/v1/{key}/analytics.min.js",
    "/analytics.js/v1/{key}/analytics.js",
];
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Settings.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let settings = settings(&app, key.ok().map(|Path(key)| key), &headers);
    let answer = settings.unwrap_or_else(|refused| refused.answer());
    app.cors.grant(&headers).mark(answer)
}

/// No script.
pub(super) async fn script(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let here =
        reached(&app, &headers).map_or_else(|| "https://this-collector".to_owned(), |url| url.to_string());
    let mut response = Response::new(Body::from(instead(&here)));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
    app.cors.grant(&headers).mark(response)
}

fn settings(app: &App, key: Option<String>, headers: &HeaderMap) -> Result<Response, Refused> {
    let stated = key
        .and_then(|key| WriteKey::stated(&key))
        .ok_or(Refused::NoSettings)?;
    let key = app.keys.find(&stated).map_err(|_| Refused::Store)?;
    let key = key.ok_or(Refused::NoSettings)?;
    if !matches!(key.kind, KeyKind::Ui | KeyKind::Server) {
        return Err(Refused::NoSettings);
    }
    let here = reached(app, headers).ok_or(Refused::Host)?;
    let settings = json!({
        "integrations": {
            "Segment.io": {
                "apiKey": stated.reveal(),
                "apiHost": format!("{}/v1", here.rest()),
                "protocol": here.scheme(),
                "addBundledMetadata": false,
            },
        },
        "metrics": {"sampleRate": 0},
        "enabledMiddleware": {},
        "remotePlugins": [],
    });
    let mut response = json(StatusCode::OK, settings.to_string());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, MAX_AGE);
    if app.public_url.is_none() {
        headers.insert(header::VARY, HeaderValue::from(FORWARDED_PROTO));
    }
    Ok(response)
}

/// Where browsers reach this collector. A `Host` that no browser would send is no address. A proxy that ends TLS may say so: who
/// says it without being one misleads only themselves.
pub(crate) fn reached(app: &App, headers: &HeaderMap) -> Option<PublicUrl> {
    if let Some(configured) = &app.public_url {
        return Some(configured.clone());
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let scheme = match headers.get(FORWARDED_PROTO).map(HeaderValue::as_bytes) {
        Some(b"https") => "https",
        _ if app.tls => "https",
        _ => "http",
    };
    format!("{scheme}://{host}")
        .parse()
        .ok()
        .filter(PublicUrl::is_bare)
}

fn instead(here: &str) -> String {
    format!(
        "The script of Segment's snippet is not served here. Serve it from your own site, from the npm package\n\
         @segment/analytics-next, and tell it of this collector, which tells it all the rest:\n\
         \n\
         as a module:    import {{ AnalyticsBrowser }} from \"@segment/analytics-next\"\n\
         \x20               const analytics = AnalyticsBrowser.load({{ writeKey: \"...\", cdnURL: \"{here}\" }})\n\
         as a script:    dist/umd/index.js of the package, then\n\
         \x20               const analytics = AnalyticsNext.AnalyticsBrowser.load({{ writeKey: \"...\", cdnURL: \"{here}\" }})\n\
         as the snippet: dist/umd/standalone.js in place of this address, with analytics._writeKey = \"...\" and\n\
         \x20               analytics._cdn = \"{here}\" set before it loads\n"
    )
}

//! `GET /tracker.js` and `/tracker.mjs`: the script for browsers; `/tracker/{hash}/…`: the same at an address whose content never
//! changes; `/tracker.json`: both addresses, and the integrity that a page may demand.
//!
//! Pages of all origins may load it, whichever may send: it is public, and a page that states its integrity has to read it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::json as answer;
use super::problem;
use super::question::is_known;
use crate::tracker::Script;

/// Its paths.
pub(super) const PATHS: [&str; 4] = [
    "/tracker.js",
    "/tracker.mjs",
    "/tracker/{hash}/{name}",
    "/tracker.json",
];
const INDEX: &str = "/tracker.json";
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
/// Ten minutes, and a day while a new one is asked for.
const BRIEFLY: HeaderValue = HeaderValue::from_static("public, max-age=600, stale-while-revalidate=86400");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// A script, or what there is of them.
pub(super) async fn get(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let mut response = match find(path) {
        Some((script, age)) => of_script(script, age, &headers),
        None if path == INDEX => {
            let mut response = answer(StatusCode::OK, index().to_string());
            response.headers_mut().insert(header::CACHE_CONTROL, BRIEFLY);
            response
        }
        None => problem::not_found().await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

fn find(path: &str) -> Option<(&'static Script, HeaderValue)> {
    Script::all().iter().find_map(|script| {
        if path == script.path() {
            Some((script, BRIEFLY))
        } else {
            (path == script.lasting_path()).then_some((script, FOR_EVER))
        }
    })
}

fn of_script(script: &'static Script, age: HeaderValue, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", script.hash);
    let is_known = is_known(asked, &tag);
    let takes_gzip = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|encodings| encodings.to_str().ok())
        .flat_map(|encodings| encodings.split(','))
        .any(|encoding| encoding.trim() == "gzip");
    let body = match (is_known, takes_gzip) {
        (true, _) => Body::empty(),
        (false, true) => Body::from(script.gzip.as_slice()),
        (false, false) => Body::from(script.text),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JAVASCRIPT);
    headers.insert(header::CACHE_CONTROL, age);
    headers.insert(header::VARY, HeaderValue::from(header::ACCEPT_ENCODING));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if takes_gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, GZIP);
    }
    response
}

fn index() -> Value {
    let scripts = Script::all().iter().map(|script| {
        let of_script = json!({
            "path": script.path(),
            "lastingPath": script.lasting_path(),
            "integrity": script.integrity,
        });
        (script.name.to_owned(), of_script)
    });
    Value::from(Map::from_iter(scripts))
}

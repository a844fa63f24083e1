//! `GET /v1/pixel/…`: a single call as the address of an image, for mail and for pages without scripts.
//!
//! Whatever becomes of it, the answer is 200 and an image of one transparent dot: nobody reads anything else, and what shows
//! images must not show an error. So here, and only here, a 200 says nothing of the disk. What becomes of messages is counted as
//! ever, where it is known whose they are. What objects to being counted is not, whatever the kind of the key: an image is
//! fetched for a person. `HEAD` fetches nothing and counts nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use axum::response::Response;

use super::answer::Refused;
use super::call::Call;
use super::intake::{authenticate, check, write};
use super::{App, credentials, privacy};
use crate::ingest::clean::clean;
use crate::ingest::outcome::{Outcome, Rejection};
use crate::ingest::pixel;
use crate::ingest::request;
use crate::key::{Key, WriteKey};

/// Where its paths begin.
pub(super) const PREFIX: &str = "/v1/pixel/";
/// A GIF of one transparent dot.
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("image/gif");
/// Each time that it is shown is asked for anew.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Pages that are isolated from other origins may show it, too.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");

/// Takes what the address says.
pub(super) async fn get(app: &App, request: Request<Body>, call: Call) -> Response {
    let (parts, _) = request.into_parts();
    // Who asks is told nothing of it.
    if let Err(refused) = take(app, &parts, call).await {
        tracing::debug!("a pixel was not taken: {refused:?}");
    }
    dot(app, &parts.headers)
}

/// Shows what would come.
pub(super) async fn head(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    dot(&app, &headers)
}

async fn take(app: &App, parts: &Parts, call: Call) -> Result<(), Refused> {
    let checked = decode(app, parts, call)?;
    write(app, checked, None, app.budget.charge()).await.map(|_| ())
}

fn one(app: &App, key: Key, outcome: Outcome) -> request::Request {
    request::Request::decided(key, app.clock.now(), outcome, 1)
}

/// Shows the image.
pub(super) fn dot(app: &App, headers: &HeaderMap) -> Response {
    let grant = app.cors.grant(headers);
    let mut response = Response::new(Body::from(DOT));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(RESOURCE_POLICY, CROSS_ORIGIN);
    grant.mark(response)
}

fn decode(app: &App, parts: &Parts, call: Call) -> Result<request::Request, Refused> {
    let event = pixel::decode(parts.uri.query().unwrap_or_default());
    let text = event.as_deref().map(clean);
    let envelope = match &text {
        Ok(text) => call.envelope(text).map_err(|_| Rejection::NotAnObject),
        Err(rejection) => Err(**rejection),
    };
    let in_event = || {
        let envelope = envelope.as_ref().ok()?;
        WriteKey::stated(&envelope.stated_key()?)
    };
    let stated = credentials::of_header(&parts.headers)
        .or_else(in_event)
        .or_else(|| credentials::of_query(&parts.uri));
    let key = authenticate(app, &stated.ok_or(Refused::WriteKey)?, call)?;
    let objection = privacy::objection(&parts.headers);
    match (&envelope, objection) {
        (Ok(envelope), _) => check(app, envelope, key, call.trust(key.kind), objection),
        (Err(rejection), None) => Ok(one(app, key, Outcome::Rejected(*rejection))),
        (Err(_), Some(objection)) => Ok(one(app, key, Outcome::Suppressed(objection))),
    }
}

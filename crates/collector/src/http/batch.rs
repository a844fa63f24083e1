//! `POST /v1/batch`: decode → authenticate → check → dedupe → one transaction → 200.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;
use heliograph_wire::receipt::{self, HEADER};

use super::answer::{self, Refused};
use super::{App, body, credentials};
use crate::budget::Charge;
use crate::ingest::clean::clean;
use crate::ingest::envelope::{Envelope, EnvelopeError};
use crate::ingest::inflate::{InflateError, inflate};
use crate::ingest::moment::Trust;
use crate::ingest::request::{self, MAX_REQUEST, RequestError, Terms};
use crate::ingest::text;
use crate::key::WriteKey;
use crate::writer::{Delivery, Done, chain};

/// Takes a batch.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match take(&app, request).await {
        Ok(response) => response,
        Err(refused) => refused.answer(),
    }
}

/// Any other method.
pub(super) async fn other_method() -> Response {
    Refused::Method { allow: "POST" }.answer()
}

async fn take(app: &App, request: Request<Body>) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let in_header = credentials::of_header(&parts.headers);
    // What a key in the header forbids need not be read into memory as JSON first.
    if let Some(key) = &in_header
        && app.keys.find(key).is_none()
    {
        // However long that takes, the answer is the same.
        let _ = tokio::time::timeout(app.body_timeout, body::discard(body)).await;
        return Err(Refused::WriteKey);
    }
    let mut charge = app.budget.charge();
    let bytes = body::read(body, MAX_REQUEST, app.body_timeout, &mut charge).await?;
    app.queue.metrics().body(bytes.len());
    let with_receipt = parts
        .headers
        .get(HEADER)
        .is_some_and(|value| value.as_bytes().trim_ascii() == b"1");
    let (mut checked, receipt_of) = check(
        app,
        &bytes,
        with_receipt,
        in_header,
        || credentials::of_query(&parts.uri),
        &mut charge,
    )?;
    drop(bytes);
    charge.set(checked.size()).map_err(|_| Refused::Busy)?;
    app.lookback.seek(&mut checked).await.map_err(|error| {
        tracing::warn!("{}", chain(&error));
        Refused::Store
    })?;
    let delivery = Delivery {
        request: checked,
        receipt_of,
        bundle: None,
    };
    let Done { tally, proof } = app.queue.write(delivery, charge).await.map_err(Refused::from)?;
    Ok(answer::accepted(
        tally.summary(),
        proof.map(|proof| proof.receipt()),
    ))
}

/// From bytes to a request that can be written, and the hash of its body where a receipt is asked for.
fn check(
    app: &App,
    bytes: &[u8],
    with_receipt: bool,
    in_header: Option<WriteKey>,
    in_query: impl FnOnce() -> Option<WriteKey>,
    charge: &mut Charge,
) -> Result<(request::Request, Option<String>), Refused> {
    let now = app.clock.now();
    let inflated = inflate(bytes, MAX_REQUEST).map_err(|error| refused_inflate(&error))?;
    charge
        .set(bytes.len() + inflated.len())
        .map_err(|_| Refused::Busy)?;
    let text = clean(&inflated);
    let envelope = Envelope::parse(&text).map_err(|error| refused_envelope(&error))?;
    let in_body = || {
        envelope
            .write_key
            .and_then(text::id)
            .and_then(|key| WriteKey::stated(&key))
    };
    let stated = in_header.or_else(in_body).or_else(in_query);
    let key = stated
        .and_then(|stated| app.keys.find(&stated))
        .ok_or(Refused::WriteKey)?;
    let terms = Terms {
        key,
        now,
        trust: Trust::of(key.kind),
        entropy: &*app.entropy,
        subjects: &app.secrets.subjects,
    };
    let request = request::Request::check(&envelope, terms).map_err(|error| match error {
        RequestError::TooLarge => Refused::TooLarge(error.to_string()),
        RequestError::NoEntropy(_) => {
            tracing::error!("{}", chain(&error));
            Refused::Store
        }
    })?;
    Ok((request, with_receipt.then(|| receipt::body_hash(&inflated))))
}

fn refused_inflate(error: &InflateError) -> Refused {
    match error {
        InflateError::TooLarge(_) => Refused::TooLarge(error.to_string()),
        InflateError::Broken(_) => Refused::Malformed {
            code: "invalid_gzip",
            message: error.to_string(),
        },
    }
}

/// The JSON reader's own words are told too: they name line and column, and nothing that was sent.
fn refused_envelope(error: &EnvelopeError) -> Refused {
    match error {
        EnvelopeError::TooMany => Refused::TooLarge(error.to_string()),
        EnvelopeError::NotJson(cause) => Refused::Malformed {
            code: "invalid_json",
            message: format!("{error}: {cause}"),
        },
        EnvelopeError::NotABatch(_) => Refused::Malformed {
            code: "invalid_batch",
            message: error.to_string(),
        },
    }
}

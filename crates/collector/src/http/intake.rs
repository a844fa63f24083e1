//! What clients post: decode → authenticate → check → dedupe → one transaction → 200. One path for batches, imports and single
//! calls; [`super::pixel`] joins it behind the decoding.
//!
//! What is answered:
//!
//! * A batch gets 200 when it is on disk, whatever its messages are worth: those at fault are counted as `rejected`, since the
//!   others must not be lost for them.
//! * A single call that is at fault gets 400 with the code of its outcome (`no_user_anon_id`), since nothing else is in it. No
//!   client tries a 400 again: a 4xx is final for all of them but 408, 410, 429 and 460, of which only 408 (a body that takes too
//!   long) and 429 are ever given here, and both are worth another try.
//! * What is for another day is 503 with `Retry-After`, never a 4xx; and nothing is redirected, which some clients take for done.
//! * Messages of browsers that say Global Privacy Control or Do Not Track are dropped, counted, and answered as if taken.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, header};
use axum::response::Response;
use heliograph_wire::receipt::{self, HEADER};
use heliograph_wire::segment::MAX_MESSAGE;

use super::answer::{self, Refused};
use super::call::Call;
use super::{App, body, credentials, privacy};
use crate::budget::Charge;
use crate::ingest::clean::clean;
use crate::ingest::envelope::{Envelope, EnvelopeError};
use crate::ingest::inflate::{InflateError, inflate};
use crate::ingest::moment::Trust;
use crate::ingest::outcome::{Outcome, Suppression};
use crate::ingest::request::{self, RequestError, Terms};
use crate::key::{Key, KeyKind, WriteKey};
use crate::lookback::NotSought;
use crate::metrics::LookedBack;
use crate::writer::{Delivery, Done, chain};

/// Takes a call.
pub(super) async fn post(app: &App, request: Request<Body>, call: Call) -> Response {
    let grant = app.cors.grant(request.headers());
    let answer = take(app, request, call).await;
    grant.mark(answer.unwrap_or_else(|refused| refused.answer()))
}

/// Says what pages may send.
pub(super) async fn options(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.cors.preflight(&headers)
}

/// Refuses any other method.
pub(super) async fn other_method(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.cors.grant(&headers).mark(Refused::Method.answer())
}

async fn take(app: &App, request: Request<Body>, call: Call) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let in_header = credentials::of_header(&parts.headers);
    let known = match in_header
        .map(|stated| authenticate(app, &stated, call))
        .transpose()
    {
        Ok(known) => known,
        // What a key in the header forbids need not be read into memory as JSON first.
        Err(refused) => {
            // However long that takes, the answer is the same.
            let _ = tokio::time::timeout(app.body_timeout, body::discard(body)).await;
            return Err(refused);
        }
    };
    let mut charge = app.budget.charge();
    let bytes = body::read(body, call.limit(), app.body_timeout, &mut charge).await?;
    app.queue.metrics().body(bytes.len());
    let (checked, receipt_of) = decode(app, &parts, known, call, &bytes, &mut charge)?;
    drop(bytes);
    let Done { tally, proof } = write(app, checked, receipt_of, charge).await?;
    if let (Call::Single(_), Some(reason)) = (call, tally.rejection()) {
        return Err(Refused::Message(reason));
    }
    let receipt = proof.map(|proof| proof.receipt());
    Ok(answer::accepted(tally.summary(), receipt))
}

/// The key that a request states, if it may be used for this call, and what it may send today is not used up.
pub(super) fn authenticate(app: &App, stated: &WriteKey, call: Call) -> Result<Key, Refused> {
    let known = app.keys.find_with_limits(stated).map_err(|_| Refused::Store)?;
    let (key, limits) = known.ok_or(Refused::WriteKey)?;
    if let Err(exceeded) = app.queue.quotas().admit(key.id, limits, app.clock.now()) {
        app.queue.metrics().over_quota(key.kind, exceeded.measure);
        return Err(Refused::Quota(exceeded));
    }
    if call == Call::Import && key.kind == KeyKind::Ui {
        return Err(Refused::KeyKind(
            "a ui key is for what browsers send, not for imports",
        ));
    }
    app.admit(key)?;
    Ok(key)
}

/// From bytes to a request that can be written, and the hash of its body where a receipt is asked for.
fn decode(
    app: &App,
    parts: &Parts,
    known: Option<Key>,
    call: Call,
    bytes: &[u8],
    charge: &mut Charge,
) -> Result<(request::Request, Option<String>), Refused> {
    let inflated = inflate(bytes, call.limit()).map_err(|error| refused_inflate(&error))?;
    charge
        .set(bytes.len() + inflated.len())
        .map_err(|_| Refused::Busy)?;
    let text = clean(&inflated);
    let envelope = call
        .envelope(&text)
        .map_err(|error| refused_envelope(&error, &parts.headers))?;
    let key = match known {
        Some(key) => key,
        None => {
            let in_body = envelope.stated_key().and_then(|key| WriteKey::stated(&key));
            let stated = in_body.or_else(|| credentials::of_query(&parts.uri));
            authenticate(app, &stated.ok_or(Refused::WriteKey)?, call)?
        }
    };
    app.limits.key_bytes(key.id, bytes.len());
    let objection = privacy::objection(&parts.headers).filter(|_| key.kind == KeyKind::Ui);
    let checked = check(app, &envelope, key, call.trust(key.kind), objection)?;
    let wants_receipt = parts
        .headers
        .get(HEADER)
        .is_some_and(|value| value.as_bytes().trim_ascii() == b"1");
    Ok((checked, wants_receipt.then(|| receipt::body_hash(&inflated))))
}

/// Looks at the messages, unless a browser objects to that.
pub(super) fn check(
    app: &App,
    envelope: &Envelope<'_>,
    key: Key,
    trust: Trust,
    objection: Option<Suppression>,
) -> Result<request::Request, Refused> {
    let now = app.clock.now();
    if let Some(objection) = objection {
        let (outcome, messages) = (Outcome::Suppressed(objection), envelope.batch.len());
        return Ok(request::Request::decided(key, now, outcome, messages));
    }
    let terms = Terms {
        key,
        now,
        trust,
        max_message: MAX_MESSAGE,
        entropy: &*app.entropy,
        hashing: &app.secrets.subjects,
        plan: &app.plan,
        subjects: app.subjects(),
    };
    request::Request::check(envelope, terms).map_err(|error| match error {
        RequestError::TooLarge => Refused::TooLarge(error.to_string()),
        RequestError::NoEntropy(_) => {
            tracing::error!("{}", chain(&error));
            Refused::Store
        }
    })
}

/// Returns when it is on disk.
pub(super) async fn write(
    app: &App,
    mut checked: request::Request,
    receipt_of: Option<String>,
    mut charge: Charge,
) -> Result<Done, Refused> {
    charge.set(checked.size()).map_err(|_| Refused::Busy)?;
    seek(app, &mut checked).await?;
    let delivery = Delivery {
        request: checked,
        rest: Vec::new(),
        receipt_of,
        bundle: None,
    };
    app.queue.write(delivery, charge).await.map_err(Refused::from)
}

/// Looks old messages up.
pub(super) async fn seek(app: &App, checked: &mut request::Request) -> Result<(), Refused> {
    let metrics = app.queue.metrics();
    match app.lookback.seek(checked).await {
        Ok(false) => {}
        Ok(true) => metrics.looked_back(LookedBack::Done),
        Err(NotSought::Busy) => {
            metrics.looked_back(LookedBack::Busy);
            return Err(Refused::Busy);
        }
        Err(NotSought::Store(error)) => {
            metrics.looked_back(LookedBack::Failed);
            tracing::warn!("{}", chain(&error));
            return Err(Refused::Store);
        }
    }
    Ok(())
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
fn refused_envelope(error: &EnvelopeError, headers: &HeaderMap) -> Refused {
    match error {
        EnvelopeError::TooMany => Refused::TooLarge(error.to_string()),
        EnvelopeError::NotJson(_) if is_otherwise_encoded(headers) => Refused::Encoding,
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

/// Whether the body is said to be encoded in a way that is not read here. Labels are often wrong, so they are looked at only
/// where the content makes no sense.
fn is_otherwise_encoded(headers: &HeaderMap) -> bool {
    let mut labels = headers.get_all(header::CONTENT_ENCODING).iter();
    labels.any(|label| {
        let label = label.as_bytes().trim_ascii().to_ascii_lowercase();
        !matches!(&*label, b"" | b"identity" | b"gzip" | b"x-gzip")
    })
}

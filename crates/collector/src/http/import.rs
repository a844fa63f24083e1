//! `POST /import` on the socket in the data directory: lines of a file that came by hand.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;

use super::answer::{Refused, json};
use super::{App, body, intake};
use crate::import::shipment::Shipment;
use crate::import::{Counts, MAX_LINE, MAX_LINES};
use crate::ingest::moment::Trust;
use crate::ingest::request::{RequestError, Terms};
use crate::writer::chain;

/// Its path.
pub(super) use crate::import::PATH;
/// Largest body, in bytes: lines, and for each of them how it was sent.
const MAX_BODY: usize = MAX_LINES + MAX_LINE + 256 * 1024;

/// Imports.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match take(&app, request).await {
        Ok(counts) => json(StatusCode::OK, serde_json::to_string(&counts).unwrap_or_default()),
        Err(refused) => refused.problem(),
    }
}

async fn take(app: &App, request: Request<Body>) -> Result<Counts, Refused> {
    let mut charge = app.budget.charge();
    let bytes = body::read(request.into_body(), MAX_BODY, app.body_timeout, &mut charge).await?;
    let malformed = |message: String| Refused::Malformed {
        code: "invalid_import",
        message,
    };
    let shipment = Shipment::decode(&bytes).map_err(|error| malformed(error.to_string()))?;
    let terms = Terms {
        key: shipment.otherwise,
        now: app.clock.now(),
        trust: Trust::Stated,
        max_message: MAX_LINE,
        entropy: &*app.entropy,
        hashing: &app.secrets.subjects,
        plan: &app.plan,
        subjects: app.subjects(),
    };
    let mut delivery = shipment.check(terms).map_err(|error| match error {
        RequestError::TooLarge => malformed(error.to_string()),
        RequestError::NoEntropy(_) => {
            tracing::error!("{}", chain(&error));
            Refused::Store
        }
    })?;
    drop((bytes, shipment));
    let size = delivery.requests().map(|request| request.size()).sum();
    charge.set(size).map_err(|_| Refused::Busy)?;
    for request in &mut delivery.rest {
        intake::seek(app, request).await?;
    }
    Ok(Counts::of(&app.queue.write(delivery, charge).await?.tally))
}

//! `POST /v1/forget`: `{"clusterId", "reporterSecret"}` → the secret's reporter → one transaction → 200 with a signature.
//!
//! The secret is used for its hash and never kept, nor told in any answer or log. See [`crate::forget`].

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use heliograph_wire::id::ReporterId;
use heliograph_wire::time::rfc3339;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Refused, json};
use super::{App, body, credentials};
use crate::forget::{Petition, Verdict, signed};
use crate::key::{Key, KeyKind};

/// Its path.
pub(super) const PATH: &str = "/v1/forget";
/// Largest body, in bytes.
const MAX_BODY: usize = 4096;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    cluster_id: String,
    reporter_secret: String,
}

/// Forgets.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    match take(&app, request).await {
        Ok(response) => response,
        Err(refused) => refused.problem(),
    }
}

async fn take(app: &App, request: Request<Body>) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let key = match authenticate(app, &parts.headers) {
        Ok(key) => key,
        Err(refused) => {
            let _ = tokio::time::timeout(app.body_timeout, body::discard(body)).await;
            return Err(refused);
        }
    };
    let mut charge = app.budget.charge();
    let bytes = body::read(body, MAX_BODY, app.body_timeout, &mut charge).await?;
    app.limits.key_bytes(key.id, bytes.len());
    let petition = petition(&bytes)?;
    let cluster = petition.cluster.clone();
    match app.queue.forget(petition).await? {
        Verdict::Refused => Err(Refused::Reporter),
        Verdict::Forgotten(scope, at) => {
            let answer = json!({
                "success": true,
                "forgotten": {"clusterId": cluster.as_str(), "scope": scope.name(), "at": rfc3339(at)},
                "signature": app.secrets.receipt_key.sign(&signed(&cluster, scope, at)),
                "publicKey": app.secrets.receipt_key.public(),
            });
            Ok(json(StatusCode::OK, answer.to_string()))
        }
    }
}

/// The key, where it is that of a cluster and not used too often.
fn authenticate(app: &App, headers: &HeaderMap) -> Result<Key, Refused> {
    let stated = credentials::of_header(headers).ok_or(Refused::WriteKey)?;
    let known = app.keys.find(&stated).map_err(|_| Refused::Store)?;
    let key = known.ok_or(Refused::WriteKey)?;
    if key.kind != KeyKind::Cluster {
        return Err(Refused::KeyKind("the write key is not that of a cluster"));
    }
    app.admit(key)?;
    Ok(key)
}

/// What is wrong is told without a word of what was sent.
fn petition(bytes: &[u8]) -> Result<Petition, Refused> {
    let malformed = |message: &str| Refused::Malformed {
        code: "invalid_request",
        message: message.to_owned(),
    };
    let asked: Asked = serde_json::from_slice(bytes)
        .map_err(|_| malformed("the body is not an object with clusterId and reporterSecret"))?;
    if asked.reporter_secret.is_empty() {
        return Err(malformed("reporterSecret is empty"));
    }
    let cluster = asked
        .cluster_id
        .parse()
        .map_err(|error| malformed(&format!("clusterId: {error}")))?;
    let reporter = ReporterId::of_secret(asked.reporter_secret.as_bytes());
    Ok(Petition { cluster, reporter })
}

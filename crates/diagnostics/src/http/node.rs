//! `GET /system/health/v1`: this node.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::App;
use crate::consumer::Consumer;

/// This node's document; 503 when nothing is known of its units, so that a reader which looks at nothing but the status does
/// not take it for well.
pub(super) async fn get(State(app): State<Arc<App>>, Extension(consumer): Extension<Consumer>) -> Response {
    let (document, known) = app.node.document(&consumer).await;
    let status = match known {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let Ok(mut body) = serde_json::to_vec(&document) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    body.push(b'\n');
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

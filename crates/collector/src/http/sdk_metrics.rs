//! `POST /v1/m`: what analytics-next counts of itself. Taken, so that it does not come again, and dropped: nobody asked for it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;

use super::answer::json;
use super::{App, body};

/// Its path.
pub(super) const PATH: &str = "/v1/m";

/// Takes and drops.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let grant = app.cors.grant(request.headers());
    // However long it takes and however much it is, the answer is the same.
    let _ = tokio::time::timeout(app.body_timeout, body::discard(request.into_body())).await;
    grant.mark(json(StatusCode::OK, r#"{"success":true}"#.to_owned()))
}

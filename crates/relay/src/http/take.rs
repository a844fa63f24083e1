//! Taking messages: bounded in size and time, and only where they are wanted. Keys and credentials that a browser names are not
//! looked at: the relay has the cluster's own.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use tokio::time::timeout;

use super::{App, answer};
use crate::envelope::{CALLS, Envelope, MAX_REQUEST, Unfit};
use crate::keeper::Kept;

pub(super) async fn batch(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    take(&app, &headers, body, None).await
}

pub(super) async fn call(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let call = CALLS.into_iter().find(|call| *call == name || call[..1] == *name);
    take(&app, &headers, body, call).await
}

/// Metrics of an SDK on itself.
pub(super) async fn nothing(State(app): State<Arc<App>>, body: Body) -> Response {
    discard(&app, body).await;
    answer::off()
}

/// Reads what nobody wants, so that its sender can read the answer.
pub(super) async fn discard(app: &App, body: Body) {
    let _ = timeout(app.timeout(), to_bytes(body, MAX_REQUEST)).await;
}

async fn take(app: &App, headers: &HeaderMap, body: Body, call: Option<&'static str>) -> Response {
    let wanted = app.is_wanted(headers);
    let body = match timeout(app.timeout(), to_bytes(body, MAX_REQUEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return answer::error(
                StatusCode::BAD_REQUEST,
                "payload_too_large",
                "the request is too large",
            );
        }
        Err(_) => {
            return answer::error(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the request takes too long",
            );
        }
    };
    if !wanted {
        return answer::off();
    }
    match timeout(app.timeout(), keep(app, body, call)).await {
        Ok(response) => response,
        // It may yet be kept: its ids tell, when it comes again.
        Err(_) => answer::not_now(),
    }
}

async fn keep(app: &App, body: Bytes, call: Option<&'static str>) -> Response {
    let envelope = match Envelope::read(&body, call) {
        Ok(envelope) => envelope,
        Err(unfit) => {
            let code = match unfit {
                Unfit::TooLarge => "payload_too_large",
                Unfit::NotGzip | Unfit::NotJson => "invalid_json",
            };
            return answer::error(StatusCode::BAD_REQUEST, code, &unfit.to_string());
        }
    };
    if envelope.is_empty() {
        return answer::taken();
    }
    match app.keeper.keep(envelope).await {
        Kept::OnDisk => answer::taken(),
        Kept::Off => answer::off(),
        Kept::Failed => answer::not_now(),
    }
}

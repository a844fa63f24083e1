//! `/logout`: ends the session.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::Response;

use crate::access::act::Act;
use crate::access::aim::LOG_IN;
use crate::access::guard::{Refusal, Viewer, see_other};
use crate::http::App;

/// Where it is.
pub(super) const PATH: &str = "/logout";

/// Ends it.
pub(super) async fn post(State(app): State<Arc<App>>, viewer: Viewer) -> Response {
    if let Some(session) = viewer.session()
        && let Err(unavailable) = app.queue.act(Act::LogOut(session)).await
    {
        // It would be good still.
        return Refusal::from(unavailable).page_for(&viewer);
    }
    let mut response = see_other(&app, LOG_IN);
    if let Some(cookie) = app.gate.no_cookie() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

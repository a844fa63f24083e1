//! `GET /healthz`: the process answers. `GET /readyz`: the store can be written, and it is not about to stop.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;

use super::App;
use super::problem::problem;
use crate::clock::Stopwatch;
use crate::store::Fault;
use crate::writer::Queue;

/// How long the result of a probe is believed: nobody makes the disk sync by asking often.
const BELIEVED: Duration = Duration::from_secs(1);

/// The last probe. Who asks while one is under way waits for that.
#[derive(Debug, Default)]
pub(super) struct Readiness(Arc<Mutex<Option<(Stopwatch, bool)>>>);

/// The process answers.
pub(super) async fn healthz() -> Response {
    "ok\n".into_response()
}

/// The store can be written.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.is_stopping() {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the collector is stopping",
        );
    }
    let ready = app.readiness.of(&app.queue).await;
    if ready {
        "ready\n".into_response()
    } else {
        problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            detail(app.queue.condition().fault()),
        )
    }
}

fn detail(fault: Option<Fault>) -> &'static str {
    match fault {
        Some(Fault::Full) => "the store can't be written: no space is left",
        Some(Fault::Io) => "the store can't be written: the disk fails",
        Some(Fault::ReadOnly) => "the store can't be written: it is read-only",
        Some(Fault::Busy) => "the store can't be written: another process keeps writing",
        Some(Fault::Damaged) => "the database is damaged: restore a backup",
        Some(Fault::Other) | None => "the store can't be written",
    }
}

impl Readiness {
    async fn of(&self, queue: &Queue) -> bool {
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if let Some((probed, ready)) = *last
            && probed.elapsed() < BELIEVED
        {
            return ready;
        }
        let queue = queue.clone();
        // On its own: if it ended with whoever asked, hanging up would be a way to have the disk sync as often as one likes.
        let probe = tokio::spawn(async move {
            let ready = queue.probe().await.is_ok();
            *last = Some((Stopwatch::start(), ready));
            ready
        });
        probe.await.unwrap_or(false)
    }
}

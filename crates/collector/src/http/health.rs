//! `GET /healthz`: the process answers. `GET /readyz`: the store can be written, and it is not about to stop.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::problem::problem;
use crate::clock::Stopwatch;
use crate::store::Fault;

/// How long the result of a probe is believed: nobody makes the disk sync by asking often.
const BELIEVED: Duration = Duration::from_secs(1);

/// The last probe.
#[derive(Debug, Default)]
pub(super) struct Readiness(Mutex<Option<(Stopwatch, bool)>>);

/// The process answers.
pub(super) async fn healthz() -> Response {
    "ok\n".into_response()
}

/// The store can be written.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.stopping.load(Ordering::Relaxed) {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the collector is stopping",
        );
    }
    let ready = match app.readiness.believed() {
        Some(ready) => ready,
        None => {
            let ready = app.queue.probe().await.is_ok();
            app.readiness.keep(ready);
            ready
        }
    };
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
        Some(Fault::Other) | None => "the store can't be written",
    }
}

impl Readiness {
    fn believed(&self) -> Option<bool> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(probed, _)| probed.elapsed() < BELIEVED)
            .map(|(_, ready)| ready)
    }

    fn keep(&self, ready: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Stopwatch::start(), ready));
    }
}

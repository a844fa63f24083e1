//! What is answered over HTTP. [`router`] is the table of contents.

mod answer;
mod batch;
mod body;
mod credentials;
mod forget;
mod health;
mod import;
mod metrics;
mod problem;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use heliograph_wire::segment::BATCH_PATH;

use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::lookback::Lookback;
use crate::secret::Secrets;
use crate::server::Sources;
use crate::writer::Queue;

/// What requests need.
pub(crate) struct App {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) secrets: Secrets,
    pub(crate) lookback: Lookback,
    pub(crate) queue: Queue,
    pub(crate) budget: Arc<Budget>,
    pub(crate) body_timeout: Duration,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Whether metrics have a socket of their own.
    pub(crate) metrics_apart: bool,
    readiness: health::Readiness,
}

impl App {
    pub(crate) fn new(
        sources: Sources,
        keys: Arc<Keys>,
        secrets: Secrets,
        lookback: Lookback,
        queue: Queue,
        budget: Arc<Budget>,
        config: &Config,
    ) -> App {
        App {
            clock: sources.clock,
            entropy: sources.entropy,
            keys,
            secrets,
            lookback,
            queue,
            budget,
            body_timeout: config.body_timeout,
            data: config.data.clone(),
            metrics_apart: config.metrics_listen.is_some(),
            readiness: health::Readiness::default(),
        }
    }
}

/// All paths of the socket in the data directory.
pub(crate) fn local_router(app: Arc<App>) -> Router {
    Router::new()
        .route(import::PATH, post(import::post))
        .fallback(problem::not_found)
        .with_state(app)
}

/// The path of the socket for metrics.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route(metrics::PATH, get(metrics::get))
        .fallback(problem::not_found)
        .with_state(app)
}

/// All paths.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(BATCH_PATH, post(batch::post).fallback(batch::other_method))
        .route(forget::PATH, post(forget::post).fallback(batch::other_method))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route(metrics::PATH, get(metrics::get_local))
        .fallback(problem::not_found)
        .layer(from_fn_with_state(Arc::clone(&app), metrics::count))
        .with_state(app)
}

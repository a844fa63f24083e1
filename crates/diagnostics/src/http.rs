//! What is answered over HTTP. [`router`] is the table of contents.

mod node;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::document::node::PATH;
use crate::node::{Facts, Snapshot};

/// What requests need.
pub(crate) struct App {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) facts: Facts,
    /// This node, as it was last seen.
    pub(crate) node: watch::Receiver<Arc<Snapshot>>,
}

/// All paths. Each request must carry a [`Consumer`](crate::consumer::Consumer).
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().route(PATH, get(node::get)).with_state(app)
}

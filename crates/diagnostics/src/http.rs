//! What is answered over HTTP. [`router`] is the table of contents.

mod cluster;
mod metrics;
mod missing;
mod node;
mod pieces;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::cluster::Cluster;
use crate::document::node::PATH;
use crate::metrics::Metrics;
use crate::this_node::ThisNode;

/// What requests need.
pub(crate) struct App {
    pub(crate) node: ThisNode,
    /// The cluster, where this node looks at it.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) metrics: Metrics,
}

/// All paths. Each request must carry a [`Consumer`](crate::consumer::Consumer).
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(PATH, get(node::get))
        .nest(PATH, cluster::router())
        .route(metrics::PATH, get(metrics::get))
        .fallback(missing::answer)
        .layer(from_fn_with_state(Arc::clone(&app), metrics::count))
        .with_state(app)
}

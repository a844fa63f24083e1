//! What is answered over HTTP. [`router`] is the table of contents.

mod node;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::document::node::PATH;
use crate::this_node::ThisNode;

/// What requests need.
pub(crate) struct App {
    pub(crate) node: ThisNode,
}

/// All paths. Each request must carry a [`Consumer`](crate::consumer::Consumer).
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().route(PATH, get(node::get)).with_state(app)
}

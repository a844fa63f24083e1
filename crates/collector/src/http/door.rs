//! Where requests come in, with who sent them; the paths behind it are not told.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use tower_service::Service as _;

use crate::client::Peer;

/// Marks a request that a process on this machine made, for itself or for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local;

/// Lets requests in.
#[derive(Clone)]
pub(crate) struct Door {
    router: Router,
}

impl Door {
    /// A door to these paths.
    pub(crate) fn to(router: Router) -> Door {
        Door { router }
    }

    /// Answers a request.
    pub(crate) async fn answer(mut self, peer: Peer, mut request: Request<Incoming>) -> Response {
        if peer.is_local() {
            request.extensions_mut().insert(Local);
        }
        let Ok::<_, Infallible>(response) = self.router.call(request.map(Body::new)).await;
        response
    }
}

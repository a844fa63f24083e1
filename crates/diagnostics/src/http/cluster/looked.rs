//! What a request for the cluster gets to see.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::super::App;
use crate::cluster::Cluster;
use crate::cluster::view::ClusterView;
use crate::consumer::Consumer;
use crate::node::Taken;

/// When the cluster was looked at, as the original says it.
const LAST_MODIFIED: HeaderName = HeaderName::from_static("last-modified-3dt");
/// `Sun Nov 22 11:42:29 2026`, UTC.
const ANSIC: &str = "%a %b %e %H:%M:%S %Y";
/// How long to wait where there is nothing to show yet, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("2");

/// The cluster as it was last seen; with `?cache=…` in the request, after all its members were asked anew.
pub(super) struct Looked {
    pub(super) view: Arc<ClusterView>,
    /// Now.
    pub(super) now: Taken,
}

impl Looked {
    /// An answer of that type.
    pub(super) fn answer(&self, kind: &'static str, body: Body) -> Response {
        let mut answer = body.into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        // One URL has several forms.
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        let taken = self.view.taken.at.strftime(ANSIC).to_string();
        if let Ok(taken) = HeaderValue::from_str(&taken) {
            headers.insert(LAST_MODIFIED, taken);
        }
        answer
    }
}

impl FromRequestParts<Arc<App>> for Looked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Looked, Response> {
        let Some(cluster) = &app.cluster else {
            let reason = "this node does not look at its cluster: its configuration names no `members`\n";
            return Err((StatusCode::SERVICE_UNAVAILABLE, reason).into_response());
        };
        let mut parameters = parts.uri.query().unwrap_or_default().split('&');
        if parameters.any(|parameter| parameter.split('=').next() == Some("cache")) {
            cluster.look().await;
        }
        match cluster.view() {
            Ok(view) => Ok(Looked {
                view: with_here(view, parts, app, cluster).await,
                now: cluster.now(),
            }),
            Err(error) => {
                let soon = [(header::RETRY_AFTER, SOON)];
                Err((StatusCode::SERVICE_UNAVAILABLE, soon, format!("{error}\n")).into_response())
            }
        }
    }
}

/// The view, in which this machine, if it is a member, is as it is now and says what it says to who asks.
async fn with_here(view: Arc<ClusterView>, parts: &Parts, app: &App, cluster: &Cluster) -> Arc<ClusterView> {
    if !view.has_here() {
        return view;
    }
    let nobody = Consumer { journal: false };
    let consumer = parts.extensions.get::<Consumer>().unwrap_or(&nobody);
    let (said, _) = app.node.document(consumer).await;
    Arc::new(view.with_here(said, cluster.now()))
}

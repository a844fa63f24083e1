//! Who looks at a page.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;

use crate::http::{App, reading};
use crate::token::Scope;

/// Somebody who may look; a page that takes one is shown to nobody else.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// What they may see.
    pub(crate) scope: Scope,
    /// What they are called, where that is known.
    pub(crate) name: Option<String>,
}

impl Viewer {
    /// Whether they may see what takes this scope.
    pub(crate) fn may(&self, needed: Scope) -> bool {
        self.scope.covers(needed)
    }
}

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Viewer, Response> {
        let scope = reading(app, &parts.headers).await?;
        Ok(Viewer { scope, name: None })
    }
}

//! The routes of the dashboard: each with the scope that it takes, so that none is without a guard by mistake, and all of them in one
//! table that tests walk.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::MethodRouter;

use super::guard::guarded;
use super::page;
use crate::dashboard;
use crate::http::App;
use crate::token::Scope;

/// Who may see a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody: it tells nothing of what is collected.
    Nothing,
    /// Whoever may do what takes a scope.
    Scope(Scope),
}

/// Who posts to it, where that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// It is only looked at.
    Get,
    /// Forms are posted to it, and to it alone.
    Post,
    /// Both.
    Both,
}

/// A route of the dashboard.
pub struct Route {
    /// Its path, in axum's form.
    pub path: &'static str,
    /// Who may use it.
    pub needs: Needs,
    /// With which methods.
    pub takes: Takes,
    /// What answers.
    pub(crate) methods: fn() -> MethodRouter<Arc<App>>,
}

impl Route {
    /// One that is only looked at.
    pub(crate) const fn page(
        path: &'static str,
        scope: Scope,
        methods: fn() -> MethodRouter<Arc<App>>,
    ) -> Route {
        Route {
            path,
            needs: Needs::Scope(scope),
            takes: Takes::Get,
            methods,
        }
    }

    /// One that tells nothing of what is collected.
    pub(crate) const fn open(path: &'static str, methods: fn() -> MethodRouter<Arc<App>>) -> Route {
        Route {
            path,
            needs: Needs::Nothing,
            takes: Takes::Get,
            methods,
        }
    }
}

/// Nothing from elsewhere, nothing in place, in nobody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const REFERRER: (HeaderName, HeaderValue) = (
    HeaderName::from_static("referrer-policy"),
    // Paths name clusters. With less, browsers would not say where a form comes from.
    HeaderValue::from_static("same-origin"),
);
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const OPENER: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-opener-policy"),
    HeaderValue::from_static("same-origin"),
);
/// Half a year, for this host alone.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=15552000");

/// All of them.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    page::ROUTES.iter().chain(dashboard::ROUTES)
}

/// All of them, behind their guards.
pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let mut router = Router::new();
    for route in routes() {
        let methods = (route.methods)();
        let methods = match route.needs {
            Needs::Nothing => methods,
            Needs::Scope(scope) => guarded(app, scope, methods),
        };
        router = router.route(route.path, methods);
    }
    router.layer(map_response_with_state(
        Arc::clone(app),
        async |State(app): State<Arc<App>>, response| secured(&app, response),
    ))
}

/// The same, with what every answer for people tells browsers.
pub(crate) fn secured(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let of_page = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/html"));
    if of_page || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    headers.insert(header::X_FRAME_OPTIONS, DENY);
    for (name, value) in [REFERRER, OPENER] {
        headers.insert(name, value);
    }
    if app.gate.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}

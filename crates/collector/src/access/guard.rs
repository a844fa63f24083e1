//! Lets those in who may see a page: every page of the dashboard stands behind this, with the scope that it takes.
//!
//! Whoever has no session is sent to log in, and from there to the page; whose role does not cover the scope is told so. What changes
//! something must come from a form of ours: browsers say where a request comes from, and the form states a token that belongs to
//! the session. Only then the handler is called, with the [`Viewer`] and the [`Form`].

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;
use form_urlencoded::parse;
use tokio::time::timeout;

use super::aim::{Aim, LOG_IN};
use super::gate::{self, Holder};
use super::look_up::Who;
use super::route::secured;
use super::session::{FormToken, SecretDigest};
use super::user::Role;
use crate::dashboard::failure::plain;
use crate::dashboard::frame::Frame;
use crate::http::{App, Caller, authenticate};
use crate::limit::Over;
use crate::token::Scope;
use crate::writer::Unavailable;

/// Largest form, in bytes.
const FORM: usize = 16 << 10;
/// The field of a form that states the token.
pub(crate) const TOKEN: &str = "csrf";

/// Whoever looks at a page.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// Who they are.
    pub(crate) who: Who,
    /// What they may do.
    pub(crate) scope: Scope,
    /// Their session; none of a token, with which nothing is changed here.
    session: Option<(SecretDigest, FormToken)>,
    /// What stands before our paths where browsers reach us.
    base: String,
}

/// What a form states.
#[derive(Clone, Default)]
pub(crate) struct Form(Arc<Vec<(String, String)>>);

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Their role does not cover it.
    Role(Scope),
    /// It does not come from a form of ours.
    Forged,
    /// The form is too large, or does not come.
    Form,
    /// There is nothing under this path.
    Nothing,
    /// They ask too fast.
    TooFast(Over),
    /// Too much is under way.
    Busy,
    /// The store can't be used.
    Store,
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Refusal {
        match unavailable {
            Unavailable::Busy => Refusal::Busy,
            Unavailable::Store => Refusal::Store,
        }
    }
}

impl Viewer {
    /// What every form states in the field [`TOKEN`].
    pub(crate) fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |(_, token)| token.as_str())
    }

    /// What they are called.
    pub(crate) fn name(&self) -> &str {
        self.who.parts().1
    }

    /// What stands before our paths where browsers reach us.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Their session.
    pub(crate) fn session(&self) -> Option<SecretDigest> {
        self.session.as_ref().map(|(digest, _)| *digest)
    }

    /// Whether a form is one of theirs.
    fn made(&self, form: &Form) -> bool {
        let token = self.session.as_ref().map(|(_, token)| token);
        token.is_some_and(|token| token.is(form.get(TOKEN)))
    }

    /// Whether they may do what takes a scope.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scope.covers(scope)
    }

    fn of_session(app: &App, holder: &Holder) -> Viewer {
        Viewer {
            who: Who::User(holder.session.user.as_str().to_owned()),
            scope: holder.session.role.scope(),
            session: Some((holder.secret.digest(), holder.secret.form_token())),
            base: app.gate.base().to_owned(),
        }
    }

    fn of_token(app: &App, caller: Caller) -> Viewer {
        Viewer {
            who: caller.who,
            scope: caller.scope,
            session: None,
            base: app.gate.base().to_owned(),
        }
    }
}

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is too large, or does not come in time.
    pub(crate) async fn read(app: &App, body: Body) -> Result<Form, Refusal> {
        match timeout(app.body_timeout, to_bytes(body, FORM)).await {
            Ok(Ok(bytes)) => Ok(Form(Arc::new(parse(&bytes).into_owned().collect()))),
            _ => Err(Refusal::Form),
        }
    }

    /// What a field states; nothing, where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(stated, _)| stated == name);
        found.map_or("", |(_, value)| value)
    }
}

/// The same methods for those who may do what takes a scope.
pub(crate) fn guarded(
    app: &Arc<App>,
    needed: Scope,
    methods: MethodRouter<Arc<App>>,
) -> MethodRouter<Arc<App>> {
    methods.layer(from_fn_with_state((Arc::clone(app), needed), check))
}

async fn check(State((app, needed)): State<(Arc<App>, Scope)>, request: Request, next: Next) -> Response {
    let (mut parts, mut body) = request.into_parts();
    // Tools may show a token, and look.
    let viewer = if parts.headers.contains_key(header::AUTHORIZATION) {
        match authenticate(&app, &parts.headers, needed).await {
            Ok(caller) => Viewer::of_token(&app, caller),
            Err(denied) => return denied.answer(),
        }
    } else {
        match gate::holder(&app, &parts.headers).await {
            Ok(Some(holder)) => Viewer::of_session(&app, &holder),
            Ok(None) => return to_log_in(&app, &parts),
            Err(unavailable) => return Refusal::from(unavailable).page(app.gate.base()),
        }
    };
    if !viewer.may(needed) {
        return Refusal::Role(needed).page_for(&viewer);
    }
    if changes(&parts.method) {
        if !app.gate.is_ours(&parts.headers) {
            return Refusal::Forged.page_for(&viewer);
        }
        let form = match Form::read(&app, body).await {
            Ok(form) => form,
            Err(refusal) => return refusal.page_for(&viewer),
        };
        if !viewer.made(&form) {
            return Refusal::Forged.page_for(&viewer);
        }
        parts.extensions.insert(form);
        body = Body::empty();
    }
    parts.extensions.insert(viewer);
    next.run(Request::from_parts(parts, body)).await
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Whether whoever asks would look at a page: browsers say so of what people open.
pub(crate) fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !changes(method) && accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The page where there is none.
pub(crate) async fn nowhere(app: &App, headers: &HeaderMap) -> Response {
    let page = match gate::holder(app, headers).await {
        Ok(Some(holder)) => Refusal::Nothing.page_for(&Viewer::of_session(app, &holder)),
        _ => Refusal::Nothing.page(app.gate.base()),
    };
    secured(app, page)
}

/// The page for a browser that asks too fast.
pub(crate) fn too_fast(app: &App, over: Over) -> Response {
    let mut response = Refusal::TooFast(over).page(app.gate.base());
    let seconds = HeaderValue::from(over.seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    secured(app, response)
}

/// Sends somebody to log in, and from there to where they wanted to go, where that is a page.
fn to_log_in(app: &App, parts: &Parts) -> Response {
    let aim = parts.uri.path_and_query().filter(|_| !changes(&parts.method));
    let aim = aim.and_then(|aim| Aim::stated(aim.as_str())).unwrap_or_default();
    see_other(app, &aim.by_log_in())
}

/// Sends somebody to a page of ours.
pub(crate) fn see_other(app: &App, path: &str) -> Response {
    let to = format!("{}{path}", app.gate.base());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static(LOG_IN));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

impl Refusal {
    /// What is shown to somebody who is not known; `base` stands before our paths.
    pub(crate) fn page(self, base: &str) -> Response {
        let (status, title, text) = self.told();
        let frame = Frame::bare(title, base);
        plain(status, frame, text)
    }

    /// What is shown to somebody who is: with the way to the pages that they may see.
    pub(crate) fn page_for(self, viewer: &Viewer) -> Response {
        let (status, title, text) = self.told();
        plain(status, Frame::new(title, None, viewer, None), text)
    }

    /// Status, title and text of the page.
    pub(crate) fn told(self) -> (StatusCode, &'static str, String) {
        match self {
            Refusal::Nothing => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The link is wrong, or the page is not there any more. All pages are within reach from the overview.".to_owned(),
            ),
            Refusal::TooFast(over) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                format!(
                    "So many came from your address that this one is not answered. Try again in {} seconds.",
                    over.seconds
                ),
            ),
            Refusal::Role(needed) => (
                StatusCode::FORBIDDEN,
                "Not for your role",
                format!(
                    "This takes the role {}, which yours does not cover. An administrator can give it to you under Settings.",
                    Role::of(needed).name()
                ),
            ),
            Refusal::Forged => (
                StatusCode::FORBIDDEN,
                "Not from our own page",
                "The request did not come from a form of this session. Go back, load the page again, and try again.".to_owned(),
            ),
            Refusal::Form => (
                StatusCode::BAD_REQUEST,
                "Not understood",
                "The form is too large, or did not arrive. Go back and try again.".to_owned(),
            ),
            Refusal::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not now",
                "Too much is under way. Try again in a few seconds.".to_owned(),
            ),
            Refusal::Store => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not now",
                "The store can't be used at the moment. Try again; the collector's log says what is wrong.".to_owned(),
            ),
        }
    }
}

/// A handler behind no guard gets no viewer: nothing is shown.
impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Viewer, Response> {
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(|| Refusal::Role(Scope::Admin).page(""))
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Form, Response> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

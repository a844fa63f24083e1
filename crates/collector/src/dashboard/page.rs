//! From a request to a page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::ask::Ask;
use super::chart::standalone;
use super::failure::Failure;
use super::figure::Figure;
use super::frame::{Frame, Place};
use super::query::Query;
use super::viewer::Viewer;
use super::welcome::Welcome;
use crate::access::gate;
use crate::http::{App, reached};
use crate::question::Sitting;
use crate::question::filter::Parameter;
use crate::store::Reader;
use crate::token::Scope;

/// Nothing from elsewhere, nothing in place, in nobody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");
/// Paths name clusters.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const OF_FLEET: HeaderValue = HeaderValue::from_static("private, no-cache");
const OF_CLUSTERS: HeaderValue = HeaderValue::from_static("no-store");

/// A page's content.
pub(crate) trait Content {
    /// The page.
    ///
    /// # Errors
    /// When it can't be written.
    fn text(&self) -> askama::Result<String>;

    /// Its figures, each of which can be had as a file.
    fn figures(&self) -> Vec<&Figure> {
        Vec::new()
    }
}

/// What is known of a page before it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// Where it belongs.
    pub(crate) place: Place,
    /// Parameters beside the common ones.
    pub(crate) takes: &'static [Parameter],
    /// Whether there must have been a report for it to say anything.
    pub(crate) needs_reports: bool,
}

impl Kind {
    /// Of reports.
    pub(crate) const fn of(place: Place, takes: &'static [Parameter]) -> Kind {
        Kind {
            place,
            takes,
            needs_reports: true,
        }
    }
}

/// Who looks at what.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) viewer: Viewer,
    path: String,
    query: String,
    /// Where this collector is reached, as far as that can be told.
    here: Option<String>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Visit, Response> {
        Ok(Visit {
            viewer: Viewer::from_request_parts(parts, app).await?,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            here: reached(app, &parts.headers).map(|url| url.to_string()),
        })
    }
}

/// Shows a page that is made of answers.
pub(crate) async fn show(
    app: &Arc<App>,
    visit: Visit,
    kind: Kind,
    make: impl FnOnce(&Ask<'_>, &Reader) -> Result<Box<dyn Content>, Failure> + Send + 'static,
) -> Response {
    let viewer = visit.viewer.clone();
    match try_show(app, visit, kind, make).await {
        Ok(response) => response,
        Err(failure) => failure.page(&viewer),
    }
}

async fn try_show(
    app: &Arc<App>,
    visit: Visit,
    kind: Kind,
    make: impl FnOnce(&Ask<'_>, &Reader) -> Result<Box<dyn Content>, Failure> + Send + 'static,
) -> Result<Response, Failure> {
    let query = Query::read(&visit.query, kind.takes, app.clock.now(), app.gate.base())?;
    let needed = match query.filter.names_clusters() {
        true => kind.place.scope().max(Scope::Support),
        false => kind.place.scope(),
    };
    if !visit.viewer.may(needed) {
        return Err(Failure::Denied(needed));
    }
    let of_clusters = needed != Scope::Read;
    if of_clusters {
        gate::note(app, &visit.viewer.who, &visit.path, query.filter.whom()).await?;
    }
    let data = app.data.display().to_string();
    let work = move |reader: &Reader, patience| -> Result<Response, Failure> {
        let snapshot = reader.snapshot()?.within(patience).remembering();
        if kind.needs_reports && snapshot.editions()?.is_empty() {
            let welcome = Welcome {
                frame: Frame::new(kind.place.label(), Some(kind.place), &visit.viewer, None),
                sink: visit.here.unwrap_or_else(|| "https://this-collector".to_owned()),
                data,
            };
            return Ok(html(StatusCode::OK, welcome.text()?, of_clusters));
        }
        let ask = Ask {
            snapshot: &snapshot,
            sitting: Sitting::default(),
            query: &query,
            viewer: &visit.viewer,
            path: visit.path,
        };
        let content = make(&ask, reader)?;
        let Some(wanted) = &query.figure else {
            return Ok(html(StatusCode::OK, content.text()?, of_clusters));
        };
        let figure = content.figures().into_iter().find(|figure| figure.id == wanted);
        let figure = figure.ok_or(Failure::Nothing)?;
        Ok(file(
            SVG,
            &format!("{}.svg", figure.id),
            standalone(&figure.wide),
            of_clusters,
        ))
    };
    app.readers.read(work).await?
}

/// A page as an answer.
pub(crate) fn html(status: StatusCode, text: String, of_clusters: bool) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    guard(&mut response, HTML, of_clusters);
    response
}

/// A file to be saved.
pub(crate) fn file(kind: HeaderValue, name: &str, text: String, of_clusters: bool) -> Response {
    let mut response = Response::new(Body::from(text));
    guard(&mut response, kind, of_clusters);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

fn guard(response: &mut Response, kind: HeaderValue, of_clusters: bool) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, SAME_ORIGIN);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    headers.insert(header::X_FRAME_OPTIONS, DENY);
    headers.insert(
        header::CACHE_CONTROL,
        if of_clusters { OF_CLUSTERS } else { OF_FLEET },
    );
}

//! From a request to a page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::ask::Ask;
use super::chart::standalone;
use super::failure::Failure;
use super::figure::Figure;
use super::frame::{Frame, Place};
use super::query::Query;
use super::welcome::Welcome;
use crate::access::gate;
use crate::access::guard::Viewer;
use crate::http::{App, reached};
use crate::question::Sitting;
use crate::question::filter::Parameter;
use crate::store::Reader;
use crate::token::Scope;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const OF_FLEET: HeaderValue = HeaderValue::from_static("private, no-cache");

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
            return Ok(html(StatusCode::OK, welcome.text()?));
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
            return Ok(html(StatusCode::OK, content.text()?));
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
pub(crate) fn html(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HTML);
    response
}

/// A file to be saved; only what is not of clusters is kept by browsers.
pub(crate) fn file(kind: HeaderValue, name: &str, text: String, of_clusters: bool) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    if !of_clusters {
        headers.insert(header::CACHE_CONTROL, OF_FLEET);
    }
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

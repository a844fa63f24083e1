//! The rows of an answer as CSV, for who looks at a page: what the API answers, under the same names and filters.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderValue;
use axum::response::Response;
use form_urlencoded::parse;
use heliograph_wire::id::Hour;

use super::failure::Failure;
use super::page::file;
use crate::access::gate;
use crate::access::guard::Viewer;
use crate::http::App;
use crate::question::{self, Format, Page, Shape};
use crate::store::Reader;
use crate::token::Scope;

/// Where it is.
pub(crate) const PATH: &str = "/csv/{question}";
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// A file of all rows.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match rows(&app, &viewer, &name, &query.unwrap_or_default()).await {
        Ok(response) => response,
        Err(failure) => failure.page(&viewer),
    }
}

async fn rows(app: &App, viewer: &Viewer, name: &str, query: &str) -> Result<Response, Failure> {
    let asked = question::find(name).ok_or(Failure::Nothing)?;
    // A page has filters that mean nothing to some of its questions.
    let pairs: Vec<_> = parse(query.as_bytes())
        .filter(|(name, _)| asked.parameters().any(|known| known.name == *name))
        .collect();
    let stated = pairs.iter().map(|(name, value)| (&**name, &**value));
    let filter = asked.filter(stated, Hour::of(app.clock.now()))?;
    let needed = match filter.names_clusters() {
        true => asked.scope.max(Scope::Support),
        false => asked.scope,
    };
    if !viewer.may(needed) {
        return Err(Failure::Denied(needed));
    }
    if needed != Scope::Read {
        gate::note(app, &viewer.who, asked.name, filter.whom()).await?;
    }
    let named = format!("{name}_{}_{}.csv", filter.from, filter.to);
    let work = move |reader: &Reader, patience| -> Result<String, Failure> {
        let snapshot = reader.snapshot()?.within(patience);
        let scope = question::Scope::new(&snapshot, &filter)?;
        let shape = Shape {
            format: Format::Csv,
            page: Page::default(),
        };
        Ok((asked.ask)(&scope, &shape)?.text)
    };
    let text = app.readers.read(work).await??;
    Ok(file(CSV, &named, text, needed != Scope::Read))
}

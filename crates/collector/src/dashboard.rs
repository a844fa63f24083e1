//! The dashboard: pages for people, made at the server, that need no script.
//!
//! A page asks the questions that the API asks ([`crate::question`]), in a thread of those that read (`crate::readers`), and shows
//! what they answer as charts with a table under each. What it is restricted to stands in its URL, so that a view can be sent to a
//! colleague. [`routes`] lists all pages.
//!
//! | module | noun |
//! |---|---|
//! | `viewer` | who looks, and what they may see |
//! | `query` | what a URL asks for, and URLs of the same for other pages |
//! | `form` | the filters, as a form |
//! | `frame` | what is around each page |
//! | `page` | from a request to a page |
//! | `ask` | what a page asks with |
//! | `figure`, `table`, `tile` | a chart with what belongs to it; the numbers below; a number alone |
//! | `chart` | drawings |
//! | `asset` | what pages load beside themselves |
//!
//! The others are pages. **Invariant:** a page loads nothing from elsewhere, and its policy forbids script and style in place.

#![allow(dead_code, reason = "pages come one by one")]

mod ask;
mod asset;
mod changes;
pub(crate) mod chart;
mod components;
mod csv;
mod failure;
mod figure;
mod form;
mod frame;
mod overview;
mod page;
mod query;
mod table;
mod tile;
mod unit;
mod viewer;
mod welcome;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::http::App;

/// All pages.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(overview::home))
        .route(frame::Place::Overview.path(), get(overview::get))
        .route(frame::Place::Components.path(), get(components::get))
        .route(unit::PATH, get(unit::get))
        .route(csv::PATH, get(csv::get))
        .route(asset::PATH, get(asset::get))
}

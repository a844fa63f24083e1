//! The dashboard: pages for people, made at the server, that need no script.
//!
//! A page asks the questions that the API asks ([`crate::question`]), in a thread of those that read (`crate::readers`), and shows
//! what they answer as charts with a table under each. What it is restricted to stands in its URL, so that a view can be sent to a
//! colleague. [`ROUTES`] lists all pages, and what each takes.
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
pub(crate) mod frame;
mod overview;
mod page;
mod query;
mod table;
mod tile;
mod unit;
mod viewer;
mod welcome;

use axum::routing::get;

use crate::access::route::Route;
use crate::token::Scope;

/// All pages, each with what it takes to see it.
pub(crate) const ROUTES: &[Route] = &[
    Route::page("/", Scope::Read, || get(overview::home)),
    Route::page(frame::Place::Overview.path(), Scope::Read, || get(overview::get)),
    Route::page(frame::Place::Components.path(), Scope::Read, || {
        get(components::get)
    }),
    Route::page(unit::PATH, Scope::Read, || get(unit::get)),
    Route::page(csv::PATH, Scope::Read, || get(csv::get)),
    Route::open(asset::PATH, || get(asset::get)),
];

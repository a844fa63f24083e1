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

mod ask;
mod asset;
mod behind;
mod capacity;
mod changes;
pub(crate) mod chart;
mod cluster;
mod components;
mod csv;
mod data;
pub(crate) mod failure;
mod figure;
mod form;
pub(crate) mod frame;
mod health;
mod live;
mod numbers;
mod overview;
mod packages;
pub(crate) mod page;
mod query;
mod recent;
mod releases;
mod support;
mod table;
mod tile;
mod ui;
mod unit;
mod welcome;

use axum::routing::get;

use self::frame::Place;
pub(crate) use self::live::WATCHERS;
use crate::access::route::Route;
use crate::token::Scope;

/// All pages, each with what it takes to see it.
pub(crate) const ROUTES: &[Route] = &[
    Route::page("/", Scope::Read, || get(overview::home)),
    Route::page(Place::Overview.path(), Scope::Read, || get(overview::get)),
    Route::page(Place::Components.path(), Scope::Read, || get(components::get)),
    Route::page(unit::PATH, Scope::Read, || get(unit::get)),
    Route::page(Place::Releases.path(), Scope::Read, || get(releases::get)),
    Route::page(behind::PATH, Scope::Support, || get(behind::get)),
    Route::page(Place::Packages.path(), Scope::Read, || get(packages::get)),
    Route::page(Place::Capacity.path(), Scope::Read, || get(capacity::get)),
    Route::page(Place::Ui.path(), Scope::Read, || get(ui::get)),
    Route::page(Place::Support.path(), Scope::Support, || get(support::get)),
    Route::page(cluster::PATH, Scope::Support, || get(cluster::get)),
    Route::page(Place::Live.path(), Scope::Support, || get(live::get)),
    Route::page(live::EVENTS, Scope::Support, || get(live::events)),
    Route::page(Place::Data.path(), Scope::Read, || get(data::get)),
    Route::page(data::RECEIPT, Scope::Support, || get(data::receipt)),
    Route::page(csv::PATH, Scope::Read, || get(csv::get)),
    Route::open(asset::PATH, || get(asset::get)),
];

//! Pages where people come in and go out.

mod account;
mod first;
mod log_in;
mod log_out;
mod look_ups;
mod settings;

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::aim::LOG_IN;
use super::guard::Refusal;
pub(crate) use super::page::account::PATH as ACCOUNT;
pub(crate) use super::page::first::PATH as FIRST;
use super::password::{Password, PasswordHash};
use super::route::{Needs, Route, Takes};
use crate::dashboard::page;
use crate::http::App;
use crate::token::Scope;
use crate::writer::chain;

/// All of them.
pub(super) const ROUTES: &[Route] = &[
    Route {
        path: LOG_IN,
        needs: Needs::Nothing,
        takes: Takes::Both,
        methods: || get(log_in::get).post(log_in::post),
    },
    Route {
        path: account::PATH,
        needs: Needs::Scope(Scope::Read),
        takes: Takes::Both,
        methods: || get(account::get).post(account::post),
    },
    Route {
        path: settings::PATH,
        needs: Needs::Scope(Scope::Admin),
        takes: Takes::Both,
        methods: || get(settings::get).post(settings::post),
    },
    Route::page(look_ups::PATH, Scope::Admin, || get(look_ups::get)),
    Route {
        path: log_out::PATH,
        needs: Needs::Scope(Scope::Read),
        takes: Takes::Post,
        methods: || post(log_out::post),
    },
    Route {
        path: first::PATH,
        needs: Needs::Nothing,
        takes: Takes::Both,
        methods: || get(first::get).post(first::post),
    },
];

/// What is kept of a new password.
async fn hashed(app: &App, password: &Password) -> Result<PasswordHash, Refusal> {
    let (entropy, password) = (Arc::clone(&app.entropy), password.clone());
    let hashed = app.gate.hasher.run(move || password.hash(&*entropy)).await;
    let hashed = hashed.map_err(|_| Refusal::Busy)?;
    hashed.map_err(|error| {
        tracing::error!("{}", chain(&error));
        Refusal::Store
    })
}

/// A page as an answer.
fn html(app: &App, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => page::html(status, text),
        Err(_) => Refusal::Store.page(app.gate.base()),
    }
}

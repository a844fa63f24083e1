//! `/login`: name and password. Whoever is logged in already goes on to where they wanted.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use form_urlencoded::parse;

use super::html;
use crate::access::aim::Aim;
use crate::access::gate::{self, NotLoggedIn};
use crate::access::guard::{Form, Refusal, see_other};
use crate::access::password::Password;
use crate::access::session::Secret;
use crate::client::Client;
use crate::dashboard::frame::Frame;
use crate::http::App;

#[derive(Template)]
#[template(path = "log_in.html")]
struct Page<'a> {
    frame: Frame,
    base: &'a str,
    /// What they called themselves.
    name: &'a str,
    /// Where they wanted to go.
    next: &'a str,
    /// What was wrong.
    wrong: &'a str,
    /// Whether there is anybody who could log in.
    users: bool,
}

/// Asks for name and password.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let stated = parse(query.as_bytes()).find(|(name, _)| name == "next");
    let aim = stated
        .and_then(|(_, value)| Aim::stated(&value))
        .unwrap_or_default();
    match gate::holder(&app, &headers).await {
        Ok(Some(_)) => see_other(&app, aim.as_str()),
        Ok(None) => page(&app, StatusCode::OK, "", &aim, "").await,
        Err(unavailable) => Refusal::from(unavailable).page(app.gate.base()),
    }
}

/// Lets them in.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !app.gate.is_ours(&parts.headers) {
        return Refusal::Forged.page(app.gate.base());
    }
    let form = match Form::read(&app, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.page(app.gate.base()),
    };
    let aim = Aim::stated(form.get("next")).unwrap_or_default();
    let client = parts.extensions.get::<Client>().copied();
    let (name, password) = (form.get("name"), Password::stated(form.get("password")));
    let wrong = match gate::log_in(&app, &parts.headers, client, name, password).await {
        Ok(secret) => return enter(&app, &secret, &aim),
        Err(wrong) => wrong,
    };
    let (status, text, wait) = match wrong {
        NotLoggedIn::Wrong => (
            StatusCode::FORBIDDEN,
            "The name or the password is wrong.".to_owned(),
            None,
        ),
        NotLoggedIn::TooOften(over) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("That was wrong too often. Try again in {} seconds.", over.seconds),
            Some(over.seconds),
        ),
        NotLoggedIn::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many log in at the moment. Try again.".to_owned(),
            Some(1),
        ),
        NotLoggedIn::Store => return Refusal::Store.page(app.gate.base()),
    };
    let mut response = page(&app, status, name, &aim, &text).await;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Sends somebody on with a session of their own.
pub(super) fn enter(app: &App, secret: &Secret, aim: &Aim) -> Response {
    let mut response = see_other(app, aim.as_str());
    if let Some(cookie) = app.gate.cookie(secret) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn page(app: &App, status: StatusCode, name: &str, aim: &Aim, wrong: &str) -> Response {
    let users = match app.look(|reader| reader.has_users()).await {
        Ok(users) => users,
        Err(unavailable) => return Refusal::from(unavailable).page(app.gate.base()),
    };
    html(
        app,
        status,
        &Page {
            frame: Frame::bare("Log in", app.gate.base()),
            base: app.gate.base(),
            name,
            next: aim.as_str(),
            wrong,
            users,
        },
    )
}

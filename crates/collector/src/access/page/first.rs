//! `/first`: the first user, by the link that was printed at the start. The link alone changes nothing, so that whatever looks at links
//! before people do uses none up.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::parse;

use super::{hashed, html, log_in};
use crate::access::act::{Act, Acted, NewUser};
use crate::access::aim::{Aim, LOG_IN};
use crate::access::gate;
use crate::access::guard::{Form, Refusal, see_other};
use crate::access::password::{FEWEST, Password};
use crate::access::session::Secret;
use crate::access::user::{Role, UserName};
use crate::client::Client;
use crate::dashboard::frame::Frame;
use crate::http::App;

/// Where it is.
pub(crate) const PATH: &str = "/first";
const GONE: &str = "This link is not good any more: it is good once, and for an hour. Start the collector again for another one.";

#[derive(Template)]
#[template(path = "first.html")]
struct Page<'a> {
    frame: Frame,
    base: &'a str,
    name: &'a str,
    token: &'a str,
    fewest: usize,
    wrong: &'a str,
    /// Whether the link is good.
    good: bool,
}

/// Asks for a name and a password.
pub(super) async fn get(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let stated = parse(query.as_bytes()).find(|(name, _)| name == "token");
    let secret = stated.and_then(|(_, value)| Secret::stated(&value));
    match is_good(&app, secret.as_ref()).await {
        Ok(true) => page(&app, StatusCode::OK, "", secret.as_ref(), ""),
        Ok(false) => page(&app, StatusCode::FORBIDDEN, "", None, GONE),
        Err(refusal) => refusal.page(app.gate.base()),
    }
}

/// Makes the user, and lets them in.
pub(super) async fn post(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !app.gate.is_ours(&parts.headers) {
        return Refusal::Forged.page(app.gate.base());
    }
    let form = match Form::read(&app, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.page(app.gate.base()),
    };
    let secret = Secret::stated(form.get("token"));
    // Nothing is hashed for whoever has no link.
    match is_good(&app, secret.as_ref()).await {
        Ok(true) => {}
        Ok(false) => return page(&app, StatusCode::FORBIDDEN, "", None, GONE),
        Err(refusal) => return refusal.page(app.gate.base()),
    }
    let (stated, typed) = (form.get("name"), form.get("password"));
    let wrong = |text: &str| page(&app, StatusCode::BAD_REQUEST, stated, secret.as_ref(), text);
    let name: UserName = match stated.parse() {
        Ok(name) => name,
        Err(error) => return wrong(&format!("Not possible: {error}.")),
    };
    if typed != form.get("again") {
        return wrong("The two passwords differ.");
    }
    let password = match Password::chosen(typed, name.as_str()) {
        Ok(password) => password,
        Err(unfit) => return wrong(&format!("Not possible: {unfit}.")),
    };
    let hash = match hashed(&app, &password).await {
        Ok(hash) => hash,
        Err(refusal) => return refusal.page(app.gate.base()),
    };
    let user = NewUser {
        name: name.clone(),
        role: Role::Admin,
        password: hash,
    };
    let digest = match &secret {
        Some(secret) => secret.digest(),
        None => return page(&app, StatusCode::FORBIDDEN, "", None, GONE),
    };
    match app.queue.act(Act::AcceptInvitation(digest, user)).await {
        Ok(Acted::Done) => {}
        Ok(_) => return page(&app, StatusCode::FORBIDDEN, "", None, GONE),
        Err(unavailable) => return Refusal::from(unavailable).page(app.gate.base()),
    }
    let client = parts.extensions.get::<Client>().copied();
    match gate::log_in(&app, &parts.headers, client, name.as_str(), password).await {
        Ok(secret) => log_in::enter(&app, &secret, &Aim::default()),
        // They are a user by now, and can log in as any.
        Err(_) => see_other(&app, LOG_IN),
    }
}

async fn is_good(app: &App, secret: Option<&Secret>) -> Result<bool, Refusal> {
    let Some(digest) = secret.map(Secret::digest) else {
        return Ok(false);
    };
    let now = app.clock.now();
    Ok(app.look(move |reader| reader.is_invited(digest, now)).await?)
}

fn page(app: &App, status: StatusCode, name: &str, secret: Option<&Secret>, wrong: &str) -> Response {
    html(
        app,
        status,
        &Page {
            frame: Frame::bare("The first user", app.gate.base()),
            base: app.gate.base(),
            name,
            token: secret.map(Secret::reveal).unwrap_or_default(),
            fewest: FEWEST,
            wrong,
            good: secret.is_some(),
        },
    )
}

//! `/account`: who somebody is here, and another password for them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::{hashed, html};
use crate::access::act::{Act, Acted};
use crate::access::gate::{self, NotLoggedIn};
use crate::access::guard::{Form, Refusal, Viewer};
use crate::access::password::{FEWEST, Password};
use crate::access::session::Secret;
use crate::access::user::{Role, UserName};
use crate::client::Client;
use crate::dashboard::frame::Frame;
use crate::http::App;

/// Where it is.
pub(crate) const PATH: &str = "/account";

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'a> {
    frame: Frame,
    base: &'a str,
    name: &'a str,
    role: &'a str,
    csrf: &'a str,
    fewest: usize,
    /// What was wrong.
    wrong: &'a str,
    /// Whether there is another password now.
    done: bool,
}

/// Shows it.
pub(super) async fn get(State(app): State<Arc<App>>, viewer: Viewer) -> Response {
    page(&app, StatusCode::OK, &viewer, viewer.csrf(), "")
}

/// Changes the password. All sessions end by it, and this one begins anew.
pub(super) async fn post(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    match change(
        &app,
        &viewer,
        client.map(|Extension(client)| client),
        &headers,
        &form,
    )
    .await
    {
        Ok(secret) => {
            let token = secret.form_token();
            let mut response = page(&app, StatusCode::OK, &viewer, token.as_str(), "");
            if let Some(cookie) = app.gate.cookie(&secret) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(Wrong::Told(text)) => page(&app, StatusCode::BAD_REQUEST, &viewer, viewer.csrf(), &text),
        Err(Wrong::Refused(refusal)) => refusal.page_for(&viewer),
    }
}

/// Why there is no other password.
enum Wrong {
    Told(String),
    Refused(Refusal),
}

impl From<NotLoggedIn> for Wrong {
    fn from(wrong: NotLoggedIn) -> Wrong {
        match wrong {
            NotLoggedIn::Wrong => Wrong::Told("The present password is wrong.".to_owned()),
            NotLoggedIn::TooOften(over) => Wrong::Told(format!(
                "That was wrong too often. Try again in {} seconds.",
                over.seconds
            )),
            NotLoggedIn::Busy => Wrong::Refused(Refusal::Busy),
            NotLoggedIn::Store => Wrong::Refused(Refusal::Store),
        }
    }
}

async fn change(
    app: &App,
    viewer: &Viewer,
    client: Option<Client>,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Secret, Wrong> {
    let name = viewer.name();
    // Whoever has a session is a user.
    let user: UserName = name.parse().map_err(|_| Wrong::Refused(Refusal::Forged))?;
    let typed = form.get("password");
    if typed != form.get("again") {
        return Err(Wrong::Told("The two passwords differ.".to_owned()));
    }
    let password = Password::chosen(typed, name);
    let password = password.map_err(|unfit| Wrong::Told(format!("Not possible: {unfit}.")))?;
    // Whoever finds a session open does not know the password.
    gate::check(app, client, name, Password::stated(form.get("present"))).await?;
    let hash = hashed(app, &password).await.map_err(Wrong::Refused)?;
    match app.queue.act(Act::SetPassword(user, hash)).await {
        Ok(Acted::Done) => {}
        Ok(_) => return Err(Wrong::Refused(Refusal::Store)),
        Err(unavailable) => return Err(Wrong::Refused(unavailable.into())),
    }
    Ok(gate::log_in(app, headers, client, name, password).await?)
}

fn page(app: &App, status: StatusCode, viewer: &Viewer, csrf: &str, wrong: &str) -> Response {
    let mut frame = Frame::new("Your account", None, viewer, None);
    csrf.clone_into(&mut frame.csrf);
    html(
        app,
        status,
        &Page {
            frame,
            base: app.gate.base(),
            name: viewer.name(),
            role: Role::of(viewer.scope).name(),
            csrf,
            fewest: FEWEST,
            wrong,
            done: csrf != viewer.csrf(),
        },
    )
}

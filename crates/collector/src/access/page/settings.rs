//! `/settings`: write keys, tokens and users, for administrators. A key or a token is shown in the one answer that adds it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use heliograph_wire::time::rfc3339;
use jiff::Timestamp;

use super::{hashed, html};
use crate::access::act::{Act, Acted, LastToo, NewUser};
use crate::access::guard::{Form, Refusal, Viewer};
use crate::access::password::{FEWEST, Password};
use crate::access::user::{Role, UserName};
use crate::dashboard::frame::{Frame, Place};
use crate::http::App;
use crate::key::{KeyKind, WriteKey};
use crate::store::{ListedKey, ListedToken, ListedUser};
use crate::token::{Scope, Token};

/// Where it is.
pub(super) const PATH: &str = "/settings";
/// Longest name of a key or a token, in characters.
const NAME: usize = 100;

#[derive(Template)]
#[template(path = "settings.html")]
struct Page<'a> {
    frame: Frame,
    base: &'a str,
    csrf: &'a str,
    keys: Vec<Entry>,
    kinds: Vec<&'static str>,
    tokens: Vec<Entry>,
    scopes: Vec<&'static str>,
    users: Vec<User>,
    roles: Vec<&'static str>,
    fewest: usize,
    wrong: &'a str,
    done: &'a str,
    /// What is shown this once.
    secret: &'a str,
}

/// A key or a token.
struct Entry {
    id: i64,
    prefix: String,
    /// Its kind or its scope.
    kind: String,
    name: String,
    created: String,
    /// When; empty where it was not.
    revoked: String,
}

struct User {
    name: String,
    role: String,
    created: String,
    seen: String,
}

/// What became of what was asked for.
#[derive(Default)]
struct Done {
    status: StatusCode,
    wrong: String,
    done: String,
    secret: String,
}

impl Done {
    fn well(text: impl Into<String>) -> Done {
        Done {
            done: text.into(),
            ..Done::default()
        }
    }

    fn wrong(text: impl Into<String>) -> Done {
        Done {
            status: StatusCode::BAD_REQUEST,
            wrong: text.into(),
            ..Done::default()
        }
    }
}

/// Shows them.
pub(super) async fn get(State(app): State<Arc<App>>, viewer: Viewer) -> Response {
    page(&app, &viewer, &Done::default()).await
}

/// Changes one of them.
pub(super) async fn post(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Response {
    match act(&app, &form).await {
        Ok(done) => page(&app, &viewer, &done).await,
        Err(refusal) => refusal.page_for(&viewer),
    }
}

async fn act(app: &App, form: &Form) -> Result<Done, Refusal> {
    match form.get("act") {
        "add-key" | "add-token" => add(app, form).await,
        "revoke-key" | "revoke-token" => revoke(app, form).await,
        "add-user" | "role" | "password" | "remove" => user(app, form).await,
        _ => Ok(Done::wrong("There is nothing like that to be done.")),
    }
}

/// Adds a key or a token, and shows it.
async fn add(app: &App, form: &Form) -> Result<Done, Refusal> {
    let name: String = form.get("name").trim().chars().take(NAME).collect();
    let no_entropy = |_| Refusal::Store;
    let (act, secret, what) = if form.get("act") == "add-key" {
        let Ok(kind) = form.get("kind").parse::<KeyKind>() else {
            return Ok(Done::wrong("There is no such kind of key."));
        };
        let key = WriteKey::generate(&*app.entropy).map_err(no_entropy)?;
        let secret = key.reveal().to_owned();
        (Act::AddKey(key, kind, name), secret, "The write key is added.")
    } else {
        let Ok(scope) = form.get("scope").parse::<Scope>() else {
            return Ok(Done::wrong("There is no such scope."));
        };
        let token = Token::generate(&*app.entropy).map_err(no_entropy)?;
        let secret = token.reveal().to_owned();
        (Act::AddToken(token, scope, name), secret, "The token is added.")
    };
    app.queue.act(act).await?;
    Ok(Done {
        secret,
        ..Done::well(what)
    })
}

async fn revoke(app: &App, form: &Form) -> Result<Done, Refusal> {
    let Ok(id) = form.get("id").parse() else {
        return Ok(Done::wrong("There is nothing of that number."));
    };
    let act = match form.get("act") {
        "revoke-key" => Act::RevokeKey(id),
        _ => Act::RevokeToken(id),
    };
    Ok(match app.queue.act(act).await? {
        Acted::Done => Done::well("It is revoked."),
        _ => Done::wrong("There is nothing of that number that was in use."),
    })
}

async fn user(app: &App, form: &Form) -> Result<Done, Refusal> {
    let name: UserName = match form.get("user").parse() {
        Ok(name) => name,
        Err(error) => return Ok(Done::wrong(format!("Not possible: {error}."))),
    };
    let role = form.get("role").parse::<Role>();
    let act = match (form.get("act"), role) {
        ("remove", _) => Act::RemoveUser(name.clone(), LastToo::No),
        ("role", Ok(role)) => Act::SetRole(name.clone(), role, LastToo::No),
        ("role" | "add-user", Err(error)) => return Ok(Done::wrong(format!("Not possible: {error}."))),
        (act, role) => {
            let password = match Password::chosen(form.get("password"), name.as_str()) {
                Ok(password) => password,
                Err(unfit) => return Ok(Done::wrong(format!("Not possible: {unfit}."))),
            };
            let password = hashed(app, &password).await?;
            match role {
                Ok(role) if act == "add-user" => Act::AddUser(NewUser {
                    name: name.clone(),
                    role,
                    password,
                }),
                _ => Act::SetPassword(name.clone(), password),
            }
        }
    };
    Ok(match app.queue.act(act).await? {
        Acted::Done => Done::well(format!("It is done for {name}.")),
        Acted::Taken => Done::wrong(format!("There is a user {name} already.")),
        Acted::LastAdmin => Done::wrong(format!("{name} is the last administrator.")),
        Acted::Nobody | Acted::NotFirst => Done::wrong(format!("There is no user {name}.")),
    })
}

async fn page(app: &App, viewer: &Viewer, done: &Done) -> Response {
    let read = app
        .look(|reader| Ok((reader.keys()?, reader.tokens()?, reader.users()?)))
        .await;
    let (keys, tokens, users) = match read {
        Ok(read) => read,
        Err(unavailable) => return Refusal::from(unavailable).page_for(viewer),
    };
    html(
        app,
        done.status,
        &Page {
            frame: Frame::new("Settings", Some(Place::Settings), viewer, None),
            base: app.gate.base(),
            csrf: viewer.csrf(),
            keys: keys.into_iter().map(Entry::from).collect(),
            kinds: KeyKind::ALL.map(KeyKind::name).to_vec(),
            tokens: tokens.into_iter().map(Entry::from).collect(),
            scopes: Scope::ALL.map(Scope::name).to_vec(),
            users: users.into_iter().map(User::from).collect(),
            roles: Role::ALL.map(Role::name).to_vec(),
            fewest: FEWEST,
            wrong: &done.wrong,
            done: &done.done,
            secret: &done.secret,
        },
    )
}

/// A time as it is shown: to the minute.
pub(super) fn shown(time: Timestamp) -> String {
    let text = rfc3339(time);
    text.get(..16)
        .map_or(text.clone(), |minute| minute.replace('T', " "))
}

impl From<ListedKey> for Entry {
    fn from(key: ListedKey) -> Entry {
        Entry {
            id: key.id.0,
            prefix: key.prefix,
            kind: key.kind,
            name: key.name,
            created: shown(key.created),
            revoked: key.revoked.map(shown).unwrap_or_default(),
        }
    }
}

impl From<ListedToken> for Entry {
    fn from(token: ListedToken) -> Entry {
        Entry {
            id: token.id,
            prefix: token.prefix,
            kind: token.scope,
            name: token.name,
            created: shown(token.created),
            revoked: token.revoked.map(shown).unwrap_or_default(),
        }
    }
}

impl From<ListedUser> for User {
    fn from(user: ListedUser) -> User {
        User {
            name: user.name,
            role: user.role,
            created: shown(user.created),
            seen: user.seen.map_or_else(|| "–".to_owned(), shown),
        }
    }
}

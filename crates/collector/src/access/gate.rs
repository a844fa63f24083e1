//! All that requests need to know of people: whose session it is, who may log in, and that look-ups are noted.

use axum::http::{HeaderMap, HeaderValue};

use super::act::{Act, Acted};
use super::attempts::Attempts;
use super::cookie::{self, Site};
use super::hasher::Hasher;
use super::look_up::{LookUp, Who, Whom};
use super::origin;
use super::password::{Password, PasswordHash};
use super::session::{Lifetime, Secret, SecretDigest, Session};
use super::user::UserName;
use crate::client::Client;
use crate::config::{Config, PublicUrl};
use crate::http::App;
use crate::limit::Over;
use crate::writer::Unavailable;

/// What is kept in memory of people, and what is configured.
pub(crate) struct Gate {
    pub(crate) hasher: Hasher,
    attempts: Attempts,
    lifetime: Lifetime,
    /// Whether browsers come over TLS.
    secure: bool,
    /// Host and port under which they do, where that is configured.
    authority: Option<String>,
    /// What stands there before our paths.
    base: String,
}

/// Somebody who has logged in.
pub(crate) struct Holder {
    pub(crate) secret: Secret,
    pub(crate) session: Session,
}

/// Why nobody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotLoggedIn {
    /// The name or the password is wrong.
    Wrong,
    /// They failed too often.
    TooOften(Over),
    /// Too much is under way.
    Busy,
    /// The store can't be used.
    Store,
}

impl From<Unavailable> for NotLoggedIn {
    fn from(unavailable: Unavailable) -> NotLoggedIn {
        match unavailable {
            Unavailable::Busy => NotLoggedIn::Busy,
            Unavailable::Store => NotLoggedIn::Store,
        }
    }
}

impl Gate {
    /// As it is configured.
    pub(crate) fn of(config: &Config) -> Gate {
        let public = config.public_url.as_ref();
        let rest = public.map(PublicUrl::rest).unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Gate {
            hasher: Hasher::default(),
            attempts: Attempts::default(),
            lifetime: config.session,
            secure: config.tls_cert.is_some() || public.is_some_and(|url| url.scheme() == "https"),
            authority: public.map(|_| authority.to_owned()),
            base: path.to_owned(),
        }
    }

    /// Whether browsers come over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// What stands before our paths where browsers reach us: nothing, or a path without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a request that changes something comes from a page of ours.
    pub(crate) fn is_ours(&self, headers: &HeaderMap) -> bool {
        origin::is_ours(headers, self.authority.as_deref())
    }

    /// The cookie that begins a session.
    pub(crate) fn cookie(&self, secret: &Secret) -> Option<HeaderValue> {
        cookie::set(secret, self.site(), self.lifetime.all)
    }

    /// Where cookies belong.
    fn site(&self) -> Site<'_> {
        Site {
            secure: self.secure,
            base: &self.base,
        }
    }

    /// The cookie that ends one.
    pub(crate) fn no_cookie(&self) -> Option<HeaderValue> {
        cookie::clear(self.site())
    }
}

/// Whose session a request is of, if it is of one that lasts; `Err` when the store can't be read.
pub(crate) async fn holder(app: &App, headers: &HeaderMap) -> Result<Option<Holder>, Unavailable> {
    let Some(secret) = cookie::stated(headers, app.gate.site()) else {
        return Ok(None);
    };
    let (digest, now) = (secret.digest(), app.clock.now());
    let session = app.look(move |reader| reader.session(digest)).await?;
    let Some(session) = session.filter(|session| session.lasts(app.gate.lifetime, now)) else {
        return Ok(None);
    };
    if session.is_to_be_noted(now) {
        let queue = app.queue.clone();
        // Nobody waits for it, and where it can't be written the session only ends earlier.
        tokio::spawn(async move { queue.act(Act::Use(digest)).await });
    }
    Ok(Some(Holder { secret, session }))
}

/// Whether a session is good still; that is no use of it, so it ends as one that nobody uses.
pub(crate) async fn lasts(app: &App, session: SecretDigest) -> bool {
    let found = app.look(move |reader| reader.session(session)).await;
    let now = app.clock.now();
    found.is_ok_and(|found| found.is_some_and(|session| session.lasts(app.gate.lifetime, now)))
}

/// Begins a session for whoever knows a password; any that the request came with ends.
pub(crate) async fn log_in(
    app: &App,
    headers: &HeaderMap,
    client: Option<Client>,
    name: &str,
    password: Password,
) -> Result<Secret, NotLoggedIn> {
    let (user, checked) = check(app, client, name, password).await?;
    let secret = new_secret(app)?;
    let begin = Act::LogIn {
        user,
        checked,
        session: secret.digest(),
        instead_of: cookie::stated(headers, app.gate.site()).map(|earlier| earlier.digest()),
    };
    match app.queue.act(begin).await? {
        Acted::Done => Ok(secret),
        // Changed or removed in this moment.
        _ => Err(NotLoggedIn::Wrong),
    }
}

/// Whose password it is, and what it was compared with.
pub(crate) async fn check(
    app: &App,
    client: Option<Client>,
    name: &str,
    password: Password,
) -> Result<(UserName, PasswordHash), NotLoggedIn> {
    let attempts = &app.gate.attempts;
    attempts.try_again(name, client).map_err(NotLoggedIn::TooOften)?;
    // What is no name belongs to nobody, and takes as long.
    let user: Option<UserName> = name.parse().ok();
    let asked = user.clone();
    let kept = app
        .look(move |reader| asked.map_or(Ok(None), |name| reader.user_password(&name)))
        .await?;
    let compared = kept.clone();
    let right = app.gate.hasher.run(move || password.is(compared.as_ref())).await;
    let right = right.map_err(|_| NotLoggedIn::Busy)?;
    // Others may have failed while it waited for its turn.
    attempts.may_still(name, client).map_err(NotLoggedIn::TooOften)?;
    match (user, kept) {
        (Some(user), Some(kept)) if right => Ok((user, kept)),
        _ => {
            attempts.failed(name, client);
            Err(NotLoggedIn::Wrong)
        }
    }
}

/// A new secret for a session.
fn new_secret(app: &App) -> Result<Secret, NotLoggedIn> {
    Secret::generate(&*app.entropy).map_err(|error| {
        tracing::error!("{error}");
        NotLoggedIn::Store
    })
}

/// Notes who looks at whom; what they look at is shown when this has returned, and not where it fails.
///
/// # Errors
/// When it can't be noted.
pub(crate) async fn note(app: &App, who: &Who, what: &str, whom: Vec<Whom>) -> Result<(), Unavailable> {
    for whom in whom {
        let look_up = LookUp {
            who: who.clone(),
            what: what.to_owned(),
            whom,
        };
        app.queue.act(Act::Note(look_up)).await?;
    }
    Ok(())
}

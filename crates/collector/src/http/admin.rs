//! Those who read or administer: by a bearer token, never by a write key. No browser of another origin is let in.

use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::answer::Refused;
use super::problem::problem;
use super::{App, credentials};
use crate::access::gate;
use crate::access::look_up::Who;
use crate::store::{Reader, StoreError};
use crate::token::{Scope, Token};
use crate::writer::{Unavailable, chain};

/// Reads what they ask for. One at a time does: they are few.
#[derive(Clone, Default)]
pub(super) struct Desk(Arc<Mutex<Option<Reader>>>);

/// Why somebody is not let in, or gets nothing.
#[derive(Debug)]
pub(crate) enum Denied {
    /// No token, or none that may be used.
    Token,
    /// The token is not for this; what it would have to be for.
    Scope(Scope),
    /// There is no such thing; which.
    Nothing(&'static str),
    /// It can't be done any more; why.
    Conflict(&'static str),
    /// What is asked for can't be understood; a code, and why.
    Malformed(&'static str, String),
    /// As any other request.
    Refused(Refused),
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Denied {
        Denied::Refused(refused)
    }
}

impl Denied {
    pub(crate) fn answer(&self) -> Response {
        match self {
            Denied::Token => {
                let detail = "a token is needed, as Authorization: Bearer; write keys are none";
                let mut response = problem(StatusCode::UNAUTHORIZED, "invalid_token", detail);
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                response
            }
            Denied::Scope(scope) => {
                let detail = format!("the token's scope does not cover this: it takes {}", scope.name());
                problem(StatusCode::FORBIDDEN, "insufficient_scope", &detail)
            }
            Denied::Nothing(detail) => problem(StatusCode::NOT_FOUND, "not_found", detail),
            Denied::Conflict(detail) => problem(StatusCode::CONFLICT, "conflict", detail),
            Denied::Malformed(code, detail) => problem(StatusCode::BAD_REQUEST, code, detail),
            Denied::Refused(refused) => refused.problem(),
        }
    }
}

impl Desk {
    /// Reads in the database of a data directory.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) async fn read<T: Send + 'static, E: std::error::Error + Send + 'static>(
        &self,
        data: &Path,
        read: impl FnOnce(&Reader) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Denied> {
        let data = data.to_owned();
        let mut place = Arc::clone(&self.0).lock_owned().await;
        let work = move || -> Result<T, String> {
            let reader = match &mut *place {
                Some(reader) => reader,
                none => none.insert(Reader::open(&data).map_err(|error| chain(&error))?),
            };
            read(reader).map_err(|error| chain(&error))
        };
        // The runtime is ending, or the database can't be read: either way it may be asked again.
        let failed = |error: String| {
            tracing::warn!("{error}");
            Denied::Refused(Refused::Store)
        };
        match spawn_blocking(work).await {
            Ok(result) => result.map_err(failed),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl App {
    /// Reads a little in the database, beside others who do.
    ///
    /// # Errors
    /// When it can't be read; why is logged.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.desk
            .read(&self.data, read)
            .await
            .map_err(|_| Unavailable::Store)
    }
}

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// What they may do.
    pub(crate) scope: Scope,
    /// Who they are.
    pub(crate) who: Who,
}

/// Lets somebody in whose token covers a scope.
pub(crate) async fn authenticate(app: &App, headers: &HeaderMap, needed: Scope) -> Result<Caller, Denied> {
    let token = stated(headers).ok_or(Denied::Token)?;
    let digest = token.digest();
    let found = app
        .desk
        .read(&app.data, move |reader| reader.token_scope(digest))
        .await?;
    let (scope, prefix) = found.ok_or(Denied::Token)?;
    Caller {
        scope,
        who: Who::Token(prefix),
    }
    .covering(needed)
}

/// Lets somebody in who only reads: by a token, or by the session of the dashboard, where no token is stated.
pub(super) async fn authenticate_reader(
    app: &App,
    headers: &HeaderMap,
    needed: Scope,
) -> Result<Caller, Denied> {
    if headers.contains_key(header::AUTHORIZATION) {
        return authenticate(app, headers, needed).await;
    }
    let holder = gate::holder(app, headers).await.map_err(Refused::from)?;
    let session = holder.ok_or(Denied::Token)?.session;
    Caller {
        scope: session.role.scope(),
        who: Who::User(session.user.as_str().to_owned()),
    }
    .covering(needed)
}

impl Caller {
    fn covering(self, needed: Scope) -> Result<Caller, Denied> {
        if self.scope.covers(needed) {
            Ok(self)
        } else {
            Err(Denied::Scope(needed))
        }
    }
}

fn stated(headers: &HeaderMap) -> Option<Token> {
    Token::stated(credentials::stated(headers, "bearer")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_stated_as_bearer() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            stated(&headers).map(|token| token.reveal().to_owned())
        };
        assert_eq!(of("bearer  hgt_a "), Some("hgt_a".to_owned()));
        for value in ["hgt_a", "Basic hgt_a", "Bearer abc", "Bearer", ""] {
            assert_eq!(of(value), None, "{value}");
        }
    }
}

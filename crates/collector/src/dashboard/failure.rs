//! Why there is no page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::Frame;
use super::page::html;
use crate::access::guard::{Refusal, Viewer};
use crate::question::{AskError, FilterError};
use crate::readers::NotRead;
use crate::token::Scope;
use crate::writer::{Unavailable, chain};

/// Why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A filter can't be that.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A question has no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Nobody reads.
    #[error("the database can't be read now")]
    NotRead(NotRead),
    /// There is no such thing.
    #[error("there is no such page")]
    Nothing,
    /// Whoever looks may not see it.
    #[error("this takes {}", .0.name())]
    Denied(Scope),
    /// The page could not be written.
    #[error("the page can't be written")]
    Page(#[from] askama::Error),
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Failure {
        Failure::Ask(error.into())
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Failure {
        Failure::NotRead(match error {
            Unavailable::Busy => NotRead::Busy,
            Unavailable::Store => NotRead::Away,
        })
    }
}

impl From<NotRead> for Failure {
    fn from(error: NotRead) -> Failure {
        Failure::NotRead(error)
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page {
    frame: Frame,
    text: String,
}

/// A page of one sentence.
pub(crate) fn plain(status: StatusCode, frame: Frame, text: String) -> Response {
    let title = frame.title.clone();
    match (Page { frame, text }).render() {
        Ok(text) => html(status, text),
        Err(_) => html(StatusCode::INTERNAL_SERVER_ERROR, title),
    }
}

impl Failure {
    /// A page that says so.
    pub(crate) fn page(&self, viewer: &Viewer) -> Response {
        let (status, title, text) = self.told();
        if status == StatusCode::INTERNAL_SERVER_ERROR || matches!(self, Failure::Ask(AskError::Store(_))) {
            tracing::warn!("{}", chain(self));
        }
        plain(status, Frame::new(title, None, viewer, None), text)
    }

    fn told(&self) -> (StatusCode, &'static str, String) {
        match self {
            Failure::Filter(error) => (
                StatusCode::BAD_REQUEST,
                "That filter can't be read",
                format!("{error}."),
            ),
            Failure::Ask(AskError::Store(error)) if error.took_too_long() => (
                StatusCode::SERVICE_UNAVAILABLE,
                "That takes too long",
                "Ask about fewer days, or try again when less is going on.".to_owned(),
            ),
            Failure::Ask(AskError::Store(_)) | Failure::NotRead(NotRead::Away) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The database can't be read",
                "The collector's log says why.".to_owned(),
            ),
            Failure::Ask(error @ (AskError::Missing(_) | AskError::Several(..) | AskError::TooMany)) => (
                StatusCode::BAD_REQUEST,
                "That can't be asked",
                format!("{error}."),
            ),
            Failure::Ask(AskError::Nobody) => (
                StatusCode::NOT_FOUND,
                "Nobody is found",
                "No cluster of these days has this id, customer key or licence id.".to_owned(),
            ),
            Failure::NotRead(NotRead::Busy) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many are asking",
                "Try again in a few seconds.".to_owned(),
            ),
            Failure::Nothing => Refusal::Nothing.told(),
            Failure::Denied(scope) => Refusal::Role(*scope).told(),
            Failure::Page(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The page can't be written",
                "The collector's log says why.".to_owned(),
            ),
        }
    }
}

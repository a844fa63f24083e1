//! Asking one source: the requests that the original makes, and why an answer may be of no use.

use std::fmt;
use std::time::Duration;

use heliograph_wire::catalogue::Catalogue;
use heliograph_wire::{cosmos, mesos, summary};

use crate::cause::chain;
use crate::clock::Deadline;
use crate::config::Secret;
use crate::enterprise::login::Login;
use crate::http::url::Url;
use crate::http::{Answer, Client, Failure, Limits, Method, Request};
use crate::tally::{self, Tally};

/// How long connecting to a source or a sink may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// DC/OS diagnostics, or ours.
    Diagnostics,
    /// The package manager.
    Cosmos,
    /// The Mesos master.
    Mesos,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Diagnostics => "diagnostics",
            Source::Cosmos => "cosmos",
            Source::Mesos => "mesos",
        })
    }
}

/// Why a URL told nothing.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No answer.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// Another status than 200.
    #[error("answered {0}, not 200")]
    Status(u16),
    /// It wants a token that could not be had.
    #[error("answered {status}, not 200: {why}")]
    NoToken {
        /// What it answered.
        status: u16,
        /// Why there is no token.
        why: String,
    },
    /// An answer that is not what was asked for.
    #[error("{}", chain(.0.as_ref()))]
    Document(Box<dyn std::error::Error + Send + Sync>),
    /// This process may start no further thread.
    #[error("it could not be asked: no thread to be had: {0}")]
    NoThread(std::io::Error),
    /// A defect of ours.
    #[error("reading its answer failed in a way that it must not; please report this")]
    Panicked,
}

/// What all requests of one cycle share.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// The way out.
    pub client: &'a Client,
    /// Which names are told.
    pub catalogue: &'a Catalogue,
    /// How long one source may take in all.
    pub timeout: Duration,
    /// Where a token comes from, where sources want one.
    pub login: Option<&'a Login<'a>>,
}

const JSON: (&str, &str) = ("content-type", "application/json");

/// The summary if there is one, else the report. A test holds that the first is [`summary::CONTENT_TYPE`].
const REPORT_OR_SUMMARY: &str = "application/vnd.heliograph.summary+json, application/json;q=0.9";

impl Asker<'_> {
    /// The health report, as a tally: of the summary, where diagnostics has one, else of the report.
    ///
    /// `…?cache=0` makes the original poll its whole cluster before it answers, for up to a minute. So it is given two thirds
    /// of the time to begin its answer; then it is asked once more, for what it has.
    ///
    /// # Errors
    /// No answer of use in time.
    pub fn health(self, url: &Url) -> Result<Tally, Problem> {
        let deadline = Deadline::after(self.timeout);
        let cached = url.without_query();
        let patience = if cached.is_some() {
            self.timeout * 2 / 3
        } else {
            self.timeout
        };
        let headers = [JSON, ("accept", REPORT_OR_SUMMARY)];
        let ask =
            |url: &Url, head: Duration| self.ask(Method::Get, url, &headers, b"", head, deadline.left());
        let answer = match (ask(url, patience), cached) {
            (Err(Problem::Failure(Failure::TimedOut(_))), Some(cached)) => {
                tracing::info!(%url, "no answer yet; asked once more for what is cached");
                ask(&cached, deadline.left())?
            }
            (answer, _) => answer?,
        };
        let is_summary = answer.header("content-type").is_some_and(|said| {
            said.split(';')
                .next()
                .is_some_and(|said| said.trim() == summary::CONTENT_TYPE)
        });
        if is_summary {
            tally::read_summary(answer.into_body(), self.catalogue).map_err(document)
        } else {
            tally::read(answer.into_body(), self.catalogue).map_err(document)
        }
    }

    /// The package list.
    ///
    /// # Errors
    /// No answer of use in time.
    pub fn packages(self, url: &Url) -> Result<cosmos::Answer, Problem> {
        let headers = [
            ("content-type", cosmos::REQUEST_TYPE),
            ("accept", cosmos::ANSWER_TYPE),
        ];
        let answer = self.ask(Method::Post, url, &headers, b"{}", self.timeout, self.timeout)?;
        cosmos::read(answer.into_body()).map_err(document)
    }

    /// Mesos' metrics or frameworks.
    ///
    /// # Errors
    /// No answer of use in time.
    pub fn mesos(self, url: &Url) -> Result<mesos::Answer, Problem> {
        let answer = self.ask(Method::Get, url, &[JSON], b"", self.timeout, self.timeout)?;
        mesos::read(answer.into_body()).map_err(document)
    }

    fn ask(
        self,
        method: Method,
        url: &Url,
        headers: &[(&'static str, &str)],
        body: &[u8],
        head: Duration,
        total: Duration,
    ) -> Result<Answer, Problem> {
        let (head, total) = (Deadline::after(head), Deadline::after(total));
        let send = |token: Option<&Secret>| {
            let authorization = token.map(|token| format!("token={}", token.expose()));
            let mut headers = headers.to_vec();
            headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
            let request = Request {
                follow: true,
                method,
                url,
                headers: &headers,
                body,
            };
            let limits = Limits {
                connect: CONNECT_TIMEOUT,
                head: head.left(),
                total: total.left(),
            };
            self.client.send(request, limits)
        };
        // Credentials in the URL are the operator's own word.
        let login = self.login.filter(|_| url.authorization().is_none());
        let token = login.and_then(Login::token);
        let mut answer = send(token.as_ref())?;
        if answer.status == 401
            && let (Some(login), Some(refused)) = (login, &token)
            && let Some(fresh) = login.instead_of(refused)
        {
            answer = send(Some(&fresh))?;
        }
        match answer.status {
            200 => Ok(answer),
            status @ (401 | 403) => match login.and_then(Login::problem) {
                Some(why) => Err(Problem::NoToken { status, why }),
                None => Err(Problem::Status(status)),
            },
            status => Err(Problem::Status(status)),
        }
    }
}

fn document(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Document(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_asked_for_by_its_type() {
        assert!(REPORT_OR_SUMMARY.starts_with(summary::CONTENT_TYPE));
    }
}

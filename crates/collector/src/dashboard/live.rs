//! Live: messages as they arrive, with what became of them. Without a script it is a page of the last ones; with one, further ones
//! are added as they come. It reads what is stored and shows nothing else.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use askama::Template;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use heliograph_wire::id::Hour;
use hyper::body::Frame as Piece;
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep;

use super::ask::Ask;
use super::failure::Failure;
use super::frame::{Frame, Place};
use super::page::{Content, Kind, Visit, show};
use super::query::{BATCH, BEFORE};
use super::recent::{self, Recent, Reports};
use super::support::cluster_href;
use crate::access::gate;
use crate::access::look_up::Whom;
use crate::access::session::SecretDigest;
use crate::http::{App, authenticate};
use crate::question::Patience;
use crate::readers::NotRead;
use crate::store::{Reader, StoreError};
use crate::token::Scope;

/// Where messages come from as they arrive.
pub(crate) const EVENTS: &str = "/live/events";
/// Messages of the page, and at most of one second.
const SHOWN: usize = 100;
const OF_A_SECOND: usize = 50;
/// Batches that are looked into in a second; of more, the latest.
const BATCHES: i64 = 20;
/// How often it is looked, and how long; then the browser asks again, and it is checked again who it is.
const EACH: Duration = Duration::from_secs(1);
const LOOKS: usize = 600;
/// Hours of a day, and how many of them a clock may be ahead.
const HOURS: i64 = 24;
const AHEAD: i64 = 24;
/// How many may watch at once.
pub(crate) const WATCHERS: usize = 16;
/// How long a page may look for messages.
const PATIENCE: Duration = Duration::from_secs(3);
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// nginx would wait for more before it passes anything on.
const NO_BUFFERING: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The page.
#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    frame: Frame,
    script: String,
    cluster: Option<String>,
    cluster_href: String,
    events: String,
    more: bool,
    rows: Vec<Recent>,
    /// Where older ones are, and the latest; empty where there is nothing there.
    older: String,
    latest: String,
    gone: usize,
    /// Where all of a cluster's messages are looked for, and whether this is that.
    all: String,
    searched: bool,
}

impl Content for Live {
    fn text(&self) -> askama::Result<String> {
        self.render()
    }
}

/// The last messages.
pub(crate) async fn get(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let kind = Kind {
        needs_reports: false,
        ..Kind::of(Place::Live, &[])
    };
    show(&app, visit, kind, |ask, reader| Ok(Box::new(live(ask, reader)?))).await
}

fn live(ask: &Ask<'_>, reader: &Reader) -> Result<Live, Failure> {
    let cluster = ask.query.filter.clusters.first().cloned();
    let patience = Patience::of(PATIENCE);
    let mut reports = Reports::default();
    let mut upto = ask.query.batch;
    if let Some(cluster) = cluster.as_ref().filter(|_| upto.is_none()) {
        reports = reported(ask, reader, cluster, &patience)?;
        // Of a sender whose ids name no hour there are none.
        if reports.messages.is_empty() && ask.query.before.is_none() {
            upto = Some(i64::MAX);
        }
    }
    let (rows, next) = match &cluster {
        Some(_) if upto.is_none() => (std::mem::take(&mut reports.messages), None),
        _ => recent::last(reader, cluster.as_deref(), upto, SHOWN, &patience)?,
    };
    let here = |name, value: &str| ask.query.here_with(Place::Live.path(), &[(name, value)]);
    let older = reports.older.map(|hour| here(BEFORE, &hour.to_string()));
    let older = older.or_else(|| {
        cluster
            .as_ref()
            .and(next)
            .map(|batch| here(BATCH, &batch.to_string()))
    });
    let is_further = ask.query.before.is_some() || ask.query.batch.is_some();
    let (title, lead) = match &cluster {
        Some(_) => (
            "Raw reports",
            "What a cluster reported, hour by hour, as it came and is kept; the latest first.",
        ),
        None => (
            "Live",
            "The last messages, with what became of them. New ones are added as they come.",
        ),
    };
    let frame = Frame::new(title, Some(Place::Live), ask.viewer, Some(ask.query)).lead(lead);
    Ok(Live {
        script: ask.query.at(&frame.assets.live),
        cluster_href: cluster
            .as_deref()
            .map(|cluster| cluster_href(ask, cluster))
            .unwrap_or_default(),
        events: ask.query.at(EVENTS),
        more: cluster.is_none() && next.is_some(),
        searched: upto.is_some(),
        all: here(BATCH, &i64::MAX.to_string()),
        cluster,
        rows,
        older: older.unwrap_or_default(),
        latest: match is_further {
            true => here("", ""),
            false => String::new(),
        },
        gone: reports.gone,
        frame,
    })
}

/// What a cluster reported on the days that are asked about, before the hour that is.
fn reported(ask: &Ask<'_>, reader: &Reader, cluster: &str, patience: &Patience) -> Result<Reports, Failure> {
    let filter = &ask.query.filter;
    let Some(number) = ask.snapshot.cluster(cluster)? else {
        return Ok(Reports::default());
    };
    let hour = |number| Hour::from_number(number).ok_or(Failure::Nothing);
    // One that is of this hour is there already, and a clock may be ahead.
    let end = hour((filter.to.0.0 + 1) * HOURS + AHEAD)?;
    let before = ask.query.before.map_or(end, |before| before.min(end));
    let span = (hour(filter.from.0.0 * HOURS)?, before);
    Ok(recent::reports(reader, (number, cluster), span, patience)?)
}

/// Messages as they arrive.
pub(crate) async fn events(State(app): State<Arc<App>>, headers: HeaderMap, visit: Visit) -> Response {
    let viewer = &visit.viewer;
    if !viewer.may(Scope::Support) {
        return Failure::Denied(Scope::Support).page(viewer);
    }
    // Messages name clusters.
    if let Err(error) = gate::note(&app, &viewer.who, EVENTS, vec![Whom::Many]).await {
        return Failure::from(error).page(viewer);
    }
    let Ok(permit) = Arc::clone(&app.watchers).try_acquire_owned() else {
        return Failure::NotRead(NotRead::Busy).page(&visit.viewer);
    };
    let (send, receive) = channel(4);
    let pass = match viewer.session() {
        Some(session) => Pass::Session(session),
        None => Pass::Token(headers),
    };
    tokio::spawn(watch(app, pass, send));
    let mut response = Response::new(Body::new(Stream {
        receive,
        _permit: permit,
    }));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, EVENT_STREAM);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(NO_BUFFERING.0, NO_BUFFERING.1);
    response
}

/// With what somebody was let in.
enum Pass {
    Session(SecretDigest),
    /// What the request stated.
    Token(HeaderMap),
}

impl Pass {
    /// Whether they would be let in still: nobody who was logged out, removed or given another role sees another message.
    async fn is_good(&self, app: &App) -> bool {
        match self {
            Pass::Session(session) => gate::lasts(app, *session).await,
            Pass::Token(headers) => authenticate(app, headers, Scope::Support).await.is_ok(),
        }
    }
}

/// Looks for new messages until whoever asked has gone, or may see no more.
async fn watch(app: Arc<App>, pass: Pass, send: Sender<Bytes>) {
    let mut after = (None, app.clock.now());
    for _ in 0..LOOKS {
        if app.is_stopping() || !pass.is_good(&app).await {
            return;
        }
        let from = after;
        let found = app.readers.read(move |reader, _| since(reader, from)).await;
        let text = match found {
            Ok(Ok((messages, place))) => {
                after = place;
                text(&messages)
            }
            // Whoever watches waits; it is looked again.
            _ => String::from(": busy\n\n"),
        };
        if send.send(Bytes::from(text)).await.is_err() {
            return;
        }
        sleep(EACH).await;
    }
}

/// A batch, and when what was not kept was looked for last.
type Since = (Option<i64>, Timestamp);

fn since(reader: &Reader, (batch, time): Since) -> Result<(Vec<Recent>, Since), StoreError> {
    let last = reader.last_batch()?;
    let Some(batch) = batch else {
        return Ok((Vec::new(), (Some(last), time)));
    };
    let mut found = recent::remembered(reader, time)?;
    let latest = found.iter().filter_map(|message| message.time.parse().ok()).max();
    let mut number = batch.max(last - BATCHES);
    while number < last && found.len() < OF_A_SECOND {
        found.extend(recent::kept(reader, number, None)?);
        number += 1;
    }
    found.truncate(OF_A_SECOND);
    Ok((found, (Some(last), latest.unwrap_or(time))))
}

/// As server-sent events; a comment where there is nothing, so that it is found out when nobody listens any more.
fn text(messages: &[Recent]) -> String {
    if messages.is_empty() {
        return String::from(":\n\n");
    }
    let lines = messages.iter().filter_map(|message| {
        let short = Recent {
            raw: String::new(),
            ..message.clone()
        };
        serde_json::to_string(&short).ok()
    });
    lines.map(|line| format!("data: {line}\n\n")).collect()
}

/// What is sent, as it comes.
struct Stream {
    receive: Receiver<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece<Bytes>, Self::Error>>> {
        self.receive
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Piece::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_lines_of_json() {
        let message = Recent {
            event: "a\n\ndata: b".to_owned(),
            raw: "all of it".to_owned(),
            ..Recent::default()
        };
        let text = text(&[message]);
        assert!(text.starts_with("data: {") && text.ends_with("}\n\n"), "{text}");
        assert!(
            text.matches('\n').count() == 2 && !text.contains("all of it"),
            "{text}"
        );
        assert_eq!(super::text(&[]), ":\n\n");
    }
}

//! `/settings/look-ups`: who has looked at which cluster, for administrators; of all, or of one id.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::{Serializer, parse};

use super::html;
use super::settings::shown;
use crate::access::guard::{Refusal, Viewer};
use crate::access::look_up::NotedLookUp;
use crate::dashboard::frame::{Frame, Place};
use crate::http::App;
use crate::ingest::mention::Kind;

/// Where it is.
pub(super) const PATH: &str = "/settings/look-ups";
/// Rows of a page.
const ROWS: u64 = 100;

#[derive(Template)]
#[template(path = "look_ups.html")]
struct Page<'a> {
    frame: Frame,
    base: &'a str,
    /// Whose, where that is asked for.
    id: &'a str,
    offset: u64,
    rows: Vec<Row>,
    /// The query of the next page, where there is one.
    earlier: String,
}

struct Row {
    last: String,
    who: String,
    what: String,
    whom: String,
    count: u64,
}

/// Shows them.
pub(super) async fn get(State(app): State<Arc<App>>, viewer: Viewer, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let stated = |wanted: &str| {
        let found = parse(query.as_bytes()).find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let (id, offset) = (stated("id"), stated("offset").parse::<u64>().unwrap_or_default());
    let of = (!id.is_empty()).then(|| app.secrets.subjects.subject(Kind::Cluster, &id));
    let read = app.look(move |reader| reader.look_ups(of, offset, ROWS + 1));
    let mut noted = match read.await {
        Ok(noted) => noted,
        Err(unavailable) => return Refusal::from(unavailable).page_for(&viewer),
    };
    let is_more = noted.len() > usize::try_from(ROWS).unwrap_or(usize::MAX);
    noted.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let next = offset.saturating_add(ROWS).to_string();
    let earlier = is_more.then(|| {
        Serializer::new(String::new())
            .append_pair("id", &id)
            .append_pair("offset", &next)
            .finish()
    });
    html(
        &app,
        StatusCode::OK,
        &Page {
            frame: Frame::new(
                "Who looked at which cluster",
                Some(Place::Settings),
                &viewer,
                None,
            ),
            base: app.gate.base(),
            id: &id,
            offset,
            rows: noted.into_iter().map(Row::from).collect(),
            earlier: earlier.unwrap_or_default(),
        },
    )
}

impl From<NotedLookUp> for Row {
    fn from(noted: NotedLookUp) -> Row {
        let whom = match (noted.subject, noted.forgotten, &*noted.kind) {
            (_, true, _) => "somebody who was forgotten since".to_owned(),
            (Some(subject), ..) => subject,
            (None, _, "search") => "an id that was searched for".to_owned(),
            (None, ..) => "a list of clusters".to_owned(),
        };
        let who = match &*noted.by {
            "token" => format!("token {}", noted.who),
            _ => noted.who,
        };
        Row {
            last: shown(noted.last),
            who,
            what: noted.what,
            whom,
            count: noted.count,
        }
    }
}

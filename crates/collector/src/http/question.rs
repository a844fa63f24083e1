//! `GET /api/v1/` lists the questions, `GET /api/v1/{question}` asks one. See [`crate::question`].
//!
//! The filters are parameters of the query; beside them `limit` and `offset` choose a page, and `format` the form. An answer is JSON,
//! CSV (RFC 4180) of its rows, or a table for people. Answers are made anew each time, so the pages of one answer are those of one moment only as long
//! as their entity tags are; the tag is a hash of the bytes, and a request that states it gets no body where nothing has changed.
//!
//! A token of the scope `read` may ask of the fleet; what tells of single clusters takes `support`, and it is noted who asks for it. The
//! session of somebody who is logged in to the dashboard is as good as a token that covers what their role does.

use std::num::NonZeroUsize;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use form_urlencoded::{Serializer, parse};
use heliograph_wire::id::Hour;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::accept::wanted;
use super::admin::{Denied, authenticate_reader};
use super::answer::Refused;
use super::problem::problem_with;
use super::{App, problem};
use crate::access::gate;
use crate::question::{self, AskError, Asked, Filter, FilterError, Format, Page, Rendered, Shape};
use crate::readers::NotRead;
use crate::store::Reader;
use crate::token::Scope;
use crate::writer::chain;

/// Paths. Whatever else there may be under `/api/v1/` is named with a character that no question's name has.
pub(super) const ALL: &str = "/api/v1/";
pub(super) const ONE: &str = "/api/v1/{question}";

/// Rows of a page, where it is not said, and at most.
pub(super) const LIMIT: usize = 1000;
pub(super) const MOST: usize = 10_000;
/// May be kept by who asked, to be shown again when it is found to be the same.
pub(super) const OF_FLEET: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What tells of single clusters is not kept: they may be forgotten.
const OF_CLUSTERS: HeaderValue = HeaderValue::from_static("no-store");
const VARY: HeaderValue = HeaderValue::from_static("Accept, Authorization, Cookie");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const INSTALLATIONS: HeaderName = HeaderName::from_static("heliograph-installations");
const COUNTED: HeaderName = HeaderName::from_static("heliograph-counted");
const LEFT_OUT: HeaderName = HeaderName::from_static("heliograph-left-out");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

/// Why a question is not answered.
enum NoAnswer {
    Denied(Denied),
    /// There is none of this name; those that are most like it.
    Unknown(Vec<&'static str>),
    /// A parameter is at fault; which, what about it, and what it may be.
    Parameter(String, String, Vec<&'static str>),
    /// In none of the forms that the client takes.
    NotAcceptable,
    /// It would take too long.
    TooLong,
}

impl From<Denied> for NoAnswer {
    fn from(denied: Denied) -> NoAnswer {
        NoAnswer::Denied(denied)
    }
}

/// What is asked.
struct Question {
    asked: &'static Asked,
    filter: Filter,
    shape: Shape,
    /// The filters as they were stated.
    stated: Vec<(String, String)>,
}

/// The questions.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match authenticate_reader(&app, &headers, Scope::Read).await {
        Ok(_) => tagged(questions().to_string(), JSON, OF_FLEET, &headers),
        Err(denied) => denied.answer(),
    }
}

/// Asks one.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    match ask(&app, &headers, &name, &query.unwrap_or_default()).await {
        Ok(response) => response,
        Err(no) => no.response(),
    }
}

async fn ask(app: &App, headers: &HeaderMap, name: &str, query: &str) -> Result<Response, NoAnswer> {
    let caller = authenticate_reader(app, headers, Scope::Read).await?;
    let asked = question::find(name).ok_or_else(|| NoAnswer::Unknown(question::close(name)))?;
    let question = Question::read(asked, query, headers, Hour::of(app.clock.now()))?;
    let needed = question.scope();
    if !caller.scope.covers(needed) {
        return Err(Denied::Scope(needed).into());
    }
    if needed > Scope::Read {
        let noted = gate::note(app, &caller.who, asked.name, question.filter.whom()).await;
        noted.map_err(|away| Denied::Refused(away.into()))?;
    }
    let Question {
        filter,
        shape,
        stated,
        ..
    } = question;
    let (of_whom, format) = (filter.clone(), shape.format);
    let work = move |reader: &Reader, patience| {
        let snapshot = reader.snapshot()?.within(patience);
        let scope = question::Scope::new(&snapshot, &filter)?;
        (asked.ask)(&scope, &shape)
    };
    let rendered = match app.readers.read(work).await {
        Ok(Ok(rendered)) => rendered,
        Ok(Err(AskError::Missing(detail))) => {
            let takes = asked.takes.iter().map(|parameter| parameter.name).collect();
            return Err(NoAnswer::Parameter(String::new(), detail.to_owned(), takes));
        }
        Ok(Err(AskError::Nobody)) => {
            let detail = "no cluster of these days has this id, customer key or licence id";
            return Err(Denied::Nothing(detail).into());
        }
        Ok(Err(error @ AskError::TooMany)) => {
            return Err(Denied::Malformed("too_many_rows", error.to_string()).into());
        }
        Ok(Err(error @ AskError::Several(..))) => {
            return Err(Denied::Malformed("several_clusters", error.to_string()).into());
        }
        Ok(Err(AskError::Store(error))) if error.took_too_long() => return Err(NoAnswer::TooLong),
        Ok(Err(AskError::Store(error))) => {
            tracing::warn!("{}", chain(&error));
            return Err(Denied::Refused(Refused::Store).into());
        }
        Err(NotRead::Busy) => return Err(Denied::Refused(Refused::Busy).into()),
        Err(NotRead::Away) => return Err(Denied::Refused(Refused::Store).into()),
    };
    let link = next(asked, &of_whom, &shape, &stated, &rendered);
    let keep = if needed == Scope::Read {
        OF_FLEET
    } else {
        OF_CLUSTERS
    };
    let kind = match format {
        Format::Json => JSON,
        Format::Csv => CSV,
        Format::Table => TEXT,
    };
    let about = about(&rendered);
    let mut response = tagged(rendered.text, kind, keep, headers);
    response.headers_mut().extend(about);
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

impl Question {
    fn read(
        asked: &'static Asked,
        query: &str,
        headers: &HeaderMap,
        now: Hour,
    ) -> Result<Question, NoAnswer> {
        let (mut format, mut limit, mut offset) = (None, None, None);
        let mut stated = Vec::new();
        for (name, value) in parse(query.as_bytes()) {
            let once = |given: bool| match given {
                true => Err(at_fault(&FilterError::Twice(name.to_string()), asked)),
                false => Ok(()),
            };
            let wrong = |allowed: &'static [&'static str]| {
                let detail = format!("`{name}` can't be `{value}`: {}", allowed.join(" or "));
                NoAnswer::Parameter(name.to_string(), detail, allowed.to_vec())
            };
            match &*name {
                "format" => {
                    once(format.is_some())?;
                    let stated = value.parse().map_err(|_| wrong(&["json", "csv", "table"]))?;
                    format = Some(stated);
                }
                "limit" => {
                    once(limit.is_some())?;
                    let rows = value
                        .parse()
                        .ok()
                        .map(NonZeroUsize::get)
                        .filter(|rows| *rows <= MOST);
                    limit = Some(rows.ok_or_else(|| wrong(&["a number from 1 to 10000"]))?);
                }
                "offset" => {
                    once(offset.is_some())?;
                    let rows: Option<usize> = value.parse().ok();
                    offset = Some(rows.ok_or_else(|| wrong(&["a number of rows"]))?);
                }
                _ => stated.push((name.into_owned(), value.into_owned())),
            }
        }
        let pairs = stated.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let filter = asked
            .filter(pairs, now)
            .map_err(|error| at_fault(&error, asked))?;
        let format = format
            .or_else(|| wanted(headers))
            .ok_or(NoAnswer::NotAcceptable)?;
        let page = Page {
            offset: offset.unwrap_or_default(),
            limit: limit.unwrap_or(LIMIT),
        };
        Ok(Question {
            asked,
            filter,
            shape: Shape { format, page },
            stated,
        })
    }

    /// What a token must be for.
    fn scope(&self) -> Scope {
        match self.filter.names_clusters() {
            true => self.asked.scope.max(Scope::Support),
            false => self.asked.scope,
        }
    }
}

/// What an answer says beside its rows, for those who read it in a form that has no room for it.
fn about(rendered: &Rendered) -> HeaderMap {
    let mut about = HeaderMap::new();
    about.insert(INSTALLATIONS, rendered.installations.into());
    // Names of tiers and flags.
    if let Ok(counted) = HeaderValue::from_str(&rendered.counted)
        && !counted.is_empty()
    {
        about.insert(COUNTED, counted);
        about.insert(LEFT_OUT, rendered.left_out.into());
    }
    about
}

/// Where the next page is, if there is one: of the same days, also tomorrow.
fn next(
    asked: &Asked,
    filter: &Filter,
    shape: &Shape,
    stated: &[(String, String)],
    rendered: &Rendered,
) -> Option<HeaderValue> {
    let Page { offset, limit } = shape.page;
    let end = offset.checked_add(limit).filter(|end| *end < rendered.rows)?;
    let mut query = Serializer::new(String::new());
    query
        .append_pair("from", &filter.from.to_string())
        .append_pair("to", &filter.to.to_string());
    for (name, value) in stated.iter().filter(|(name, _)| name != "from" && name != "to") {
        query.append_pair(name, value);
    }
    let format = Format::ALL.iter().find(|(format, _)| *format == shape.format);
    if let Some((_, name)) = format.filter(|(format, _)| *format != Format::Json) {
        query.append_pair("format", name);
    }
    query
        .append_pair("limit", &limit.to_string())
        .append_pair("offset", &end.to_string());
    let link = format!("<{ALL}{}?{}>; rel=\"next\"", asked.name, query.finish());
    HeaderValue::from_str(&link).ok()
}

/// An answer with its entity tag, or that it is the one that the client has.
pub(super) fn tagged(text: String, kind: HeaderValue, keep: HeaderValue, headers: &HeaderMap) -> Response {
    let tag = format!("\"{:032x}\"", xxh3_128(text.as_bytes()));
    let known = is_known(headers, &tag);
    let mut response = match known {
        true => Response::new(Body::empty()),
        false => Response::new(Body::from(text)),
    };
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let marks = response.headers_mut();
    if !known {
        marks.insert(header::CONTENT_TYPE, kind);
        marks.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    }
    marks.insert(header::CACHE_CONTROL, keep);
    marks.insert(header::VARY, VARY);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        marks.insert(header::ETAG, tag);
    }
    response
}

/// Whether `If-None-Match` names a tag. Proxies may have made a weak one of it, which is as good here.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn at_fault(error: &FilterError, asked: &Asked) -> NoAnswer {
    let allowed = match error {
        FilterError::Unknown(..) => asked.parameters().map(|known| known.name).collect(),
        _ => Vec::new(),
    };
    NoAnswer::Parameter(error.parameter().to_owned(), error.to_string(), allowed)
}

fn questions() -> Value {
    let parameters = |asked: &Asked| -> Vec<Value> {
        let all = asked.parameters();
        all.map(|known| json!({"name": known.name, "about": known.about, "many": known.many}))
            .collect()
    };
    let all: Vec<Value> = question::ALL
        .iter()
        .map(|asked| {
            json!({
                "name": asked.name, "about": asked.about, "path": format!("{ALL}{}", asked.name),
                "scope": asked.scope.name(), "parameters": parameters(asked),
            })
        })
        .collect();
    json!({"questions": all})
}

impl NoAnswer {
    fn response(self) -> Response {
        match self {
            NoAnswer::Denied(denied) => denied.answer(),
            NoAnswer::Unknown(close) => {
                let hint = match close.first() {
                    Some(name) => format!(" (did you mean `{name}`?)"),
                    None => String::new(),
                };
                let detail = format!("there is no such question{hint}; GET {ALL} lists them");
                let close = ("close", Value::from(close));
                problem_with(StatusCode::NOT_FOUND, "not_found", &detail, [close])
            }
            NoAnswer::Parameter(name, detail, allowed) => {
                let members = [
                    ("parameter", Value::from(name)),
                    ("allowed", Value::from(allowed)),
                ];
                problem_with(StatusCode::BAD_REQUEST, "invalid_parameter", &detail, members)
            }
            NoAnswer::NotAcceptable => problem::problem(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "answers are application/json, text/csv or text/plain",
            ),
            NoAnswer::TooLong => problem::problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "took_too_long",
                "the answer takes too long to make: ask about fewer days",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_every_form() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            is_known(&headers, "\"a\"")
        };
        assert!(of("\"a\"") && of("*") && of("\"b\", W/\"a\""));
        assert!(!of("\"b\"") && !of("a") && !of("") && !is_known(&HeaderMap::new(), "\"a\""));
    }
}

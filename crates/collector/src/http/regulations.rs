//! `/regulations` and `/suppressions`: having people, clusters and customers forgotten, in the form of Segment's Public API.
//!
//! What is ordered is on disk when it is answered, and from then on nothing more is kept of those who are suppressed; deleting goes
//! on behind that, over restarts, and `GET /regulations/{id}` says how far it is, with the receipt of each deletion that is done. Beside Segment's `USER_ID` a subject may be an
//! `ANONYMOUS_ID`, a `CLUSTER_ID` or a `CUSTOMER_KEY`; a source is a write key, by its number or prefix.
//!
//! Ids of subjects are told as long as they are kept, which is until they are deleted; suppressions are kept, and listed, as hashes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use heliograph_wire::id::{ClusterId, hex};
use heliograph_wire::time::rfc3339;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Denied, authenticate};
use super::answer::{Refused, json as answer};
use super::page::Asked;
use super::{App, body};
use crate::forget::order::{Action, Order, State as Progress, Withdrawn};
use crate::ingest::mention::Kind;
use crate::key::KeyId;
use crate::store::{Listing, Regulation};
use crate::token::Scope;

/// Paths.
pub(super) const ALL: &str = "/regulations";
pub(super) const ONE: &str = "/regulations/{regulateId}";
pub(super) const OF_SOURCE: &str = "/regulations/sources/{sourceId}";
pub(super) const SUPPRESSIONS: &str = "/suppressions";

/// Who may be named: a reporter is only forgotten by itself.
pub(super) const SUBJECTS: [Kind; 4] = [Kind::User, Kind::Anonymous, Kind::Cluster, Kind::Customer];
/// Most subjects of a call.
pub(super) const MAX_SUBJECTS: usize = 5000;
/// Longest id of a subject, in characters.
const MAX_ID: usize = 1024;
/// Largest body, in bytes.
const MAX_BODY: usize = 2 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ordered {
    regulation_type: String,
    subject_type: String,
    subject_ids: Vec<String>,
}

/// `POST /regulations`
pub(super) async fn post(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    tell(place(&app, request, None).await)
}

/// `POST /regulations/sources/{sourceId}`
pub(super) async fn post_of_source(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    request: Request<Body>,
) -> Response {
    tell(place(&app, request, Some(source)).await)
}

/// `GET /regulations`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    tell(regulations(&app, &headers, query, None).await)
}

/// `GET /regulations/sources/{sourceId}`
pub(super) async fn list_of_source(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(source): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    tell(regulations(&app, &headers, query, Some(source)).await)
}

/// `GET /regulations/{regulateId}`
pub(super) async fn get(State(app): State<Arc<App>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    tell(one(&app, &headers, &id).await)
}

/// `DELETE /regulations/{regulateId}`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    tell(withdraw(&app, &headers, &id).await)
}

/// `GET /suppressions`
pub(super) async fn suppressions(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    tell(suppressed(&app, &headers, query).await)
}

async fn place(app: &App, request: Request<Body>, source: Option<String>) -> Result<Value, Denied> {
    let (parts, body) = request.into_parts();
    if let Err(denied) = authenticate(app, &parts.headers, Scope::Admin).await {
        let _ = tokio::time::timeout(app.body_timeout, body::discard(body)).await;
        return Err(denied);
    }
    let mut charge = app.budget.charge();
    let bytes = body::read(body, MAX_BODY, app.body_timeout, &mut charge).await?;
    let source = match source {
        Some(named) => Some(find_source(app, named).await?),
        None => None,
    };
    let order = order(&bytes, source)?;
    let placed = app.queue.regulate(order).await.map_err(Refused::from)?;
    Ok(json!({"regulateId": placed.regulation.unwrap_or_default().to_string()}))
}

async fn regulations(
    app: &App,
    headers: &HeaderMap,
    query: Option<String>,
    source: Option<String>,
) -> Result<Value, Denied> {
    authenticate(app, headers, Scope::Admin).await?;
    let asked = asked(query)?;
    let source = match source {
        Some(named) => Some(find_source(app, named).await?),
        None => None,
    };
    let listing = Listing {
        source,
        state: asked
            .values("status")
            .next()
            .map(|name| {
                Progress::of(name)
                    .ok_or_else(|| malformed("status is none of INITIALIZED, RUNNING, FINISHED"))
            })
            .transpose()?,
        actions: asked
            .values("regulationTypes")
            .map(action)
            .collect::<Result<_, _>>()?,
        after: asked.after_text().parse().unwrap_or_default(),
        count: asked.count,
    };
    let page = app
        .desk
        .read(&app.data, move |reader| reader.regulations(&listing))
        .await?;
    let entries: Vec<Value> = page.entries.iter().map(entry).collect();
    Ok(json!({"regulations": entries, "pagination": asked.told(page.next.as_deref(), page.total)}))
}

async fn one(app: &App, headers: &HeaderMap, id: &str) -> Result<Value, Denied> {
    authenticate(app, headers, Scope::Admin).await?;
    let id = number(id)?;
    let found = app
        .desk
        .read(&app.data, move |reader| reader.regulation(id))
        .await?;
    let regulation = found.ok_or(Denied::Nothing("there is no such regulation"))?;
    let streams: Vec<Value> = regulation
        .source
        .map(|source| json!({"id": source.0.to_string(), "destinationStatus": []}))
        .into_iter()
        .collect();
    let mut told = entry(&regulation);
    told["overallStatus"] = Value::from(regulation.state.name());
    told["workspaceId"] = Value::from("");
    told["streamStatus"] = Value::from(streams);
    let receipts = regulation.receipts.iter();
    let receipts: Vec<Value> = receipts
        .filter_map(|receipt| serde_json::from_str(receipt).ok())
        .collect();
    told["receipts"] = Value::from(receipts);
    Ok(json!({"regulation": told}))
}

async fn withdraw(app: &App, headers: &HeaderMap, id: &str) -> Result<Value, Denied> {
    authenticate(app, headers, Scope::Admin).await?;
    match app.queue.withdraw(number(id)?).await.map_err(Refused::from)? {
        Withdrawn::Done => Ok(json!({"status": "SUCCESS"})),
        Withdrawn::Unknown => Err(Denied::Nothing("there is no such regulation")),
        Withdrawn::Begun => Err(Denied::Conflict(
            "the regulation is under way or done; only one that is INITIALIZED can be taken back",
        )),
    }
}

async fn suppressed(app: &App, headers: &HeaderMap, query: Option<String>) -> Result<Value, Denied> {
    authenticate(app, headers, Scope::Admin).await?;
    let asked = asked(query)?;
    let (after, count) = (asked.after.clone(), asked.count);
    let page = app
        .desk
        .read(&app.data, move |reader| reader.suppressed(&after, count))
        .await?;
    let entries = page.entries.iter().map(|(subject, at)| {
        json!({
            "subjectType": subject.kind().map_or("REPORTER", subject_type),
            "subjectIds": [hex(&subject.0)],
            "suppressedAt": rfc3339(*at),
        })
    });
    let entries: Vec<Value> = entries.collect();
    Ok(json!({"suppressed": entries, "pagination": asked.told(page.next.as_deref(), page.total)}))
}

/// A regulation as it stands in lists.
fn entry(regulation: &Regulation) -> Value {
    let mut entry = json!({
        "id": regulation.id.to_string(),
        "regulationType": regulation.action.name(),
        "subjectType": subject_type(regulation.kind),
        "subjects": regulation.subjects,
        "subjectCount": regulation.count,
        "status": regulation.state.name(),
        "createdAt": rfc3339(regulation.asked),
    });
    if let Some(finished) = regulation.finished {
        entry["finishedAt"] = Value::from(rfc3339(finished));
    }
    entry
}

/// What is wrong is told without a word of what was sent.
fn order(bytes: &[u8], source: Option<KeyId>) -> Result<Order, Denied> {
    let ordered: Ordered = serde_json::from_slice(bytes).map_err(|_| {
        malformed("the body is not an object with regulationType, subjectType and subjectIds")
    })?;
    let action = action(&ordered.regulation_type)?;
    let kind = kind(&ordered.subject_type)?;
    let ids = ordered.subject_ids;
    if ids.is_empty() || ids.len() > MAX_SUBJECTS {
        return Err(malformed("subjectIds holds no ids, or more than 5000"));
    }
    let fits = |id: &String| {
        let id = id.trim();
        let is_cluster = kind != Kind::Cluster || id.parse::<ClusterId>().is_ok();
        !id.is_empty() && id.chars().count() <= MAX_ID && is_cluster
    };
    if !ids.iter().all(fits) {
        return Err(malformed(
            "one of subjectIds is empty, too long, or no id of that type",
        ));
    }
    Ok(Order {
        action,
        kind,
        ids,
        source,
    })
}

fn action(name: &str) -> Result<Action, Denied> {
    Action::of(name).ok_or_else(|| {
        let all = Action::ALL.map(Action::name).join(", ");
        not_supported(&format!("regulationType is none of {all}"))
    })
}

fn kind(name: &str) -> Result<Kind, Denied> {
    let found = SUBJECTS.into_iter().find(|kind| subject_type(*kind) == name);
    found.ok_or_else(|| {
        let all = SUBJECTS.map(subject_type).join(", ");
        not_supported(&format!("subjectType is none of {all}"))
    })
}

pub(crate) const fn subject_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Cluster => "CLUSTER_ID",
        Kind::Reporter => "REPORTER",
        Kind::Anonymous => "ANONYMOUS_ID",
        Kind::User => "USER_ID",
        Kind::Customer => "CUSTOMER_KEY",
    }
}

/// The write key that is named, revoked or not.
async fn find_source(app: &App, named: String) -> Result<KeyId, Denied> {
    let keys = app.desk.read(&app.data, |reader| reader.keys()).await?;
    let mut found = keys.iter().filter(|key| key.is_named(&named));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key.id),
        _ => Err(Denied::Nothing(
            "there is no write key with this number or prefix, or more than one",
        )),
    }
}

fn number(id: &str) -> Result<i64, Denied> {
    id.parse()
        .map_err(|_| Denied::Nothing("there is no such regulation"))
}

fn asked(query: Option<String>) -> Result<Asked, Denied> {
    Asked::of(&query.unwrap_or_default()).map_err(malformed)
}

fn malformed(detail: &str) -> Denied {
    Denied::Malformed("invalid_request", detail.to_owned())
}

fn not_supported(detail: &str) -> Denied {
    Denied::Malformed("NOT_SUPPORTED", detail.to_owned())
}

fn tell(result: Result<Value, Denied>) -> Response {
    match result {
        Ok(data) => answer(StatusCode::OK, json!({"data": data}).to_string()),
        Err(denied) => denied.answer(),
    }
}

//! `GET /api/v1/release-health/feed`: changed verdicts as an Atom feed (RFC 4287), the latest first.
//!
//! Whoever may ask questions may read it. Readers of feeds that know no bearer tokens state the token as the password of Basic
//! authorization, with any user.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use heliograph_wire::time::rfc3339;

use super::admin::{Denied, authenticate_reader};
use super::answer::Refused;
use super::question::{OF_FLEET, tagged};
use super::{App, credentials};
use crate::config::PublicUrl;
use crate::question::Date;
use crate::question::release_health::Row;
use crate::store::{Changes, VerdictChange};
use crate::token::Scope;
use crate::webhook::url;

/// Its path.
pub(super) const PATH: &str = "/api/v1/release-health/feed";
/// Entries, at most.
const ENTRIES: u32 = 100;
const ATOM: HeaderValue = HeaderValue::from_static("application/atom+xml; charset=utf-8");

#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed {
    id: String,
    link: Option<String>,
    updated: String,
    generator: &'static str,
    entries: Vec<Entry>,
}

struct Entry {
    id: String,
    updated: String,
    verdict: String,
    title: String,
    summary: String,
    link: Option<String>,
}

/// The feed.
pub(super) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match feed(&app, headers).await {
        Ok(response) => response,
        Err(denied) => denied.answer(),
    }
}

async fn feed(app: &App, headers: HeaderMap) -> Result<Response, Denied> {
    let headers = with_bearer(headers);
    authenticate_reader(app, &headers, Scope::Read).await?;
    let changes = app.look(|reader| reader.verdict_changes(ENTRIES)).await;
    let changes = changes.map_err(|away| Denied::Refused(away.into()))?;
    let text = Feed::of(&changes, app.public_url.as_ref()).render();
    let text = text.map_err(|error| {
        tracing::error!("the feed can't be written: {error}");
        Denied::Refused(Refused::Store)
    })?;
    Ok(tagged(text, ATOM, OF_FLEET, &headers))
}

/// The token that is stated as a password, as the bearer token that it is.
fn with_bearer(mut headers: HeaderMap) -> HeaderMap {
    let token = credentials::basic(&headers).and_then(|decoded| {
        let decoded = String::from_utf8(decoded).ok()?;
        let (_, password) = decoded.split_once(':')?;
        HeaderValue::from_str(&format!("Bearer {password}")).ok()
    });
    if let Some(token) = token {
        headers.insert(header::AUTHORIZATION, token);
    }
    headers
}

impl Feed {
    fn of(changes: &Changes, public: Option<&PublicUrl>) -> Feed {
        let latest = changes.latest.first();
        Feed {
            id: changes.uuid.urn().to_string(),
            link: public.map(|public| format!("{public}{PATH}")),
            updated: latest.map_or_else(|| rfc3339(changes.began), VerdictChange::at),
            generator: env!("CARGO_PKG_VERSION"),
            entries: changes
                .latest
                .iter()
                .map(|change| Entry::of(change, public))
                .collect(),
        }
    }
}

impl Entry {
    fn of(change: &VerdictChange, public: Option<&PublicUrl>) -> Entry {
        let VerdictChange {
            version,
            unit,
            before,
            after,
            ..
        } = change;
        Entry {
            id: change.uuid.urn().to_string(),
            updated: change.at(),
            verdict: legal(after),
            title: legal(&format!("{unit} in {version}: {after}")),
            summary: legal(&format!(
                "Of {unit} in {version} it was said before: {before}. Days up to {} say: {after}.{}",
                Date(change.day),
                numbers(change)
            )),
            link: public.map(|public| url(public, version, unit)),
        }
    }
}

/// What stands beside a verdict, in words.
fn numbers(change: &VerdictChange) -> String {
    let Ok(Some(row)) = serde_json::from_str::<Option<Row>>(&change.numbers) else {
        return String::new();
    };
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.3} %", share * 100.0));
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "any".to_owned(), |ratio| format!("{ratio:.2}"));
    format!(
        " Unhealthy {} of the time before the change and {} after; where nothing changed {} and {}. \
         The version multiplies the rate of failure by {} to {}. {} installations upgraded, {} of them are compared with {} others; {} fell silent.",
        percent(row.before),
        percent(row.after),
        percent(row.control_before),
        percent(row.control_after),
        ratio(Some(row.ratio_low)),
        ratio(row.ratio_high),
        row.upgraded,
        row.compared,
        row.controls,
        row.silent,
    )
}

/// The text, with what XML can't say replaced: versions are what senders say.
fn legal(text: &str) -> String {
    let replace = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'.. => c,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_can_say_it() {
        assert_eq!(
            legal("a\u{0}b\u{b}\u{ffff}<\n\u{1f600}"),
            "a\u{fffd}b\u{fffd}\u{fffd}<\n\u{1f600}"
        );
    }

    #[test]
    fn a_token_may_be_a_password() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            with_bearer(headers)[header::AUTHORIZATION]
                .to_str()
                .unwrap()
                .to_owned()
        };
        // "me:hgt_a:b", ":", "hgt_a"
        assert_eq!(of("Basic bWU6aGd0X2E6Yg=="), "Bearer hgt_a:b");
        assert_eq!(of("basic Og=="), "Bearer ");
        for other in ["Basic aGd0X2E=", "Basic ?", "Bearer hgt_a", "abc"] {
            assert_eq!(of(other), other);
        }
    }
}

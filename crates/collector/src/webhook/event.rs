//! What is sent: events as CloudEvents 1.0 has them, in the structured mode of HTTP.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::config::PublicUrl;
use crate::question::Date;
use crate::store::VerdictChange;

/// What the body is.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// What changed is what is said of a unit in a version.
pub const CHANGED: &str = "org.heliograph.release-health.changed.v1";
/// Nothing changed: somebody tries the webhook.
pub const TEST: &str = "org.heliograph.webhook.test.v1";

/// An event, ready to be sent any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// The same each time.
    pub(super) id: String,
    /// The same each time.
    pub(super) body: String,
}

#[derive(Serialize)]
struct Envelope<D> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    data: D,
}

/// Counts alone: no id of an installation is in it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed<'a> {
    version: &'a str,
    unit: &'a str,
    from: &'a str,
    to: &'a str,
    /// The last day that was judged.
    last: Date,
    /// Where to ask for more.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// A row of release health.
    numbers: &'a RawValue,
}

#[derive(Serialize)]
struct Nothing {
    message: &'static str,
}

impl Event {
    /// Tells of a change; `source` is what all changes are known by.
    ///
    /// # Errors
    /// When the numbers are damaged.
    pub(super) fn of(
        change: &VerdictChange,
        source: Uuid,
        public: Option<&PublicUrl>,
    ) -> Result<Event, serde_json::Error> {
        let VerdictChange {
            version,
            unit,
            before,
            after,
            numbers,
            ..
        } = change;
        let data = Changed {
            version,
            unit,
            from: before,
            to: after,
            last: Date(change.day),
            url: public.map(|public| url(public, version, unit)),
            numbers: serde_json::from_str(numbers)?,
        };
        let id = change.uuid.to_string();
        let body = serde_json::to_string(&Envelope {
            specversion: "1.0",
            id: id.clone(),
            source: source.urn().to_string(),
            kind: CHANGED,
            subject: Some(format!("{version}/{unit}")),
            time: change.at(),
            datacontenttype: "application/json",
            data,
        })?;
        Ok(Event { id, body })
    }

    /// Tells of nothing.
    ///
    /// # Errors
    /// Never.
    pub(super) fn test(id: String, source: Uuid, time: String) -> Result<Event, serde_json::Error> {
        let body = serde_json::to_string(&Envelope {
            specversion: "1.0",
            id: id.clone(),
            source: source.urn().to_string(),
            kind: TEST,
            subject: None,
            time,
            datacontenttype: "application/json",
            data: Nothing {
                message: "somebody tries this webhook; nothing has changed",
            },
        })?;
        Ok(Event { id, body })
    }
}

/// Where the installations behind a verdict can be asked for.
pub(crate) fn url(public: &PublicUrl, version: &str, unit: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("version", version)
        .append_pair("unit", unit)
        .finish();
    format!("{public}/api/v1/release-health?{query}")
}

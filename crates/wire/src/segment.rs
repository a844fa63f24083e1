//! The messages that leave, in the shape of Segment's HTTP API: `track` calls in one `POST /v1/batch`.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::id::{ClusterId, MessageId, ReporterId};
use crate::time::rfc3339;

/// Path of the endpoint that takes batches.
pub const BATCH_PATH: &str = "/v1/batch";
/// Largest message, in bytes of compact JSON (Segment: 32 KB).
pub const MAX_MESSAGE: usize = 32 * 1024;
/// Largest batch request, in bytes before compression (Segment: 500 KB).
pub const MAX_BATCH: usize = 500 * 1024;
/// Most messages of one batch (Segment: 2,500).
pub const MAX_BATCH_MESSAGES: usize = 2500;

/// Properties of a message, sorted by name.
pub type Properties = Map<String, Value>;

/// A `track` call of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    #[serde(rename = "type")]
    kind: &'static str,
    message_id: String,
    anonymous_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    event: String,
    properties: Properties,
    context: Context,
    timestamp: String,
}

/// What a message says of its sender.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Context {
    library: Library,
    reporter: String,
}

/// Name and version of the program that sends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Library {
    /// `heliograph-signal`
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Who a cluster's messages come from: the same for all of one report.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Sent as `anonymousId`.
    pub cluster: ClusterId,
    /// Sent as `userId`; the customer key, where there is one.
    pub user: Option<String>,
    /// Sent as `context.reporter`.
    pub reporter: ReporterId,
    /// Sent as `context.library`.
    pub library: Library,
}

impl Track {
    /// A message of a cluster's report, collected at `at`.
    pub fn new(sender: &Sender, event: &str, id: &MessageId, properties: Properties, at: Timestamp) -> Track {
        Track::with_id(sender, event, id.to_string(), properties, at)
    }

    /// A message with an id of another kind: random, and kept with it.
    pub fn with_id(sender: &Sender, event: &str, id: String, properties: Properties, at: Timestamp) -> Track {
        Track {
            kind: "track",
            message_id: id,
            anonymous_id: sender.cluster.to_string(),
            user_id: sender.user.clone(),
            event: event.to_owned(),
            properties,
            context: Context {
                library: sender.library,
                reporter: sender.reporter.to_string(),
            },
            timestamp: rfc3339(at),
        }
    }

    /// The message as compact JSON: the very text that is sent.
    pub fn to_json(&self) -> String {
        // Maps with text keys and plain values always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The event's name.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The message's id.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The event's properties.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }
}

/// The body of a `POST /v1/batch` of messages that are compact JSON, before compression. `sent_at` is when it leaves: servers
/// correct the sender's clock by it.
pub fn batch<'a>(messages: impl IntoIterator<Item = &'a str>, sent_at: Timestamp) -> Vec<u8> {
    let mut body = String::from("{\"batch\":[");
    for (index, message) in messages.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(message);
    }
    body.push_str(&format!("],\"sentAt\":\"{}\"}}", rfc3339(sent_at)));
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hour;

    #[test]
    fn a_batch_is_what_segment_specifies() {
        let at: Timestamp = "2026-11-22T11:52:54.5Z".parse().unwrap();
        let cluster: ClusterId = "c".parse().unwrap();
        let id = MessageId::of_report(&cluster, "health", Hour::of(at), 1);
        let sender = Sender {
            cluster,
            user: None,
            reporter: ReporterId::of_secret(b"secret"),
            library: Library {
                name: "n",
                version: "1",
            },
        };
        let track = Track::new(&sender, "health", &id, Properties::new(), at);
        let body: Value = serde_json::from_slice(&batch([track.to_json().as_str()], at)).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "batch": [{
                    "type": "track", "messageId": "c:health:2026-11-22T11Z", "anonymousId": "c", "event": "health",
                    "properties": {}, "timestamp": "2026-11-22T11:52:54.500Z",
                    "context": {"library": {"name": "n", "version": "1"}, "reporter": "2bb80d537b1da3e38bd30361aa855686"},
                }],
                "sentAt": "2026-11-22T11:52:54.500Z",
            })
        );
    }
}

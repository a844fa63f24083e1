//! Messages as a server's SDK sends them, of about 600 bytes.

use serde_json::{Value, json};

/// Shown where a message id stands.
pub(super) const ID: &str = "00000000-0000-4000-8000-000000000001";
/// Shown where a person's id stands.
pub(super) const PERSON: &str = "00000000-0000-4000-8000-000000000002";
/// Shown where the time stands at which something happened.
pub(super) const COLLECTED: &str = "2000-01-01T00:00:00.001Z";
/// Shown where the time of sending stands.
pub(super) const SENT: &str = "2000-01-01T00:00:00.002Z";

const EVENTS: [&str; 5] = [
    "service_deployed",
    "node_added",
    "job_started",
    "package_installed",
    "login",
];
const PAGES: [&str; 4] = [
    "/nodes/[nodeID]",
    "/services/overview",
    "/jobs/[jobID]/run",
    "/catalog/packages",
];
const VERSIONS: [&str; 3] = ["1.8.8", "1.10.2", "2.11.0-beta.3"];

fn message(number: usize) -> Value {
    json!({
        "type": "track",
        "event": EVENTS[number % EVENTS.len()],
        "messageId": ID,
        "anonymousId": PERSON,
        "timestamp": COLLECTED,
        "properties": {
            "page": PAGES[number % PAGES.len()],
            "appVersion": VERSIONS[number % VERSIONS.len()],
            "durationMs": 17 * number % 2311,
            "count": number % 7,
            "ok": !number.is_multiple_of(5),
            "tags": ["cluster", "beta"],
            "source": "ui",
        },
        "context": {
            "library": {"name": "@segment/analytics-node", "version": "3.1.0"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "locale": "en-US",
        },
        "integrations": {},
        "_metadata": {"nodeVersion": "22.11.0", "jsRuntime": "node"},
    })
}

/// The body of a single call.
pub(super) fn single(variant: usize) -> String {
    let mut message = message(variant);
    message["sentAt"] = SENT.into();
    message.to_string()
}

/// The body of a batch.
pub(super) fn batch(variant: usize, messages: usize) -> String {
    let batch: Vec<_> = (0..messages)
        .map(|number| message(variant * messages + number))
        .collect();
    json!({"batch": batch, "sentAt": SENT}).to_string()
}

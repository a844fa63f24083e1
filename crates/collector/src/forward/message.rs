//! A message as it leaves. Pure.
//!
//! What is the sender's (Segment's spec: `messageId`, `type`, `event`, `name`, the ids, `properties`, `traits`, `context`, `integrations`,
//! `timestamp`) leaves as it was kept. What servers say does not leave as the sender's: `receivedAt` is ours.
//!
//! A target corrects the sender's clock by `sentAt`, as we did: `timestamp = receivedAt - (sentAt - originalTimestamp)`. A message that lay
//! with us for an hour would be an hour too late by its old `sentAt`; so that states when it leaves, by the sender's clock: as
//! if the sender itself had sent it now. The target then finds the same `timestamp` as we did.

use heliograph_wire::time::push_rfc3339;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::ingest::members::{Members, push_text};
use crate::ingest::record::Kept;

/// As what a message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guise {
    /// As the sender sent it: for whatever is Segment-compatible.
    Sender,
    /// As a collector keeps it: for another collector, with one of its keys of the kind `peer`, which believes `receivedAt`.
    Peer,
}

impl Guise {
    /// All of them.
    pub const ALL: [Guise; 2] = [Guise::Sender, Guise::Peer];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Guise::Sender => "sender",
            Guise::Peer => "peer",
        }
    }
}

/// The text of a message that leaves now; `None` when what is kept is no message.
pub(super) fn leaving(kept: &Kept<'_>, guise: Guise, now: Timestamp) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(kept.message).ok()?;
    let members = Members::of(raw)?;
    let corrected = match guise {
        Guise::Peer => None,
        // Where the clock was not corrected, or what was said of it was absurd, our time is the best there is.
        Guise::Sender => kept.drift().filter(|_| !kept.is_amended()),
    };
    let original = members.get("originalTimestamp").filter(|_| corrected.is_some());
    let mut text = Vec::with_capacity(kept.message.len() + 64);
    let mut push = |name: &str, value: &[u8]| {
        text.extend_from_slice(if text.is_empty() { b"{" } else { b"," });
        push_text(name, &mut text);
        text.push(b':');
        text.extend_from_slice(value);
    };
    for (name, value) in members.iter() {
        match (guise, name) {
            (Guise::Sender, "receivedAt" | "originalTimestamp" | "sentAt") => {}
            (Guise::Sender, "timestamp") => push(name, original.unwrap_or(value).get().as_bytes()),
            _ => push(name, value.get().as_bytes()),
        }
    }
    if let (Some(drift), Some(_)) = (corrected, original)
        && let Ok(sent) = now.checked_sub(drift)
    {
        let mut time = vec![b'"'];
        push_rfc3339(sent, &mut time);
        time.push(b'"');
        push("sentAt", &time);
    }
    if let Some(integrations) = kept.integrations() {
        push("integrations", integrations.get().as_bytes());
    }
    text.push(b'}');
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const MESSAGE: &str = r#"{"type":"track","messageId":"m","userId":"u","event":"e","properties":{"n":1.0,"big":12345678901234567890123},"context":{"a":{"b":[1]}},"originalTimestamp":"2026-11-22T10:00:00Z","sentAt":"2026-11-22T10:00:01Z","timestamp":"2026-11-22T11:00:00Z","receivedAt":"2026-11-22T11:00:01Z"}"#;

    fn sent(remarks: &str, guise: Guise) -> Value {
        let line = format!("{remarks}\t{MESSAGE}");
        let now = "2026-11-22T15:00:01Z".parse().unwrap();
        let text = leaving(&Kept::of(&line).unwrap(), guise, now).unwrap();
        // Numbers leave as they were written.
        assert!(
            text.contains("1.0") && text.contains("12345678901234567890123"),
            "{text}"
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_target_finds_the_same_time_as_we_did() {
        // The sender's clock is an hour behind, and the message lay here for four.
        let message = sent(
            r#"{"key":1,"drift":3600000,"integrations":{"All":true}}"#,
            Guise::Sender,
        );
        assert_eq!(message["timestamp"], "2026-11-22T10:00:00Z");
        assert_eq!(message["sentAt"], "2026-11-22T14:00:01.000Z");
        assert_eq!(message["integrations"], json!({"All": true}));
        for name in ["receivedAt", "originalTimestamp"] {
            assert_eq!(message.get(name), None);
        }
        // Not corrected here: what we took it for, and nothing to correct it by.
        for remarks in [r#"{"key":1}"#, r#"{"key":1,"drift":3600000,"absurd":true}"#] {
            let message = sent(remarks, Guise::Sender);
            assert_eq!(message["timestamp"], "2026-11-22T11:00:00Z");
            assert_eq!(message.get("sentAt"), None);
        }
    }

    #[test]
    fn a_collector_is_told_all() {
        let message = sent(r#"{"key":1,"drift":3600000,"integrations":{"x":1}}"#, Guise::Peer);
        let mut expected: Value = serde_json::from_str(MESSAGE).unwrap();
        expected["integrations"] = json!({"x": 1});
        assert_eq!(message, expected);
    }
}

//! The slot of a cluster's report: cluster, event, hour of collection, part. One report counts in it, whoever sends how many.

use std::str::FromStr;

use heliograph_wire::id::{ClusterId, Hour, MessageId, ReporterId};
use serde_json::Value;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::mention;
use crate::ingest::{names, text};

/// A slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// Whose report.
    pub cluster: ClusterId,
    /// Which of its events.
    pub event: String,
    /// The hour of collection, as the message's id says; never a corrected time.
    pub hour: Hour,
    /// Which part of a report that had to be split, from 1.
    pub part: u32,
}

/// A report: what claims a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where it belongs.
    pub slot: Slot,
    /// Who sent it; a sender that does not say counts as one reporter.
    pub reporter: Option<ReporterId>,
    /// What it says.
    pub digest: PropertiesDigest,
    /// How large it says that the cluster is.
    pub nodes: Option<i64>,
}

/// Tells reports of different content apart: 64 bits of hash (XXH3) of the properties, whatever their order and
/// spelling. It guards nothing: a reporter that makes two reports of one hash hides a difference from itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertiesDigest(pub i64);

/// The slot that a message names, if its id has a report's form and says of cluster and event what the message says.
pub fn named_by(message_id: &str, anonymous_id: &str, event: &str) -> Option<Slot> {
    let id: MessageId = message_id.parse().ok()?;
    let cluster = ClusterId::from_str(anonymous_id).ok()?;
    (id.is_of(&cluster) && id.event() == event).then(|| Slot {
        cluster,
        hour: id.hour(),
        part: id.part(),
        event: id.into_event(),
    })
}

/// The slot of a message that is kept as this text, and who reported; `None` where it is no report.
pub fn of_kept(message: &str) -> Option<(Slot, Option<ReporterId>)> {
    let raw: &RawValue = serde_json::from_str(message).ok()?;
    let fields = Fields::of(raw)?;
    if text::string(fields.kind?)? != "track" {
        return None;
    }
    let (id, cluster) = (text::id(fields.message_id?)?, text::id(fields.anonymous_id?)?);
    let slot = named_by(&id, &cluster, &text::string(fields.event?)?)?;
    let reporter = fields.context.members().and_then(mention::reporter);
    Some((slot, reporter))
}

impl PropertiesDigest {
    /// The digest of a message's properties; absent ones are as good as none.
    pub fn of(properties: &Members<'_>) -> PropertiesDigest {
        let mut canonical = Vec::with_capacity(2 * properties.size());
        canonical.push(b'{');
        for (name, raw) in properties.iter() {
            feed_text(&mut canonical, name);
            feed_raw(&mut canonical, raw);
        }
        canonical.push(b'}');
        PropertiesDigest(xxh3_64(&canonical).cast_signed())
    }
}

/// As [`feed`], without a tree for what has no members.
fn feed_raw(canonical: &mut Vec<u8>, raw: &RawValue) {
    let json = raw.get();
    // What fits into an `i64` for certain, and is written in one way only.
    if json.len() < 19 && json.bytes().all(|byte| byte.is_ascii_digit()) {
        feed_number(canonical, json);
        return;
    }
    if let Some(names) = names::plainly(json) {
        canonical.push(b'[');
        for name in names {
            canonical.push(b'{');
            feed_text(canonical, "name");
            feed_text(canonical, name);
            canonical.push(b'}');
        }
        canonical.push(b']');
        return;
    }
    match text::string(raw) {
        Some(text) => feed_text(canonical, &text),
        None => feed(canonical, &serde_json::from_str(json).unwrap_or_default()),
    }
}

/// Appends a value such that equal values append equal bytes: members sorted by name (a `Map` is), `8.0` as `8`.
fn feed(canonical: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => canonical.push(b'n'),
        Value::Bool(yes) => canonical.push(if *yes { b't' } else { b'f' }),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), _, _) => feed_number(canonical, &integer.to_string()),
            (_, Some(integer), _) => feed_number(canonical, &integer.to_string()),
            // Shown without exponent and without a fraction of zero.
            (_, _, float) => feed_number(canonical, &float.unwrap_or_default().to_string()),
        },
        Value::String(text) => feed_text(canonical, text),
        Value::Array(items) => {
            canonical.push(b'[');
            items.iter().for_each(|item| feed(canonical, item));
            canonical.push(b']');
        }
        Value::Object(members) => {
            canonical.push(b'{');
            for (name, member) in members {
                feed_text(canonical, name);
                feed(canonical, member);
            }
            canonical.push(b'}');
        }
    }
}

fn feed_number(canonical: &mut Vec<u8>, digits: &str) {
    canonical.push(b'#');
    canonical.extend_from_slice(digits.as_bytes());
    canonical.push(b';');
}

fn feed_text(canonical: &mut Vec<u8>, text: &str) {
    let mut head = [b'"'; 9];
    head[1..].copy_from_slice(&text.len().to_be_bytes());
    canonical.extend_from_slice(&head);
    canonical.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(json: &str) -> PropertiesDigest {
        PropertiesDigest::of(&Members::of(serde_json::from_str(json).unwrap()).unwrap())
    }

    #[test]
    fn equal_content_has_an_equal_digest() {
        assert_eq!(
            digest(r#"{"a": 8, "b": [1.50, "x"]}"#),
            digest(r#"{"b":[1.5,"\u0078"],"a":8.0}"#)
        );
        // A list of names however it is written.
        let plain = digest(r#"{"l":[{"name":"a"},{"name":"b c"}]}"#);
        assert_eq!(plain, digest(r#"{"l": [{"name": "a"}, {"name": "b\u0020c"}]}"#));
        assert_ne!(plain, digest(r#"{"l":[{"name":"b c"},{"name":"a"}]}"#));
        for other in [
            r#"{"a":9,"b":[1.5,"x"]}"#,
            r#"{"a":"8","b":[1.5,"x"]}"#,
            r#"{"a":8,"b":["x",1.5]}"#,
            "{}",
        ] {
            assert_ne!(digest(r#"{"a":8,"b":[1.5,"x"]}"#), digest(other), "{other}");
        }
        assert_eq!(PropertiesDigest::of(&Members::default()), digest("{}"));
    }

    #[test]
    fn a_slot_is_named_by_message_id_cluster_and_event_together() {
        let named = |id, cluster, event| named_by(id, cluster, event).is_some();
        assert!(named("c:health:2026-11-22T11Z", "c", "health"));
        assert!(named("c:health:2026-11-22T11Z:2", "c", "health"));
        assert!(!named("c:health:2026-11-22T11Z", "d", "health"));
        assert!(!named("c:health:2026-11-22T11Z", "c", "mesos_track"));
        assert!(!named("node-next-1-a", "c", "health"));
        assert!(!named("c:health:2026-11-22T11Z", "", "health"));
    }
}

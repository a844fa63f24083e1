//! A request, checked: the records of the messages that may be taken, and the outcomes of those that may not.

use heliograph_wire::segment::MAX_BATCH;
use jiff::{SignedDuration, Timestamp};

use crate::entropy::{Entropy, NoEntropy};
use crate::ingest::envelope::Envelope;
use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::message::{self, Checked, Common, Refusal};
use crate::ingest::moment::{self, Trust};
use crate::ingest::outcome::{Outcome, Rejection};
use crate::ingest::planned::Planned;
use crate::ingest::record::Times;
use crate::ingest::sample::Sample;
use crate::ingest::subject::SubjectKey;
use crate::ingest::tally::Tally;
use crate::ingest::text;
use crate::key::Key;

/// Largest request, in bytes when inflated: 500 KB of batch and some of envelope.
pub const MAX_REQUEST: usize = MAX_BATCH + 20 * 1024;
/// Largest sum of a request's records, in bytes. A batch's context is laid under every one of its messages, so a small request
/// could ask for gigabytes.
pub const MAX_RECORDS: usize = 8 * MAX_REQUEST;

/// Bytes by which a record is mostly longer than the message that it is made of: times, and what is known of it.
const RECORD_MORE: usize = 128;
/// Most refused messages of one request that are looked into for what is to be remembered of them.
const MAX_SAMPLES: usize = 4;

/// What is asked of the store.
#[derive(Debug)]
pub struct Request {
    /// The key that it came with.
    pub key: Key,
    /// When it arrived.
    pub received: Timestamp,
    /// The records of all messages that may be taken, one after the other.
    pub records: Vec<u8>,
    /// These messages.
    pub messages: Vec<Checked>,
    /// The outcomes that are known already.
    pub decided: Tally,
    /// Whether it counts towards the quota of its key.
    pub metered: bool,
    /// The first of the messages that are refused.
    pub samples: Vec<Sample>,
    /// How far the sender's clock is behind ours, by the first message that tells.
    pub drift: Option<SignedDuration>,
}

/// What a request is checked by.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The key that it came with.
    pub key: Key,
    /// When it arrived.
    pub now: Timestamp,
    /// Whose clock is believed.
    pub trust: Trust,
    /// Largest message, in bytes.
    pub max_message: usize,
    /// Where ids come from for messages that have none.
    pub entropy: &'a dyn Entropy,
    /// What hashes them for what is remembered of a message that is refused.
    pub hashing: &'a SubjectKey,
    /// What may be collected.
    pub plan: &'a Planned<'static>,
    /// What hashes whom messages are about, where anybody is suppressed. Where nobody is, the writer makes sure of that.
    pub subjects: Option<&'a SubjectKey>,
}

/// A request that is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Its messages are too large together with the context that they share.
    #[error("the messages are larger than {MAX_RECORDS} bytes with the batch's context in each of them")]
    TooLarge,
    /// No id could be made for a message without one.
    #[error("no id could be made for a message")]
    NoEntropy(#[source] NoEntropy),
}

impl Request {
    /// Checks all messages of a request.
    ///
    /// # Errors
    /// When the request can't be taken as a whole; a message at fault is not an error but an outcome.
    pub fn check(envelope: &Envelope<'_>, terms: Terms<'_>) -> Result<Request, RequestError> {
        let Terms { key, now, .. } = terms;
        let sent_at = envelope.sent_at.and_then(text::string);
        let sent_at = sent_at.and_then(|text| moment::parse(&text));
        let common = Common {
            key,
            now,
            trust: terms.trust,
            max_message: terms.max_message,
            subjects: terms.subjects,
            hashing: terms.hashing,
            plan: terms.plan,
            kind: envelope.kind,
            sent_at,
            times: Times::of(sent_at, now),
            source: envelope.text,
            context: envelope.context.members().cloned().map(Members::without_address),
            integrations: envelope.integrations.members().cloned(),
        };
        // As many bytes as it mostly takes, since growing copies what is there.
        let shared = common.context.as_ref().map_or(0, Members::size);
        let room = envelope.text.len() + (RECORD_MORE + shared) * envelope.batch.len();
        let mut request = Request {
            key,
            received: now,
            records: Vec::with_capacity(room.min(MAX_RECORDS)),
            messages: Vec::with_capacity(envelope.batch.len()),
            decided: Tally::default(),
            metered: true,
            samples: Vec::new(),
            drift: None,
        };
        let nothing = Fields::default();
        for fields in &envelope.batch {
            let checked = match fields {
                Some(fields) => message::check(fields, &common, terms.entropy, &mut request.records),
                None => Err(Rejection::NotAnObject.into()),
            };
            match checked {
                Ok(checked) => {
                    request.drift = request.drift.or(checked.drift);
                    request.messages.push(checked);
                }
                Err(Refusal::Rejected(rejection)) => {
                    request.decided.count(Outcome::Rejected(rejection));
                    if request.samples.len() < MAX_SAMPLES {
                        let fields = fields.as_ref().unwrap_or(&nothing);
                        let sample = Sample::of_refused(fields, rejection, &common);
                        request.samples.push(sample);
                    }
                }
                Err(Refusal::NoEntropy(error)) => return Err(RequestError::NoEntropy(error)),
            }
            if request.records.len() > MAX_RECORDS {
                return Err(RequestError::TooLarge);
            }
        }
        Ok(request)
    }

    /// A request of so many messages of which none is looked into, since the same becomes of all of them.
    pub fn decided(key: Key, now: Timestamp, outcome: Outcome, messages: usize) -> Request {
        let mut decided = Tally::default();
        for _ in 0..messages {
            decided.count(outcome);
        }
        Request {
            key,
            received: now,
            records: Vec::new(),
            messages: Vec::new(),
            decided,
            metered: true,
            samples: Vec::new(),
            drift: None,
        }
    }

    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        let shares: usize = self
            .messages
            .iter()
            .map(|message| message.share.delta.size())
            .sum();
        self.records.capacity() + self.messages.capacity() * size_of::<Checked>() + shares
    }

    /// The record of one of its messages.
    pub fn record(&self, message: &Checked) -> &[u8] {
        self.records.get(message.record.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::{Basis, Share};
    use crate::entropy::SystemEntropy;
    use crate::ingest::clean::clean;
    use crate::ingest::inflate::inflate;
    use crate::ingest::planned::{Declared, Unplanned};
    use crate::ingest::record::Kept;
    use crate::key::KeyKind;
    use heliograph_wire::plan::Plan;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The plan, with an event `c` of the vendor's.
    fn planned() -> Planned<'static> {
        let property = |name: &str, kind: &str| {
            let text = format!(
                "name = \"{name}\"\ntype = \"{kind}\"\ndescription = \".\"\nsource = \".\"\npresence = \"when-set\"\nsensitivity = \"operational\"\nsince = \"\"",
            );
            toml::from_str(&text).unwrap()
        };
        let kinds = [("x", "string"), ("name", "integer"), ("ip", "boolean")];
        let declared = Declared {
            name: "c".to_owned(),
            keys: vec![KeyKind::Cluster, KeyKind::Ui],
            properties: kinds.map(|(name, kind)| property(name, kind)).into(),
            breakdown: kinds.map(|(name, _)| name.to_owned()).into(),
        };
        Planned::of(Plan::built_in(), Unplanned::Keep).with(Plan::built_in(), vec![declared])
    }

    fn check(text: &str, kind: KeyKind) -> Option<Request> {
        let envelope = Envelope::parse(text).ok()?;
        let id = crate::key::KeyId(1);
        let now = "2026-11-22T11:00:00Z".parse().unwrap();
        let request = Request::check(
            &envelope,
            Terms {
                key: Key { id, kind },
                now,
                trust: Trust::of(kind),
                max_message: heliograph_wire::segment::MAX_MESSAGE,
                entropy: &SystemEntropy,
                hashing: &SubjectKey::of(b"k"),
                plan: &planned(),
                subjects: Some(&SubjectKey::of(b"k")),
            },
        )
        .ok()?;
        let decided: u64 = request.decided.iter().map(|(_, count)| count).sum();
        let taken = u64::try_from(request.messages.len()).unwrap();
        assert_eq!(u64::try_from(envelope.batch.len()).unwrap(), decided + taken);
        Some(request)
    }

    fn lines(request: &Request) -> Vec<Value> {
        let text = std::str::from_utf8(&request.records).unwrap();
        assert_eq!(text.lines().count(), request.messages.len());
        text.lines()
            .map(|line| serde_json::from_str(Kept::of(line).unwrap().message).unwrap())
            .collect()
    }

    /// JSON that looks like messages in places.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            prop::sample::select(vec![
                "track",
                "page",
                "identify",
                "ui_error",
                "/nodes/10.0.0.1",
                "a@b.example",
                "9f86d081884c7d659a2feaa0c55ad015",
                "group",
                "alias",
                "health",
                "c",
                "c:health:2026-11-22T11Z",
                "2026-11-22T11:00:00+0000",
            ])
            .prop_map(Value::from),
        ];
        let name = prop::sample::select(vec![
            "type",
            "event",
            "userId",
            "anonymousId",
            "groupId",
            "previousId",
            "messageId",
            "name",
            "properties",
            "traits",
            "context",
            "integrations",
            "timestamp",
            "originalTimestamp",
            "sentAt",
            "receivedAt",
            "ip",
            "reporter",
            "x",
            "clusterId",
            "route",
            "kind",
            "environmentVersion",
            "url",
            "library",
        ]);
        leaf.prop_recursive(4, 48, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..8).prop_map(|members| members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()),
            ]
        })
    }

    #[test]
    fn the_record_says_how_a_message_differs_from_the_plan() {
        let text =
            r#"{"batch": [{"type": "track", "event": "a\tb", "userId": "u", "properties": {"x": 1}}]}"#;
        let request = check(text, KeyKind::Cluster).unwrap();
        let record = String::from_utf8(request.records).unwrap();
        let remarks: Value = serde_json::from_str(record.split('\t').next().unwrap()).unwrap();
        assert_eq!(remarks["violations"], json!(["Unplanned-Event a\tb"]));
        let other = check(text, KeyKind::Server).unwrap();
        assert!(!String::from_utf8(other.records).unwrap().contains("violations"));
    }

    #[test]
    fn what_the_vendor_declares_is_counted_by_value_and_where_it_belongs() {
        let long = "é".repeat(200);
        let said = |kind, properties: Value| {
            let message = json!({
                "type": "track", "event": "c", "anonymousId": "a", "messageId": "m", "properties": properties,
            });
            let request = check(&json!({"batch": [message]}).to_string(), kind).unwrap();
            let record = String::from_utf8(request.records).unwrap();
            let kept = Kept::of(record.trim_end()).unwrap();
            let message = &request.messages[0];
            let speaks = kind.speaks_for_clusters();
            let share = Share::of_kept(kept.message, speaks, &kept.basis());
            assert_eq!(share.as_ref(), Some(&message.share));
            let mut names = Vec::new();
            let numbered: Result<_, std::convert::Infallible> = message.share.delta.numbered(0, |name| {
                names.push(name.replace('\u{1f}', "/"));
                Ok(0)
            });
            let Ok(_) = numbered;
            names.remove(0);
            (names, message.share.to.cluster.is_some(), kept.basis())
        };
        let all = json!({"clusterId": "a", "x": " good ", "name": 3.0, "ip": true});
        let (values, attributed, basis) = said(KeyKind::Cluster, all.clone());
        assert_eq!(values, ["c/x/good", "c/name/3", "c/ip/true"]);
        assert!(attributed && basis.declared);
        assert_eq!(basis.breakdown, ["x", "name", "ip"]);
        // Whoever does not speak for clusters counts under none.
        let (values, attributed, basis) = said(KeyKind::Ui, all.clone());
        assert_eq!((values.len(), attributed, basis.declared), (3, false, false));
        // Nor what a relay passes on of a browser; nor what comes with another key than was declared, which is not counted by value.
        let (values, attributed, basis) = said(KeyKind::Cluster, json!({"x": "1"}));
        assert_eq!((values.len(), attributed, basis.declared), (1, false, false));
        let (values, _, basis) = said(KeyKind::Server, all);
        assert_eq!((values.len(), basis), (0, Basis::default()));
        // Of another type is of no value.
        let other = json!({"clusterId": "b", "x": 1, "name": 1.5, "ip": "true"});
        let (values, attributed, basis) = said(KeyKind::Peer, other);
        assert_eq!((values.len(), attributed, basis), (0, false, Basis::default()));
        let (values, ..) = said(KeyKind::Peer, json!({"x": long, "name": null}));
        assert_eq!(values, [format!("c/x/{}", "é".repeat(60))]);
        let (values, ..) = said(KeyKind::Peer, json!({"x": "  "}));
        assert!(values.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), gzip in any::<bool>()) {
            let bytes = if gzip { [&[0x1f, 0x8b][..], &bytes].concat() } else { bytes };
            if let Ok(inflated) = inflate(&bytes, 1000) {
                let _ = check(&clean(&inflated), KeyKind::Server);
            }
        }

        #[test]
        fn every_message_has_one_outcome_and_every_record_reads_back(
            messages in prop::collection::vec(value(), 0..6),
            shared in value(),
            pretty in any::<bool>(),
        ) {
            let mut messages = messages;
            for message in &mut messages {
                // Most would fail for that alone.
                if let Some(members) = message.as_object_mut() {
                    members.entry("type").or_insert(json!("page"));
                    members.entry("userId").or_insert(json!("u"));
                }
            }
            let body = json!({"batch": messages, "context": shared, "integrations": shared, "sentAt": shared});
            let text = if pretty { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() };
            for kind in KeyKind::ALL {
                let request = check(&text, kind).unwrap();
                for (line, message) in request.records.split(|byte| *byte == b'\n').zip(&request.messages) {
                    let kept = Kept::of(std::str::from_utf8(line).unwrap()).unwrap();
                    // What is taken away when it is deleted is what it added.
                    let share = Share::of_kept(kept.message, kind.speaks_for_clusters(), &kept.basis());
                    prop_assert_eq!(share.as_ref(), Some(&message.share));
                }
                for message in lines(&request) {
                    prop_assert!(message["messageId"].is_string() && message["receivedAt"].is_string());
                    prop_assert!(message["context"].get("ip").is_none());
                }
            }
        }
    }
}

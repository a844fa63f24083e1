//! What the collector makes of what arrives: bodies, pixels, times.

use std::sync::LazyLock;

use heliograph_collector::delta::Share;
use heliograph_collector::entropy::{Entropy, NoEntropy};
use heliograph_collector::ingest::clean::clean;
use heliograph_collector::ingest::envelope::Envelope;
use heliograph_collector::ingest::inflate::inflate;
use heliograph_collector::ingest::message::KINDS;
use heliograph_collector::ingest::moment::{self, Claims, EARLIEST, MAX_AHEAD, Moment, Trust};
use heliograph_collector::ingest::pixel as query;
use heliograph_collector::ingest::planned::{Declared, Planned, Unplanned};
use heliograph_collector::ingest::record::Kept;
use heliograph_collector::ingest::request::{MAX_RECORDS, MAX_REQUEST, Request, Terms};
use heliograph_collector::ingest::subject::SubjectKey;
use heliograph_collector::key::{Key, KeyId, KeyKind};
use heliograph_wire::plan::Plan;
use heliograph_wire::segment::MAX_MESSAGE;
use heliograph_wire::time::rfc3339;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

static PLANS: LazyLock<[Planned<'static>; 3]> = LazyLock::new(|| {
    let plan = Plan::built_in();
    Unplanned::ALL.map(|unplanned| Planned::of(plan, unplanned).with(plan, vec![declared()]))
});
static SUBJECTS: LazyLock<SubjectKey> = LazyLock::new(|| SubjectKey::of(b"subjects"));

/// An event of the vendor's, which may come with any key.
fn declared() -> Declared {
    let property = |name: &str, kind: &str| {
        let property = json!({
            "name": name, "type": kind, "description": "", "source": "", "presence": "when-set", "sensitivity": "operational", "since": "",
        });
        serde_json::from_value(property).unwrap()
    };
    let kinds = [("x", "string"), ("n", "integer"), ("b", "boolean")];
    Declared {
        name: "x".to_owned(),
        keys: vec![KeyKind::Cluster, KeyKind::Server, KeyKind::Ui],
        properties: kinds.map(|(name, kind)| property(name, kind)).into(),
        breakdown: kinds.map(|(name, _)| name.to_owned()).into(),
    }
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        buffer.fill(0);
        Ok(())
    }
}

/// From the bytes of a body to what is asked of the store, with keys of all kinds. The first byte chooses the kind of the key and
/// what becomes of what the plan does not list, the second one the call. No panic; every message has one outcome; what is kept
/// reads back as one line of JSON each, in Segment's shape, without an address and without NUL, and as what it added.
pub fn decoder(data: &[u8]) {
    let [who, call, body @ ..] = data else { return };
    let Ok(inflated) = inflate(body, MAX_REQUEST) else { return };
    let text = clean(&inflated);
    // But for a BOM that only NULs stood before: no JSON either way.
    assert!(text.starts_with('\u{feff}') || clean(text.as_bytes()) == text, "what is clean stays as it is");
    let kind = KeyKind::ALL[usize::from(who % 4)];
    let plan = &PLANS[usize::from(who / 4 % 3)];
    let (envelope, trust) = match call % 8 {
        0 => (Envelope::parse(&text), Trust::of(kind)),
        1 => (Envelope::parse(&text), Trust::Stated),
        single => (Envelope::single(&text, KINDS[usize::from(single) - 2]), Trust::of(kind)),
    };
    let Ok(envelope) = envelope else { return };
    let _ = envelope.stated_key();
    check(&envelope, kind, trust, plan);
}

/// The query of a pixel: no panic, and what it says is checked like any call.
pub fn pixel(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let Ok(event) = query::decode(&query) else { return };
    let text = clean(&event);
    for kind in KINDS {
        let Ok(envelope) = Envelope::single(&text, kind) else { return };
        let _ = envelope.stated_key();
        check(&envelope, KeyKind::Ui, Trust::Corrected, &PLANS[0]);
    }
}

/// The reader of times, and what is settled from up to four of them: no panic; what is read is written such that it reads back to
/// the millisecond; nothing is settled where no message can have happened, and only a peer says when something arrived.
pub fn moment(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut times = text.split('\n').map(moment::parse);
    for time in times.clone().flatten() {
        let read = moment::parse(&rfc3339(time)).unwrap_or_else(|| panic!("can't read back {time}"));
        assert!(read.duration_since(time).abs() < SignedDuration::from_millis(1), "{read} of {time}");
    }
    let mut next = || times.next().flatten();
    let claims = Claims { timestamp: next(), original: next(), sent: next(), received: next() };
    for now in [EARLIEST, Timestamp::constant(1_800_000_000, 0), Timestamp::MAX] {
        for trust in [Trust::Corrected, Trust::Peer, Trust::Stated] {
            let settled = Moment::settle(claims, now, trust);
            assert!(settled.timestamp.duration_since(settled.received) <= MAX_AHEAD);
            assert!(settled.timestamp >= EARLIEST || settled.timestamp == settled.received);
            assert!(settled.received == now || trust == Trust::Peer);
        }
    }
}

fn check(envelope: &Envelope<'_>, kind: KeyKind, trust: Trust, plan: &Planned<'static>) {
    let now = Timestamp::UNIX_EPOCH;
    let key = Key { id: KeyId(1), kind };
    let (max_message, subjects) = (MAX_MESSAGE, Some(&*SUBJECTS));
    let terms = Terms { key, now, trust, max_message, entropy: &Zeros, hashing: &SUBJECTS, plan, subjects };
    let Ok(request) = Request::check(envelope, terms) else { return };
    let decided: u64 = request.decided.iter().map(|(_, count)| count).sum();
    assert_eq!(envelope.batch.len(), request.messages.len() + usize::try_from(decided).unwrap());
    assert!(request.records.len() <= MAX_RECORDS);
    let records = std::str::from_utf8(&request.records).unwrap();
    assert_eq!(records.lines().count(), request.messages.len());
    for (line, checked) in records.lines().zip(&request.messages) {
        assert_eq!(request.record(checked), format!("{line}\n").as_bytes());
        let kept = Kept::of(line).unwrap();
        assert!(kept.counts());
        // What is taken away when it is deleted is what it added.
        let share = Share::of_kept(kept.message, kind.speaks_for_clusters(), &kept.basis());
        assert_eq!(share.as_ref(), Some(&checked.share));
        let message: Value = serde_json::from_str(kept.message).unwrap();
        assert!(KINDS.iter().any(|kind| message["type"] == **kind));
        assert!(message["messageId"].is_string() && message["context"].get("ip").is_none());
        assert!(!has_nul(&message));
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

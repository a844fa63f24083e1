//! The form in which a message is kept: one line of two JSON objects with a tab between them.
//!
//! The first says what the collector knows of the message (its key, the sender's drift in milliseconds, what was done to it); the
//! second is the message in Segment's shape, which is printed and exported as it stands. In compact JSON neither a tab nor a line
//! feed can occur, so both may separate.

use std::borrow::Cow;

use heliograph_wire::time::push_rfc3339;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::delta::{Basis, Manner, RULES};
use crate::ingest::compact::TooDeep;
use crate::ingest::members::{Members, push_text};
use crate::ingest::moment::Moment;
use crate::ingest::violation::Violations;
use crate::key::KeyId;

/// Levels of nesting that a message may have, itself included.
pub const MAX_DEPTH: usize = 64;
const SEPARATOR: u8 = b'\t';
const END: u8 = b'\n';

/// A message that is ready to be kept.
#[derive(Debug)]
pub struct Content<'a> {
    /// `type`
    pub kind: &'static str,
    /// `messageId`
    pub message_id: &'a str,
    /// The other texts, by name, in the order in which they are written.
    pub texts: [(&'static str, Option<Cow<'a, str>>); 6],
    /// `properties` and `traits`, where they are objects.
    pub objects: [(&'static str, Option<&'a Members<'a>>); 2],
    /// `context`, merged.
    pub context: Cow<'a, Members<'a>>,
    /// `integrations`, merged.
    pub integrations: Cow<'a, Members<'a>>,
    /// The times.
    pub moment: Moment,
    /// Those that many messages share, written.
    pub times: &'a Times,
    /// What it was read from.
    pub source: &'a str,
    /// The key that it came with.
    pub key: KeyId,
    /// How it differs from the plan.
    pub violations: &'a Violations,
    /// Whether it counts as an event of its cluster, since the vendor declares it; see [`Basis`].
    pub declared: bool,
    /// The properties of which it counts what they say, see [`Basis`].
    pub breakdown: &'a [&'a str],
}

/// The times that the messages of a request have in common, written once.
#[derive(Debug, Default)]
pub struct Times([Option<(Timestamp, Vec<u8>)>; 2]);

impl Times {
    /// When a request left, and when it arrived.
    pub fn of(sent: Option<Timestamp>, received: Timestamp) -> Times {
        Times([sent, Some(received)].map(|time| {
            let time = time?;
            let mut text = Vec::new();
            push_rfc3339(time, &mut text);
            Some((time, text))
        }))
    }

    /// Appends a time as a JSON string.
    fn push(&self, time: Timestamp, out: &mut Vec<u8>) {
        let written = self.0.iter().flatten().find(|(known, _)| *known == time);
        out.push(b'"');
        match written {
            Some((_, text)) => out.extend_from_slice(text),
            None => push_rfc3339(time, out),
        }
        out.push(b'"');
    }
}

impl Content<'_> {
    /// Appends the record.
    ///
    /// # Errors
    /// When the message is nested too deeply; what was appended by then must be cut off.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        self.write_remarks(out)?;
        out.push(SEPARATOR);
        self.write_message(out)?;
        out.push(END);
        Ok(())
    }

    fn write_remarks(&self, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        out.extend_from_slice(b"{\"key\":");
        push_number(self.key.0, out);
        out.extend_from_slice(b",\"rules\":");
        push_number(i64::from(RULES), out);
        if let Some(drift) = self.moment.drift {
            out.extend_from_slice(b",\"drift\":");
            push_number(i64::try_from(drift.as_millis()).unwrap_or(i64::MAX), out);
        }
        if let Some(amended) = self.moment.amended {
            out.extend_from_slice(format!(",\"{}\":true", amended.name()).as_bytes());
        }
        for (index, (violation, name)) in self.violations.named().enumerate() {
            let start: &[u8] = if index == 0 { b",\"violations\":[" } else { b"," };
            out.extend_from_slice(start);
            push_text(&format!("{} {name}", violation.name()), out);
        }
        if !self.violations.is_empty() {
            out.push(b']');
        }
        if self.declared {
            out.extend_from_slice(b",\"declared\":true");
        }
        for (index, name) in self.breakdown.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b",\"breakdown\":[" } else { b"," });
            push_text(name, out);
        }
        if !self.breakdown.is_empty() {
            out.push(b']');
        }
        if !self.integrations.is_empty() {
            out.extend_from_slice(b",\"integrations\":");
            self.integrations.write(MAX_DEPTH - 1, self.source, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn write_message(&self, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(self.kind.as_bytes());
        out.extend_from_slice(b"\",\"messageId\":");
        push_text(self.message_id, out);
        for (name, text) in &self.texts {
            if let Some(text) = text {
                push_name(name, out);
                push_text(text, out);
            }
        }
        for (name, object) in &self.objects {
            if let Some(object) = object {
                push_name(name, out);
                object.write(MAX_DEPTH - 1, self.source, out)?;
            }
        }
        if !self.context.is_empty() {
            push_name("context", out);
            self.context.write(MAX_DEPTH - 1, self.source, out)?;
        }
        let moment = &self.moment;
        for (name, time) in [
            ("originalTimestamp", moment.original),
            ("sentAt", moment.sent),
            ("timestamp", Some(moment.timestamp)),
            ("receivedAt", Some(moment.received)),
        ] {
            if let Some(time) = time {
                push_name(name, out);
                self.times.push(time, out);
            }
        }
        out.push(b'}');
        Ok(())
    }
}

fn push_name(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn push_number(number: i64, out: &mut Vec<u8>) {
    // To memory that cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// The remark that a record does not count. Where it stands, it stands first.
const UNCOUNTED: &str = "\"counts\":false,";

/// The remark that it counts with another name in place of its own, see [`Manner::folded`]. It stands behind [`UNCOUNTED`] wherever
/// that stands, so that to take away the one or both is enough when the record is to count, and says in which manner it does.
const FOLDED: &str = "\"folded\":true,";
/// The remark that it counts apart from its cluster, see [`Manner::apart`].
const APART: &str = "\"apart\":true,";

/// Appends a record with the remark that it does not count: another report does, in its slot.
pub fn push_uncounted(record: &[u8], out: &mut Vec<u8>) {
    push_remarked(&[UNCOUNTED, FOLDED], record, out);
}

/// Appends a record with the remark in which manner it counts.
pub fn push_counted(record: &[u8], manner: Manner, out: &mut Vec<u8>) {
    let remarks = [(manner.folded, FOLDED), (manner.apart, APART)];
    let remarks = remarks.map(|(holds, remark)| if holds { remark } else { "" });
    push_remarked(&remarks, record, out);
}

/// How many bytes of a record that does not count are taken away behind its first one, so that it counts in whole, or folded.
pub fn remarks_to_cut(record: &[u8], folded: bool) -> usize {
    let remarks = record.strip_prefix(b"{").unwrap_or_default();
    let without = remarks.strip_prefix(UNCOUNTED.as_bytes()).unwrap_or(remarks);
    let without = match without.strip_prefix(FOLDED.as_bytes()) {
        Some(whole) if !folded => whole,
        _ => without,
    };
    remarks.len() - without.len()
}

fn push_remarked(remarks: &[&str], record: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    for remark in remarks {
        out.extend_from_slice(remark.as_bytes());
    }
    out.extend_from_slice(record.strip_prefix(b"{").unwrap_or(record));
}

/// A record as it is read back.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    remarks: &'a str,
    /// The message, in Segment's shape.
    pub message: &'a str,
}

#[derive(Deserialize)]
struct Remarks {
    #[serde(default = "yes")]
    counts: bool,
    #[serde(default)]
    folded: bool,
    #[serde(default)]
    apart: bool,
    key: i64,
}

#[derive(Deserialize)]
struct BasisOnly {
    #[serde(default = "first")]
    rules: u8,
    #[serde(default)]
    declared: bool,
    #[serde(default)]
    breakdown: Vec<String>,
}

#[derive(Default, Deserialize)]
struct SentBy<'a> {
    #[serde(default)]
    drift: Option<i64>,
    #[serde(default)]
    clamped: bool,
    #[serde(default)]
    absurd: bool,
    #[serde(borrow, default)]
    integrations: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct EventOnly<'a> {
    #[serde(borrow)]
    event: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct TimestampOnly {
    timestamp: Timestamp,
}

fn yes() -> bool {
    true
}

fn first() -> u8 {
    1
}

impl<'a> Kept<'a> {
    /// Splits a line, without its end; `None` when it is no record.
    pub fn of(line: &'a str) -> Option<Kept<'a>> {
        let (remarks, message) = line.split_once('\t')?;
        Some(Kept { remarks, message })
    }

    /// Whether it counts, or stands beside another report in its slot.
    pub fn counts(&self) -> bool {
        self.remarks().is_some_and(|remarks| remarks.counts)
    }

    /// In which manner it counts; of one that does not, in which it would at the least.
    pub fn manner(&self) -> Manner {
        self.remarks()
            .map_or(Manner::WHOLE, |Remarks { folded, apart, .. }| Manner {
                apart,
                folded,
            })
    }

    /// By what it was counted.
    pub fn basis(&self) -> Basis {
        let remarks: Option<BasisOnly> = serde_json::from_str(self.remarks).ok();
        remarks.map_or_else(Basis::default, |remarks| Basis {
            rules: remarks.rules,
            declared: remarks.declared,
            breakdown: remarks.breakdown,
        })
    }

    /// The key that it came with.
    pub fn key(&self) -> Option<KeyId> {
        self.remarks().map(|remarks| KeyId(remarks.key))
    }

    /// How far the sender's clock is behind ours, where its times were corrected by that.
    pub fn drift(&self) -> Option<SignedDuration> {
        self.sent_by().drift.map(SignedDuration::from_millis)
    }

    /// Whether what the sender said of time could not be right.
    pub fn is_amended(&self) -> bool {
        let SentBy { clamped, absurd, .. } = self.sent_by();
        clamped || absurd
    }

    /// The message's `integrations`.
    pub fn integrations(&self) -> Option<&'a RawValue> {
        self.sent_by().integrations
    }

    fn sent_by(&self) -> SentBy<'a> {
        serde_json::from_str(self.remarks).unwrap_or_default()
    }

    /// The message's event.
    pub fn event(&self) -> Option<Cow<'a, str>> {
        serde_json::from_str(self.message)
            .ok()
            .and_then(|message: EventOnly<'a>| message.event)
    }

    /// When it happened.
    pub fn timestamp(&self) -> Option<Timestamp> {
        let message: TimestampOnly = serde_json::from_str(self.message).ok()?;
        Some(message.timestamp)
    }

    fn remarks(&self) -> Option<Remarks> {
        serde_json::from_str(self.remarks).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = b"{\"key\":1,\"rules\":1}\t{}";

    fn kept(record: &[u8]) -> Kept<'_> {
        Kept::of(std::str::from_utf8(record).unwrap()).unwrap()
    }

    #[test]
    fn a_record_says_in_which_manner_it_counts() {
        for (apart, folded) in [(false, false), (true, false), (false, true), (true, true)] {
            let (manner, mut record) = (Manner { apart, folded }, Vec::new());
            push_counted(RECORD, manner, &mut record);
            assert_eq!(record == RECORD, manner == Manner::WHOLE);
            let kept = kept(&record);
            assert_eq!(
                (kept.manner(), kept.counts(), kept.key()),
                (manner, true, Some(KeyId(1)))
            );
        }
        assert_eq!(kept(b"{\"key\":1}\t{}").basis().rules, 1);
        assert_eq!(kept(b"{\"key\":1,\"rules\":7}\t{}").basis().rules, 7);
    }

    #[test]
    fn what_begins_to_count_does_so_in_whole_or_folded() {
        let mut record = Vec::new();
        push_uncounted(RECORD, &mut record);
        assert!(!kept(&record).counts());
        for folded in [false, true] {
            let mut counted = record.clone();
            counted.drain(1..=remarks_to_cut(&record, folded));
            let kept = kept(&counted);
            assert_eq!((kept.counts(), kept.manner().folded), (true, folded));
            assert_eq!(counted == RECORD, !folded);
        }
        // Of one from before it could be folded.
        assert_eq!(
            remarks_to_cut(b"{\"counts\":false,\"key\":1}", false),
            UNCOUNTED.len()
        );
    }
}

//! The share of one message: what it adds, and to which day of which cluster.

use heliograph_wire::id::ClusterId;
use heliograph_wire::plan::Plan;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Delta, Message};
use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::moment;
use crate::ingest::{slot, text};

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// A day of UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i64);

/// A day of a cluster; nobody's, of messages of no cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterDay {
    /// The day.
    pub day: Day,
    /// Whose.
    pub cluster: Option<ClusterId>,
}

/// What a message adds to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// To what.
    pub to: ClusterDay,
    /// What.
    pub delta: Delta,
}

impl Day {
    /// The day that holds an instant.
    pub fn of(at: Timestamp) -> Day {
        Day(at.as_second().div_euclid(DAY))
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        let second = self.0.checked_mul(DAY);
        second
            .and_then(|second| Timestamp::from_second(second).ok())
            .unwrap_or(Timestamp::MIN)
    }
}

impl Share {
    /// The share of a message of which `cluster` is known.
    pub fn of(message: &Message<'_>, cluster: Option<ClusterId>) -> Share {
        Share {
            to: ClusterDay {
                day: Day::of(message.timestamp),
                cluster,
            },
            delta: Delta::of(message),
        }
    }

    /// The share that a message had which is kept as this text; `of_cluster` says whether its key speaks for clusters. `None` when
    /// it is no message.
    pub fn of_kept(text: &str, of_cluster: bool) -> Option<Share> {
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        let fields = Fields::of(raw)?;
        let kind = text::string(fields.kind?)?;
        let event = fields.event.and_then(text::string).filter(|_| kind == "track");
        let anonymous_id = fields.anonymous_id.and_then(text::id);
        let message_id = fields.message_id.and_then(text::id).unwrap_or_default();
        let slot = event
            .as_deref()
            .and_then(|event| slot::named_by(&message_id, anonymous_id.as_deref()?, event))
            .filter(|_| of_cluster);
        let planned = event
            .as_deref()
            .is_some_and(|event| of_cluster && Plan::built_in().event(event).is_some());
        let part = slot.as_ref().map_or(1, |slot| slot.part);
        let cluster = match slot {
            Some(slot) => Some(slot.cluster),
            None => anonymous_id.filter(|_| planned).and_then(|id| id.parse().ok()),
        };
        let name = fields.name.and_then(text::string);
        let nothing = Members::default();
        let message = Message {
            kind: &kind,
            event: event.as_deref(),
            name: name.as_deref(),
            properties: fields.properties.members().unwrap_or(&nothing),
            timestamp: moment::parse(&text::string(fields.timestamp?)?)?,
            part,
            of_cluster,
        };
        Some(Share::of(&message, cluster))
    }
}

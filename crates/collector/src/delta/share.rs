//! The share of one message: what it adds, and to which day of which cluster.

use std::borrow::Cow;

use heliograph_wire::id::ClusterId;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Basis, Delta, Manner, Message, browser, roles};
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

    /// What is added of it in a manner.
    pub fn in_manner(&self, manner: Manner) -> Cow<'_, Share> {
        if manner == Manner::WHOLE {
            return Cow::Borrowed(self);
        }
        let mut share = self.clone();
        if manner.apart {
            share.to.cluster = None;
            share.delta = share.delta.apart();
        }
        if manner.folded {
            share.delta = share.delta.folded();
        }
        Cow::Owned(share)
    }

    /// The share, in whole, of a message that is kept as this text and was counted by `basis`; `of_cluster` says whether its key
    /// speaks for clusters. `None` when it is no message.
    pub fn of_kept(text: &str, of_cluster: bool, basis: &Basis) -> Option<Share> {
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
        let planned = event.as_deref().is_some_and(|event| {
            of_cluster && (basis.declared || roles::Event::of(event, basis.rules).is_some())
        });
        let part = slot.as_ref().map_or(1, |slot| slot.part);
        let cluster = match slot {
            Some(slot) => Some(slot.cluster),
            None => anonymous_id
                .as_deref()
                .filter(|_| planned)
                .and_then(|id| id.parse().ok()),
        };
        let nothing = Members::default();
        let [properties, traits, context] = [&fields.properties, &fields.traits, &fields.context]
            .map(|object| object.members().unwrap_or(&nothing));
        let stated = browser::stated(&kind, basis.rules, properties, traits);
        let cluster = cluster.or_else(|| {
            browser::cluster(&kind, event.as_deref(), basis.rules, stated, context).filter(|_| of_cluster)
        });
        let name = fields.name.and_then(text::string);
        let user = fields.user_id.and_then(text::id).or_else(|| anonymous_id.clone());
        let breakdown: Vec<&str> = basis.breakdown.iter().map(String::as_str).collect();
        let message = Message {
            kind: &kind,
            event: event.as_deref(),
            name: name.as_deref(),
            user: user.as_deref(),
            properties: stated,
            timestamp: moment::parse(&text::string(fields.timestamp?)?)?,
            part,
            of_cluster,
            rules: basis.rules,
            breakdown: &breakdown,
        };
        Some(Share::of(&message, cluster))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Facet, OTHER};
    use super::*;
    use std::convert::Infallible;

    const HEALTH: &str = r#"{"type":"track","messageId":"m","anonymousId":"c","event":"health",
        "properties":{"environmentVersion":"1","health-unit-a-total":3,"health-unit-b-total":4,"nodes-unreachable":2},
        "timestamp":"2026-11-22T11:00:00Z"}"#;

    fn parts(share: &Share) -> Vec<(Facet, String, [i64; 3])> {
        let mut names = Vec::new();
        let numbered: Result<_, Infallible> = share.delta.numbered(0, |name| {
            names.push(name.to_owned());
            Ok(names.len() as u64 - 1)
        });
        let Ok(numbered) = numbered;
        let named = numbered.into_iter().map(|(at, amounts)| {
            let key = match at.name() {
                Some(name) => names[usize::try_from(name).unwrap()].clone(),
                None => at.key.to_string(),
            };
            (at.facet, key, amounts.0)
        });
        named.collect()
    }

    #[test]
    fn what_was_counted_by_earlier_rules_is_taken_away_by_them() {
        // Before the first rules no event was one of clusters.
        let earlier = Basis {
            rules: 0,
            ..Basis::default()
        };
        let share = Share::of_kept(HEALTH, true, &earlier).unwrap();
        assert_eq!(share.to.cluster, None);
        assert_eq!(parts(&share), [(Facet::Event, "health".to_owned(), [1, 0, 0])]);
        let share = Share::of_kept(HEALTH, true, &Basis::default()).unwrap();
        assert_eq!(share.to.cluster, "c".parse().ok());
        assert_eq!(parts(&share).len(), 5);
    }

    #[test]
    fn each_manner_adds_less() {
        let share = Share::of_kept(HEALTH, true, &Basis::default()).unwrap();
        let of = |apart, folded| share.in_manner(Manner { apart, folded }).into_owned();
        assert_eq!(of(false, false), share);
        let apart = of(true, false);
        assert_eq!((&apart.to.cluster, apart.delta.edition().version), (&None, "1"));
        assert_eq!(parts(&apart), [(Facet::Event, "health".to_owned(), [1, 0, 0])]);
        let folded = of(false, true);
        assert_eq!(
            (folded.to, folded.delta.edition().version),
            (share.to.clone(), OTHER)
        );
        let folded = of(false, true);
        let other = || OTHER.to_owned();
        let expected = [
            (Facet::Event, "health".to_owned(), [1, 0, 0]),
            (Facet::Unit, other(), [3, 0, 0]),
            (Facet::Unit, other(), [4, 0, 0]),
            (Facet::Hour, "11".to_owned(), [1, 0, 0]),
        ];
        assert_eq!(parts(&folded), expected);
        let both = of(true, true);
        assert_eq!((&both.to.cluster, both.delta.edition().version), (&None, OTHER));
        assert_eq!(parts(&both), parts(&apart));
        // An event's name that its sender chose is folded, too.
        let own = HEALTH.replace("\"health\"", "\"own\"");
        let own = Share::of_kept(&own, true, &Basis::default()).unwrap();
        let folded = own.in_manner(Manner {
            apart: false,
            folded: true,
        });
        assert_eq!(parts(&folded), [(Facet::Event, other(), [1, 0, 0])]);
    }
}

//! Whom a message names, and in which of its fields: what decides whether it is about somebody who is to be forgotten.
//!
//! | kind | fields |
//! |---|---|
//! | cluster | `anonymousId`, `groupId`, and `clusterId` among the properties or traits |
//! | reporter of a cluster | `context.reporter`, with the cluster that `anonymousId` names, and the one that a property does |
//! | anonymous | `anonymousId`, `previousId` |
//! | user | `userId`, `previousId` |
//! | customer | `userId` (signal sends the customer key there), `groupId`, and `customerKey` among the properties or traits |
//!
//! A message on arrival and its record say the same: one function reads both.

use std::borrow::Cow;

use heliograph_wire::id::ReporterId;
use serde_json::value::RawValue;

use crate::ingest::fields::Fields;
use crate::ingest::members::Members;
use crate::ingest::text;

/// Kinds of those who can be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A cluster.
    Cluster,
    /// A reporter, as far as it speaks for one cluster.
    Reporter,
    /// Somebody who is known by an `anonymousId`.
    Anonymous,
    /// Somebody who is known by a `userId`.
    User,
    /// A customer, by key.
    Customer,
}

/// What a message says of whom it is about.
#[derive(Debug, Default)]
pub struct Mentions<'a> {
    /// `anonymousId`
    pub anonymous_id: Option<Cow<'a, str>>,
    /// `userId`
    pub user_id: Option<Cow<'a, str>>,
    /// `groupId`
    pub group_id: Option<Cow<'a, str>>,
    /// `previousId`
    pub previous_id: Option<Cow<'a, str>>,
    /// `context.groupId`
    pub context_group_id: Option<Cow<'a, str>>,
    /// `context.reporter`
    pub reporter: Option<ReporterId>,
    /// `clusterId` and `customerKey` in the properties, the traits, and the context's traits.
    pub named: [Named<'a>; 3],
}

/// Whom an object among the message's fields names.
#[derive(Debug, Default)]
pub struct Named<'a> {
    cluster: Option<Cow<'a, str>>,
    customer: Option<Cow<'a, str>>,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 5] = [
        Kind::Cluster,
        Kind::Reporter,
        Kind::Anonymous,
        Kind::User,
        Kind::Customer,
    ];

    /// Its name, in lists and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Cluster => "cluster",
            Kind::Reporter => "reporter",
            Kind::Anonymous => "anonymous",
            Kind::User => "user",
            Kind::Customer => "customer",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl<'a> Mentions<'a> {
    /// Reads a message in the shape in which it is kept; `None` when it is no object.
    pub fn of(message: &'a str) -> Option<Mentions<'a>> {
        let raw: &RawValue = serde_json::from_str(message).ok()?;
        Fields::of(raw).as_ref().map(Mentions::of_fields)
    }

    /// The same of a message that is read.
    pub fn of_fields(fields: &Fields<'a>) -> Mentions<'a> {
        let id = |raw: Option<&'a RawValue>| raw.and_then(text::id);
        let nothing = Members::default();
        let context = fields.context.members().unwrap_or(&nothing);
        Mentions {
            anonymous_id: id(fields.anonymous_id),
            user_id: id(fields.user_id),
            group_id: id(fields.group_id),
            previous_id: id(fields.previous_id),
            ..Mentions::default()
        }
        .with_objects(fields.properties.members(), fields.traits.members(), context)
    }

    /// Adds what the objects of the message name.
    #[must_use]
    pub fn with_objects(
        mut self,
        properties: Option<&Members<'a>>,
        traits: Option<&Members<'a>>,
        context: &Members<'a>,
    ) -> Mentions<'a> {
        self.reporter = reporter(context);
        self.context_group_id = context.get("groupId").and_then(text::id);
        let inner = context.get("traits").and_then(Members::of);
        self.named = [properties, traits, inner.as_ref()]
            .map(|members| members.map_or_else(Named::default, Named::of));
        self
    }

    /// Hands everybody to `each` by kind and id, some more than once. Reporters are told by [`Mentions::reporters`].
    pub fn each<'m>(&'m self, mut each: impl FnMut(Kind, &'m str)) {
        let mut both = |id: &'m Option<Cow<'a, str>>, first, second| {
            if let Some(id) = id {
                each(first, id);
                each(second, id);
            }
        };
        both(&self.anonymous_id, Kind::Cluster, Kind::Anonymous);
        both(&self.user_id, Kind::User, Kind::Customer);
        both(&self.previous_id, Kind::Anonymous, Kind::User);
        both(&self.group_id, Kind::Cluster, Kind::Customer);
        both(&self.context_group_id, Kind::Cluster, Kind::Customer);
        for named in &self.named {
            if let Some(cluster) = &named.cluster {
                each(Kind::Cluster, cluster);
            }
            if let Some(customer) = &named.customer {
                each(Kind::Customer, customer);
            }
        }
    }

    /// The clusters that the message's reporter may speak for, each with the reporter: the `anonymousId` is the cluster's where a
    /// cluster reports, and a visitor's where its relay passes on what a browser says.
    pub fn reporters(&self) -> impl Iterator<Item = (&str, &ReporterId)> {
        let named = self.named.iter().find_map(|named| named.cluster.as_deref());
        let anonymous = self.anonymous_id.as_deref();
        let clusters = anonymous
            .into_iter()
            .chain(named.filter(|named| anonymous != Some(*named)));
        clusters.filter_map(|cluster| Some((cluster, self.reporter.as_ref()?)))
    }
}

/// The reporter that a context names.
pub fn reporter(context: &Members<'_>) -> Option<ReporterId> {
    context.get("reporter").and_then(text::id)?.parse().ok()
}

impl<'a> Named<'a> {
    fn of(members: &Members<'a>) -> Named<'a> {
        Named {
            cluster: members.get("clusterId").and_then(text::id),
            customer: members.get("customerKey").and_then(text::id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(message: &str) -> String {
        let mentions = Mentions::of(message).unwrap();
        let mut all = Vec::new();
        mentions.each(|kind, id| all.push((kind, id.to_owned())));
        all.sort();
        all.dedup();
        let all: Vec<_> = all
            .iter()
            .map(|(kind, id)| format!("{} {id}", kind.name()))
            .collect();
        all.join(", ")
    }

    fn reporters(message: &str) -> Vec<(String, ReporterId)> {
        let mentions = Mentions::of(message).unwrap();
        let all = mentions.reporters();
        all.map(|(cluster, reporter)| (cluster.to_owned(), reporter.clone()))
            .collect()
    }

    #[test]
    fn a_message_is_about_whom_it_names() {
        for (message, expected) in [
            ("{}", ""),
            (r#"{"anonymousId":" a "}"#, "cluster a, anonymous a"),
            (r#"{"userId":7}"#, "user 7, customer 7"),
            (
                r#"{"anonymousId":"a","properties":{"clusterId":"a","x":1}}"#,
                "cluster a, anonymous a",
            ),
            (
                r#"{"anonymousId":"a","properties":{"clusterId":" b ","customerKey":"k"}}"#,
                "cluster a, cluster b, anonymous a, customer k",
            ),
            (r#"{"properties":{"cluster\u0049d":"b"}}"#, "cluster b"),
            // The last one counts.
            (r#"{"properties":{"clusterId":"b","clusterId":"c"}}"#, "cluster c"),
            (r#"{"properties":{"a":{"clusterId":"b"},"clusterId":{}}}"#, ""),
            (r#"{"traits":{"clusterId":"b"}}"#, "cluster b"),
            (
                r#"{"context":{"traits":{"customerKey":"k"},"groupId":"g"}}"#,
                "cluster g, customer g, customer k",
            ),
            (
                r#"{"groupId":"g","previousId":"p"}"#,
                "cluster g, anonymous p, user p, customer g",
            ),
        ] {
            assert_eq!(all(message), expected, "{message}");
        }
        assert!(Mentions::of("[]").is_none());
    }

    #[test]
    fn a_reporter_speaks_for_a_cluster() {
        let id = ReporterId::of_secret(b"s");
        let context = format!(r#""context":{{"reporter":"{id}"}}"#);
        for (rest, clusters) in [
            (
                r#","anonymousId":"a","properties":{"clusterId":"b"}"#,
                &["a", "b"][..],
            ),
            (r#","anonymousId":"a","properties":{"clusterId":"a"}"#, &["a"]),
            (r#","userId":"u","properties":{"clusterId":"b"}"#, &["b"]),
            (r#","userId":"u""#, &[]),
        ] {
            let expected: Vec<_> = clusters
                .iter()
                .map(|cluster| ((*cluster).to_owned(), id.clone()))
                .collect();
            assert_eq!(reporters(&format!("{{{context}{rest}}}")), expected, "{rest}");
        }
        assert_eq!(reporters(r#"{"anonymousId":"a","context":{"reporter":"x"}}"#), []);
    }
}

//! What becomes of a message: exactly one [`Outcome`], from a closed list with stable names.

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Stored and counted.
    Accepted,
    /// The same, without its names: its day holds as many as are told apart.
    Folded,
    /// Stored, and its event counted under no cluster: a report of a cluster from somebody who does not speak for it.
    Apart,
    /// Known already: counted once, as the first that came.
    Duplicate,
    /// Known already, with another content: from another reporter, or from the same.
    Conflict,
    /// Answered as if accepted, and not kept.
    Suppressed(Suppression),
    /// Not a message that can be taken.
    Rejected(Rejection),
}

/// Why a message is answered with success and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suppression {
    /// Its subject asked to be forgotten.
    Forgotten,
    /// The browser said Global Privacy Control.
    Gpc,
    /// The browser said Do Not Track.
    Dnt,
}

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rejection {
    /// It is no JSON object.
    NotAnObject,
    /// It is larger than 32 KB of compact JSON.
    TooLarge,
    /// It is nested more deeply than 64 levels.
    TooDeep,
    /// It has no `type`.
    NoType,
    /// Its `type` is none of the six.
    UnknownType,
    /// A `track` without an `event`.
    NoEvent,
    /// Neither `userId` nor `anonymousId`.
    NoUserAnonId,
    /// A `group` without a `groupId`.
    NoGroupId,
    /// An `alias` without a `previousId`.
    NoPreviousId,
    /// Its `properties`, `traits`, `context` or `integrations` is neither an object nor null.
    FieldNotObject,
    /// An event of clusters, sent with a key that must not send these.
    ClusterEvent,
    /// The plan does not list its event, and it is not configured to keep such.
    UnplannedEvent,
    /// The plan does not list one of its properties, and it is configured to refuse such.
    UnplannedProperty,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 21] = [
        Outcome::Accepted,
        Outcome::Folded,
        Outcome::Apart,
        Outcome::Duplicate,
        Outcome::Conflict,
        Outcome::Suppressed(Suppression::Forgotten),
        Outcome::Suppressed(Suppression::Gpc),
        Outcome::Suppressed(Suppression::Dnt),
        Outcome::Rejected(Rejection::NotAnObject),
        Outcome::Rejected(Rejection::TooLarge),
        Outcome::Rejected(Rejection::TooDeep),
        Outcome::Rejected(Rejection::NoType),
        Outcome::Rejected(Rejection::UnknownType),
        Outcome::Rejected(Rejection::NoEvent),
        Outcome::Rejected(Rejection::NoUserAnonId),
        Outcome::Rejected(Rejection::NoGroupId),
        Outcome::Rejected(Rejection::NoPreviousId),
        Outcome::Rejected(Rejection::FieldNotObject),
        Outcome::Rejected(Rejection::ClusterEvent),
        Outcome::Rejected(Rejection::UnplannedEvent),
        Outcome::Rejected(Rejection::UnplannedProperty),
    ];

    /// The name that counters, logs and the database use. Names are never changed nor given to another outcome.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Folded => "accepted.folded",
            Outcome::Apart => "accepted.apart",
            Outcome::Duplicate => "duplicate",
            Outcome::Conflict => "duplicate.conflict",
            Outcome::Suppressed(Suppression::Forgotten) => "suppressed.forgotten",
            Outcome::Suppressed(Suppression::Gpc) => "suppressed.gpc",
            Outcome::Suppressed(Suppression::Dnt) => "suppressed.dnt",
            Outcome::Rejected(reason) => reason.name(),
        }
    }
}

impl Rejection {
    /// The outcome's name.
    pub const fn name(self) -> &'static str {
        match self {
            Rejection::NotAnObject => "rejected.not_an_object",
            Rejection::TooLarge => "rejected.payload_too_large",
            Rejection::TooDeep => "rejected.too_deep",
            Rejection::NoType => "rejected.no_type",
            Rejection::UnknownType => "rejected.unknown_type",
            Rejection::NoEvent => "rejected.no_event",
            Rejection::NoUserAnonId => "rejected.no_user_anon_id",
            Rejection::NoGroupId => "rejected.no_group_id",
            Rejection::NoPreviousId => "rejected.no_previous_id",
            Rejection::FieldNotObject => "rejected.field_not_object",
            Rejection::ClusterEvent => "rejected.cluster_event",
            Rejection::UnplannedEvent => "rejected.unplanned_event",
            Rejection::UnplannedProperty => "rejected.unplanned_property",
        }
    }

    /// The code that the sender of a single call is told: the outcome's name without its kind.
    pub fn code(self) -> &'static str {
        let name = self.name();
        name.strip_prefix("rejected.").unwrap_or(name)
    }

    /// What the sender is told beside the code.
    pub const fn explanation(self) -> &'static str {
        match self {
            Rejection::NotAnObject => "the message is not a JSON object",
            Rejection::TooLarge => "the message is larger than 32 KB of compact JSON",
            Rejection::TooDeep => "the message is nested more deeply than 64 levels",
            Rejection::NoType => "the message has no type",
            Rejection::UnknownType => {
                "the message's type is none of track, identify, page, screen, group and alias"
            }
            Rejection::NoEvent => "a track call needs an event",
            Rejection::NoUserAnonId => {
                "the message needs a userId or an anonymousId; an alias call, a userId"
            }
            Rejection::NoGroupId => "a group call needs a groupId",
            Rejection::NoPreviousId => "an alias call needs a previousId",
            Rejection::FieldNotObject => "properties, traits, context and integrations are objects or null",
            Rejection::ClusterEvent => "this write key is not for the events of clusters",
            Rejection::UnplannedEvent => "the telemetry plan does not list the message's event",
            Rejection::UnplannedProperty => {
                "the telemetry plan does not list one of the message's properties"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_all_different() {
        let names: BTreeSet<_> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
        assert_eq!(names.len(), Outcome::ALL.len());
    }
}

//! What is remembered of a message that was not simply taken: when, with which key, its event and id, why, and which field. Nothing
//! of its content but names; and nothing at all of those that are suppressed, since that was asked for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::fields::Fields;
use super::members::Members;
use super::mention::Mentions;
use super::message::Common;
use super::object::Object;
use super::outcome::{Outcome, Rejection};
use super::record::{Kept, MAX_DEPTH};
use super::subject::{Subject, SubjectKey};
use super::text;
use super::violation::Violation;

/// Most characters of an event, an id or a name of a field.
pub const MAX_TEXT: usize = 100;
/// Most bytes of it. A row of three, of the hashes and of the rest has less than the 1,002 bytes of which the database keeps none on
/// further pages: those would not be written over when the next one takes its place.
const MAX_TEXT_BYTES: usize = 200;

/// Why a message is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// For what became of it.
    Outcome(Outcome),
    /// For how it differs from the plan.
    Violation(Violation),
}

/// What is remembered of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Why.
    pub reason: Reason,
    /// Its event.
    pub event: String,
    /// Its id.
    pub message_id: String,
    /// Which field, or which property.
    pub hint: String,
    /// Whom it is about: what it is forgotten by.
    pub subjects: Box<[Subject]>,
}

impl Reason {
    /// All reasons.
    pub fn all() -> impl Iterator<Item = Reason> {
        let outcomes = Outcome::ALL.into_iter().map(Reason::Outcome);
        let remembered = |reason: &Reason| {
            !matches!(
                reason,
                Reason::Outcome(Outcome::Accepted | Outcome::Suppressed(_))
            )
        };
        let violations = Violation::ALL.into_iter().map(Reason::Violation);
        outcomes.chain(violations).filter(remembered)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Outcome(outcome) => outcome.name(),
            Reason::Violation(violation) => violation.name(),
        }
    }
}

impl Sample {
    /// Of a message that is refused.
    pub(super) fn of_refused<'a>(fields: &Fields<'a>, rejection: Rejection, common: &Common<'a>) -> Sample {
        let text = |raw: Option<&RawValue>| cut(&raw.and_then(text::id).unwrap_or_default());
        Sample {
            reason: Reason::Outcome(Outcome::Rejected(rejection)),
            event: text(fields.event),
            message_id: text(fields.message_id),
            hint: cut(&hint(rejection, fields, common)),
            subjects: common.hashing.of_message(&mentions(fields, common)),
        }
    }

    /// Of a message that has a record; `None` when that is damaged.
    pub fn of_record(record: &[u8], reason: Reason, hint: &str, key: &SubjectKey) -> Option<Sample> {
        let line = std::str::from_utf8(record).ok()?;
        let message: &RawValue = serde_json::from_str(Kept::of(line)?.message).ok()?;
        let fields = Fields::of(message)?;
        let text = |raw: Option<&RawValue>| cut(&raw.and_then(text::id).unwrap_or_default());
        Some(Sample {
            reason,
            event: text(fields.event),
            message_id: text(fields.message_id),
            hint: cut(hint),
            subjects: key.of_message(&Mentions::of_fields(&fields)),
        })
    }
}

/// Whom a message names, itself or by the batch's context. Of one whose context is no object the batch's alone tells.
fn mentions<'a>(fields: &Fields<'a>, common: &Common<'a>) -> Mentions<'a> {
    let mut context = fields.context.members().cloned().unwrap_or_default();
    if let Some(under) = &common.context {
        context.lay_over(under);
    }
    let (properties, traits) = (fields.properties.members(), fields.traits.members());
    Mentions::of_fields(fields).with_objects(properties, traits, &context)
}

/// Which field is at fault.
fn hint<'a>(rejection: Rejection, fields: &Fields<'a>, common: &Common<'_>) -> Cow<'a, str> {
    let objects = [
        ("properties", &fields.properties),
        ("traits", &fields.traits),
        ("context", &fields.context),
        ("integrations", &fields.integrations),
    ];
    let first = |fault: fn(&Object<'_>) -> bool| {
        let found = objects.iter().find(|(_, object)| fault(object));
        found.map_or("", |(name, _)| name)
    };
    Cow::Borrowed(match rejection {
        Rejection::NotAnObject | Rejection::TooLarge => "",
        Rejection::TooDeep => first(is_too_deep),
        Rejection::NoType | Rejection::UnknownType => "type",
        Rejection::NoEvent | Rejection::ClusterEvent | Rejection::UnplannedEvent => "event",
        Rejection::NoUserAnonId => "userId",
        Rejection::NoGroupId => "groupId",
        Rejection::NoPreviousId => "previousId",
        Rejection::FieldNotObject => first(|object| matches!(object, Object::Other)),
        Rejection::UnplannedProperty => {
            let event = fields.event.and_then(text::string).unwrap_or_default();
            let nothing = Members::default();
            let properties = fields.properties.members().unwrap_or(&nothing);
            let violations = common.plan.check(common.key.kind, &event, properties);
            return Cow::Owned(violations.additional().unwrap_or_default().to_owned());
        }
    })
}

fn is_too_deep(object: &Object<'_>) -> bool {
    let members = object.members();
    members.is_some_and(|members| members.write(MAX_DEPTH - 1, "", &mut Vec::new()).is_err())
}

fn cut(text: &str) -> String {
    let end = text
        .char_indices()
        .nth(MAX_TEXT)
        .map_or(text.len(), |(end, _)| end);
    text[..text.floor_char_boundary(end.min(MAX_TEXT_BYTES))].to_owned()
}

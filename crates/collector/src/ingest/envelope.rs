//! The body of a request, read into its messages: a batch, or a single call, which is one message that carries its own envelope.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;
use serde_json::value::RawValue;

use heliograph_wire::segment::MAX_BATCH_MESSAGES;

use crate::ingest::fields::{Entry, Fields};
use crate::ingest::object::Object;
use crate::ingest::text;

/// A request's body. Of a key that occurs twice the last one counts.
#[derive(Debug, Default)]
pub struct Envelope<'a> {
    /// The messages; `None` stands for what is no object.
    pub batch: Vec<Option<Fields<'a>>>,
    /// The body.
    pub text: &'a str,
    /// The `type` of the messages, where the path of the request says it and not they.
    pub kind: Option<&'static str>,
    /// The key that a batch is sent with, where no header says so.
    pub write_key: Option<&'a RawValue>,
    /// When it left.
    pub sent_at: Option<&'a RawValue>,
    /// What holds for every message that does not say otherwise.
    pub context: Object<'a>,
    /// The same of integrations.
    pub integrations: Object<'a>,
}

/// A body that is no batch.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not JSON.
    #[error("the body is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON of another shape.
    #[error("the body is not an object with a list named batch")]
    NotABatch(#[source] serde_json::Error),
    /// More messages than one batch may hold.
    #[error("the batch holds more than {MAX_BATCH_MESSAGES} messages")]
    TooMany,
}

/// Says why the reader stopped where nothing was wrong with the JSON.
const TOO_MANY: &str = "too many messages";

impl<'a> Envelope<'a> {
    /// Reads a body. `"batch": null` is a batch of nothing: some clients send it when they have nothing to say.
    ///
    /// # Errors
    /// When it is no batch, or a batch of too many messages.
    pub fn parse(text: &'a str) -> Result<Envelope<'a>, EnvelopeError> {
        let read = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data if error.to_string().starts_with(TOO_MANY) => EnvelopeError::TooMany,
            Category::Data => EnvelopeError::NotABatch(error),
            Category::Io | Category::Syntax | Category::Eof => EnvelopeError::NotJson(error),
        });
        read.map(|envelope| Envelope { text, ..envelope })
    }

    /// Reads the body of a single call. Whether it is a message is asked later: here it is any JSON.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn single(text: &'a str, kind: &'static str) -> Result<Envelope<'a>, EnvelopeError> {
        let Entry(message) = serde_json::from_str(text).map_err(EnvelopeError::NotJson)?;
        Ok(Envelope {
            batch: vec![message],
            text,
            kind: Some(kind),
            ..Envelope::default()
        })
    }

    /// The write key that stands in the body.
    pub fn stated_key(&self) -> Option<Cow<'a, str>> {
        let message = || self.batch.first()?.as_ref();
        let stated = match self.kind {
            None => self.write_key,
            Some(_) => message().and_then(|message| message.write_key),
        };
        stated.and_then(text::id)
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list named batch")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let mut batch = None;
        while let Some(field) = map.next_key()? {
            match field {
                Field::Batch => batch = Some(map.next_value_seed(Batch)?),
                Field::WriteKey => envelope.write_key = Some(map.next_value()?),
                Field::SentAt => envelope.sent_at = Some(map.next_value()?),
                Field::Context => envelope.context = map.next_value()?,
                Field::Integrations => envelope.integrations = map.next_value()?,
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        envelope.batch = batch.ok_or_else(|| A::Error::missing_field("batch"))?;
        Ok(envelope)
    }
}

enum Field {
    Batch,
    WriteKey,
    SentAt,
    Context,
    Integrations,
    Other,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Field, E> {
                Ok(match name {
                    "batch" => Field::Batch,
                    "writeKey" => Field::WriteKey,
                    "sentAt" => Field::SentAt,
                    "context" => Field::Context,
                    "integrations" => Field::Integrations,
                    _ => Field::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// The list of messages; also reads nothing out of `null`.
struct Batch;

impl<'de> DeserializeSeed<'de> for Batch {
    type Value = Vec<Option<Fields<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Batch {
    type Value = Vec<Option<Fields<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut batch = Vec::new();
        while let Some(Entry(message)) = list.next_element()? {
            if batch.len() == MAX_BATCH_MESSAGES {
                return Err(A::Error::custom(TOO_MANY));
            }
            batch.push(message);
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn splits_a_batch() {
        let text =
            r#" {"context":{"a":1},"batch":[1],"b\u0061tch":[{"x":[]}, "y"],"sentAt":null,"messageId":{}} "#;
        let envelope = Envelope::parse(text).unwrap();
        let messages: Vec<_> = envelope.batch.iter().map(Option::is_some).collect();
        assert_eq!(messages, [true, false]);
        assert!(matches!(envelope.context, Object::Members(members) if members.get("a").is_some()));
        assert!(Envelope::parse(r#"{"batch":null}"#).unwrap().batch.is_empty());
    }

    #[test]
    fn says_what_is_wrong() {
        for text in [
            "",
            "{",
            "nope",
            "{\"batch\":[}",
            "{\"batch\":[]} x",
            "{\"batch\":[{\"a\":\"\x01\"}]}",
        ] {
            assert!(
                matches!(Envelope::parse(text), Err(EnvelopeError::NotJson(_))),
                "{text}"
            );
        }
        for text in ["[]", "null", "3", "{}", r#"{"batch":{}}"#, r#"{"batch":"x"}"#] {
            assert!(
                matches!(Envelope::parse(text), Err(EnvelopeError::NotABatch(_))),
                "{text}"
            );
        }
        let many = |count| format!(r#"{{"batch":[{}]}}"#, vec!["1"; count].join(","));
        assert!(Envelope::parse(&many(MAX_BATCH_MESSAGES)).is_ok());
        assert!(matches!(
            Envelope::parse(&many(MAX_BATCH_MESSAGES + 1)),
            Err(EnvelopeError::TooMany)
        ));
    }

    #[test]
    fn a_single_call_is_its_own_envelope() {
        let text = " {\"writeKey\": 1, \"writeKey\": \" k \", \"batch\": [], \"type\": \"x\"} ";
        let envelope = Envelope::single(text, "track").unwrap();
        assert_eq!(envelope.batch.len(), 1);
        assert_eq!(envelope.batch[0].as_ref().unwrap().kind.unwrap().get(), "\"x\"");
        assert_eq!(envelope.stated_key().as_deref(), Some("k"));
        for text in ["null", "[]", "3", "{}"] {
            assert!(
                Envelope::single(text, "track").unwrap().stated_key().is_none(),
                "{text}"
            );
        }
        for text in ["", "{", "{} {}", "nope"] {
            assert!(
                matches!(Envelope::single(text, "track"), Err(EnvelopeError::NotJson(_))),
                "{text}"
            );
        }
        // The key of a batch is that of the batch alone.
        let batch = r#"{"batch":[{"writeKey":"a"}]}"#;
        assert!(Envelope::parse(batch).unwrap().stated_key().is_none());
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let text = format!(r#"{{"batch":[{}{}]}}"#, "[".repeat(250_000), "]".repeat(250_000));
        assert_eq!(Envelope::parse(&text).unwrap().batch.len(), 1);
        assert!(Envelope::parse(&"[".repeat(10_000_000)).is_err());
        assert!(Envelope::single(&"[".repeat(10_000_000), "track").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", tokens in r#"([\[\]{},:]|"batch"|null|1|"x")*"#) {
            let _ = (Envelope::parse(&text), Envelope::parse(&tokens));
        }
    }
}

//! The fields of a message, as they stand in it; with the write key, since a single call is its own envelope. Of a field that
//! occurs twice the last one counts; what is not listed is dropped.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

macro_rules! fields {
    ($($field:ident = $name:literal),* $(,)?) => {
        /// What a message says, field by field. `null` is kept: it is for the reader of the field to say what it means.
        #[derive(Debug, Default)]
        pub struct Fields<'a> {
            $(#[doc = concat!("`", $name, "`")] pub $field: Option<&'a RawValue>,)*
        }

        #[expect(non_camel_case_types, reason = "named as the fields of which they are the names")]
        enum Name { $($field,)* other }

        impl Name {
            fn of(name: &str) -> Name {
                match name { $($name => Name::$field,)* _ => Name::other }
            }
        }

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some(found) = map.next_key()? {
                    match found {
                        $(Name::$field => fields.$field = Some(map.next_value()?),)*
                        Name::other => { map.next_value::<IgnoredAny>()?; }
                    }
                }
                Ok(fields)
            }
        }
    };
}

fields! {
    kind = "type",
    message_id = "messageId",
    user_id = "userId",
    anonymous_id = "anonymousId",
    group_id = "groupId",
    previous_id = "previousId",
    event = "event",
    name = "name",
    properties = "properties",
    traits = "traits",
    context = "context",
    integrations = "integrations",
    timestamp = "timestamp",
    original_timestamp = "originalTimestamp",
    sent_at = "sentAt",
    received_at = "receivedAt",
    write_key = "writeKey",
}

struct FieldsVisitor;

impl<'a> Fields<'a> {
    /// Reads a message; `None` when it is no object.
    pub fn of(raw: &'a RawValue) -> Option<Fields<'a>> {
        serde_json::from_str(raw.get()).ok()
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name::of(name))
            }
        }
        deserializer.deserialize_identifier(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts() {
        let raw = serde_json::from_str(r#"{"type":1,"x":{"type":2},"\u0074ype":"track"}"#).unwrap();
        let fields = Fields::of(raw).unwrap();
        assert_eq!(fields.kind.unwrap().get(), "\"track\"");
        assert!(fields.event.is_none());
        for json in ["[]", "null", "\"{}\"", "7"] {
            assert!(
                Fields::of(serde_json::from_str(json).unwrap()).is_none(),
                "{json}"
            );
        }
    }
}

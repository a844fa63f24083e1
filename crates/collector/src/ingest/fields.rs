//! The fields of a message, as they stand in it; with the write key, since a single call is its own envelope. Of a field that
//! occurs twice the last one counts; what is not listed is dropped.
//!
//! A message is read in one pass, with the members of its objects: most of what comes is read nowhere else.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ingest::object::Object;

/// What stands around a field's name and behind its value.
const PUNCTUATION: usize = "\"\":,".len();

macro_rules! fields {
    (
        $($field:ident = $name:literal),* $(,)? ;
        $($object:ident = $object_name:literal),* $(,)?
    ) => {
        /// What a message says, field by field. `null` is kept: it is for the reader of the field to say what it means.
        #[derive(Debug, Default)]
        pub struct Fields<'a> {
            $(#[doc = concat!("`", $name, "`")] pub $field: Option<&'a RawValue>,)*
            $(#[doc = concat!("`", $object_name, "`")] pub $object: Object<'a>,)*
            /// Bytes of the fields that are not listed.
            dropped: usize,
        }

        #[expect(non_camel_case_types, reason = "named as the fields of which they are the names")]
        enum Name { $($field,)* $($object,)* other(usize) }

        impl Name {
            fn of(name: &str) -> Name {
                match name {
                    $($name => Name::$field,)*
                    $($object_name => Name::$object,)*
                    _ => Name::other(name.len()),
                }
            }
        }

        impl<'a> Fields<'a> {
            /// Bytes of the message, without the space between its tokens.
            fn size(&self) -> usize {
                let texts = [$(($name, self.$field.map(|raw| raw.get().len())),)*];
                let objects = [$(($object_name, self.$object.size()),)*];
                let listed = texts.into_iter().chain(objects);
                let listed = listed.filter_map(|(name, size)| Some(name.len() + size? + PUNCTUATION));
// No comma stands behind the last one.
                ("{}".len() + listed.sum::<usize>() + self.dropped).saturating_sub(1)
            }

            /// All values that stand in the message.
            fn values(&self) -> impl Iterator<Item = &'a RawValue> {
                let texts = [$(self.$field,)*];
                let objects = [$(&self.$object,)*].into_iter().filter_map(|object| match object {
                    Object::Members(members) => Some(members.iter().map(|(_, raw)| raw)),
                    Object::Nothing | Object::Other => None,
                });
                texts.into_iter().flatten().chain(objects.flatten())
            }

            fn of_map<A: MapAccess<'a>>(mut map: A) -> Result<Fields<'a>, A::Error> {
                let mut fields = Fields::default();
                while let Some(found) = map.next_key()? {
                    match found {
                        $(Name::$field => fields.$field = Some(map.next_value()?),)*
                        $(Name::$object => fields.$object = map.next_value()?,)*
                        Name::other(length) => {
                            let value: &RawValue = map.next_value()?;
                            fields.dropped += length + value.get().len() + PUNCTUATION;
                        }
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
    timestamp = "timestamp",
    original_timestamp = "originalTimestamp",
    sent_at = "sentAt",
    received_at = "receivedAt",
    write_key = "writeKey",
    ;
    properties = "properties",
    traits = "traits",
    context = "context",
    integrations = "integrations",
}

/// What stands where a message should: its fields, if it is an object.
#[derive(Debug)]
pub struct Entry<'a>(pub Option<Fields<'a>>);

impl<'a> Fields<'a> {
    /// Reads a message; `None` when it is no object.
    pub fn of(raw: &'a RawValue) -> Option<Fields<'a>> {
        serde_json::from_str(raw.get())
            .ok()
            .and_then(|Entry(fields)| fields)
    }

    /// Whether the message is larger than a bound, in bytes of compact JSON, whatever space and escapes it came with.
    pub fn is_larger_than(&self, bound: usize) -> bool {
        let size = self.size();
        // Only one that seems too large is measured with care.
        size > bound && size - self.values().map(wasted).sum::<usize>() > bound
    }
}

/// Bytes by which a value is longer than it need be.
fn wasted(raw: &RawValue) -> usize {
    let json = raw.get();
    let shortest: Option<Value> = serde_json::from_str(json).ok();
    shortest.map_or(0, |value| json.len().saturating_sub(value.to_string().len()))
}

impl<'de> Deserialize<'de> for Entry<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry<'de>, A::Error> {
        Fields::of_map(map).map(|fields| Entry(Some(fields)))
    }

    fn visit_unit<E>(self) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entry<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entry(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Entry<'de>, E> {
        Ok(Entry(None))
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

    fn fields(json: &str) -> Option<Fields<'_>> {
        Fields::of(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_last_one_counts() {
        let fields =
            fields(r#"{"type":1,"x":{"type":2},"\u0074ype":"track","context":[],"context":{"a":1}}"#)
                .unwrap();
        assert_eq!(fields.kind.unwrap().get(), "\"track\"");
        assert!(fields.event.is_none());
        assert!(matches!(fields.context, Object::Members(_)));
    }

    #[test]
    fn only_an_object_is_a_message() {
        for json in ["[]", "[[{}]]", "null", "\"{}\"", "7", "-7", "7.5", "true"] {
            assert!(fields(json).is_none(), "{json}");
            let inner = format!(r#"{{"properties":{json},"traits":{{}}}}"#);
            let object = fields(&inner).unwrap().properties;
            assert!(!matches!(object, Object::Members(_)), "{json}");
            assert_eq!(matches!(object, Object::Nothing), json == "null");
        }
    }

    #[test]
    fn size_is_that_of_compact_json() {
        for json in [
            r#"{"type":"track","properties":{"a":[1,2],"b":"x"},"zz":{"y":1}}"#,
            r#"{"event":"e","context":{},"traits":{"a":1,"b":2}}"#,
        ] {
            assert_eq!(fields(json).unwrap().size(), json.len(), "{json}");
        }
        let spacious = format!(
            r#"{{"event": "{}", "properties": {{"a": [{}]}}}}"#,
            "\\u0061".repeat(1000),
            "1,          ".repeat(1000) + "1"
        );
        let compact: Value = serde_json::from_str(&spacious).unwrap();
        let fields = fields(&spacious).unwrap();
        assert!(!fields.is_larger_than(compact.to_string().len()));
        assert!(fields.is_larger_than(compact.to_string().len() - 1));
    }
}

//! The members of an object, in the order of their names: read once, for all who ask about them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ingest::members::push_text;

/// Members by name, sorted; of a name that occurs twice the last one counts.
#[derive(Debug, Default)]
pub struct Properties<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Properties<'a> {
    /// The members of an object; none of any other value.
    pub fn of(raw: Option<&'a RawValue>) -> Properties<'a> {
        let raw = raw.filter(|raw| raw.get().starts_with('{'));
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name));
        at.ok().and_then(|at| self.0.get(at)).map(|(_, raw)| *raw)
    }

    /// An object of those whose names are wanted.
    pub fn filtered(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut json = Vec::from(*b"{");
        for (name, raw) in self.iter().filter(|(name, _)| wanted(name)) {
            if json.len() > 1 {
                json.push(b',');
            }
            push_text(name, &mut json);
            json.push(b':');
            json.extend_from_slice(raw.get().as_bytes());
        }
        json.push(b'}');
        // It is made of texts.
        String::from_utf8(json).unwrap_or_default()
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (&**name, *raw))
    }
}

impl<'de> Deserialize<'de> for Properties<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Properties<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        while let Some((Name(name), raw)) = map.next_entry()? {
            members.push((name, raw));
        }
        if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
            // The last of a name comes first, and stays.
            members.reverse();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.dedup_by(|(a, _), (b, _)| a == b);
        }
        Ok(Properties(members))
    }
}

/// A name, borrowed unless it is written with escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_and_the_last_of_a_name_counts() {
        let raw: &RawValue = serde_json::from_str(r#"{"b":1,"a":2,"b":3,"\u0062":4,"c":{}}"#).unwrap();
        let properties = Properties::of(Some(raw));
        let all: Vec<_> = properties.iter().map(|(name, raw)| (name, raw.get())).collect();
        assert_eq!(all, [("a", "2"), ("b", "4"), ("c", "{}")]);
        assert_eq!(properties.get("b").map(RawValue::get), Some("4"));
        assert!(properties.get("d").is_none());
        assert_eq!(properties.filtered(|name| name != "b"), r#"{"a":2,"c":{}}"#);
        assert_eq!(properties.filtered(|_| false), "{}");
        for other in ["[]", "null", "1", "\"a\""] {
            let raw: &RawValue = serde_json::from_str(other).unwrap();
            assert_eq!(Properties::of(Some(raw)).iter().count(), 0, "{other}");
        }
    }
}

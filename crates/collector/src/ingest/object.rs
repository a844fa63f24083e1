//! A field that should be an object, read in the same pass as the message that it stands in.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::ingest::members::Members;

/// What stands in such a field.
#[derive(Debug, Default)]
pub enum Object<'a> {
    /// Nothing, or `null`.
    #[default]
    Nothing,
    /// An object.
    Members(Members<'a>),
    /// Something else.
    Other,
}

impl<'a> Object<'a> {
    /// Its members, if it is an object.
    pub fn members(&self) -> Option<&Members<'a>> {
        match self {
            Object::Members(members) => Some(members),
            Object::Nothing | Object::Other => None,
        }
    }

    /// Bytes of the object, without the space between its tokens; `None` of anything else.
    pub fn size(&self) -> Option<usize> {
        self.members().map(Members::size)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Members::of_map(map).map(Object::Members)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Object::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Object::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Object::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Object::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Object::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Object::Other)
    }
}

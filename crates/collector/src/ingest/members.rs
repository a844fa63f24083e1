//! The members of a `context` or `integrations` object, laid over those of the batch.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::ingest::compact::{TooDeep, compact};

/// Members by name, sorted; of a name that occurs twice the last one.
#[derive(Debug, Default)]
pub struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

/// Where a client's address stands in a context. It is never kept, whoever sends it.
const ADDRESS: &str = "ip";

impl<'a> Members<'a> {
    /// The members of an object; `None` for any other value.
    pub fn of(raw: &'a RawValue) -> Option<Members<'a>> {
        let members = raw.get().starts_with('{');
        members
            .then(|| serde_json::from_str(raw.get()).ok())
            .flatten()
            .map(Members)
    }

    /// The same without the client's address.
    #[must_use]
    pub fn without_address(mut self) -> Members<'a> {
        self.0.remove(ADDRESS);
        self
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over those members of another object whose names are not there yet.
    pub fn lay_over(&mut self, under: &Members<'a>) {
        for (name, raw) in &under.0 {
            self.0.entry(name.clone()).or_insert(raw);
        }
    }

    /// Appends the object; `levels` is how many objects and arrays may be open in it, itself included.
    ///
    /// # Errors
    /// When it is nested more deeply.
    pub fn write(&self, levels: usize, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        let inner = levels.checked_sub(1).ok_or(TooDeep)?;
        out.push(b'{');
        for (index, (name, raw)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_text(name, out);
            out.push(b':');
            compact(raw.get(), inner, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// Appends a text as a JSON string.
pub fn push_text(text: &str, out: &mut Vec<u8>) {
    // Writing text to a `Vec` can't fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: &str) -> Members<'_> {
        Members::of(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn the_events_own_members_win() {
        let mut own =
            members(r#"{"library": {"name": "own"}, "a": 1, "\u0069p": "192.0.2.1"}"#).without_address();
        own.lay_over(
            &members(r#"{"library":{"name":"batch"},"b":[ 2 ],"ip":"192.0.2.2"}"#).without_address(),
        );
        let mut out = Vec::new();
        own.write(2, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":1,"b":[2],"library":{"name":"own"}}"#
        );
        assert_eq!(members(r#"{"a":[]}"#).write(1, &mut Vec::new()), Err(TooDeep));
    }

    #[test]
    fn only_objects_have_members() {
        for json in ["null", "[]", "\"{}\"", "1"] {
            assert!(
                Members::of(serde_json::from_str(json).unwrap()).is_none(),
                "{json}"
            );
        }
    }
}

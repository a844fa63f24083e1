//! The members of an object, in the order of their names: read once, for all who ask about them, and written in that order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ingest::compact::{TooDeep, compact};

/// Members by name, sorted; of a name that occurs twice the last one counts.
#[derive(Debug, Clone, Default)]
pub struct Members<'a>(Vec<Member<'a>>);

type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// Where a client's address stands in a context. It is never kept, whoever sends it.
const ADDRESS: &str = "ip";
/// Members for which there is room from the first on.
const FEW: usize = 12;
/// Members for which there is room in addition where there are more than few.
const MANY: usize = 128;
/// What stands around a member's name and behind its value.
const PUNCTUATION: usize = "\"\":,".len();

impl<'a> Members<'a> {
    /// The members of an object; `None` for any other value.
    pub fn of(raw: &'a RawValue) -> Option<Members<'a>> {
        serde_json::from_str(raw.get()).ok()
    }

    /// Whether the client's address stands among them.
    pub fn has_address(&self) -> bool {
        self.get(ADDRESS).is_some()
    }

    /// The same without the client's address.
    #[must_use]
    pub fn without_address(mut self) -> Members<'a> {
        self.0.retain(|(name, _)| name != ADDRESS);
        self
    }

    /// Those members whose names are wanted.
    #[must_use]
    pub fn filtered(mut self, wanted: impl Fn(&str) -> bool) -> Members<'a> {
        self.0.retain(|(name, _)| wanted(name));
        self
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.binary_search_by(|(known, _)| order(known, name));
        at.ok().and_then(|at| self.0.get(at)).map(|(_, raw)| *raw)
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (&**name, *raw))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of the object as it came, without the space between its tokens.
    pub fn size(&self) -> usize {
        let members = self.0.iter();
        let members = members.map(|(name, raw)| name.len() + raw.get().len() + PUNCTUATION);
        // No comma stands behind the last one.
        ("{}".len() + members.sum::<usize>()).saturating_sub(usize::from(!self.is_empty()))
    }

    /// Puts a member in the place of the one of its name.
    pub fn set(&mut self, name: &'a str, raw: &'a RawValue) {
        match self.0.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) => {
                if let Some(member) = self.0.get_mut(at) {
                    member.1 = raw;
                }
            }
            Err(at) => self.0.insert(at, (Cow::Borrowed(name), raw)),
        }
    }

    /// Takes over those members of another object whose names are not there yet.
    pub fn lay_over(&mut self, under: &Members<'a>) {
        if self.is_empty() {
            self.0.clone_from(&under.0);
            return;
        }
        // Both are sorted, and a sender chooses how long: one pass, not an insertion each.
        let mut own = std::mem::take(&mut self.0).into_iter().peekable();
        let mut merged = Vec::with_capacity(own.len() + under.0.len());
        for (name, raw) in &under.0 {
            while let Some(before) = own.next_if(|(known, _)| known < name) {
                merged.push(before);
            }
            if own.peek().is_none_or(|(known, _)| known != name) {
                merged.push((name.clone(), raw));
            }
        }
        merged.extend(own);
        self.0 = merged;
    }

    /// Appends the object; `levels` is how many objects and arrays may be open in it, itself included. Members that stand beside
    /// each other in the `source` that they were read from as they are to be written are copied together.
    ///
    /// # Errors
    /// When it is nested more deeply.
    pub fn write(&self, levels: usize, source: &str, out: &mut Vec<u8>) -> Result<(), TooDeep> {
        let inner = levels.checked_sub(1).ok_or(TooDeep)?;
        out.push(b'{');
        let start = out.len();
        let mut run = 0..0;
        for member in &self.0 {
            let here = place(member, source);
            if let Some(here) = &here
                && here.start == run.end + 1
                && !run.is_empty()
            {
                run.end = here.end;
                continue;
            }
            out.extend_from_slice(source.get(run).unwrap_or_default().as_bytes());
            if out.len() > start {
                out.push(b',');
            }
            run = here.unwrap_or_default();
            if run.is_empty() {
                let (name, raw) = member;
                push_text(name, out);
                out.push(b':');
                compact(raw.get(), inner, out)?;
            }
        }
        out.extend_from_slice(source.get(run).unwrap_or_default().as_bytes());
        out.push(b'}');
        Ok(())
    }
}

/// Where in what it was read from a member stands as it is to be written: without space behind its name, and with a value in which
/// there can be none.
fn place((name, raw): &Member<'_>, source: &str) -> Option<Range<usize>> {
    let Cow::Borrowed(name) = name else { return None };
    let value = raw.get();
    let behind = |text: &str| text.as_ptr().addr() + text.len();
    let [from, to, end] = [name.as_ptr().addr(), value.as_ptr().addr(), behind(value)]
        .map(|at| at.checked_sub(source.as_ptr().addr()));
    let (from, to, end) = (from?, to?, end?);
    let beside = to == from + name.len() + "\":".len() && end <= source.len();
    let start = from.checked_sub("\"".len())?;
    (beside && !value.starts_with(['{', '['])).then_some(start..end)
}

/// The order of names. Most differ in their first letter, which is seen without a call.
fn order(one: &str, other: &str) -> Ordering {
    let first = |name: &str| name.as_bytes().first().copied();
    first(one).cmp(&first(other)).then_with(|| one.cmp(other))
}

/// Appends a text as a JSON string.
pub fn push_text(text: &str, out: &mut Vec<u8>) {
    // Without an end at the first one, so that many bytes are looked at together.
    let escaped = |found, byte: &u8| found | matches!(*byte, b'"' | b'\\' | ..=0x1f);
    if !text.as_bytes().iter().fold(false, escaped) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing text to a `Vec` can't fail.
    let _ = serde_json::to_writer(out, text);
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Members::of_map(map)
    }
}

impl<'de> Members<'de> {
    /// Reads the members of an object that is begun.
    pub(super) fn of_map<A: MapAccess<'de>>(mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members: Vec<Member<'de>> = Vec::new();
        let mut sorted = true;
        while let Some((Name(name), raw)) = map.next_entry()? {
            sorted &= members
                .last()
                .is_none_or(|(last, _)| order(last, &name) == Ordering::Less);
            match members.len() {
                0 => members.reserve(FEW),
                FEW => members.reserve(MANY),
                _ => {}
            }
            members.push((name, raw));
        }
        if !sorted {
            // The last of a name comes first, and stays.
            members.reverse();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members.dedup_by(|(a, _), (b, _)| a == b);
        }
        Ok(Members(members))
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
        own.write(2, "", &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":1,"b":[2],"library":{"name":"own"}}"#
        );
        assert_eq!(members(r#"{"a":[]}"#).write(1, "", &mut Vec::new()), Err(TooDeep));
    }

    #[test]
    fn what_is_copied_together_is_what_is_written_one_by_one() {
        for source in [
            r"{}",
            r#"{"a":1}"#,
            r#"{"a":1,"b":"x y","c":null,"d":-1.5e3}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1, "b":2 ,"c" :3,"d": 4,"e":5,"f":6}"#,
            r#"{"a":1,"a":2,"b":3,"b":4}"#,
            r#"{"a":1,"b":{"c": [ 1,2 ]},"d":[],"e":5,"f":6}"#,
            r#"{"":1,"\u0062":2,"c\"":3,"d":"\u0065 \"","ÿ":"ÿ"}"#,
            "{\"a\":1,\n\t\"b\":2,\"\u{7f}\":3}",
        ] {
            let members = members(source);
            for kept in [
                members.clone(),
                members.clone().filtered(|name| name != "a"),
                members.filtered(|name| name != "b" && name != "e"),
            ] {
                let [mut together, mut one_by_one] = [Vec::new(), Vec::new()];
                kept.write(9, source, &mut together).unwrap();
                kept.write(9, "", &mut one_by_one).unwrap();
                assert_eq!(together, one_by_one, "{source}");
            }
        }
    }

    #[test]
    fn laying_over_keeps_the_order() {
        let mut own = members(r#"{"b":1,"d":1,"e":1}"#);
        own.lay_over(&members(r#"{"a":2,"b":2,"c":2,"e":2,"f":2}"#));
        let all: Vec<_> = own
            .iter()
            .map(|(name, raw)| format!("{name}{}", raw.get()))
            .collect();
        assert_eq!(all, ["a2", "b1", "c2", "d1", "e1", "f2"]);
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

    #[test]
    fn members_are_sorted_and_the_last_of_a_name_counts() {
        let raw: &RawValue = serde_json::from_str(r#"{"b":1,"a":2,"b":3,"\u0062":4,"c":{}}"#).unwrap();
        let members = Members::of(raw).unwrap();
        let all: Vec<_> = members.iter().map(|(name, raw)| (name, raw.get())).collect();
        assert_eq!(all, [("a", "2"), ("b", "4"), ("c", "{}")]);
        assert_eq!(members.get("b").map(RawValue::get), Some("4"));
        assert!(members.get("d").is_none());
        let kept = members.filtered(|name| name != "b");
        assert_eq!(kept.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "c"]);
        for other in ["[]", "null", "1", "\"a\""] {
            let raw: &RawValue = serde_json::from_str(other).unwrap();
            assert!(Members::of(raw).is_none(), "{other}");
        }
    }
}

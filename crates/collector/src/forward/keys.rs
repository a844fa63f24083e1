//! The target's write keys: one for all, or one for each of ours. Pure.
//!
//! A file of lines: a key alone is for all that no other line names; behind the number or the prefix of one of our keys and a space it
//! is for what came with that one. What has no key is not forwarded.

use std::collections::HashMap;

use crate::key::KeyId;
use crate::store::ListedKey;

/// The target's keys, by ours.
#[derive(Clone, Default)]
pub(super) struct Keys {
    other: Option<String>,
    named: Vec<(String, String)>,
}

impl Keys {
    /// Reads the file's text; `None` where a line is neither form, or there is no key at all.
    pub(super) fn of(text: &str) -> Option<Keys> {
        let mut keys = Keys::default();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [key] if keys.other.is_none() => keys.other = Some(key.to_owned()),
                [ours, key] => keys.named.push((ours.to_owned(), key.to_owned())),
                _ => return None,
            }
        }
        (keys.other.is_some() || !keys.named.is_empty()).then_some(keys)
    }

    /// The target's key for each of ours.
    pub(super) fn by_id(&self, ours: &[ListedKey]) -> HashMap<KeyId, String> {
        let key_of = |key: &ListedKey| {
            let named = self.named.iter().find(|(name, _)| key.is_named(name));
            named.map(|(_, key)| key).or(self.other.as_ref()).cloned()
        };
        ours.iter()
            .filter_map(|key| Some((key.id, key_of(key)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_all_or_for_one_of_ours() {
        let keys = Keys::of("# ours theirs\n2 two\nabcdefgh  eight\n\nall\n").unwrap();
        assert_eq!(keys.other.as_deref(), Some("all"));
        assert_eq!(keys.named.len(), 2);
        for text in ["", "# nothing", "a\nb", "1 2 3"] {
            assert!(Keys::of(text).is_none(), "{text}");
        }
    }
}

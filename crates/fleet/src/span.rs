//! Where a value is in the text of a JSON document: enough to spoil one place and leave all other bytes alone.
//!
//! Reads valid JSON only; of anything else it finds nothing or something, but never panics.

use std::ops::Range;

/// One step down into a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Down {
    /// The member of this name.
    Key(&'static str),
    /// The first member's value, or the first element.
    First,
}

/// The bytes of the value at `path`.
pub(crate) fn value(json: &[u8], path: &[Down]) -> Option<Range<usize>> {
    let mut at = blank(json, 0);
    for down in path {
        at = match down {
            Down::Key(name) => member(json, at, name)?,
            Down::First => first(json, at)?,
        };
    }
    Some(at..skip(json, at)?)
}

/// The position of the first comma between members or elements at or after `from`.
pub(crate) fn comma(json: &[u8], from: usize) -> Option<usize> {
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => at = string(json, at)?,
            b',' if at >= from => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn blank(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Past the string that begins at `at`.
fn string(json: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Past the value that begins at `at`.
fn skip(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at)? {
        b'"' => string(json, at),
        b'{' | b'[' => {
            let (mut at, mut depth) = (at, 0_usize);
            loop {
                match json.get(at)? {
                    b'"' => {
                        at = string(json, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
            Some(
                json[at..]
                    .iter()
                    .position(end)
                    .map_or(json.len(), |length| at + length),
            )
        }
    }
}

/// The value after the key that begins at `at`.
fn after_key(json: &[u8], at: usize) -> Option<usize> {
    let colon = blank(json, string(json, at)?);
    (json.get(colon)? == &b':').then(|| blank(json, colon + 1))
}

fn first(json: &[u8], at: usize) -> Option<usize> {
    let inside = blank(json, at + 1);
    match (json.get(at)?, json.get(inside)?) {
        (b'{', b'"') => after_key(json, inside),
        (b'[', byte) if *byte != b']' => Some(inside),
        _ => None,
    }
}

fn member(json: &[u8], at: usize, name: &str) -> Option<usize> {
    let mut key = blank(json, at + 1);
    while json.get(at)? == &b'{' && json.get(key)? == &b'"' {
        let end = string(json, key)?;
        let value = after_key(json, key)?;
        if &json[key + 1..end - 1] == name.as_bytes() {
            return Some(value);
        }
        key = blank(json, skip(json, value)?);
        if json.get(key)? == &b',' {
            key = blank(json, key + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &[u8] = br#" {"a":{"b , \" }":[1, {"c":"x,y"}],"d" : null},"e":[],"f":{}} "#;

    fn text(path: &[Down]) -> Option<&'static str> {
        value(JSON, path).map(|range| std::str::from_utf8(&JSON[range]).unwrap())
    }

    #[test]
    fn finds_values() {
        assert_eq!(text(&[Down::Key("a"), Down::First]), Some(r#"[1, {"c":"x,y"}]"#));
        assert_eq!(text(&[Down::Key("a"), Down::First, Down::First]), Some("1"));
        assert_eq!(text(&[Down::First, Down::Key("d")]), Some("null"));
        assert_eq!(text(&[Down::Key("e")]), Some("[]"));
        assert_eq!(text(&[Down::Key("e"), Down::First]), None);
        assert_eq!(text(&[Down::Key("f"), Down::First]), None);
        assert_eq!(text(&[Down::Key("g")]), None);
        assert_eq!(text(&[]).map(str::len), Some(JSON.len() - 2));
    }

    #[test]
    fn finds_commas_outside_strings() {
        assert_eq!(comma(JSON, 0), Some(20));
        assert_eq!(JSON[20], b',');
        assert_eq!(comma(JSON, JSON.len()), None);
    }
}

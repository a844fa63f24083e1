//! Bytes become text that any JSON reader and any database takes: no BOM, no invalid UTF-8, no NUL, no half of a surrogate pair.
//!
//! Works on the bytes before they are parsed: in JSON a backslash stands only inside strings, so escapes can be mended without
//! knowing where strings begin. What is no JSON stays none.

use std::borrow::Cow;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// What stands for half of a pair: U+FFFD, escaped.
const REPLACEMENT: &str = "\\ufffd";

/// The text of a body. Costs one copy only where something had to be mended.
pub fn clean(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let mut text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    if memchr::memchr(0, text.as_bytes()).is_some() {
        text = Cow::Owned(text.replace('\0', ""));
    }
    match mended(&text) {
        Some(mended) => Cow::Owned(mended),
        None => text,
    }
}

/// What stands at a backslash.
enum Escape {
    /// As it is, this many bytes.
    Sound(usize),
    /// `\u0000`
    Nul,
    /// Half of a surrogate pair.
    Half,
    /// `\u` without four digits: no JSON. With what stands behind it taken away it might become some.
    Broken,
}

/// Bytes of `\uXXXX`.
const UNIT: usize = 6;

fn mended(text: &str) -> Option<String> {
    memchr::memmem::find(text.as_bytes(), b"\\u")?;
    let mut mended: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        let here = at + found;
        let replacement = match escape(&text.as_bytes()[here..]) {
            Escape::Sound(length) => {
                at = (here + length).min(text.len());
                continue;
            }
            Escape::Nul => "",
            Escape::Half => REPLACEMENT,
            Escape::Broken => break,
        };
        let out = mended.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..here]);
        out.push_str(replacement);
        at = here + UNIT;
        copied = at;
    }
    if let Some(out) = &mut mended {
        out.push_str(&text[copied..]);
    }
    mended
}

fn escape(bytes: &[u8]) -> Escape {
    match unit(bytes) {
        Some(0) => Escape::Nul,
        Some(0xd800..=0xdbff) => match bytes.get(UNIT..).and_then(unit) {
            Some(0xdc00..=0xdfff) => Escape::Sound(2 * UNIT),
            _ => Escape::Half,
        },
        Some(0xdc00..=0xdfff) => Escape::Half,
        Some(_) => Escape::Sound(UNIT),
        None if bytes.starts_with(b"\\u") => Escape::Broken,
        None => Escape::Sound(2),
    }
}

/// The code unit of a `\uXXXX` at the start of the bytes.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let mut value = 0;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        value = value * 16 + u16::try_from(digit).ok()?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sound_text_is_not_copied() {
        let body = r#"{"a":"\ud83d\ude00 \\u0000 \\\\ud800 é"}"#;
        assert!(matches!(clean(body.as_bytes()), Cow::Borrowed(text) if text == body));
    }

    #[test]
    fn mends_what_databases_choke_on() {
        for (body, expected) in [
            (&b"\xef\xbb\xbf{}"[..], "{}"),
            (br#""a\u0000b""#, r#""ab""#),
            (br#""\ud800""#, r#""\ufffd""#),
            (br#""\udc00\ud800x""#, r#""\ufffd\ufffdx""#),
            (br#""\ud800\u0000\udc00""#, r#""\ufffd\ufffd""#),
            (br#""\ud800\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (br#""\\\u0000""#, r#""\\""#),
            (b"\"caf\xe9\"", "\"caf\u{fffd}\""),
            (b"\"a\0b\"\0", "\"ab\""),
            (br#""\u00"#, r#""\u00"#),
            (br#""\u0000\u00\u000000""#, r#""\u00\u000000""#),
            (br#""\"#, r#""\"#),
        ] {
            assert_eq!(clean(body), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_json_stays_json(text in r#"([a-z\\"é]|\\u[0d][08c][0-9a-f]{2}|\\\\)*"#) {
            let body = format!("\"{text}\"");
            let cleaned = clean(body.as_bytes());
            // Whatever the raw reader lets through, the strict one takes after cleaning.
            if serde_json::from_str::<&serde_json::value::RawValue>(&body).is_ok() {
                let value: String = serde_json::from_str(&cleaned).unwrap();
                prop_assert!(!value.contains('\0'));
            }
        }

        #[test]
        fn what_is_clean_stays_as_it_is(text in r#"([0a"]|\\\\|\\u|\\u00|\\u0000|\\ud83d|\\ude00|\x00)*"#) {
            let cleaned = clean(text.as_bytes());
            prop_assert_eq!(clean(cleaned.as_bytes()), &*cleaned);
            if let Ok(value) = serde_json::from_str::<String>(&format!("\"{cleaned}\"")) {
                prop_assert!(!value.contains('\0'));
            }
        }
    }
}

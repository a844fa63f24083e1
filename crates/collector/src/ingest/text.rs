//! Texts and ids as senders write them: a string, or a number where a string was meant.

use std::borrow::Cow;

use serde_json::Number;
use serde_json::value::RawValue;

/// The text of a JSON string; `None` for any other value.
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(json).map(Cow::Owned).ok()
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text of an id: a string without the space around it, or a number's decimal text. Empty and anything else is absent.
pub fn id(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = string(raw).or_else(|| number(raw))?;
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!text.is_empty()).then_some(text)
}

fn number(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    let digits = json.strip_prefix('-').unwrap_or(json);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Cow::Borrowed(json));
    }
    let number: Number = serde_json::from_str(json).ok()?;
    // `f64` shows itself without an exponent and without a fraction of zero.
    number.as_f64().map(|number| Cow::Owned(number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_coerced() {
        for (json, expected) in [
            (r#""a""#, Some("a")),
            (r#"" a\n""#, Some("a")),
            (r#""""#, None),
            (r#""  ""#, None),
            ("12", Some("12")),
            ("-3", Some("-3")),
            (
                "123456789012345678901234567890",
                Some("123456789012345678901234567890"),
            ),
            ("12.0", Some("12")),
            ("1.5e3", Some("1500")),
            ("0.25", Some("0.25")),
            ("null", None),
            ("true", None),
            ("{}", None),
            ("[1]", None),
        ] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            assert_eq!(id(raw).as_deref(), expected, "{json}");
        }
    }
}

//! What the query of a pixel says, as the JSON of a single call: `?data=` with that JSON in base64, or its fields one by one, with
//! dots between the names of nested ones (`userId=u&properties.subject=s&context.page.path=/p`). Values are texts: whether `1` was
//! meant as a number is not for us to guess.
//!
//! A query is as long as a request's head may be; besides, its pairs and the levels of their names are bounded, so that a short
//! query can't ask for much memory.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use form_urlencoded::parse;
use serde_json::{Map, Value};

use crate::ingest::outcome::Rejection;

/// Most pairs of a query.
pub const MAX_PAIRS: usize = 256;
/// Most names in the name of a field.
pub const MAX_LEVELS: usize = 8;

/// Padded or not, and whatever stands in the last, incomplete bits: many encoders write this.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads the query of a request's path. What comes out of `data` may still be no JSON.
///
/// # Errors
/// When there is more in it than there may be, or when `data` is no base64.
pub fn decode(query: &str) -> Result<Vec<u8>, Rejection> {
    let mut event = Map::new();
    for (index, (name, value)) in parse(query.as_bytes()).enumerate() {
        if index == MAX_PAIRS {
            return Err(Rejection::TooLarge);
        }
        if name == "data" {
            return data(&value);
        }
        put(&mut event, &name, value)?;
    }
    // A map with text keys always serialises.
    serde_json::to_vec(&event).map_err(|_| Rejection::NotAnObject)
}

/// Both alphabets of base64 are read, in one line or in many; a plus sign that nobody escaped has become a space. JSON that is not
/// encoded at all begins with what is in neither.
fn data(value: &str) -> Result<Vec<u8>, Rejection> {
    let value = value.trim();
    if value.starts_with('{') {
        return Ok(value.as_bytes().to_vec());
    }
    let encoded: String = value
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .map(|c| match c {
            '-' | ' ' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    BASE64.decode(encoded).map_err(|_| Rejection::NotAnObject)
}

/// Sets a field; of what is said twice, in whatever form, the last counts.
fn put(event: &mut Map<String, Value>, name: &str, value: Cow<'_, str>) -> Result<(), Rejection> {
    let mut object = event;
    let mut rest = name;
    let mut levels = 1;
    while let Some((step, inner)) = rest.split_once('.') {
        levels += 1;
        if levels > MAX_LEVELS {
            return Err(Rejection::TooDeep);
        }
        let member = object.entry(step).or_insert(Value::Null);
        if !member.is_object() {
            *member = Value::Object(Map::new());
        }
        let Value::Object(members) = member else {
            return Err(Rejection::NotAnObject);
        };
        (object, rest) = (members, inner);
    }
    object.insert(rest.to_owned(), Value::String(value.into_owned()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(query: &str) -> Value {
        serde_json::from_slice(&decode(query).unwrap()).unwrap()
    }

    #[test]
    fn fields_are_nested_by_their_names() {
        for (query, expected) in [
            ("", json!({})),
            (
                "userId=user_123&event=Email%20Opened&properties.subject=The+Electric+Daily&writeKey=k",
                json!({"userId": "user_123", "event": "Email Opened", "properties": {"subject": "The Electric Daily"}, "writeKey": "k"}),
            ),
            (
                "context.page.path=/a%3Fb&context.page.url=https://x/&context.locale=de&properties.n=1&properties.b=true",
                json!({
                    "context": {"page": {"path": "/a?b", "url": "https://x/"}, "locale": "de"},
                    "properties": {"n": "1", "b": "true"},
                }),
            ),
            // Of what is said twice, the last; also where it is said in another form.
            ("a=1&a=2", json!({"a": "2"})),
            ("a=1&a.b=2", json!({"a": {"b": "2"}})),
            ("a.b=2&a=1", json!({"a": "1"})),
            ("a&=b&&.=c&a%2eb=d", json!({"a": {"b": "d"}, "": {"": "c"}})),
            ("x=%ff%00%zz", json!({"x": "\u{fffd}\0%zz"})),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
    }

    #[test]
    fn data_is_base64_in_any_form() {
        let event = br#"{"userId":"\u00fc??>>"}"#;
        let texts = [
            base64::prelude::BASE64_STANDARD.encode(event),
            base64::prelude::BASE64_STANDARD_NO_PAD.encode(event),
            base64::prelude::BASE64_URL_SAFE.encode(event),
            base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(event),
        ];
        assert!(texts[0].contains('=') && texts[0] != texts[2]);
        for text in texts {
            let wrapped = format!("{}%0D%0A{}", &text[..9], &text[9..]);
            for text in [&text, &text.replace('+', "%2B").replace('=', "%3D"), &wrapped] {
                assert_eq!(
                    decode(&format!("x=1&data={text}&data=?")).unwrap(),
                    event,
                    "{text}"
                );
            }
        }
        assert_eq!(read("data=%7B%22a%22:1%7D"), json!({"a": 1}));
        for text in ["!", "a", "%22a%22"] {
            assert_eq!(
                decode(&format!("data={text}")),
                Err(Rejection::NotAnObject),
                "{text}"
            );
        }
    }

    #[test]
    fn a_short_query_asks_for_little() {
        let pairs = |count: usize| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join("&")
        };
        assert_eq!(read(&pairs(MAX_PAIRS)).as_object().unwrap().len(), MAX_PAIRS);
        assert_eq!(decode(&pairs(MAX_PAIRS + 1)), Err(Rejection::TooLarge));
        let deep = |levels: usize| format!("{}=v", vec!["a"; levels].join("."));
        assert!(decode(&deep(MAX_LEVELS)).is_ok());
        assert_eq!(decode(&deep(MAX_LEVELS + 1)), Err(Rejection::TooDeep));
        assert_eq!(decode(&".".repeat(60_000)), Err(Rejection::TooDeep));
    }

    fn levels(value: &Value) -> usize {
        value
            .as_object()
            .map_or(0, |members| 1 + members.values().map(levels).max().unwrap_or(0))
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(
            text in ".*",
            query in "([ab.&=%+]|%[0-9a-f]{2}|properties\\.|data=|userId=){0,60}",
            data in "data=[A-Za-z0-9+/=_-]{0,40}",
        ) {
            for query in [&text, &query, &data] {
                if let Ok(event) = decode(query) && !query.contains("data") {
                    let event: Value = serde_json::from_slice(&event).unwrap();
                    prop_assert!(levels(&event) <= MAX_LEVELS && event.as_object().unwrap().len() <= MAX_PAIRS);
                }
            }
        }

        #[test]
        fn what_is_encoded_comes_out(event in prop::collection::vec(any::<u8>(), 0..200), pairs in prop::collection::btree_map("[a-z]{1,9}", ".*", 0..9)) {
            let text = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&event);
            if !event.is_empty() {
                prop_assert_eq!(decode(&format!("data={text}")), Ok(event));
            }
            if !pairs.contains_key("data") {
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
                prop_assert_eq!(read(&query), json!(pairs));
            }
        }
    }
}

//! JSON without the space between its tokens, nested no deeper than a bound.

/// Nested deeper than the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is nested too deeply")]
pub struct TooDeep;

/// Appends a JSON text without its white space. `levels` is how many objects and arrays may be open at once.
/// The text must be well-formed and without space around it, as a `RawValue`'s is.
///
/// # Errors
/// When it is nested more deeply; what was appended by then is cut off half-way.
pub fn compact(json: &str, levels: usize, out: &mut Vec<u8>) -> Result<(), TooDeep> {
    let bytes = json.as_bytes();
    // Most values are scalars: there is no space in them.
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        out.extend_from_slice(bytes);
        return Ok(());
    }
    let mut open = 0_usize;
    let (mut copied, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => {
                open += 1;
                if open > levels {
                    return Err(TooDeep);
                }
            }
            b'}' | b']' => open = open.saturating_sub(1),
            b' ' | b'\n' | b'\t' | b'\r' => {
                out.extend_from_slice(&bytes[copied..at]);
                copied = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    out.extend_from_slice(&bytes[copied..]);
    Ok(())
}

/// Just behind the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        let here = at + found;
        if bytes[here] == b'"' {
            return here + 1;
        }
        at = here + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn compacted(json: &str, levels: usize) -> Result<String, TooDeep> {
        let mut out = Vec::new();
        compact(json, levels, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn only_space_between_tokens_goes() {
        let json = "{ \"a b\" :\t[ 1 ,\n2.0 , \" \\\" { \" ] , \"c\\\\\" : null\r\n}";
        assert_eq!(
            compacted(json, 2).unwrap(),
            r#"{"a b":[1,2.0," \" { "],"c\\":null}"#
        );
    }

    #[test]
    fn depth_is_bounded() {
        assert!(compacted("[[[]],[[]]]", 3).is_ok());
        assert_eq!(compacted("[[[]]]", 2), Err(TooDeep));
        assert!(compacted("\"[[[[\"", 0).is_ok());
    }

    proptest! {
        #[test]
        fn means_the_same(text in ".*", number in any::<i32>()) {
            let value = serde_json::json!({"a": [text, {"b": number}], "b": null});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let small = compacted(&pretty, 3).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Value>(&small).unwrap(), &value);
            prop_assert_eq!(small, value.to_string());
        }
    }
}

use super::*;
use proptest::prelude::*;

/// Reads a whole document into a tree, by the public calls only.
fn tree<R: Read>(reader: &mut Reader<R>) -> Result<serde_json::Value, Error> {
    Ok(match reader.kind()? {
        Kind::Object => {
            let mut map = serde_json::Map::new();
            reader.enter_object()?;
            while let Some(key) = reader.next_key()? {
                let key = key.to_str().into_owned();
                map.insert(key, tree(reader)?);
            }
            map.into()
        }
        Kind::Array => {
            let mut list = Vec::new();
            reader.enter_array()?;
            while reader.next_item()? {
                list.push(tree(reader)?);
            }
            list.into()
        }
        Kind::String => reader.string()?.to_str().into_owned().into(),
        Kind::Number => serde_json::json!(reader.number()?),
        Kind::Bool => {
            let word = reader.peek()? == Some(b't');
            reader.skip()?;
            word.into()
        }
        Kind::Null => {
            reader.skip()?;
            serde_json::Value::Null
        }
    })
}

/// A transport that hands out `step` bytes at a time.
struct Steps<'a>(&'a [u8], usize);

impl Read for Steps<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(out.len()).min(self.0.len());
        out[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn read(bytes: &[u8], step: usize) -> Result<serde_json::Value, Error> {
    tree(&mut Reader::new(Steps(bytes, step), u64::MAX)?)
}

fn skips(bytes: &[u8], step: usize) -> Result<(), Error> {
    Reader::new(Steps(bytes, step), u64::MAX)?.skip()
}

fn floats(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        // serde_json's own reading of long fractions is off by a last digit; as f32 both agree.
        #[expect(clippy::cast_possible_truncation)]
        Value::Number(number) => serde_json::json!(number.as_f64().map(|number| number as f32)),
        Value::Array(list) => list.into_iter().map(floats).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, floats(value))).collect(),
        other => other,
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        (-1e30..1e30_f64).prop_map(Into::into),
        ".{0,80}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map(".{0,40}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in any_json(), step in 1_usize..64, pretty: bool) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        prop_assert_eq!(floats(read(&text, step).unwrap()), floats(value));
        skips(&text, step).unwrap();
    }

    #[test]
    fn takes_and_refuses_what_serde_json_does(value in any_json(), at: prop::sample::Index, byte in prop::sample::select(b"{}[]\",:0123456789.eE+-\\ntfu \x01x".to_vec())) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        let theirs = serde_json::Deserializer::from_slice(&text).into_iter::<serde_json::Value>().next().unwrap();
        let ours = read(&text, 7);
        prop_assert_eq!(ours.is_ok(), skips(&text, 7).is_ok());
        match (theirs, ours) {
            (Ok(theirs), Ok(ours)) => prop_assert_eq!(floats(theirs), floats(ours)),
            // What is not UTF-8, a lone surrogate, a number beyond f64 and a number cut off by trailing text are judged
            // differently on purpose.
            (Err(_), Ok(_)) => {
                let odd = text.iter().any(|byte| b"\\eE".contains(byte)) || std::str::from_utf8(&text).is_err();
                prop_assert!(odd, "serde_json refuses this");
            }
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("the end of a number"), "{}", error),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn never_panics(bytes: Vec<u8>, step in 1_usize..16) {
        let _ = read(&bytes, step);
        let _ = skips(&bytes, step);
    }

    #[test]
    fn a_cut_document_is_truncated(value in any_json(), at: prop::sample::Index) {
        let text = serde_json::to_vec(&serde_json::json!([value])).unwrap();
        let cut = &text[..at.index(text.len())];
        let error = skips(cut, 5).unwrap_err();
        prop_assert!(matches!(error, Error::Truncated { .. }), "{}", error);
    }
}

#[test]
fn a_number_ends_where_something_else_begins() {
    for (text, number) in [
        ("10", true),
        ("10 ", true),
        ("10,", true),
        ("1x", false),
        ("1\u{1}0", false),
        ("1é", false),
    ] {
        assert_eq!(skips(text.as_bytes(), 1).is_ok(), number, "{text:?}");
    }
}

#[test]
fn bad_text_costs_the_string_only() {
    for step in 1..9 {
        assert_eq!(
            read(b"\xEF\xBB\xBF[\"a\xFFb\"]", step).unwrap(),
            serde_json::json!(["a\u{FFFD}b"])
        );
        assert_eq!(
            read(br#"["\ud800", "\ud83d\ude00", "\ud800\u0041"]"#, step).unwrap(),
            serde_json::json!(["\u{FFFD}", "😀", "A"])
        );
    }
}

#[test]
fn memory_stays_bounded() {
    let long = format!("\"{}\"", "x".repeat(MAX_TEXT * 3));
    let mut reader = Reader::new(long.as_bytes(), u64::MAX).unwrap();
    let text = reader.string().unwrap();
    assert_eq!((text.bytes.len(), text.clipped), (MAX_TEXT, true));
    assert!(!text.is_blank());

    let deep = "[".repeat(1_000_000);
    assert!(matches!(
        skips(deep.as_bytes(), 4096).unwrap_err(),
        Error::TooDeep { at: 65 }
    ));

    let large = Reader::new(std::io::repeat(b' '), 1 << 20)
        .unwrap()
        .skip()
        .unwrap_err();
    assert_eq!(large.to_string(), "larger than 1048576 bytes");
}

#[test]
fn errors_say_where() {
    for (text, message) in [
        (
            "{\"a\":1,}",
            "not JSON at byte 7: expected a value after `,`, found `}`",
        ),
        ("[1 2]", "not JSON at byte 3: expected `,` or `]`, found `2`"),
        ("<html>", "not JSON at byte 0: expected a value, found `<`"),
        (
            "[01]",
            "not JSON at byte 2: expected the end of a number, found `1`",
        ),
        (
            "[\"a\nb\"]",
            "not JSON at byte 3: expected no control character in a string, found byte 0x0a",
        ),
        ("", "the document ends at byte 0, before it is complete"),
    ] {
        assert_eq!(
            skips(text.as_bytes(), 3).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
}

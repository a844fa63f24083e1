//! Lists of names, as reports of packages and frameworks carry them: `[{"name":"a"},{"name":"b"}]`. They are long, and asked for their
//! names several times, so the usual spelling is read without a parser.

use memchr::memchr2;

/// The names of a list that is written as usual: of objects with a name alone, without escapes and without space. `None` for anything
/// else, which is for a parser to read. The text must be well-formed JSON.
pub fn plainly(json: &str) -> Option<Names<'_>> {
    let items = json.strip_prefix('[')?.strip_suffix(']')?;
    let names = Names { items };
    // All of them, so that whoever takes the first need not ask again.
    let mut rest = Names { items };
    while !rest.items.is_empty() {
        rest.next()?;
    }
    Some(names)
}

/// The names of a list.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    items: &'a str,
}

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.items.strip_prefix("{\"name\":\"")?;
        let end = memchr2(b'"', b'\\', rest.as_bytes())?;
        let (name, behind) = rest.split_at_checked(end)?;
        let behind = behind.strip_prefix("\"}")?;
        self.items = match behind.strip_prefix(',') {
            Some(next) => next,
            None if behind.is_empty() => behind,
            None => return None,
        };
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn only_what_is_written_as_usual_is_read() {
        let read = |json| plainly(json).map(Iterator::collect::<Vec<_>>);
        assert_eq!(read("[]"), Some(vec![]));
        assert_eq!(
            read(r#"[{"name":"a"},{"name":""},{"name":"é]}"}]"#),
            Some(vec!["a", "", "é]}"])
        );
        for other in [
            "{}",
            "\"[]\"",
            "[ ]",
            r#"["a"]"#,
            r#"[{"name":1}]"#,
            r#"[{"name": "a"}]"#,
            r#"[{"name":"a","b":1}]"#,
            r#"[{"name":"a"}, {"name":"b"}]"#,
            r#"[{"name":"a\n"}]"#,
            r#"[{"name":"a"},{}]"#,
            r#"[{"n":"a"}]"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_a_parser_reads(names in prop::collection::vec(".{0,8}", 0..5)) {
            let list: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            let json = Value::from(list).to_string();
            match plainly(&json) {
                Some(read) => prop_assert_eq!(read.collect::<Vec<_>>(), names),
                None => prop_assert!(json.contains('\\')),
            }
        }
    }
}

//! The body of a batch request, as a file: taken apart into messages, each with what the batch laid under all of them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ingest::members::Members;

/// A batch, as far as its messages need it.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    #[serde(borrow)]
    integrations: Option<&'a RawValue>,
}

/// The messages of a batch, one a line; `None` when the text is no batch. Times are the messages' own: what is imported has waited
/// for nobody knows how long, so when the batch left says nothing.
pub(super) fn lines(text: &str) -> Option<Vec<Vec<u8>>> {
    let batch: Batch<'_> = serde_json::from_str(text).ok()?;
    let under = [("context", batch.context), ("integrations", batch.integrations)];
    let messages = batch.batch.iter().map(|message| line(message, under));
    Some(messages.collect())
}

/// What is no message, or nested too deeply for one, stays as it is: it is refused, and counted, when its turn comes.
fn line(message: &RawValue, under: [(&str, Option<&RawValue>); 2]) -> Vec<u8> {
    laid_over(message, under).unwrap_or_else(|| message.get().as_bytes().to_vec())
}

fn laid_over(message: &RawValue, under: [(&str, Option<&RawValue>); 2]) -> Option<Vec<u8>> {
    let mut own = Members::of(message)?;
    let mut merged = Vec::new();
    for (name, under) in under {
        let Some(under) = under.and_then(Members::of) else {
            continue;
        };
        let mut members = match own.get(name) {
            // `null` is as good as nothing, and what is neither is refused later.
            Some(stated) if stated.get() != "null" => Members::of(stated)?,
            _ => Members::default(),
        };
        members.lay_over(&under);
        let mut text = Vec::new();
        members.write(usize::MAX, "", &mut text).ok()?;
        merged.push((name, RawValue::from_string(String::from_utf8(text).ok()?).ok()?));
    }
    for (name, raw) in &merged {
        own.set(name, raw);
    }
    let mut line = Vec::new();
    own.write(usize::MAX, "", &mut line).ok()?;
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Vec<String>> {
        let text_of = |line| String::from_utf8(line).unwrap();
        lines(text).map(|lines| lines.into_iter().map(text_of).collect())
    }

    #[test]
    fn every_message_gets_what_the_batch_laid_under_it() {
        let text = r#"{"sentAt": "x", "context": {"a": 1, "b": 2}, "integrations": {"All": true}, "batch": [
            {"type": "track", "context": {"b": 12345678901234567890123}},
            {"type": "page", "context": null, "integrations": {"All": false}},
            [1],
            {"type": "page", "context": 3}
        ]}"#;
        let expected = [
            r#"{"context":{"a":1,"b":12345678901234567890123},"integrations":{"All":true},"type":"track"}"#,
            r#"{"context":{"a":1,"b":2},"integrations":{"All":false},"type":"page"}"#,
            "[1]",
            r#"{"type": "page", "context": 3}"#,
        ];
        assert_eq!(of(text).unwrap(), expected);
        assert_eq!(
            of(r#"{"batch":[{"type" : "page"}]}"#).unwrap(),
            [r#"{"type":"page"}"#]
        );
        assert!(of(r#"{"batch":[]}"#).unwrap().is_empty());
        for other in ["", "[]", "{}", r#"{"batch":{}}"#, r#"{"type":"track"}"#] {
            assert!(of(other).is_none(), "{other}");
        }
    }
}

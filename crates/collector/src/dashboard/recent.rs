//! The last messages: those that were kept, and what is remembered of those that were not.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::ingest::record::Kept;
use crate::question::Patience;
use crate::store::{Reader, StoreError};

/// Most batches that are looked into for one page.
const BATCHES: i64 = 400;

/// Most messages of one batch.
const MOST: usize = 100;

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Recent {
    /// When it came, in RFC 3339.
    pub(super) time: String,
    /// What became of it.
    pub(super) outcome: String,
    /// Its event, or its type.
    pub(super) event: String,
    /// Whose it is: a cluster, or a user as far as that is kept.
    pub(super) who: String,
    /// Its id.
    pub(super) id: String,
    /// What about it, where it was not simply kept.
    pub(super) hint: String,
    /// All of it, where it was kept.
    pub(super) raw: String,
}

/// The last messages, the latest first, at most so many; of one cluster, where it is named. Beside them, whether older ones were not
/// looked for.
///
/// # Errors
/// When the database can't be read.
pub(super) fn last(
    reader: &Reader,
    cluster: Option<&str>,
    most: usize,
    patience: &Patience,
) -> Result<(Vec<Recent>, bool), StoreError> {
    let newest = reader.last_batch()?;
    let mut found: Vec<Recent> = Vec::new();
    let mut number = newest;
    while number > 0 && found.len() < most && newest - number < BATCHES && !patience.is_lost() {
        let mut batch = kept(reader, number - 1, cluster)?;
        batch.reverse();
        found.append(&mut batch);
        number -= 1;
    }
    if cluster.is_none() {
        found.extend(remembered(reader, Timestamp::MIN)?);
    }
    found.sort_by(|a, b| b.time.cmp(&a.time));
    found.truncate(most);
    Ok((found, number > 0))
}

/// The last messages of the batch behind a number.
pub(super) fn kept(reader: &Reader, after: i64, cluster: Option<&str>) -> Result<Vec<Recent>, StoreError> {
    let mut lines: VecDeque<String> = VecDeque::with_capacity(MOST);
    reader.next_batch(after, |line| -> Result<(), StoreError> {
        // Most lines are of others. The last ones are understood, no others.
        if cluster.is_none_or(|cluster| line.contains(cluster)) {
            if lines.len() == MOST {
                lines.pop_front();
            }
            lines.push_back(line.to_owned());
        }
        Ok(())
    })?;
    let of_line = |line: &String| read(Kept::of(line)?.message, cluster);
    Ok(lines.iter().filter_map(of_line).collect())
}

/// What is remembered of messages that came later, other than that they were kept.
pub(super) fn remembered(reader: &Reader, after: Timestamp) -> Result<Vec<Recent>, StoreError> {
    let samples = reader.samples()?.into_iter();
    let later = samples.filter(|sample| sample.received > after && sample.reason != "accepted");
    Ok(later
        .map(|sample| Recent {
            time: sample.received.to_string(),
            outcome: sample.reason,
            event: sample.event,
            id: sample.message_id,
            hint: sample.hint,
            ..Recent::default()
        })
        .collect())
}

fn read(line: &str, cluster: Option<&str>) -> Option<Recent> {
    let message: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let of_properties = message["properties"]["clusterId"].as_str();
    if cluster.is_some_and(|cluster| of_properties != Some(cluster)) {
        return None;
    }
    let event = match text("event") {
        empty if empty.is_empty() => text("type"),
        event => event,
    };
    let who = [
        of_properties,
        message["userId"].as_str(),
        message["anonymousId"].as_str(),
    ];
    Some(Recent {
        time: text("receivedAt"),
        outcome: "accepted".to_owned(),
        event,
        who: who.into_iter().flatten().next().unwrap_or_default().to_owned(),
        id: text("messageId"),
        hint: String::new(),
        raw: serde_json::to_string_pretty(&message).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_by_what_it_says() {
        let line = r#"{"type":"track","messageId":"m","anonymousId":"a","event":"health","receivedAt":"2026-11-22T10:00:00Z","properties":{"clusterId":"c"}}"#;
        let message = read(line, Some("c")).unwrap();
        assert_eq!((message.event.as_str(), message.who.as_str()), ("health", "c"));
        assert_eq!(read(line, Some("a")), None);
        let page = read(r#"{"type":"page","anonymousId":"a"}"#, None).unwrap();
        assert_eq!((page.event.as_str(), page.who.as_str()), ("page", "a"));
    }
}

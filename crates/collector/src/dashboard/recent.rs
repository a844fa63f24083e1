//! Single messages: the last ones that were kept, with what is remembered of those that were not; and a cluster's reports, hour by hour.
//!
//! Reports are found by the time line, which says of each hour which batches have them, so each can be reached however many other
//! messages there are. What else a cluster's messages are (of its interface, of an installation, or of senders whose ids name no hour)
//! stands in no such index: it is searched for, batch by batch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use heliograph_wire::id::Hour;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::ingest::record::Kept;
use crate::question::Patience;
use crate::store::{Reader, StoreError};

/// Most batches that are looked into for one page.
const BATCHES: i64 = 400;

/// Most messages of one batch, of all senders and of one cluster.
const MOST: usize = 100;
const MOST_OF_CLUSTER: usize = 5000;
/// Hours of a cluster that a page shows, of those in which it reported.
const HOURS: usize = 24;
/// Hours that are looked at for that.
const LOOKS: i64 = 20_000;

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
    /// The hour of which it is, where it is a report.
    #[serde(skip)]
    pub(super) hour: Option<Hour>,
}

/// Reports of a cluster.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reports {
    /// The latest hour first.
    pub(super) messages: Vec<Recent>,
    /// The hour before which there may be older ones.
    pub(super) older: Option<Hour>,
    /// Reports that are counted still and were too old to be kept.
    pub(super) gone: usize,
}

/// What a cluster reported of the latest hours before one, not before the first.
///
/// # Errors
/// When the database can't be read.
pub(super) fn reports(
    reader: &Reader,
    (number, cluster): (i64, &str),
    (first, before): (Hour, Hour),
    patience: &Patience,
) -> Result<Reports, StoreError> {
    let mut found = Reports::default();
    // Hours by the batches that have them, so that each batch is read once.
    let mut hours = BTreeSet::new();
    let mut batches: BTreeMap<i64, Vec<Hour>> = BTreeMap::new();
    let mut reported = 0;
    let mut hour = before.number();
    while hour > first.number() {
        if hours.len() == HOURS || before.number() - hour > LOOKS || patience.is_lost() {
            found.older = Hour::from_number(hour);
            break;
        }
        hour -= 1;
        let Some(now) = Hour::from_number(hour) else { break };
        for report in reader.reported(number, now)? {
            reported += 1;
            hours.insert(now);
            let of_batch = batches.entry(report.batch).or_default();
            if !of_batch.contains(&now) {
                of_batch.push(now);
            }
        }
    }
    for (batch, hours) in batches {
        found
            .messages
            .append(&mut of_batch(reader, batch, cluster, &hours)?);
    }
    found.gone = reported - found.messages.len().min(reported);
    found
        .messages
        .sort_by(|a, b| b.hour.cmp(&a.hour).then_with(|| a.id.cmp(&b.id)));
    Ok(found)
}

/// What a cluster reported of some hours, in a batch; nothing where that is not kept any more.
fn of_batch(reader: &Reader, batch: i64, cluster: &str, hours: &[Hour]) -> Result<Vec<Recent>, StoreError> {
    // As ids of reports say it.
    let told: Vec<String> = hours.iter().map(|hour| format!(":{hour}")).collect();
    let mut lines = Vec::new();
    let read = reader.next_batch(batch - 1, |line| -> Result<(), StoreError> {
        if line.contains(cluster) && told.iter().any(|hour| line.contains(hour)) {
            lines.push(line.to_owned());
        }
        Ok(())
    })?;
    if read != Some(batch) {
        return Ok(Vec::new());
    }
    let of_line = |line: &String| self::read(Kept::of(line)?.message, Some(cluster));
    let found = lines.iter().filter_map(of_line);
    Ok(found
        .filter(|message| message.hour.is_some_and(|hour| hours.contains(&hour)))
        .collect())
}

/// The last messages, the latest first, at most so many; of one cluster, where it is named, and of batches up to one. Beside them, up
/// to which batch there may be older ones.
///
/// # Errors
/// When the database can't be read.
pub(super) fn last(
    reader: &Reader,
    cluster: Option<&str>,
    upto: Option<i64>,
    most: usize,
    patience: &Patience,
) -> Result<(Vec<Recent>, Option<i64>), StoreError> {
    let last = reader.last_batch()?;
    let newest = upto.map_or(last, |upto| upto.min(last));
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
    // Behind the last batch of a cluster's is where the next page begins.
    if cluster.is_none() {
        found.truncate(most);
    }
    Ok((found, Some(number).filter(|number| *number > 0)))
}

/// The last messages of the batch behind a number.
pub(super) fn kept(reader: &Reader, after: i64, cluster: Option<&str>) -> Result<Vec<Recent>, StoreError> {
    let most = cluster.map_or(MOST, |_| MOST_OF_CLUSTER);
    let mut lines: VecDeque<String> = VecDeque::new();
    reader.next_batch(after, |line| -> Result<(), StoreError> {
        // Most lines are of others. The last ones are understood, no others.
        if cluster.is_none_or(|cluster| line.contains(cluster)) {
            if lines.len() == most {
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
        hour: hour(&text("messageId")),
        id: text("messageId"),
        hint: String::new(),
        raw: serde_json::to_string_pretty(&message).unwrap_or_default(),
    })
}

/// The hour of which a report is: its id ends with that, and with an ordinal where the report was split.
fn hour(id: &str) -> Option<Hour> {
    id.rsplit(':').take(2).find_map(|part| part.parse().ok())
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

//! Outcomes and violations of the plan, counted by day of receipt and key; and what is remembered of the last messages of each.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::error::{Doing as _, StoreError};
use super::time;
use crate::delta::Day;
use crate::forget::reach::Reach;
use crate::ingest::outcome::Outcome;
use crate::ingest::sample::Sample;
use crate::ingest::subject::Subject;
use crate::ingest::violation::Violation;
use crate::key::KeyId;

/// So many messages are remembered of each reason.
const KEPT: i64 = 200;

/// How many messages had an outcome, or differ in a way from the plan, on a day of receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The day.
    pub day: Day,
    /// Name of the outcome, or of the violation.
    pub reason: String,
    /// How many.
    pub messages: u64,
}

/// What is remembered of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Name of the outcome, or of the violation.
    pub reason: String,
    /// When it came.
    pub received: Timestamp,
    /// With which key.
    pub key: KeyId,
    /// Its event.
    pub event: String,
    /// Its id.
    pub message_id: String,
    /// Which field, or which property.
    pub hint: String,
}

/// The number of the last message that was remembered, by reason, as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<&'static str, i64>);

/// Adds to a counter.
pub(super) fn add(
    connection: &Connection,
    received: Timestamp,
    key: KeyId,
    outcome: Outcome,
    count: u64,
) -> Result<(), StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO outcome (day, key, name, count) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )
        .and_then(|mut statement| statement.execute((Day::of(received).0, key.0, outcome.name(), count)))
        .doing("count outcomes")?;
    Ok(())
}

/// Adds to a counter of violations.
pub(super) fn add_violation(
    connection: &Connection,
    received: Timestamp,
    key: KeyId,
    violation: Violation,
    count: u64,
) -> Result<(), StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO violation (day, key, name, count) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )
        .and_then(|mut statement| statement.execute((Day::of(received).0, key.0, violation.name(), count)))
        .doing("count violations")?;
    Ok(())
}

/// By day, from the first to the last, both included; the latest first.
pub(super) fn by_day(connection: &Connection, from: Day, to: Day) -> Result<Vec<Counted>, StoreError> {
    let read = || -> rusqlite::Result<Vec<Counted>> {
        connection
            .prepare_cached(
                "SELECT day, name, sum(count) FROM (SELECT * FROM outcome UNION ALL SELECT * FROM violation)
                 WHERE day BETWEEN ? AND ? GROUP BY day, name ORDER BY day DESC, name",
            )?
            .query_map((from.0, to.0), |row| {
                Ok(Counted {
                    day: Day(row.get(0)?),
                    reason: row.get(1)?,
                    messages: row.get::<_, i64>(2)?.cast_unsigned(),
                })
            })?
            .collect()
    };
    read().doing("read outcomes")
}

impl Places {
    /// Remembers a message, in the place of the one that came longest ago for the same reason.
    pub(super) fn insert(
        &mut self,
        connection: &Connection,
        received: Timestamp,
        key: KeyId,
        sample: &Sample,
    ) -> Result<(), StoreError> {
        let reason = sample.reason.name();
        let mut insert = || -> rusqlite::Result<usize> {
            let number = match self.0.get(reason) {
                Some(last) => last + 1,
                None => connection
                    .prepare_cached(
                        "SELECT coalesce(max(number), 0) + 1 FROM outcome_sample WHERE reason = ?",
                    )?
                    .query_row([reason], |row| row.get(0))?,
            };
            self.0.insert(reason, number);
            let subjects: Vec<u8> = sample.subjects.iter().flat_map(|subject| subject.0).collect();
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO outcome_sample
                     (reason, place, number, received, key, event, message_id, hint, subjects)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute((
                    reason,
                    number % KEPT,
                    number,
                    received.as_millisecond(),
                    key.0,
                    &sample.event,
                    &sample.message_id,
                    &sample.hint,
                    subjects,
                ))
        };
        insert().doing("remember a message")?;
        Ok(())
    }
}

/// What is remembered, the latest first.
pub(super) fn samples(connection: &Connection) -> Result<Vec<Remembered>, StoreError> {
    let read = || -> rusqlite::Result<Vec<Remembered>> {
        connection
            .prepare_cached(
                "SELECT reason, received, key, event, message_id, hint FROM outcome_sample
                 ORDER BY received DESC, reason, number DESC",
            )?
            .query_map((), |row| {
                Ok(Remembered {
                    reason: row.get(0)?,
                    received: time(row.get(1)?),
                    key: KeyId(row.get(2)?),
                    event: row.get(3)?,
                    message_id: row.get(4)?,
                    hint: row.get(5)?,
                })
            })?
            .collect()
    };
    read().doing("read what is remembered of messages")
}

/// Forgets all that is remembered about some subjects, of messages that are reached. Of what another collector passes on, a sample
/// does not tell whether it speaks for a cluster: it goes.
pub(super) fn forget(connection: &Connection, subjects: &[(Subject, Reach)]) -> Result<usize, StoreError> {
    const ALL: &str = "DELETE FROM outcome_sample WHERE instr(subjects, ?1) > 0 AND key = coalesce(?2, key)";
    const SPOKEN: &str = "DELETE FROM outcome_sample WHERE instr(subjects, ?1) > 0
        AND (key = ?2 OR key IN (SELECT id FROM key WHERE kind IN ('cluster', 'peer')))";
    let forget = || -> rusqlite::Result<usize> {
        let mut deleted = 0;
        for (subject, reach) in subjects {
            let (sql, key) = match reach {
                Reach::All => (ALL, None),
                Reach::Key(key) => (ALL, Some(*key)),
                Reach::Clusters => (SPOKEN, Some(crate::import::NOBODY.id)),
            };
            let mut statement = connection.prepare_cached(sql)?;
            deleted += statement.execute((subject.0, key.map(|key| key.0)))?;
        }
        Ok(deleted)
    };
    forget().doing("forget what is remembered of messages")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::sample::Reason;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("migration/0006.sql"))
            .unwrap();
        connection
    }

    fn sample(outcome: Outcome, number: i64, subjects: &[Subject]) -> Sample {
        Sample {
            reason: Reason::Outcome(outcome),
            event: "e".to_owned(),
            message_id: number.to_string(),
            hint: String::new(),
            subjects: subjects.into(),
        }
    }

    fn ids(connection: &Connection) -> Vec<(String, String)> {
        let samples = samples(connection).unwrap();
        let ids = samples
            .into_iter()
            .map(|sample| (sample.reason, sample.message_id));
        ids.collect()
    }

    #[test]
    fn the_last_of_each_reason_are_kept_over_restarts() {
        let connection = table();
        let key = KeyId(1);
        let at = |second| Timestamp::from_second(second).unwrap();
        for restart in 0..3 {
            let mut places = Places::default();
            for number in 0..150 {
                let number = restart * 150 + number;
                let one = sample(Outcome::Duplicate, number, &[]);
                places.insert(&connection, at(number), key, &one).unwrap();
            }
            let other = sample(Outcome::Conflict, restart, &[]);
            places.insert(&connection, at(1000), key, &other).unwrap();
        }
        let kept = ids(&connection);
        assert_eq!(kept.len(), 203);
        let of = |reason: &str| -> Vec<i64> {
            let of = kept.iter().filter(|(name, _)| name == reason);
            of.map(|(_, id)| id.parse().unwrap()).collect()
        };
        assert_eq!(of("duplicate"), (250..450).rev().collect::<Vec<_>>());
        assert_eq!(of("duplicate.conflict"), [2, 1, 0]);
    }

    #[test]
    fn who_is_forgotten_is_forgotten_here_too() {
        let connection = table();
        let (a, b, c) = (Subject([1; 16]), Subject([2; 16]), Subject([3; 16]));
        let mut places = Places::default();
        for (number, subjects) in [(1, &[a, b][..]), (2, &[b]), (3, &[]), (4, &[c, a])] {
            let one = sample(Outcome::Duplicate, number, subjects);
            places
                .insert(&connection, Timestamp::UNIX_EPOCH, KeyId(1), &one)
                .unwrap();
        }
        assert_eq!(forget(&connection, &[(a, Reach::All)]).unwrap(), 2);
        let left: Vec<_> = ids(&connection).into_iter().map(|(_, id)| id).collect();
        assert_eq!(left, ["3", "2"]);
        assert_eq!(
            forget(&connection, &[(a, Reach::All), (b, Reach::All), (c, Reach::All)]).unwrap(),
            1
        );
        // Places go on where they were.
        let one = sample(Outcome::Duplicate, 5, &[]);
        places
            .insert(&connection, Timestamp::UNIX_EPOCH, KeyId(1), &one)
            .unwrap();
        assert_eq!(ids(&connection).len(), 2);
    }

    /// The longest row there can be leaves nothing behind when it is written over, as that is done without any further care.
    #[test]
    fn what_is_written_over_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update_and_check(None, "secure_delete", "FAST", |_| Ok(()))
            .unwrap();
        connection
            .execute_batch(include_str!("migration/0006.sql"))
            .unwrap();
        let mut places = Places::default();
        let subjects = [Subject([7; 16]); 17];
        for round in ["gone", "kept"] {
            connection.execute_batch("BEGIN").unwrap();
            for number in 0..KEPT {
                let text = |what: &str| format!("{round}-{what}-{number:04}-{}", "\u{1f9ed}".repeat(100));
                let fields = format!(
                    r#"{{"type":"track","event":"{}","messageId":"{}","anonymousId":"a"}}"#,
                    text("event"),
                    text("id")
                );
                let record = format!("{{\"key\":1}}\t{fields}");
                let key = crate::ingest::subject::SubjectKey::of(b"k");
                let reason = Reason::Outcome(Outcome::Conflict);
                let mut sample = Sample::of_record(record.as_bytes(), reason, &text("hint"), &key).unwrap();
                sample.subjects = subjects.into();
                let at = Timestamp::from_second(1_800_000_000).unwrap();
                places.insert(&connection, at, KeyId(1_000_000), &sample).unwrap();
            }
            connection.execute_batch("COMMIT").unwrap();
        }
        drop(connection);
        let bytes = std::fs::read(path).unwrap();
        let found = |text: &str| memchr::memmem::find(&bytes, text.as_bytes()).is_some();
        assert!(found("kept-event") && found("kept-id") && found("kept-hint"));
        assert!(!found("gone-event") && !found("gone-id") && !found("gone-hint"));
    }
}

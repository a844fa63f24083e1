//! A parcel: what leaves together and is kept together, a report or a batch of other messages. The messages are kept as the very
//! text that is sent.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::sealed::{self, Damage, Sealed};
use crate::segment::{MAX_BATCH, MAX_BATCH_MESSAGES};
use crate::time::rfc3339;

/// What a parcel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A cluster's report.
    Report,
    /// Installation events.
    Event,
    /// Messages of the cluster's web UI.
    Ui,
}

impl Kind {
    /// Its name, in files and their names.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Report => "report",
            Kind::Event => "event",
            Kind::Ui => "ui",
        }
    }
}

/// A parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// What it holds.
    pub kind: Kind,
    /// When it was collected.
    pub collected: Timestamp,
    /// Its messages as compact JSON, one line each; together within the limits of one batch.
    pub messages: Vec<String>,
}

/// The word that a parcel's file begins with.
const SEALED: &str = "parcel";

impl Parcel {
    /// The text of its file.
    pub fn encode(&self) -> String {
        let head = Map::from_iter([
            ("kind".to_owned(), Value::from(self.kind.as_str())),
            ("collected".to_owned(), Value::from(rfc3339(self.collected))),
        ]);
        sealed::seal(SEALED, head, &self.messages)
    }

    /// Reads a parcel's file.
    ///
    /// # Errors
    /// It is none, or damaged, or larger than a batch may be.
    pub fn decode(bytes: &[u8]) -> Result<Parcel, Damage> {
        let Sealed { head, lines, .. } = sealed::open(SEALED, bytes)?;
        let foreign = || Damage::Foreign(SEALED.to_owned());
        let text = |name: &str| head.get(name).and_then(Value::as_str);
        let kind = [Kind::Report, Kind::Event, Kind::Ui]
            .into_iter()
            .find(|kind| Some(kind.as_str()) == text("kind"));
        let collected = text("collected").and_then(|text| text.parse().ok());
        let (Some(kind), Some(collected)) = (kind, collected) else {
            return Err(foreign());
        };
        let fits =
            lines.len() <= MAX_BATCH_MESSAGES && lines.iter().map(String::len).sum::<usize>() <= MAX_BATCH;
        let objects = lines
            .iter()
            .all(|line| serde_json::from_str::<Map<String, Value>>(line).is_ok());
        if fits && objects {
            Ok(Parcel {
                kind,
                collected,
                messages: lines,
            })
        } else {
            Err(foreign())
        }
    }

    /// Bytes that its messages take in a batch.
    pub fn size(&self) -> usize {
        self.messages.iter().map(|message| message.len() + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_is_a_file_that_people_can_read() {
        let parcel = Parcel {
            kind: Kind::Report,
            collected: "2026-11-22T11:52:54Z".parse().unwrap(),
            messages: vec![
                "{\"event\":\"health\"}".to_owned(),
                "{\"event\":\"mesos_track\"}".to_owned(),
            ],
        };
        let text = parcel.encode();
        assert!(
            text.starts_with("{\"sealed\":\"parcel\",\"version\":1,\"lines\":2,\"sha256\":\""),
            "{text}"
        );
        assert!(
            text.ends_with("{\"event\":\"health\"}\n{\"event\":\"mesos_track\"}\n"),
            "{text}"
        );
        assert_eq!(Parcel::decode(text.as_bytes()).unwrap(), parcel);
    }

    #[test]
    fn what_is_not_a_parcel_is_refused() {
        let sealed = |kind: &str, collected: &str, line: &str| {
            let head = Map::from_iter([
                ("kind".to_owned(), kind.into()),
                ("collected".to_owned(), collected.into()),
            ]);
            Parcel::decode(sealed::seal(SEALED, head, &[line.to_owned()]).as_bytes())
        };
        assert!(sealed("report", "2026-11-22T11:52:54Z", "{}").is_ok());
        assert!(sealed("report", "yesterday", "{}").is_err());
        assert!(sealed("secret", "2026-11-22T11:52:54Z", "{}").is_err());
        assert!(sealed("report", "2026-11-22T11:52:54Z", "[]").is_err());
        assert!(
            sealed(
                "report",
                "2026-11-22T11:52:54Z",
                &format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BATCH))
            )
            .is_err()
        );
    }
}

//! Lines and how each was sent, as they are handed to the writer: in this process, or to the server that runs on the data directory.

use serde::{Deserialize, Serialize};

use super::{Lines, MAX_LINE};
use crate::ingest::clean::clean;
use crate::ingest::envelope::Envelope;
use crate::ingest::fields::Entry;
use crate::ingest::moment::Trust;
use crate::ingest::outcome::{Outcome, Rejection};
use crate::ingest::request::{Request, RequestError, Terms};
use crate::key::{Key, KeyId};
use crate::writer::{Bundle, Delivery};

/// How a line was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// With which key.
    pub key: Key,
    /// Whether it stands beside another report that counts.
    pub beside: bool,
}

/// Lines, and how each was sent.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// The lines.
    pub lines: Lines,
    /// How each of them was sent.
    pub sent: Vec<Sent>,
    /// The key for what is no message.
    pub otherwise: Key,
}

/// What stands before the lines where they are handed to a server; each has its place among `sent` before it, and a space.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    otherwise: (i64, String),
    sent: Vec<(i64, String, bool)>,
    too_long: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bundle: Option<(String, u64)>,
}

/// Lines that can't be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the import is not as it should be: use the release that the server is")]
pub struct Malformed;

impl Shipment {
    /// Lines that were all sent with one key.
    pub fn with(key: Key, lines: Lines) -> Shipment {
        let sent = Sent { key, beside: false };
        Shipment {
            sent: vec![sent; lines.lines.len()],
            otherwise: key,
            lines,
        }
    }

    /// The text in which they are handed to a server.
    pub fn encode(&self) -> Vec<u8> {
        let mut ways: Vec<Sent> = Vec::new();
        let mut text = Vec::new();
        for (line, sent) in self.lines.lines.iter().zip(&self.sent) {
            let way = ways.iter().position(|way| way == sent).unwrap_or_else(|| {
                ways.push(*sent);
                ways.len() - 1
            });
            text.extend_from_slice(format!("\n{way} ").as_bytes());
            text.extend_from_slice(line);
        }
        let key = |key: Key| (key.id.0, key.kind.name().to_owned());
        let bundle = self.lines.bundle.as_ref();
        let head = Head {
            otherwise: key(self.otherwise),
            sent: ways
                .iter()
                .map(|way| {
                    let (id, kind) = key(way.key);
                    (id, kind, way.beside)
                })
                .collect(),
            too_long: self.lines.too_long,
            bundle: bundle.map(|bundle| (bundle.sha256.clone(), bundle.messages)),
        };
        let mut encoded = serde_json::to_vec(&head).unwrap_or_default();
        encoded.append(&mut text);
        encoded
    }

    /// Reads that text.
    ///
    /// # Errors
    /// When it is another one.
    pub fn decode(text: &[u8]) -> Result<Shipment, Malformed> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let head: Head = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|_| Malformed)?;
        let key = |id: i64, kind: &str| -> Result<Key, Malformed> {
            Ok(Key {
                id: KeyId(id),
                kind: kind.parse().map_err(|_| Malformed)?,
            })
        };
        let mut ways = Vec::with_capacity(head.sent.len());
        for (id, kind, beside) in &head.sent {
            ways.push(Sent {
                key: key(*id, kind)?,
                beside: *beside,
            });
        }
        let mut shipment = Shipment {
            lines: Lines {
                lines: Vec::new(),
                too_long: head.too_long,
                bundle: head.bundle.map(|(sha256, messages)| Bundle { sha256, messages }),
            },
            sent: Vec::new(),
            otherwise: key(head.otherwise.0, &head.otherwise.1)?,
        };
        for line in lines {
            let space = memchr::memchr(b' ', line).ok_or(Malformed)?;
            let (way, line) = line.split_at(space);
            let way = std::str::from_utf8(way)
                .ok()
                .and_then(|way| way.parse::<usize>().ok());
            let sent = way.and_then(|way| ways.get(way)).ok_or(Malformed)?;
            shipment.sent.push(*sent);
            shipment
                .lines
                .lines
                .push(line.get(1..).unwrap_or_default().to_vec());
        }
        Ok(shipment)
    }

    /// What is to be written of them; of `terms`, the key is that of each line, and times are believed.
    ///
    /// # Errors
    /// When no id can be made for a message without one.
    pub fn check(&self, terms: Terms<'_>) -> Result<Delivery, RequestError> {
        let terms = |key| Terms {
            key,
            trust: Trust::Stated,
            max_message: MAX_LINE,
            ..terms
        };
        let mut request = Request::check(&Envelope::default(), terms(self.otherwise))?;
        request.metered = false;
        for _ in 0..self.lines.too_long {
            request.decided.count(Outcome::Rejected(Rejection::TooLarge));
        }
        let sent: Vec<(&Sent, &Vec<u8>)> = self.sent.iter().zip(&self.lines.lines).collect();
        let mut rest = Vec::new();
        // In their order, so that of several reporters the same count as where they were sent.
        for part in sent.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((sent, _)) = part.first() else { continue };
            let lines = part.iter().map(|(_, line)| line.as_slice());
            rest.push(one_way(**sent, lines, terms(sent.key))?);
        }
        Ok(Delivery {
            request,
            rest,
            receipt_of: None,
            bundle: self.lines.bundle.clone(),
        })
    }
}

/// What was sent in one way.
fn one_way<'l>(
    sent: Sent,
    lines: impl Iterator<Item = &'l [u8]>,
    terms: Terms<'_>,
) -> Result<Request, RequestError> {
    let texts: Vec<_> = lines.map(clean).collect();
    let mut envelope = Envelope::default();
    let mut broken = 0;
    for text in &texts {
        match serde_json::from_str(text) {
            Ok(Entry(message)) => envelope.batch.push(message),
            Err(_) => broken += 1,
        }
    }
    let mut request = Request::check(&envelope, terms)?;
    request.metered = false;
    for _ in 0..broken {
        request.decided.count(Outcome::Rejected(Rejection::NotAnObject));
    }
    for message in &mut request.messages {
        message.beside = sent.beside;
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyKind;

    #[test]
    fn what_is_handed_over_is_read_back() {
        let sent = |id, kind, beside| Sent {
            key: Key { id: KeyId(id), kind },
            beside,
        };
        let ways = vec![
            sent(1, KeyKind::Ui, false),
            sent(2, KeyKind::Cluster, true),
            sent(1, KeyKind::Ui, false),
        ];
        let lines = [&b"{\"a\": 1}"[..], b"", b"1 x y"];
        let shipment = Shipment {
            lines: Lines {
                lines: lines.map(<[u8]>::to_vec).to_vec(),
                too_long: 7,
                bundle: None,
            },
            sent: ways.clone(),
            otherwise: super::super::NOBODY,
        };
        let read = Shipment::decode(&shipment.encode()).unwrap();
        assert_eq!(
            (read.sent, read.lines.lines),
            (ways, shipment.lines.lines.clone())
        );
        assert_eq!((read.lines.too_long, read.otherwise), (7, super::super::NOBODY));
        let none = Shipment::with(super::super::NOBODY, Lines::default());
        assert!(Shipment::decode(&none.encode()).unwrap().sent.is_empty());
        let encoded = shipment.encode();
        for damaged in [
            &b""[..],
            b"{}",
            &encoded[1..],
            &[&encoded[..], b"\n9 {}"].concat(),
        ] {
            assert!(Shipment::decode(damaged).is_err());
        }
    }
}

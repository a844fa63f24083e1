//! What a request holds: one call or a batch, as JSON whatever its label says, perhaps gzipped. Bounded before anything is parsed.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use heliograph_wire::segment::{MAX_BATCH, MAX_BATCH_MESSAGES, MAX_MESSAGE};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Largest request, in bytes, as it comes and inflated: a full batch and its envelope.
pub const MAX_REQUEST: usize = MAX_BATCH + (20 << 10);
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The calls by their paths below `/v1/`; analytics-next knows only first letters.
pub const CALLS: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// What is not understood, or too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Inflated it is larger than a request may be.
    #[error("the request is too large")]
    TooLarge,
    /// It is no gzip.
    #[error("the body can't be inflated")]
    NotGzip,
    /// It is no JSON of the form of Segment's API.
    #[error("the body is not the JSON that is expected")]
    NotJson,
}

/// A request's messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The `type` of a single call.
    pub kind: Option<&'static str>,
    /// When it left, by the browser's clock.
    pub sent: Option<Timestamp>,
    /// What is not too large, as it came: parsed it takes many times the memory, so that is done one by one.
    texts: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Option<Vec<&'a RawValue>>,
    #[serde(rename = "sentAt", borrow)]
    sent_at: Option<&'a RawValue>,
}

impl Envelope {
    /// Reads a body; `kind` is that of a single call's path.
    ///
    /// # Errors
    /// It is not understood, or too much.
    pub fn read(body: &[u8], kind: Option<&'static str>) -> Result<Envelope, Unfit> {
        let body = inflated(body)?;
        let text = std::str::from_utf8(&body).map_err(|_| Unfit::NotJson)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if kind.is_some() {
            if text.len() > MAX_MESSAGE {
                return Err(Unfit::TooLarge);
            }
            serde_json::from_str::<Map<String, Value>>(text).map_err(|_| Unfit::NotJson)?;
            return Ok(Envelope {
                kind,
                sent: None,
                texts: vec![text.into()],
            });
        }
        let batch: Batch<'_> = serde_json::from_str(text).map_err(|_| Unfit::NotJson)?;
        let said = batch.batch.unwrap_or_default();
        if said.len() > MAX_BATCH_MESSAGES {
            return Err(Unfit::TooLarge);
        }
        let fits = said
            .into_iter()
            .filter(|message| message.get().len() <= MAX_MESSAGE);
        let sent = batch
            .sent_at
            .and_then(|sent| serde_json::from_str::<String>(sent.get()).ok());
        Ok(Envelope {
            kind,
            sent: sent.and_then(|sent| sent.parse().ok()),
            texts: fits.map(|message| message.get().into()).collect(),
        })
    }

    /// Its messages, as far as they are objects: one that is at fault is lost, and the others are not.
    pub fn messages(&self) -> impl Iterator<Item = Map<String, Value>> {
        self.texts
            .iter()
            .filter_map(|text| serde_json::from_str(text).ok())
    }

    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

fn inflated(body: &[u8]) -> Result<Cow<'_, [u8]>, Unfit> {
    if !body.starts_with(&GZIP) {
        return Ok(Cow::Borrowed(body));
    }
    let mut inflated = Vec::new();
    let limit = MAX_REQUEST as u64 + 1;
    let read = MultiGzDecoder::new(body).take(limit).read_to_end(&mut inflated);
    read.map_err(|_| Unfit::NotGzip)?;
    if inflated.len() > MAX_REQUEST {
        return Err(Unfit::TooLarge);
    }
    Ok(Cow::Owned(inflated))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn batches_and_calls_are_read() {
        let text = br#"{"batch":[{"a":1},7,{"b":"\ud800"},{"c":2}],"sentAt":"2026-11-22T11:00:00Z","writeKey":"x","z":[]}"#;
        for body in [text.to_vec(), zipped(text), [b"\xEF\xBB\xBF", &text[..]].concat()] {
            let read = Envelope::read(&body, None).unwrap();
            assert_eq!(read.messages().count(), 2);
            assert!(read.sent.is_some());
        }
        assert!(Envelope::read(br#"{"batch":null}"#, None).unwrap().is_empty());
        assert_eq!(Envelope::read(b"{}", Some("page")).unwrap().messages().count(), 1);
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let deep = "[".repeat(100_000);
        let bomb = zipped(&vec![b' '; 100 << 20]);
        let many = format!("{{\"batch\":[{}0]}}", "0,".repeat(MAX_BATCH_MESSAGES));
        for (body, unfit) in [
            (&b""[..], Unfit::NotJson),
            (b"\xff\xfe", Unfit::NotJson),
            (b"{\"batch\":{}}", Unfit::NotJson),
            (b"[]", Unfit::NotJson),
            (deep.as_bytes(), Unfit::NotJson),
            (&bomb, Unfit::TooLarge),
            (&[0x1f, 0x8b, 1, 2, 3], Unfit::NotGzip),
            (many.as_bytes(), Unfit::TooLarge),
        ] {
            assert_eq!(Envelope::read(body, None), Err(unfit));
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(9000), "]".repeat(9000));
        assert_eq!(Envelope::read(deep.as_bytes(), Some("page")), Err(Unfit::NotJson));
        let within = format!("{{\"batch\":[{deep},{{}}]}}");
        assert_eq!(
            Envelope::read(within.as_bytes(), None)
                .unwrap()
                .messages()
                .count(),
            1
        );
        let large = format!("{{\"a\":\"{}\"}}", "a".repeat(MAX_MESSAGE));
        assert_eq!(
            Envelope::read(large.as_bytes(), Some("page")),
            Err(Unfit::TooLarge)
        );
    }
}

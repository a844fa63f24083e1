//! What is imported: a bundle, messages one a line, or bodies of batch requests, one a line or one alone; any of them may be
//! compressed with gzip. What a file is, is told by how it begins, not by its name.
//!
//! A bundle is checked whole before anything of it is taken. Of a file of lines a few are in memory at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use heliograph_wire::sealed::{self, Damage, Sealed};
use heliograph_wire::segment::MAX_BATCH_MESSAGES;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Lines, MAX_BATCH_FILE, MAX_LINE, MAX_LINES, batch};
use crate::ingest::clean::clean;
use crate::ingest::compact::compact;
use crate::writer::Bundle;

/// The word that a bundle begins with.
const BUNDLE: &str = "bundle";
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Bytes that are read at once.
const BUFFER: usize = 128 * 1024;
/// Bytes within which a sealed file says that it is one.
const BEGINNING: usize = 64;
/// Largest bundle, in bytes: many times what a cluster keeps.
const MAX_BUNDLE: u64 = 1 << 30;

/// A file that can be imported.
pub enum Source {
    /// A bundle that shows no damage.
    Bundle(Sealed),
    /// Messages, one a line.
    Lines(Box<dyn BufRead>),
    /// Batches, one a line.
    Batches(Box<dyn BufRead>),
    /// No messages: nothing but blank lines.
    Empty,
}

/// A file that can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("it can't be read")]
    Read(#[from] io::Error),
    /// It is no sound bundle.
    #[error("the bundle is damaged")]
    Bundle(#[from] Damage),
    /// It is larger than any bundle.
    #[error("it is larger than a bundle can be")]
    TooLarge,
    /// It is something else.
    #[error("it is neither a bundle nor messages, one JSON object a line, nor a batch of them")]
    Foreign,
}

/// What tells messages and batches.
#[derive(Deserialize)]
struct First {
    #[serde(rename = "type")]
    kind: Option<IgnoredAny>,
    batch: Option<IgnoredAny>,
}

impl Source {
    /// Opens a file; nothing of it is taken yet.
    ///
    /// # Errors
    /// When it can't be imported.
    pub fn open(path: &Path) -> Result<Source, FileError> {
        let mut reader = BufReader::with_capacity(BUFFER, File::open(path)?);
        if reader.fill_buf()?.starts_with(&GZIP) {
            let inflated = MultiGzDecoder::new(reader);
            return Source::of(Box::new(BufReader::with_capacity(BUFFER, inflated)));
        }
        Source::of(Box::new(reader))
    }

    fn of(mut reader: Box<dyn BufRead>) -> Result<Source, FileError> {
        let beginning = reader.fill_buf()?;
        let beginning = &beginning[..beginning.len().min(BEGINNING)];
        if memchr::memmem::find(beginning, b"\"sealed\"").is_some() {
            let mut bytes = Vec::new();
            reader.take(MAX_BUNDLE + 1).read_to_end(&mut bytes)?;
            if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BUNDLE) {
                return Err(FileError::TooLarge);
            }
            return Ok(Source::Bundle(sealed::open(BUNDLE, &bytes)?));
        }
        let mut first = Vec::new();
        while first.is_empty() {
            match next_line(&mut reader, &mut first, MAX_BATCH_FILE)? {
                Line::Whole => {}
                // An export of no messages.
                Line::End => return Ok(Source::Empty),
                Line::TooLong => return Err(FileError::Foreign),
            }
        }
        let head = first.strip_prefix(BOM).unwrap_or(&first);
        if !head.starts_with(b"{") {
            return Err(FileError::Foreign);
        }
        let told: Result<First, _> = serde_json::from_str(&clean(&first));
        first.push(b'\n');
        match told {
            Ok(First { kind: Some(_), .. }) => Ok(Source::Lines(Box::new(Cursor::new(first).chain(reader)))),
            Ok(First { batch: Some(_), .. }) => {
                Ok(Source::Batches(Box::new(Cursor::new(first).chain(reader))))
            }
            Ok(_) => Err(FileError::Foreign),
            // An object that goes on: one batch, written for people.
            Err(error) if error.is_eof() => {
                let left =
                    u64::try_from(MAX_BATCH_FILE - first.len().min(MAX_BATCH_FILE)).unwrap_or_default();
                reader.take(left + 1).read_to_end(&mut first)?;
                if first.len() > MAX_BATCH_FILE {
                    return Err(FileError::TooLarge);
                }
                let text = clean(&first);
                if batch::lines(&text).is_none() {
                    return Err(FileError::Foreign);
                }
                let mut line = Vec::new();
                // It is JSON, so it has no depth that a bound of this size could be for.
                let _ = compact(text.trim(), usize::MAX, &mut line);
                Ok(Source::Batches(Box::new(Cursor::new(line))))
            }
            Err(_) => Err(FileError::Foreign),
        }
    }

    /// Hands all of it to `each`, some lines at a time.
    ///
    /// # Errors
    /// When it can't be read, or as `each` says.
    pub fn each<E: From<io::Error>>(self, mut each: impl FnMut(Lines) -> Result<(), E>) -> Result<(), E> {
        match self {
            Source::Empty => Ok(()),
            Source::Bundle(bundle) => {
                let mark = Bundle {
                    sha256: bundle.sha256,
                    messages: u64::try_from(bundle.lines.len()).unwrap_or(u64::MAX),
                };
                let mut gathered = Gathered::default();
                for line in bundle.lines {
                    if let Some(lines) = gathered.add(line.into_bytes()) {
                        each(lines)?;
                    }
                }
                // It is known from then on that all of it is there.
                each(Lines {
                    bundle: Some(mark),
                    ..gathered.0
                })
            }
            Source::Lines(mut reader) => {
                let mut gathered = Gathered::default();
                let mut line = Vec::new();
                loop {
                    match next_line(&mut reader, &mut line, MAX_LINE)? {
                        Line::End => return each(gathered.0),
                        Line::TooLong => gathered.0.too_long += 1,
                        Line::Whole if line.is_empty() => {}
                        Line::Whole => {
                            if let Some(lines) = gathered.add(std::mem::take(&mut line)) {
                                each(lines)?;
                            }
                        }
                    }
                }
            }
            Source::Batches(mut reader) => {
                let mut gathered = Gathered::default();
                let mut line = Vec::new();
                loop {
                    match next_line(&mut reader, &mut line, MAX_BATCH_FILE)? {
                        Line::End => return each(gathered.0),
                        Line::TooLong => gathered.0.too_long += 1,
                        Line::Whole if line.is_empty() => {}
                        Line::Whole => {
                            let text = clean(&line);
                            // What is no batch is taken for a message, and refused as such.
                            let messages = batch::lines(&text).unwrap_or_else(|| vec![line.clone()]);
                            for message in messages {
                                if message.len() > MAX_LINE {
                                    gathered.0.too_long += 1;
                                } else if let Some(lines) = gathered.add(message) {
                                    each(lines)?;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lines that are gathered.
#[derive(Default)]
struct Gathered(Lines, usize);

impl Gathered {
    /// Adds a line; returns those before it where it does not fit in with them.
    fn add(&mut self, line: Vec<u8>) -> Option<Lines> {
        let full = self.0.lines.len() >= MAX_BATCH_MESSAGES || self.1 + line.len() > MAX_LINES;
        let before = full.then(|| std::mem::take(self).0);
        self.1 += line.len();
        self.0.lines.push(line);
        before
    }
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads a line without the space around it; of one that is too long, nothing is kept.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>, longest: usize) -> io::Result<Line> {
    line.clear();
    let (mut any, mut too_long) = (false, false);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        any = true;
        let end = memchr::memchr(b'\n', bytes);
        let part = &bytes[..end.unwrap_or(bytes.len())];
        too_long |= line.len() + part.len() > longest;
        if too_long {
            line.clear();
        } else {
            line.extend_from_slice(part);
        }
        let used = end.map_or(bytes.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    let trimmed = line.trim_ascii().to_vec();
    *line = trimmed;
    Ok(match (any, too_long) {
        (false, _) => Line::End,
        (_, true) => Line::TooLong,
        _ => Line::Whole,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn open(content: &[u8]) -> Result<Source, FileError> {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, content).unwrap();
        Source::open(&path)
    }

    fn parts(content: &[u8]) -> Vec<Lines> {
        let mut parts = Vec::new();
        let each = |lines| -> Result<(), io::Error> {
            parts.push(lines);
            Ok(())
        };
        open(content)
            .unwrap_or_else(|error| panic!("{error}"))
            .each(each)
            .unwrap();
        parts
    }

    #[test]
    fn lines_come_in_parts_and_long_ones_are_counted() {
        let mut content = Vec::new();
        for number in 0..6000 {
            content.extend(format!("{{\"type\":\"track\",\"n\":{number}}}\r\n\n").into_bytes());
        }
        content.extend(vec![b'x'; 3 * MAX_LINE]);
        let parts = parts(&content);
        let lines: Vec<_> = parts.iter().flat_map(|part| &part.lines).collect();
        assert_eq!(lines.len(), 6000);
        assert_eq!(lines[0], br#"{"type":"track","n":0}"#);
        assert!(
            parts
                .iter()
                .all(|part| part.lines.len() <= MAX_BATCH_MESSAGES && part.bundle.is_none())
        );
        assert_eq!(parts.iter().map(|part| part.too_long).sum::<u64>(), 1);
    }

    #[test]
    fn batches_are_taken_apart_however_they_are_written() {
        let of = |content: &[u8]| -> Vec<String> {
            let parts = parts(content);
            let lines = parts.iter().flat_map(|part| &part.lines);
            lines
                .map(|line| String::from_utf8(line.clone()).unwrap())
                .collect()
        };
        let expected = [
            r#"{"context":{"a":1},"type":"track"}"#,
            r#"{"context":{"a":1},"type":"page"}"#,
        ];
        let one = r#"{"context":{"a":1},"batch":[{"type":"track"},{"type":"page"}]}"#;
        assert_eq!(of(one.as_bytes()), expected);
        let value: serde_json::Value = serde_json::from_str(one).unwrap();
        assert_eq!(
            of(serde_json::to_string_pretty(&value).unwrap().as_bytes()),
            expected
        );
        let two = format!("{one}\n\n{one}\n");
        assert_eq!(of(two.as_bytes()), [expected, expected].concat());

        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, two.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(of(&gzip), [expected, expected].concat());
        assert!(matches!(open(&gzip[..20]), Err(FileError::Read(_))));
    }

    #[test]
    fn a_bundle_ends_with_its_name() {
        let lines: Vec<_> = (0..30)
            .map(|number| format!("{number}{}", "x".repeat(30_000)))
            .collect();
        let text = sealed::seal(BUNDLE, Map::new(), &lines);
        let parts = parts(text.as_bytes());
        assert!(parts.len() > 1);
        let (last, before) = parts.split_last().unwrap();
        assert_eq!(last.bundle.as_ref().unwrap().messages, 30);
        assert!(before.iter().all(|part| part.bundle.is_none()));
    }

    #[test]
    fn nothing_is_no_messages() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, b"\n").unwrap();
        for empty in [&b""[..], b"\n \r\n", &gzip.finish().unwrap()] {
            assert!(matches!(open(empty), Ok(Source::Empty)));
            assert!(parts(empty).is_empty());
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for foreign in [
            &b"[1]\n"[..],
            b"{\"a\":1}\n",
            b"{\"a\":\n1}\n",
            b"{\"batch\":[\n",
            &[b'x'; 2 * BUFFER],
        ] {
            assert!(matches!(open(foreign), Err(FileError::Foreign)), "{foreign:?}");
        }
        let text = sealed::seal(BUNDLE, Map::new(), &["{}".to_owned()]);
        assert!(matches!(
            open(&text.as_bytes()[..text.len() - 2]),
            Err(FileError::Bundle(_))
        ));
        assert!(open(text.replace("sealed", "seaIed").as_bytes()).is_err());
    }
}

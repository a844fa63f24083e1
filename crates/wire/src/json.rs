//! A pull reader for JSON (RFC 8259) that needs the same memory for a document of any size.
//!
//! The sources of a cluster answer with documents of up to hundreds of megabytes of which a few kilobytes matter. A tree of
//! such a document takes four times its size; this reader takes its input buffer and one clipped string. Its promises:
//!
//! * memory is bounded by constants: strings are clipped at [`MAX_TEXT`] bytes, nesting ends at [`MAX_DEPTH`];
//! * the document is bounded too, at the limit given to [`Reader::new`];
//! * what is skipped is checked as strictly as what is read, so a broken document never passes for a whole one;
//! * a byte order mark is skipped; bytes that are not UTF-8 and lone surrogates cost the string they stand in, not the
//!   document (they become U+FFFD);
//! * what follows the document is not looked at.
//!
//! Why not a library: `docs/adr/0003-pull-reader.md`.

mod scalar;

use std::io::{self, Read};

/// Longest string that is kept, in bytes; the rest of a longer one is dropped.
pub const MAX_TEXT: usize = 4096;
/// Deepest nesting that is followed. Real documents need 8.
pub const MAX_DEPTH: usize = 64;
const BUFFER: usize = 64 * 1024;
/// Longest number that is kept; JSON sets no limit, an `f64` needs 17 digits and an exponent.
const MAX_NUMBER: usize = 64;

/// Why a document could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The transport failed.
    #[error("reading failed at byte {at}")]
    Io {
        /// Offset in the document.
        at: u64,
        /// What the transport said.
        source: io::Error,
    },
    /// The document ends in the middle.
    #[error("the document ends at byte {at}, before it is complete")]
    Truncated {
        /// Offset in the document.
        at: u64,
    },
    /// Not JSON.
    #[error("not JSON at byte {at}: expected {expected}, found {found}")]
    Syntax {
        /// Offset in the document.
        at: u64,
        /// What the grammar allows there.
        expected: &'static str,
        /// What stands there.
        found: Found,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels at byte {at}")]
    TooDeep {
        /// Offset in the document.
        at: u64,
    },
    /// Larger than the limit.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit given to [`Reader::new`].
        limit: u64,
    },
}

/// The byte that stands where another was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found(pub u8);

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            byte @ b' '..=b'~' => write!(f, "`{}`", char::from(byte)),
            byte => write!(f, "byte 0x{byte:02x}"),
        }
    }
}

/// The type of the value that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

impl Kind {
    /// The type's name with its article, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::Array => "a list",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Bool => "a boolean",
            Kind::Null => "null",
        }
    }
}

/// A decoded string, at most [`MAX_TEXT`] bytes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The decoded bytes; may hold bytes that are not UTF-8.
    pub bytes: &'a [u8],
    /// Whether the string went on.
    pub clipped: bool,
}

impl<'a> Text<'a> {
    /// The text, with U+FFFD for what is not UTF-8.
    pub fn to_str(self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// Whether nothing but white space stands in it.
    pub fn is_blank(self) -> bool {
        !self.clipped && self.to_str().trim().is_empty()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    ObjectStart,
    Object,
    ArrayStart,
    Array,
}

/// The reader. Values are taken in document order: look with [`Reader::kind`], then take or [`Reader::skip`] it.
pub struct Reader<R> {
    input: R,
    buffer: Box<[u8]>,
    at: usize,
    filled: usize,
    /// Bytes of the document before the buffer.
    before: u64,
    limit: u64,
    text: Vec<u8>,
    frames: Vec<Frame>,
}

impl<R: Read> Reader<R> {
    /// Starts to read a document of at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when the transport fails.
    pub fn new(input: R, limit: u64) -> Result<Self, Error> {
        let mut reader = Reader {
            input,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            filled: 0,
            before: 0,
            limit,
            text: Vec::with_capacity(256),
            frames: Vec::with_capacity(MAX_DEPTH),
        };
        reader.skip_mark()?;
        Ok(reader)
    }

    /// The type of the next value.
    ///
    /// # Errors
    /// The document is not JSON, ends, or can't be read.
    pub fn kind(&mut self) -> Result<Kind, Error> {
        Ok(match self.peek_token()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b'-' | b'0'..=b'9' => Kind::Number,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            found => return Err(self.syntax("a value", found)),
        })
    }

    /// Enters the object that comes next.
    ///
    /// # Errors
    /// As [`Reader::kind`]; also when something else comes next.
    pub fn enter_object(&mut self) -> Result<(), Error> {
        self.token(b'{', "`{`")?;
        self.push(Frame::ObjectStart)
    }

    /// Enters the array that comes next.
    ///
    /// # Errors
    /// As [`Reader::enter_object`].
    pub fn enter_array(&mut self) -> Result<(), Error> {
        self.token(b'[', "`[`")?;
        self.push(Frame::ArrayStart)
    }

    /// The next key of the object that was entered; its value comes next. `None` leaves the object.
    ///
    /// # Errors
    /// As [`Reader::kind`].
    pub fn next_key(&mut self) -> Result<Option<Text<'_>>, Error> {
        if !self.next_member(b'}', Frame::ObjectStart, Frame::Object, "`,` or `}`")? {
            return Ok(None);
        }
        let clipped = self.read_string(true)?;
        self.token(b':', "`:`")?;
        Ok(Some(Text {
            bytes: &self.text,
            clipped,
        }))
    }

    /// Whether the array that was entered has another item, which then comes next; `false` leaves the array.
    ///
    /// # Errors
    /// As [`Reader::kind`].
    pub fn next_item(&mut self) -> Result<bool, Error> {
        self.next_member(b']', Frame::ArrayStart, Frame::Array, "`,` or `]`")
    }

    /// Takes the string that comes next.
    ///
    /// # Errors
    /// As [`Reader::kind`].
    pub fn string(&mut self) -> Result<Text<'_>, Error> {
        let clipped = self.read_string(true)?;
        Ok(Text {
            bytes: &self.text,
            clipped,
        })
    }

    /// Takes the number that comes next; one beyond the range of `f64` is infinite.
    ///
    /// # Errors
    /// As [`Reader::kind`].
    pub fn number(&mut self) -> Result<f64, Error> {
        self.peek_token()?;
        self.read_number(true)?;
        let text = std::str::from_utf8(&self.text).unwrap_or_default();
        Ok(text.parse().unwrap_or(f64::NAN))
    }

    /// Takes the `true` or `false` that comes next.
    ///
    /// # Errors
    /// As [`Reader::kind`]; also when something else comes next.
    pub fn bool(&mut self) -> Result<bool, Error> {
        let truth = self.peek_token()? == b't';
        self.literal(if truth { b"true" } else { b"false" })?;
        Ok(truth)
    }

    /// Takes the value that comes next, whatever it is, and drops it.
    ///
    /// # Errors
    /// As [`Reader::kind`].
    pub fn skip(&mut self) -> Result<(), Error> {
        let outer = self.frames.len();
        loop {
            match self.kind()? {
                Kind::Object => self.enter_object()?,
                Kind::Array => self.enter_array()?,
                Kind::String => _ = self.read_string(false)?,
                Kind::Number => self.read_number(false)?,
                Kind::Bool if self.peek()? == Some(b't') => self.literal(b"true")?,
                Kind::Bool => self.literal(b"false")?,
                Kind::Null => self.literal(b"null")?,
            }
            loop {
                if self.frames.len() == outer {
                    return Ok(());
                }
                if matches!(self.frames.last(), Some(Frame::ObjectStart | Frame::Object)) {
                    if self.next_member(b'}', Frame::ObjectStart, Frame::Object, "`,` or `}`")? {
                        self.read_string(false)?;
                        self.token(b':', "`:`")?;
                        break;
                    }
                } else if self.next_item()? {
                    break;
                }
            }
        }
    }

    fn push(&mut self, frame: Frame) -> Result<(), Error> {
        if self.frames.len() == MAX_DEPTH {
            return Err(Error::TooDeep { at: self.offset() });
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Steps to the next member of the innermost container, or leaves it.
    fn next_member(
        &mut self,
        close: u8,
        start: Frame,
        inside: Frame,
        expected: &'static str,
    ) -> Result<bool, Error> {
        let next = self.peek_token()?;
        let frame = self.frames.last_mut();
        debug_assert!(
            frame
                .as_deref()
                .is_some_and(|frame| *frame == start || *frame == inside)
        );
        if next == close {
            self.at += 1;
            self.frames.pop();
            return Ok(false);
        }
        let Some(frame) = frame else {
            return Err(self.syntax(expected, next));
        };
        if *frame == start {
            *frame = inside;
            return Ok(true);
        }
        if next != b',' {
            return Err(self.syntax(expected, next));
        }
        self.at += 1;
        let next = self.peek_token()?;
        if next == close {
            return Err(self.syntax("a value after `,`", next));
        }
        Ok(true)
    }

    fn take(&mut self, keep: bool) {
        // Digits past the bound only make a number that is out of range anyway, or add nothing to it.
        if keep && self.text.len() < MAX_NUMBER {
            self.text.push(self.buffer[self.at]);
        }
        self.at += 1;
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), Error> {
        for &expected in word {
            let found = self.next_byte()?;
            if found != expected {
                self.at -= 1;
                return Err(self.syntax("true, false or null", found));
            }
        }
        Ok(())
    }

    fn token(&mut self, expected: u8, name: &'static str) -> Result<(), Error> {
        match self.peek_token()? {
            found if found == expected => {
                self.at += 1;
                Ok(())
            }
            found => Err(self.syntax(name, found)),
        }
    }

    /// The next byte that is not white space; it is not taken.
    fn peek_token(&mut self) -> Result<u8, Error> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return Err(self.truncated()),
            }
        }
    }

    fn next_byte(&mut self) -> Result<u8, Error> {
        let byte = self.peek()?.ok_or_else(|| self.truncated())?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    fn peek(&mut self) -> Result<Option<u8>, Error> {
        if self.at == self.filled && !self.fill(0)? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// The byte after the next one; there must be a next one.
    fn peek_second(&mut self) -> Result<Option<u8>, Error> {
        if self.at + 1 == self.filled {
            self.buffer[0] = self.buffer[self.at];
            if !self.fill(1)? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at + 1]))
    }

    /// Reads on behind the first `keep` bytes of the buffer; `false` at the end of the input.
    #[cold]
    fn fill(&mut self, keep: usize) -> Result<bool, Error> {
        self.before += (self.filled - keep) as u64;
        self.at = 0;
        self.filled = keep;
        if self.before > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        loop {
            match self.input.read(&mut self.buffer[keep..]) {
                Ok(read) => {
                    self.filled = keep + read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(Error::Io {
                        at: self.offset(),
                        source,
                    });
                }
            }
        }
    }

    fn skip_mark(&mut self) -> Result<(), Error> {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        if self.peek()? != Some(MARK[0]) {
            return Ok(());
        }
        for byte in MARK {
            let found = self.next_byte()?;
            if found != byte {
                return Err(self.syntax("a value", found));
            }
        }
        Ok(())
    }

    fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    fn truncated(&self) -> Error {
        Error::Truncated { at: self.offset() }
    }

    fn syntax(&self, expected: &'static str, found: u8) -> Error {
        Error::Syntax {
            at: self.offset(),
            expected,
            found: Found(found),
        }
    }
}

#[cfg(test)]
mod tests;

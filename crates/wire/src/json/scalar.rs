//! Strings and numbers, byte by byte.

use std::io::Read;

use super::{Error, MAX_TEXT, Reader};

impl<R: Read> Reader<R> {
    /// Reads a string into `text` (when `keep`); answers whether it was clipped.
    pub(super) fn read_string(&mut self, keep: bool) -> Result<bool, Error> {
        self.token(b'"', "a string")?;
        self.text.clear();
        let mut clipped = false;
        loop {
            let rest = &self.buffer[self.at..self.filled];
            let run = string_run(rest);
            if keep {
                let room = MAX_TEXT - self.text.len();
                self.text.extend_from_slice(&rest[..run.min(room)]);
                clipped |= run > room;
            }
            self.at += run;
            match self.peek()? {
                None => return Err(self.truncated()),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(clipped);
                }
                Some(b'\\') => {
                    self.at += 1;
                    clipped |= self.read_escape(keep)?;
                }
                Some(control) if control < 0x20 => {
                    return Err(self.syntax("no control character in a string", control));
                }
                Some(_) => {}
            }
        }
    }

    /// Reads what follows a backslash; answers whether it had to be clipped.
    fn read_escape(&mut self, keep: bool) -> Result<bool, Error> {
        let escape = self.next_byte()?;
        let decoded = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.read_unicode()?,
            found => {
                self.at -= 1;
                return Err(self.syntax("an escape", found));
            }
        };
        if !keep {
            return Ok(false);
        }
        let mut utf8 = [0; 4];
        let utf8 = decoded.encode_utf8(&mut utf8).as_bytes();
        if self.text.len() + utf8.len() > MAX_TEXT {
            return Ok(true);
        }
        self.text.extend_from_slice(utf8);
        Ok(false)
    }

    /// Reads `XXXX` of `\uXXXX`, and the low surrogate after a high one; a lone surrogate is U+FFFD.
    fn read_unicode(&mut self) -> Result<char, Error> {
        let mut unit = self.read_hex()?;
        loop {
            if !(0xD800..0xDC00).contains(&unit) {
                return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // A high surrogate: its other half is an escape, or there is none.
            if self.peek()? != Some(b'\\') || self.peek_second()? != Some(b'u') {
                return Ok(char::REPLACEMENT_CHARACTER);
            }
            self.at += 2;
            let low = self.read_hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let scalar = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // Two in a row do not pair: the first is lost, the second may still be whole.
            unit = low;
        }
    }

    fn read_hex(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.next_byte()?;
            let Some(digit) = char::from(byte).to_digit(16) else {
                self.at -= 1;
                return Err(self.syntax("four hexadecimal digits", byte));
            };
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }

    /// Reads a number by its grammar, into `text` when `keep`.
    pub(super) fn read_number(&mut self, keep: bool) -> Result<(), Error> {
        self.text.clear();
        if self.peek()? == Some(b'-') {
            self.take(keep);
        }
        match self.peek()? {
            Some(b'0') => self.take(keep),
            Some(b'1'..=b'9') => self.read_digits(keep)?,
            Some(found) => return Err(self.syntax("a digit", found)),
            None => return Err(self.truncated()),
        }
        if self.peek()? == Some(b'.') {
            self.take(keep);
            self.read_digits(keep)?;
        }
        if matches!(self.peek()?, Some(b'e' | b'E')) {
            self.take(keep);
            if matches!(self.peek()?, Some(b'+' | b'-')) {
                self.take(keep);
            }
            self.read_digits(keep)?;
        }
        // What follows a number must end it: `1x` and `01` are not JSON.
        match self.peek()? {
            None | Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' | b'[' | b']' | b'{' | b'}') => Ok(()),
            Some(found) => Err(self.syntax("the end of a number", found)),
        }
    }

    fn read_digits(&mut self, keep: bool) -> Result<(), Error> {
        let mut any = false;
        while let Some(b'0'..=b'9') = self.peek()? {
            self.take(keep);
            any = true;
        }
        match (any, self.peek()?) {
            (true, _) => Ok(()),
            (false, Some(found)) => Err(self.syntax("a digit", found)),
            (false, None) => Err(self.truncated()),
        }
    }
}

/// How many bytes stand before the next quote, backslash or control character.
fn string_run(bytes: &[u8]) -> usize {
    // Names and empty outputs are most of a report: a short loop first, the wide search for what is long.
    const SHORT: usize = 32;
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
    let head = &bytes[..bytes.len().min(SHORT)];
    if let Some(found) = head.iter().position(special) {
        return found;
    }
    let tail = &bytes[head.len()..];
    let end = memchr::memchr2(b'"', b'\\', tail).unwrap_or(tail.len());
    head.len() + tail[..end].iter().position(|byte| *byte < 0x20).unwrap_or(end)
}

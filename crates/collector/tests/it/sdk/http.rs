//! As much of HTTP/1.1 as it takes to stand between an SDK and the collector: messages with a stated length, kept connections.

use std::io::{self, BufRead, Write};

/// A request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// `POST /v1/batch HTTP/1.1`, `HTTP/1.1 200 OK`
    pub(crate) first: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads the next one; `None` where the connection ends instead.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Message>> {
        let mut line = || -> io::Result<String> {
            let mut line = String::new();
            from.read_line(&mut line)?;
            Ok(line.trim_end().to_owned())
        };
        let first = line()?;
        if first.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Message {
            first,
            headers,
            body: Vec::new(),
        };
        assert!(message.header("transfer-encoding").is_none(), "{message:?}");
        let length = message.header("content-length").map_or(Ok(0), str::parse);
        message.body = vec![0; length.map_err(|_| io::ErrorKind::InvalidData)?];
        from.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    /// An answer.
    pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        let length = body.len().to_string();
        let headers = [("content-length", length.as_str())]
            .into_iter()
            .chain(headers.iter().copied());
        Message {
            first: format!("HTTP/1.1 {status}"),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: body.to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same without this header.
    pub(crate) fn without(mut self, name: &str) -> Message {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// A word of the first line: method, path, version; or version, status, reason.
    pub(crate) fn word(&self, number: usize) -> &str {
        self.first.split(' ').nth(number).unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.first.clone().into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("\r\n{name}: {value}").into_bytes());
        }
        bytes.extend(b"\r\n\r\n");
        bytes.extend(&self.body);
        bytes
    }

    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&self.bytes())
    }
}

//! Reading one HTTP/1.1 request from a connection that may carry several.

use std::io::{self, Read, Write};

/// The longest head that is read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// The longest body that is read, in bytes.
const MAX_BODY: usize = 256 * 1024 * 1024;
const MAX_HEADERS: usize = 100;

/// One request, read to the end of its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    fn lists(&self, header: &str, word: &str) -> bool {
        self.header(header).is_some_and(|value| {
            value.split(',').any(|part| {
                part.split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .eq_ignore_ascii_case(word)
            })
        })
    }

    pub(crate) fn accepts_gzip(&self) -> bool {
        self.lists("accept-encoding", "gzip")
    }
}

/// The first header of that name, in any case.
pub(crate) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// The requests of one connection.
#[derive(Debug)]
pub(crate) struct Requests<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Requests<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next request; `None` when the client is done.
    pub(crate) fn next(&mut self) -> io::Result<Option<Request>> {
        let Some((mut request, head)) = self.head()? else {
            return Ok(None);
        };
        self.buffer.drain(..head);
        if request.lists("expect", "100-continue") {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = if request.lists("transfer-encoding", "chunked") {
            self.chunks()?
        } else {
            let length = request
                .header("content-length")
                .map_or(Ok(0), |text| text.trim().parse());
            self.take(length.map_err(|_| bad("Content-Length is no number"))?)?
        };
        Ok(Some(request))
    }

    fn head(&mut self) -> io::Result<Option<(Request, usize)>> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut parsed = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(length) = parsed.parse(&self.buffer).map_err(bad)? {
                return Ok(Some((owned(&parsed), length)));
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(bad("the head is too long"));
            }
            if self.fill()? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut block = [0; 16 * 1024];
        let count = self.stream.read(&mut block)?;
        self.buffer.extend_from_slice(&block[..count]);
        Ok(count)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > MAX_BODY {
            return Err(bad("the body is too long"));
        }
        while self.buffer.len() < length {
            if self.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (start, size) = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) if self.fill()? > 0 => {}
                    _ => return Err(bad("a chunk has no size")),
                }
            };
            self.buffer.drain(..start);
            let size = usize::try_from(size).map_err(bad)?;
            if body.len().saturating_add(size) > MAX_BODY {
                return Err(bad("the body is too long"));
            }
            body.extend_from_slice(&self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

fn owned(parsed: &httparse::Request<'_, '_>) -> Request {
    let target = parsed.path.unwrap_or_default();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query,
        headers: parsed
            .headers
            .iter()
            .map(|header| {
                (
                    header.name.to_owned(),
                    String::from_utf8_lossy(header.value).into_owned(),
                )
            })
            .collect(),
        body: Vec::new(),
        keep_alive: false,
    };
    request.keep_alive = parsed.version == Some(1) && !request.lists("connection", "close");
    request
}

fn bad(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

//! A fault and a request become steps on a socket. Pure: [`crate::server`] carries the steps out.

use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::defect;
use crate::fault::Fault;
use crate::flood::{FLOOD_BYTES, Pour};
use crate::head::{self, Framing};
use crate::request::Request;
use crate::source::Source;

/// Ends a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Bodies up to this size leave in one write with their head.
const ONE_WRITE: usize = 64 * 1024;
/// Before a source's own path: where [`Fault::Redirect`] points.
const MOVED: &str = "/moved";
const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Log in</title></head>\n<body><form method=\"post\" action=\"/login\"><input name=\"user\"></form></body></html>\n";

/// Something to do with a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Bytes),
    /// The bytes as chunks, without the last one.
    Chunks(Bytes),
    /// A byte at a time, and a pause after each.
    Drip(Bytes, Duration),
    /// A flood as chunks, with the last one.
    Pour(Pour),
    Wait(Duration),
    /// Says nothing until the client goes.
    Hang,
    Reset,
    Close,
}

/// A part of bytes that are shared.
#[derive(Clone, Debug)]
pub(crate) struct Bytes {
    bytes: Arc<[u8]>,
    range: Range<usize>,
}

impl Bytes {
    fn half(bytes: &Arc<[u8]>) -> Self {
        Self {
            bytes: bytes.clone(),
            range: 0..bytes.len() / 2,
        }
    }
}

impl From<&Arc<[u8]>> for Bytes {
    fn from(bytes: &Arc<[u8]>) -> Self {
        Self {
            bytes: bytes.clone(),
            range: 0..bytes.len(),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(&Arc::from(bytes))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}

/// How bodies travel when no fault decides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transport {
    /// Compress for who accepts it.
    pub(crate) gzip: bool,
    /// Send chunks instead of a Content-Length.
    pub(crate) chunked: bool,
}

/// How one source answers while it has one fault.
#[derive(Debug)]
pub(crate) struct Script {
    source: Source,
    fault: Fault,
    transport: Transport,
    body: Arc<[u8]>,
    zipped: OnceLock<Arc<[u8]>>,
}

impl Script {
    pub(crate) fn new(source: Source, fault: Fault, transport: Transport, document: &Arc<[u8]>) -> Self {
        let fault = if fault.applies_to(source) {
            fault
        } else {
            Fault::None
        };
        let body = defect::spoil(source, fault, document);
        Self {
            source,
            fault,
            transport,
            body,
            zipped: OnceLock::new(),
        }
    }

    pub(crate) fn steps(&self, request: &Request) -> Vec<Step> {
        if self.fault == Fault::RedirectLoop {
            return redirect(307, &target(&request.path, request));
        }
        let path = request.path.as_str();
        let moved =
            matches!(self.fault, Fault::Redirect(_)) && path.strip_prefix(MOVED) == Some(self.source.path());
        if moved {
            return self.document(200, request);
        }
        if path != self.source.path() {
            return text(404, &[], "404 page not found\n");
        }
        if request.method != self.source.method() {
            return text(405, &[("Allow", self.source.method())], "");
        }
        self.faulty(request)
    }

    fn faulty(&self, request: &Request) -> Vec<Step> {
        let (body, _) = self.body(request);
        match self.fault {
            Fault::Status(code) => text(code, &[], "this status was asked for\n"),
            Fault::StatusWithBody(code) => self.document(code, request),
            Fault::Empty => {
                let headers = [("Content-Type", self.source.content_type())];
                vec![Step::Send(head::render(200, &headers, Framing::Length(0)).into())]
            }
            Fault::Html => answer(
                200,
                &[("Content-Type", "text/html; charset=utf-8")],
                LOGIN_PAGE.as_bytes(),
            ),
            Fault::Truncated => vec![
                self.head(200, request, false),
                Step::Send(Bytes::half(body)),
                Step::Close,
            ],
            Fault::TruncatedChunked => {
                vec![
                    self.head(200, request, true),
                    Step::Chunks(Bytes::half(body)),
                    Step::Close,
                ]
            }
            Fault::Slow(pause) => {
                let mut steps = vec![Step::Wait(pause)];
                steps.extend(self.document(200, request));
                steps
            }
            Fault::Drip(pause) => vec![self.head(200, request, false), Step::Drip(body.into(), pause)],
            Fault::Hang => vec![Step::Hang],
            Fault::HangAfterHead => vec![self.head(200, request, false), Step::Hang],
            // Nobody can ask a refusing source; a request that was under way finds it gone.
            Fault::Reset | Fault::Refused => vec![Step::Reset],
            Fault::ResetMidBody => vec![
                self.head(200, request, false),
                Step::Send(Bytes::half(body)),
                Step::Reset,
            ],
            Fault::Redirect(code) => redirect(code, &target(&format!("{MOVED}{}", request.path), request)),
            Fault::Huge(flood) => {
                vec![
                    self.head(200, request, true),
                    Step::Pour(Pour::new(self.source, flood, FLOOD_BYTES)),
                ]
            }
            Fault::HangWithCache0 if asks_uncached(request) => vec![Step::Hang],
            Fault::None
            | Fault::BadJson(_)
            | Fault::WrongTypes(_)
            | Fault::RedirectLoop
            | Fault::Bom
            | Fault::InvalidUtf8
            | Fault::LoneSurrogate
            | Fault::TrailingBytes
            | Fault::GzipBroken
            | Fault::DuplicateKeys
            | Fault::HangWithCache0 => self.document(200, request),
        }
    }

    /// The body for this request, and whether it is compressed.
    fn body(&self, request: &Request) -> (&Arc<[u8]>, bool) {
        if self.fault == Fault::GzipBroken {
            return (&self.body, true);
        }
        if self.transport.gzip && request.accepts_gzip() && !matches!(self.fault, Fault::Huge(_)) {
            return (self.zipped.get_or_init(|| defect::gzip(&self.body).into()), true);
        }
        (&self.body, false)
    }

    fn render(&self, status: u16, request: &Request, chunked: bool) -> Vec<u8> {
        let (body, zipped) = self.body(request);
        let headers = [
            ("Content-Type", self.source.content_type()),
            ("Content-Encoding", "gzip"),
        ];
        let framing = if chunked {
            Framing::Chunked
        } else {
            Framing::Length(body.len())
        };
        head::render(status, if zipped { &headers } else { &headers[..1] }, framing)
    }

    fn head(&self, status: u16, request: &Request, chunked: bool) -> Step {
        Step::Send(self.render(status, request, chunked).into())
    }

    fn document(&self, status: u16, request: &Request) -> Vec<Step> {
        let (body, _) = self.body(request);
        if !head::has_body(status) {
            return vec![self.head(status, request, false)];
        }
        if self.transport.chunked {
            let end = Step::Send(LAST_CHUNK.to_vec().into());
            return vec![self.head(status, request, true), Step::Chunks(body.into()), end];
        }
        let mut head = self.render(status, request, false);
        if body.len() <= ONE_WRITE {
            head.extend_from_slice(body);
            return vec![Step::Send(head.into())];
        }
        vec![Step::Send(head.into()), Step::Send(body.into())]
    }
}

/// A whole answer with a length, in one write.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<Step> {
    let mut bytes = head::render(status, headers, Framing::Length(body.len()));
    if head::has_body(status) {
        bytes.extend_from_slice(body);
    }
    vec![Step::Send(bytes.into())]
}

fn text(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<Step> {
    let headers = [&[("Content-Type", "text/plain; charset=utf-8")], headers].concat();
    answer(status, &headers, body.as_bytes())
}

fn redirect(status: u16, location: &str) -> Vec<Step> {
    text(status, &[("Location", location)], "")
}

/// A path with the request's own query.
fn target(path: &str, request: &Request) -> String {
    request
        .query
        .as_ref()
        .map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

fn asks_uncached(request: &Request) -> bool {
    request
        .query
        .as_deref()
        .is_some_and(|query| query.split('&').any(|pair| pair == "cache=0"))
}

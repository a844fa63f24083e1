//! The sink: one request with one batch, and what its answer means.

use std::io::{Read, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_wire::receipt::{self, Receipt};
use heliograph_wire::segment::BATCH_PATH;
use serde_json::Value;

use crate::config::Secret;
use crate::http::url::Url;
use crate::http::{Answer, Client, Limits, Method, Request};
use crate::retry::Answered;
use crate::source::CONNECT_TIMEOUT;

/// How long one try may take.
pub const TRY_TIMEOUT: Duration = Duration::from_secs(20);
/// Most of an answer that is read.
pub const MAX_ANSWER: u64 = 256 * 1024;

/// A sink and the right to write to it.
#[derive(Debug, Clone, Copy)]
pub struct Sink<'a> {
    /// The way out.
    pub client: &'a Client,
    /// Its base URL.
    pub url: &'a Url,
    /// The write key.
    pub key: &'a Secret,
}

/// What became of a request.
#[derive(Debug)]
pub struct Reply {
    /// What it means for the batch.
    pub answered: Answered,
    /// The receipt that came with it.
    pub receipt: Option<Receipt>,
    /// What to say of it; empty when the batch was taken.
    pub what: String,
}

impl Sink<'_> {
    /// Sends a batch's body.
    pub fn send(&self, body: &[u8], total: Duration) -> Reply {
        let answer = self.post(
            BATCH_PATH,
            &gzip(body),
            &[("content-encoding", "gzip"), (receipt::HEADER, "1")],
            total,
        );
        match answer {
            Ok(answer) => judge(answer),
            Err(what) => Reply {
                answered: Answered::Nothing,
                receipt: None,
                what,
            },
        }
    }

    /// Posts JSON to one of the sink's paths.
    ///
    /// # Errors
    /// There is no answer: why.
    pub fn post(
        &self,
        path: &str,
        body: &[u8],
        more: &[(&'static str, &str)],
        total: Duration,
    ) -> Result<Answer, String> {
        let url = self.url.join(path).ok_or("the sink's URL takes no path")?;
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:", self.key.expose())));
        let mut headers = vec![
            ("content-type", "application/json"),
            ("authorization", authorization.as_str()),
        ];
        headers.extend_from_slice(more);
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &headers,
            body,
            // What has the cluster forgotten holds a secret, which goes where it was sent and nowhere else.
            follow: path == BATCH_PATH,
        };
        let limits = Limits {
            connect: CONNECT_TIMEOUT,
            head: total,
            total,
        };
        self.client
            .send(request, limits)
            .map_err(|failure| failure.to_string())
    }

    /// The full URL of the batch endpoint, as shown and recorded.
    pub fn target(&self) -> String {
        self.url
            .join(BATCH_PATH)
            .map_or_else(|| self.url.to_string(), |url| url.to_string())
    }
}

/// What an answer means, and a line that says so.
fn judge(answer: Answer) -> Reply {
    let status = answer.status;
    let method = answer.method;
    let retry_after = retry_after(&answer);
    let mut body = Vec::new();
    let read = answer.into_body().take(MAX_ANSWER).read_to_end(&mut body);
    let reply = |answered, what: String| Reply {
        answered,
        receipt: None,
        what,
    };
    if method != Method::Post {
        let what = "the sink redirected so that the POST became a GET, which delivers nothing; is the sink's URL right?";
        return reply(Answered::NotSegment, what.to_owned());
    }
    if status != 200 {
        return reply(
            Answered::Status(status, retry_after),
            format!("the sink answered {status}{}", hint(status)),
        );
    }
    if let Err(error) = read {
        return reply(Answered::Nothing, format!("the sink's answer broke off: {error}"));
    }
    // Segment's answer is {"success": true}; whatever else says 200 did not take the batch.
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if answer.get("success").and_then(Value::as_bool) != Some(true) {
        let what = "what answered 200 is not a Segment-compatible sink; is there a captive portal between?";
        return reply(Answered::NotSegment, what.to_owned());
    }
    let receipt = answer
        .get("receipt")
        .and_then(|receipt| serde_json::from_value(receipt.clone()).ok());
    Reply {
        answered: Answered::Taken,
        receipt,
        what: String::new(),
    }
}

/// The wait that an answer asks for (RFC 9110, 10.2.3): seconds, or a date, which is taken by the sink's own clock.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |text| jiff::fmt::rfc2822::parse(text).map(|date| date.timestamp()).ok();
    let wait = instant(text)?.duration_since(instant(answer.header("date")?)?);
    Duration::try_from(wait).ok()
}

/// What a status commonly means here.
pub(crate) fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": it does not know the write key, or has revoked it",
        404 | 405 => ": is the sink's URL right?",
        400 | 413 | 422 => ": it does not take this batch",
        429 => ": too many requests",
        _ => "",
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

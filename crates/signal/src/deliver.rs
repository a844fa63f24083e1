//! Delivery: one batch to the sink, tried again within the cycle while there is hope.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_wire::segment::BATCH_PATH;

use crate::clock::Deadline;
use crate::config::Secret;
use crate::http::url::Url;
use crate::http::{Answer, Client, Limits, Method, Request};
use crate::retry::{Answered, Next, next};
use crate::source::CONNECT_TIMEOUT;

/// How long one try may take.
pub const TRY_TIMEOUT: Duration = Duration::from_secs(20);
/// Most of an answer that is read.
const MAX_ANSWER: u64 = 64 * 1024;

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The sink has it.
    Yes,
    /// Not now.
    NotNow,
    /// The sink will never take it.
    Refused,
}

/// A sink and the right to write to it.
#[derive(Debug)]
pub struct Sink<'a> {
    /// The way out.
    pub client: &'a Client,
    /// Its base URL.
    pub url: &'a Url,
    /// The write key.
    pub key: &'a Secret,
    /// How long to try in all.
    pub timeout: Duration,
}

impl Sink<'_> {
    /// Sends a batch; `body` makes its bytes anew for each try, since they carry the time of sending.
    pub fn deliver(&self, body: impl Fn() -> Vec<u8>) -> Delivered {
        let deadline = Deadline::after(self.timeout);
        for tries in 1.. {
            let (answered, what) = self.send(&body(), deadline.left().min(TRY_TIMEOUT));
            match next(answered, tries, deadline.left(), random()) {
                Next::Done => return Delivered::Yes,
                Next::Wait(wait) => {
                    // One line for the change; what follows is the same.
                    if tries == 1 {
                        tracing::warn!(sink = %self.url, "not delivered: {what}; trying again for {} s", self.timeout.as_secs());
                    } else {
                        tracing::debug!(sink = %self.url, tries, "not delivered: {what}");
                    }
                    thread::sleep(wait);
                }
                Next::Keep => {
                    tracing::error!(sink = %self.url, tries, "not delivered: {what}");
                    return Delivered::NotNow;
                }
                Next::Refused => {
                    tracing::error!(sink = %self.url, "refused: {what}");
                    return Delivered::Refused;
                }
            }
        }
        Delivered::NotNow
    }

    fn send(&self, body: &[u8], total: Duration) -> (Answered, String) {
        let Some(url) = self.url.join(BATCH_PATH) else {
            return (Answered::NotSegment, "the sink's URL takes no path".to_owned());
        };
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:", self.key.expose())));
        let headers = [
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
            ("authorization", authorization.as_str()),
        ];
        let request = Request {
            method: Method::Post,
            url: &url,
            headers: &headers,
            body: &gzip(body),
        };
        match self.client.send(
            request,
            Limits {
                connect: CONNECT_TIMEOUT,
                head: total,
                total,
            },
        ) {
            Ok(answer) => judge(answer),
            Err(failure) => (Answered::Nothing, failure.to_string()),
        }
    }
}

/// What an answer means, and a line that says so.
fn judge(answer: Answer) -> (Answered, String) {
    let status = answer.status;
    let retry_after = answer
        .header("retry-after")
        .and_then(|value| value.trim().parse().ok())
        .map(Duration::from_secs);
    let mut body = Vec::new();
    let read = answer.into_body().take(MAX_ANSWER).read_to_end(&mut body);
    if status != 200 {
        return (
            Answered::Status(status, retry_after),
            format!("the sink answered {status}{}", hint(status)),
        );
    }
    if let Err(error) = read {
        return (Answered::Nothing, format!("the sink's answer broke off: {error}"));
    }
    // Segment's answer is {"success": true}; whatever else says 200 did not take the batch.
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if answer.get("success").and_then(serde_json::Value::as_bool) == Some(true) {
        (Answered::Taken, String::new())
    } else {
        (
            Answered::NotSegment,
            "what answered 200 is not a Segment-compatible sink; is there a captive portal between?"
                .to_owned(),
        )
    }
}

fn hint(status: u16) -> &'static str {
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

/// A random number from 0 to 1. Without random numbers all wait the longest time.
fn random() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

//! Answers on Segment's paths: `{"success":true,…}`, or `{"code":"…","message":"…"}`, which is what SDKs read.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use heliograph_wire::receipt::Receipt;

use super::problem::problem;
use crate::ingest::outcome::Rejection;
use crate::ingest::tally::Summary;
use crate::limit::Over;
use crate::metrics::Fast;
use crate::quota::{Exceeded, Measure};
use crate::writer::Unavailable;

/// Seconds after which to try again when too much is under way.
const RETRY_BUSY: HeaderValue = HeaderValue::from_static("1");
/// Seconds after which to try again when the store can't be used.
const RETRY_STORE: HeaderValue = HeaderValue::from_static("5");

/// Why a request is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No key, or none that may be used.
    WriteKey,
    /// The key is not for this; what it is for.
    KeyKind(&'static str),
    /// The key has no settings: there is none such, or it is not for browsers.
    NoSettings,
    /// The request does not say by which name the collector is reached.
    Host,
    /// The secret is not that of a reporter of the cluster.
    Reporter,
    /// Larger than a request may be; what is, and its bound.
    TooLarge(String),
    /// A single call whose message is at fault.
    Message(Rejection),
    /// Encoded in a way that is not read here.
    Encoding,
    /// Not gzip, not JSON, or JSON of another shape.
    Malformed { code: &'static str, message: String },
    /// The body stopped coming.
    Incomplete,
    /// The body takes too long.
    TooSlow,
    /// What may be kept of the key's messages today is used up.
    Quota(Exceeded),
    /// One client, or the holders of one key, ask too fast.
    TooFast(Fast, Over),
    /// Too much is under way.
    Busy,
    /// The store can't be written, or not read.
    Store,
    /// The path takes another method.
    Method,
}

impl From<Unavailable> for Refused {
    fn from(unavailable: Unavailable) -> Refused {
        match unavailable {
            Unavailable::Busy => Refused::Busy,
            Unavailable::Store => Refused::Store,
        }
    }
}

/// The answer to a call that is on disk.
pub(super) fn accepted(summary: Summary, receipt: Option<Receipt>) -> Response {
    let Summary {
        accepted,
        duplicate,
        suppressed,
        rejected,
    } = summary;
    // A suppressed message is answered as an accepted one is: who asked to be forgotten is not told of.
    let accepted = accepted + suppressed;
    // A receipt is made of texts and numbers, which always serialise.
    let receipt = receipt.and_then(|receipt| serde_json::to_string(&receipt).ok());
    let receipt = receipt.map_or_else(String::new, |receipt| format!(r#","receipt":{receipt}"#));
    let body = format!(
        r#"{{"success":true,"accepted":{accepted},"duplicate":{duplicate},"rejected":{rejected}{receipt}}}"#
    );
    json(StatusCode::OK, body)
}

impl Refused {
    /// The answer on Segment's paths.
    pub(super) fn answer(&self) -> Response {
        self.with(|status, code, message| {
            let body = serde_json::json!({"code": code, "message": message});
            json(status, body.to_string())
        })
    }

    /// The answer on our own paths.
    pub(super) fn problem(&self) -> Response {
        self.with(problem)
    }

    fn with(&self, form: impl FnOnce(StatusCode, &str, &str) -> Response) -> Response {
        let (status, code, message, header) = self.parts();
        let mut response = form(status, code, message);
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn parts(&self) -> (StatusCode, &str, &str, Option<(HeaderName, HeaderValue)>) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const AWAY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            Refused::WriteKey => (
                StatusCode::UNAUTHORIZED,
                "invalid_write_key",
                "the write key is missing, unknown or revoked",
                None,
            ),
            Refused::KeyKind(message) => (StatusCode::FORBIDDEN, "wrong_key_kind", message, None),
            Refused::NoSettings => (
                StatusCode::NOT_FOUND,
                "invalid_write_key",
                "there is no such write key for browsers",
                None,
            ),
            Refused::Host => (
                BAD,
                "invalid_host",
                "the Host of the request is missing or no name of a host; or set public_url",
                None,
            ),
            Refused::Reporter => (
                StatusCode::FORBIDDEN,
                "not_the_reporter",
                "the secret is not that of a reporter of this cluster",
                None,
            ),
            Refused::TooLarge(message) => (BAD, "payload_too_large", message, None),
            Refused::Malformed { code, message } => (BAD, code, message, None),
            Refused::Message(reason) => (BAD, reason.code(), reason.explanation(), None),
            Refused::Encoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "the body is neither JSON nor gzip, and no other Content-Encoding is read",
                Some((header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))),
            ),
            Refused::Incomplete => (BAD, "incomplete_body", "the body ended too early", None),
            Refused::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the body took too long to arrive",
                None,
            ),
            Refused::Quota(exceeded) => (
                StatusCode::TOO_MANY_REQUESTS,
                "quota_exceeded",
                match exceeded.measure {
                    Measure::Bytes => "the bytes that this write key may send today (UTC) are used up",
                    Measure::Messages => "the messages that this write key may send today (UTC) are used up",
                },
                Some((header::RETRY_AFTER, exceeded.retry_after.as_secs().into())),
            ),
            Refused::TooFast(who, over) => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                match who {
                    Fast::Client => "this client sends too much at once",
                    Fast::Key => "too much is sent at once with this write key",
                },
                Some((header::RETRY_AFTER, HeaderValue::from(over.seconds))),
            ),
            Refused::Busy => (
                AWAY,
                "busy",
                "too many requests are under way",
                Some((header::RETRY_AFTER, RETRY_BUSY)),
            ),
            Refused::Store => (
                AWAY,
                "unavailable",
                "the store can't be used at the moment",
                Some((header::RETRY_AFTER, RETRY_STORE)),
            ),
            // Which it takes is said by whoever calls this.
            Refused::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "the path takes another method",
                None,
            ),
        }
    }
}

pub(super) fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

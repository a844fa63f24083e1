//! Which pages may read the answers on Segment's paths (CORS). Pages of other origins may still send: what keeps them out is the
//! write key, and a browser that may not read an answer would only try again.
//!
//! Clients in browsers send `Authorization`, so each path is asked about first. The answer names every header that clients send:
//! `*` does not cover `authorization`, and without `x-retry-count` all goes well until the first failure, then nothing is tried
//! again. Nothing here uses cookies, so `*` gives nobody another's rights.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::config::Origins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, content-encoding, x-retry-count, heliograph-receipt",
);
/// A day; browsers may believe it for less.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");
const EXPOSED: HeaderValue = HeaderValue::from_static("Retry-After");
const ANY: HeaderValue = HeaderValue::from_static("*");
const VARY: HeaderValue = HeaderValue::from_static("Origin");
/// Asked by some Chromiums when a public page reaches into a private network.
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// The pages that may read answers.
#[derive(Debug)]
pub(crate) struct Cors {
    /// `None`: all.
    listed: Option<Vec<HeaderValue>>,
}

/// What the page that a request comes from may do.
#[derive(Debug)]
pub(super) enum Grant {
    /// Every page may read the answer.
    Any,
    /// This one may.
    Origin(HeaderValue),
    /// This one may not, or it is no page.
    None,
}

impl Cors {
    pub(crate) fn of(origins: &Origins) -> Cors {
        let listed = match origins {
            Origins::Any => None,
            Origins::Listed(origins) => {
                let values = origins
                    .iter()
                    .filter_map(|origin| HeaderValue::from_str(origin).ok());
                Some(values.collect())
            }
        };
        Cors { listed }
    }

    /// What holds for a request with these headers.
    pub(super) fn grant(&self, headers: &HeaderMap) -> Grant {
        let Some(listed) = &self.listed else {
            return Grant::Any;
        };
        let origin = headers.get(header::ORIGIN);
        let found = origin.and_then(|origin| listed.iter().find(|listed| *listed == origin));
        found.map_or(Grant::None, |origin| Grant::Origin(origin.clone()))
    }

    /// The answer to `OPTIONS`, which asks what may be sent. No key is needed: a browser would not send one.
    pub(super) fn preflight(&self, headers: &HeaderMap) -> Response {
        let grant = self.grant(headers);
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        if !matches!(grant, Grant::None) {
            let granted = response.headers_mut();
            granted.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            granted.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            granted.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            if headers.get(ASKS_PRIVATE) == Some(&TRUE) {
                granted.insert(ALLOW_PRIVATE, TRUE);
            }
        }
        grant.mark(response)
    }
}

impl Grant {
    /// Says so in an answer.
    pub(super) fn mark(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if !matches!(self, Grant::Any) {
            headers.append(header::VARY, VARY);
        }
        let origin = match self {
            Grant::Any => ANY,
            Grant::Origin(origin) => origin,
            Grant::None => return response,
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        response
    }
}

//! One request to a target, and what its answer means.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_wire::segment::BATCH_PATH;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::tls::Certificate;
use ureq::{Agent, Body, Proxy};

use super::parcel::Became;
use super::{ForwardError, Forwarding, PassedOn};
use crate::clock::Clock;
use crate::outgoing::{self, can_take, trust, unanswered};

/// How long a request may take.
const TOTAL: Duration = Duration::from_secs(30);
/// Most of an answer that is read, in bytes.
const MOST_READ: u64 = 64 << 10;

/// Why something has to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// In words, without what a key or a token says.
    pub(super) what: String,
    /// How long the target asks to wait.
    pub(super) asked: Option<Duration>,
}

/// Where it goes.
pub(super) struct Target {
    agent: Agent,
    url: String,
    token: Option<String>,
    clock: Arc<dyn Clock>,
}

impl Target {
    /// The target that is configured; `token` is for orders.
    pub(super) fn new(
        url: &str,
        token: Option<String>,
        config: &Forwarding,
        clock: Arc<dyn Clock>,
    ) -> Result<Target, ForwardError> {
        let mut builder = outgoing::agent(TOTAL, proxy(config.proxy.as_deref())?);
        if url.starts_with("https:") {
            builder = builder.tls_config(trust(config.ca.as_deref().map_or(Ok(Vec::new()), own_roots)?));
        }
        Ok(Target {
            agent: builder.build().new_agent(),
            url: url.trim_end_matches('/').to_owned(),
            token,
            clock,
        })
    }

    /// Sends one batch.
    pub(super) fn batch(&self, key: &str, messages: &[&str]) -> Became<Trouble> {
        let body = format!("{{\"batch\":[{}]}}", messages.join(","));
        let authorization = format!("Basic {}", STANDARD.encode(format!("{key}:")));
        let request = self
            .agent
            .post(format!("{}{BATCH_PATH}", self.url))
            .header("content-type", "application/json")
            .header("content-encoding", "gzip")
            .header("authorization", authorization);
        let (status, asked, answer) = match request.send(&gzip(body.as_bytes())[..]) {
            Ok(response) => read(response, self.clock.now()),
            Err(error) => return Became::Failed(trouble(unanswered(&error), None)),
        };
        match status {
            200 if answer.get("success") == Some(&Value::Bool(true)) => Became::Taken,
            200 => Became::Failed(trouble(
                "what answered 200 is not Segment-compatible".to_owned(),
                None,
            )),
            400 | 413 | 422 => Became::Refused(said(status, &answer)),
            _ => Became::Failed(trouble(said(status, &answer), asked)),
        }
    }

    /// Passes an order on; says whether it was taken, or is refused for good.
    pub(super) fn order(&self, order: &PassedOn, subject_type: &str) -> Became<Trouble> {
        let body = json!({"regulationType": order.action, "subjectType": subject_type, "subjectIds": [order.subject]});
        let token = self.token.as_deref().unwrap_or_default();
        let request = self
            .agent
            .post(format!("{}/regulations", self.url))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        let (status, asked, answer) = match request.send(body.to_string().as_bytes()) {
            Ok(response) => read(response, self.clock.now()),
            Err(error) => return Became::Failed(trouble(unanswered(&error), None)),
        };
        match status {
            200 if answer.pointer("/data/regulateId").is_some() => Became::Taken,
            400 | 413 | 422 => Became::Refused(said(status, &answer)),
            _ => Became::Failed(trouble(
                format!("orders to forget somebody: {}", said(status, &answer)),
                asked,
            )),
        }
    }
}

fn trouble(what: String, asked: Option<Duration>) -> Trouble {
    Trouble { what, asked }
}

/// Status, the wait that it asks for, and the body as far as it is JSON.
fn read(response: Response<Body>, now: Timestamp) -> (u16, Option<Duration>, Value) {
    let status = response.status().as_u16();
    let asked = outgoing::asked(response.headers(), now);
    let mut body = Vec::new();
    // An answer that breaks off is none that was understood.
    let _ = response
        .into_body()
        .into_reader()
        .take(MOST_READ)
        .read_to_end(&mut body);
    (status, asked, serde_json::from_slice(&body).unwrap_or_default())
}

fn said(status: u16, answer: &Value) -> String {
    let hint = match status {
        300..=399 => ": it redirects; is forward_url right?",
        401 | 403 => ": it does not know the write key or the token, or has revoked it",
        404 | 405 => ": is forward_url right?",
        _ => "",
    };
    // A code is one word of a program's; a message may repeat what was sent.
    let code = answer.get("code").and_then(Value::as_str).unwrap_or_default();
    let is_word = !code.is_empty()
        && code.len() < 64
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word {
        format!("the target answered {status} ({code}){hint}")
    } else {
        format!("the target answered {status}{hint}")
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn proxy(url: Option<&str>) -> Result<Option<Proxy>, ForwardError> {
    let Some(url) = url else { return Ok(None) };
    let proxy = Proxy::new(url).map_err(|_| ForwardError::Proxy)?;
    if !can_take(&proxy) {
        return Err(ForwardError::Proxy);
    }
    Ok(Some(proxy))
}

fn own_roots(path: &Path) -> Result<Vec<Certificate<'static>>, ForwardError> {
    const KEY: &str = "forward_ca_file";
    let pem = fs::read(path).map_err(|cause| ForwardError::Unreadable {
        key: KEY,
        path: path.to_owned(),
        cause,
    })?;
    let found: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect()),
        _ => Err(ForwardError::Useless {
            key: KEY,
            path: path.to_owned(),
            what: "no certificate (PEM)".to_owned(),
        }),
    }
}

//! One attempt to tell somebody: over HTTP, following nobody elsewhere.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use jiff::Timestamp;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

use super::event::{CONTENT_TYPE, Event};
use super::pace::{Heard, retry_after};
use super::sign::Secret;
use super::target::Target;

/// How long connecting may take, and the whole attempt.
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);
const USER_AGENT: &str = concat!("heliograph-collector/", env!("CARGO_PKG_VERSION"));

/// Tries.
#[derive(Debug, Clone)]
pub(super) struct Poster {
    agent: Agent,
}

impl Poster {
    /// Trusts whom the system does (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and goes by the proxy that the environment names.
    pub(super) fn new(target: &Target) -> Poster {
        // The library is built without SOCKS.
        let proxy = Proxy::try_from_env()
            .filter(|proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .max_idle_connections(0)
            .proxy(proxy);
        if target.uri().scheme_str() == Some("https") {
            config = config.tls_config(trust());
        }
        Poster {
            agent: config.build().new_agent(),
        }
    }

    /// Sends an event once, signed as of now.
    pub(super) fn post(&self, target: &Target, secret: &Secret, event: &Event, now: Timestamp) -> Heard {
        let time = now.as_second();
        let mut request = Request::post(target.uri().clone())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", secret.sign(&event.id, time, &event.body));
        if let Some(authorization) = target.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let sent = match request.body(event.body.as_bytes()) {
            Ok(request) => self.agent.run(request),
            Err(error) => return Heard::Nothing(error.to_string()),
        };
        match sent {
            Ok(answer) => {
                let asked = answer.headers().get(header::RETRY_AFTER);
                let asked = asked.and_then(|asked| retry_after(asked.to_str().ok()?, now));
                Heard::Status(answer.status().as_u16(), asked)
            }
            Err(error) => Heard::Nothing(said(&error)),
        }
    }
}

/// What went wrong, without the URL.
fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the URL can't be used".to_owned(),
        error => error.to_string(),
    }
}

fn trust() -> TlsConfig {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!(%error, "a part of the system's trust store can't be read");
    }
    if system.certs.is_empty() {
        tracing::warn!("no certificate authority is trusted: the webhook can't be reached over https");
    }
    let roots: Vec<_> = system
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

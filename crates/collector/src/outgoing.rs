//! What all requests of ours to others have in common: whom they trust, which proxies they can take, how long an answer asks to wait,
//! and what is said where there is none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use rustls::CertificateError;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::{Agent, Proxy, ProxyProtocol};

/// Who asks.
const USER_AGENT: &str = concat!("heliograph-collector/", env!("CARGO_PKG_VERSION"));

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What asks, by a proxy where there is one: every answer is one, and nobody is followed elsewhere. A request takes so long at most.
pub(crate) fn agent(within: Duration, proxy: Option<Proxy>) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(within))
        .proxy(proxy)
}

/// Trust in whom the system trusts (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and in these.
pub(crate) fn trust(own: Vec<Certificate<'static>>) -> TlsConfig {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!(%error, "a part of the system's trust store can't be read");
    }
    let mut roots: Vec<_> = system
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    roots.extend(own);
    if roots.is_empty() {
        tracing::warn!("no certificate authority is trusted: nothing can be reached over https");
    }
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build()
}

/// Whether we can go by a proxy: the library is built without SOCKS.
pub(crate) fn can_take(proxy: &Proxy) -> bool {
    matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https)
}

/// How long the headers of an answer ask to wait.
pub(crate) fn asked(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let said = |name| headers.get(name)?.to_str().ok();
    retry_after(said(header::RETRY_AFTER)?, said(header::DATE), now)
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or until a time, which is taken by the answer's own `Date`, or by our clock where it has
/// none.
fn retry_after(text: &str, date: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |text| jiff::fmt::rfc2822::parse(text).map(|date| date.timestamp()).ok();
    let now = date.and_then(instant).unwrap_or(now);
    Duration::try_from(instant(text)?.duration_since(now)).ok()
}

/// Why there is no answer, in words that repeat neither the URL nor what was sent.
pub(crate) fn unanswered(error: &ureq::Error) -> String {
    use ureq::Error;
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "the name of the host is not known".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::Io(error) => match tls_error(error) {
            Some(error) => tls_failed(error),
            None => format!("no answer: {error}"),
        },
        Error::Rustls(error) => tls_failed(error),
        Error::Tls(problem) => format!("TLS failed: {problem}"),
        Error::ConnectProxyFailed(problem) => format!("the proxy: {problem}"),
        Error::BadUri(_) => "the URL can't be used".to_owned(),
        // Others may repeat the URL.
        _ => "the request failed".to_owned(),
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn tls_failed(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(problem) = error else {
        return format!("TLS failed: {error}");
    };
    let what = match problem {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has run out: have it renewed there, or look at this machine's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet: look at the clocks of both machines"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another host: is the URL right?"
        }
        CertificateError::UnknownIssuer => "is of an authority that is not trusted here",
        CertificateError::Revoked => "was revoked",
        other => return format!("TLS failed: the certificate is of no use: {other}"),
    };
    format!("TLS failed: the certificate {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_span_or_a_time() {
        let of = |text, date| retry_after(text, date, Timestamp::UNIX_EPOCH).map(|wait| wait.as_secs());
        assert_eq!(of(" 120 ", None), Some(120));
        let minute = "Thu, 01 Jan 1970 00:01:00 GMT";
        assert_eq!(of(minute, None), Some(60));
        assert_eq!(of(minute, Some("Thu, 01 Jan 1970 00:00:50 GMT")), Some(10));
        assert_eq!(of(minute, Some("now")), Some(60));
        assert_eq!(
            (
                of("Wed, 31 Dec 1969 00:01:00 GMT", None),
                of("soon", None),
                of("-3", None)
            ),
            (None, None, None)
        );
    }
}

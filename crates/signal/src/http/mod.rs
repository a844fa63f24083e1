//! The one way out: every request of signal goes through [`Client::send`].
//!
//! Redirects and proxies follow the rules of Go's client, which the original used; the library's own differ:
//! 301, 302 and 303 turn a POST into a GET, 307 and 308 keep method and body; at most [`MAX_REDIRECTS`]; an `Authorization`
//! header does not go to another host, nor from https to http.

mod forward;
pub mod proxy;
pub mod socket;
pub mod trust;
pub mod url;

use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Request as HttpRequest, Response, header};
use ureq::{Agent, Body, BodyReader, Proxy, ProxyProtocol};

use crate::clock::Deadline;
use proxy::Proxies;
use trust::Trust;
use url::Url;

/// Most redirects that are followed.
pub const MAX_REDIRECTS: usize = 10;
/// Name and version as sent in `User-Agent`.
pub const USER_AGENT: &str = concat!("heliograph-signal/", env!("CARGO_PKG_VERSION"));

/// GET or POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET, without a body.
    Get,
    /// POST, with a body.
    Post,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its method.
    pub method: Method,
    /// Where it goes.
    pub url: &'a Url,
    /// Headers beside the client's own.
    pub headers: &'a [(&'static str, &'a str)],
    /// Its body, sent with POST only.
    pub body: &'a [u8],
    /// Whether redirects are followed; else they are the answer.
    pub follow: bool,
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// To connect, name resolution and TLS included.
    pub connect: Duration,
    /// Until the answer's head is there.
    pub head: Duration,
    /// In all, redirects and body included.
    pub total: Duration,
}

/// An answer whose body is still to be read.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What the request was in the end: a redirect may have made a GET of a POST.
    pub method: Method,
    headers: HeaderMap,
    body: Box<dyn Read>,
}

impl Answer {
    fn of(response: Response<Body>, method: Method, limits: Limits) -> Answer {
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        Answer {
            status,
            method,
            headers: parts.headers,
            body: Box::new(Reading {
                body: body.into_reader(),
                total: limits.total,
            }),
        }
    }

    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, decompressed.
    pub fn into_body(self) -> Box<dyn Read> {
        self.body
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No connection, or not in time.
    #[error("no connection: {0}")]
    Connect(String),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The connection broke before the answer was there.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The other side is not trusted, or speaks no TLS.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// A redirect that leads nowhere.
    #[error("redirected {0}")]
    Redirect(String),
    /// A proxy of the environment can't be used.
    #[error("the proxy that the environment names is not the URL of an http or https proxy")]
    Proxy,
}

/// The client.
#[derive(Debug)]
pub struct Client {
    proxies: Proxies,
    trust: Trust,
}

impl Client {
    /// A client of these proxies and this trust.
    pub fn new(proxies: Proxies, trust: Trust) -> Client {
        Client { proxies, trust }
    }

    /// Sends a request and follows redirects to the answer.
    ///
    /// # Errors
    /// There is no answer. Any status is an answer.
    pub fn send(&self, request: Request<'_>, limits: Limits) -> Result<Answer, Failure> {
        let deadline = Deadline::after(limits.total);
        let head = Deadline::after(limits.head);
        let Request {
            mut method,
            headers,
            body,
            ..
        } = request;
        let mut url = request.url.clone();
        let mut with_credentials = true;
        for _ in 0..=MAX_REDIRECTS {
            let agent = self.agent(&url, limits, head, deadline)?;
            let response = exchange(
                &agent,
                method,
                &url,
                headers,
                body,
                with_credentials,
                self.forwards(&url).as_ref(),
            )
            .map_err(|error| failure(error, limits))?;
            let status = response.status().as_u16();
            let Some(location) = redirect(&response).filter(|_| request.follow) else {
                return Ok(Answer::of(response, method, limits));
            };
            let next = url
                .redirected(&location)
                .map_err(|error| Failure::Redirect(format!("to {error}")))?;
            with_credentials &= may_follow_with_credentials(&url, &next);
            if !matches!(status, 307 | 308) {
                method = Method::Get;
            }
            url = next;
        }
        Err(Failure::Redirect(format!("more than {MAX_REDIRECTS} times")))
    }

    /// The proxy that takes a plain http request with its whole URL.
    fn forwards(&self, url: &Url) -> Option<Url> {
        if url.is_https() {
            return None;
        }
        let proxy = self.proxies.of(url)?;
        let proxy = if proxy.contains("://") {
            proxy.parse()
        } else {
            format!("http://{proxy}").parse()
        };
        proxy.ok().filter(|proxy: &Url| !proxy.is_https())
    }

    fn agent(&self, url: &Url, limits: Limits, head: Deadline, deadline: Deadline) -> Result<Agent, Failure> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(at_least(limits.connect.min(deadline.left()))))
            .timeout_recv_response(Some(at_least(head.left())))
            .timeout_global(Some(at_least(deadline.left())))
            .max_idle_connections(0)
            .proxy(None);
        if url.is_https() {
            config = config.tls_config(self.trust.tls());
        }
        if let Some(proxy) = self.forwards(url) {
            return Ok(forward::agent(config.build(), proxy, url.uri()));
        }
        if let Some(proxy) = self.proxies.of(url) {
            let proxy = Proxy::new(proxy).map_err(|_| Failure::Proxy)?;
            // The library is built without SOCKS, and panics where it meets it.
            if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
                return Err(Failure::Proxy);
            }
            config = config.proxy(Some(proxy));
        }
        Ok(config.build().new_agent())
    }
}

/// A span of nothing would mean no limit.
fn at_least(span: Duration) -> Duration {
    span.max(Duration::from_millis(1))
}

fn exchange(
    agent: &Agent,
    method: Method,
    url: &Url,
    headers: &[(&'static str, &str)],
    body: &[u8],
    with_credentials: bool,
    forwarded_by: Option<&Url>,
) -> Result<Response<Body>, ureq::Error> {
    let mut request = HttpRequest::builder().uri(url.uri().clone());
    if let Some(authorization) = url.authorization().filter(|_| with_credentials) {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    if let Some(authorization) = forwarded_by.and_then(Url::authorization) {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    for (name, value) in headers {
        if with_credentials || !name.eq_ignore_ascii_case("authorization") {
            request = request.header(*name, *value);
        }
    }
    match method {
        Method::Get => agent.run(request.method("GET").body(())?),
        Method::Post => agent.run(request.method("POST").body(body)?),
    }
}

fn redirect(response: &Response<Body>) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Some(
        response
            .headers()
            .get(header::LOCATION)?
            .to_str()
            .ok()?
            .to_owned(),
    )
}

/// Go: to the same host, or one below it. Ours besides: not from https to http.
fn may_follow_with_credentials(from: &Url, to: &Url) -> bool {
    let (from_host, to_host) = (from.host().to_lowercase(), to.host().to_lowercase());
    let same = to_host == from_host
        || to_host
            .strip_suffix(&from_host)
            .is_some_and(|rest| rest.ends_with('.'));
    same && (to.is_https() || !from.is_https())
}

/// A body on its way; that it takes too long is said in our words, not in the library's.
struct Reading {
    body: BodyReader<'static>,
    total: Duration,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            match inner {
                Some(ureq::Error::Timeout(_)) => io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("not complete within {} s", self.total.as_secs_f32()),
                ),
                _ => error,
            }
        })
    }
}

fn failure(error: ureq::Error, limits: Limits) -> Failure {
    use ureq::{Error, Timeout};
    match error {
        Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            Failure::Connect(format!("not within {} s", limits.connect.as_secs_f32()))
        }
        Error::Timeout(Timeout::RecvResponse) => Failure::TimedOut(limits.head),
        Error::Timeout(_) => Failure::TimedOut(limits.total),
        Error::HostNotFound => Failure::Connect("the host's name is not known".to_owned()),
        Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Failure::Connect("refused".to_owned()),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Failure::Connect("unreachable".to_owned())
            }
            io::ErrorKind::InvalidData => Failure::Tls(error.to_string()),
            // std has no kind for a name that can't be resolved.
            _ if error.to_string().starts_with("failed to lookup address") => {
                Failure::Connect(error.to_string())
            }
            _ => Failure::Broken(error.to_string()),
        },
        Error::Rustls(error) => Failure::Tls(error.to_string()),
        Error::Tls(problem) => Failure::Tls(problem.to_owned()),
        Error::ConnectProxyFailed(problem) => Failure::Connect(format!("the proxy: {problem}")),
        error => Failure::Broken(error.to_string()),
    }
}

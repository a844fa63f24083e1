//! One GET, bounded in time and size.

use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

use axum::body::{Body, Bytes};
use axum::http::uri::Scheme;
use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::blocking::Blocking;
use super::keys::Keys;
use crate::listen::Stream;

/// Name and version as sent in `User-Agent`.
const USER_AGENT: &str = concat!("heliograph-diagnostics/", env!("CARGO_PKG_VERSION"));

/// Where something is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(Uri);

/// This is no URL of a kind that can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as http://127.0.0.1:8181/path")]
pub struct UrlError;

/// What asks.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Where names are looked up.
    pub(crate) names: Blocking,
}

/// Why there is no answer. Names no address: who reads it knows whom it is about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("its name can't be looked up: {0}")]
    Name(io::Error),
    #[error("its name has no address")]
    NoAddress,
    #[error("no answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("nothing listens there")]
    Refused,
    #[error("it can't be reached: {0}")]
    Unreachable(io::Error),
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    #[error("the connection broke")]
    Broken,
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
}

impl std::str::FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Url, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError)?;
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if uri.scheme() == Some(&Scheme::HTTP) && has_host {
            Ok(Url(uri))
        } else {
            Err(UrlError)
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Url {
    /// A URL that is known to be one: it panics otherwise, so a test makes all of them.
    pub(super) fn from_static(text: &'static str) -> Url {
        Url(Uri::from_static(text))
    }

    /// The path with the query.
    pub(crate) fn path(&self) -> &str {
        self.0.path_and_query().map_or("/", |path| path.as_str())
    }

    /// Host and port, as in a `Host` header.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    fn host(&self) -> &str {
        let host = self.0.host().unwrap_or_default();
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host)
    }

    fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(80)
    }
}

impl Client {
    /// Asks a URL. The answer may have so many bytes, and take so long, the look-up of a name included.
    pub(crate) async fn get_url(
        &self,
        url: &Url,
        limit: usize,
        within: Duration,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let until = Instant::now() + within;
        let asking = async {
            let addresses = self.addresses(url.host(), url.port()).await?;
            let request = Asked {
                addresses: &addresses,
                name: url.host(),
                authority: url.authority(),
                path: url.path(),
                limit,
                until,
            };
            exchange(&request, &Keys::default()).await
        };
        timeout_at(until, asking)
            .await
            .unwrap_or(Err(Failure::TimedOut(within)))
    }

    /// The addresses of a host, which may be an address itself.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        match host.parse() {
            Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
            Err(_) => self.names.look_up(host, port).await.map_err(Failure::Name),
        }
    }
}

/// What is asked, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The first of these addresses that takes the connection.
    pub(crate) addresses: &'a [SocketAddr],
    /// The name or address that its certificate must have.
    pub(crate) name: &'a str,
    /// The same with the port.
    pub(crate) authority: &'a str,
    pub(crate) path: &'a str,
    /// Longest answer, in bytes.
    pub(crate) limit: usize,
    /// When time is over: the caller sees to that; here it is shared among the addresses.
    pub(crate) until: Instant,
}

/// Asks, and shows these keys.
pub(crate) async fn exchange(asked: &Asked<'_>, keys: &Keys) -> Result<(StatusCode, Bytes), Failure> {
    let stream = connect(asked.addresses, asked.until).await?;
    let stream: Box<dyn Stream> = match &keys.tls {
        None => Box::new(stream),
        Some(tls) => {
            let name = ServerName::try_from(asked.name.to_owned())
                .map_err(|error| Failure::Tls(io::Error::other(error)))?;
            Box::new(tls.connect(name, stream).await.map_err(Failure::Tls)?)
        }
    };
    converse(
        stream,
        asked.authority,
        asked.path,
        keys.token.as_ref(),
        asked.limit,
    )
    .await
}

/// Asks over a connection, which ends with it.
pub(crate) async fn converse(
    stream: Box<dyn Stream>,
    authority: &str,
    path: &str,
    token: Option<&HeaderValue>,
    limit: usize,
) -> Result<(StatusCode, Bytes), Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Broken)?;
    // Ends with this function, however it ends.
    let mut background = JoinSet::new();
    background.spawn(async move {
        // What goes wrong there shows in the exchange.
        let _ = connection.await;
    });
    let mut request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT))
        .header(header::ACCEPT, HeaderValue::from_static("application/json"))
        .header(header::CONNECTION, HeaderValue::from_static("close"))
        .body(Body::empty())
        .map_err(|_| Failure::Broken)?;
    if let Some(token) = token {
        request.headers_mut().insert(header::AUTHORIZATION, token.clone());
    }
    let answer = sender.send_request(request).await.map_err(|_| Failure::Broken)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), limit).collect().await;
    let body = body.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => Failure::TooLong(limit),
        None => Failure::Broken,
    })?;
    Ok((status, body.to_bytes()))
}

async fn connect(addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Failure> {
    let mut failure = Failure::NoAddress;
    for (position, address) in addresses.iter().enumerate() {
        // One that does not answer leaves time for the others.
        let now = Instant::now();
        let others = u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(now) / others;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => failure = Failure::Refused,
            Ok(Err(error)) => failure = Failure::Unreachable(error),
            Err(_) => failure = Failure::TimedOut(share),
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const WITHIN: Duration = Duration::from_millis(500);

    /// Answers one request with these bytes, then is silent or leaves.
    async fn answering(bytes: &'static [u8], leaves: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(bytes).await.unwrap();
            if !leaves {
                std::future::pending::<()>().await;
            }
        });
        address
    }

    async fn get(url: &str, limit: usize) -> Result<(u16, Bytes), String> {
        let client = Client {
            names: Blocking::new(1),
        };
        let answer = client.get_url(&url.parse().unwrap(), limit, WITHIN).await;
        answer
            .map(|(status, body)| (status.as_u16(), body))
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_answer_or_the_reason_why_there_is_none() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        for (bytes, leaves, expected) in [
            (&answer[..], true, Ok((200, Bytes::from_static(b"{}")))),
            (&answer[..], false, Ok((200, Bytes::from_static(b"{}")))),
            (
                b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
                true,
                Ok((503, Bytes::new())),
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
                true,
                Err("the connection broke"),
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
                false,
                Err("no answer within 0.5 s"),
            ),
            (
                b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n0123456789_",
                true,
                Err("its answer is longer than 10 bytes"),
            ),
            (b"", true, Err("the connection broke")),
            (b"", false, Err("no answer within 0.5 s")),
            (b"SSH-2.0\r\n", true, Err("the connection broke")),
        ] {
            let url = format!("http://{}/x", answering(bytes, leaves).await);
            assert_eq!(
                get(&url, 10).await,
                expected.map_err(str::to_owned),
                "{}",
                bytes.escape_ascii()
            );
        }
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        assert_eq!(
            get(&format!("http://{free}/"), 10).await,
            Err("nothing listens there".to_owned())
        );
        assert!(
            get("http://no-such-name.invalid/", 10)
                .await
                .unwrap_err()
                .starts_with("its name")
        );
    }

    #[tokio::test]
    async fn the_next_address_is_tried() {
        let good = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", true).await;
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let asked = Asked {
            addresses: &[free, good],
            name: "x",
            authority: "x",
            path: "/",
            limit: 10,
            until: Instant::now() + WITHIN,
        };
        let answer = exchange(&asked, &Keys::default()).await;
        assert_eq!(answer.unwrap().1, Bytes::from_static(b"{}"));
    }

    #[test]
    fn urls_are_told_from_other_words() {
        for text in [
            "http://127.0.0.1:8181/exhibitor/v1/cluster/status",
            "http://leader.mesos:5050/slaves",
            "http://[fd00::1]/?x",
        ] {
            assert_eq!(text.parse::<Url>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "leader.mesos",
            "/slaves",
            "ftp://x/",
            "http://",
            "https://x/",
            "http:// x",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
        let url: Url = "http://[fd00::1]:5050".parse().unwrap();
        assert_eq!((url.host(), url.port(), url.path()), ("fd00::1", 5050, "/"));
    }
}

//! An http or https URL that can be printed: credentials in it are kept apart.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Uri;
use ureq::http::uri::{Authority, PathAndQuery, Scheme};

/// A URL to send requests to.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    uri: Uri,
    authorization: Option<String>,
}

/// Why a text is no such URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Not a URL by its form.
    #[error("not a URL")]
    Form,
    /// Another scheme, or none.
    #[error("not an http:// or https:// URL")]
    Scheme,
    /// No host in it.
    #[error("a URL without a host")]
    Host,
}

impl Url {
    /// Segment's own endpoint.
    pub fn segment() -> Url {
        Url {
            uri: Uri::from_static("https://api.segment.io/"),
            authorization: None,
        }
    }

    /// The URL without credentials.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The `Authorization` header that its credentials ask for.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Its host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        self.uri
            .host()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    /// Its port, given or the scheme's.
    pub fn port(&self) -> u16 {
        self.uri
            .port_u16()
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Whether it is an https URL.
    pub fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// The same URL without its query; `None` when it has none.
    pub fn without_query(&self) -> Option<Url> {
        self.uri.query()?;
        self.with_path(self.uri.path())
    }

    /// The same URL with `path` put behind its own path.
    pub fn join(&self, path: &str) -> Option<Url> {
        self.with_path(&format!("{}{path}", self.uri.path().trim_end_matches('/')))
    }

    fn with_path(&self, path_and_query: &str) -> Option<Url> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_str(path_and_query).ok()?);
        Some(Url {
            uri: Uri::from_parts(parts).ok()?,
            authorization: self.authorization.clone(),
        })
    }

    /// Where a redirect's `Location` leads from here (RFC 9110, 10.2.2). As in Go, credentials go along with a relative one.
    ///
    /// # Errors
    /// It leads nowhere that http goes.
    pub fn redirected(&self, location: &str) -> Result<Url, InvalidUrl> {
        let location = location.split('#').next().unwrap_or_default();
        if has_scheme(location) {
            return location.parse();
        }
        let scheme = self.uri.scheme_str().unwrap_or("http");
        if let Some(authority) = location.strip_prefix("//") {
            return format!("{scheme}://{authority}").parse();
        }
        let path = if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') {
            format!("{}{location}", self.uri.path())
        } else {
            let folder = self.uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        self.with_path(&without_dots(&path)).ok_or(InvalidUrl::Form)
    }
}

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Url, InvalidUrl> {
        let uri: Uri = text.trim().parse().map_err(|_| InvalidUrl::Form)?;
        let mut parts = uri.into_parts();
        if !matches!(parts.scheme.as_ref().map(Scheme::as_str), Some("http" | "https")) {
            return Err(InvalidUrl::Scheme);
        }
        let authority = parts.authority.take().ok_or(InvalidUrl::Host)?;
        if authority.host().is_empty() {
            return Err(InvalidUrl::Host);
        }
        let (credentials, host) = match authority.as_str().rsplit_once('@') {
            Some((credentials, host)) => (Some(credentials.to_owned()), host.to_owned()),
            None => (None, authority.as_str().to_owned()),
        };
        parts.authority = Some(Authority::from_str(&host).map_err(|_| InvalidUrl::Host)?);
        let uri = Uri::from_parts(parts).map_err(|_| InvalidUrl::Form)?;
        Ok(Url {
            uri,
            authorization: credentials.map(|credentials| basic(&credentials)),
        })
    }
}

/// Whether a reference begins with a scheme (RFC 3986, 3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// An absolute path, with or without a query, after its `.` and `..` are followed (RFC 3986, 5.2.4).
fn without_dots(path_and_query: &str) -> String {
    let end = path_and_query.find('?').unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at(end);
    let mut segments = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        segments.push("");
    }
    format!("/{}{query}", segments.join("/"))
}

/// The header for `user:password`, whose parts may be percent-encoded.
fn basic(credentials: &str) -> String {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain = percent_decoded(user);
    plain.push(b':');
    plain.extend(percent_decoded(password));
    format!("Basic {}", STANDARD.encode(plain))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let pair = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
        if let (b'%', (Some(high), Some(low))) = (byte, pair) {
            decoded.push(high << 4 | low);
            bytes = ahead;
        } else {
            decoded.push(byte);
        }
    }
    decoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Credentials are left out; so is the query, which may carry a token.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self.uri.authority().map_or("", Authority::as_str);
        write!(f, "{scheme}://{authority}{}", self.uri.path())?;
        if self.uri.query().is_some() {
            f.write_str("?…")
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn printing_tells_no_secret() {
        let secret = url("https://user:p%40ss@example.com:8443/a/b?token=abc");
        assert_eq!(secret.to_string(), "https://example.com:8443/a/b?…");
        assert!(!format!("{secret:?}").contains("abc"));
        assert_eq!(
            secret.authorization().unwrap(),
            format!("Basic {}", STANDARD.encode("user:p@ss"))
        );
        assert_eq!((secret.host(), secret.port()), ("example.com", 8443));
        assert_eq!(
            (url("http://[::1]/").host(), url("http://[::1]/").port()),
            ("::1", 80)
        );
    }

    #[test]
    fn what_is_not_http_is_refused() {
        assert_eq!("leader.mesos:5050/x".parse::<Url>(), Err(InvalidUrl::Form));
        assert_eq!("/x".parse::<Url>(), Err(InvalidUrl::Scheme));
        assert_eq!("ftp://h/".parse::<Url>(), Err(InvalidUrl::Scheme));
        assert_eq!("".parse::<Url>(), Err(InvalidUrl::Form));
    }

    #[test]
    fn redirects_resolve() {
        let from = url("http://u:p@h:1/a/b?q");
        for (location, to) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "http://other/x"),
            ("/x?y#z", "http://u:p@h:1/x?y"),
            ("x", "http://u:p@h:1/a/x"),
            ("?n=1", "http://u:p@h:1/a/b?n=1"),
            ("../../x/./y/..?a/../b", "http://u:p@h:1/x/?a/../b"),
            ("http://h:1/x", "http://h:1/x"),
        ] {
            assert_eq!(from.redirected(location).unwrap(), url(to), "{location}");
        }
        assert_eq!(from.redirected("ftp://h/"), Err(InvalidUrl::Scheme));
        assert!(from.redirected("javascript:alert(1)").is_err());
        assert_eq!(
            url("http://h/a?cache=0").without_query().unwrap(),
            url("http://h/a")
        );
        assert_eq!(
            url("http://h/base/").join("/v1/batch").unwrap(),
            url("http://h/base/v1/batch")
        );
    }
}
